#!/usr/bin/env bash
# Makes the card's root: root.sh PACKAGES KERNEL INFOBUS TREE OUT.erofs, in images/card.
# PACKAGES has Debian's as NAME.deb, KERNEL and INFOBUS are unpacked; TREE is left for what else is made of it.
#
# The packages are unpacked, not configured: that would run arm64 programs here. What
# their scripts would do that the card needs is done here by hand. Runs under fakeroot.
set -euo pipefail
packages=$1 kernel=$2 own=$3 root=$4 out=$5
rm -rf "$root" && mkdir -p "$root"
shopt -s nullglob

dpkg-deb -x "$packages/base-files.deb" "$root" # the folders that are links come first
for deb in "$packages"/*.deb; do
	case $deb in
	*/base-files.deb | */linux-image-*.deb | */u-boot-qemu.deb) continue ;;
	*/raspi-firmware.deb | */u-boot-rpi.deb) only=(--wildcards './usr/share/doc/*/copyright') ;; # the rest is on the FAT
	*) only=() ;;
	esac
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --numeric-owner -p "${only[@]}"
done
cp -r --no-preserve=ownership "$own/." "$root/"
version=$(basename "$kernel"/usr/lib/modules/*)
mkdir -p "$root/usr/lib/modules"
cp -r "$kernel/usr/lib/modules/$version" "$root/usr/lib/modules/"
cp -r "$kernel"/usr/share/doc/linux-image-* "$root/usr/share/doc/"

# What nobody reads or runs here. The copyright files stay: what is given away has them.
find "$root/usr/share/doc" -mindepth 2 ! -name copyright ! -type d -delete
find "$root/usr/share/doc" -mindepth 1 -type d -empty -delete
rm -rf "$root"/usr/share/{man,locale,info,lintian,bash-completion,zsh,bug,gdb,gcc,initramfs-tools,i18n,pixmaps,menu} \
	"$root"/usr/lib/systemd/{catalog,user,user-generators,user-preset,boot,ukify} "$root"/usr/lib/udev/hwdb.d "$root"/usr/lib/udev/hwdb.bin \
	"$root"/usr/share/polkit-1/actions/org.freedesktop.{home1,import1,machine1,portable1}.policy \
	"$root"/usr/lib/kernel "$root"/etc/{init.d,rc?.d,cron.d,cron.daily,logrotate.d,X11,xdg} \
	"${root:?}"/{boot,media,srv,opt} "$root"/usr/lib/aarch64-linux-gnu/gconv "$root"/usr/bin/localedef
# The programs that would make units at every boot: here all units are written.
rm -rf "$root"/usr/lib/systemd/system-generators
find "$root/usr/share/fonts" -type f | grep -vE '/Noto(Sans|SansArabic|SansEthiopic|NastaliqUrdu)-(Regular|Bold)\.ttf$' | tr '\n' '\0' | xargs -0 -r rm
find "$root/usr/share/fonts" -type d -empty -delete

# Of the kernel's modules those that are listed, and what they need.
dir=$root/usr/lib/modules/$version
cat modules root.modules | "$CARD" modules "$dir" >"$dir.keep"
(cd "$dir" && find . -name '*.ko*' -printf '%P\n' | grep -vxFf "$dir.keep" | tr '\n' '\0' | xargs -0 -r rm && find . -type d -empty -delete)
rm "$dir.keep"
"$CARD" unpack "$dir"
depmod -b "$root" "$version"

cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
cp -r root/. "$root/etc/"
mkdir -p "$root/etc/sysusers.d"
# What is on the data belongs to these numbers, whatever packages come to an update.
sed 's/^g \([a-z0-9]*\) .*/&/' "$root/usr/lib/sysusers.d/infobus.conf" |
	awk '$1 == "g" { $3 = 900 + ++n } $1 == "u" { sub(/ - /, " 900 ") } { print }' >"$root/etc/sysusers.d/infobus.conf"
sed -i 's/^u! /u  /' "$root"/usr/lib/sysusers.d/*.conf # Debian 12's programs do not know it
systemd-sysusers --root="$root" 2>/dev/null
rm -f "$root"/etc/{passwd,group,shadow,gshadow}- "$root"/etc/.pwd.lock

cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
rm -rf "$root/usr/share/ca-certificates"
echo infobus >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 infobus\n::1 localhost\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
ln -sf ../run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"
ln -sf ../proc/self/mounts "$root/etc/mtab"

# The daemon waits for no stamp of the time: it says itself whether the clock can be
# trusted.
# shellcheck disable=SC2016 # it is systemd's to expand
sed 's/ time-set.target$//; s|^ExecStart=/usr/bin/infobusd$|& $OPTIONS|' "$root/usr/lib/systemd/system/infobusd.service" >"$root/etc/systemd/system/infobusd.service"
# systemd reads each unit that is named by one that it starts, and the journal's name all
# that a system starts. It comes after the daemon, whose output waits in its socket.
sed '/^Before=sockets.target$/d' "$root/usr/lib/systemd/system/systemd-journald.socket" >"$root/etc/systemd/system/systemd-journald.socket"
sed 's/^Before=sysinit.target$/After=infobusd.service/' "$root/usr/lib/systemd/system/systemd-journald.service" >"$root/etc/systemd/system/systemd-journald.service"
sed '/^#/d; /^$/d' masked.txt | while read -r unit; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
enable() {
	local target=$1 unit dir=$root/etc/systemd/system
	shift
	mkdir -p "$dir/$target.wants"
	for unit; do ln -sf "/usr/lib/systemd/system/$unit" "$dir/$target.wants/$unit"; done
}
rm -rf "$root"/etc/systemd/system/*.{wants,requires}
enable sysinit.target systemd-timesyncd.service systemd-resolved.service
enable multi-user.target systemd-networkd.service
enable sockets.target systemd-networkd.socket dbus.socket infobus.socket
for unit in infobusd.service infobus-devices.service infobus-first-evening.service; do ln -sf "../$unit" "$root/etc/systemd/system/multi-user.target.wants/$unit"; done
ln -sf ../media.mount "$root/etc/systemd/system/multi-user.target.wants/media.mount"
# D-Bus knows them by these names.
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/dbus-org.freedesktop.network1.service"
ln -sf /usr/lib/systemd/system/systemd-resolved.service "$root/etc/systemd/system/dbus-org.freedesktop.resolve1.service"
ln -sf /usr/lib/systemd/system/systemd-timesyncd.service "$root/etc/systemd/system/dbus-org.freedesktop.timesync1.service"
ln -sf infobus-first.target "$root/etc/systemd/system/default.target"

install -D -m 755 devices.sh "$root/usr/lib/infobus/card-devices"
mkdir -p "$root"/{proc,sys,dev,run,tmp,mnt,media} "$root"/var/lib/infobus
chmod 1777 "$root/tmp"
install -d -m 750 "$root/etc/infobus"
install -m 640 infobus.yaml "$root/etc/infobus/infobus.yaml"
chown -R 0:"$(awk -F: '$1 == "infobus" { print $3 }' "$root/etc/group")" "$root/etc/infobus"

find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$out"
mkfs.erofs -zlz4hc,12 -C65536 -T "$SOURCE_DATE_EPOCH" -U 1b000001-0000-4000-8000-000000000001 "$out" "$root" >/dev/null

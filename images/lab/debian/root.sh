#!/usr/bin/env bash
# Makes what the lab's whole machine boots: root.sh PACKAGES KERNEL.deb FOLDER
# puts vmlinuz, modules/, root.img and card/ into
# FOLDER.
#
# The packages are unpacked and written into dpkg's books, not configured: that
# would run arm64 programs here. systemd makes the users on the first boot, and
# our own package is then installed by the machine's dpkg. Runs under
# fakeroot, because the files belong to many users.
set -euo pipefail
packages=$1 kernel=$2 out=$3
root=$out/root
rm -rf "$root" && mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$out/modules"

# What Debian's kernel has not built in, each after what it needs.
dpkg-deb --fsys-tarfile "$kernel" | tar -x -C "$out" --wildcards --transform='s|.*/||' './boot/vmlinuz-*' '*.ko.xz'
mv "$out/"vmlinuz-* "$out/vmlinuz"
n=10
for module in virtio_blk failover net_failover virtio_net crc32c_generic crc16 mbcache jbd2 ext4 autofs4; do
	mv "$out/$module.ko.xz" "$out/modules/$((n++))-$module"
done
# What the card's initramfs loads, in its order.
mkdir -p "$out/card/modules"
n=10
while read -r module; do
	file=$(find "$out/modules" -name "*-$module")
	[ -n "$file" ] || file=$out/$module.ko.xz
	cp "$file" "$out/card/modules/$((n++))-$module"
done < <(grep -v '^#' images/card/modules)
rm -f "$out/"*.ko.xz

for deb in "$packages"/base-files_*.deb "$packages"/*.deb; do # the folders that are links come first
	name=$(dpkg-deb -f "$deb" Package)
	[ "$(dpkg-deb -f "$deb" Multi-Arch)" != same ] || name+=:$(dpkg-deb -f "$deb" Architecture)
	[ ! -e "$root/var/lib/dpkg/info/$name.list" ] || continue
	dpkg-deb --fsys-tarfile "$deb" | tar -xv -C "$root" --keep-directory-symlink --numeric-owner -p |
		sed 's|^\./$|/.|; s|^\.||; s|\(.\)/$|\1|' >"$root/var/lib/dpkg/info/$name.list"
	{ dpkg-deb -f "$deb" && echo "Status: install ok installed" && echo; } >>"$root/var/lib/dpkg/status"
done

# What the card's initramfs wants of a root, for roots of a few megabytes.
(cd "$root" && cp -L --parents -t "$out/card" usr/sbin/e2fsck usr/sbin/mke2fs etc/mke2fs.conf usr/lib/ld-linux-aarch64.so.1 \
	usr/lib/aarch64-linux-gnu/{libext2fs.so.2,libcom_err.so.2,libblkid.so.1,libuuid.so.1,libe2p.so.2,libc.so.6})

cd "$root"
cp usr/share/base-passwd/passwd.master etc/passwd
cp usr/share/base-passwd/group.master etc/group
cp usr/share/libc-bin/nsswitch.conf etc/nsswitch.conf
echo van >etc/hostname
: >etc/machine-id
mkdir -p var/log/journal etc/systemd/system/multi-user.target.wants etc/systemd/network

# A shell on the machine's second serial port runs what the tests ask for. On a
# busy host all takes long: nothing is given up for that.
cat >etc/systemd/system/lab-shell.service <<'UNIT'
[Unit]
Description=The lab's shell
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh -c 'until [ -e "$0" ]; do sleep 0.2; done; exec /bin/sh <>"$0" >&0 2>&1' /dev/virtio-ports/shell
Restart=always
UNIT
mkdir -p etc/systemd/system.conf.d
printf '[Manager]\nDefaultDeviceTimeoutSec=10min\nDefaultTimeoutStartSec=10min\n' >etc/systemd/system.conf.d/lab.conf
cat >etc/systemd/network/uplink.network <<'NETWORK'
[Match]
Name=eth0

[Network]
DHCP=ipv4
LinkLocalAddressing=no
NETWORK
for unit in systemd-networkd.service lab-shell.service; do
	dir=usr/lib/systemd/system
	[ -e $dir/$unit ] || dir=etc/systemd/system
	ln -s "/$dir/$unit" etc/systemd/system/multi-user.target.wants/
done
# Nobody logs in, and nothing is cleaned up in the minutes that it lives.
for unit in getty@.service serial-getty@.service systemd-firstboot.service systemd-pcrlock.target \
	systemd-hwdb-update.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service systemd-tmpfiles-clean.timer \
	dpkg-db-backup.timer systemd-networkd-wait-online.service; do
	ln -sf /dev/null "etc/systemd/system/$unit"
done

cd - >/dev/null
rm -f "$out/root.img"
mke2fs -q -t ext4 -d "$root" "$out/root.img" 1500M
rm -rf "$root"

# shellcheck shell=bash
# Debian packages that a command takes.

# needs PURPOSE: the Debian packages that running or testing takes and that are
# missing are installed, or, without root, named.
needs() {
	local missing=()
	# The go command fetches over TLS.
	[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
	[ "$1" = build ] || [ "$1" = image ] || fonts_there || missing+=(fonts-noto-core)
	if [ "$1" = test ]; then
		type chromium >/dev/null 2>&1 || missing+=(chromium)
		type qemu-system-aarch64 >/dev/null 2>&1 || missing+=(qemu-system-arm)
		type qemu-img >/dev/null 2>&1 || missing+=(qemu-utils)
		type dpkg-deb >/dev/null 2>&1 || missing+=(dpkg)
		type lintian >/dev/null 2>&1 || missing+=(lintian)
		type fakeroot >/dev/null 2>&1 || missing+=(fakeroot)
		type mke2fs >/dev/null 2>&1 || missing+=(e2fsprogs)
		type mkfs.erofs >/dev/null 2>&1 || missing+=(erofs-utils)
		type dbus-daemon >/dev/null 2>&1 || missing+=(dbus-daemon)
		type systemd-analyze >/dev/null 2>&1 || missing+=(systemd)
		# What sending is compared with.
		[ -e /lib/systemd/systemd-journal-upload ] || missing+=(systemd-journal-remote)
		# The lab of the uplink: namespaces, NAT, addresses and names.
		type ip >/dev/null 2>&1 || missing+=(iproute2)
		type nft >/dev/null 2>&1 || missing+=(nftables)
		type dnsmasq >/dev/null 2>&1 || missing+=(dnsmasq-base)
		# The volunteers' pages without script.
		type w3m >/dev/null 2>&1 || missing+=(w3m)
		# The race detector wants C.
		type hb-shape >/dev/null 2>&1 || missing+=(libharfbuzz-bin)
		type tesseract >/dev/null 2>&1 || missing+=(tesseract-ocr)
		type gcc >/dev/null 2>&1 || missing+=(gcc)
		[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
	fi
	if [ "$1" = image ] || [ "$1" = test ]; then
		type dpkg-deb >/dev/null 2>&1 || missing+=(dpkg)
		type fakeroot >/dev/null 2>&1 || missing+=(fakeroot)
		type mkfs.erofs >/dev/null 2>&1 || missing+=(erofs-utils)
		type veritysetup >/dev/null 2>&1 || missing+=(cryptsetup-bin)
		type mke2fs >/dev/null 2>&1 || missing+=(e2fsprogs)
		type mkfs.vfat >/dev/null 2>&1 || missing+=(dosfstools)
		type mcopy >/dev/null 2>&1 || missing+=(mtools)
		type mkimage >/dev/null 2>&1 || missing+=(u-boot-tools)
		type fdtoverlay >/dev/null 2>&1 || missing+=(device-tree-compiler)
		type xz >/dev/null 2>&1 || missing+=(xz-utils)
		type depmod >/dev/null 2>&1 || missing+=(kmod)
		type systemd-sysusers >/dev/null 2>&1 || missing+=(systemd)
	fi
	if [ "$1" = bench ] || [ "$1" = test ]; then
		type pango-view >/dev/null 2>&1 || missing+=(pango1.0-tools)
		[ -e /usr/bin/time ] || missing+=(time)
	fi
	if [ "$1" = bench ]; then
		type chromium >/dev/null 2>&1 || missing+=(chromium)
		# What the uplink is compared with, and its lab.
		# Where systemd runs, installing NetworkManager would start it, and it might
		# take the machine's own network over.
		[ -d /run/systemd/system ] || type NetworkManager >/dev/null 2>&1 || missing+=(network-manager)
		type dbus-daemon >/dev/null 2>&1 || missing+=(dbus-daemon)
		type ip >/dev/null 2>&1 || missing+=(iproute2)
		type nft >/dev/null 2>&1 || missing+=(nftables)
		type dnsmasq >/dev/null 2>&1 || missing+=(dnsmasq-base)
		[ -e /lib/systemd/systemd-networkd ] || missing+=(systemd)
	fi
	if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
		say "installing ${missing[*]}"
		apt-get -qq update
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
	elif [ "${missing[*]:-}" = fonts-noto-core ]; then
		unpack_fonts
	elif [ ${#missing[@]} -gt 0 ]; then
		say "These Debian packages are missing. Install them, then come back:"
		say "  sudo apt-get install -y --no-install-recommends ${missing[*]}"
		exit 1
	fi
}

# fonts_there: the fonts are installed, or were unpacked here.
fonts_there() {
	if [ -n "${INFOBUS_FONTS:-}" ] || [ -e /usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf ]; then
		return 0
	elif [ -e "$out/fonts/NotoSansArabic-Regular.ttf" ]; then
		export INFOBUS_FONTS=$out/fonts
	else
		return 1
	fi
}

# unpack_fonts puts the faces that the screen uses into build/fonts, for want of
# the right to install them.
unpack_fonts() {
	local dir=$out/apt-fonts face faces=()
	say "unpacking fonts into build/fonts (once, about 40 MB to fetch)"
	for face in NotoSans NotoSansArabic NotoSansEthiopic NotoNastaliqUrdu; do
		faces+=("*/$face-Regular.ttf" "*/$face-Bold.ttf")
	done
	private_apt "$dir" "$(codename)" "$(dpkg --print-architecture)"
	mkdir -p "$out/fonts"
	(cd "$dir" && APT_CONFIG=$dir/apt.conf apt-get -qq download fonts-noto-core)
	dpkg-deb --fsys-tarfile "$dir"/fonts-noto-core_*.deb |
		tar -x -C "$out/fonts" --wildcards --transform='s|.*/||' "${faces[@]}"
	rm -rf "$dir"
	fonts_there || die "fonts-noto-core has not the fonts"
}

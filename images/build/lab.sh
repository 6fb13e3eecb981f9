# shellcheck shell=bash
# What the lab's machines boot.

# What the lab's whole machine is made of, beside its kernel.
lab_packages=(base-files base-passwd bash dash coreutils diffutils findutils grep gzip hostname init-system-helpers mawk
	perl-base sed tar util-linux mount e2fsprogs procps kmod dpkg libc-bin netbase iproute2 passwd
	systemd systemd-sysv udev dbus polkitd fonts-noto-core)

# lab makes what the lab's machines boot, once: Debian 13's arm64 kernel, and a
# disk with Debian 13 and systemd.
lab() {
	local recipe kept dir=$out/lab kernel
	recipe=$(sha256sum <<<"${lab_packages[*]} $(cat images/lab/debian/root.sh images/card/modules)")
	kept=$cache/lab/${recipe:0:12}
	if [ ! -s "$kept/root.img" ]; then
		say "making the lab's disk (once, about 150 MB to fetch)"
		rm -rf "$dir" "$cache/lab/"[0-9a-f]* && mkdir -p "$dir/packages/partial" "$kept.new"
		private_apt "$dir/apt" trixie arm64
		APT_CONFIG=$dir/apt/apt.conf apt-get -qq install --download-only --no-install-recommends -y \
			-o "Dir::Cache::archives=$dir/packages" "${lab_packages[@]}" >/dev/null
		kernel=$(APT_CONFIG=$dir/apt/apt.conf apt-cache depends linux-image-arm64 | awk '$1 == "Depends:" { print $2; exit }')
		[ -n "$kernel" ] || die "the archive offers no linux-image-arm64"
		(cd "$dir" && APT_CONFIG=$dir/apt/apt.conf apt-get -qq download "$kernel")
		fakeroot images/lab/debian/root.sh "$dir/packages" "$dir/$kernel"_*.deb "$kept.new"
		mv "$kept.new" "$kept"
		rm -rf "$dir"
	fi
	export INFOBUS_LAB=$kept INFOBUS_LAB_KERNEL=$kept/vmlinuz
	say "INFOBUS_LAB=$kept INFOBUS_LAB_KERNEL=$kept/vmlinuz"
}

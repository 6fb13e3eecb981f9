# shellcheck shell=bash
# The Debian packages of the programs.

# deb_version: the version as Debian writes it: what comes before a release stands behind a
# tilde, which sorts before everything.
deb_version() {
	local version
	version=$(version)
	echo "${version/-/\~}"
}

# deb ARCH...: Debian packages for these architectures, without one for both. The same
# sources and tools give the same bytes, in whatever folder.
deb() {
	[ $# -gt 0 ] || set -- arm64 amd64
	build "$@"
	local arch version moment tree
	version=$(deb_version)
	moment=$(moment)
	for arch in "$@"; do
		tree=$out/deb/$arch
		rm -rf "$tree"
		(umask 022 && deb_tree "$arch" "$version" "$moment" "$tree")
		rm -f "$out/infobus_"*"_$arch.deb"
		SOURCE_DATE_EPOCH=$moment dpkg-deb --build --root-owner-group -Zxz \
			"$tree" "$out/infobus_${version}_$arch.deb" >/dev/null
		say "build/infobus_${version}_$arch.deb"
	done
}

# deb_tree ARCH VERSION MOMENT TREE: what the package holds.
deb_tree() {
	local arch=$1 version=$2 moment=$3 tree=$4
	local lib=$tree/usr/lib share=$tree/usr/share own=$tree/usr/share/infobus doc=$tree/usr/share/doc/infobus
	install -D -m 755 -t "$tree/usr/bin" "$out/$arch/infobusd" "$out/$arch/infobus"
	install -D -m 644 -t "$lib/systemd/system" systemd/units/*.service systemd/units/*.socket systemd/units/*.target
	install -D -m 755 systemd/units/infobus.shutdown "$lib/systemd/system-shutdown/infobus"
	install -D -m 644 systemd/units/infobus.sysusers "$lib/sysusers.d/infobus.conf"
	install -D -m 644 systemd/units/infobus.tmpfiles "$lib/tmpfiles.d/infobus.conf"
	install -D -m 644 systemd/units/infobus.modules "$lib/modules-load.d/infobus.conf"
	install -D -m 644 -t "$lib/udev/rules.d" systemd/units/60-infobus.rules
	install -D -m 644 -t "$share/polkit-1/rules.d" systemd/units/4?-infobus*.rules
	# What the live files are made of, once (infobus.tmpfiles).
	install -D -m 644 -t "$own" examples/infobus.yaml
	install -D -m 644 systemd/units/infobus.avahi "$own/avahi.service"
	install -d "$tree/etc/avahi/services"
	# Its folders are those of the sources, so that what refers to another document finds it.
	install -D -m 644 -t "$doc" README.md CONTRIBUTING.md THIRD_PARTY.md
	install -D -m 644 -t "$doc/docs" docs/*
	# What is invented in them must never be shown.
	install -D -m 644 -t "$doc/examples" examples/timetable.yaml examples/timetable.csv examples/timetable.ics examples/board.yaml
	install -D -m 644 -t "$doc/examples/guide" examples/guide/*
	ln -s ../../../infobus/infobus.yaml "$doc/examples/infobus.yaml"
	install -D -m 644 -t "$doc" images/deb/copyright
	sed "s/@VERSION@/$version/; s/@DATE@/$(date -R -u -d "@$moment")/" images/deb/changelog | gzip -9n >"$doc/changelog.gz"
	install -D -m 644 images/deb/overrides "$share/lintian/overrides/infobus"
	local page
	for page in images/deb/man/*; do
		install -d "$share/man/man${page##*.}"
		gzip -9n <"$page" >"$share/man/man${page##*.}/${page##*/}.gz"
	done
	install -d "$tree/DEBIAN"
	(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
	sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$(deb_size "$tree")/" images/deb/control >"$tree/DEBIAN/control"
	install -m 755 -t "$tree/DEBIAN" images/deb/postinst images/deb/prerm images/deb/postrm
}

# deb_size TREE: what it takes when it is installed, in KiB, on whatever file system.
deb_size() {
	find "$1" -path "$1/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }'
}

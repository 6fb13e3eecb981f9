# shellcheck shell=bash
# The programs, and the Debian packages of them.

version() {
	git describe --tags --always --dirty 2>/dev/null || echo development
}

# moment: of the commit, in seconds since 1970; without git of the build. No clock is set
# to a time before it.
moment() {
	echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
}

# compile FOLDER: both programs, static. GOARCH is the caller's.
compile() {
	mkdir -p "$1"
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(version) -X infobus/reading/clock.stamp=$(moment)" \
		-o "$1/" ./cmd/infobusd ./cmd/infobus
}

# build ARCH...: programs for these architectures, without one for both.
build() {
	needs build
	go_there
	local arch
	[ $# -gt 0 ] || set -- arm64 amd64
	for arch in "$@"; do
		GOOS=linux GOARCH=$arch compile "$out/$arch"
		say "build/$arch: infobusd, infobus"
		if [ "$arch" = "$(go env GOARCH)" ]; then
			install -t "$out" "$out/$arch/infobusd" "$out/$arch/infobus"
			say "build: the same, for this machine"
		fi
	done
}

# deb ARCH...: Debian packages for these architectures, without one for both.
deb() {
	[ $# -gt 0 ] || set -- arm64 amd64
	build "$@"
	local arch version tree
	version=$(version)
	# A Debian version begins with a digit.
	case $version in
	v[0-9]*) version=${version#v} ;;
	*) version=0~$(git rev-list --count HEAD 2>/dev/null || echo 0).$version ;;
	esac
	version=${version//-/+}
	for arch in "$@"; do
		tree=$out/deb/$arch
		rm -rf "$tree"
		install -D -m 755 -t "$tree/usr/bin" "$out/$arch/infobusd" "$out/$arch/infobus"
		install -D -m 644 -t "$tree/usr/lib/systemd/system" systemd/units/*.service systemd/units/*.socket systemd/units/*.target
		install -D -m 644 systemd/units/infobus.avahi "$tree/etc/avahi/services/infobus.service"
		install -D -m 755 systemd/units/infobus.shutdown "$tree/usr/lib/systemd/system-shutdown/infobus"
		install -D -m 644 systemd/units/infobus.sysusers "$tree/usr/lib/sysusers.d/infobus.conf"
		install -D -m 644 systemd/units/infobus.tmpfiles "$tree/usr/lib/tmpfiles.d/infobus.conf"
		install -D -m 644 systemd/units/infobus.modules "$tree/usr/lib/modules-load.d/infobus.conf"
		install -D -m 644 -t "$tree/usr/lib/udev/rules.d" systemd/units/60-infobus.rules
		install -D -m 644 -t "$tree/usr/share/polkit-1/rules.d" systemd/units/4?-infobus*.rules
		install -D -m 644 -t "$tree/etc/infobus" examples/infobus.yaml
		install -D -m 644 -t "$tree/usr/share/doc/infobus" README.md
		# What is invented in them must never be shown.
		install -D -m 644 -t "$tree/usr/share/doc/infobus/examples" examples/timetable.yaml examples/timetable.csv examples/timetable.ics examples/board.yaml
		install -d "$tree/DEBIAN"
		sed "s/@VERSION@/$version/; s/@ARCH@/$arch/" images/deb/control >"$tree/DEBIAN/control"
		install -m 644 -t "$tree/DEBIAN" images/deb/conffiles
		install -m 755 -t "$tree/DEBIAN" images/deb/postinst images/deb/prerm images/deb/postrm
		dpkg-deb --build --root-owner-group -Zxz "$tree" "$out/infobus_${version}_$arch.deb" >/dev/null
		say "build/infobus_${version}_$arch.deb"
	done
}

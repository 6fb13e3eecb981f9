# shellcheck shell=bash
# The programs.

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
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(version) -X infobus/reading/clock.stamp=$(moment)" \
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

# shellcheck shell=bash
# The programs.

# version: of what is built, as semver 2.0.0 has it. A commit with a tag vX.Y.Z is X.Y.Z;
# N commits behind it, X.Y.Z+1-dev.N; without a tag 0.1.0-dev.N, N all commits. Behind a
# plus stands the commit, and whether the sources were changed, which orders nothing.
version() {
	local described tag n commit
	if ! commit=$(git describe --always --abbrev=12 --exclude '*' --dirty=.dirty 2>/dev/null); then
		echo 0.0.0-dev
		return
	fi
	if described=$(git describe --tags --match 'v[0-9]*.[0-9]*.[0-9]*' --long --abbrev=12 2>/dev/null); then
		tag=${described%-*-g*} tag=${tag#v} n=${described%-g*} n=${n##*-}
		if [ "$n" = 0 ] && [[ $commit != *.dirty ]]; then
			echo "$tag"
			return
		fi
		echo "${tag%.*}.$((${tag##*.} + 1))-dev.$n+g$commit"
	else
		echo "0.1.0-dev.$(git rev-list --count HEAD)+g$commit"
	fi
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

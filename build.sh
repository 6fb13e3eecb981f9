#!/usr/bin/env bash
# Builds, tests and runs Infobus. `./build.sh help` says how.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$PWD
out=$root/build
cache=${XDG_CACHE_HOME:-$HOME/.cache}/infobus

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }

# codename is this machine's Debian's.
codename() {
	local own
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$own" ] || die "this machine does not say which Debian it is (VERSION_CODENAME in /etc/os-release)"
	echo "$own"
}

# debian_sources SUITE ARCH: one-line apt sources for the archive this machine
# itself installs from, with another suite.
debian_sources() {
	local suite=$1 arch=$2 own
	own=$(codename)
	{
		# Stanzas "URIs: … / Suites: … / Signed-By: …".
		{ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | awk -v RS= -v own="$own" '
			{
				uri = by = suites = main = ""
				n = split($0, line, "\n")
				for (i = 1; i <= n; i++) {
					split(line[i], word, /[ \t]+/)
					if (word[1] == "URIs:") uri = word[2]
					if (word[1] == "Signed-By:") by = word[2]
					if (word[1] == "Suites:") suites = line[i] " "
					if (word[1] == "Components:") main = line[i] " "
				}
				if (index(suites, " " own " ") && index(main, " main ")) print uri, by
			}'
		# Lines "deb [signed-by=…] URI SUITE COMPONENT…".
		{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | awk -v own="$own" '
			$1 == "deb" {
				by = ""
				if (match($0, /signed-by=[^] ]+/)) by = substr($0, RSTART + 10, RLENGTH - 10)
				sub(/\[[^]]*\]/, "")
				if ($3 == own && index($0 " ", " main ")) print $2, by
			}'
	} | while read -r uri by; do
		[ -n "$by" ] || by=/usr/share/keyrings/debian-archive-keyring.gpg
		echo "deb [arch=$arch signed-by=$by] $uri $suite main"
	done | sort -u
}

# private_apt DIR SUITE ARCH: an apt that knows only that suite and
# architecture, and leaves the machine's own lists and state alone. Its
# configuration is DIR/apt.conf.
private_apt() {
	local dir=$1 suite=$2 arch=$3
	mkdir -p "$dir"/{etc/sources.list.d,etc/preferences.d,state/lists/partial,cache/archives/partial}
	debian_sources "$suite" "$arch" >"$dir/etc/sources.list"
	[ -s "$dir/etc/sources.list" ] || die "found no Debian archive among this machine's apt sources"
	: >"$dir/state/status"
	cat >"$dir/apt.conf" <<-CONF
		Dir::Etc::SourceList "$dir/etc/sources.list";
		Dir::Etc::SourceParts "$dir/etc/sources.list.d";
		Dir::Etc::Preferences "$dir/etc/preferences";
		Dir::Etc::PreferencesParts "$dir/etc/preferences.d";
		Dir::State "$dir/state";
		Dir::State::status "$dir/state/status";
		Dir::Cache "$dir/cache";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "";
		Acquire::Languages "none";
	CONF
	APT_CONFIG=$dir/apt.conf apt-get -qq update
}

# What the lab's whole machine is made of, beside its kernel.
lab_packages=(base-files base-passwd bash dash coreutils diffutils findutils grep gzip hostname init-system-helpers mawk
	perl-base sed tar util-linux mount procps kmod dpkg libc-bin netbase iproute2 passwd
	systemd systemd-sysv udev dbus polkitd fonts-noto-core)

# lab makes what the lab's machines boot, once: Debian 13's arm64 kernel, and a
# disk with Debian 13 and systemd.
lab() {
	local recipe kept dir=$out/lab kernel
	recipe=$(sha256sum <<<"${lab_packages[*]} $(cat images/lab/debian/root.sh)")
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

# go_there makes sure of a Go that can fetch the one go.mod asks for. Where there
# is none, Debian's is unpacked; nothing is installed.
go_there() {
	export GOTOOLCHAIN=${GOTOOLCHAIN:-auto}
	have_go && return
	local kept=$cache/go suite dir=$out/apt-go package
	if ! compgen -G "$kept/usr/lib/go-*/bin/go" >/dev/null; then
		suite=$(codename)
		# Debian 12's own is too old; among its backports are newer ones.
		[ "$suite" != bookworm ] || suite=bookworm-backports
		say "fetching Go (once; it fetches its newer self)"
		private_apt "$dir" "$suite" "$(dpkg --print-architecture)"
		package=$(APT_CONFIG=$dir/apt.conf apt-cache pkgnames golang-1. | grep -xE 'golang-1\.[0-9]+-go' | sort -V | tail -n 1)
		[ -n "$package" ] || die "Go 1.21 or newer is needed, and neither here nor in $suite"
		rm -rf "$kept.new" && mkdir -p "$kept.new"
		(cd "$kept.new" && APT_CONFIG=$dir/apt.conf apt-get -qq download "$package" && dpkg-deb -x ./*.deb . && rm ./*.deb)
		rm -rf "$kept" "$dir" && mv "$kept.new" "$kept"
	fi
	PATH=$(compgen -G "$kept/usr/lib/go-*/bin"):$PATH
	have_go || die "Go 1.21 or newer is needed; the one in $kept will not do"
}

# have_go: there is a Go of at least 1.21, the first that fetches newer ones.
have_go() {
	local v
	v=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
	v=${v#go}
	[ "$(printf '%s\n' 1.21 "$v" | sort -V | head -n 1)" = 1.21 ]
}

# needs PURPOSE: the Debian packages that running or testing takes and that are
# missing are installed, or, without root, named.
needs() {
	local missing=()
	# The go command fetches over TLS.
	[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
	[ "$1" = build ] || fonts_there || missing+=(fonts-noto-core)
	if [ "$1" = test ]; then
		type chromium >/dev/null 2>&1 || missing+=(chromium)
		type qemu-system-aarch64 >/dev/null 2>&1 || missing+=(qemu-system-arm)
		type qemu-img >/dev/null 2>&1 || missing+=(qemu-utils)
		type dpkg-deb >/dev/null 2>&1 || missing+=(dpkg)
		type fakeroot >/dev/null 2>&1 || missing+=(fakeroot)
		type mke2fs >/dev/null 2>&1 || missing+=(e2fsprogs)
		type dbus-daemon >/dev/null 2>&1 || missing+=(dbus-daemon)
		type systemd-analyze >/dev/null 2>&1 || missing+=(systemd)
		# The lab of the uplink: namespaces, NAT, addresses and names.
		type ip >/dev/null 2>&1 || missing+=(iproute2)
		type nft >/dev/null 2>&1 || missing+=(nftables)
		type dnsmasq >/dev/null 2>&1 || missing+=(dnsmasq-base)
		# The race detector wants C.
		type hb-shape >/dev/null 2>&1 || missing+=(libharfbuzz-bin)
		type tesseract >/dev/null 2>&1 || missing+=(tesseract-ocr)
		type gcc >/dev/null 2>&1 || missing+=(gcc)
		[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
	fi
	if [ "$1" = bench ]; then
		type chromium >/dev/null 2>&1 || missing+=(chromium)
		type pango-view >/dev/null 2>&1 || missing+=(pango1.0-tools)
		[ -e /usr/bin/time ] || missing+=(time)
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

version() {
	git describe --tags --always --dirty 2>/dev/null || echo development
}

# compile FOLDER: both programs, static. GOARCH is the caller's.
compile() {
	mkdir -p "$1"
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(version)" \
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

run() {
	local port=${PORT:-8080} listen
	listen=127.0.0.1:$port
	while [ $# -gt 0 ]; do
		case $1 in
		--listen) listen=${2:?--listen takes an address:port} && shift 2 ;;
		--listen=*) listen=${1#*=} && shift ;;
		*) die "run takes --listen address:port, not $1" ;;
		esac
	done
	answers() { (exec 3<>"/dev/tcp/${listen%:*}/${listen##*:}") 2>/dev/null; }
	if answers; then
		die "something listens on $listen already. Another port: PORT=8081 ./build.sh run"
	fi
	needs run
	go_there
	compile "$out"
	mkdir -p "$out/state"
	"$out/infobusd" --sim --state-dir "$out/state" --listen "$listen" &
	local daemon=$!
	trap 'kill -TERM '"$daemon"' 2>/dev/null || true' INT TERM EXIT
	local url=http://$listen address=
	[ "$listen" = 127.0.0.1:8080 ] || address=" --address $url"
	until answers; do
		kill -0 "$daemon" 2>/dev/null || { wait "$daemon" && return || die "infobusd ended with $?"; }
		sleep 0.2
	done
	cat >&2 <<-TEXT

		Infobus runs on models: $url
		Try, in another terminal:
		  build/infobus$address sim generator on
		  build/infobus$address status
		  build/infobus$address events
		  build/infobus$address sim --help
		Ctrl-C stops it.

	TEXT
	while kill -0 "$daemon" 2>/dev/null; do
		wait "$daemon" && return 0 || true # a signal ends wait before the daemon ends
	done
}

# modules: the folders with a go.mod, the main one first.
modules() {
	find . -path ./build -prune -o -name go.mod -printf '%h\n' | sort
}

run_tests() {
	needs test
	go_there
	lab
	local unformatted module folders=() strict=()
	unformatted=$(find . -path ./build -prune -o -name '*.go' -print0 | xargs -0 "$(go env GOROOT)/bin/gofmt" -l)
	[ -z "$unformatted" ] || die "gofmt would change: ${unformatted//$'\n'/ }"
	mapfile -t folders < <(modules)
	for module in "${folders[@]}"; do
		(cd "$module" && go vet ./...) || die "go vet has something to say"
	done
	if [ "$(id -u)" = 0 ] || [ "${CI:-}" = true ]; then
		strict=(-no-skips)
	fi
	mkdir -p "$out"
	go build -o "$out/testsum" ./images/testsum
	{
		ended=0
		for module in "${folders[@]}"; do
			(cd "$module" && go test -race -timeout 40m -json ./... "$@") 2>&1 || ended=1
		done
		[[ " $* " == *" -run "* ]] || fuzz -json 2>&1 || ended=1
		exit $ended
	} | "$out/testsum" "${strict[@]}"
}

# fuzz tries every parser of what comes from outside on made-up input, 10 s
# each; its arguments are go test's. Go before 1.27 sometimes calls the end of
# those 10 s a failure (golang/go#75804): one that says nothing but that, and has
# no input to show, is tried again, three times in all.
fuzz() {
	local file target said=$out/fuzz.log try ended=0
	mkdir -p "$out"
	while IFS=: read -r file target; do
		for try in 1 2 3; do
			say "fuzzing $(dirname "${file#./}") $target"
			if go test "$@" "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime 10s -fuzzminimizetime 10x >"$said" 2>&1; then
				break
			elif [ $try = 3 ] || ! grep -q 'context deadline exceeded' "$said" ||
				grep -qE 'Failing input|panic|hung or terminated' "$said"; then
				ended=1
				break
			fi
		done
		cat "$said"
	done < <(find . -path ./build -prune -o -name '*_test.go' -print | sort | xargs grep -oE '^func Fuzz[A-Za-z0-9_]*' | sed 's/func //')
	return $ended
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
		install -D -m 755 systemd/units/infobus.shutdown "$tree/usr/lib/systemd/system-shutdown/infobus"
		install -D -m 644 systemd/units/infobus.sysusers "$tree/usr/lib/sysusers.d/infobus.conf"
		install -D -m 644 systemd/units/infobus.tmpfiles "$tree/usr/lib/tmpfiles.d/infobus.conf"
		install -D -m 644 systemd/units/infobus.modules "$tree/usr/lib/modules-load.d/infobus.conf"
		install -D -m 644 -t "$tree/usr/lib/udev/rules.d" systemd/units/60-infobus.rules
		install -D -m 644 -t "$tree/usr/share/polkit-1/rules.d" systemd/units/4?-infobus*.rules
		install -D -m 644 -t "$tree/etc/infobus" examples/infobus.yaml examples/timetable.yaml examples/board.yaml
		install -D -m 644 -t "$tree/usr/share/doc/infobus" README.md
		install -d "$tree/DEBIAN"
		sed "s/@VERSION@/$version/; s/@ARCH@/$arch/" images/deb/control >"$tree/DEBIAN/control"
		install -m 644 -t "$tree/DEBIAN" images/deb/conffiles
		install -m 755 -t "$tree/DEBIAN" images/deb/postinst images/deb/prerm images/deb/postrm
		dpkg-deb --build --root-owner-group -Zxz "$tree" "$out/infobus_${version}_$arch.deb" >/dev/null
		say "build/infobus_${version}_$arch.deb"
	done
}

bench() {
	needs bench
	go_there
	go test ./cmd/infobusd -run '^$' -bench . -benchtime 1x "$@" | grep -v '^Benchmark\|^goos\|^goarch\|^pkg\|^$'
	go test ./cmd/infobus -run '^$' -bench . -benchtime 1x | grep -v '^Benchmark\|^goos\|^goarch\|^pkg\|^cpu\|^PASS\|^ok\|^$'
	go test ./logbook/store ./kiosk/draw -run '^$' -bench . "$@" | grep '^Benchmark'
	go test ./netmon/lab -run '^$' -bench Peers -benchtime 1x -timeout 30m | grep '^|\|FAIL\|needs root'
	go test ./hw/line -run '^$' -bench . -benchtime 1x "$@" | grep '^a '
}

# pictures draws the pictures of the documentation anew.
pictures() {
	needs test
	compile "$out"
	"$out/infobus" kiosk render -o docs/kiosk.png --timetable examples/timetable.yaml --at 2026-11-23T09:40 --site moulin
	"$out/infobus" kiosk sheet -o docs/screen-contact-sheet.png --timetable examples/timetable.yaml --board examples/board.yaml \
		--at 2026-11-23T09:40 --site moulin --until 12:30 --next "Parking des Oyats"
	local state=$out/pictures
	rm -rf "$state"
	"$out/infobusd" --sim --state-dir "$state" --listen 127.0.0.1:18433 &
	local daemon=$!
	trap 'kill "$daemon" 2>/dev/null || true' EXIT
	for _ in $(seq 50); do
		"$out/infobus" --address "$state/infobus.sock" sim generator on 2>/dev/null && break
		sleep 0.2
	done
	sleep 8
	chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$state/browser" \
		--window-size=500,1000 --timeout=4000 --screenshot=docs/status.png http://127.0.0.1:18433/ >/dev/null 2>&1
	kill "$daemon"
	wait "$daemon" || true
	trap - EXIT
}

help() {
	cat <<-TEXT
		Usage: ./build.sh COMMAND

		run      the daemon on models, at http://127.0.0.1:8080 (PORT=… or --listen address:port)
		test     formatting, vet, all tests with the race detector, the lab's machine included
		build    static programs for arm64 and amd64, or the one named, in build/
		deb      Debian packages of them in build/
		lab      make what the lab's machines boot
		fuzz     every parser on made-up input, 10 s each
		bench    what the daemon costs, beside what it is compared with
		pictures the documentation's pictures, drawn anew
		soak     the tests, those that take hours at full length
		help     this

		Debian 12 or 13. What is missing is installed if you are root, and named if not;
		Go and the fonts are unpacked where they are not installed.
	TEXT
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
run) run "$@" ;;
test) run_tests "$@" ;;
build) build "$@" ;;
deb) deb "$@" ;;
lab) needs test && lab ;;
fuzz) go_there && fuzz ;;
bench) bench "$@" ;;
pictures) pictures ;;
soak) INFOBUS_SOAK=1 run_tests -timeout 6h "$@" ;;
help | -h | --help) help ;;
*) help >&2 && die "there is no command $command" ;;
esac

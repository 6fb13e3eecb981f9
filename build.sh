#!/usr/bin/env bash
# Builds, tests and runs Infobus. `./build.sh help` says how.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$PWD
out=$root/build
cache=${XDG_CACHE_HOME:-$HOME/.cache}/infobus

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }

# debian_sources SUITE ARCH: one-line apt sources for the archive this machine
# itself installs from, with another suite.
debian_sources() {
	local suite=$1 arch=$2 own
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$own" ] || die "this machine does not say which Debian it is (VERSION_CODENAME in /etc/os-release)"
	{
		# Stanzas "URIs: … / Suites: … / Signed-By: …".
		{ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | awk -v RS= -v own="$own" '
			{
				uri = by = suites = ""
				n = split($0, line, "\n")
				for (i = 1; i <= n; i++) {
					split(line[i], word, /[ \t]+/)
					if (word[1] == "URIs:") uri = word[2]
					if (word[1] == "Signed-By:") by = word[2]
					if (word[1] == "Suites:") suites = line[i] " "
				}
				if (index(suites, " " own " ")) print uri, by
			}'
		# Lines "deb [signed-by=…] URI SUITE COMPONENT…".
		{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | awk -v own="$own" '
			$1 == "deb" {
				by = ""
				if (match($0, /signed-by=[^] ]+/)) by = substr($0, RSTART + 10, RLENGTH - 10)
				sub(/\[[^]]*\]/, "")
				if ($3 == own) print $2, by
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

# lab fetches what the lab's machine boots: Debian 13's arm64 kernel.
lab() {
	local kept=$cache/lab/vmlinuz-arm64
	if [ ! -s "$kept" ]; then
		local dir=$out/lab/apt package
		say "fetching Debian 13's arm64 kernel (once, about 100 MB)"
		private_apt "$dir" trixie arm64
		package=$(APT_CONFIG=$dir/apt.conf apt-cache depends linux-image-arm64 | awk '$1 == "Depends:" { print $2; exit }')
		[ -n "$package" ] || die "the archive offers no linux-image-arm64"
		rm -rf "$out/lab/kernel" && mkdir -p "$out/lab/kernel" "$cache/lab"
		(cd "$out/lab/kernel" && APT_CONFIG=$dir/apt.conf apt-get -qq download "$package")
		dpkg-deb --fsys-tarfile "$out/lab/kernel/"*.deb | tar -x -C "$out/lab/kernel" --wildcards './boot/vmlinuz-*'
		cp "$out/lab/kernel/boot/"vmlinuz-* "$kept.new"
		mv "$kept.new" "$kept"
		rm -rf "$out/lab/kernel"
	fi
	export INFOBUS_LAB_KERNEL=$kept
	say "lab kernel: $kept"
}

case ${1:-help} in
lab) lab ;;
*) die "unknown: $1" ;;
esac

# shellcheck shell=bash
# Debian packages for another suite or architecture, without touching this machine's apt.

# codename is this machine's Debian's.
codename() {
	local own
	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$own" ] || die "this machine does not say which Debian it is (VERSION_CODENAME in /etc/os-release)"
	echo "$own"
}

# debian_sources SUITE ARCH COMPONENTS: one-line apt sources for the archive this
# machine itself installs from, with another suite.
debian_sources() {
	local suite=$1 arch=$2 components=$3 own
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
		echo "deb [arch=$arch signed-by=$by] $uri $suite $components"
	done | sort -u
}

# private_apt DIR SUITE ARCH [COMPONENTS]: an apt that knows only that suite and
# architecture, of it main unless told, and leaves the machine's own lists and state alone. Its
# configuration is DIR/apt.conf.
private_apt() {
	local dir=$1 suite=$2 arch=$3
	mkdir -p "$dir"/{etc/sources.list.d,etc/preferences.d,state/lists/partial,cache/archives/partial}
	debian_sources "$suite" "$arch" "${4:-main}" >"$dir/etc/sources.list"
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

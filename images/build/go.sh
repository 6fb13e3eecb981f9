# shellcheck shell=bash
# A Go that is new enough.

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

# shellcheck shell=bash
# What every command uses.

out=$PWD/build
cache=${XDG_CACHE_HOME:-$HOME/.cache}/infobus

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }

# modules: the folders with a go.mod, the main one first.
modules() {
	find . -path ./build -prune -o -name go.mod -printf '%h\n' | sort
}

# go_files: every Go file, for xargs -0.
go_files() {
	find . -path ./build -prune -o -name '*.go' -print0
}

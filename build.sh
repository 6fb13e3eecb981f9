#!/usr/bin/env bash
# Builds, tests and runs Infobus. `./build.sh help` says how; what the commands do
# stands in images/build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. images/build/common.sh
. images/build/apt.sh
. images/build/go.sh
. images/build/needs.sh
. images/build/lab.sh
. images/build/programs.sh
. images/build/deb.sh
. images/build/image.sh
. images/build/run.sh
. images/build/test.sh
. images/build/fuzz.sh
. images/build/bench.sh
. images/build/pictures.sh

help() {
	cat <<-TEXT
		Usage: ./build.sh COMMAND

		run      the daemon on models, at http://127.0.0.1:8080 (PORT=… or --listen address:port)
		check    formatting, vet, staticcheck and the quick tests: a minute, no root, no network
		test     all tests, where goroutines are with the race detector, the lab's machine included, and fuzzing
		graph    which package imports which, and where that breaks the rooms' order
		build    static programs for arm64 and amd64, or the one named, in build/
		deb      Debian packages of them in build/
		image    the card image in build/card; --relock: of today's Debian packages
		lab      make what the lab's machines boot
		fuzz     every parser on made-up input, 10 s each
		bench    what the daemon costs, beside what it is compared with: 10 minutes
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
check) check "$@" ;;
test) run_tests "$@" ;;
graph) go_there && go run ./images/house ;;
build) build "$@" ;;
deb) deb "$@" ;;
image) image "$@" ;;
lab) needs test && lab ;;
fuzz) go_there && fuzz ;;
bench) bench "$@" ;;
pictures) pictures ;;
soak) INFOBUS_SOAK=1 run_tests -tags soak -timeout 6h "$@" ;;
help | -h | --help) help ;;
*) help >&2 && die "there is no command $command" ;;
esac

# shellcheck shell=bash
# The tests: all of them, and those that are quick.

# format_and_vet dies if a file is not as gofmt writes it, or vet has a finding.
format_and_vet() {
	local unformatted module
	unformatted=$(go_files | xargs -0 "$(go env GOROOT)/bin/gofmt" -l)
	[ -z "$unformatted" ] || die "gofmt would change: ${unformatted//$'\n'/ }"
	for module in "$@"; do
		(cd "$module" && go vet -trimpath ./...) || die "go vet has something to say"
	done
}

# run_tests runs every test, those where goroutines are with the race detector, and fuzzes
# every parser; its arguments are go test's.
run_tests() {
	needs test
	go_there
	lab
	export INFOBUS_CARD=$out/card
	local module folders=() strict=() alone=() others=() card
	mapfile -t folders < <(modules)
	format_and_vet "${folders[@]}"
	if [ "$(id -u)" = 0 ] || [ "${CI:-}" = true ]; then
		strict=(-no-skips)
	fi
	mkdir -p "$out"
	go build -o "$out/testsum" ./images/testsum
	# Where no goroutine is started, the race detector has nothing to find, and takes four times as long.
	mapfile -t alone < <(go run ./images/house -alone)
	mapfile -t others < <(go list ./... | grep -vxF -f <(printf '%s\n' "${alone[@]}" infobus/images/lab/debian))
	[ ${#alone[@]} -gt 0 ] && [ ${#others[@]} -gt 0 ] || die "the packages are not known"
	{
		ended=0
		# Its programs are made one after the other: the other processor tests meanwhile.
		(card_image) >&2 &
		card=$!
		# Without paths in them, what was compiled for another clone serves this one;
		# vet has been done.
		set -- -trimpath -vet=off -count=1 -timeout 40m -json "$@"
		go test "$@" "${alone[@]}" 2>&1 || ended=1
		wait $card || exit 1
		# First the one that takes longest.
		go test -race "$@" ./images/lab/debian "${others[@]}" 2>&1 || ended=1
		for module in "${folders[@]:1}"; do
			(cd "$module" && go test -race "$@" ./...) 2>&1 || ended=1
		done
		if [[ " $* " != *" -run "* ]]; then
			bench_short -race -trimpath -vet=off -json 2>&1 || ended=1
			[ -n "${INFOBUS_SOAK:-}" ] || fuzz_time=4s
			fuzz -trimpath -vet=off -json 2>&1 || ended=1
		fi
		exit $ended
	} | "$out/testsum" "${strict[@]}"
}

# check is what to run before a commit: no root, no network. Its arguments are go
# test's.
check() {
	needs check
	go_there
	local folders=() module linter ended=0
	mapfile -t folders < <(modules)
	format_and_vet "${folders[@]}"
	linter=$(go tool -n staticcheck)
	for module in "${folders[@]}"; do
		(cd "$module" && "$linter" ./...) || die "staticcheck has something to say"
	done
	if type shellcheck >/dev/null 2>&1; then
		shellcheck -x build.sh .ci/run images/lab/debian/root.sh images/card/root.sh images/card/devices.sh images/deb/p* || die "shellcheck has something to say"
	else
		say "left out: shellcheck, which is not installed"
	fi
	mkdir -p "$out"
	go build -o "$out/testsum" ./images/testsum
	go test -short -trimpath -vet=off -json ./... "$@" 2>&1 | "$out/testsum" || ended=1
	say "checked in $SECONDS s; left out: what was skipped above, the real receiver's module, the race detector, fuzzing, benchmarks: ./build.sh test has them"
	return $ended
}

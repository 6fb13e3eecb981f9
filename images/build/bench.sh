# shellcheck shell=bash
# Measurements.

# bench measures, and prints each line beside what it is compared with as soon as
# it is measured; what it is at, it says on the standard error. What wants the
# machine for itself comes first, then what mostly waits, side by side.
bench() {
	needs bench
	go_there
	local ended=0
	echo "$(date +%F), commit $(version), $(nproc) cores: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
	measure cmd/infobusd Edge || ended=1
	measure cmd/infobus . || ended=1
	measure logbook/store . 1s || ended=1
	measure kiosk/draw . 1s || ended=1
	measure kiosk/glass . || ended=1
	measure hw/line . || ended=1
	measure netmon/lab . &
	measure cmd/infobusd Rest || ended=1
	wait $! || ended=1
	say "measured in $((SECONDS / 60)) min $((SECONDS % 60)) s"
	return $ended
}

# bench_short runs every measurement for a moment, so that each still works when it
# is wanted; its arguments are go test's.
bench_short() {
	go test "$@" -short -run '^$' -bench . -benchtime 1x \
		./cmd/infobusd ./cmd/infobus ./logbook/store ./kiosk/draw ./hw/line ./netmon/lab
}

# measure FOLDER BENCHMARKS [TIME]: the lines that they print themselves; with a
# time, the testing package's. The test's own program is run, because the go
# command mixes what it says on the two outputs.
measure() {
	local folder=$1 program=$out/bench/${1//\//-}.test
	mkdir -p "$out/bench"
	say "measuring: $folder $2"
	go test -c -o "$program" "./$folder" || return
	(cd "$folder" && "$program" -test.run '^$' -test.bench "$2" -test.benchtime "${3:-1x}" -test.timeout 20m) |
		awk -v own="${3:-own}" '/^(goos|goarch|pkg|cpu):|^PASS$|^$/ || own == "own" && /^Benchmark/ { next } { print; fflush() }'
}

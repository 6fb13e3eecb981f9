# shellcheck shell=bash
# Measurements.

# bench measures, and prints beside it what it is compared with.
bench() {
	needs bench
	go_there
	go test ./cmd/infobusd -run '^$' -bench . -benchtime 1x "$@" | grep -v '^Benchmark\|^goos\|^goarch\|^pkg\|^$'
	go test ./cmd/infobus -run '^$' -bench . -benchtime 1x | grep -v '^Benchmark\|^goos\|^goarch\|^pkg\|^cpu\|^PASS\|^ok\|^$'
	go test ./logbook/store ./kiosk/draw -run '^$' -bench . "$@" | grep '^Benchmark'
	go test ./netmon/lab -run '^$' -bench Peers -benchtime 1x -timeout 30m | grep '^|\|FAIL\|needs root'
	go test ./hw/line -run '^$' -bench . -benchtime 1x "$@" | grep '^a '
}

# shellcheck shell=bash
# The documentation's pictures.

# pictures draws the pictures of the documentation anew.
pictures() {
	needs test
	compile "$out"
	"$out/infobus" kiosk render -o docs/kiosk.png --timetable examples/timetable.yaml --at 2026-11-23T09:40 --site moulin
	"$out/infobus" kiosk sheet -o docs/screen-contact-sheet.png --timetable examples/timetable.yaml --board examples/board.yaml \
		--at 2026-11-23T09:40 --site moulin --until 12:30 --next "Parking des Oyats"
	go test ./status/server -count=1 -run ThePageInEveryForm -args -sheet "$PWD/docs/page-contact-sheet.png"
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
		--window-size=500,1400 --timeout=4000 --screenshot=docs/status.png http://127.0.0.1:18433/ >/dev/null 2>&1
	kill "$daemon"
	wait "$daemon" || true
	trap - EXIT
}

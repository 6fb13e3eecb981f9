# shellcheck shell=bash
# The daemon on models.

# run [--listen ADDRESS:PORT]: the daemon on the simulated van, until Ctrl-C.
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
		if ! kill -0 "$daemon" 2>/dev/null; then
			wait "$daemon" || die "infobusd ended with $?"
			return
		fi
		sleep 0.2
	done
	cat >&2 <<-TEXT

		Infobus runs on models: $url
		Try, in another terminal:
		  build/infobus$address sim generator on
		  build/infobus$address status
		  build/infobus$address phones invite    # a code for the page, which then has the actions
		  build/infobus$address events
		  build/infobus$address sim --help
		Ctrl-C stops it.

	TEXT
	while kill -0 "$daemon" 2>/dev/null; do
		if wait "$daemon"; then # a signal ends wait before the daemon ends
			return
		fi
	done
}

# shellcheck shell=bash
# Made-up input.

# fuzz tries every parser of what comes from outside on made-up input, 10 s
# each or as long as fuzz_time says, two side by side; its arguments are go test's.
fuzz() {
	local folder target targets=() pair=() ended=0
	mkdir -p "$out/fuzz"
	mapfile -t targets < <(go_files | sort -z | xargs -0 grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's|^\./||; s|/[^/]*:func | |')
	# A folder's targets are in one program.
	for folder in $(printf '%s\n' "${targets[@]% *}" | uniq); do
		say "compiling what fuzzes $folder"
		go test "$@" "./$folder" -c -fuzz . -o "$out/fuzz/${folder//\//-}.test" || ended=1
	done
	[ $ended = 0 ] || return 1
	for target in "${targets[@]}"; do
		folder=${target% *} target=${target#* }
		fuzz_one "$folder" "$target" "$@" &
		pair+=("$!:${folder//\//-}-$target")
		[ ${#pair[@]} -lt 2 ] || both
	done
	both
	return $ended
}

# both waits for those that are under way, and prints what they said, one after
# the other.
both() {
	local one
	for one in "${pair[@]}"; do
		wait "${one%%:*}" || ended=1
		cat "$out/fuzz/${one#*:}.log"
	done
	pair=()
}

# fuzz_one FOLDER TARGET: on one core. Go before 1.27 sometimes calls the end
# of that time a failure (golang/go#75804): one that says nothing but that, and
# has no input to show, is tried again, three times in all.
fuzz_one() {
	local folder=$1 target=$2 said=$out/fuzz/${1//\//-}-$2.log run=()
	shift 2
	[[ " $* " != *" -json "* ]] || run=(go tool test2json -t -p "infobus/$folder")
	run+=("$out/fuzz/${folder//\//-}.test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "${fuzz_time:-10s}" -test.fuzzminimizetime 10x
		-test.fuzzcachedir "$(go env GOCACHE)/fuzz/infobus/$folder" -test.parallel 1 -test.paniconexit0)
	[[ " $* " != *" -json "* ]] || run+=(-test.v=test2json)
	for _ in 1 2 3; do
		say "fuzzing $folder $target"
		if (cd "$folder" && "${run[@]}") >"$said" 2>&1; then
			return
		elif ! grep -q 'context deadline exceeded' "$said" || grep -qE 'Failing input|panic|hung or terminated' "$said"; then
			break
		fi
	done
	return 1
}

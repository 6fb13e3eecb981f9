# shellcheck shell=bash
# Made-up input.

# fuzz tries every parser of what comes from outside on made-up input, 10 s
# each or as long as fuzz_time says, two side by side; its arguments are go test's.
fuzz() {
	local file target pair=() ended=0
	mkdir -p "$out/fuzz"
	while IFS=: read -r file target; do
		file=$(dirname "${file#./}")
		fuzz_one "$file" "$target" "$@" &
		pair+=("$!:${file//\//-}-$target")
		[ ${#pair[@]} -lt 2 ] || both
	done < <(go_files | sort -z | xargs -0 grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/func //')
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
	local folder=$1 target=$2 said=$out/fuzz/${1//\//-}-$2.log
	shift 2
	for _ in 1 2 3; do
		say "fuzzing $folder $target"
		if go test "$@" "./$folder" -run '^$' -fuzz "^$target\$" -fuzztime "${fuzz_time:-10s}" -fuzzminimizetime 10x -parallel 1 >"$said" 2>&1; then
			return
		elif ! grep -q 'context deadline exceeded' "$said" || grep -qE 'Failing input|panic|hung or terminated' "$said"; then
			break
		fi
	done
	return 1
}

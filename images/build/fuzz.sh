# shellcheck shell=bash
# Made-up input.

# fuzz tries every parser of what comes from outside on made-up input, 10 s
# each; its arguments are go test's. Go before 1.27 sometimes calls the end of
# those 10 s a failure (golang/go#75804): one that says nothing but that, and has
# no input to show, is tried again, three times in all.
fuzz() {
	local file target said=$out/fuzz.log try ended=0
	mkdir -p "$out"
	while IFS=: read -r file target; do
		for try in 1 2 3; do
			say "fuzzing $(dirname "${file#./}") $target"
			if go test "$@" "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime 10s -fuzzminimizetime 10x >"$said" 2>&1; then
				break
			elif [ $try = 3 ] || ! grep -q 'context deadline exceeded' "$said" ||
				grep -qE 'Failing input|panic|hung or terminated' "$said"; then
				ended=1
				break
			fi
		done
		cat "$said"
	done < <(find . -path ./build -prune -o -name '*_test.go' -print | sort | xargs grep -oE '^func Fuzz[A-Za-z0-9_]*' | sed 's/func //')
	return $ended
}

package timetable

import (
	"slices"
	"strings"
)

// IsAddress says whether a configured source is an address, and no path.
func IsAddress(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// IsRemovable says whether a configured source is on a medium that comes and
// goes: a path with a *, or below where media are mounted.
func IsRemovable(source string) bool {
	return !IsAddress(source) && (strings.Contains(source, "*") ||
		slices.ContainsFunc([]string{"/media/", "/mnt/", "/run/media/"}, func(root string) bool { return strings.HasPrefix(source, root) }))
}

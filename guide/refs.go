package guide

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"infobus/kiosk"
)

// Ref is a reference to the timetable or to the board.
type Ref struct {
	Kind  string // service or number
	ID    string // a service's in the timetable; a number's picture on the board, emergency is 112
	Field string // of a service: hours, place, map or name; of a number: "" (as it is dialled) or name
}

// maxRef is the most letters of a reference, with its braces.
const maxRef = 120

var (
	refForm  = regexp.MustCompile(`^\{([a-z]+):([a-z0-9][a-z0-9._-]*)\}$`)
	ofAPlace = []string{"site", "sites", "van", "session", "plan", "next"}
	fields   = []string{"hours", "place", "map", "name"}
)

// String is the reference as a text has it.
func (r Ref) String() string {
	if r.Field == "" {
		return "{" + r.Kind + ":" + r.ID + "}"
	}
	return "{" + r.Kind + ":" + r.ID + "." + r.Field + "}"
}

// ParseRef reads a reference with its braces.
func ParseRef(s string) (Ref, error) {
	const expected = "a reference such as {service:showers.hours}, {service:showers.place} or {number:emergency} was expected"
	kind, _, _ := strings.Cut(strings.TrimPrefix(s, "{"), ":")
	if slices.Contains(ofAPlace, strings.TrimSpace(kind)) {
		return Ref{}, fmt.Errorf("%s found: no text names where the van is or will be", quoted(s))
	}
	m := refForm.FindStringSubmatch(s)
	if m == nil || len(s) > maxRef {
		return Ref{}, fmt.Errorf("%s found; %s", quoted(s), expected)
	}
	r := Ref{Kind: m[1], ID: m[2]}
	dot := strings.LastIndexByte(r.ID, '.')
	switch r.Kind {
	case "service":
		if dot <= 0 || !slices.Contains(fields, r.ID[dot+1:]) {
			return Ref{}, fmt.Errorf("%s found; expected one of .%s behind the service's id", quoted(s), strings.Join(fields, ", ."))
		}
		r.ID, r.Field = r.ID[:dot], r.ID[dot+1:]
	case "number":
		if dot > 0 {
			r.ID, r.Field = r.ID[:dot], r.ID[dot+1:]
		}
		if !slices.Contains(kiosk.Pictures, r.ID) || r.Field != "name" && (dot > 0 || r.Field != "") {
			return Ref{}, fmt.Errorf("%s found; expected one of %s, with .name behind it for its name", quoted(s), strings.Join(kiosk.Pictures, ", "))
		}
	default:
		return Ref{}, fmt.Errorf("%s found; %s", quoted(s), expected)
	}
	return r, nil
}

// Refs are the references of a text, each once, in their order as text.
func Refs(items []Item) (list []string) {
	for _, item := range items {
		for _, r := range item.Runs {
			if r.ref != (Ref{}) {
				list = append(list, r.ref.String())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

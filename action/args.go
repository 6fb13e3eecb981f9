package action

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"infobus/timetable"
	"infobus/words"
)

// Given is what came with an action, by the fields of a form.
type Given map[string][]string

// Sure says whether the question was answered.
func (g Given) Sure() bool { return slices.Contains(g[Sure.Name], "yes") }

// Arg is a typed argument of an action: one of those below.
type Arg struct {
	Name     string // the field of a form and of JSON, and the command line's name for it
	Optional bool
	Many     bool    // the command line may have several of it
	Inputs   []Input // what a form asks for; none where the page itself knows it

	read func(a Arg, given Given, into *Args) *Mistake
	word func(word string, into Given) // one word of the command line
}

// Input is a field that a person fills in.
type Input struct {
	Name string
	Type string // HTML's; hidden where the page's script fills it in
}

// Label stands beside the field.
func (i Input) Label() words.Text { return words.T("action.input." + i.Name) }

// Is says what an argument is.
func (a Arg) Is() words.Text { return words.T("action.argument." + a.Name) }

// fields are the names under which a form has it.
func (a Arg) fields() []string {
	if len(a.Inputs) == 0 {
		return []string{a.Name}
	}
	var all []string
	for _, i := range a.Inputs {
		all = append(all, i.Name)
	}
	return all
}

// The arguments that there are.
var (
	// Site is a site's id.
	Site = Arg{Name: "site", read: func(a Arg, g Given, into *Args) *Mistake { into.Site = g.first(a); return nil }}

	// Service is a service's id.
	Service = Arg{Name: "service", read: func(a Arg, g Given, into *Args) *Mistake { into.Service = g.first(a); return nil }}

	// OneService is a service's id; left out it is all of which the action speaks.
	OneService = Arg{Name: "service", Optional: true, read: Service.read}

	// Source is a timetable's source.
	Source = Arg{Name: "source", read: func(a Arg, g Given, into *Args) *Mistake { into.Source = g.first(a); return nil }}

	// Digest identifies the timetable that whoever asks has seen.
	Digest = Arg{Name: "digest", read: func(a Arg, g Given, into *Args) *Mistake { into.Digest = g.first(a); return nil }}

	// Until is the session's end that whoever asks has seen: what was asked for twice is
	// not done twice.
	Until = Arg{Name: "until", Optional: true, read: func(a Arg, g Given, into *Args) *Mistake {
		at, err := time.Parse(time.RFC3339, g.first(a))
		if err != nil {
			return mistake(a, foundText(g.first(a)))
		}
		into.Until = at
		return nil
	}}

	// Day is a date; left out it is today.
	Day = Arg{Name: "day", Optional: true, read: func(a Arg, g Given, into *Args) *Mistake {
		day, err := timetable.ParseDate(g.first(a))
		if err != nil {
			return mistake(a, foundText(g.first(a)))
		}
		into.Day = day
		return nil
	}}

	// Hours are all openings of a day. One that closes before it opens does so in
	// the following night; from 00:00 to 00:00 is the whole day.
	Hours = Arg{Name: "hours", Many: true, Inputs: []Input{{"opens", "time"}, {"closes", "time"}}, read: readHours,
		word: func(word string, into Given) {
			opens, closes, _ := strings.Cut(strings.ReplaceAll(word, "–", "-"), "-")
			into["opens"], into["closes"] = append(into["opens"], opens), append(into["closes"], closes)
		}}
)

var (
	// Now is the time: a phone's, in milliseconds since 1970 with its zone in minutes
	// east of UTC, or a day and a time of day as the van's clock should show them.
	Now = Arg{Name: "time", Optional: true, Inputs: []Input{{"date", "date"}, {"clock", "time"}, {"epoch_ms", "hidden"}, {"zone_min", "hidden"}}, read: readNow,
		word: func(word string, into Given) {
			date, clock, _ := strings.Cut(word, "T")
			into["date"], into["clock"] = []string{date}, []string{clock}
		}}

	// Sure says that the person was asked back, and means it.
	Sure = Arg{Name: "sure", Optional: true, Inputs: []Input{{"sure", "checkbox"}}, read: func(a Arg, g Given, into *Args) *Mistake {
		switch value := g.first(a); value {
		case "1", "on", "true", "yes":
			into.Sure = true
		case "0", "false", "no":
		default:
			return mistake(a, foundText(value))
		}
		return nil
	}}
)

// maxEpoch is the year 9999, in milliseconds.
const maxEpoch = 253_402_300_799_000

func readNow(a Arg, g Given, into *Args) *Mistake {
	value := func(name string) string {
		if list := g[name]; len(list) > 0 {
			return list[0]
		}
		return ""
	}
	date, clock, epoch, zone := value("date"), value("clock"), value("epoch_ms"), value("zone_min")
	if date != "" || clock != "" {
		t, err := time.Parse("2006-01-02 15:04", date+" "+clock)
		if err != nil {
			return mistake(a, foundText(strings.TrimSpace(date+" "+clock)))
		}
		into.Time, into.Typed = t, true
		return nil
	}
	ms, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || ms <= 0 || ms > maxEpoch {
		return mistake(a, foundText(epoch))
	}
	into.Time = time.UnixMilli(ms)
	if zone != "" {
		minutes, err := strconv.Atoi(zone)
		if err != nil || minutes < -24*60 || minutes > 24*60 {
			return mistake(a, foundText(zone))
		}
		into.Zone = new(time.Duration(minutes) * time.Minute)
	}
	return nil
}

func readHours(a Arg, given Given, into *Args) *Mistake {
	opens, closes := given["opens"], given["closes"]
	if len(opens) != len(closes) {
		return mistake(a, words.T("action.found.uneven", "Opens", len(opens), "Closes", len(closes)))
	}
	var found []string
	for i := range opens {
		if opens[i] == "" && closes[i] == "" {
			continue // a line of the form that was left empty
		}
		from, err := timetable.ParseClock(typed(opens[i]))
		to, err2 := timetable.ParseClock(typed(closes[i]))
		if err != nil || err2 != nil {
			return mistake(a, foundText(opens[i]+"–"+closes[i]))
		}
		if found = append(found, opens[i]+"–"+closes[i]); to < from || from == 0 && to == 0 {
			to += 24 * 60
		}
		into.Hours = append(into.Hours, timetable.Hours{Opens: from, Closes: to})
	}
	if timetable.CheckHours(into.Hours) != nil {
		return mistake(a, words.T("action.found.this", "Found", strings.Join(found, ", ")))
	}
	return nil
}

// asTyped is a time of day as people type it: 9, 9h, 9h30, 9.30, 09:30; past midnight
// also 26:30.
var asTyped = regexp.MustCompile(`^\s*([0-9]{1,2})\s*(?:[hH:.]\s*([0-9]{2})?)?\s*$`)

// typed is such a time as HH:MM; what is none is left as it is.
func typed(text string) string {
	m := asTyped.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	return strings.Repeat("0", 2-len(m[1])) + m[1] + ":" + cmp.Or(m[2], "00")
}

// first is the argument's value.
func (g Given) first(a Arg) string {
	if list := g[a.Name]; len(list) > 0 {
		return list[0]
	}
	return ""
}

// none says whether nothing was given of an argument.
func (g Given) none(a Arg) bool {
	return !slices.ContainsFunc(a.fields(), func(name string) bool {
		return slices.ContainsFunc(g[name], func(value string) bool { return value != "" })
	})
}

// Mistake is an argument that cannot be read. It repeats nothing of what was
// found but hours and days.
type Mistake struct {
	Field    string
	Found    words.Text
	Expected words.Text
}

func mistake(a Arg, found words.Text) *Mistake {
	return &Mistake{Field: a.Name, Found: found, Expected: a.Is()}
}

// Text is the mistake in a sentence.
func (m Mistake) Text() words.Text {
	return words.T("action.mistake", "Field", m.Field, "Found", m.Found, "Expected", m.Expected)
}

// harmless are hours and days, also wrong ones.
var harmless = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{2}(–[0-9]{1,2}:[0-9]{2})?$|^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$`)

// foundText is what was found, or how long it is.
func foundText(value string) words.Text {
	if harmless.MatchString(value) {
		return words.T("action.found.this", "Found", value)
	}
	return words.T("action.found.text", "N", utf8.RuneCountInString(value))
}

// FromJSON is what a body gives: an object whose values are texts, numbers, and
// lists of these or of objects, such as hours. Other fields than an action's are
// left alone.
func FromJSON(body []byte) (Given, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return Given{}, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	given := Given{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		var list []json.RawMessage
		if json.Unmarshal(object[name], &list) != nil {
			list = []json.RawMessage{object[name]}
		}
		keys := map[string]bool{} // of objects; what one of them lacks is empty
		objects := make([]map[string]json.RawMessage, len(list))
		for i, v := range list {
			if json.Unmarshal(v, &objects[i]) == nil {
				for key := range objects[i] {
					keys[key] = true
				}
			}
		}
		for i, v := range list {
			if objects[i] == nil {
				given[name] = append(given[name], plain(v))
				continue
			}
			for key := range keys {
				given[key] = append(given[key], plain(objects[i][key]))
			}
		}
	}
	return given, nil
}

// plain is a value as a form would have it: a text without its quotes, "" for
// null, all else as it was written.
func plain(v json.RawMessage) string {
	var text string
	if v == nil || json.Unmarshal(v, &text) == nil {
		return text
	}
	return string(v)
}

// FromWords is what the command line gives: the arguments that must be there in
// their order, any as NAME=VALUE. ok is false where there are more than that.
func (r Row) FromWords(list []string) (given Given, ok bool) {
	given = Given{}
	var wanted []Arg
	for _, a := range r.Args {
		if !a.Optional {
			wanted = append(wanted, a)
		}
	}
	for _, word := range list {
		name, value, named := strings.Cut(word, "=")
		i := slices.IndexFunc(r.Args, func(a Arg) bool { return named && a.Name == name })
		switch {
		case i >= 0:
			r.Args[i].put(value, given)
		case len(wanted) == 0:
			return nil, false
		default:
			wanted[0].put(word, given)
			if !wanted[0].Many {
				wanted = wanted[1:]
			}
		}
	}
	return given, true
}

func (a Arg) put(word string, into Given) {
	if a.word != nil {
		a.word(word, into)
		return
	}
	into[a.Name] = append(into[a.Name], word)
}

// Usage is how the command line asks for it: its name and arguments.
func (r Row) Usage() string {
	usage := r.Route()
	for _, a := range r.Args {
		name := strings.ToUpper(a.Name)
		switch {
		case a.Optional:
			usage += " [" + a.Name + "=" + name + "]"
		case a.Many:
			usage += " " + name + "…"
		default:
			usage += " " + name
		}
	}
	return usage
}

package action_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"infobus/action"
	"infobus/timetable"
	"infobus/words"
)

func find(t testing.TB, route string) action.Row {
	t.Helper()
	row, ok := action.All.Find(route)
	if !ok {
		t.Fatalf("there is no action %s", route)
	}
	return row
}

func TestARouteFindsItsRow(t *testing.T) {
	for _, r := range action.All {
		if r.Numbered {
			continue
		}
		if got := find(t, r.Route()); got.Name != r.Name {
			t.Errorf("%s finds %s", r.Route(), got.Name)
		}
	}
	if r := find(t, "serviced-2"); r.Name != action.Serviced || r.Generator != 2 || r.Route() != "serviced-2" {
		t.Errorf("%+v", r)
	}
	for _, route := range []string{"", "Sync", "sync ", "serviced", "serviced-", "serviced-0", "serviced-01", "serviced--1", "serviced-+1", "serviced-N", "serviced-2x", "timetable"} {
		if r, ok := action.All.Find(route); ok {
			t.Errorf("%q finds %s", route, r.Name)
		}
	}
}

// What a page shows of a row must be something that it can fill in.
func TestEveryFormCanGiveItsArguments(t *testing.T) {
	known := map[action.Form][]string{action.ForEachSite: {"site"}, action.ForEachService: {"service", "day"}, action.OnTimetable: {"source", "digest"}}
	for _, r := range action.All {
		if r.Form == action.Nowhere {
			continue
		}
		for _, a := range r.Args {
			if !a.Optional && len(a.Inputs) == 0 && !slices.Contains(known[r.Form], a.Name) {
				t.Errorf("the form of %s cannot give its %s", r.Name, a.Name)
			}
		}
	}
}

// The keys of words that begin with "action." are those that the rows, arguments
// and refusals say, and no others.
func TestEveryRowHasItsSentencesAndEverySentenceItsRow(t *testing.T) {
	want := []string{"action.mistake", "action.usage"}
	add := func(t words.Text) { want = append(want, t.Key) }
	for _, r := range action.All {
		add(r.Help())
		add(r.Done(""))
		if r.Form != action.Nowhere {
			add(r.Label(""))
		}
		if r.Asks {
			add(r.Question())
		}
		for _, a := range r.Args {
			add(a.Is())
			for _, i := range a.Inputs {
				if i.Type != "hidden" {
					add(i.Label())
				}
			}
			if len(a.Inputs) > 0 {
				add(r.Fill())
				add(r.Send())
			}
		}
	}
	for _, r := range action.Refusals {
		add(r.Text())
	}
	keys, err := words.Keys(os.DirFS("../words"), words.Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range want {
		if !slices.Contains(keys, key) {
			t.Errorf("%s has no sentence", key)
		}
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "action.") && !strings.HasPrefix(key, "action.found.") && !slices.Contains(want, key) {
			t.Errorf("%s is a sentence that no row says", key)
		}
	}
	if len(action.Refusals) < 20 || len(want) < 80 {
		t.Errorf("only %d sentences were looked for", len(want))
	}
}

func TestWhatIsGivenIsReadByItsType(t *testing.T) {
	monday := timetable.DateOf(2026, 11, 23)
	hours := func(list ...int) (all []timetable.Hours) {
		for i := 0; i < len(list); i += 2 {
			all = append(all, timetable.Hours{Opens: timetable.Clock(60 * list[i]), Closes: timetable.Clock(60 * list[i+1])})
		}
		return all
	}
	for _, c := range []struct {
		what, route string
		given       action.Given
		want        action.Args
		mistake     string // in English
	}{
		{"no argument is needed", "sync", nil, action.Args{}, ""},
		{"a generator's number is in the route", "serviced-3", nil, action.Args{Generator: 3}, ""},
		{"what is no argument is left alone", "sync", action.Given{"site": {"quai"}}, action.Args{}, ""},
		{"a site", "confirm-site", action.Given{"site": {"quai"}}, action.Args{Site: "quai"}, ""},
		{"no site", "confirm-site", action.Given{"site": {""}}, action.Args{}, "site: nothing found, expected: a site’s id in the timetable"},
		{"without a day it is today", "timetable-cancel", action.Given{"service": {"water"}}, action.Args{Service: "water"}, ""},
		{"a day", "timetable-cancel", action.Given{"service": {"water"}, "day": {"2026-11-23"}}, action.Args{Service: "water", Day: monday}, ""},
		{"a day that there is not", "timetable-undo", action.Given{"service": {"water"}, "day": {"2026-02-30"}}, action.Args{},
			"day: 2026-02-30 found, expected: a day as YYYY-MM-DD; without one it is today"},
		{"no day at all", "timetable-undo", action.Given{"service": {"water"}, "day": {"Jean Dupont"}}, action.Args{},
			"day: a text of 11 characters found, expected: a day as YYYY-MM-DD; without one it is today"},
		{"hours, and a line that was left empty", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:00", ""}, "closes": {"11:00", ""}},
			action.Args{Service: "water", Hours: hours(9, 11)}, ""},
		{"hours into the night", "timetable-hours", action.Given{"service": {"water"}, "opens": {"22:00"}, "closes": {"02:00"}},
			action.Args{Service: "water", Hours: hours(22, 26)}, ""},
		{"hours as people type them", "timetable-hours", action.Given{"service": {"water"}, "opens": {"9", "11h", " 14.00"}, "closes": {"10h00", "12:00", "16 h"}},
			action.Args{Service: "water", Hours: hours(9, 10, 11, 12, 14, 16)}, ""},
		{"hours into the night, as people type them", "timetable-hours", action.Given{"service": {"water"}, "opens": {"22h"}, "closes": {"2"}},
			action.Args{Service: "water", Hours: hours(22, 26)}, ""},
		{"to midnight, and beyond", "timetable-hours", action.Given{"service": {"water"}, "opens": {"18", "22"}, "closes": {"20", "26h"}},
			action.Args{Service: "water", Hours: hours(18, 20, 22, 26)}, ""},
		{"a closing at 24", "timetable-hours", action.Given{"service": {"water"}, "opens": {"18"}, "closes": {"24"}},
			action.Args{Service: "water", Hours: hours(18, 24)}, ""},
		{"the whole day", "timetable-hours", action.Given{"service": {"water"}, "opens": {"00:00"}, "closes": {"00:00"}},
			action.Args{Service: "water", Hours: hours(0, 24)}, ""},
		{"no hours", "timetable-hours", action.Given{"service": {"water"}, "opens": {""}, "closes": {""}}, action.Args{},
			"hours: nothing found, expected: times as HH:MM that close after they open and do not overlap"},
		{"half of a line", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:00"}, "closes": {""}}, action.Args{},
			"hours: a text of 6 characters found, expected: times as HH:MM that close after they open and do not overlap"},
		{"more openings than closings", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:00"}}, action.Args{},
			"hours: 1 opening and 0 closing times found, expected: times as HH:MM that close after they open and do not overlap"},
		{"a time that there is not", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:60"}, "closes": {"10:00"}}, action.Args{},
			"hours: 09:60–10:00 found, expected: times as HH:MM that close after they open and do not overlap"},
		{"a name for a time", "timetable-hours", action.Given{"service": {"water"}, "opens": {"Jean"}, "closes": {"10:00"}}, action.Args{},
			"hours: a text of 10 characters found, expected: times as HH:MM that close after they open and do not overlap"},
		{"hours that overlap", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:00", "10:00"}, "closes": {"11:00", "12:00"}}, action.Args{},
			"hours: 09:00–11:00, 10:00–12:00 found, expected: times as HH:MM that close after they open and do not overlap"},
		{"hours that close when they open", "timetable-hours", action.Given{"service": {"water"}, "opens": {"09:00"}, "closes": {"09:00"}}, action.Args{},
			"hours: 09:00–09:00 found, expected: times as HH:MM that close after they open and do not overlap"},
	} {
		row := find(t, c.route)
		got, mistake := row.Read(c.given)
		said := ""
		if mistake != nil {
			said = words.In("en").Text(mistake.Text())
		}
		if said != c.mistake {
			t.Errorf("%s: %q, want %q", c.what, said, c.mistake)
		}
		if c.mistake == "" && (got.Name != row.Name || !reflect.DeepEqual(got.Args, c.want)) {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestABodySaysTheSameAsAForm(t *testing.T) {
	for _, c := range []struct {
		body string
		want action.Given // nil: it cannot be read
	}{
		{"", action.Given{}},
		{" \n", action.Given{}},
		{"null", action.Given{}},
		{"{}", action.Given{}},
		{`{"site": "quai"}`, action.Given{"site": {"quai"}}},
		{`{"site": null, "other": 5, "yes": true}`, action.Given{"other": {"5"}, "yes": {"true"}}},
		{`{"hours": [{"opens": "09:00", "closes": "11:00"}, {"closes": "16:00"}]}`, action.Given{"opens": {"09:00", ""}, "closes": {"11:00", "16:00"}}},
		{`{"opens": ["09:00"], "closes": ["11:00"]}`, action.Given{"opens": {"09:00"}, "closes": {"11:00"}}},
		{`{"site": {"id": "quai"}}`, action.Given{"id": {"quai"}}},
		{`{"hours": []}`, action.Given{}},
		{`{"day": [["a"]]}`, action.Given{"day": {`["a"]`}}},
		{"{", nil}, {"[]", nil}, {`"quai"`, nil}, {"{} {}", nil}, {`{"site": "quai"} and more`, nil},
	} {
		got, err := action.FromJSON([]byte(c.body))
		if (err != nil) != (c.want == nil) || err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.body, got, err, c.want)
		}
	}
}

func TestTheCommandLineSaysTheSameAsAForm(t *testing.T) {
	for _, c := range []struct {
		route, line string
		want        action.Given // nil: too much
	}{
		{"sync", "", action.Given{}},
		{"sync", "now", nil},
		{"confirm-site", "quai", action.Given{"site": {"quai"}}},
		{"confirm-site", "site=quai", action.Given{"site": {"quai"}}},
		{"confirm-site", "quai moulin", nil},
		{"timetable-cancel", "water day=2026-11-23", action.Given{"service": {"water"}, "day": {"2026-11-23"}}},
		{"timetable-cancel", "a=b", action.Given{"service": {"a=b"}}},
		{"timetable-hours", "water 14:00-16:30 20:00–22:00 day=2026-11-23",
			action.Given{"service": {"water"}, "opens": {"14:00", "20:00"}, "closes": {"16:30", "22:00"}, "day": {"2026-11-23"}}},
		{"timetable-hours", "water 14:00", action.Given{"service": {"water"}, "opens": {"14:00"}, "closes": {""}}},
	} {
		got, ok := find(t, c.route).FromWords(strings.Fields(c.line))
		if ok != (c.want != nil) || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: %v, %v; want %v", c.route, c.line, got, ok, c.want)
		}
	}
	if usage := find(t, "timetable-hours").Usage(); usage != "timetable-hours SERVICE HOURS… [day=DAY]" {
		t.Error(usage)
	}
}

// A row that is made up stands in the tables, with its arguments and sentences.
func TestAMadeUpRowStandsInTheTables(t *testing.T) {
	rows := append(slices.Clone(action.All), action.Row{Name: "honk", Args: []action.Arg{action.Day}, Who: action.SocketOnly, Durable: true})
	tables := rows.Docs(words.In("en"))
	if want := "| `honk` | [`day`] | unix socket | action.honk.help Durable when it is answered 200 |\n"; !strings.Contains(tables, want) {
		t.Errorf("no %s in %s", want, tables)
	}
	if strings.Contains(action.All.Docs(words.In("en")), "honk") {
		t.Error("it is made up in the shipped table too")
	}
	if !strings.Contains(tables, "`no-session`") {
		t.Error("the refusals are missing")
	}
}

// Whatever comes as a body, it is read or refused, and a mistake repeats nothing of
// it but hours and days.
func FuzzBody(f *testing.F) {
	for _, body := range []string{`{"service":"water","hours":[{"opens":"22:00","closes":"02:00"}]}`, `{"site":{"a":[1]}}`, `{"day":"2026-11-23x","service":1e9}`, `[[]]`, "\x00"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		given, err := action.FromJSON([]byte(body))
		if err != nil {
			return
		}
		secret := "Jean Dupont, 06 12 34 56 78"
		for name := range given {
			given[name] = append(given[name], secret)
		}
		for _, r := range action.All {
			for _, g := range []action.Given{given, {"service": {secret}, "day": {secret}, "opens": {secret}, "closes": {secret}}} {
				asked, mistake := r.Read(g)
				if mistake == nil {
					if asked.Name != r.Name || len(asked.Hours) > 0 && timetable.CheckHours(asked.Hours) != nil {
						t.Errorf("%s: %+v of %q", r.Name, asked, body)
					}
					continue
				}
				if said := words.In("en").Text(mistake.Text()); strings.Contains(said, "Dupont") || strings.Contains(said, "<no value>") {
					t.Errorf("%s: %s", r.Name, said)
				}
			}
		}
	})
}

func FuzzRoute(f *testing.F) {
	for _, r := range action.All {
		f.Add(r.Route())
	}
	f.Add("serviced-99999999999999999999")
	f.Fuzz(func(t *testing.T, route string) {
		if r, ok := action.All.Find(route); ok && r.Route() != route {
			t.Errorf("%q finds %s", route, fmt.Sprint(r))
		}
	})
}

package status

import (
	"fmt"
	"html"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/van"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// services draws n of them, some at a site of the van's, told in person, too old, or
// without a name in most languages.
func services(r *rand.Rand, n int) (list []timetable.Service) {
	for i := range n {
		s := timetable.Service{ID: fmt.Sprint("s", i), Category: timetable.Categories[r.IntN(len(timetable.Categories))], Show: timetable.Screen, By: "Eau & Sel",
			Name: map[string]string{"en": fmt.Sprint("Service ", i)}, Place: timetable.Place{Name: fmt.Sprintf("Quai %d", i), Map: "A"},
			Checked: monday.AddDate(0, 0, 1-r.IntN(42)).Truncate(24 * time.Hour)}
		for _, tag := range locales.Tags()[1:] {
			if r.IntN(2) == 0 {
				s.Name[tag] = strings.Repeat("ሰሙን ", 1+r.IntN(12))
			}
		}
		switch r.IntN(10) {
		case 0:
			s.Show, s.Place.Name = timetable.InPerson, "Secret house"
		case 1, 2:
			s.Sites, s.Place.Name = []string{"moulin"}, "Secret quay"
		case 3:
			s.Sites, s.Place.Name = []string{"oyats"}, "Secret park"
		}
		for range 1 + r.IntN(2) {
			opens := timetable.Clock(r.IntN(30 * 60))
			s.Slots = append(s.Slots, timetable.Slot{Days: []time.Weekday{time.Monday, time.Tuesday, time.Weekday(r.IntN(7))},
				Opens: opens, Closes: opens + timetable.Clock(1+r.IntN(18*60))})
		}
		list = append(list, s)
	}
	return list
}

func visitOf(list []timetable.Service) Visit {
	return Visit{Timetable: &timetable.Timetable{Zone: time.UTC, MaxAge: 31 * 24 * time.Hour, Services: list,
		Sites: []timetable.Site{{ID: "moulin", Name: "Moulin"}, {ID: "oyats", Name: "Oyats"}},
		Plan:  []timetable.Planned{{Site: "oyats", Days: []time.Weekday{time.Tuesday}, From: 600, To: 700}}},
		Board: &kiosk.Board{}, Site: "moulin", Trusted: true, Minute: monday.Unix() / 60}
}

// alike is what a row is in any language.
func alike(r VisitRow) string {
	return fmt.Sprint(r.Opens, r.Closes, r.Picture, r.Place, r.Map, r.Struck, r.Name == "", r.State == "", r.Day == "", r.Note == "")
}

// Whatever the timetable, each page has the same rows in every language, all of the
// day's, and those of days to come tell nothing of the van.
func TestEveryLanguageHasTheSameRows(t *testing.T) {
	pagesMost, seeds := 0, 2
	if os.Getenv("INFOBUS_SOAK") != "" {
		seeds = 100
	}
	each := func(n, seed int) {
		v := visitOf(services(rand.New(rand.NewPCG(uint64(n), uint64(seed))), n))
		for _, section := range []Section{TodaySection, TomorrowSection, WeekSection} {
			var first []string
			for _, tag := range locales.Tags() {
				var pages []string
				rows := 0
				for _, p := range v.Pages(section, tag) {
					page := ""
					for _, r := range p.Rows {
						page += alike(r) + "\n"
						if r.Name != "" {
							rows++
						}
					}
					pages = append(pages, page)
				}
				pagesMost = max(pagesMost, len(pages))
				if first == nil {
					first = pages
				} else if !slices.Equal(first, pages) {
					t.Fatalf("%s: %s has other rows than %s:\n%q\n%q", section, tag, locales.Tags()[0], pages, first)
				}
				want := 0
				day := v.day()
				switch section {
				case TodaySection:
					want = len(kiosk.InOrder(v.Timetable.Today(v.now(), v.Site)))
				case TomorrowSection:
					want = len(kiosk.InOrder(v.Timetable.Ahead(day+1, v.now())))
				case WeekSection:
					for d := timetable.Date(1); d <= daysAhead; d++ {
						want += len(kiosk.InOrder(v.Timetable.Ahead(day+d, v.now())))
					}
				}
				if rows != want {
					t.Fatalf("%s in %s: %d rows, want %d", section, tag, rows, want)
				}
				if text := strings.Join(pages, ""); strings.Contains(text, "Secret house") || strings.Contains(text, "Secret park") ||
					section != TodaySection && strings.Contains(text, "Secret quay") {
					t.Fatalf("%s in %s tells of what is told in person, or of the van: %s", section, tag, text)
				}
			}
		}
		for _, tag := range locales.Tags() {
			p, ok := v.Take(tag)
			if text := fmt.Sprint(p.Rows, v.Message(tag)); !ok || strings.Contains(text, "Secret") || strings.Contains(text, "Oyats") {
				t.Fatalf("the file in %s: %v %s", tag, ok, text)
			}
			if n := utf8.RuneCountInString(v.Message(tag)); n > messageLength {
				t.Fatalf("the message in %s has %d letters", tag, n)
			}
		}
	}
	for _, n := range []int{0, 1, 7, 60, 200} {
		for seed := range seeds {
			each(n, seed)
		}
	}
	t.Logf("at most %d pages", pagesMost)
}

// An hour of a day to come is shown only where its check holds today, and on that day.
func TestAnHourOfADayToComeNeedsACheckThatHoldsThen(t *testing.T) {
	daily := timetable.Slot{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Opens: 600, Closes: 660}
	day := monday.Truncate(24 * time.Hour)
	for name, c := range map[string]struct {
		checked time.Time
		hours   int // of the six days
	}{
		"today":                    {day, 6},
		"runs out in three days":   {day.AddDate(0, 0, -28), 3},
		"ran out":                  {day.AddDate(0, 0, -32), 0},
		"is dated in three days":   {day.AddDate(0, 0, 3), 0},
		"runs out with today":      {day.AddDate(0, 0, -31), 0},
		"is dated tomorrow (zone)": {day.AddDate(0, 0, 1), 6},
	} {
		v := visitOf([]timetable.Service{{ID: "a", Category: timetable.Food, Show: timetable.Screen, Name: map[string]string{"en": "Tea"}, Checked: c.checked, Slots: []timetable.Slot{daily}}})
		hours := 0
		for _, p := range v.Pages(WeekSection, "en") {
			for _, r := range p.Rows {
				if r.Opens != "" {
					hours++
				} else if r.State != "Ask us" {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
		if hours != c.hours {
			t.Errorf("%s: hours on %d days, want %d", name, hours, c.hours)
		}
	}
}

// Without a trusted clock there is no day, and 112 alone; while it is quiet every page is
// bare, and nothing is to be kept.
func TestWhatIsNotKnownOrQuietHasNoDay(t *testing.T) {
	known := visitOf([]timetable.Service{{ID: "a", Category: timetable.Food, Show: timetable.Screen, Name: map[string]string{"en": "Tea"}, Checked: monday,
		Place: timetable.Place{Name: "Quai"}, Slots: []timetable.Slot{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Opens: 600, Closes: 660}}}})
	known.Board = &kiosk.Board{Numbers: []kiosk.Number{{Number: "115", Name: map[string]string{"en": "Shelter"}, Checked: monday}},
		Worth: kiosk.Worth{Megabytes: 140, Video: 6, Call: 45, Checked: monday}, Bundles: []int{140}, Countries: []string{"SD"},
		Operators: []kiosk.Operator{{Name: "Lune", Calls: map[string]bool{"SD": true}, Checked: monday}}}
	noClock, noTable, quiet := known, known, known
	noClock.Trusted, noTable.Timetable, quiet.Quiet = false, nil, true
	for _, tag := range locales.Tags() {
		if p := known.Pages(TodaySection, tag)[0]; p.Date == "" || len(p.Rows) != 1 {
			t.Fatalf("%s: %+v: this test sees nothing", tag, p)
		}
		for name, v := range map[string]Visit{"no clock": noClock, "no timetable": noTable, "quiet": quiet} {
			for _, section := range Sections {
				for _, p := range v.Pages(section, tag) {
					if p.Date != "" || p.Drawn != "" || p.Site != "" && (name == "quiet" || section != TodaySection) || p.Next != "" || len(p.Rows) > 0 || p.Take != nil {
						t.Errorf("%s, %s, %s: %+v", name, section, tag, p)
					}
					if want := map[bool]int{true: 2, false: 1}[name == "quiet"]; len(p.Numbers) > 0 && len(p.Numbers) != want {
						t.Errorf("%s, %s, %s: numbers %v", name, section, tag, p.Numbers)
					}
					if p.SIM != nil && (p.SIM.Ask == "" || p.SIM.Countries[0].Calls[0] != "") {
						t.Errorf("%s, %s, %s: %+v", name, section, tag, p.SIM)
					}
				}
			}
			if _, ok := v.Take(tag); ok || v.Message(tag) != "" {
				t.Errorf("%s: there is a file in %s", name, tag)
			}
		}
	}
}

// The van's next place is named where the team says so, by the screen's rule, and in no
// file.
func TestTheNextPlaceIsNamedOnlyWhereTheTeamSaysSo(t *testing.T) {
	v := visitOf(nil)
	for _, may := range []bool{false, true} {
		v.NextPlace = may
		for _, section := range []Section{TomorrowSection, WeekSection} {
			if p := v.Pages(section, "en")[0]; (p.Site == "Oyats") != may || (p.Next != "") != may {
				t.Errorf("%s, %v: %q %q", section, may, p.Next, p.Site)
			}
		}
		if p, _ := v.Take("en"); strings.Contains(fmt.Sprint(p, v.Message("en")), "Oyats") {
			t.Error("the file names it")
		}
	}
}

// What the message leaves out is counted, and it begins with its day.
func TestAMessageSaysHowMuchItLeavesOut(t *testing.T) {
	var list []timetable.Service
	for i := range 40 {
		list = append(list, timetable.Service{ID: fmt.Sprint("s", i), Category: timetable.Food, Show: timetable.Screen, Checked: monday, Name: map[string]string{"en": fmt.Sprintf("Meal%02d", i)},
			Place: timetable.Place{Name: "Quai"}, Slots: []timetable.Slot{{Days: []time.Weekday{1, 2}, Opens: 600, Closes: 660}}})
	}
	for _, tag := range locales.Tags() {
		text := visitOf(list).Message(tag)
		l := locales.Get(tag)
		lines := strings.Split(text, "\n")
		shown := strings.Count(text, "10:00")
		if lines[0] != plain(l.Date(monday)) || lines[len(lines)-1] != fmt.Sprintf("+ %d %s", 80-shown, l.Word(locales.More)) || shown < 10 {
			t.Errorf("%s: %d rows:\n%s", tag, shown, text)
		}
	}
	all := visitOf(list[:2]).Message("en")
	if strings.Contains(all, "+") || strings.Count(all, "10:00") != 4 || !strings.Contains(all, "Valid until Tuesday 24 November 2026") {
		t.Errorf("%s", all)
	}
}

// Equal visits are equal, so that pages are made once; a visit of the next minute is
// another, and the files' is the same all day.
func TestAVisitIsAnotherOnlyWhereSomethingChanged(t *testing.T) {
	s := van.State{Timetable: visitOf(nil).Timetable}
	s.Clock.Trusted = true
	board := &kiosk.Board{}
	at := func(d time.Duration) Visit { return VisitOf(board, nil, false, s, monday.Add(d)) }
	if at(0) != at(59*time.Second) || at(0) == at(time.Minute) || at(0).Daily() != at(14*time.Hour).Daily() || at(0).Daily() == at(15*time.Hour).Daily() {
		t.Error("visits are not told apart as they should")
	}
	other := s
	other.Quiet = true
	if VisitOf(board, nil, false, other, monday) == at(0) {
		t.Error("a quiet visit is as another")
	}
}

func TestRowsWeighWhatTheyTakeInTheHeaviestLanguage(t *testing.T) {
	name := strings.Repeat("&", 50)
	v := visitOf([]timetable.Service{{ID: "a", Category: timetable.Food, Show: timetable.Screen, Checked: monday, Name: map[string]string{"en": "Tea", "vi": name},
		Slots: []timetable.Slot{{Days: []time.Weekday{1}, Opens: 600, Closes: 660}}}})
	for _, tag := range []string{"en", "vi"} {
		if r := v.Pages(TodaySection, tag)[0].Rows[0]; r.weight < len(html.EscapeString(name)) {
			t.Errorf("%s: %d", tag, r.weight)
		}
	}
}

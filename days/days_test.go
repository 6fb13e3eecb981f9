package days

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/tally"
)

var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// dated is a trusted clock that was at start at boot.
func dated(start time.Time) func(time.Duration) string {
	return func(mono time.Duration) string { return start.Add(mono).Format(time.DateOnly) }
}

func untrusted(time.Duration) string { return "" }

// generator is what is known when it has run for so long.
func generator(run time.Duration, starts int) Input {
	return Input{Run: run, Starts: starts, Session: true,
		Moment: tally.Moment{In: run.Hours() * 100, Out: 7, Measured: true, Judged: true, Internet: true, Devices: int(run.Hours()) * 10}}
}

func dates(s State) (all []string) {
	for _, d := range s.All() {
		all = append(all, d.Date)
	}
	return all
}

func TestADayIsCounted(t *testing.T) {
	var s State
	for h := range 4 {
		s = Step(s, generator(time.Duration(h)*time.Hour, 1+h/2), dated(monday), time.Duration(8+h)*time.Hour)
	}
	want := Day{Date: "2026-11-23", Run: 3 * time.Hour, Starts: 1,
		Tally: tally.Tally{In: 300, Measured: 3 * time.Hour, Judged: 3 * time.Hour, Internet: 3 * time.Hour, Devices: 30}}
	if got := s.All(); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Past midnight it is another day's.
	s = Step(s, generator(4*time.Hour, 2), dated(monday), 25*time.Hour)
	if got := s.All(); len(got) != 2 || got[0] != want || got[1].Date != "2026-11-24" || got[1].Run != time.Hour {
		t.Errorf("after midnight: %+v", got)
	}
}

func TestWhatIsCountedBeforeTheClockIsKnownBelongsToTheDayOnWhichItBegan(t *testing.T) {
	s := Step(State{}, generator(0, 1), untrusted, 22*time.Hour)
	s = Step(s, generator(time.Hour, 1), untrusted, 23*time.Hour)
	if len(s.All()) != 0 {
		t.Errorf("without a clock there is %+v", s.All())
	}
	known := Step(s, generator(3*time.Hour, 1), dated(monday), 25*time.Hour)
	if got := known.All(); len(got) != 2 || got[0].Date != "2026-11-23" || got[0].Run != time.Hour || got[1].Run != 2*time.Hour {
		t.Errorf("once it is known: %+v", got)
	}
	// Kept and taken up in the same boot it still has its day; in another none.
	again := Restored(s.Past, s.Today, true)
	again = Step(again, generator(0, 1), untrusted, 23*time.Hour)
	again = Step(again, generator(0, 1), dated(monday), 23*time.Hour+time.Minute)
	if got := again.All(); len(got) != 1 || got[0].Date != "2026-11-23" || got[0].Run != time.Hour {
		t.Errorf("in the same boot: %+v", got)
	}
	cut := Restored(s.Past, s.Today, false)
	cut = Step(cut, generator(0, 1), dated(monday.AddDate(0, 0, 9)), time.Minute)
	if got := cut.All(); len(got) != 0 {
		t.Errorf("after a power cut: %+v", got)
	}
}

// Thirty days at most are given, none older, none to come, each counted once, in order,
// whatever the clock and the process do; what is kept is bounded; an earlier state is
// never changed; and what was counted in all is no more than what there was.
func TestTheDaysHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		now, run := time.Minute, time.Duration(0)
		clock := untrusted
		start := monday
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now += time.Duration(rapid.SampledFrom([]int{1, 60, 3600, 50000, 400000}).Draw(t, "seconds")) * time.Second
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				clock = untrusted
			case 1:
				start = start.AddDate(0, 0, rapid.IntRange(-40, 40).Draw(t, "jump"))
				clock = dated(start)
			case 2:
				s = Restored(s.Past, s.Today, rapid.Bool().Draw(t, "same"))
			case 3, 4, 5:
				clock = dated(start)
			}
			run += time.Minute
			before, was := fmt.Sprintf("%+v", s.Past), s.Past
			s = Step(s, Input{Run: run, Starts: 1, Moment: tally.Moment{Devices: -1}}, clock, now)
			if fmt.Sprintf("%+v", was) != before {
				t.Fatal("a step changed the state it came from")
			}
			all := s.All()
			if len(all) > Most || len(s.Past) > Kept {
				t.Fatalf("%d days of %d", len(all), len(s.Past))
			}
			sum := s.Today.Run
			for _, d := range s.Past {
				sum += d.Run
			}
			if list := dates(s); !slices.IsSorted(list) || len(slices.Compact(list)) != len(all) || sum > run {
				t.Fatalf("%q with %s of %s", list, sum, run)
			}
			if today := clock(now); today != "" {
				first, _ := time.Parse(time.DateOnly, today)
				if oldest := first.AddDate(0, 0, 1-Most).Format(time.DateOnly); len(all) > 0 && (all[0].Date < oldest || all[len(all)-1].Date > today) {
					t.Fatalf("%q are not of %s to %s", dates(s), oldest, today)
				}
			}
		}
	})
}

// A clock that is set wrong and then right again, before and after a power cut too:
// every day is there as it was, and what was counted meanwhile is the right day's.
func TestAClockThatIsSetRightLosesNoDay(t *testing.T) {
	for name, wrong := range map[string]time.Time{
		"four years ahead":  monday.AddDate(4, 0, 0),
		"a day ahead":       monday.AddDate(0, 0, 1),
		"ten days back":     monday.AddDate(0, 0, -10),
		"three months back": monday.AddDate(0, -3, 0),
	} {
		for _, cut := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, power cut: %t", name, cut), func(t *testing.T) {
				var past []Day
				for n := range 21 {
					past = append(past, Day{Date: monday.AddDate(0, 0, n-21).Format(time.DateOnly), Run: time.Hour, Starts: n})
				}
				s := Restored(past, Day{}, false)
				s = Step(s, generator(0, 1), dated(wrong), 9*time.Hour)
				s = Step(s, generator(time.Minute, 1), dated(wrong), 9*time.Hour+time.Minute)
				minute := time.Minute
				if cut {
					// What another boot counted for a wrong day stays with it.
					s, minute = Restored(s.Past, s.Today, false), 0
				}
				s = Step(s, generator(time.Minute, 1), dated(monday), 10*time.Hour)
				s = Step(s, generator(2*time.Minute, 1), dated(monday), 11*time.Hour)
				all := s.All()
				if len(all) != 22 || all[21].Date != "2026-11-23" || all[21].Run != time.Minute+minute {
					t.Fatalf("%d days: %+v", len(all), all)
				}
				for i, d := range past {
					if got := all[i]; got.Date != d.Date || got.Starts != d.Starts || got.Run < d.Run || got.Run > d.Run+time.Minute {
						t.Errorf("%s is %+v, was %+v", d.Date, got, d)
					}
				}
			})
		}
	}
}

func TestInternetAndDevicesCountInSessionsOnly(t *testing.T) {
	online := Input{Moment: tally.Moment{Judged: true, Internet: true, Devices: 40}}
	var s State
	for h, in := range []Input{online, online, {Session: true, Moment: online.Moment}, {Session: true, Moment: online.Moment}, online} {
		s = Step(s, in, dated(monday), time.Duration(8+h)*time.Hour)
		if devices := s.Today.Devices; (devices != 0) != (h >= 2) {
			t.Errorf("after %d h: %d devices", h, devices)
		}
	}
	if s.Today.Judged != 2*time.Hour || s.Today.Internet != 2*time.Hour {
		t.Errorf("of two hours of session: judged %s, internet %s", s.Today.Judged, s.Today.Internet)
	}
}

func TestNothingIsCountedOfTheFirstMoment(t *testing.T) {
	s := Step(State{}, Input{Run: time.Hour, Starts: 1, Begun: true, Session: true, Moment: tally.Moment{Devices: 40}}, dated(monday), 8*time.Hour)
	if got := s.All(); len(got) != 0 {
		t.Errorf("counted %+v", got)
	}
}

// A day says numbers and its date, and nothing that could be a place.
func TestADayHasNoPlace(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Day]()) {
		if f.Anonymous {
			continue // what it is made of comes after it
		}
		switch f.Type.Kind() {
		case reflect.Int, reflect.Int64, reflect.Float64:
		default:
			if f.Name != "Date" {
				t.Errorf("%s is a %s", f.Name, f.Type)
			}
		}
		for _, word := range []string{"site", "place", "name"} {
			if strings.Contains(strings.ToLower(f.Name), word) {
				t.Errorf("a day has a %s", f.Name)
			}
		}
	}
	if b, _ := json.Marshal(Day{Date: "2026-11-23"}); string(b) != `{"date":"2026-11-23"}` {
		t.Errorf("%s", b)
	}
}

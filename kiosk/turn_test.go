package kiosk_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/reading"
	"infobus/timetable"
	"infobus/timetable/source"
)

// stand is a page that stood on the glass.
type stand struct {
	page     kiosk.Page
	cause    kiosk.Cause
	from, to time.Duration // since the session began
}

// rotation plays a session in simulated time, on a panel that takes as long as the
// published times say.
type rotation struct {
	o      kiosk.Options
	table  *timetable.Timetable
	start  time.Time     // the wall time as the session begins
	at     time.Duration // since then
	booted time.Duration // when the box last did
	cold   bool          // the panel's temperature is not known: all refreshes are full
	over   time.Duration // since when there is no session; 0 while there is one
	again  time.Duration // since when there is another; 0 before
	state  kiosk.State
	due    *kiosk.Draw // that is being done
	done   time.Duration
	stands []stand
}

// upFor is how long a box has been up when it begins to decide.
const upFor = 10 * time.Second

var took = map[kiosk.Waveform]time.Duration{kiosk.Full: 4200 * time.Millisecond, kiosk.Fast: 1500 * time.Millisecond, kiosk.Partial: 1600 * time.Millisecond}

// rotationOf is a session at the beginning; at is local.
func rotationOf(tt *timetable.Timetable, at string, sets ...kiosk.Set) *rotation {
	r := &rotation{o: kiosk.DefaultOptions(), table: tt}
	r.o.Sets, r.o.Capacity = sets, map[string]int{}
	for _, set := range sets {
		r.o.Capacity[set.String()] = draw.Capacity(set)
	}
	start, err := time.ParseInLocation("2006-01-02 15:04", at, tt.Zone)
	if err != nil {
		panic(err)
	}
	r.start = start
	r.boot(kiosk.Started{})
	return r
}

// boot takes the box's power and gives it back at once.
func (r *rotation) boot(kept kiosk.Started) {
	if n := len(r.stands); n > 0 {
		r.stands[n-1].to = r.at
	}
	kept.Rebooted = true
	r.state, r.due, r.booted = kiosk.State{}, nil, r.at
	r.see(kept)
}

func (r *rotation) see(v any) {
	mono := r.at - r.booted + upFor
	in := kiosk.Input{Seen: v, Wall: r.start.Add(r.at), Timetable: r.table, Panel: kiosk.PanelOK, Session: kiosk.Session{Active: true, Since: upFor}}
	if _, booting := v.(kiosk.Started); booting || r.over > 0 && r.again == 0 {
		in.Session = kiosk.Session{}
	} else if r.again > 0 {
		in.Session.Since = r.again - r.booted + upFor
	}
	if !r.cold {
		in.Temperature = reading.Of(18.0, mono)
	}
	var due *kiosk.Draw
	if r.state, _, due = kiosk.Step(r.o, r.state, in, mono); due != nil {
		r.due, r.done = due, r.at+took[due.Waveform]
	}
}

// play lets time pass until a moment of the session.
func (r *rotation) play(end time.Duration) []stand {
	for r.see(nil); r.at < end; {
		next := end
		if wake := r.state.NextAt + r.booted - upFor; r.state.NextAt != 0 && wake > r.at {
			next = min(next, wake)
		}
		if r.due != nil {
			next = min(next, r.done)
		}
		r.at = next
		if d := r.due; d == nil || r.at < r.done {
			r.see(nil)
		} else {
			if n := len(r.stands); n > 0 {
				r.stands[n-1].to = min(r.stands[n-1].to, r.at-took[d.Waveform])
			}
			r.stands = append(r.stands, stand{page: d.Page, cause: d.Cause, from: r.at, to: 1 << 62})
			r.due = nil
			r.see(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: took[d.Waveform]})
		}
	}
	list := slices.Clone(r.stands)
	if n := len(list); n > 0 {
		list[n-1].to = min(list[n-1].to, end)
	}
	return list
}

// before is what would have stood there by the order that this one replaced: all
// parts of a set, then those of the next, each for the whole of its turn.
func (r *rotation) before(end time.Duration) (list []stand) {
	var last kiosk.PageKey
	for at := took[kiosk.Full]; at < end; at += r.o.Turn + took[kiosk.Partial] {
		pages := r.o.Pages(kiosk.Today, kiosk.Content{Timetable: r.table, Now: r.start.Add(at)})
		i := slices.IndexFunc(pages, func(p kiosk.Page) bool { return p.Key() == last })
		if first := last; i < 0 {
			first.Part = 1
			i = slices.IndexFunc(pages, func(p kiosk.Page) bool { return p.Key() == first })
		}
		p := pages[(i+1)%len(pages)]
		list, last = append(list, stand{page: p, from: at, to: min(at+r.o.Turn, end)}), p.Key()
	}
	return list
}

// many is the first n services of a day on which 24 open one after another, each
// for two hours, or all until the evening.
func many(t testing.TB, n int, evening bool) *timetable.Timetable {
	t.Helper()
	data, err := os.ReadFile("testdata/many24.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tt, err := source.Parse("many24.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	tt.Services = tt.Services[:n]
	for i := range tt.Services {
		if evening {
			tt.Services[i].Slots[0].Closes = 23 * 60
		}
	}
	return tt
}

// listed are the rows that are listed as the session begins.
func (r *rotation) listed() []timetable.Row { return r.table.Today(r.start, "") }

// wait is when a row of a service first stood there in a set, and how long it was
// away at most; a service "" is any. Without the row both are the session's length.
func wait(list []stand, service string, set kiosk.Set, end time.Duration) (first, away time.Duration) {
	var left time.Duration
	for _, s := range list {
		is := func(r timetable.Row) bool { return r.Service.ID == service }
		if !slices.Equal(s.page.Languages, set) || service != "" && !slices.ContainsFunc(s.page.Rows, is) {
			continue
		}
		if left == 0 {
			first = s.from
		}
		away, left = max(away, s.from-left), s.to
	}
	if left == 0 {
		return end, end
	}
	return first, away
}

// What is promised.
const (
	firstWithin = 25 * time.Minute  // the first page of each set
	againWithin = 35 * time.Minute  // a page of each set
	rowWithin   = 100 * time.Minute // each row in each set, unless it is over by then
)

// broken says which promises a session does not keep.
func (r *rotation) broken(list []stand, end time.Duration) (broken []string) {
	say := func(format string, a ...any) { broken = append(broken, fmt.Sprintf(format, a...)) }
	for _, set := range r.o.Sets {
		first, away := wait(list, "", set, end)
		if first > firstWithin {
			say("%s is first seen after %s", set, first)
		}
		if away > againWithin {
			say("%s is unseen for %s", set, away)
		}
		for _, row := range r.listed() {
			if first, _ := wait(list, row.Service.ID, set, end); first > rowWithin && row.Closes.Sub(r.start) > rowWithin {
				say("%s: %s is first seen after %s", set, row.Service.ID, first)
			}
		}
	}
	for i, s := range list {
		if i > 0 && s.from-list[i-1].from < 180*time.Second {
			say("a page after %s", s.from-list[i-1].from)
		}
		now := r.start.Add(s.from)
		soon := func(row timetable.Row) bool { return row.Closes.After(now) && row.Opens.Sub(now) <= 3*time.Hour }
		if s.from > rowWithin || slices.ContainsFunc(s.page.Rows, soon) {
			continue
		}
		for _, set := range r.o.Sets {
			for _, row := range r.listed() {
				if first, _ := wait(list, row.Service.ID, set, end); soon(row) && first > s.from {
					say("%s: %s opens soon, and %s stands there at %s", set, row.Service.ID, s.page.Languages, s.from)
				}
			}
		}
	}
	return broken
}

const session = 4 * time.Hour

func TestEveryLanguageIsSeenEarlyAndEveryRowInTime(t *testing.T) {
	doc, err := os.ReadFile("../docs/screen.md")
	if err != nil {
		t.Fatal(err)
	}
	minutes := func(d time.Duration) int { return int(d.Round(time.Minute) / time.Minute) }
	for _, n := range []int{4, 8, 12, 16, 20, 24} {
		for _, day := range []struct {
			evening, cold bool
			sets          []kiosk.Set
		}{{true, false, kiosk.Ten}, {true, true, kiosk.Ten}, {false, false, kiosk.Ten}, {false, true, kiosk.Ten}, {true, false, kiosk.Ten[:1]}} {
			r := rotationOf(many(t, n, day.evening), "2026-11-30 08:00", day.sets...)
			r.cold = day.cold
			list, old := r.play(session), r.before(session)
			if broken := r.broken(list, session); len(broken) > 0 {
				t.Errorf("%d services until the evening %v, %d sets, cold %v: %s", n, day.evening, len(day.sets), day.cold, strings.Join(broken, "; "))
			}
			if w := r.state.Wear; int(w.Fulls+w.Fasts+w.Partials) != len(list) || w.Exceptions[kiosk.SessionStart] != 0 {
				t.Errorf("%d services: %d pages, and the panel counts %+v", n, len(list), w)
			}
			if !day.evening || day.cold || len(day.sets) == 1 {
				continue
			}
			var table strings.Builder
			for _, row := range r.listed() {
				fmt.Fprintf(&table, "\n%4s %s", row.Service.ID, row.Opens.Format("15:04"))
				for _, set := range r.o.Sets {
					is, _ := wait(list, row.Service.ID, set, session)
					was, _ := wait(old, row.Service.ID, set, session)
					fmt.Fprintf(&table, "  %s %2d (%3d)", set, minutes(is), minutes(was))
				}
			}
			t.Logf("%d services: minutes until a row first stands there, by the order before in brackets%s", n, &table)
			var firsts, rows, aways, waits [2]time.Duration // this order's, and the one's before
			for i, list := range [][]stand{list, old} {
				for _, set := range r.o.Sets {
					first, away := wait(list, "", set, session)
					firsts[i], aways[i] = max(firsts[i], first), max(aways[i], away)
					for _, row := range r.listed() {
						first, away := wait(list, row.Service.ID, set, session)
						rows[i], waits[i] = max(rows[i], first), max(waits[i], away)
					}
				}
			}
			row := fmt.Sprintf("| %d |", n)
			for _, d := range [][2]time.Duration{firsts, rows, waits, aways} {
				row += fmt.Sprintf(" %d (%d) |", minutes(d[0]), minutes(d[1]))
			}
			row += fmt.Sprintf(" %d (%d) |", len(list), len(old))
			if t.Log(row); !strings.Contains(string(doc), row) {
				t.Errorf("docs/screen.md has no row %s", row)
			}
		}
	}
}

// The order before this one keeps none of the promises.
func TestABrokenPromiseIsFound(t *testing.T) {
	for n, want := range map[int][]string{
		8:  {"om+vi is first seen after 45m", "en+ar is unseen for 45m"},
		24: {"om+vi: s13 is first seen after 2h", "om+vi: s0 opens soon, and en+ar stands there at 20m"},
	} {
		r := rotationOf(many(t, n, true), "2026-11-30 08:00", kiosk.Ten...)
		broken := strings.Join(r.broken(r.before(session), session), "; ")
		for _, want := range want {
			if !strings.Contains(broken, want) {
				t.Errorf("%d services: %q is not found", n, want)
			}
		}
	}
}

// Ten sets of one language are twice as many pages; a language is not unseen for
// longer all the same.
func TestTenSetsOfOneLanguageTakeTurnsToo(t *testing.T) {
	var sets []kiosk.Set
	for _, set := range kiosk.Ten {
		sets = append(sets, set[:1], set[1:])
	}
	r := rotationOf(many(t, 24, true), "2026-11-30 08:00", sets...)
	list := r.play(session)
	for _, set := range sets {
		if first, away := wait(list, "", set, session); first > againWithin || away > againWithin {
			t.Errorf("%s is first seen after %s, and unseen for %s", set, first, away)
		}
	}
}

// With power cuts so frequent that none of the boots shows all sets, each set is
// shown as often as any other; where it is not kept whose turn it was, some are not
// shown at all.
func TestPowerCutsStarveNoLanguage(t *testing.T) {
	for _, kept := range []bool{true, false} {
		for _, apart := range []time.Duration{4 * time.Minute, 7 * time.Minute, 11 * time.Minute} {
			r := rotationOf(many(t, 24, true), "2026-11-30 08:00", kiosk.Ten...)
			for at := apart; at <= session; at += apart {
				r.play(at)
				k := kiosk.Started{Wear: r.state.Wear, Glass: r.state.Glass, LastSet: r.state.LastSet}
				if !kept {
					k.LastSet = ""
				}
				r.boot(k)
			}
			var starved []kiosk.Set
			for _, set := range kiosk.Ten {
				if _, away := wait(r.stands, "", set, session); away > againWithin {
					starved = append(starved, set)
				}
			}
			if kept == (len(starved) > 0) {
				t.Errorf("a cut every %s, kept %v: %v starve", apart, kept, starved)
			}
		}
	}
}

func TestAPageStandsLongerWhereFewWait(t *testing.T) {
	for _, c := range []struct {
		services, sets int
		want           time.Duration
	}{{20, 1, 5 * time.Minute}, {24, 1, 250 * time.Second}, {12, 2, 250 * time.Second}, {24, 2, 3 * time.Minute}, {24, 5, 3 * time.Minute}} {
		r := rotationOf(many(t, c.services, true), "2026-11-30 08:00", kiosk.Ten[:c.sets]...)
		list := r.play(2 * time.Hour)
		for i, s := range list[c.sets-1 : len(list)-1] {
			// A session has 180 s for each set's first page but the last's.
			if stood := s.to - s.from; stood < c.want || stood > c.want+time.Second {
				t.Errorf("%d services, %d sets: page %d stands for %s, want %s", c.services, c.sets, i, stood, c.want)
			}
		}
	}
}

func (s stand) String() string {
	return fmt.Sprintf("%s %s %d", s.page.Name, s.page.Languages, s.page.Part)
}

func told(list []stand) string {
	var s []string
	for _, stand := range list {
		s = append(s, stand.String())
	}
	return strings.Join(s, ", ")
}

func TestAPageThatWasTakenAwayTooSoonComesAgain(t *testing.T) {
	for after, want := range map[time.Duration]string{
		20 * time.Second: "today en+ar 1, today fr+ps 1, help fr+ps 1, today am+fa 1, today fr+ps 1, today en+ar 2",
		90 * time.Second: "today en+ar 1, today fr+ps 1, help fr+ps 1, today am+fa 1, today en+ar 2, today fr+ps 2",
	} {
		r := rotationOf(many(t, 12, true), "2026-11-30 08:00", kiosk.Ten[:3]...)
		r.play(4 * time.Minute)
		r.at = r.stands[1].from + after
		r.see(kiosk.Show{Name: kiosk.Help})
		list := r.play(20 * time.Minute)[:6]
		if got := told(list); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
		if stood := list[2].to - list[2].from; stood < time.Minute {
			t.Errorf("who asked for help has %s", stood)
		}
	}
}

// Somebody looks at all pages of a set: its languages come again in time all the
// same, before all others have had theirs.
func TestASetWhosePagesWereAllAskedForComesAgain(t *testing.T) {
	r := rotationOf(many(t, 24, true), "2026-11-30 08:00", kiosk.Ten...)
	r.play(70 * time.Second)
	for range 5 {
		r.see(kiosk.Press{})
		r.play(r.at + 70*time.Second)
	}
	list := r.play(session)
	if got, want := told(list[:6]), "today en+ar 1, today en+ar 2, today en+ar 3, today en+ar 4, today en+ar 5, today en+ar 6"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if _, away := wait(list, "", kiosk.Ten[0], session); away > againWithin {
		t.Errorf("en+ar is unseen for %s", away)
	}
}

func TestAPageThatStandsDoesNotTakeItsOwnTurn(t *testing.T) {
	r := rotationOf(many(t, 8, true), "2026-11-30 08:00", kiosk.Ten[0])
	r.play(6 * time.Minute)
	r.correct(timetable.Correction{Service: "s0", Kind: timetable.SaidCancelled})
	list := r.play(30 * time.Minute)
	if got, want := told(list[:4]), "today en+ar 1, today en+ar 2, today en+ar 1, today en+ar 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if stood := list[2].to - list[2].from; stood > 5*time.Minute+time.Second {
		t.Errorf("page 1 stands for %s while page 2 waits", stood)
	}
}

// A later session begins anew, with the set after the last one: its pages are full,
// whatever closed since.
func TestALaterSessionBeginsAnew(t *testing.T) {
	r := rotationOf(many(t, 12, false), "2026-11-30 08:00", kiosk.Ten...)
	r.play(20 * time.Minute) // not all rows were seen
	r.over = r.at
	r.play(4 * time.Hour)
	r.again = r.at
	n := len(r.stands)
	list := r.play(5 * time.Hour)[n:]
	if got, want := told(list[:6]), "today fr+ps 1, today am+fa 1, today ti+ur 1, today om+vi 1, today en+ar 1, today ti+ur 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for i, s := range list[:5] {
		if full := r.o.Capacity[s.page.Languages.String()]; len(s.page.Rows) != full {
			t.Errorf("page %d has %d rows of %d", i, len(s.page.Rows), full)
		}
	}
}

// correct has a volunteer say something of a service.
func (r *rotation) correct(c timetable.Correction) {
	c.Date = r.start.Format(time.DateOnly)
	r.table = r.table.Corrected(timetable.Correct(r.table.Corrections(), c))
	r.see(nil)
}

func TestWhatIsCorrectedIsToldFirstInEveryLanguage(t *testing.T) {
	hours := []timetable.Hours{{Opens: 9 * 60, Closes: 22 * 60}}
	for name, c := range map[string]struct {
		on    int // the correction is made while this page stands
		say   timetable.Correction
		want  string
		state timetable.State
	}{
		"on the page that stands": {10, timetable.Correction{Service: "s3", Kind: timetable.SaidCancelled},
			"ti+ur 3, ti+ur 3, en+ar 2, fr+ps 2, am+fa 2, om+vi 2, en+ar 3", timetable.Cancelled},
		"on pages that have stood": {10, timetable.Correction{Service: "s0", Kind: timetable.SaidCancelled},
			"ti+ur 3, en+ar 1, fr+ps 1, am+fa 1, om+vi 1, ti+ur 1, en+ar 3", timetable.Cancelled},
		"other hours": {10, timetable.Correction{Service: "s0", Kind: timetable.SaidHours, Hours: hours},
			"ti+ur 3, en+ar 1, fr+ps 1, am+fa 1, om+vi 1, ti+ur 2, en+ar 3", timetable.Confirmed},
		"on pages that are still to come": {10, timetable.Correction{Service: "s11", Kind: timetable.SaidCancelled},
			"ti+ur 3, en+ar 3, fr+ps 3, am+fa 3, om+vi 3, ti+ur 4, en+ar 4", timetable.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			r := rotationOf(many(t, 24, true), "2026-11-30 08:00", kiosk.Ten...)
			for len(r.stands) <= c.on {
				r.play(r.at + time.Second)
			}
			r.play(r.at + 20*time.Second)
			r.correct(c.say)
			list := r.play(2 * time.Hour)
			if got := strings.ReplaceAll(told(list[c.on:c.on+7]), "today ", ""); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			for i, s := range list[c.on+1:] {
				for _, row := range s.page.Rows {
					if row.Service.ID == c.say.Service && row.State != c.state {
						t.Errorf("page %d says that %s is %s", i, row.Service.ID, row.State)
					}
				}
			}
		})
	}
}

// A correction that is taken back is one too.
func TestACorrectionThatIsTakenBackIsToldWhereItWasSeen(t *testing.T) {
	r := rotationOf(many(t, 24, true), "2026-11-30 08:00", kiosk.Ten[:2]...)
	for len(r.stands) < 4 {
		r.play(r.at + time.Second)
	}
	r.play(r.at + 20*time.Second)
	r.correct(timetable.Correction{Service: "s0", Kind: timetable.SaidCancelled})
	for len(r.stands) < 5 { // told in one set
		r.play(r.at + time.Second)
	}
	r.play(r.at + 20*time.Second)
	r.correct(timetable.Correction{Service: "s0", Kind: timetable.SaidRight})
	got := strings.ReplaceAll(told(r.play(2 * time.Hour)[3:8]), "today ", "")
	if want := "fr+ps 2, en+ar 1, en+ar 1, fr+ps 3, en+ar 3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A page's rows stay on it while others close: nothing is lost, and nothing that
// was seen moves to where it is waited for.
func TestPropertyARowThatClosesMovesNoOther(t *testing.T) {
	tt := example(t)
	rapid.Check(t, func(t *rapid.T) {
		var said []timetable.Correction
		for range rapid.IntRange(0, 4).Draw(t, "corrections") {
			opens := rapid.IntRange(0, 24*60).Draw(t, "opens")
			said = timetable.Correct(said, timetable.Correction{
				Service: rapid.SampledFrom(tt.Services).Draw(t, "service").ID, Date: fmt.Sprintf("2026-11-%d", rapid.IntRange(21, 23).Draw(t, "date")),
				Kind:  rapid.SampledFrom([]timetable.CorrectionKind{timetable.SaidCancelled, timetable.SaidHours, timetable.SaidRight, timetable.SaidFull}).Draw(t, "kind"),
				Hours: []timetable.Hours{{Opens: timetable.Clock(opens), Closes: timetable.Clock(opens + rapid.IntRange(1, 900).Draw(t, "for"))}}})
		}
		now := time.Date(2026, 11, 22, 0, rapid.IntRange(0, 48*60).Draw(t, "minute"), 0, 0, tt.Zone)
		in := kiosk.Content{Timetable: tt.Corrected(said), Now: now, Site: rapid.SampledFrom([]string{"quai", "moulin", ""}).Draw(t, "site")}
		o := kiosk.DefaultOptions()
		whole := o.Pages(kiosk.Today, in)
		in.Cut = now.Add(-time.Duration(rapid.IntRange(-60, 30*60).Draw(t, "earlier")) * time.Minute)
		pages := o.Pages(kiosk.Today, in)
		rows := func(pages []kiosk.Page) (list []string) {
			for i, p := range pages {
				if p.Part != i+1 || p.Parts != len(pages) || len(p.Rows) > kiosk.Rows {
					t.Fatalf("page %d of %d says %d of %d and has %d rows", i+1, len(pages), p.Part, p.Parts, len(p.Rows))
				}
				for _, r := range p.Rows {
					list = append(list, fmt.Sprint(r.Service.ID, r.State, r.Opens, r.Closes))
				}
			}
			return list
		}
		if a, b := rows(whole), rows(pages); !slices.Equal(a, b) {
			t.Fatalf("divided as of %s the rows are %q, else %q", in.Cut, b, a)
		}
		in.Now = in.Now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "later")) * time.Minute)
		if in.Cut.After(now) || in.Now.Day() != in.Cut.Day() {
			return
		}
		key := func(r timetable.Row) string { return fmt.Sprint(r.Service.ID, r.State, r.Opens) }
		home := map[string]int{}
		for i, p := range pages {
			for _, r := range p.Rows {
				home[key(r)] = i
			}
		}
		last := -1
		for _, p := range o.Pages(kiosk.Today, in) {
			for _, r := range p.Rows {
				if was := home[key(r)]; was != home[key(p.Rows[0])] || was <= last {
					t.Fatalf("%s of page %d moved", r.Service.ID, was+1)
				}
			}
			if len(p.Rows) > 0 {
				last = home[key(p.Rows[0])]
			}
		}
	})
}

// On any day whose services close one by one no promise is broken.
func TestPropertyNoPromiseIsBroken(t *testing.T) {
	table := many(t, 24, false)
	rapid.Check(t, func(t *rapid.T) {
		tt := *table
		tt.Services = slices.Clone(table.Services)[:rapid.IntRange(1, 24).Draw(t, "services")]
		for i := range tt.Services {
			slot := tt.Services[i].Slots[0]
			slot.Opens = timetable.Clock(rapid.IntRange(6*60, 20*60).Draw(t, "opens"))
			slot.Closes = slot.Opens + timetable.Clock(rapid.IntRange(30, 8*60).Draw(t, "for"))
			tt.Services[i].Slots = []timetable.Slot{slot}
		}
		r := rotationOf(&tt, fmt.Sprintf("2026-11-30 %02d:%02d", rapid.IntRange(7, 17).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")), kiosk.Ten...)
		r.cold = rapid.Bool().Draw(t, "cold")
		if broken := r.broken(r.play(session), session); len(broken) > 0 {
			t.Fatal(strings.Join(broken, "; "))
		}
	})
}

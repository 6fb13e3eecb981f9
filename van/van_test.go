package van_test

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/action"
	"infobus/durable"
	"infobus/examples"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/van/kept"
	"infobus/wall"
)

// monday is a morning on which the example plans a session.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func table(t testing.TB) *timetable.Timetable {
	t.Helper()
	tt, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

// box is a van that is stepped by hand.
type box struct {
	options van.Options
	state   van.State
	boot    string
	off     time.Duration // of boot, after 09:00
	events  []logbook.Event
	effects []van.Effect
	kept    van.Kept // of the last Keep
	steps   int
}

func newBox(boot string, kept van.Kept) *box {
	b := &box{options: van.DefaultOptions(), boot: boot}
	b.state = van.New(b.options, van.Panel)
	b.see(time.Second, van.Started{Kept: kept, Restored: true})
	return b
}

// see steps with a value at a time since boot; the clock said 09:00 at boot, or off later.
func (b *box) see(at time.Duration, values ...any) {
	b.events, b.effects = nil, nil
	for _, v := range values {
		looked := b.steps < 100 || b.steps%16 == 0 // at each it would be half of the time
		b.steps++
		var was uint64
		if looked {
			was = deep(b.state)
		}
		state, events, effects := van.Step(b.options, b.state, van.Observation{
			At: reading.Stamp{Boot: b.boot, Mono: at, Wall: monday.Add(b.off + at)}, Value: v})
		if looked && deep(b.state) != was {
			panic(fmt.Sprintf("a step with %T has changed the state before it, which others may be reading", v))
		}
		b.state, b.events, b.effects = state, append(b.events, events...), append(b.effects, effects...)
		for _, e := range effects {
			if keep, ok := e.(van.Keep); ok {
				b.kept = keep.Kept
			}
		}
	}
}

// deep is a sum of all that a state holds, what its slices, maps and pointers lead
// to included; the timetable, which no step changes, by its address.
func deep(s van.State) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice, reflect.Array:
			maphash.WriteComparable(&h, v.Len())
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			keys := v.MapKeys()
			slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			for _, k := range keys {
				walk(k)
				walk(v.MapIndex(k))
			}
		case reflect.Pointer:
			if v.Type() == reflect.TypeFor[*timetable.Timetable]() || v.Type() == reflect.TypeFor[*time.Location]() {
				maphash.WriteComparable(&h, v.Pointer())
				return
			}
			walk(v.Elem())
		case reflect.Interface:
			walk(v.Elem())
		case reflect.String:
			h.WriteString(v.String())
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			maphash.WriteComparable(&h, v.Int())
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			maphash.WriteComparable(&h, v.Uint())
		case reflect.Float32, reflect.Float64:
			maphash.WriteComparable(&h, math.Float64bits(v.Float()))
		case reflect.Bool:
			maphash.WriteComparable(&h, v.Bool())
		case reflect.Invalid:
			h.WriteByte(0)
		case reflect.Func:
		default:
			panic("not looked into: " + v.Kind().String())
		}
	}
	walk(reflect.ValueOf(s))
	return h.Sum64()
}

var seed = maphash.MakeSeed()

func (b *box) has(name logbook.Name) bool {
	for _, e := range b.events {
		if e.Name == name {
			return true
		}
	}
	return false
}

func effect[T any](b *box) (found T, ok bool) {
	for _, e := range b.effects {
		if v, is := e.(T); is {
			found, ok = v, true
		}
	}
	return found, ok
}

func TestADaemonThatIsStartedAgainInTheSameBootGoesOn(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, power.Line{Active: true, At: 2 * time.Second})
	k, ok := effect[van.Keep](b)
	if !ok || !b.has(logbook.SessionStarted) {
		t.Fatalf("a start gave %v, %v", b.events, b.effects)
	}
	until := b.state.Session.Until

	b = newBox("one", k.Kept)
	b.see(60*time.Second, power.Line{Active: true, At: 60 * time.Second})
	if len(b.events) != 0 || !b.state.Session.Active || b.state.Session.Until != until {
		t.Errorf("started again: %v, session %+v", b.events, b.state.Session)
	}

	// A session that a volunteer ended stays so, while its generator runs.
	b.see(61*time.Second, action.Asked{Name: action.EndSession})
	over, _ := effect[van.Keep](b)
	b = newBox("one", over.Kept)
	b.see(70*time.Second, power.Line{Active: true, At: 70 * time.Second})
	if len(b.events) != 0 || b.state.Session.Active {
		t.Errorf("started again after its end: %v, session %+v", b.events, b.state.Session)
	}

	// After a power cut it is another start, and the count goes on.
	b = newBox("two", k.Kept)
	b.see(5*time.Second, power.Line{Active: true, At: 5 * time.Second})
	if !b.has(logbook.GeneratorStarted) || !b.has(logbook.SessionStarted) || b.state.Power.Generators[0].Starts != 2 {
		t.Errorf("after a power cut: %v, %+v", b.events, b.state.Power.Generators)
	}
}

// Systemd's target is told once as soon as the generators are known, also where a
// process finds them as an earlier one left them, and then of changes only.
func TestTheTargetIsToldOnceItIsKnown(t *testing.T) {
	b := newBox("one", van.Kept{})
	var k van.Keep
	for _, step := range []struct {
		at      time.Duration
		value   any
		restart bool
		want    []van.Effect
	}{
		{at: 2 * time.Second, value: power.Line{Active: true, At: 2 * time.Second}, want: []van.Effect{van.Follow{Running: true}}},
		{at: 4 * time.Second, value: power.Line{Active: true, At: 4 * time.Second}},
		{at: 5 * time.Second, value: van.DeviceSeen{Name: van.GPIO, Reason: "absent"}},
		{at: 60 * time.Second, restart: true, value: van.Tick{}},
		{at: 61 * time.Second, value: power.Line{Active: true, At: 61 * time.Second}, want: []van.Effect{van.Follow{Running: true}}},
		{at: 62 * time.Second, value: power.Line{Active: false, At: 62 * time.Second}, want: []van.Effect{van.Follow{Running: false}}},
	} {
		if step.restart {
			b = newBox("one", k.Kept)
		}
		b.see(step.at, step.value)
		if kept, ok := effect[van.Keep](b); ok {
			k = kept
		}
		var got []van.Effect
		for _, e := range b.effects {
			if _, is := e.(van.Follow); is {
				got = append(got, e)
			}
		}
		if !reflect.DeepEqual(got, step.want) {
			t.Errorf("at %v: told %+v, want %+v", step.at, got, step.want)
		}
	}
}

func TestRunHoursAreKeptEveryQuarterOfAnHour(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.state = van.New(b.options) // without a panel, whose refreshes are kept too
	b.see(time.Second, van.Started{})
	b.see(2*time.Second, power.Line{Active: true, At: 2 * time.Second})
	var kept int64
	saves := 0
	for at := 3 * time.Second; at < time.Hour; at += time.Second {
		b.see(at, power.Line{Active: true, At: at})
		if k, ok := effect[van.Keep](b); ok {
			kept, saves = k.Kept.Generators[0].Seconds, saves+1
		}
		if lost := int64(at/time.Second) - 2 - kept; lost > 15*60 {
			t.Fatalf("a power cut at %s would lose %d s of run time", at, lost)
		}
	}
	if saves > 5 { // the start, and four
		t.Errorf("saved %d times in an hour", saves)
	}
}

func TestTheEventsSayHowFarTheClockWasSetAndHowManyRowsTodayHas(t *testing.T) {
	attributes := func(b *box, name logbook.Name) map[string]any {
		for _, e := range b.events {
			if e.Name == name {
				return e.Attributes
			}
		}
		t.Fatalf("no event %s", name)
		return nil
	}
	for name, c := range map[string]struct {
		first, then any
		offset      any
		rows        bool
	}{
		"a clock that was set, before the timetable": {van.ClockSeen{Trusted: true, Source: "timesyncd", Set: reading.Of(-90*time.Second, time.Second)},
			van.TimetableSeen{Timetable: table(t)}, -90.0, true},
		"a timetable, before the clock is known": {van.TimetableSeen{Timetable: table(t)}, van.ClockSeen{Trusted: true, Source: "timesyncd"}, nil, false},
	} {
		b := newBox("one", van.Kept{})
		b.see(2*time.Second, c.first, c.then)
		if got := attributes(b, logbook.ClockTrusted)["offset_s"]; got != c.offset {
			t.Errorf("%s: set by %v s, want %v", name, got, c.offset)
		}
		rows, told := attributes(b, logbook.TimetableLoaded)["rows_today"]
		if told != c.rows || told && rows.(int) < 4 {
			t.Errorf("%s: %v rows today", name, rows)
		}
	}
}

// What was counted of the battery's charge comes back, and the less is claimed of
// it the longer nobody counted.
func TestTheChargeOutlivesARestartAndAPowerCut(t *testing.T) {
	const step = 10 * time.Second
	b := newBox("one", van.Kept{})
	b.see(time.Second, van.ClockSeen{Trusted: true, Source: "timesyncd"})
	at := step
	for ; at < 20*time.Minute; at += step { // full at the end
		b.see(at, power.Sample{Volts: 14.4, Amps: 0.3})
	}
	kept, saves := van.Kept{}, 0
	for ; at < 4*time.Hour; at += step {
		b.see(at, power.Sample{Volts: 12.7, Amps: -2})
		if k, ok := effect[van.Keep](b); ok {
			kept, saves = k.Kept, saves+1
		}
	}
	if saves < 14 || saves > 20 {
		t.Errorf("saved %d times in four hours, want once in a quarter of an hour", saves)
	}
	was := b.state.Power
	if was.Confidence != power.Sure {
		t.Fatalf("after four hours: %v, %v, %s", was.Percent, was.Bounds, was.Confidence)
	}

	resume := func(boot string, at time.Duration, more ...any) power.State {
		b := newBox(boot, van.Kept{})
		b.see(at, van.Started{Kept: kept, Restored: true})
		b.see(at, append(more, power.Sample{Volts: 12.7, Amps: -2})...)
		return b.state.Power
	}
	width := func(s power.State) float64 { return s.Bounds[1] - s.Bounds[0] }
	again := resume("one", at)
	if p, ok := again.Percent.Get(); !ok || p < was.Percent.Value-3 || p > was.Percent.Value+3 || width(again) <= width(was) {
		t.Errorf("a daemon that is started again: %.1f %% in %v, was %.1f %% in %v", p, again.Bounds, was.Percent.Value, was.Bounds)
	}
	cut := resume("two", time.Minute)
	if p, ok := cut.Percent.Get(); !ok || p < was.Percent.Value-3 || p > was.Percent.Value+3 || width(cut) <= width(again) {
		t.Errorf("after a power cut: %.1f %% in %v, was %.1f %% in %v", p, cut.Bounds, was.Percent.Value, was.Bounds)
	}
	// The clock tells that it lasted long: the box's clock says 09:01 at its second
	// minute, and it was half past twelve when the charge was kept last, the day before.
	kept.Charge.Wall = kept.Charge.Wall.Add(-24 * time.Hour)
	if long := resume("two", time.Minute, van.ClockSeen{Trusted: true, Source: "rtc"}); width(long) <= width(cut) {
		t.Errorf("after a power cut of a day: bounds %v, after one of unknown length %v", long.Bounds, cut.Bounds)
	}
}

// A power cut at two hundred random moments of a working day, through the file
// that outlives it: of the run hours at most a quarter of an hour is lost, the charge comes
// back with wider bounds, and starts, maintenance, longest run, the panel's wear
// and the page on the glass are what they were.
func TestAPowerCutAtRandomMoments(t *testing.T) {
	const step, most = 10 * time.Second, 40 * time.Minute
	r := rand.New(rand.NewPCG(4, 6))
	dir := t.TempDir()
	b := newBox("0", van.Kept{})
	var latest van.Kept
	at, cuts := time.Second, 0
	for cuts < 200 {
		cut := at + time.Duration(r.Int64N(int64(most)))
		for ; at < cut; at += step {
			running := int(at/(20*time.Minute))%3 != 0
			values := []any{power.Line{Active: running, At: at}, power.Sample{Volts: 12.6, Amps: map[bool]float64{true: 8, false: -2}[running]}}
			if r.IntN(200) == 0 {
				values = append(values, power.Serviced{})
			}
			for _, v := range values {
				b.see(at, v)
				if k, ok := effect[van.Keep](b); ok {
					latest = k.Kept
				}
			}
		}
		was := b.state
		file, _, _, err := kept.Open(durable.System, dir)
		if err == nil {
			err = file.Save(latest)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, restored, ok, err := kept.Open(durable.System, dir)
		if err != nil || !ok || !reflect.DeepEqual(restored, latest) {
			t.Fatalf("cut %d: read back %+v, %v; saved %+v", cuts, restored, err, latest)
		}
		cuts++
		b = newBox(fmt.Sprint(cuts), restored)
		now, then := b.state.Power.Generators[0], was.Power.Generators[0]
		if lost := then.RunTime(was.Now.Mono) - now.RunTime(time.Second); lost < 0 || lost > b.options.KeepEvery+time.Second {
			t.Errorf("cut %d: %s of run time lost", cuts, lost)
		}
		if now.Starts != then.Starts || then.Looked-now.Looked >= time.Second || then.LongestRun(was.Now.Mono)-now.LongestRun(time.Second) > b.options.KeepEvery+time.Second {
			t.Errorf("cut %d: %+v came back as %+v", cuts, then, now)
		}
		if !reflect.DeepEqual(b.state.Kiosk.Wear, was.Kiosk.Wear.Rebooted()) || b.state.Kiosk.Glass != was.Kiosk.Glass {
			t.Errorf("cut %d: the panel's %+v came back as %+v", cuts, was.Kiosk.Wear, b.state.Kiosk.Wear)
		}
		if c := restored.Charge; c != nil {
			back, ok := b.state.Power.Counted(b.options.Power)
			if wider := back.Low < c.Low || back.High > c.High; !ok || back.Low > c.Low || back.High < c.High || !wider && c.High-c.Low < 100 {
				t.Errorf("cut %d: the charge between %.0f and %.0f %% came back between %.0f and %.0f %%", cuts, c.Low, c.High, back.Low, back.High)
			}
		}
		at = 2 * time.Second
	}
}

func TestItIsOKToUnplugWhenNothingIsCutShort(t *testing.T) {
	b := newBox("one", van.Kept{})
	want := func(so bool, when string) {
		t.Helper()
		if b.state.OKToUnplug() != so {
			t.Errorf("%s: OK to unplug is %v", when, !so)
		}
	}
	want(false, "at first")
	b.see(2*time.Second, power.Line{At: 2 * time.Second}, van.DeviceSeen{Name: van.Logbook, OK: true})
	want(false, "before anything was kept")
	b.see(3*time.Second, van.DeviceSeen{Name: "kept", OK: true})
	want(true, "at rest")
	b.see(4*time.Second, power.Line{Active: true, At: 4 * time.Second})
	want(false, "while a generator runs")
	b.see(5*time.Second, action.Asked{Name: action.EndSession})
	want(false, "after the session, while a generator runs")
	b.see(6*time.Second, power.Line{At: 6 * time.Second})
	want(true, "after it")
	b.see(7*time.Second, van.DeviceSeen{Name: van.Logbook, Reason: "full"})
	want(false, "while the card is full")
}

func TestWithoutATrustedClockNothingShowsAToday(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, van.TimetableSeen{Timetable: table(t)}, power.Line{Active: true, At: 2 * time.Second})
	if _, ok := effect[kiosk.Draw](b); ok {
		t.Error("a page was drawn while the clock was not trusted")
	}
	for _, e := range b.events {
		if !e.At.IsZero() {
			t.Errorf("%s has a wall time", e.Name)
		}
	}
	b.see(3*time.Second, van.ClockSeen{Trusted: true, Source: "timesyncd"})
	d, ok := effect[kiosk.Draw](b)
	if !ok || !b.has(logbook.ClockTrusted) || b.events[0].At.IsZero() {
		t.Fatalf("with a clock: %v, %v", b.events, b.effects)
	}
	if len(d.Page.Rows) == 0 || d.Page.Date.Format(time.DateOnly) != "2026-11-23" {
		t.Errorf("the page has %d rows for %s", len(d.Page.Rows), d.Page.Date)
	}
}

func TestATimetableWithMistakesLeavesTheLastGoodOne(t *testing.T) {
	b, good := newBox("one", van.Kept{}), table(t)
	b.see(2*time.Second, van.TimetableSeen{Timetable: good})
	b.see(3*time.Second, van.TimetableSeen{Mistakes: 3})
	if b.state.Timetable != good || !b.has(logbook.TimetableRejected) || b.events[0].Attributes["mistakes"] != 3 {
		t.Errorf("%v, %v", b.state.Timetable, b.events)
	}
	b.see(4*time.Second, van.TimetableSeen{Timetable: good})
	if len(b.events) != 0 {
		t.Errorf("the same timetable again: %v", b.events)
	}
}

func TestOfATimetableWithMistakesWhatIsLeftOfTheLastGoodOneIsUsed(t *testing.T) {
	b, good := newBox("one", van.Kept{}), table(t)
	b.see(2*time.Second, van.TimetableSeen{Timetable: good})
	left := *good
	left.Digest = "left"
	b.see(3*time.Second, van.TimetableSeen{Timetable: &left, Mistakes: 2})
	if b.state.Timetable != &left || !b.has(logbook.TimetableRejected) || b.has(logbook.TimetableLoaded) {
		t.Errorf("%v, %v", b.state.Timetable.Digest, b.events)
	}
	b.see(4*time.Second, van.TimetableSeen{Timetable: good})
	if b.state.Timetable != good || !b.has(logbook.TimetableLoaded) {
		t.Errorf("mended: %v, %v", b.state.Timetable.Digest, b.events)
	}
}

func TestTheSamePageIsNotDrawnTwiceAndACutLeavesItInDoubt(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, van.TimetableSeen{Timetable: table(t)}, van.ClockSeen{Trusted: true, Source: "rtc"}, power.Line{Active: true, At: 2 * time.Second})
	d, ok := effect[kiosk.Draw](b)
	k, kept := effect[van.Keep](b)
	if !ok || !kept || d.Cause != kiosk.SessionStart || k.Kept.Glass != "" {
		t.Fatalf("%+v, %+v", d, k)
	}
	b.see(6*time.Second, kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
	if _, again := effect[kiosk.Draw](b); again || !b.has(logbook.KioskRefreshed) {
		t.Errorf("%v, %v", b.events, b.effects)
	}
	k, kept = effect[van.Keep](b)
	if !kept || k.Kept.Glass != d.Page.Identity() || k.Kept.Wear.Fulls != 1 || k.Kept.LastSet != d.Page.Languages.String() {
		t.Errorf("kept %+v", k)
	}
	if again := newBox("two", k.Kept).state.Kiosk; again.Glass != k.Kept.Glass || again.LastSet != k.Kept.LastSet {
		t.Errorf("came back as %+v", again)
	}

	// One that fails is tried again, and only after a while.
	b.see(7*time.Second, kiosk.Redraw{})
	d, ok = effect[kiosk.Draw](b)
	if !ok {
		t.Fatal("what a volunteer asked for was not drawn")
	}
	b.see(190*time.Second, kiosk.Drawn{Page: d.Page, Err: true})
	if _, again := effect[kiosk.Draw](b); again {
		t.Error("drawn again at once")
	}
	b.see(190*time.Second+b.options.Kiosk.Retry, van.Tick{})
	if _, again := effect[kiosk.Draw](b); !again {
		t.Error("not tried again")
	}
}

func TestADeviceThatFailsIsAnEventOnceAndItsReadingsAreLost(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, van.DeviceSeen{Name: van.GPIO, OK: true}, power.Line{Active: true, At: 2 * time.Second})
	if b.has(logbook.DeviceRecovered) {
		t.Error("a device that is well at the start has recovered")
	}
	gone := van.DeviceSeen{Name: van.GPIO, Reason: "absent", Why: "no chip"}
	b.see(3*time.Second, gone, gone, gone)
	if len(b.events) != 1 || b.state.Power.Source() != power.SourceUnknown || !b.state.Session.Active {
		t.Errorf("%v, source %s, session %+v", b.events, b.state.Power.Source(), b.state.Session)
	}
	b.see(4*time.Second, van.DeviceSeen{Name: van.GPIO, OK: true}, power.Line{Active: true, At: 4 * time.Second})
	if len(b.events) != 1 || b.state.Power.Source() != power.SourceGenerator {
		t.Errorf("%v, source %s", b.events, b.state.Power.Source())
	}
}

func TestACableThatFlapsIsAnEventOfItsOwn(t *testing.T) {
	b := newBox("one", van.Kept{})
	var got []any
	for i := range 8 {
		b.see(time.Minute+time.Duration(i)*time.Second, netmon.Link{Present: true, Carrier: i%2 == 0, Address: "192.0.2.2/24", Gateway: "192.0.2.1"})
		for _, e := range b.events {
			if e.Name == logbook.UplinkFlapping {
				got = append(got, i, e.Attributes["losses"])
			}
		}
	}
	if want := []any{5, 3}; !reflect.DeepEqual(got, want) {
		t.Errorf("at, and losses: %v, want %v", got, want)
	}
}

// Whatever is observed, every event is one that the schema admits whole, an
// earlier state is never changed, and a room is never due in the past for ever:
// after a Tick the next is later.
func TestEveryStepHolds(t *testing.T) {
	tt := table(t)
	rapid.Check(t, func(t *rapid.T) {
		b := newBox("one", van.Kept{})
		at := time.Second
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			at += time.Duration(rapid.IntRange(1, 400_000).Draw(t, "ms")) * time.Millisecond
			flag := rapid.Bool().Draw(t, "flag")
			value := rapid.SampledFrom([]any{
				power.Line{Active: flag, At: at}, power.Line{Active: flag, At: at}, power.Sample{Volts: 11.5, Amps: -1}, power.Sample{Volts: 12.7, Amps: 5},
				power.LinesLost{}, power.MonitorLost{}, power.Cancel{}, power.Refused{},
				van.ClockSeen{Trusted: flag, Source: map[bool]wall.Source{true: wall.Network}[flag]}, van.TimetableSeen{Timetable: tt}, van.TimetableSeen{Mistakes: 1},
				van.DeviceSeen{Name: van.Panel, OK: flag, Reason: map[bool]string{false: "timeout"}[flag]}, kiosk.Redraw{}, action.Asked{Name: action.EndSession},
				van.Recorded{Log: "x", Seq: 5, Acknowledged: 3}, van.Uploaded{Events: 2, Bytes: 100}, van.Tick{},
				netmon.Link{Present: true, Carrier: flag, Address: "192.0.2.2/24", Gateway: "192.0.2.1"},
				netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed, Latency: time.Millisecond}.Evidence(),
			}).Draw(t, "value")
			before := b.state
			generators := append([]power.Generator{}, before.Power.Generators...)
			devices := append([]van.Device{}, before.Devices...)
			b.see(at, value)
			for i := range generators {
				if before.Power.Generators[i] != generators[i] {
					t.Fatal("a step changed the state it came from")
				}
			}
			for i := range devices {
				if before.Devices[i] != devices[i] {
					t.Fatal("a step changed the state it came from")
				}
			}
			for _, e := range b.events {
				if _, err := logbook.Admit(e); err != nil || e.Boot == "" {
					t.Fatalf("%+v: %v", e, err)
				}
			}
			if d, ok := effect[kiosk.Draw](b); ok && rapid.Bool().Draw(t, "answered") {
				b.see(at, kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: time.Second, Err: flag})
			}
			if wake := b.state.Wake(b.options); wake != 0 && wake <= at {
				b.see(at, van.Tick{})
				if wake := b.state.Wake(b.options); wake != 0 && wake <= at {
					t.Fatalf("due at %s, and after a tick at %s still", wake, at)
				}
			}
		}
	})
}

// A box that runs for months holds no state that was before: what it keeps must not lead
// back to what it kept before, and so on.
func TestNoStateOfBeforeIsHeld(t *testing.T) {
	b := newBox("one", van.Kept{})
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	turns := func(from, to int) (kept int) {
		for i := from; i < to; i++ {
			at := time.Duration(i+1) * 10 * time.Second
			for _, v := range []any{power.Line{Active: i%2 == 0, At: at}, netmon.Spent{Month: "2026-11", Bytes: map[string]int64{"probe": int64(i)}}} {
				b.see(at, v)
				if _, ok := effect[van.Keep](b); ok {
					kept++
				}
			}
		}
		return kept
	}
	turns(0, 200)
	before := held()
	kept := turns(200, 700)
	if more := int64(held()) - int64(before); kept < 400 || more > 1<<20 {
		t.Errorf("%d kept states later there are %d kB more", kept, more>>10)
	}
	runtime.KeepAlive(b)
}

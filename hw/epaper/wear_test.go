package epaper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"infobus/hw"
	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
	"infobus/kiosk"
	"infobus/reading"
)

// step is something that happens to the box.
type step struct {
	Do    string
	Cause kiosk.Cause
	Page  int           // of pages
	Wait  time.Duration // before it
	At    int           // for a fault: before how many-eth transfer or pin; -1: by time
	After time.Duration // for a fault by time: after the refresh was asked for
	Warm  float64       // °C
	Known bool          // Warm is measured
}

// pages are frames that differ in nothing, a row, a corner, or everything.
var pages = func() [][]byte {
	a, b := page(1), page(2)
	return [][]byte{a, touched(a, image.Rect(40, 100, 760, 140)), touched(a, image.Rect(797, 477, 800, 480)), touched(a, image.Rect(13, 7, 14, 8)), b,
		slices.Repeat([]byte{0xFF}, epaper.FrameSize), make([]byte, epaper.FrameSize)}
}()

// limits are the exceptions that docs/panel.md names, and how many an hour.
var limits = map[kiosk.Cause]int{kiosk.SessionStart: 4, kiosk.SessionEnd: 4, kiosk.Shutdown: 4, kiosk.Button: 20}

// box is the part of the van that looks after the panel: the wear rules, the
// driver, and what is kept on the disk.
type box struct {
	chip  *epapertest.UC8179
	gate  *gate
	panel *epaper.Panel
	boot  time.Time // when this boot began
	wear  kiosk.Wear

	kept  []byte // the wear, on the disk
	frame []byte // the frame on the glass, on the disk; nil: not known

	glass  []byte        // what the glass must show; nil: nothing is claimed
	causes []kiosk.Cause // of each refresh of the chip
	boots  []time.Time   // in which it was
	blame  int           // violations for which the driver is not to blame
	wrong  string
}

func (b *box) fail(format string, args ...any) {
	if b.wrong == "" {
		b.wrong = fmt.Sprintf(format, args...)
	}
}

func (b *box) save() { b.kept, _ = json.Marshal(b.wear) }

// start is the daemon's start; rebooted says that it is the first of a boot.
func (b *box) start(rebooted bool) {
	b.wear = kiosk.Wear{}
	if b.kept != nil && json.Unmarshal(b.kept, &b.wear) != nil {
		b.fail("what was kept cannot be read: %s", b.kept)
	}
	if rebooted {
		b.boot, b.wear, b.frame = time.Now(), b.wear.Rebooted(), nil
	}
	b.gate = &gate{UC8179: b.chip}
	b.reopen()
}

func (b *box) reopen() {
	var err error
	if b.panel, err = b.gate.driver(); err != nil {
		b.fail("open: %v", err)
	}
	b.panel.SetGlass(b.frame)
	if err := b.panel.Sleep(context.Background()); err != nil && !errors.Is(err, hw.ErrTimeout) {
		b.fail("put to sleep at the start: %v", err)
	}
	b.atRest()
}

// atRest checks what holds while nothing is under way.
func (b *box) atRest() {
	if b.chip.Powered() || !b.chip.Asleep() && b.fault() == epapertest.OK {
		b.fail("at rest: powered %v, asleep %v", b.chip.Powered(), b.chip.Asleep())
	}
	if v := b.chip.Violations(); len(v) > b.blame {
		b.fail("violation: %s", v[b.blame])
	}
	if b.glass != nil && !bytes.Equal(b.glass, b.chip.Picture()) {
		b.fail("the glass shows another page than is claimed")
	}
}

func (b *box) fault() epapertest.Fault { return b.chip.Fault() }

// show does what a step of the van and its doer do with a page.
func (b *box) show(s step) {
	b.chip.SetTemperature(s.Warm)
	measured := reading.Reading[float64]{Value: 25, Quality: reading.Stale}
	now := time.Since(b.boot)
	if s.Known {
		measured = reading.Of(s.Warm, now)
	}
	wave, next := b.wear.Plan(now, s.Cause, measured)
	if wave == "" {
		if next <= now {
			b.fail("not yet, but ask again at %s, and it is %s", next, now)
		}
		return
	}
	rested, before, unknown := b.wear, b.chip.Refreshes(), b.frame == nil
	b.wear = b.wear.Begun(now, wave, s.Cause)
	b.save()
	asked := map[kiosk.Waveform]epaper.Waveform{kiosk.Full: epaper.Full, kiosk.Fast: epaper.Fast, kiosk.Partial: epaper.Partial}[wave]
	if s.Cause == kiosk.Day {
		b.panel.SetGlass(nil)
	}
	b.frame = nil

	killed, disarm := b.arm(s)
	done, err := b.panel.Show(context.Background(), func() ([]byte, error) { return pages[s.Page], nil }, asked)
	disarm()
	for range b.chip.Refreshes() - before {
		b.causes, b.boots = append(b.causes, s.Cause), append(b.boots, b.boot)
	}
	if b.chip.Refreshes() > before {
		b.glass = nil
		if last := b.chip.History()[before]; unknown && last.Waveform != epaper.Full {
			b.fail("a %s refresh of a glass that is not known", last.Waveform)
		}
	}
	if s.Do == "error" {
		b.blame = len(b.chip.Violations()) // a transfer that failed leaves commands unfinished
	}
	if *killed {
		b.blame = len(b.chip.Violations())
		return
	}
	switch {
	case err == nil && done == epaper.None:
		b.wear = rested
		if b.glass == nil || !bytes.Equal(b.glass, pages[s.Page]) {
			b.fail("it says that the page stands there")
		}
	case done == epaper.None:
		b.wear = rested
	case err == nil:
		b.wear = b.wear.Refreshed(time.Since(b.boot), kiosk.Waveform(done.String()))
		b.glass = pages[s.Page]
	}
	b.save()
	if b.frame = b.panel.Glass(); b.frame != nil {
		b.glass = b.frame // also where the panel failed after the refresh
	}
	if err != nil {
		b.panel.Close()
		b.reopen()
	}
	b.atRest()
}

// arm makes the step's fault happen during the refresh that follows; killed
// says afterwards whether the process is gone.
func (b *box) arm(s step) (killed *bool, disarm func()) {
	killed = new(bool)
	g := b.gate
	disarm = func() { g.before = nil }
	hit := func() error {
		switch s.Do {
		case "cut":
			*killed = true
			b.chip.PowerCut()
			g.dead.Store(true)
		case "kill":
			*killed = true
			g.dead.Store(true)
		case "unplug":
			b.chip.SetFault(epapertest.Absent)
		case "stick":
			if b.fault() == epapertest.OK {
				b.chip.SetFault(epapertest.Stuck)
			}
		case "error":
			return errors.New("a transfer that fails")
		}
		return nil
	}
	switch {
	case s.Do == "show":
	case s.At < 0:
		ended := make(chan struct{})
		timer := time.AfterFunc(s.After, func() { hit(); close(ended) })
		disarm = func() {
			if !timer.Stop() {
				<-ended // it fell on the very end
			}
		}
	default:
		from := int(g.passed.Load())
		g.before = func(n int) error {
			if n == from+s.At {
				return hit()
			}
			return nil
		}
	}
	return killed, disarm
}

// pass lets time pass, as long as the van runs: a full refresh a day is done.
func (b *box) pass(d time.Duration) {
	for end := time.Now().Add(d); ; {
		due := b.wear.Due()
		if due == 0 || b.fault() != epapertest.OK || b.boot.Add(due).After(end) {
			time.Sleep(time.Until(end))
			return
		}
		time.Sleep(time.Until(b.boot.Add(due)))
		before := b.wear.Due()
		b.show(step{Do: "show", Cause: kiosk.Day, Page: 4, Warm: 18, Known: true})
		if b.wear.Due() == before {
			_, next := b.wear.Plan(time.Since(b.boot), kiosk.Day, reading.Reading[float64]{})
			time.Sleep(time.Until(b.boot.Add(next)))
			b.show(step{Do: "show", Cause: kiosk.Day, Page: 4, Warm: 18, Known: true})
		}
		if b.wear.Due() == before {
			b.fail("the day's full refresh was not done")
			return
		}
	}
}

// rules checks the maker's rules over all that the panel was put through.
func (b *box) rules(history []epapertest.Refresh) {
	var full time.Time // end of the last full one of this boot
	since := 0
	excepted := map[kiosk.Cause][]time.Time{}
	for i, r := range history {
		if i > 0 && b.boots[i] != b.boots[i-1] {
			full = time.Time{}
		}
		if r.Waveform == epaper.Full {
			if !r.Cut {
				full, since = r.To, 0
			}
		} else {
			if since++; since > 8 {
				b.fail("refresh %d is the %d. without a full one", i, since)
			}
			if full.IsZero() || r.From.Sub(full) > 24*time.Hour {
				b.fail("refresh %d is %s, and no full one was in this boot within a day", i, r.Waveform)
			}
		}
		if i == 0 || history[i-1].Unplugged || r.From.Sub(history[i-1].To) >= 180*time.Second {
			continue // a panel that was unplugged may be another one
		}
		why := b.causes[i]
		limit, ok := limits[why]
		if !ok {
			b.fail("refresh %d for %s came %s after the one before", i, why, r.From.Sub(history[i-1].To))
			return
		}
		at := append(excepted[why], r.From)
		if n := len(at); n > limit && at[n-1].Sub(at[n-1-limit]) < time.Hour {
			b.fail("refresh %d is the %d. exception for %s in an hour", i, limit+1, why)
		}
		excepted[why] = at
	}
}

// run plays the steps, and says what was wrong.
func run(t *testing.T, steps []step, busy epapertest.Busy) (wrong string, b *box) {
	synctest.Test(t, func(t *testing.T) {
		b = &box{chip: epapertest.New(epapertest.WithBusy(busy))}
		time.Sleep(time.Hour)
		b.start(true)
		for i, s := range steps {
			if b.pass(s.Wait); b.wrong == "" {
				b.do(s)
			}
			if b.wrong != "" {
				wrong = fmt.Sprintf("step %d, %+v: %s", i, s, b.wrong)
				return
			}
		}
		b.rules(b.chip.History())
		wrong = b.wrong
	})
	return wrong, b
}

func (b *box) do(s step) {
	switch s.Do {
	case "mend":
		b.chip.SetFault(epapertest.OK) // one that is plugged in is off, and not yet asleep
		return
	case "restart":
		b.gate.dead.Store(true)
		b.start(false)
		return
	case "reboot":
		b.gate.dead.Store(true)
		b.chip.PowerCut()
		time.Sleep(20 * time.Second)
		b.start(true)
		return
	}
	if b.show(s); b.gate.dead.Load() {
		if s.Do == "cut" {
			time.Sleep(time.Duration(len(b.causes)%3) * 10 * time.Second)
		}
		b.start(s.Do == "cut")
	}
}

// mood is what kind of steps come, and how fast. In the mixed one everything
// does; the others come close to the limits of one rule.
type mood struct {
	do     []string
	causes []kiosk.Cause
	waits  []time.Duration
	warm   []float64
	most   int // steps
}

var moods = func() []mood {
	const s = time.Second
	shows := slices.Repeat([]string{"show"}, 20)
	all := []kiosk.Cause{kiosk.Changed, kiosk.Changed, kiosk.Changed, kiosk.Button, kiosk.Button, kiosk.SessionStart, kiosk.SessionEnd, kiosk.Shutdown}
	mixed := mood{
		do:     append(shows[:9:9], "cut", "kill", "unplug", "stick", "error", "mend", "mend", "mend", "restart", "reboot"),
		causes: all,
		waits:  []time.Duration{0, s, 61 * s, 175 * s, 181 * s, 181 * s, 220 * s, 220 * s, time.Hour, 25 * time.Hour},
		warm:   []float64{-2, 4.9, 7, 18, 18, 18, 18, 18},
		most:   60,
	}
	change := mood{append(shows, "kill", "restart"), []kiosk.Cause{kiosk.Changed}, []time.Duration{170 * s, 176 * s, 190 * s, 220 * s}, []float64{7, 18}, 40}
	list := []mood{mixed, mixed, mixed, change}
	for _, why := range []kiosk.Cause{kiosk.Button, kiosk.SessionStart, kiosk.SessionEnd, kiosk.Shutdown} {
		list = append(list, mood{append(shows, "cut", "kill", "reboot"), []kiosk.Cause{why}, []time.Duration{10 * s, 30 * s, 61 * s, 61 * s, 400 * s}, []float64{18}, 80})
	}
	return list
}()

func (m mood) step(t *rapid.T) step {
	s := step{
		Do:    rapid.SampledFrom(m.do).Draw(t, "do"),
		Cause: rapid.SampledFrom(m.causes).Draw(t, "cause"),
		Page:  rapid.IntRange(0, len(pages)-1).Draw(t, "page"),
		Wait:  rapid.SampledFrom(m.waits).Draw(t, "wait"),
		At:    rapid.IntRange(-1, 60).Draw(t, "at"),
		Warm:  rapid.SampledFrom(m.warm).Draw(t, "warm"),
		Known: rapid.IntRange(0, 4).Draw(t, "known") > 0,
	}
	if s.At < 0 {
		s.After = time.Duration(rapid.IntRange(0, 5000).Draw(t, "after")) * time.Millisecond
	}
	return s
}

// After whatever sequence of pages, sleeps, resets, power cuts, kills, cables
// and stuck chips the glass shows what is claimed of it, the maker's rules were
// broken by the listed exceptions only, within their limits, and the chip is not
// left powered.
func TestWhateverHappensToThePanel(t *testing.T) {
	runs := 100
	if os.Getenv("INFOBUS_SOAK") != "" {
		runs = 20_000
	}
	did := map[string]int{}
	n := 0
	for n < runs {
		rapid.Check(t, func(rt *rapid.T) {
			n++
			mood := rapid.SampledFrom(moods).Draw(rt, "mood")
			steps := rapid.SliceOfN(rapid.Custom(mood.step), mood.most/3, mood.most).Draw(rt, "steps")
			busy := rapid.SampledFrom([]epapertest.Busy{{}, epapertest.Realistic}).Draw(rt, "busy")
			wrong, b := run(t, steps, busy)
			if wrong != "" {
				rt.Fatal(wrong)
			}
			for _, r := range b.chip.History() {
				if did[r.Waveform.String()]++; r.Cut {
					did["cut"]++
				}
			}
			for why, n := range b.wear.Exceptions {
				did[string(why)] += int(n)
			}
		})
	}
	t.Logf("%d runs: %v", n, did)
	for _, what := range []string{"full", "fast", "partial", "cut", "button", "session-start", "closing", "shutdown"} {
		if did[what] < 5 {
			t.Errorf("%s came only %d times: %v", what, did[what], did)
		}
	}
}

// The checks above see each rule that is broken.
func TestTheRulesAreSeenBroken(t *testing.T) {
	at := func(s int) time.Time { return time.Time{}.Add(time.Duration(s) * time.Second) }
	refreshes := func(n, apart int, wave epaper.Waveform) (h []epapertest.Refresh) {
		for i := range n {
			h = append(h, epapertest.Refresh{From: at(i * apart), To: at(i*apart + 4), Waveform: wave})
		}
		return h
	}
	first := epapertest.Refresh{From: at(-500), To: at(-496), Waveform: epaper.Full}
	for name, c := range map[string]struct {
		history []epapertest.Refresh
		why     kiosk.Cause
		want    string
	}{
		"as they should be":             {refreshes(50, 184, epaper.Full), kiosk.Changed, ""},
		"too soon":                      {refreshes(2, 183, epaper.Full), kiosk.Changed, "after the one before"},
		"nine that are not full":        {append([]epapertest.Refresh{first}, refreshes(9, 200, epaper.Partial)...), kiosk.Changed, "the 9. without"},
		"a day without a full one":      {append([]epapertest.Refresh{first}, refreshes(2, 86400, epaper.Fast)...), kiosk.Changed, "within a day"},
		"twenty presses":                {refreshes(21, 60, epaper.Full), kiosk.Button, ""},
		"twenty-one presses in an hour": {refreshes(22, 60, epaper.Full), kiosk.Button, "the 21. exception"},
		"five starts in an hour":        {refreshes(6, 60, epaper.Full), kiosk.SessionStart, "the 5. exception"},
	} {
		t.Run(name, func(t *testing.T) {
			b := box{causes: slices.Repeat([]kiosk.Cause{c.why}, len(c.history)), boots: make([]time.Time, len(c.history))}
			if b.rules(c.history); !strings.Contains(b.wrong, c.want) || (b.wrong != "") != (c.want != "") {
				t.Errorf("%q, want %q", b.wrong, c.want)
			}
		})
	}
}

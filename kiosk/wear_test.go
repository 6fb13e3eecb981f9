package kiosk_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/reading"
)

const s = time.Second

// warm is a panel's temperature at which every waveform works.
var warm = reading.Of(18.0, 0)

// refreshed is the wear after a refresh that took four seconds.
func refreshed(w kiosk.Wear, at time.Duration, wave kiosk.Waveform, why kiosk.Cause) kiosk.Wear {
	return w.Begun(at, wave, why).Refreshed(at+4*s, wave)
}

func TestARefreshWaits180SecondsButForTheExceptions(t *testing.T) {
	w := refreshed(kiosk.Wear{}, 996*s, kiosk.Full, kiosk.Changed)
	for _, c := range []struct {
		now  time.Duration
		why  kiosk.Cause
		want kiosk.Waveform
		next time.Duration
	}{
		{1179 * s, kiosk.Changed, "", 1180 * s},
		{1179 * s, kiosk.Day, "", 1180 * s},
		{1180 * s, kiosk.Changed, kiosk.Partial, 1180 * s},
		{1001 * s, kiosk.SessionStart, kiosk.Full, 1001 * s},
		{1001 * s, kiosk.SessionEnd, kiosk.Full, 1001 * s},
		{1001 * s, kiosk.Shutdown, kiosk.Full, 1001 * s},
		{1001 * s, kiosk.Button, kiosk.Fast, 1001 * s},
		{5 * s, kiosk.Changed, "", 180 * s}, // a later boot: it is not known how long ago it was
		{5 * s, kiosk.Button, kiosk.Full, 5 * s},
	} {
		if wave, next := w.Plan(c.now, c.why, warm); wave != c.want || next != c.next {
			t.Errorf("%s at %s: %q, %s; want %q, %s", c.why, c.now, wave, next, c.want, c.next)
		}
	}
	// One that was not seen to end may have gone on for half a minute.
	w = w.Begun(1180*s, kiosk.Partial, kiosk.Changed)
	if wave, next := w.Plan(1380*s, kiosk.Changed, warm); wave != "" || next != 1390*s {
		t.Errorf("after one without an end: %q, %s", wave, next)
	}
	first := kiosk.Wear{}.Begun(5*s, kiosk.Full, kiosk.Changed).Rebooted()
	if wave, next := first.Plan(s, kiosk.Changed, warm); wave != "" || next != 210*s {
		t.Errorf("after the first of a panel's life was cut: %q, %s", wave, next)
	}
	if wave, _ := (kiosk.Wear{}).Plan(s, kiosk.Changed, warm); wave != kiosk.Full {
		t.Errorf("a new panel: %q", wave)
	}
}

func TestAnExceptionThatHadItsShareWaitsLikeTheOthers(t *testing.T) {
	for why, limit := range map[kiosk.Cause]int{kiosk.SessionStart: 4, kiosk.SessionEnd: 4, kiosk.Shutdown: 4, kiosk.Button: 20} {
		w, at := refreshed(kiosk.Wear{}, 10*s, kiosk.Full, kiosk.Changed), 20*s
		for n := range limit {
			if wave, next := w.Plan(at, why, warm); wave == "" {
				t.Fatalf("%s %d has to wait from %s to %s", why, n+1, at, next)
			}
			w = refreshed(w, at, kiosk.Full, why)
			at += time.Minute
		}
		last := w.Last
		if wave, next := w.Plan(at, why, warm); wave != "" || next != last+180*s {
			t.Errorf("%s %d of an hour: %q, %s; last was at %s", why, limit+1, wave, next, last)
		}
		if w.Exceptions[why] != uint64(limit) {
			t.Errorf("%s: %v counted", why, w.Exceptions)
		}
		// They count as if just done when the box starts again.
		if wave, next := w.Rebooted().Plan(s, why, warm); wave != "" || next != 180*s {
			t.Errorf("%s after a power cut: %q, %s", why, wave, next)
		}
		w = refreshed(w.Rebooted(), 3599*s, kiosk.Full, kiosk.Changed)
		if wave, next := w.Plan(3600*s, why, warm); wave == "" {
			t.Errorf("%s an hour after a power cut has to wait until %s", why, next)
		}
	}
	w := refreshed(refreshed(kiosk.Wear{}, 10*s, kiosk.Full, kiosk.Changed), 20*s, kiosk.Fast, kiosk.Button)
	if wave, next := w.Plan(50*s, kiosk.Button, warm); wave != "" || next != 80*s {
		t.Errorf("a page that a press brought stands 60 s: %q, %s", wave, next)
	}
}

func TestTheWaveformFollowsFromWearTemperatureAndCause(t *testing.T) {
	stale := reading.Reading[float64]{Value: 18, Quality: reading.Stale}
	at := func(c float64) reading.Reading[float64] { return reading.Of(c, 0) }
	for _, c := range []struct {
		why         kiosk.Cause
		temperature reading.Reading[float64]
		want        kiosk.Waveform
	}{
		{kiosk.Changed, reading.Reading[float64]{}, kiosk.Full},
		{kiosk.Changed, stale, kiosk.Full},
		{kiosk.Changed, at(-3), kiosk.Full},
		{kiosk.Changed, at(4.9), kiosk.Full},
		{kiosk.Changed, at(5), kiosk.Fast},
		{kiosk.Changed, at(10), kiosk.Partial},
		{kiosk.Button, at(4.9), kiosk.Full},
		{kiosk.Button, at(18), kiosk.Fast},
		{kiosk.Day, at(18), kiosk.Full},
		{kiosk.SessionStart, at(18), kiosk.Full},
		{kiosk.SessionEnd, at(18), kiosk.Full},
		{kiosk.Shutdown, at(18), kiosk.Full},
	} {
		w := refreshed(kiosk.Wear{}, 10*s, kiosk.Full, kiosk.Changed)
		if wave, _ := w.Plan(1000*s, c.why, c.temperature); wave != c.want {
			t.Errorf("%s at %v: %q, want %q", c.why, c.temperature, wave, c.want)
		}
		if wave, _ := w.Rebooted().Plan(1000*s, c.why, c.temperature); wave != kiosk.Full {
			t.Errorf("%s at %v, first of a boot: %q", c.why, c.temperature, wave)
		}
	}
}

func TestAFullRefreshComesAfterEightOthersAndOnceADay(t *testing.T) {
	w, at := refreshed(kiosk.Wear{}, 10*s, kiosk.Full, kiosk.Changed), 200*s
	for n := range 8 {
		wave, _ := w.Plan(at, kiosk.Changed, warm)
		if wave != kiosk.Partial {
			t.Fatalf("change %d: %q", n+1, wave)
		}
		if w = w.Begun(at, wave, kiosk.Changed); n != 3 { // one that was cut counts too
			w = w.Refreshed(at+2*s, wave)
		}
		at += 240 * s
	}
	if wave, _ := w.Plan(at, kiosk.Changed, warm); wave != kiosk.Full {
		t.Errorf("change 9: %q", wave)
	}
	if due := w.Due(); due != 14*s+23*time.Hour+30*time.Minute {
		t.Errorf("full refresh due at %s", due)
	}
	w = refreshed(w, at, kiosk.Full, kiosk.Changed)
	if wave, _ := w.Plan(at+23*time.Hour+5*s, kiosk.Changed, warm); wave != kiosk.Full {
		t.Errorf("after a day: %q", wave)
	}
	if (kiosk.Wear{}).Due() != 0 || w.Rebooted().Due() != 0 {
		t.Error("due without a full refresh in this boot")
	}
	if w.Fulls != 2 || w.Partials != 7 || w.Fasts != 0 || w.SinceFull != 0 {
		t.Errorf("counted %+v", w)
	}
}

func TestWearIsKeptOverPowerCuts(t *testing.T) {
	w := refreshed(refreshed(kiosk.Wear{}, 10*s, kiosk.Full, kiosk.Changed), 20*s, kiosk.Fast, kiosk.Button)
	b, err := json.Marshal(w)
	var back kiosk.Wear
	if err != nil || json.Unmarshal(b, &back) != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("%s comes back as %+v, not %+v", b, back, w)
	}
	// As earlier versions kept it.
	var old kiosk.Wear
	if err := json.Unmarshal([]byte(`{"last_full_ns": 1000000000000, "fulls": 7}`), &old); err != nil {
		t.Fatal(err)
	}
	if wave, next := old.Plan(1100*s, kiosk.Changed, warm); wave != "" || next != 1180*s || old.Fulls != 7 {
		t.Errorf("kept by an earlier version: %q, %s, %+v", wave, next, old)
	}
}

package clock

import (
	"errors"
	"testing"
	"time"
)

func TestAnOrderIsReadAsItWasWritten(t *testing.T) {
	o := Order{Wall: time.Date(2026, 11, 23, 9, 0, 0, 5e6, time.UTC), Mono: 90*time.Second + 7*time.Millisecond}
	if got, err := ParseOrder(o.String()); err != nil || got != o {
		t.Errorf("%s: %+v, %v", o, got, err)
	}
	for _, s := range []string{"", "-", "1", "1-", "-1-1", "1-1-1", "1.5-1", "9999999999999999-1", "1-1\n", "１-1"} {
		if got, err := ParseOrder(s); err == nil {
			t.Errorf("%q: %+v", s, got)
		}
	}
}

func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{"1795424400000-90000", "999999999999999-999999999999999", "0-0", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOrder(s)
		if err != nil {
			return
		}
		if again, err := ParseOrder(o.String()); err != nil || again != o || o.Mono < 0 {
			t.Errorf("%q: %+v, %+v, %v", s, o, again, err)
		}
	})
}

func TestAnOrderIsCarriedOutWithinItsBounds(t *testing.T) {
	built := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	nine := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		wall time.Time
		now  time.Duration
		kept bool
		want error
	}{
		"three seconds later":           {nine, 103 * time.Second, false, nil},
		"a time server keeps the clock": {nine, 103 * time.Second, true, ErrKept},
		"before the build":              {built.Add(-time.Hour), 103 * time.Second, false, ErrImpossible},
		"thirty years after it":         {built.AddDate(30, 0, 0), 103 * time.Second, false, ErrImpossible},
		"two minutes later":             {nine, 220 * time.Second, false, ErrStale},
		"of another boot":               {nine, 10 * time.Second, false, ErrStale},
	} {
		got, err := Order{Wall: c.wall, Mono: 100 * time.Second}.At(c.now, c.kept, built)
		if !errors.Is(err, c.want) || c.want == nil && !got.Equal(nine.Add(3*time.Second)) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestAProgramKnowsWhenItWasBuilt(t *testing.T) {
	defer func(was string) { stamp = was }(stamp)
	stamp = "1795424400"
	if got := Built(); got.Unix() != 1795424400 {
		t.Errorf("by build.sh's stamp: %s", got)
	}
	stamp = "yesterday"
	if got := Built(); got.After(time.Now()) {
		t.Errorf("by none: %s", got)
	}
}

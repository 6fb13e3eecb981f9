package netmon

import (
	"slices"
	"testing"
	"time"
)

// The first doubt has all asked at once; where they come without an end, ever more rarely;
// and after a minute without one as at first.
func TestDoubtsThatDoNotEndHaveAllAskedEverMoreRarely(t *testing.T) {
	const s = time.Second
	var (
		d     Doubt
		asked []time.Duration
	)
	d.Asked(0)
	pass := func(from, to time.Duration, doubts bool) {
		for now := from; now < to; now += s {
			if doubts {
				d.Raise(now)
			}
			if due, in := d.Due(now); due {
				d.Asked(now)
				asked = append(asked, now)
			} else if doubts && in <= 0 {
				t.Fatalf("at %v it is due in %v", now, in)
			}
		}
	}
	pass(s, 200*s, true)
	if want := []time.Duration{3 * s, 9 * s, 21 * s, 45 * s, 93 * s, 141 * s, 189 * s}; !slices.Equal(asked, want) {
		t.Errorf("all was asked at %v, want %v", asked, want)
	}
	asked = nil
	pass(200*s, 300*s, false)
	if want := []time.Duration{237 * s}; !slices.Equal(asked, want) {
		t.Errorf("after the last doubt all was asked at %v, want %v", asked, want)
	}
	asked = nil
	pass(300*s, 310*s, true)
	if want := []time.Duration{300 * s, 306 * s}; !slices.Equal(asked, want) {
		t.Errorf("of new doubts all was asked at %v, want %v", asked, want)
	}
}

// Where the queue is not full, each doubt has all asked, as at first.
func TestADoubtOfACalmInternetDoesNotWait(t *testing.T) {
	var d Doubt
	d.Asked(0)
	for now := 3 * time.Second; now < time.Minute; now += 3 * time.Second {
		d.Raise(now)
		d.Calm()
		if due, in := d.Due(now); !due {
			t.Fatalf("at %v it is due in %v", now, in)
		}
		d.Asked(now)
	}
}

// What is asked for another reason puts a doubt off, and is not counted as one.
func TestADoubtWaitsAfterAllWasAsked(t *testing.T) {
	var d Doubt
	d.Raise(time.Minute)
	d.Asked(61 * time.Second) // due at once
	d.Raise(62 * time.Second)
	d.Asked(63 * time.Second) // for another reason
	if due, in := d.Due(64 * time.Second); due || in != 5*time.Second {
		t.Errorf("%v, in %v", due, in)
	}
}

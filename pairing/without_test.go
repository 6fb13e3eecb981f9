package pairing

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// What each guard is for: with it the attack fails, and it succeeds once the guard is
// taken away by hand.
func TestWithoutAGuardTheAttackSucceeds(t *testing.T) {
	for _, c := range []struct {
		attack string
		tried  func(without bool) (succeeds bool)
	}{
		{"PINs are guessed faster than one in ten minutes", func(without bool) bool {
			b, _ := New(nil)
			for range 10 * atOnce {
				b.Pair(Common, "000000", pin, at(0, 0))
				if without {
					b.doors = [2]Guesses{}
				}
			}
			_, err := b.Pair(Common, pin, pin, at(0, 0))
			return err == nil
		}},
		{"a stolen cookie goes on opening the door beside the phone's", func(without bool) bool {
			b, cookie := book(t)
			stolen, mono := cookie, time.Minute
			for d := 1; d < 5; d++ {
				if !without { // else no day is over, and no cookie is replaced
					mono = nextDay(b, mono, d)
				}
				for range 2 { // the phone's own use, each day
					if u := b.Use(cookie, at(mono, d)); u.Turn != "" {
						cookie = u.Turn
					}
					b.Durable()
				}
				mono += 2 * grace
				b.Use(cookie, at(mono, d))
				if without {
					b.kept.Days = Days{Day: day + d}
				}
			}
			mono += 2 * grace
			return used(b, stolen, at(mono, 4))
		}},
		{"a cookie that was replaced leaves the thief's pairing alone", func(without bool) bool {
			b, cookie := book(t)
			mono := nextDay(b, time.Minute, 1)
			thiefs := turned(t, b, cookie, at(mono, 1)) // the thief asks first
			used(b, thiefs, at(mono, 1))
			mono += 2 * grace
			phones := slices.Clone(b.kept.Phones)
			used(b, cookie, at(mono, 1)) // the phone itself
			if without {
				b.kept.Phones = phones
			}
			return used(b, thiefs, at(mono, 1))
		}},
		{"a clock four years ahead for a minute ends the pairing", func(without bool) bool {
			b, cookie := book(t)
			if without {
				b.kept.Days.Count += 4 * 365 // as the clock's own difference says
			}
			return !used(b, cookie, at(time.Minute, 4*365))
		}},
		{"a short PIN pairs one phone after the other", func(without bool) bool {
			b, _ := New(nil)
			b.Pair(Own, "7", "7", at(0, 0))
			if without {
				b.kept.Spent = hash{}
			}
			_, err := b.Pair(Own, "7", "7", at(0, 0))
			return !errors.Is(err, ErrSpent)
		}},
		{"a flood of pairings fills the memory", func(without bool) bool {
			b, _ := New(nil)
			n := 0
			for range 4 * Most {
				if _, err := b.Pair(Common, pin, pin, at(0, 0)); err == nil {
					n++
				}
				if without {
					b.kept.Phones = nil
				}
			}
			return n > Most
		}},
	} {
		if c.tried(false) {
			t.Errorf("it succeeds: %s", c.attack)
		}
		if !c.tried(true) {
			t.Errorf("this test sees nothing: without the guard it fails, too: %s", c.attack)
		}
	}
}

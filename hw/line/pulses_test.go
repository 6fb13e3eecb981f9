package line_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
)

var mains = line.Config{Name: "generator-1", Line: "GPIO27", ActiveLow: true, PullUp: true}

// beats is a Meter at work on a model, in fake time, with what it said so far.
type beats struct {
	chip *linetest.Chip
	now  func() time.Duration
	mu   sync.Mutex
	said []line.Beat
	when []time.Duration
}

func (b *beats) take() (said []line.Beat, when []time.Duration) {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	said, when, b.said, b.when = b.said, b.when, nil, nil
	return said, when
}

// swing gives pulses of that frequency of the mains for so long; each is 2 ms of
// low level, with bounces if asked for.
func (b *beats) swing(hz float64, long time.Duration, bounces int) {
	half := time.Duration(float64(time.Second) / hz / 2)
	for end := b.now() + long; b.now() < end; {
		for range bounces {
			b.chip.Drive("GPIO27", false)
			time.Sleep(100 * time.Microsecond)
			b.chip.Drive("GPIO27", true)
			time.Sleep(100 * time.Microsecond)
		}
		b.chip.Drive("GPIO27", false)
		time.Sleep(2 * time.Millisecond)
		b.chip.Drive("GPIO27", true)
		time.Sleep(half - 2*time.Millisecond - time.Duration(bounces)*200*time.Microsecond)
	}
}

func metered(t *testing.T, f func(t *testing.T, b *beats)) {
	synctest.Test(t, func(t *testing.T) {
		// The Meter reads the machine's clock, which synctest holds in fake time by
		// way of the model's: both count from the same moment.
		zero := time.Now()
		b := &beats{now: func() time.Duration { return time.Since(zero) }}
		restore := line.SetClock(b.now)
		defer restore()
		b.chip = linetest.New([]string{"GPIO27"}, linetest.WithClock(b.now))
		b.chip.Drive("GPIO27", true)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- line.NewMeter(b.chip, mains).Watch(ctx, func(beat line.Beat) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.said, b.when = append(b.said, beat), append(b.when, b.now())
			})
		}()
		f(t, b)
		cancel()
		<-done
	})
}

func TestPulsesAreAFrequency(t *testing.T) {
	for _, hz := range []float64{45, 49.3, 50, 52.7, 60} {
		for _, bounces := range []int{0, 3} {
			metered(t, func(t *testing.T, b *beats) {
				b.take()
				b.swing(hz, time.Minute, bounces)
				said, _ := b.take()
				if len(said) == 0 || len(said) > 8 {
					t.Fatalf("%g Hz: told %d times in a minute", hz, len(said))
				}
				for _, s := range said {
					if math.Abs(s.Hz-hz) > 0.1 {
						t.Errorf("%g Hz with %d bounces: said %.2f", hz, bounces, s.Hz)
					}
				}
			})
		}
	}
}

func TestAStallIsFoundWithinThreeCycles(t *testing.T) {
	for _, hz := range []float64{45, 50, 60} {
		metered(t, func(t *testing.T, b *beats) {
			b.swing(hz, 10*time.Second+3*time.Millisecond, 0)
			last := b.now()
			b.take()
			time.Sleep(time.Second)
			said, when := b.take()
			cycle := time.Duration(float64(time.Second) / hz)
			if len(said) != 1 || said[0].Hz != 0 {
				t.Fatalf("%g Hz: said %v", hz, said)
			}
			if late := when[0] - last; late > 3*cycle {
				t.Errorf("%g Hz: found %v after the last pulse, three cycles are %v", hz, late, 3*cycle)
			}
			if d := said[0].At - last; d < -cycle || d > cycle {
				t.Errorf("%g Hz: dated %v after the last pulse", hz, d)
			}
		})
	}
}

func TestNoiseIsNoGenerator(t *testing.T) {
	for name, play := range map[string]func(b *beats){
		"a wire that is touched now and then": func(b *beats) {
			for range 200 {
				b.chip.Drive("GPIO27", false)
				time.Sleep(7 * time.Millisecond)
				b.chip.Drive("GPIO27", true)
				time.Sleep(300 * time.Millisecond)
			}
		},
		"a relay that chatters": func(b *beats) { b.swing(200, 5*time.Second, 0) },
		"something slow":        func(b *beats) { b.swing(17, 5*time.Second, 0) },
		"a contact that bounces fifty times a second or so": func(b *beats) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				b.chip.Drive("GPIO27", false)
				time.Sleep(time.Duration(r.IntN(10_000)) * time.Microsecond)
				b.chip.Drive("GPIO27", true)
				time.Sleep(time.Duration(r.IntN(10_000)) * time.Microsecond)
			}
		},
		"five half-waves, no more": func(b *beats) { b.swing(50, 45*time.Millisecond, 0); time.Sleep(time.Second) },
	} {
		metered(t, func(t *testing.T, b *beats) {
			play(b)
			said, _ := b.take()
			for _, s := range said {
				if s.Hz != 0 {
					t.Errorf("%s: said %.1f Hz", name, s.Hz)
				}
			}
		})
	}
}

func TestAProcessThatIsNotScheduledLosesNoGenerator(t *testing.T) {
	metered(t, func(t *testing.T, b *beats) {
		b.swing(50, 5*time.Second, 0)
		b.chip.HoldUp(true)
		b.swing(50, 30*time.Second, 0) // far more than the buffer holds
		b.chip.HoldUp(false)
		b.take()
		b.swing(50, 5*time.Second, 0)
		said, _ := b.take()
		for _, s := range said {
			if math.Abs(s.Hz-50) > 0.1 {
				t.Errorf("afterwards %.2f Hz", s.Hz)
			}
		}
		if len(said) == 0 {
			t.Error("afterwards nothing was said")
		}
	})
}

func TestAMeteredChipThatGoesIsSaidToBe(t *testing.T) {
	for _, swinging := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			chip := linetest.New([]string{"GPIO27"})
			meter := line.NewMeter(chip, mains)
			done := make(chan error, 1)
			go func() { done <- meter.Watch(t.Context(), func(line.Beat) {}) }()
			synctest.Wait()
			if swinging {
				for range 20 {
					chip.Drive("GPIO27", false)
					time.Sleep(5 * time.Millisecond)
					chip.Drive("GPIO27", true)
					time.Sleep(5 * time.Millisecond)
				}
			}
			chip.SetFault(linetest.Absent)
			if err := <-done; !errors.Is(err, hw.ErrAbsent) {
				t.Errorf("swinging %v: got %v", swinging, err)
			}
			if err := meter.Watch(t.Context(), func(line.Beat) {}); !errors.Is(err, hw.ErrAbsent) {
				t.Errorf("again: got %v", err)
			}
		})
	}
}

package probe

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/netmon"
)

// TestTheCadence lets the loop run on a clock of its own.
func TestTheCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			ctx, cancel = context.WithCancel(t.Context())
			setting     sync.Mutex // guards every and targets
			every       = 8 * time.Second
			targets     = Targets{Name: "a"}
			kick        = make(chan struct{})
			begun       = time.Now()
			mu          sync.Mutex // guards rounds and begun
			rounds      []time.Duration
			ended       = make(chan error, 1)
		)
		round := func(context.Context, Targets) netmon.Probe {
			mu.Lock()
			rounds = append(rounds, time.Since(begun))
			mu.Unlock()
			time.Sleep(3 * time.Second) // a round that times out
			return netmon.Probe{}
		}
		cadence := func() (time.Duration, Targets) {
			setting.Lock()
			defer setting.Unlock()
			return every, targets
		}
		go func() {
			ended <- loop(ctx, round, cadence, kick, func(netmon.Probe) {})
		}()
		want := func(what string, times ...time.Duration) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(rounds, times) {
				t.Fatalf("%s: rounds at %v, want %v", what, rounds, times)
			}
			rounds, begun = nil, time.Now()
		}
		change := func(d time.Duration) {
			setting.Lock()
			every = d
			setting.Unlock()
			kick <- struct{}{}
		}
		const s = time.Second

		time.Sleep(20 * s)
		want("at once, then from start to start", 0, 8*s, 16*s)
		change(0)
		time.Sleep(time.Hour)
		want("never")
		change(5 * time.Minute)
		time.Sleep(6 * time.Minute)
		want("at once when probing makes sense again", 0, 300*s)
		change(8 * s)
		time.Sleep(10 * s)
		want("a faster cadence makes one due", 0, 8*s)
		time.Sleep(2 * s)
		setting.Lock()
		targets = Targets{Name: "b"}
		setting.Unlock()
		change(8 * s)
		time.Sleep(7 * s)
		want("other targets are asked at once", 2*s)
		for range 5 {
			change(8 * s)
		}
		want("a kick that changes nothing starts nothing")
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestARungAsksTheNextTargetOnlyWhenItMust(t *testing.T) {
	type target struct {
		takes time.Duration
		ok    bool
	}
	const stagger = time.Second
	for _, c := range []struct {
		name    string
		targets map[string]target
		asked   int
		passed  int
		took    time.Duration
	}{
		{"the first answers", map[string]target{"a": {0, true}, "b": {0, true}}, 1, 1, 0},
		{"the first fails", map[string]target{"a": {0, false}, "b": {0, true}, "c": {0, true}}, 2, 1, 0},
		{"the first is late", map[string]target{"a": {9 * time.Second, true}, "b": {0, true}}, 2, 1, stagger},
		{"the first is late and better than the second", map[string]target{"a": {2 * time.Second, true}, "b": {9 * time.Second, true}}, 2, 1, 2 * time.Second},
		{"all fail", map[string]target{"a": {0, false}, "b": {2 * time.Second, false}}, 2, 0, 2 * time.Second},
		{"none", nil, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names []string
				for name := range c.targets {
					names = append(names, name)
				}
				slices.Sort(names)
				begun, asked := time.Now(), make(chan string, 10)
				out := first(t.Context(), stagger, names, func(ctx context.Context, name string) (string, bool) {
					asked <- name
					select {
					case <-time.After(c.targets[name].takes):
						return name, c.targets[name].ok
					case <-ctx.Done():
						return name, false
					}
				})
				if len(asked) != c.asked || len(out.passed) != c.passed || time.Since(begun) != c.took {
					t.Errorf("%d asked, %v passed after %v; want %d, %d, %v", len(asked), out.passed, time.Since(begun), c.asked, c.passed, c.took)
				}
			})
		})
	}
}

func TestTheLinksGatewayServesWhereNoTargetIsGiven(t *testing.T) {
	link := netmon.Link{Gateway: "192.0.2.1"}
	if got := (Targets{}).Via(link); got.Gateway != "192.0.2.1" || !slices.Equal(got.DNS, []string{"192.0.2.1:53"}) {
		t.Errorf("%+v", got)
	}
	given := Targets{Gateway: "127.0.0.1:8080", DNS: []string{"127.0.0.1:5353"}}
	if got := given.Via(link); got.Gateway != given.Gateway || !slices.Equal(got.DNS, given.DNS) {
		t.Errorf("%+v", got)
	}
	if got := (Targets{}).Via(netmon.Link{}); got.Gateway != "" || got.DNS != nil {
		t.Errorf("%+v", got)
	}
}

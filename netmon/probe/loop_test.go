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
	"infobus/netmon/client"
)

// asks are when a kind of question was asked.
type asks struct {
	mu    sync.Mutex // guards the rest
	at    []time.Duration
	begun time.Time
}

func (a *asks) ask(*Prober, context.Context, Targets, tell, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Since(a.begun))
}

// TestTheCadence lets it run on a clock of its own, with a kind of question that only
// notes when it was asked.
func TestTheCadence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noted := &asks{begun: time.Now()}
		old := kinds
		kinds = []kind{{"noted", 8, 1, noted.ask}}
		defer func() { kinds = old }()
		var (
			ctx, cancel = context.WithCancel(t.Context())
			setting     sync.Mutex // guards pace and targets
			pace        = netmon.Pace{Every: 8 * time.Second}
			targets     = Targets{Name: "a"}
			kick        = make(chan struct{})
			ended       = make(chan error, 1)
		)
		go func() {
			ended <- Run(ctx, Options{Client: client.New(client.Options{})}, func() (netmon.Pace, Targets) {
				setting.Lock()
				defer setting.Unlock()
				return pace, targets
			}, kick, func(netmon.Evidence) {})
		}()
		want := func(what string, times ...time.Duration) {
			t.Helper()
			synctest.Wait()
			noted.mu.Lock()
			defer noted.mu.Unlock()
			if !slices.Equal(noted.at, times) {
				t.Fatalf("%s: asked at %v, want %v", what, noted.at, times)
			}
			noted.at, noted.begun = nil, time.Now()
		}
		change := func(p netmon.Pace) {
			setting.Lock()
			pace = p
			setting.Unlock()
			kick <- struct{}{}
		}
		const s = time.Second

		time.Sleep(20 * s)
		want("at once, then from start to start", 0, 8*s, 16*s)
		change(netmon.Pace{})
		time.Sleep(time.Hour)
		want("never")
		change(netmon.Pace{Every: 5 * time.Minute})
		time.Sleep(6 * time.Minute)
		want("at once when asking makes sense again", 0, 300*s)
		change(netmon.Pace{Every: 8 * s})
		time.Sleep(10 * s)
		want("a faster cadence makes one due", 0, 8*s)
		time.Sleep(2 * s)
		setting.Lock()
		targets = Targets{Name: "b"}
		setting.Unlock()
		change(netmon.Pace{Every: 8 * s})
		time.Sleep(7 * s)
		want("other targets are asked at once", 2*s)
		for range 5 {
			change(netmon.Pace{Every: 8 * s})
		}
		want("a kick that changes nothing starts nothing")
		time.Sleep(s)
		want("in its own time", s)
		change(netmon.Pace{Every: 2 * s, All: true})
		time.Sleep(5 * s)
		want("all, again and again", 0, 2*s, 4*s)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
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
	leased := netmon.Link{Gateway: "192.0.2.1", DNS: "192.0.2.8 192.0.2.9"}
	if got := (Targets{}).Via(leased); !slices.Equal(got.DNS, []string{"192.0.2.8:53", "192.0.2.9:53"}) {
		t.Errorf("%+v", got)
	}
	if got := (Targets{}).Via(netmon.Link{}); got.Gateway != "" || got.DNS != nil {
		t.Errorf("%+v", got)
	}
}

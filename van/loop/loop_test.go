package loop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading/clock"
	"infobus/van"
)

// start runs a loop whose events are gathered.
func start(t *testing.T, o van.Options) (*Loop, func() []logbook.Name) {
	t.Helper()
	var (
		mu    sync.Mutex
		names []logbook.Name
	)
	record := func(events []logbook.Event) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			names = append(names, e.Name)
		}
	}
	l := New(o, van.New(o), clock.NewSystem(), record, func(van.Effect) {})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := l.Ping(context.Background()); !errors.Is(err, ErrStopped) {
			t.Errorf("a loop that has ended answers: %v", err)
		}
		l.Observe(van.Tick{}) // does not block
	})
	return l, func() []logbook.Name {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(names)
	}
}

func TestObservationsAreTakenInOrder(t *testing.T) {
	l, names := start(t, van.DefaultOptions())
	l.Observe(van.Started{})
	for range 100 {
		l.Observe(power.Line{Active: true, At: clock.Mono()})
		l.Observe(power.Line{Active: false, At: clock.Mono()})
	}
	if err := l.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := []logbook.Name{logbook.SystemStarted}
	for i := range 100 {
		want = append(want, logbook.GeneratorStarted)
		if i == 0 {
			want = append(want, logbook.SessionStarted)
		}
		want = append(want, logbook.GeneratorStopped)
	}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if starts := l.State().Power.Generators[0].Starts; starts != 100 {
		t.Errorf("%d starts", starts)
	}
}

func TestAWatcherThatSleepsSeesTheLatestStateAndHoldsUpNobody(t *testing.T) {
	l, _ := start(t, van.DefaultOptions())
	changed, stop := l.Watch()
	<-changed // the first token is there from the start
	for range 1000 {
		l.Observe(power.Sample{Volts: 12.5})
	}
	l.Observe(power.Sample{Volts: 12.7})
	if err := l.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-changed
	if volts := l.State().Power.Battery.Value.Volts; volts != 12.7 {
		t.Errorf("%.1f V", volts)
	}
	select {
	case <-changed:
		t.Error("a second token for the same state")
	default:
	}
	stop()
	l.Observe(power.Sample{Volts: 12})
	if err := l.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("a token after stop")
	default:
	}
}

func TestTheLoopWakesWhenARoomIsDue(t *testing.T) {
	o := van.DefaultOptions()
	o.Power.SampleMaxAge = time.Millisecond
	l, names := start(t, o)
	changed, stop := l.Watch()
	defer stop()
	l.Observe(power.Sample{Volts: 12.7})
	for !slices.Equal(names(), []logbook.Name{logbook.BatteryLevel, logbook.BatteryLevel}) {
		<-changed // the sample has become stale with nothing else observed
	}
}

// A refusal is given back, and what was taken is done when it is said: its effects
// have been handed on.
func TestWhoAsksIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := van.DefaultOptions()
		sent := 0
		l := New(o, van.New(o, van.Panel), clock.NewSystem(), func([]logbook.Event) {}, func(e van.Effect) {
			switch e.(type) {
			case van.Send:
				sent++
			case van.Answer:
				t.Error("an answer was handed on as an effect")
			}
		})
		ctx, cancel := context.WithCancel(context.Background())
		go l.Run(ctx)
		defer cancel()
		ask := func(name action.Name, want action.Refusal) {
			t.Helper()
			if got, err := l.Ask(t.Context(), action.Asked{Name: name}); err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, want)
			}
		}
		ask(action.Longer, action.NoSession)
		ask(action.Sync, action.NoInternet)
		l.Observe(netmon.Link{Present: true, Carrier: true, Address: "192.0.2.2/24", Gateway: "192.0.2.1"})
		l.Observe(netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed, Latency: time.Millisecond}.Evidence())
		ask(action.Sync, action.Taken)
		if sent != 1 {
			t.Errorf("the logs were sent %d times when it was said", sent)
		}
		l.Observe(power.Line{Active: true, At: clock.Mono()})
		until := l.State().Session.Until
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() { ask(action.Longer, action.Taken) })
		}
		asking.Wait()
		if more := l.State().Session.Until - until; more < 50*time.Hour {
			t.Errorf("100 times longer is %s", more)
		}
		ask(action.EndSession, action.Taken)
		ask(action.EndSession, action.NoSession)
	})
}

// Nobody waits for a loop that has ended, and what its last steps took is answered.
func TestWhoAsksALoopThatEndsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := van.DefaultOptions()
		l := New(o, van.New(o), clock.NewSystem(), func([]logbook.Event) {}, func(van.Effect) {})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		results := make(chan error, 20)
		for range cap(results) {
			go func() {
				_, err := l.Ask(context.Background(), action.Asked{Name: action.Longer})
				results <- err
			}()
		}
		synctest.Wait() // they all wait
		l.Run(ctx)
		for range cap(results) {
			if err := <-results; err != nil {
				t.Errorf("what waited when the loop ended: %v", err)
			}
		}
		if _, err := l.Ask(context.Background(), action.Asked{Name: action.Longer}); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestWhoAsksALoopThatHangsGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := van.DefaultOptions()
		l := New(o, van.New(o), clock.NewSystem(), func([]logbook.Event) {}, func(van.Effect) {}) // it never runs
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := l.Ask(ctx, action.Asked{Name: action.Longer}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 10*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

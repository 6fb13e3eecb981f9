package loop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"infobus/logbook"
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

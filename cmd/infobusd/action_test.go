package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
	"infobus/durable"
	"infobus/durable/durabletest"
	guidebox "infobus/guide/box"
	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/netmon/client"
	"infobus/power"
	"infobus/reading/clock"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/van/kept"
	"infobus/van/loop"
	"infobus/wall"
	"infobus/words"
)

// publishesNothing is an appliance of a loop, a keeper and pages, whose publisher does not run.
func publishesNothing(t *testing.T) *appliance {
	o := van.DefaultOptions()
	a := &appliance{options: o, keeper: kept.NewKeeper(t.TempDir()), client: client.New(client.Options{}), server: server.New(server.Options{Words: words.Shipped()})}
	a.loop = loop.New(o, van.New(o, van.Panel), clock.NewSystem(), func([]logbook.Event) {}, func(e van.Effect) {
		if k, ok := e.(van.Keep); ok {
			a.keeper.Keep(k.Kept)
		}
	})
	return a
}

// answers runs the appliance's loop and pages until the test ends.
func (a *appliance) answers(t *testing.T) *process {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	running.Go(func() { a.loop.Run(ctx) })
	socket := filepath.Join(t.TempDir(), "infobus.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	running.Go(func() { a.server.Serve(ctx, listener) })
	return &process{t: t, state: filepath.Dir(socket)}
}

// Whoever asked for something sees what came of it on the next page, however late the
// publisher is.
func TestAnActionIsOnThePagesOnceItIsAnswered(t *testing.T) {
	a := publishesNothing(t)
	p, ctx := a.answers(t), t.Context()
	if quiet := p.at("quiet"); quiet != false {
		t.Fatalf("quiet is %v before anybody asked for it", quiet)
	}
	if got := a.act(ctx, action.Row{Name: action.Quiet}, action.Asked{Name: action.Quiet}); got != action.Taken {
		t.Fatal(got)
	}
	if quiet := p.at("quiet"); quiet != true {
		t.Errorf("quiet is %v once the answer is there", quiet)
	}
}

// So does whoever brings, publishes or takes back the guide's texts.
func TestTheGuideIsOnThePagesOnceItIsAnswered(t *testing.T) {
	a := publishesNothing(t)
	var err error
	if a.guides, err = guidebox.Open(durable.System, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	a.guides.Changed = a.tellTexts
	p, texts := a.answers(t), a.texts()
	a.observe(van.ClockSeen{Trusted: true, Source: wall.Network})
	for _, c := range []struct {
		does  string
		do    func() bool
		waits bool
	}{
		{"brought", func() bool {
			remarks, kept := texts.Upload(t.Context(), []status.File{{Name: "guide.zip", Data: packedGuide(t, "Charge here", "")}})
			return kept && len(remarks) == 0
		}, true},
		{"published", func() bool { kept, err := texts.Publish(a.guides.Shelf().Waiting.Digest); return kept && err == nil }, false},
		{"brought once more", func() bool {
			remarks, kept := texts.Upload(t.Context(), []status.File{{Name: "guide.zip", Data: packedGuide(t, "Ask the team", "")}})
			return kept && len(remarks) == 0
		}, true},
		{"taken back", func() bool { kept, err := texts.TakeBack(a.guides.Shelf().Waiting.Digest); return kept && err == nil }, false},
	} {
		if !c.do() {
			t.Fatalf("it is not %s", c.does)
		}
		if says := fmt.Sprint(p.at("advice")); strings.Contains(says, "guide-waiting") != c.waits {
			t.Errorf("%s: that it waits should be %v: %s", c.does, c.waits, says)
		}
	}
}

// So does whoever hands in the helpers' receipt: who exports again at once finds nothing twice.
func TestAReceiptIsOnThePagesOnceItIsAnswered(t *testing.T) {
	a := publishesNothing(t)
	dir, ended := t.TempDir(), make(chan struct{})
	a.recorder = store.NewRecorder(store.RecorderOptions{Durable: func(store.Status) {}, Health: func(error) {}, Retry: time.Second,
		Open: func() (*store.Store, error) { return store.Open(dir, store.Options{}) }})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { a.recorder.Run(ctx); close(ended) }()
	defer func() { cancel(); <-ended }()
	p := a.answers(t)
	a.recorder.Record([]logbook.Event{{Name: logbook.GeneratorStarted, Boot: "b", Attributes: map[string]any{"generator": 1}}})
	if err := a.recorder.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	is := a.recorder.Status()
	if err := a.received(is.Log, 1, is.Last); err != nil {
		t.Fatal(err)
	}
	if got := p.at("sync.acknowledged"); got != float64(is.Last) || is.Last == 0 {
		t.Errorf("acknowledged is %v once the answer is there, want %d", got, is.Last)
	}
}

// A timetable that a phone brings is not said to be taken where a power cut would lose it;
// brought again, once the card takes it, it stands.
func TestAnUploadThatTheCardDoesNotTakeIsToldSo(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(was)
	disk := durabletest.New(1)
	a := publishesNothing(t)
	a.feeds = source.Open(disk, ".", []source.Origin{{Name: van.Phone, From: source.Uploaded, AfterTap: true}}, true)
	a.answers(t)
	for _, works := range []bool{false, true} {
		mend := func() {}
		if !works {
			mend = disk.FailAll(errors.New("the card takes nothing"))
		}
		remarks, kept, err := a.takeUpload(t.Context(), []status.File{{Name: "soup.yaml", Data: []byte(soup("23:59"))}})
		mend()
		if len(remarks) > 0 || err != nil || kept != works {
			t.Errorf("a card that works %v: %v, kept %v, %v", works, remarks, kept, err)
		}
	}
}

// Another version came after the one that was looked at, and the state does not say so
// yet: whoever publishes the first is told that it is not published.
func TestAPublicationThatComesTooLateIsToldSo(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(was)
	a := publishesNothing(t)
	a.loop = loop.New(a.options, van.New(a.options), clock.NewSystem(), func([]logbook.Event) {}, func(e van.Effect) {
		if _, keeps := e.(van.Keep); !keeps {
			a.do(e)
		}
	})
	a.feeds = source.Open(durabletest.New(1), ".", []source.Origin{{Name: van.Phone, From: source.Uploaded, AfterTap: true}}, true)
	a.answers(t)
	bring := func(closes string) string {
		t.Helper()
		remarks, kept, err := a.takeUpload(t.Context(), []status.File{{Name: "soup.yaml", Data: []byte(soup(closes))}})
		if len(remarks) > 0 || !kept || err != nil {
			t.Fatal(remarks, kept, err)
		}
		return a.loop.State().Source(van.Phone).Waiting
	}
	publish := func(digest string) action.Refusal {
		row := action.Row{Name: action.PublishTimetable, Form: action.OnTimetable}
		return a.act(t.Context(), row, action.Asked{Name: row.Name, Args: action.Args{Source: van.Phone, Digest: digest}})
	}
	first := bring("23:58")
	a.feeds.All()[0].Put([]source.File{{Name: "soup.yaml", Data: []byte(soup("23:59"))}}) // nobody has told the state
	if got := publish(first); got != action.AnotherWaits {
		t.Errorf("published is %q, and another waits", got)
	}
	second := a.loop.State().Source(van.Phone).Waiting
	if got := publish(second); got != action.Taken || second == first {
		t.Errorf("the one that waits: %q", got)
	}
	// Of two taps at once the second finds it done.
	same := van.Publish{Source: van.Phone, Digest: second}
	a.do(same)
	if got := a.orders.settled(t.Context(), same); got != action.Taken {
		t.Errorf("published already: %q", got)
	}
}

// What must outlive a power cut is not said to be done while the card takes
// nothing; what need not is.
func TestAnActionThatTheCardDoesNotTakeIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := publishesNothing(t) // its keeper never runs
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.loop.Run(ctx); close(ended) }()
		a.observe(power.Line{Active: true, At: clock.Mono()})
		for _, c := range []struct {
			durable bool
			want    action.Refusal
			waits   time.Duration
		}{{false, action.Taken, 0}, {true, action.NotKept, keepWithin}} {
			begun := time.Now()
			got := a.act(t.Context(), action.Row{Name: action.Longer, Durable: c.durable}, action.Asked{Name: action.Longer})
			if took := time.Since(begun); got != c.want || took != c.waits {
				t.Errorf("durable %v: %q after %s, want %q after %s", c.durable, got, took, c.want, c.waits)
			}
		}
		cancel()
		<-ended
		if got := a.act(t.Context(), action.Row{Name: action.Longer}, action.Asked{Name: action.Longer}); got != action.NoAnswer {
			t.Errorf("once the daemon ends: %q", got)
		}
	})
}

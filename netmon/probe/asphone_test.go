package probe_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/probe"
)

// asked are the questions that one round asked, by kind.
type asked struct {
	sync.Mutex
	of    map[netmon.Question]int
	bytes int64
	anew  int
}

func TestWhatAPhoneNeedsIsAskedWhileItIsWorthIt(t *testing.T) {
	_, targets := start(t)
	targets.Gateway = ""
	targets.DNS = targets.DNS[:1]
	// round lets one round be asked, and waits until the next is waited for.
	round := func(pace netmon.PhonePace) *asked {
		a := &asked{of: map[netmon.Question]int{}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		paces, kick := 0, make(chan struct{}, 1)
		kick <- struct{}{}
		c := client.New(client.Options{Public: "lo"})
		err := probe.AsPhone(ctx, probe.Options{Client: c, Purpose: client.Public}, func() (netmon.PhonePace, probe.Targets) {
			if paces++; paces == 1 {
				return pace, targets
			}
			if pace.Anew && paces == 2 { // the lease is there again
				pace.Anew, pace.Every = false, time.Millisecond
				return pace, targets
			}
			cancel()
			return netmon.PhonePace{}, targets
		}, func(context.Context) { a.anew++ }, kick, func(e netmon.PhoneAsked) {
			a.Lock()
			defer a.Unlock()
			a.bytes += e.Bytes
			for _, answer := range e.Answers {
				a.of[answer.Question]++
			}
		})
		if err == nil {
			t.Fatal("it ended by itself")
		}
		if used := c.Usage(); a.bytes != used[client.Public].Total() || used[client.Probe].Total() != 0 {
			t.Errorf("%d bytes were told, %d were spent; %d by the box's own way", a.bytes, used[client.Public].Total(), used[client.Probe].Total())
		}
		return a
	}
	if a := round(netmon.PhonePace{}); len(a.of) != 0 || a.anew != 0 {
		t.Errorf("it is not worth it, and %v was asked", a.of)
	}
	first := round(netmon.PhonePace{Every: time.Minute})
	for _, q := range []netmon.Question{netmon.Random, netmon.Check, netmon.Connect} {
		if first.of[q] == 0 {
			t.Errorf("question %d was not asked: %v", q, first.of)
		}
	}
	if first.anew != 0 {
		t.Error("a lease was taken anew")
	}
	if a := round(netmon.PhonePace{Every: time.Minute, Anew: true}); a.anew != 1 {
		t.Errorf("a lease was taken anew %d times", a.anew)
	}
}

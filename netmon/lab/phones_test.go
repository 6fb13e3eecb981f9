package lab

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// phones are people's, on the Cisco box's LAN beside the box: each loads, calls or
// watches until it is stopped.
type phones struct {
	stop   context.CancelFunc
	ending sync.WaitGroup
}

// connect dials from the other host of the LAN.
func (l *lab) connect(ctx context.Context, network, address string) (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever: the thread dies with this goroutine
		h, fail := netns.GetFromName(l.other)
		if fail == nil {
			fail = netns.Set(h)
			h.Close()
		}
		if fail != nil {
			err = fail
			return
		}
		conn, err = (&net.Dialer{Timeout: 20 * time.Second}).DialContext(ctx, network, address)
	}()
	<-done
	return conn, err
}

// start has n phones at work.
func (l *lab) startPhones(n int, work func(*lab, context.Context, int)) *phones {
	l.t.Helper()
	if !l.routed {
		l.ip("-n", l.other, "route", "replace", "default", "via", gatewayAddress)
		l.routed = true
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &phones{stop: stop}
	for i := range n {
		p.ending.Go(func() {
			for ctx.Err() == nil {
				work(l, ctx, i)
			}
		})
	}
	l.t.Cleanup(p.end)
	return p
}

func (p *phones) end() { p.stop(); p.ending.Wait() }

// load fetches so many bytes.
func (l *lab) load(ctx context.Context, bytes int) {
	conn, err := l.connect(ctx, "tcp", checkAddress+":80")
	if err != nil {
		pause(ctx, time.Second)
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	fmt.Fprintf(conn, "GET /load/%d HTTP/1.0\r\n\r\n", bytes)
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	io.Copy(io.Discard, conn)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// download fetches without an end.
func download(l *lab, ctx context.Context, _ int) { l.load(ctx, 1<<30) }

// people load pages, call and watch.
func people(l *lab, ctx context.Context, i int) {
	switch i % 3 {
	case 0: // a page, and a look at it
		l.load(ctx, 400_000)
		pause(ctx, time.Duration(1+rand.IntN(4))*time.Second)
	case 1: // a call: 50 packets a second of 160 bytes, there and back
		conn, err := l.connect(ctx, "udp", literals[0]+":3478")
		if err != nil {
			pause(ctx, time.Second)
			return
		}
		defer conn.Close()
		b := make([]byte, 160)
		b[1] = 1
		for range 1500 {
			if ctx.Err() != nil {
				return
			}
			conn.Write(b)
			pause(ctx, 20*time.Millisecond)
		}
	default: // a film, a piece every few seconds
		l.load(ctx, 1_000_000)
		pause(ctx, time.Second)
	}
}

// watchQueue looks at the radio's queue from now on; what it gives says how long a packet
// waited in it between two times: at least, in the middle and at most.
func (l *lab) watchQueue() func(from, to time.Time) string {
	type look struct {
		at    time.Time
		waits time.Duration
	}
	var (
		mu    sync.Mutex // guards looks
		looks []look
	)
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			mu.Lock()
			looks = append(looks, look{time.Now(), l.radio.waits()})
			mu.Unlock()
			pause(ctx, 200*time.Millisecond)
		}
	})
	l.t.Cleanup(func() { stop(); watching.Wait() })
	return func(from, to time.Time) string {
		mu.Lock()
		defer mu.Unlock()
		var all []time.Duration
		for _, w := range looks {
			if w.at.After(from) && w.at.Before(to) {
				all = append(all, w.waits.Round(10*time.Millisecond))
			}
		}
		if len(all) == 0 {
			return "nobody knows how long"
		}
		slices.Sort(all)
		return fmt.Sprintf("%v to %v, %v in the middle", all[0], all[len(all)-1], all[len(all)/2])
	}
}

// Forty phones on an internet of 2 Mbit/s whose queue holds 4 s: it works and is full,
// and an outage inside is found.
func TestFortyPhonesFillTheInternetAndDoNotBreakIt(t *testing.T) {
	rates, lasts := []int64{2}, 2*time.Minute
	if soak {
		rates, lasts = []int64{2, 10, 40}, 20*time.Minute
	}
	if *megabits != "" {
		rates = nil
		for _, text := range strings.Split(*megabits, ",") {
			rate, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			rates = append(rates, rate)
		}
	}
	if *full != 0 {
		lasts = *full
	}
	for _, rate := range rates {
		t.Run(fmt.Sprintf("%d Mbit/s", rate), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.run(true)
			strict := soak || *megabits != "" // on a busy machine a process that stands still for seconds is a fault of its own
			var manager *peer
			if soak {
				manager = l.networkManager(l.beside("nm"), "eth0", shortest)
			}
			l.steady("ok")
			_, before, _ := l.verdict.now()
			l.radio.queue.Store(int64(4 * time.Second))
			l.radio.rate.Store(rate * 1_000_000)
			begun, spent := time.Now(), l.spent()
			waits := l.watchQueue()
			p := l.startPhones(40, people)
			time.Sleep(lasts)
			shown := l.verdict.since(before + 1)
			for _, s := range shown {
				t.Logf("%s after %v: a packet had waited for %s (%s)", s.verdict, s.at.Sub(begun).Round(100*time.Millisecond), waits(s.at.Add(-20*time.Second), s.at), s.state.ladder())
				if s.verdict == "no-internet" {
					t.Error("no internet, and it is only full")
				}
			}
			t.Logf("in all that time a packet waited for %s; probing took %d bytes a second", waits(begun, time.Now()), (l.spent()-spent)/int64(lasts.Seconds()))
			if strict && len(shown) > 1 {
				t.Errorf("%d changes of the verdict for one of the network", len(shown))
			}
			if s, _, _ := l.verdict.now(); rate == 2 && s.verdict != "congested" {
				t.Errorf("it is %s", s.verdict)
			}
			out := time.Now()
			l.radio.down.Store(true)
			if s, ok := l.verdict.await("no-internet", guard); ok {
				t.Logf("an outage inside was found after %v", s.at.Sub(out).Round(100*time.Millisecond))
				if strict && s.at.Sub(out) > 30*time.Second {
					t.Error("too late")
				}
			}
			if manager != nil {
				time.Sleep(time.Until(out.Add(3 * shortest * time.Second)))
				for _, s := range l.verdict.since(before + 1 + len(shown) + 1) {
					t.Errorf("then %s showed, %v after the outage", s.verdict, s.at.Sub(out).Round(100*time.Millisecond))
				}
				t.Logf("NetworkManager, which checks every %d s, beside it: %s", shortest, manager.tells(begun, out))
			}
			p.end()
			if all := l.recorded(); len(all) < 20 || len(all[0].E.Answers) == 0 {
				t.Errorf("%d times evidence was recorded", len(all))
			}
		})
	}
}

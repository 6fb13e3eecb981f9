package lab

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
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
			l.steady("ok")
			_, before, _ := l.verdict.now()
			l.radio.queue.Store(int64(4 * time.Second))
			l.radio.rate.Store(rate * 1_000_000)
			begun := time.Now()
			p := l.startPhones(40, people)
			time.Sleep(lasts)
			shown := l.verdict.since(before + 1)
			for _, s := range shown {
				t.Logf("%s after %v (%s)", s.verdict, s.at.Sub(begun).Round(100*time.Millisecond), s.state.ladder())
				if s.verdict == "no-internet" {
					t.Error("no internet, and it is only full")
				}
			}
			// On a busy machine a process that stands still for seconds is a fault of its own.
			if quiet := soak || *megabits != ""; quiet && len(shown) > 1 {
				t.Errorf("%d changes of the verdict for one of the network", len(shown))
			}
			if s, _, _ := l.verdict.now(); rate == 2 && s.verdict != "congested" {
				t.Errorf("it is %s", s.verdict)
			}
			out := time.Now()
			l.radio.down.Store(true)
			if s, ok := l.verdict.await("no-internet", guard); ok {
				t.Logf("an outage inside was found after %v", s.at.Sub(out).Round(100*time.Millisecond))
				if quiet := soak || *megabits != ""; quiet && s.at.Sub(out) > 30*time.Second {
					t.Error("too late")
				}
			}
			p.end()
		})
	}
}

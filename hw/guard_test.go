package hw

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestACallThatReturnsGivesItsResult(t *testing.T) {
	var g Guard
	v, err := Call(t.Context(), &g, time.Minute, func() (int, error) { return 7, nil }, nil)
	if v != 7 || err != nil {
		t.Fatalf("got %d, %v", v, err)
	}
	wrong := errors.New("wrong")
	if _, err := Call(t.Context(), &g, time.Minute, func() (int, error) { return 0, wrong }, nil); err != wrong {
		t.Fatalf("got %v, want the call's own error", err)
	}
}

func TestAHungCallIsLeftBehindAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		hang := make(chan struct{})
		var calls, dropped atomic.Int32
		var closed atomic.Bool
		f := func() (int32, error) { calls.Add(1); <-hang; return 5, nil }
		for range 10 {
			start := time.Now()
			_, err := Call(t.Context(), &g, time.Second, f, func(v int32) { dropped.Add(v) })
			if !errors.Is(err, ErrTimeout) || time.Since(start) != time.Second {
				t.Fatalf("got %v after %v, want ErrTimeout after 1s", err, time.Since(start))
			}
		}
		if n := calls.Load(); n != 1 {
			t.Fatalf("%d calls into a device that hangs, want 1", n)
		}
		g.Finally(time.Second, func() { closed.Store(true) })
		if closed.Load() {
			t.Fatal("freed while a call was under way")
		}
		close(hang)
		synctest.Wait()
		if !closed.Load() || dropped.Load() != 5 {
			t.Fatalf("after the call came back: closed %v, dropped %d; want true, 5", closed.Load(), dropped.Load())
		}
		if _, err := Call(t.Context(), &g, time.Second, f, nil); err != nil {
			t.Fatalf("after the call came back: %v", err)
		}
		g.Finally(time.Second, func() { closed.Store(false) })
		if closed.Load() {
			t.Fatal("Finally did not run at once though no call was under way")
		}
	})
}

func TestACancelledCallReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		ctx, cancel := context.WithCancel(t.Context())
		hang := make(chan struct{})
		time.AfterFunc(time.Second, cancel)
		_, err := Call(ctx, &g, time.Hour, func() (int, error) { <-hang; return 0, nil }, nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want Canceled", err)
		}
		close(hang)
	})
}

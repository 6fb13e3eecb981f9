package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// recorder gives a recorder on the disk, and what it says of its health.
func recorder(disk *storetest.Disk, retry time.Duration) (*Recorder, <-chan error) {
	health := make(chan error, 1000)
	return NewRecorder(RecorderOptions{
		Open:    func() (*Store, error) { return Open("/recorder", Options{Disk: disk}) },
		Durable: func(Status) {},
		Health:  func(err error) { health <- err },
		Retry:   retry,
	}), health
}

// Whoever waits for the last events before the power goes does not wait for a
// delay that has grown to a minute.
func TestFlushTriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(1)
		defer disk.Close()
		r, health := recorder(disk, 20*time.Second)
		disk.SetQuota(1)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		r.Record([]logbook.Event{event(1)})
		if err := <-health; !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("health: %v", err)
		}
		synctest.Wait()
		disk.SetQuota(0)
		begun := time.Now()
		if err := r.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("flushed after %v", waited)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

// A card whose syncs do not return is said to be stuck, holds up nobody who
// records, and the end by 5 s at most.
func TestACardThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(1)
		defer disk.Close()
		r, health := recorder(disk, time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		if err := <-health; err != nil {
			t.Fatal(err)
		}

		release := disk.Hang()
		r.Record([]logbook.Event{event(1)})
		if err := <-health; !errors.Is(err, hw.ErrTimeout) {
			t.Errorf("health: %v", err)
		}
		r.Record([]logbook.Event{event(2)})
		release()
		if err := <-health; err != nil {
			t.Errorf("health after it came back: %v", err)
		}
		if err := r.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if events := all(t, r.Store()); len(events) != 2 {
			t.Errorf("%d events", len(events))
		}

		release = disk.Hang()
		r.Record([]logbook.Event{event(3)})
		synctest.Wait()
		begun := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, hw.ErrTimeout) {
			t.Errorf("ended with %v", err)
		}
		if waited := time.Since(begun); waited > lastWait {
			t.Errorf("ended after %v", waited)
		}
		release()
		synctest.Wait() // until what was left behind has ended
	})
}

func TestNobodyElseCanReadTheFiles(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append([]logbook.Event{event(1)}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"infobus/hw/epaper"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/kiosk/ink"
	"infobus/van"
	"infobus/van/kept"
)

// screen draws pages and puts them on the panel.
type screen struct {
	open    func() (*epaper.Panel, error)
	decoded func() (frame []byte, drawn bool) // what a model decoded from the bus; nil on a real panel
	observe func(any)
	file    string // the last page, for who asks after a restart
	patient bool   // --van-times

	due chan van.Draw

	mu  sync.Mutex // guards png
	png []byte     // what the panel's bus was told last; nil for nothing
}

func newScreen(a *appliance) *screen {
	s := &screen{open: a.parts.panel, observe: a.observe, due: make(chan van.Draw, 1), patient: a.flags.vanTimes, file: filepath.Join(a.flags.stateDir, "screen.png")}
	if w := a.parts.world; w != nil && a.simulates("panel") {
		s.decoded = func() ([]byte, bool) { return w.Panel.Picture(), w.Panel.Refreshes() > 0 }
	} else if b, err := os.ReadFile(s.file); err == nil {
		s.png = b
	}
	return s
}

func (a *appliance) simulates(name string) bool {
	for _, m := range a.flags.sim {
		if m == name {
			return true
		}
	}
	return false
}

// draw asks for a page. The state asks for one at a time; should one still
// wait, it is out of date.
func (s *screen) draw(d van.Draw) {
	select {
	case <-s.due:
	default:
	}
	s.due <- d
}

// run has the panel for itself until ctx is done or the panel fails.
func (s *screen) run(ctx context.Context, alive func()) (err error) {
	panel, err := s.open()
	if err != nil {
		s.refuse()
		return err
	}
	defer func() { err = errors.Join(err, panel.Close()) }()
	// A process that was killed may have left it powered: that is put right even
	// if this one is to end as well.
	if err := panel.Sleep(context.WithoutCancel(ctx)); err != nil {
		s.refuse()
		return err
	}
	alive()
	// A model is looked at every few seconds, so that one that is unplugged is
	// seen. A real panel is not: how long its BUSY stays low after power-on was
	// never measured, and waking it wears it. There the next refresh tells.
	var look <-chan time.Time
	if s.decoded != nil && !s.patient {
		tick := time.NewTicker(3 * time.Second)
		defer tick.Stop()
		look = tick.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look:
			if err := panel.Check(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("look for the panel: %w", err)
			}
		case d := <-s.due:
			begun := time.Now()
			var frame *ink.Frame
			err := panel.FullFrom(ctx, func() (b []byte, err error) {
				if frame, err = draw.Draw(d.Page); err != nil {
					return nil, err
				}
				draw.Forget()
				return frame[:], nil
			})
			done := kiosk.Full
			if err != nil {
				done = ""
			}
			s.observe(van.Drawn{Page: d.Page, Cause: d.Cause, Waveform: done, Took: time.Since(begun), Err: err != nil})
			if err != nil {
				return fmt.Errorf("draw %s: %w", d.Page.Name, err)
			}
			s.drawn(frame)
			alive()
		}
	}
}

// refuse answers a page that waits for a panel that is not there.
func (s *screen) refuse() {
	select {
	case d := <-s.due:
		s.observe(van.Drawn{Page: d.Page, Cause: d.Cause, Err: true})
	default:
	}
}

func (s *screen) drawn(frame *ink.Frame) {
	if s.decoded != nil {
		return
	}
	var b bytes.Buffer
	if err := frame.PNG(&b); err != nil {
		return
	}
	s.mu.Lock()
	s.png = b.Bytes()
	s.mu.Unlock()
	// For the picture after a restart only: not worth a sync.
	if err := os.WriteFile(s.file, b.Bytes(), 0o600); err != nil {
		slog.Warn("the picture of the screen was not kept", "why", err)
	}
}

// picture is what the panel's bus was told.
func (s *screen) picture() ([]byte, bool) {
	if s.decoded == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.png, s.png != nil
	}
	raw, drawn := s.decoded()
	if !drawn {
		return nil, false
	}
	frame, err := ink.FromBytes(raw)
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	err = frame.PNG(&b)
	return b.Bytes(), err == nil
}

// keeper saves what must outlive a power cut.
type keeper struct {
	dir     string
	observe func(any)
	due     chan struct{} // a token: latest is to be saved
	last    error         // of loading, said once it is supervised

	mu     sync.Mutex // guards latest
	latest van.Kept
}

func newKeeper(dir string, observe func(any)) *keeper {
	return &keeper{dir: dir, observe: observe, due: make(chan struct{}, 1)}
}

// load is the daemon's first observation.
func (k *keeper) load() van.Started {
	restored, ok, err := kept.Load(k.dir)
	k.last = err
	return van.Started{Kept: restored, Restored: ok}
}

func (k *keeper) keep(v van.Kept) {
	k.mu.Lock()
	k.latest = v
	k.mu.Unlock()
	token(k.due)
}

// run saves until ctx is done.
func (k *keeper) run(ctx context.Context, alive func()) error {
	if err := k.last; err != nil {
		k.last = nil
		return err
	}
	for {
		select {
		case <-k.due:
			k.mu.Lock()
			latest := k.latest
			k.mu.Unlock()
			if err := kept.Save(k.dir, latest); err != nil {
				token(k.due) // this one, or a newer, when tried again
				return err
			}
			alive()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// finish saves once more, when nothing changes any more.
func (k *keeper) finish(v van.Kept) {
	if err := kept.Save(k.dir, v); err != nil {
		slog.Error("what must outlive a power cut was not kept", "why", err)
	}
}

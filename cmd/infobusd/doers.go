package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"infobus/hw"
	"infobus/hw/epaper"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/kiosk/ink"
	"infobus/reading/clock"
	"infobus/van"
	"infobus/van/kept"
)

// screen draws pages and puts them on the panel.
type screen struct {
	open    func() (*epaper.Panel, error)
	decoded func() (frame []byte, drawn bool) // what a model decoded from the bus; nil on a real panel
	observe func(any)
	file    glassFile
	card    hw.Guard // of the file
	boot    string
	patient bool   // --van-times
	known   []byte // what is certain to be on the glass; run's own. nil: nothing

	due   chan kiosk.Draw
	asked chan chan error // whether the panel answers

	mu    sync.Mutex // guards frame
	frame []byte     // what the panel's bus was told last; nil for nothing
}

func newScreen(a *appliance) *screen {
	s := &screen{open: a.parts.panel, observe: a.observe, due: make(chan kiosk.Draw, 1), asked: make(chan chan error), patient: a.flags.vanTimes,
		file: glassFile(filepath.Join(a.flags.stateDir, "glass")), boot: clock.NewSystem().Now().Boot}
	if w := a.parts.world; w != nil && a.simulates("panel") {
		s.decoded = func() ([]byte, bool) { return w.Panel.Picture(), w.Panel.Refreshes() > 0 }
		return s
	}
	frame, boot := s.file.load()
	if s.frame = frame; boot == s.boot {
		s.known = frame
	}
	return s
}

// certain says whether what stands on the glass was put there in this boot, and
// nothing was begun since. After a power cut nothing is certain.
func (s *screen) certain() bool { return s.known != nil }

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
func (s *screen) draw(d kiosk.Draw) {
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
	panel.SetGlass(s.known)
	defer func() { s.known = panel.Glass() }()
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
		case answer := <-s.asked:
			err := panel.Check(ctx)
			if answer <- err; err != nil && ctx.Err() == nil {
				return fmt.Errorf("look for the panel: %w", err)
			}
			alive()
		case d := <-s.due:
			if err := s.show(ctx, panel, d); err != nil {
				return fmt.Errorf("draw %s: %w", d.Page.Name, err)
			}
			alive()
		}
	}
}

// check wakes the panel, sees that it answers, and lets it sleep again; the page stays.
// A refresh that is under way is waited for.
func (s *screen) check(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case s.asked <- answer:
	case <-ctx.Done():
		return hw.ErrTimeout
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return hw.ErrTimeout
	}
}

// show draws a page and puts it on the panel, unless it is there already.
func (s *screen) show(ctx context.Context, panel *epaper.Panel, d kiosk.Draw) error {
	if d.Afresh {
		panel.SetGlass(nil)
	}
	begun := time.Now()
	wave := epaper.Full
	switch d.Waveform {
	case kiosk.Fast:
		wave = epaper.Fast
	case kiosk.Partial:
		wave = epaper.Partial
	}
	done, err := panel.Show(ctx, func() ([]byte, error) {
		frame, err := draw.Draw(d.Page)
		if err != nil {
			return nil, err
		}
		draw.Forget()
		if s.decoded == nil {
			s.card.Finally(patienceFor(d), s.file.forget) // from here on a power cut leaves neither page
		}
		return frame[:], nil
	}, wave)
	drawn := kiosk.Drawn{Page: d.Page, Cause: d.Cause, Took: time.Since(begun), Err: err != nil}
	if done != epaper.None {
		drawn.Waveform = kiosk.Waveform(done.String())
	}
	s.observe(drawn)
	if glass := panel.Glass(); s.decoded == nil {
		s.mu.Lock()
		s.frame = glass
		s.mu.Unlock()
		if err := s.keep(patienceFor(d), glass); err != nil {
			slog.Warn("what is on the screen was not kept", "why", err)
		}
	}
	return err
}

// keep has the glass kept, or gives up after a while. Even at the end it is tried.
func (s *screen) keep(limit time.Duration, glass []byte) error {
	_, err := hw.Call(context.Background(), &s.card, limit, func() (struct{}, error) {
		return struct{}{}, s.file.keep(s.boot, glass)
	}, nil)
	return err
}

// refuse answers a page that waits for a panel that is not there.
func (s *screen) refuse() {
	select {
	case d := <-s.due:
		s.observe(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Err: true})
	default:
	}
}

// picture is what the panel's bus was told.
func (s *screen) picture() ([]byte, bool) {
	s.mu.Lock()
	raw := s.frame
	s.mu.Unlock()
	if s.decoded != nil {
		frame, drawn := s.decoded()
		if raw = frame; !drawn {
			return nil, false
		}
	}
	frame, err := ink.FromBytes(raw)
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	err = frame.PNG(&b)
	return b.Bytes(), err == nil
}

// glassFile holds the frame that is on the glass, for a later process: a line
// with the boot in which it was shown and its checksum, and the frame. It is
// away while a refresh is under way, so that one that was cut off claims nothing.
type glassFile string

// patience is how long the card may take to forget a page that is to be replaced, or
// to take one: a dead card keeps no page from being shown.
const patience = 2 * time.Second

// patienceFor is the same for one page: the last is part of a power-off.
func patienceFor(d kiosk.Draw) time.Duration {
	if d.Cause == kiosk.Shutdown {
		return cardPage
	}
	return patience
}

// load gives the frame, and the boot in which it was shown; nil if there is none.
func (f glassFile) load() (frame []byte, boot string) {
	b, err := os.ReadFile(string(f))
	if err != nil || len(b) < epaper.FrameSize {
		return nil, ""
	}
	head, frame := b[:len(b)-epaper.FrameSize], b[len(b)-epaper.FrameSize:]
	var sum uint32
	if n, err := fmt.Sscanf(string(head), "%s %08x\n", &boot, &sum); n != 2 || err != nil || sum != crc32.ChecksumIEEE(frame) {
		return nil, ""
	}
	return frame, boot
}

// forget removes the file for good.
func (f glassFile) forget() {
	if os.Remove(string(f)) != nil {
		return // there was none
	}
	if d, err := os.Open(filepath.Dir(string(f))); err == nil {
		d.Sync()
		d.Close()
	}
}

// keep writes the file, or leaves it away where the frame is not known. It is
// not worth a sync: in this boot it is read back as it is, and in a later one
// it is for the picture only.
func (f glassFile) keep(boot string, frame []byte) error {
	if frame == nil {
		return nil
	}
	b := fmt.Appendf(nil, "%s %08x\n", boot, crc32.ChecksumIEEE(frame))
	if err := os.WriteFile(string(f)+".new", append(b, frame...), 0o600); err != nil {
		return err
	}
	return os.Rename(string(f)+".new", string(f))
}

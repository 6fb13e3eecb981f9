// Package glass is the doer of kiosk.Draw: it draws the page, puts it on the
// panel, answers with kiosk.Drawn, and keeps what stands on the glass for a later
// process.
package glass

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"infobus/durable"
	"infobus/hw"
	"infobus/hw/epaper"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/kiosk/ink"
)

// Options are those of New.
type Options struct {
	Open    func() (*epaper.Panel, error)
	Decoded func() (frame []byte, drawn bool) // what a model decoded from the bus; nil on a real panel
	// Look has the panel looked at every few seconds, so that a model that is
	// unplugged is seen. A real one is not: how long its BUSY stays low after
	// power-on was never measured, and waking it wears it. The next refresh tells.
	Look    bool
	Observe func(any) // takes kiosk.Drawn

	Disk durable.Disk
	Dir  string // state directory
	Boot string // id of this boot
	// LastPage is how long the card may take to forget what was on the glass before
	// the last page, and again to keep that: it is a part of a power-off.
	LastPage time.Duration
}

// Screen is the panel with its pages. Make it with New.
type Screen struct {
	Options
	file  *file    // of whoever has card; nil on a model
	card  hw.Guard // of the file
	known []byte   // what is certain to be on the glass; Run's own. nil: nothing

	due   chan kiosk.Draw
	asked chan chan error // whether the panel answers

	mu       sync.Mutex // guards those below
	frame    []byte     // what the panel's bus was told last; nil for nothing
	png      []byte     // of pictured; nil for none
	pictured []byte
}

// New reads what was kept. What a model shows is not: it forgets with the process.
func New(o Options) *Screen {
	s := &Screen{Options: o, due: make(chan kiosk.Draw, 1), asked: make(chan chan error)}
	if s.Decoded != nil {
		return s
	}
	f, frame, boot, err := open(o.Disk, o.Dir)
	if err != nil {
		slog.Warn("what was kept of the screen is damaged", "why", err)
	}
	if s.file, s.frame = f, frame; boot == o.Boot && err == nil {
		s.known = frame
	}
	return s
}

// Certain says whether what stands on the glass was put there in this boot, and
// nothing was begun since. After a power cut nothing is certain.
func (s *Screen) Certain() bool { return s.known != nil }

// Draw asks for a page, and does not wait. The state asks for one at a time; should one still
// wait, it is out of date.
func (s *Screen) Draw(d kiosk.Draw) {
	select {
	case <-s.due:
	default:
	}
	s.due <- d
}

// Run has the panel for itself until ctx is done or the panel fails.
func (s *Screen) Run(ctx context.Context, alive func()) (err error) {
	panel, err := s.Open()
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
	var look <-chan time.Time
	if s.Look {
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

// Check wakes the panel, sees that it answers, and lets it sleep again; the page stays.
// A refresh that is under way is waited for.
func (s *Screen) Check(ctx context.Context) error {
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
func (s *Screen) show(ctx context.Context, panel *epaper.Panel, d kiosk.Draw) error {
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
		if s.Decoded == nil {
			s.card.Finally(s.patienceFor(d), func() { // from here on a power cut leaves neither page
				forget := s.file.forget
				if d.Page.Bare() {
					forget = s.file.wipe
				}
				if err := forget(); err != nil {
					slog.Warn("that the page on the screen is to be replaced was not kept", "why", err)
				}
			})
		}
		return frame[:], nil
	}, wave)
	drawn := kiosk.Drawn{Page: d.Page, Cause: d.Cause, Took: time.Since(begun), Err: err != nil}
	if done != epaper.None {
		drawn.Waveform = kiosk.Waveform(done.String())
	}
	glass := panel.Glass()
	if s.Decoded == nil { // before it is said that the page stands there
		s.mu.Lock()
		s.frame = glass
		s.mu.Unlock()
	}
	s.Observe(drawn)
	if s.Decoded == nil {
		if err := s.keep(s.patienceFor(d), glass); err != nil {
			slog.Warn("what is on the screen was not kept", "why", err)
		}
	}
	return err
}

// keep has the glass kept, or gives up after a while. Even at the end it is tried.
func (s *Screen) keep(limit time.Duration, glass []byte) error {
	_, err := hw.Call(context.Background(), &s.card, limit, func() (struct{}, error) {
		return struct{}{}, s.file.keep(s.Boot, glass)
	}, nil)
	return err
}

// refuse answers a page that waits for a panel that is not there.
func (s *Screen) refuse() {
	select {
	case d := <-s.due:
		if d.Page.Bare() && s.file != nil { // the panel keeps its page; the card need not
			s.card.Finally(patience, func() {
				if err := s.file.wipe(); err != nil {
					slog.Warn("what was on the screen is still kept", "why", err)
				}
			})
		}
		s.Observe(kiosk.Drawn{Page: d.Page, Cause: d.Cause, Err: true})
	default:
	}
}

// Picture is what the panel's bus was told, as a PNG that is made once for each frame; ok
// is false where nothing is known of it. Nobody may change it.
func (s *Screen) Picture() (png []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw := s.frame
	if s.Decoded != nil {
		frame, drawn := s.Decoded()
		if raw = frame; !drawn {
			return nil, false
		}
	}
	if s.png != nil && bytes.Equal(raw, s.pictured) {
		return s.png, true
	}
	frame, err := ink.FromBytes(raw)
	if err != nil {
		return nil, false
	}
	var b bytes.Buffer
	if frame.PNG(&b) != nil {
		return nil, false
	}
	s.png, s.pictured = b.Bytes(), bytes.Clone(raw)
	return s.png, true
}

// patience is how long the card may take to forget a page that is to be replaced, or
// to take one: a dead card keeps no page from being shown.
const patience = 2 * time.Second

// patienceFor is the same for one page.
func (s *Screen) patienceFor(d kiosk.Draw) time.Duration {
	if d.Cause == kiosk.Shutdown {
		return s.LastPage
	}
	return patience
}

package glass

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"infobus/durable"
	"infobus/examples"
	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/timetable"
	"infobus/timetable/source"
)

// twoPages are a page of the example's, and the same with its second row cancelled.
func twoPages(t testing.TB) (page, other kiosk.Page) {
	t.Helper()
	tt, err := source.Parse("timetable.yaml", examples.Timetable, draw.Check)
	if err != nil {
		t.Fatal(err)
	}
	page = kiosk.DefaultOptions().Pages(kiosk.Today, kiosk.Content{Timetable: tt, Site: tt.Sites[0].ID,
		Now: time.Date(2026, 11, 23, 10, 5, 0, 0, tt.Zone)})[0]
	other = page
	other.Rows = slices.Clone(page.Rows)
	other.Rows[1].State = timetable.Cancelled
	return page, other
}

// What the screen's doer does with the pages that the state wants.
func TestTheScreenKnowsWhatStandsOnTheGlass(t *testing.T) {
	chip := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
	page, other := twoPages(t)
	dir := t.TempDir()
	process := func(boot string) *Screen {
		return New(Options{Open: func() (*epaper.Panel, error) { return chip.Open(nil) }, Disk: durable.System, Dir: dir, Boot: boot})
	}
	// show is one life of the part that drives the panel.
	show := func(s *Screen, p kiosk.Page, cause kiosk.Cause, wave kiosk.Waveform) (drawn kiosk.Drawn) {
		t.Helper()
		ctx, end := context.WithCancel(t.Context())
		s.Observe = func(v any) { drawn = v.(kiosk.Drawn); end() }
		s.Draw(kiosk.Draw{Page: p, Cause: cause, Waveform: wave, Afresh: cause == kiosk.Day})
		s.Run(ctx, func() {})
		return drawn
	}
	s := process("one")
	for _, c := range []struct {
		what  string
		begin func()
		page  kiosk.Page
		cause kiosk.Cause
		asked kiosk.Waveform
		done  kiosk.Waveform
	}{
		{"the first page", nil, page, kiosk.Changed, kiosk.Partial, kiosk.Full},
		{"the same again", nil, page, kiosk.Changed, kiosk.Full, ""},
		{"the same after a day", nil, page, kiosk.Day, kiosk.Full, kiosk.Full},
		{"a row that changed", nil, other, kiosk.Changed, kiosk.Partial, kiosk.Partial},
		{"a press", nil, page, kiosk.Button, kiosk.Fast, kiosk.Fast},
		{"the same by a process that is started again", func() { s = process("one") }, page, kiosk.Changed, kiosk.Partial, ""},
		{"a change by the same", nil, other, kiosk.Changed, kiosk.Partial, kiosk.Partial},
		{"the same after a power cut", func() { s = process("two") }, other, kiosk.Changed, kiosk.Partial, kiosk.Full},
		{"the same after a refresh that was cut", func() { s.file.forget(); s = process("two") }, other, kiosk.Changed, kiosk.Partial, kiosk.Full},
		{"the same with a damaged file", func() { damage(t, filepath.Join(dir, name)); s = process("two") }, other, kiosk.Changed, kiosk.Partial, kiosk.Full},
	} {
		if c.begin != nil {
			c.begin()
		}
		drawn := show(s, c.page, c.cause, c.asked)
		if drawn.Waveform != c.done || drawn.Err || drawn.Cause != c.cause {
			t.Errorf("%s: %+v, want %q", c.what, drawn, c.done)
		}
		frame, err := draw.Draw(c.page)
		if err != nil || !bytes.Equal(chip.Picture(), frame[:]) || !bytes.Equal(s.frame, frame[:]) || !s.Certain() {
			t.Errorf("%s: the glass shows another page, or it is not known", c.what)
		}
		if _, ok := s.Picture(); !ok {
			t.Errorf("%s: no picture", c.what)
		}
	}
	if v := chip.Violations(); v != nil {
		t.Errorf("violations: %q", v)
	}
}

func damage(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b { // both copies
		b[i] ^= 1
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkBytes counts what a refresh puts on the panel's bus: a page in full,
// and the same page with one row changed.
func BenchmarkBytes(b *testing.B) {
	page, other := twoPages(b)
	chip := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
	panel, err := chip.Open(nil)
	if err != nil {
		b.Fatal(err)
	}
	show := func(p kiosk.Page, wave epaper.Waveform) (sent int) {
		done, err := panel.Show(b.Context(), func() ([]byte, error) {
			frame, err := draw.Draw(p)
			if err != nil {
				return nil, err
			}
			return frame[:], nil
		}, wave)
		if err != nil || done != wave {
			b.Fatalf("%s: %v", done, err)
		}
		for _, c := range chip.Log() {
			sent += 1 + len(c.Data)
		}
		return sent
	}
	full, fast, partial := 0, 0, 0
	for range b.N {
		full = show(page, epaper.Full)
		partial = show(other, epaper.Partial)
		fast = show(page, epaper.Fast)
	}
	history := chip.History()
	window := history[len(history)-2].Window
	fmt.Printf("\nbytes on the panel's bus: a full refresh %d, a fast one %d, one row changed (window %d x %d) %d: %.1f %% of the full one\n",
		full, fast, window.Dx(), window.Dy(), partial, 100*float64(partial)/float64(full))
}

package epaper_test

import (
	"bytes"
	"errors"
	"image"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
)

// show shows a frame, and says with which waveform it was done.
func show(t *testing.T, p *epaper.Panel, frame []byte, wave epaper.Waveform) epaper.Waveform {
	t.Helper()
	done, err := p.Show(t.Context(), func() ([]byte, error) { return frame, nil }, wave)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// touched is a frame of which the pixels of a rectangle are the opposite.
func touched(frame []byte, r image.Rectangle) []byte {
	f := bytes.Clone(frame)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			f[(y*epaper.Width+x)/8] ^= 0x80 >> (x % 8)
		}
	}
	return f
}

func TestAPartialRefreshSendsWhatChangedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p := open(t, c)
		before := page(1)
		show(t, p, before, epaper.Full)
		after := touched(before, image.Rect(301, 100, 318, 102)) // bytes 37 to 39, rows 100 and 101
		if done := show(t, p, after, epaper.Partial); done != epaper.Partial || !bytes.Equal(c.Picture(), after) {
			t.Fatalf("done with %s", done)
		}
		row := func(frame []byte, y int) []byte { return frame[y*100+37:][:3] }
		want := []epapertest.Command{
			{Code: 0x06, Data: []byte{0x17, 0x17, 0x28, 0x17}},
			{Code: 0x01, Data: []byte{0x07, 0x07, 0x28, 0x17}},
			{Code: 0x04},
			{Code: 0x00, Data: []byte{0x1F}},
			{Code: 0x61, Data: []byte{0x03, 0x20, 0x01, 0xE0}},
			{Code: 0x15, Data: []byte{0x00}},
			{Code: 0x50, Data: []byte{0x10, 0x07}},
			{Code: 0x60, Data: []byte{0x22}},
			{Code: 0xE0, Data: []byte{0x02}},
			{Code: 0xE5, Data: []byte{0x6E}},
			{Code: 0x50, Data: []byte{0xA9, 0x07}},
			{Code: 0x91},
			{Code: 0x90, Data: []byte{0x01, 0x28, 0x01, 0x3F, 0x00, 0x64, 0x00, 0x65, 0x01}}, // 296 to 319, 100 to 101
			{Code: 0x10, Data: append(row(before, 100), row(before, 101)...)},
			{Code: 0x13, Data: append(row(after, 100), row(after, 101)...)},
			{Code: 0x12},
			{Code: 0x92},
			{Code: 0x50, Data: []byte{0xF7}},
			{Code: 0x02},
			{Code: 0x07, Data: []byte{0xA5}},
		}
		compare(t, c.Log(), want)
		atRest(t, c)
	})
}

func TestAFastRefreshChoosesItsWaveformAndDrivesEveryPixel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p := open(t, c)
		show(t, p, page(1), epaper.Full)
		if done := show(t, p, page(2), epaper.Fast); done != epaper.Fast || !bytes.Equal(c.Picture(), page(2)) {
			t.Fatalf("done with %s", done)
		}
		complement := bytes.Clone(page(2))
		for i := range complement {
			complement[i] ^= 0xFF
		}
		compare(t, c.Log()[8:], []epapertest.Command{
			{Code: 0x06, Data: []byte{0x27, 0x27, 0x18, 0x17}},
			{Code: 0xE0, Data: []byte{0x02}},
			{Code: 0xE5, Data: []byte{0x5A}},
			{Code: 0x10, Data: page(2)},
			{Code: 0x13, Data: complement},
			{Code: 0x12},
			{Code: 0x50, Data: []byte{0xF7}},
			{Code: 0x02},
			{Code: 0x07, Data: []byte{0xA5}},
		})
		atRest(t, c)
	})
}

func compare(t *testing.T, got, want []epapertest.Command) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i].Code != want[i].Code || !bytes.Equal(got[i].Data, want[i].Data) {
			t.Fatalf("command %d differs; %d commands, want %d", i, len(got), len(want))
		}
	}
}

func TestWindowsAtTheEdges(t *testing.T) {
	for _, r := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(799, 479, 800, 480), image.Rect(0, 479, 800, 480),
		image.Rect(7, 0, 8, 480), image.Rect(8, 255, 9, 257), image.Rect(255, 10, 257, 11), image.Rect(0, 0, 800, 480)} {
		t.Run(r.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
				p := open(t, c)
				show(t, p, page(1), epaper.Full)
				after := touched(page(1), r)
				show(t, p, after, epaper.Partial)
				want := image.Rect(r.Min.X&^7, r.Min.Y, (r.Max.X+7)&^7, r.Max.Y)
				if h := c.History(); !bytes.Equal(c.Picture(), after) || h[1].Window != want || h[1].Waveform != epaper.Partial {
					t.Errorf("window %v, want %v", h[1].Window, want)
				}
				atRest(t, c)
			})
		})
	}
}

func TestWhatStandsThereIsNotShownAgainAndWhatIsUnknownIsShownInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p := open(t, c)
		for _, s := range []struct {
			what     string
			before   func()
			frame    []byte
			ask, got epaper.Waveform
		}{
			{"at first", nil, page(1), epaper.Partial, epaper.Full},
			{"the same", nil, page(1), epaper.Full, epaper.None},
			{"another", nil, page(2), epaper.Partial, epaper.Partial},
			{"a third", nil, page(1), epaper.Fast, epaper.Fast},
			{"the same, known no longer", func() { p.SetGlass(nil) }, page(1), epaper.Fast, epaper.Full},
			{"by the next owner", func() { p.Close(); p = open(t, c) }, page(1), epaper.Partial, epaper.Full},
			{"by one who was told", func() { p.Close(); p = open(t, c); p.SetGlass(page(1)) }, page(2), epaper.Partial, epaper.Partial},
			{"by one who was told nonsense", func() { p.Close(); p = open(t, c); p.SetGlass(page(1)[1:]) }, page(3), epaper.Partial, epaper.Full},
		} {
			if s.before != nil {
				s.before()
			}
			if done := show(t, p, s.frame, s.ask); done != s.got || !bytes.Equal(c.Picture(), s.frame) || !bytes.Equal(p.Glass(), s.frame) {
				t.Errorf("%s: asked for %s, done with %s, want %s", s.what, s.ask, done, s.got)
			}
			atRest(t, c)
		}
	})
}

func TestAfterARefreshThatFailedTheGlassIsUnknown(t *testing.T) {
	for fault, want := range map[epapertest.Fault]error{epapertest.Stuck: hw.ErrTimeout, epapertest.Absent: hw.ErrAbsent} {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := epapertest.New()
				p := open(t, c)
				show(t, p, page(1), epaper.Full)
				time.AfterFunc(time.Second, func() { c.SetFault(fault) })
				done, err := p.Show(t.Context(), func() ([]byte, error) { return page(2), nil }, epaper.Partial)
				if done != epaper.Partial || !errors.Is(err, want) || p.Glass() != nil {
					t.Fatalf("%s, %v, known %v", done, err, p.Glass() != nil)
				}
				c.SetFault(epapertest.OK)
				if done := show(t, p, page(2), epaper.Partial); done != epaper.Full || !bytes.Equal(c.Picture(), page(2)) {
					t.Errorf("mended: done with %s", done)
				}
				atRest(t, c)
			})
		})
	}
}

func TestARefreshThatBeganBeforeTheProcessWasKilledIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		g := &gate{UC8179: c}
		killed := g.open(t)
		go killed.Show(t.Context(), func() ([]byte, error) { return page(1), nil }, epaper.Full)
		time.Sleep(2 * time.Second)
		g.dead.Store(true)
		if !c.Powered() {
			t.Fatal("it was not left powered")
		}
		if err := open(t, c).Sleep(t.Context()); err != nil || !bytes.Equal(c.Picture(), page(1)) {
			t.Fatalf("taken over: %v", err)
		}
		atRest(t, c)
	})
}

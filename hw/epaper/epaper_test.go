package epaper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"infobus/hw"
	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
)

// page is a frame without symmetry.
func page(seed byte) []byte {
	r := rand.New(rand.NewChaCha8([32]byte{seed}))
	frame := make([]byte, epaper.FrameSize)
	for i := range frame {
		frame[i] = byte(r.Uint32())
	}
	return frame
}

func open(t *testing.T, c *epapertest.UC8179) *epaper.Panel {
	t.Helper()
	p, err := c.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// full shows a frame with a full refresh.
func full(ctx context.Context, p *epaper.Panel, frame []byte) error {
	_, err := p.Show(ctx, func() ([]byte, error) { return frame, nil }, epaper.Full)
	return err
}

// atRest asserts what must hold whenever no call is under way.
func atRest(t *testing.T, c *epapertest.UC8179) {
	t.Helper()
	if c.Powered() || !c.Asleep() {
		t.Errorf("at rest: powered %v, asleep %v", c.Powered(), c.Asleep())
	}
	if v := c.Violations(); v != nil {
		t.Errorf("violations: %q", v)
	}
}

func TestFullSendsTheseBytesAndNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		frame := page(1)
		if err := full(t.Context(), open(t, c), frame); err != nil {
			t.Fatal(err)
		}
		complement := make([]byte, len(frame))
		for i, b := range frame {
			complement[i] = ^b
		}
		want := []epapertest.Command{
			{Code: 0x06, Data: []byte{0x17, 0x17, 0x28, 0x17}},
			{Code: 0x01, Data: []byte{0x07, 0x07, 0x28, 0x17}},
			{Code: 0x04},
			{Code: 0x00, Data: []byte{0x1F}},
			{Code: 0x61, Data: []byte{0x03, 0x20, 0x01, 0xE0}},
			{Code: 0x15, Data: []byte{0x00}},
			{Code: 0x50, Data: []byte{0x10, 0x07}},
			{Code: 0x60, Data: []byte{0x22}},
			{Code: 0x10, Data: frame},
			{Code: 0x13, Data: complement},
			{Code: 0x12},
			{Code: 0x50, Data: []byte{0xF7}},
			{Code: 0x02},
			{Code: 0x07, Data: []byte{0xA5}},
		}
		got := c.Log()
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i].Code != want[i].Code || !bytes.Equal(got[i].Data, want[i].Data) {
				t.Fatalf("command %d differs; %d commands, want %d", i, len(got), len(want))
			}
		}
		atRest(t, c)
	})
}

func TestTheGlassShowsTheFrame(t *testing.T) {
	for name, busy := range map[string]epapertest.Busy{"realistic": epapertest.Realistic, "in no time": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := epapertest.New(epapertest.WithBusy(busy))
				p := open(t, c)
				for i := range 3 {
					if err := full(t.Context(), p, page(byte(i))); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(c.Picture(), page(byte(i))) || c.Refreshes() != i+1 {
						t.Fatalf("refresh %d (%d counted) shows another picture", i+1, c.Refreshes())
					}
					atRest(t, c)
				}
			})
		})
	}
	frame := make([]byte, epaper.FrameSize)
	frame[1] = 0x40 // the one white pixel is the tenth of the first row
	c := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
	if err := full(t.Context(), open(t, c), frame); err != nil {
		t.Fatal(err)
	}
	glass := c.Glass()
	if glass.GrayAt(9, 0).Y != 255 || glass.GrayAt(8, 0).Y != 0 || glass.GrayAt(9, 1).Y != 0 {
		t.Fatal("the pixel is elsewhere")
	}
}

// spy stands between driver and model: it sees transfers, breaks them, and
// takes the place of BUSY.
type spy struct {
	*epapertest.UC8179
	limit  int                // MaxTxSize; 0: the model's
	before func(n int) error  // called before transfer n, from 0
	count  atomic.Int32       // transfers begun
	sizes  func(transfer int) // told each length
}

type spyConn struct {
	spi.Conn
	s *spy
}

func (s *spy) Connect(f physic.Frequency, m spi.Mode, bits int) (spi.Conn, error) {
	c, err := s.UC8179.Connect(f, m, bits)
	return spyConn{c, s}, err
}

func (c spyConn) MaxTxSize() int {
	if c.s.limit != 0 {
		return c.s.limit
	}
	return 4096
}

func (c spyConn) Tx(w, r []byte) error {
	n := int(c.s.count.Add(1)) - 1
	if c.s.sizes != nil {
		c.s.sizes(len(w))
	}
	if c.s.before != nil {
		if err := c.s.before(n); err != nil {
			return err
		}
	}
	return c.Conn.Tx(w, r)
}

func (s *spy) open(t *testing.T) *epaper.Panel {
	t.Helper()
	p, err := epaper.New(s, s.DC, s.RST, s.BUSY, s.PWR, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheFirstByteFollowsTheResetAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first time.Time
		s := &spy{UC8179: epapertest.New()}
		s.before = func(n int) error {
			if n == 0 {
				first = time.Now()
			}
			return nil
		}
		p := s.open(t)
		time.Sleep(time.Second)
		for i := range 2 {
			s.count.Store(0)
			start := time.Now()
			if err := full(t.Context(), p, page(1)); err != nil {
				t.Fatal(err)
			}
			if d := first.Sub(start); d != 22*time.Millisecond {
				t.Fatalf("refresh %d: first byte after %v, want the reset's 22ms", i, d)
			}
		}
		if s.FirstByteAt() == 0 {
			t.Fatal("the model did not note the first byte")
		}
		atRest(t, s.UC8179)
	})
}

func TestTransfersAreNoLongerThanTheBusTakes(t *testing.T) {
	for limit, want := range map[int]int{4096: 4096, 64: 64, 1 << 20: 4096} {
		synctest.Test(t, func(t *testing.T) {
			longest := 0
			s := &spy{UC8179: epapertest.New(), limit: limit}
			s.sizes = func(n int) { longest = max(longest, n) }
			if err := full(t.Context(), s.open(t), page(2)); err != nil {
				t.Fatal(err)
			}
			if longest != want {
				t.Errorf("limit %d: longest transfer %d, want %d", limit, longest, want)
			}
			if !bytes.Equal(s.Picture(), page(2)) {
				t.Errorf("limit %d: another picture", limit)
			}
			atRest(t, s.UC8179)
		})
	}
}

func TestTheFrameIsDrawnWhileThePanelWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
		p := open(t, c)
		time.Sleep(time.Second)
		start := time.Now()
		_, err := p.Show(t.Context(), func() ([]byte, error) {
			time.Sleep(120 * time.Millisecond)
			return page(3), nil
		}, epaper.Full)
		// 22 ms reset, 100 ms power-on, 0.2 ms refresh, one look at BUSY each.
		if took := time.Since(start); err != nil || took > 130*time.Millisecond {
			t.Fatalf("%v, took %v", err, took)
		}
		atRest(t, c)
	})
}

func TestAFrameThatCannotBeDrawnLeavesTheGlassAlone(t *testing.T) {
	wrong := errors.New("no font")
	for name, frame := range map[string]func() ([]byte, error){
		"error":     func() ([]byte, error) { return nil, wrong },
		"too short": func() ([]byte, error) { return page(1)[1:], nil },
		"too long":  func() ([]byte, error) { return append(page(1), 0), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := epapertest.New()
				_, err := open(t, c).Show(t.Context(), frame, epaper.Full)
				if err == nil || name == "error" && !errors.Is(err, wrong) || c.Refreshes() != 0 {
					t.Fatalf("%v, %d refreshes", err, c.Refreshes())
				}
				atRest(t, c)
			})
		})
	}
}

func TestAPanelThatFailsSaysHowAndRecovers(t *testing.T) {
	for fault, want := range map[epapertest.Fault]error{epapertest.Absent: hw.ErrAbsent, epapertest.Stuck: hw.ErrTimeout} {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := epapertest.New()
				p := open(t, c)
				if err := p.Sleep(t.Context()); err != nil {
					t.Fatal(err)
				}
				c.SetFault(fault)
				start := time.Now()
				if err := full(t.Context(), p, page(4)); !errors.Is(err, want) {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Fatalf("took %v to notice", took)
				}
				c.SetFault(epapertest.OK)
				if err := full(t.Context(), p, page(4)); err != nil || !bytes.Equal(c.Picture(), page(4)) {
					t.Fatalf("mended: %v", err)
				}
				atRest(t, c)
			})
		})
	}
}

func TestAPanelThatGetsStuckDuringTheRefreshIsResetAndPutToSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p := open(t, c)
		time.AfterFunc(2*time.Second, func() { c.SetFault(epapertest.Stuck) })
		start := time.Now()
		err := full(t.Context(), p, page(5))
		if took := time.Since(start); !errors.Is(err, hw.ErrTimeout) || took > 21*time.Second {
			t.Fatalf("%v after %v", err, took)
		}
		atRest(t, c)
	})
}

func TestABusThatHangsIsATimeoutAndLeavesOneTransferBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spy{UC8179: epapertest.New()}
		hang := make(chan struct{})
		s.before = func(n int) error {
			if n >= 3 {
				<-hang
			}
			return nil
		}
		p := s.open(t)
		for range 3 {
			if err := full(t.Context(), p, page(6)); !errors.Is(err, hw.ErrTimeout) {
				t.Fatalf("got %v", err)
			}
		}
		if n := s.count.Load(); n != 4 {
			t.Fatalf("%d transfers, want the 3 that went well and the one that hangs", n)
		}
		close(hang)
		synctest.Wait()
		if err := full(t.Context(), p, page(6)); err != nil || !bytes.Equal(s.Picture(), page(6)) {
			t.Fatalf("mended: %v", err)
		}
		if s.Powered() || !s.Asleep() {
			t.Fatal("not asleep")
		}
	})
}

// Whichever transfer fails, the panel ends up powered off and asleep.
func TestOneFailedTransferDoesNotLeaveThePanelPowered(t *testing.T) {
	wrong := errors.New("wrong")
	failed := 0
	for n := range 100 {
		synctest.Test(t, func(t *testing.T) {
			s := &spy{UC8179: epapertest.New(epapertest.WithBusy(epapertest.Busy{}))}
			broke := false
			s.before = func(i int) error {
				if i == n {
					broke = true
					return wrong
				}
				return nil
			}
			p := s.open(t)
			err := full(t.Context(), p, page(7))
			if broke != errors.Is(err, wrong) {
				t.Fatalf("transfer %d failed: %v, and Full gave %v", n, broke, err)
			}
			if broke {
				failed++
			}
			// The command that puts it to sleep may itself have failed.
			if err := p.Sleep(t.Context()); err != nil {
				t.Fatalf("transfer %d failed: Sleep gave %v", n, err)
			}
			if s.Powered() || !s.Asleep() {
				t.Fatalf("transfer %d failed: powered %v, asleep %v", n, s.Powered(), s.Asleep())
			}
		})
	}
	if failed < 40 {
		t.Fatalf("only %d transfers were broken", failed)
	}
}

func TestCancelledBeforeTheRefreshLeavesTheGlassAlone(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 60 * time.Millisecond, 121 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			c := epapertest.New()
			p := open(t, c)
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			start := time.Now()
			err := full(ctx, p, page(8))
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || c.Refreshes() != 0 || took > after+time.Second {
				t.Fatalf("cancelled after %v: %v after %v, %d refreshes", after, err, took, c.Refreshes())
			}
			atRest(t, c)
		})
	}
}

func TestCancelledDuringTheRefreshFinishesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := full(ctx, open(t, c), page(9)); err != nil || !bytes.Equal(c.Picture(), page(9)) {
			t.Fatalf("got %v", err)
		}
		atRest(t, c)
	})
}

func TestSleepAndCloseAreIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p := open(t, c)
		for range 2 { // as found: perhaps left powered
			if err := p.Sleep(t.Context()); err != nil {
				t.Fatal(err)
			}
			atRest(t, c)
		}
		if n := len(c.Log()); n != 1 {
			t.Fatalf("%d commands to put it to sleep twice, want 1", n)
		}
		for range 2 {
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if c.PWR.Read() != gpio.Low {
			t.Fatal("still supplied after Close")
		}
		if err := p.Sleep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := full(t.Context(), p, page(1)); !errors.Is(err, epaper.ErrClosed) {
			t.Fatalf("Full after Close gave %v", err)
		}
		// The next owner finds it switched off.
		if err := full(t.Context(), open(t, c), page(1)); err != nil {
			t.Fatal(err)
		}
		atRest(t, c)
	})
}

// plain is BUSY on a line without interrupt.
type plain struct{ *epapertest.Pin }

func (p plain) In(pull gpio.Pull, edge gpio.Edge) error {
	if edge != gpio.NoEdge {
		return errors.New("no edges")
	}
	return p.Pin.In(pull, edge)
}
func (p plain) WaitForEdge(time.Duration) bool { panic("waits for edges that it does not give") }

func TestAPinWithoutEdgesIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := epapertest.New()
		p, err := epaper.New(c, c.DC, c.RST, plain{c.BUSY}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := full(t.Context(), p, page(1)); err != nil || !bytes.Equal(c.Picture(), page(1)) {
			t.Fatalf("got %v", err)
		}
		atRest(t, c)
	})
}

func TestWhatIsNotThereIsAbsent(t *testing.T) {
	w := epaper.Wiring{SPI: "/dev/spidev99.9", Chip: "none", DataCommand: "GPIO25", Reset: "GPIO17", Busy: "GPIO24"}
	if _, err := epaper.Open(w, nil); !errors.Is(err, hw.ErrAbsent) {
		t.Fatalf("got %v", err)
	}
	w.SPI = "spi"
	if _, err := epaper.Open(w, nil); err == nil {
		t.Fatal("took spi for a device")
	}
}

// A driver that falls into one of the traps is seen.
func TestTheModelSeesABrokenDriver(t *testing.T) {
	const (
		reset = -1 - iota
		look
		wait
	)
	frame := slices.Repeat([]byte{0xFF}, epaper.FrameSize)
	type step struct {
		code int // a command, or one of the above
		data []byte
	}
	on := []step{{code: reset}, {code: 0x04}, {code: look}}
	for name, c := range map[string]struct {
		steps []step
		want  string
	}{
		"command while busy":       {append(on[:2:2], step{code: 0x00, data: []byte{0x1F}}), "command 00 while busy"},
		"no wait after refresh":    {append(on[:3:3], step{code: 0x13, data: frame}, step{code: 0x12}, step{code: 0x02}), "command 02 while busy"},
		"data without a command":   {[]step{{code: reset}, {code: wait, data: []byte{1}}}, "data without a command"},
		"data after one with none": {append(on[:3:3], step{code: wait, data: []byte{1}}), "04 has none"},
		"short frame":              {append(on[:3:3], step{code: 0x13, data: frame[1:]}, step{code: 0x12}), "command 13 with 47999 bytes"},
		"long frame":               {append(on[:3:3], step{code: 0x13, data: append(frame[:len(frame):len(frame)], 1)}), "command 13 with 48001 bytes"},
		"refresh powered off":      {[]step{{code: reset}, {code: 0x13, data: frame}, {code: 0x12}}, "refresh while powered off"},
		"refresh without a frame":  {append(on[:3:3], step{code: 0x12}), "refresh without a frame"},
		"no reset":                 {[]step{{code: 0x04}}, "before a reset"},
		"awake by a command":       {[]step{{code: reset}, {code: 0x07, data: []byte{0xA5}}, {code: 0x04}}, "in deep sleep"},
		"asleep while powered":     {append(on[:3:3], step{code: 0x07, data: []byte{0xA5}}), "deep sleep while powered"},
		"reset during a refresh":   {append(on[:3:3], step{code: 0x13, data: frame}, step{code: 0x12}, step{code: reset}), "reset during a refresh"},
		"unknown command":          {[]step{{code: reset}, {code: 0xAA}}, "AA is not known"},
		"another resolution":       {[]step{{code: reset}, {code: 0x61, data: []byte{0x02, 0x80, 0x01, 0x80}}}, "resolution"},
		"dual SPI":                 {[]step{{code: reset}, {code: 0x15, data: []byte{0x10}}}, "dual SPI"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
				conn, err := m.Connect(physic.MegaHertz, spi.Mode0, 8)
				if err != nil {
					t.Fatal(err)
				}
				m.RST.Out(gpio.High)
				for _, s := range c.steps {
					switch s.code {
					case reset:
						m.RST.Out(gpio.Low)
						time.Sleep(2 * time.Millisecond)
						m.RST.Out(gpio.High)
						time.Sleep(20 * time.Millisecond)
						continue
					case look:
						if m.BUSY.Read() != gpio.Low || m.BUSY.Read() != gpio.High {
							t.Fatal("BUSY was not low once")
						}
						continue
					}
					if s.code >= 0 {
						m.DC.Out(gpio.Low)
						conn.Tx([]byte{byte(s.code)}, nil)
					}
					m.DC.Out(gpio.High)
					for part := range slices.Chunk(s.data, 4096) {
						conn.Tx(part, nil)
					}
				}
				if v := m.Violations(); len(v) == 0 || !strings.Contains(strings.Join(v, "\n"), c.want) {
					t.Fatalf("violations %q, want one that says %q", v, c.want)
				}
			})
		})
	}
}

func TestTheModelKnowsThePolarityOfTheData(t *testing.T) {
	for _, c := range []struct {
		interval []byte
		white    bool // a frame of ones
	}{{nil, true}, {[]byte{0x10, 0x07}, false}, {[]byte{0xA9, 0x07}, true}, {[]byte{0x29, 0x07}, true}} {
		t.Run(fmt.Sprintf("% X", c.interval), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := epapertest.New(epapertest.WithBusy(epapertest.Busy{}))
				conn, _ := m.Connect(physic.MegaHertz, spi.Mode0, 8)
				send := func(code byte, data ...byte) {
					m.DC.Out(gpio.Low)
					conn.Tx([]byte{code}, nil)
					m.DC.Out(gpio.High)
					for part := range slices.Chunk(data, 4096) {
						conn.Tx(part, nil)
					}
					m.BUSY.Read()
				}
				m.RST.Out(gpio.High)
				m.RST.Out(gpio.Low)
				time.Sleep(2 * time.Millisecond)
				m.RST.Out(gpio.High)
				time.Sleep(20 * time.Millisecond)
				send(0x04)
				if c.interval != nil {
					send(0x50, c.interval...)
				}
				send(0x13, slices.Repeat([]byte{0xFF}, epaper.FrameSize)...)
				send(0x12)
				if white := m.Picture()[0] == 0xFF; white != c.white || m.Violations() != nil {
					t.Fatalf("white %v, violations %q", white, m.Violations())
				}
			})
		})
	}
}

func TestTheModelTakesNoLongTransferNorAShortReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := epapertest.New()
		conn, _ := m.Connect(physic.MegaHertz, spi.Mode0, 8)
		if err := conn.Tx(make([]byte, 4097), nil); err == nil {
			t.Error("took 4097 bytes at once")
		}
		m.RST.Out(gpio.High)
		m.RST.Out(gpio.Low)
		time.Sleep(time.Millisecond)
		m.RST.Out(gpio.High)
		time.Sleep(10 * time.Millisecond)
		conn.Tx([]byte{0x00}, nil)
		v := m.Violations()
		if len(v) != 4 || !strings.Contains(v[0], "4097") || !strings.Contains(v[1], "reset pulse") || !strings.Contains(v[2], "after a reset") {
			t.Errorf("violations %q", v)
		}
	})
}

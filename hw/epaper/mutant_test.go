package epaper_test

import (
	"bytes"
	"errors"
	"image"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
)

// mutant makes another driver of the real one: it stands on the bus and changes
// what is sent, or what is seen of BUSY.
type mutant struct {
	*epapertest.UC8179
	change func(m *mutant, c epapertest.Command) []epapertest.Command // nil: as it is
	busy   func(m *mutant, level gpio.Level) gpio.Level               // nil: as it is
	deaf   bool                                                       // no pulse of RST arrives
	broken bool                                                       // transfers fail
	chunk  int                                                        // of what is sent on; 0 is 4096

	conn    spi.Conn
	pending *epapertest.Command
	sent    byte // the last command
}

func (m *mutant) open(t *testing.T) *epaper.Panel {
	t.Helper()
	p, err := epaper.New(m, mutantPin{m.DC, m}, mutantPin{m.RST, m}, mutantPin{m.BUSY, m}, m.PWR, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (m *mutant) Connect(f physic.Frequency, mode spi.Mode, b int) (c spi.Conn, err error) {
	m.conn, err = m.UC8179.Connect(f, mode, b)
	return mutantConn{m.conn, m}, err
}

type mutantConn struct {
	spi.Conn
	m *mutant
}

// Tx gathers a command with its data.
func (c mutantConn) Tx(w, _ []byte) error {
	if c.m.broken {
		return errors.New("broken")
	}
	if c.m.pending != nil && c.m.DC.Read() == gpio.High {
		c.m.pending.Data = append(c.m.pending.Data, w...)
		return nil
	}
	c.m.flush()
	c.m.pending = &epapertest.Command{Code: w[0]}
	return nil
}

// flush sends what was gathered, changed.
func (m *mutant) flush() {
	if m.pending == nil {
		return
	}
	commands := []epapertest.Command{*m.pending}
	m.pending, m.sent = nil, m.pending.Code
	if m.change != nil {
		commands = m.change(m, commands[0])
	}
	level := m.DC.Read()
	for _, c := range commands {
		m.DC.Out(gpio.Low)
		m.conn.Tx([]byte{c.Code}, nil)
		m.DC.Out(gpio.High)
		for part := range slices.Chunk(c.Data, max(m.chunk, 4096)) {
			m.conn.Tx(part, nil)
		}
	}
	m.DC.Out(level)
}

type mutantPin struct {
	*epapertest.Pin
	m *mutant
}

func (p mutantPin) Out(l gpio.Level) error {
	if p.Name() == "DC" && p.m.pending != nil {
		if l == gpio.High {
			return p.Pin.Out(l) // its data follow
		}
		p.m.flush()
	}
	if p.Name() == "RST" {
		if p.m.flush(); p.m.deaf {
			return nil
		}
	}
	return p.Pin.Out(l)
}

func (p mutantPin) Read() gpio.Level {
	p.m.flush()
	level := p.Pin.Read()
	if p.m.busy != nil {
		return p.m.busy(p.m, level)
	}
	return level
}

func (p mutantPin) WaitForEdge(d time.Duration) bool {
	p.m.flush()
	return p.Pin.WaitForEdge(d)
}

// drop leaves a command out.
func drop(code byte) func(*mutant, epapertest.Command) []epapertest.Command {
	return func(_ *mutant, c epapertest.Command) []epapertest.Command {
		if c.Code == code {
			return nil
		}
		return []epapertest.Command{c}
	}
}

// with changes the data of a command.
func with(code byte, f func(m *mutant, data []byte) []byte) func(*mutant, epapertest.Command) []epapertest.Command {
	return func(m *mutant, c epapertest.Command) []epapertest.Command {
		if c.Code == code {
			c.Data = f(m, bytes.Clone(c.Data))
		}
		return []epapertest.Command{c}
	}
}

// byteAt changes one byte of a command's data.
func byteAt(code byte, i int, f func(byte) byte) func(*mutant, epapertest.Command) []epapertest.Command {
	return with(code, func(_ *mutant, d []byte) []byte {
		if i < len(d) {
			d[i] = f(d[i])
		}
		return d
	})
}

func is(b byte) func(byte) byte { return func(byte) byte { return b } }

// A driver that falls into one of the traps of the chip is seen by the model:
// a maker's rule is broken, or the glass does not show the page, or the panel
// stays powered or awake, or the driver itself gives up.
func TestEachTrapIsSeen(t *testing.T) {
	const (
		violation = "violation: " // and what of it
		glass     = "another picture"
		awake     = "left awake"
		powered   = "left powered"
		gaveUp    = "error"
		waveform  = "another waveform"
	)
	type mutation struct {
		name   string
		mutant mutant
		wave   epaper.Waveform // in which it shows; the page before is shown in full by the real driver
		want   string
	}
	for _, c := range []mutation{
		{"none, full", mutant{}, epaper.Full, ""},
		{"none, fast", mutant{}, epaper.Fast, ""},
		{"none, partial", mutant{}, epaper.Partial, ""},

		{"polarity of a full refresh", mutant{change: byteAt(0x50, 0, func(b byte) byte { return map[byte]byte{0x10: 0xA9}[b] | b })}, epaper.Full, glass},
		{"polarity of a partial refresh", mutant{change: byteAt(0x50, 0, func(b byte) byte {
			if b == 0xA9 {
				return 0x10
			}
			return b
		})}, epaper.Partial, glass},
		{"window begins within a byte", mutant{change: byteAt(0x90, 1, func(b byte) byte { return b + 3 })}, epaper.Partial, violation + "window 307 to 327 is not on bytes"},
		{"window ends within a byte", mutant{change: byteAt(0x90, 3, func(b byte) byte { return b - 1 })}, epaper.Partial, violation + "window 304 to 326 is not on bytes"},
		{"window ends one row late", mutant{change: byteAt(0x90, 7, func(b byte) byte { return b + 1 })}, epaper.Partial, violation + "command 10 with 30 bytes, not 33"},
		{"window with its bytes swapped", mutant{change: with(0x90, func(_ *mutant, d []byte) []byte {
			for i := 0; i < 8; i += 2 {
				d[i], d[i+1] = d[i+1], d[i]
			}
			return d
		})}, epaper.Partial, violation + "window 12289"},
		{"window outside of its mode", mutant{change: drop(0x91)}, epaper.Partial, violation + "window outside of its mode"},
		{"no window", mutant{change: drop(0x90)}, epaper.Partial, violation + "refresh without a window"},
		{"window's mode not left", mutant{change: drop(0x92)}, epaper.Partial, violation + "command 02 in the window's mode"},
		{"old image not sent after sleep, partial", mutant{change: drop(0x10)}, epaper.Partial, violation + "partial refresh without the old image"},
		{"old image not sent after sleep, fast", mutant{change: drop(0x10)}, epaper.Fast, violation + "fast refresh without the old image"},
		{"new image sent as the old one", mutant{change: func(m *mutant, c epapertest.Command) []epapertest.Command {
			switch c.Code {
			case 0x10:
				return nil
			case 0x13:
				return []epapertest.Command{{Code: 0x10, Data: c.Data}, c}
			}
			return []epapertest.Command{c}
		}}, epaper.Partial, glass},
		{"images the wrong way round", mutant{change: func(m *mutant, c epapertest.Command) []epapertest.Command {
			if c.Code == 0x10 || c.Code == 0x13 {
				c.Code ^= 0x10 ^ 0x13
			}
			return []epapertest.Command{c}
		}}, epaper.Partial, glass},
		{"images the wrong way round, full", mutant{change: func(m *mutant, c epapertest.Command) []epapertest.Command {
			if c.Code == 0x10 || c.Code == 0x13 {
				c.Code ^= 0x10 ^ 0x13
			}
			return []epapertest.Command{c}
		}}, epaper.Full, glass},
		{"bits of a byte the wrong way round", mutant{change: with(0x13, func(_ *mutant, d []byte) []byte {
			for i := range d {
				d[i] = bits.Reverse8(d[i])
			}
			return d
		})}, epaper.Full, glass},
		{"pixels packed in columns", mutant{change: with(0x13, func(_ *mutant, d []byte) []byte {
			columns := make([]byte, len(d))
			for i := range d {
				columns[i%100*480+i/100] = d[i]
			}
			return columns
		})}, epaper.Full, glass},
		{"new image not sent", mutant{change: drop(0x13)}, epaper.Full, violation + "refresh without a frame"},
		{"one byte short", mutant{change: with(0x13, func(_ *mutant, d []byte) []byte { return d[1:] })}, epaper.Full, violation + "refresh without a frame"},
		{"fast waveform not chosen", mutant{change: drop(0xE0)}, epaper.Fast, waveform},
		{"partial waveform not chosen", mutant{change: drop(0xE0)}, epaper.Partial, waveform},
		{"a temperature that no waveform has", mutant{change: drop(0xE5)}, epaper.Partial, violation + "no waveform is known"},
		{"partial waveform for a fast refresh", mutant{change: byteAt(0xE5, 0, is(0x6E))}, epaper.Fast, waveform},
		{"fast with the booster of a full one", mutant{change: byteAt(0x06, 0, is(0x17))}, epaper.Fast, violation + "fast refresh with booster 17"},
		{"transfers longer than spidev's", mutant{chunk: 65536}, epaper.Full, violation + "transfer of 48000 bytes"},
		{"BUSY not waited for", mutant{busy: func(m *mutant, _ gpio.Level) gpio.Level {
			busy := m.sent == 0x12 // once, so that it takes the panel to be there
			m.sent = 0
			return gpio.Level(!busy)
		}}, epaper.Full, violation + "command 00 while busy"},
		{"BUSY the wrong way round", mutant{busy: func(_ *mutant, l gpio.Level) gpio.Level { return !l }}, epaper.Full, gaveUp},
		{"not powered on", mutant{change: drop(0x04)}, epaper.Full, violation + "refresh while powered off"},
		{"not powered off", mutant{change: drop(0x02)}, epaper.Full, violation + "deep sleep while powered"},
		{"not put to sleep", mutant{change: drop(0x07)}, epaper.Full, awake},
		{"no check code for deep sleep", mutant{change: byteAt(0x07, 0, is(0))}, epaper.Full, awake},
		{"left powered after an error", mutant{change: func(m *mutant, c epapertest.Command) []epapertest.Command {
			m.deaf, m.broken = c.Code == 0x13, c.Code == 0x13
			return []epapertest.Command{c}
		}}, epaper.Full, powered},
		{"dual SPI", mutant{change: byteAt(0x15, 0, is(0x10))}, epaper.Full, violation + "dual SPI is on"},
		{"another resolution", mutant{change: byteAt(0x61, 1, is(0x80))}, epaper.Full, violation + "resolution"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := page(1)
				after := touched(before, image.Rect(305, 100, 322, 110))
				if c.wave != epaper.Partial {
					after = page(2)
				}
				m := c.mutant
				m.UC8179 = epapertest.New()
				real := open(t, m.UC8179)
				show(t, real, before, epaper.Full)
				if v := m.Violations(); v != nil {
					t.Fatalf("the real driver: %q", v)
				}
				p := m.open(t)
				p.SetGlass(before)
				done, err := p.Show(t.Context(), func() ([]byte, error) { return after, nil }, c.wave)
				m.flush()

				var seen []string
				for _, v := range m.Violations() {
					seen = append(seen, violation+v)
				}
				if m.Powered() {
					seen = append(seen, powered)
				} else if !m.Asleep() {
					seen = append(seen, awake)
				}
				if err != nil {
					seen = append(seen, gaveUp)
				}
				if !bytes.Equal(m.Picture(), after) {
					seen = append(seen, glass)
				}
				if h := m.History(); len(h) == 2 && h[1].Waveform != done {
					seen = append(seen, waveform)
				}
				if c.want == "" && seen != nil || !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, c.want) }) && c.want != "" {
					t.Errorf("seen %q, want %q", seen, c.want)
				}
			})
		})
	}
}

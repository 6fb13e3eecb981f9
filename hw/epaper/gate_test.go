package epaper_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
)

// gate stands between a driver and the model. It counts what passes, and from
// when it is dead nothing does: so ends a process that is killed.
type gate struct {
	*epapertest.UC8179
	dead   atomic.Bool
	passed atomic.Int32
	bytes  atomic.Int64
	before func(n int) error // called before the nth transfer or change of a pin, from 0
}

var errDead = errors.New("the process is gone")

func (g *gate) open(t testing.TB) *epaper.Panel {
	t.Helper()
	p, err := g.driver()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (g *gate) driver() (*epaper.Panel, error) {
	pin := func(p *epapertest.Pin) gatePin { return gatePin{p, g} }
	return epaper.New(g, pin(g.DC), pin(g.RST), pin(g.BUSY), pin(g.PWR), nil)
}

// pass says whether something may pass.
func (g *gate) pass() error {
	if g.dead.Load() {
		return errDead
	}
	if n := int(g.passed.Add(1)) - 1; g.before != nil {
		if err := g.before(n); err != nil {
			return err
		}
	}
	if g.dead.Load() {
		return errDead
	}
	return nil
}

func (g *gate) Connect(f physic.Frequency, m spi.Mode, bits int) (spi.Conn, error) {
	c, err := g.UC8179.Connect(f, m, bits)
	return gateConn{c, g}, err
}

type gateConn struct {
	spi.Conn
	g *gate
}

func (c gateConn) MaxTxSize() int { return 4096 }

func (c gateConn) Tx(w, r []byte) error {
	if err := c.g.pass(); err != nil {
		return err
	}
	c.g.bytes.Add(int64(len(w)))
	return c.Conn.Tx(w, r)
}

type gatePin struct {
	*epapertest.Pin
	g *gate
}

func (p gatePin) Out(l gpio.Level) error {
	if err := p.g.pass(); err != nil {
		return err
	}
	return p.Pin.Out(l)
}

func (p gatePin) Read() gpio.Level {
	if p.g.dead.Load() {
		return gpio.High
	}
	return p.Pin.Read()
}

func (p gatePin) WaitForEdge(d time.Duration) bool {
	if p.g.dead.Load() {
		time.Sleep(d)
		return false
	}
	return p.Pin.WaitForEdge(d)
}

package epapertest

import (
	"errors"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// Pin is a pin of the panel, as the driver sees it.
type Pin struct {
	c    *UC8179
	name string
	high bool // as driven; for BUSY as seen last. The model's mu covers it
}

func (p *Pin) String() string         { return p.name }
func (p *Pin) Name() string           { return p.name }
func (p *Pin) Number() int            { return -1 }
func (p *Pin) Function() string       { return "" }
func (p *Pin) Halt() error            { return nil }
func (p *Pin) Pull() gpio.Pull        { return gpio.PullUp }
func (p *Pin) DefaultPull() gpio.Pull { return gpio.PullUp }

// PWM implements gpio.PinOut.
func (p *Pin) PWM(gpio.Duty, physic.Frequency) error { return errors.New("no PWM") }

// Out implements gpio.PinOut.
func (p *Pin) Out(l gpio.Level) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	was := p.high
	p.high = bool(l)
	switch {
	case p == p.c.BUSY:
		return errors.New("BUSY is the panel's output")
	case p == p.c.RST && was != p.high:
		p.c.reset(p.high)
	case p == p.c.PWR && !p.high:
		p.c.judge()
		slept := p.c.asleep
		if p.c.ready && !slept {
			p.c.violation("switched off while awake")
		}
		p.c.interrupt(false)
		p.c.unpower()
		p.c.slept = slept
		p.c.move()
	}
	return nil
}

// In implements gpio.PinIn.
func (p *Pin) In(gpio.Pull, gpio.Edge) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.high = p.c.level()
	return nil
}

// Read implements gpio.PinIn.
func (p *Pin) Read() gpio.Level {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if p == p.c.BUSY {
		p.high = p.c.level()
		p.c.unseen = false
	}
	return gpio.Level(p.high)
}

// WaitForEdge implements gpio.PinIn.
func (p *Pin) WaitForEdge(timeout time.Duration) bool {
	end := time.Now().Add(timeout)
	for {
		p.c.mu.Lock()
		if level := p.c.level(); level != p.high {
			p.high = level
			p.c.mu.Unlock()
			return true
		}
		moved := p.c.moved
		limit := end
		if p.c.isBusy() && p.c.fault == OK && (timeout < 0 || p.c.until.Before(end)) {
			limit = p.c.until // then BUSY goes high
		} else if timeout < 0 {
			limit = time.Now().Add(time.Hour) // then it is looked at again
		}
		p.c.mu.Unlock()

		if timeout >= 0 && time.Until(end) <= 0 {
			return false
		}
		timer := time.NewTimer(time.Until(limit))
		select {
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

package battery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"infobus/hw"
	"infobus/reading/clock"
)

// answerWithin bounds each piece of work on the bus. Setting the monitor up
// takes 0.15 s, a sample some milliseconds.
const answerWithin = 2 * time.Second

// Monitor samples one battery monitor. It keeps account of a bus that hangs, so
// one bus has one Monitor for the life of the process; Watch is called on it
// again after each failure.
type Monitor struct {
	open  func() (i2c.BusCloser, error)
	opts  Opts
	every time.Duration
	guard hw.Guard
}

// NewMonitor makes a Monitor that samples every so often, on the bus that open
// gives. It touches nothing yet.
func NewMonitor(open func() (i2c.BusCloser, error), opts Opts, every time.Duration) *Monitor {
	return &Monitor{open: open, opts: opts, every: every}
}

// readEvery is the time between two readings of the chip, which averages over a seventh
// of a second by itself: a load of 2 s is in two of them, however rare a sample is.
const readEvery = time.Second

// Watch gives observe a sample at once and then every so often, the mean of the readings
// since the one before, with the time (CLOCK_MONOTONIC) of the last, until ctx ends or the monitor
// fails: hw.ErrAbsent, hw.ErrIdentity, hw.ErrTimeout, ErrOverRange or another.
func (m *Monitor) Watch(ctx context.Context, observe func(s Sample, at time.Duration)) error {
	// From the beginning, and not from when the monitor is set up: what else is
	// done every so often since the start is done at the same moment, and the
	// processor woken once for it.
	timer := time.NewTicker(min(readEvery, m.every))
	defer timer.Stop()
	bus, err := hw.Call(ctx, &m.guard, answerWithin, m.open, func(bus i2c.BusCloser) { bus.Close() })
	if err != nil {
		return fmt.Errorf("open battery bus: %w", err)
	}
	defer m.guard.Finally(answerWithin, func() { bus.Close() })
	dev, err := hw.Call(ctx, &m.guard, answerWithin, func() (*Dev, error) { return New(bus, &m.opts) }, nil)
	if err != nil {
		return err
	}
	var sum Sample
	parts, due := 0, 1
	for {
		at := clock.Mono()
		read, err := hw.Call(ctx, &m.guard, answerWithin, dev.Read, nil)
		if err != nil {
			return fmt.Errorf("sample battery: %w", err)
		}
		sum.Volts, sum.Amps, parts = sum.Volts+read.Volts, sum.Amps+read.Amps, parts+1
		if parts == due {
			observe(Sample{Volts: sum.Volts / physic.ElectricPotential(parts), Amps: sum.Amps / physic.ElectricCurrent(parts)}, at)
			sum, parts, due = Sample{}, 0, max(1, int(m.every/readEvery))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			if err := ctx.Err(); err != nil {
				return err // both were due
			}
		}
	}
}

// Test identifies the monitor, sets it up anew and takes a sample, also while Watch
// is under way. Errors are Watch's.
func (m *Monitor) Test(ctx context.Context) (Sample, error) {
	return hw.Call(ctx, &m.guard, answerWithin, func() (s Sample, err error) {
		bus, err := m.open()
		if err != nil {
			return s, fmt.Errorf("open battery bus: %w", err)
		}
		defer func() { err = errors.Join(err, bus.Close()) }()
		dev, err := New(bus, &m.opts)
		if err != nil {
			return s, err
		}
		return dev.Read()
	}, nil)
}

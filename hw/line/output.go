package line

import (
	"context"
	"fmt"
	"time"

	"infobus/hw"
)

// Output is a requested output line. Its level is sure only while it is held: what
// a line does that nobody holds is its chip's affair. A Raspberry Pi's kernel leaves
// it as it was last, others make it an input.
type Output interface {
	Set(active bool) error
	// Active reads the line back.
	Active() (bool, error)
	// Close makes the line inactive and gives it back.
	Close() error
}

// Switch drives one output line. It keeps account of a chip that hangs, so one line
// has one Switch for the life of the process; Hold is called on it again after each
// failure.
type Switch struct {
	chip  Chip
	line  Config
	guard hw.Guard
}

// NewSwitch makes a Switch. It touches nothing yet.
func NewSwitch(chip Chip, line Config) *Switch { return &Switch{chip: chip, line: line} }

// Hold requests the line, inactive, and makes it as wanted says, until ctx ends or
// the chip fails: hw.ErrAbsent, hw.ErrTimeout, or the line reads otherwise than it
// was set. told is called with what the line is, at first and after each wish. The
// line is inactive when Hold returns, if the chip still obeys.
func (s *Switch) Hold(ctx context.Context, wanted <-chan bool, told func(active bool)) error {
	call := func(what string, f func() error) error {
		_, err := hw.Call(ctx, &s.guard, answerWithin, func() (struct{}, error) { return struct{}{}, f() }, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	out, err := hw.Call(ctx, &s.guard, answerWithin, func() (Output, error) { return s.chip.Output(s.line, false) },
		func(out Output) { out.Close() })
	if err != nil {
		return fmt.Errorf("request output: %w", err)
	}
	defer s.guard.Finally(answerWithin, func() { out.Close() })

	active := false
	check := func() error {
		found, err := out.Active()
		if err == nil && found != active {
			err = fmt.Errorf("line %s was set active: %t, and reads active: %t", s.line.Line, active, found)
		}
		return err
	}
	if err := call("read back", check); err != nil {
		return err
	}
	told(active)
	tick := time.NewTicker(RereadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case active = <-wanted:
			if err := call("set output", func() error { return out.Set(active) }); err != nil {
				return err
			}
			if err := call("read back", check); err != nil {
				return err
			}
			told(active)
		case <-tick.C:
			if err := call("read back", check); err != nil {
				return err
			}
		}
	}
}

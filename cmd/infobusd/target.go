package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"infobus/systemd"
)

// generatorTarget is what other units hang on: it is up while a generator runs.
const generatorTarget = "infobus-generator.target"

// target starts and stops systemd's target as the generators do. What cannot be
// done is tried again, as long as it is still wanted.
type target struct {
	due         chan bool // up or down: the latest
	start, stop func(ctx context.Context, unit string) error

	wanted, pending bool
}

func newTarget() *target {
	return &target{due: make(chan bool, 1), start: systemd.StartUnit, stop: systemd.StopUnit}
}

// set asks for the target to be up or down; it does not block. One goroutine
// calls it.
func (t *target) set(up bool) {
	select {
	case <-t.due:
	default:
	}
	t.due <- up
}

// run does what is asked until ctx is done. A refusal, by systemd or polkit, is
// fs.ErrPermission too.
func (t *target) run(ctx context.Context, alive func()) error {
	for {
		if !t.pending {
			select {
			case t.wanted = <-t.due:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case t.wanted = <-t.due: // a later word
		default:
		}
		t.pending = true
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		do := t.stop
		if t.wanted {
			do = t.start
		}
		err := do(limited, generatorTarget)
		cancel()
		if errors.Is(err, systemd.ErrRefused) {
			err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
		}
		if err != nil {
			return err
		}
		t.pending = false
		alive()
	}
}

package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	units "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// StartUnit starts a unit, such as infobus-link@bounce.service, and waits until
// its job is done; for a oneshot service that is when it has run. A refusal by
// systemd, or polkit before it, is ErrRefused; a job that ends otherwise than
// "done" is an error that says how it ended.
func StartUnit(ctx context.Context, name string) error {
	return job(ctx, "start "+name, func(c *units.Conn, ended chan<- string) error {
		_, err := c.StartUnitContext(ctx, name, "replace", ended)
		return err
	})
}

// StopUnit stops a unit and waits until it has stopped; errors are as of
// StartUnit.
func StopUnit(ctx context.Context, name string) error {
	return job(ctx, "stop "+name, func(c *units.Conn, ended chan<- string) error {
		_, err := c.StopUnitContext(ctx, name, "replace", ended)
		return err
	})
}

// Loaded says whether systemd answers, and knows the unit.
func Loaded(ctx context.Context, name string) error {
	c, err := units.NewSystemConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("ask for %s: reach the system bus: %w", name, failure(ctx, err))
	}
	defer c.Close()
	p, err := c.GetUnitPropertyContext(ctx, name, "LoadState")
	if err != nil {
		return fmt.Errorf("ask for %s: %w", name, failure(ctx, err))
	}
	if state, _ := p.Value.Value().(string); state != "loaded" {
		return fmt.Errorf("unit %s is %q: %w", name, state, fs.ErrNotExist)
	}
	return nil
}

func job(ctx context.Context, what string, begin func(*units.Conn, chan<- string) error) error {
	c, err := units.NewSystemConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("%s: reach the system bus: %w", what, failure(ctx, err))
	}
	defer c.Close()
	ended := make(chan string, 1)
	if err := begin(c, ended); err != nil {
		return fmt.Errorf("%s: %w", what, failure(ctx, err))
	}
	select {
	case how := <-ended:
		if how != "done" {
			return fmt.Errorf("%s: the job ended as %q", what, how)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
}

// failure is why a call on the bus that ended with err did: ErrRefused with the
// name of the D-Bus error, ctx's own error where ctx is done, since the
// connection it closes may tell first, and otherwise err itself. The text of a
// refusal is left out: it is somebody else's.
func failure(ctx context.Context, err error) error {
	var said dbus.Error
	switch {
	case errors.As(err, &said):
		return fmt.Errorf("%w (%s)", ErrRefused, said.Name)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

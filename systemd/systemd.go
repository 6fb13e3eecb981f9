// Package systemd is how the daemon talks to systemd: that it is ready, that it
// lives, that it stops; the sockets it was handed; and the log-in manager, which
// powers the box off. Without systemd around it, telling it something does
// nothing.
//
// It knows nothing of the rest of the house. The unit files are in units/.
package systemd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/godbus/dbus/v5"
)

// Started says whether systemd has started this process, as a service that notifies.
func Started() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

// Ready says that the daemon serves.
func Ready() error { return notify(daemon.SdNotifyReady) }

// Stopping says that the daemon ends in good order.
func Stopping() error { return notify(daemon.SdNotifyStopping) }

func notify(message string) error {
	if _, err := daemon.SdNotify(false, message); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// Feed feeds the watchdog twice in its interval, each time only once alive has
// returned nil, until ctx is done. Without a watchdog it returns at once. An
// alive that does not answer costs the daemon its life: that is what it is for.
// alive must heed its context.
func Feed(ctx context.Context, alive func(context.Context) error) error {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("read the watchdog's interval: %w", err)
	}
	if interval == 0 {
		return nil
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		if err := answered(ctx, interval, alive); err == nil {
			if err := notify(daemon.SdNotifyWatchdog); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func answered(ctx context.Context, limit time.Duration, alive func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return alive(ctx)
}

// Socket is a socket of the network that systemd handed over, with its
// FileDescriptorName=.
type Socket struct {
	net.Listener
	Name string
}

// Listeners are the sockets that systemd handed over: those of the network, and
// those of the file system. Both are empty where it handed none.
func Listeners() (network []Socket, local []net.Listener, err error) {
	all, err := activation.ListenersWithNames()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, l := range all[name] {
			switch {
			case l == nil: // a socket that takes no connections: not ours
			case l.Addr().Network() == "unix":
				local = append(local, l)
			default:
				network = append(network, Socket{l, name})
			}
		}
	}
	return network, local, nil
}

// ErrRefused says that the log-in manager, or polkit before it, would not.
var ErrRefused = errors.New("refused")

// PowerOff asks the log-in manager to power the machine off, without asking
// anybody for a password, and reports a refusal as ErrRefused. When it returns
// nil, the machine is going down.
func PowerOff(ctx context.Context) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("reach the system bus: %w", failure(ctx, err))
	}
	defer conn.Close()
	return powerOff(ctx, conn)
}

func powerOff(ctx context.Context, conn *dbus.Conn) error {
	const interactive = false
	call := conn.Object("org.freedesktop.login1", "/org/freedesktop/login1").
		CallWithContext(ctx, "org.freedesktop.login1.Manager.PowerOff", 0, interactive)
	if call.Err != nil {
		return fmt.Errorf("power off: %w", failure(ctx, call.Err))
	}
	return nil
}

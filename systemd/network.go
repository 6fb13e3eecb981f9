package systemd

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// RenewLease asks networkd to renew the lease of the interface with that index.
// A refusal, by networkd or polkit before it, is ErrRefused.
func RenewLease(ctx context.Context, index int) error {
	return network(ctx, "renew the lease", "RenewLink", index)
}

// ReconfigureLink asks networkd to set the interface with that index up anew:
// another lease, and the routes that belong to it. Errors are as of RenewLease.
func ReconfigureLink(ctx context.Context, index int) error {
	return network(ctx, "set the link up anew", "ReconfigureLink", index)
}

// network calls networkd (org.freedesktop.network1(5)).
func network(ctx context.Context, what, method string, index int) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%s: reach the system bus: %w", what, failure(ctx, err))
	}
	defer conn.Close()
	call := conn.Object("org.freedesktop.network1", "/org/freedesktop/network1").
		CallWithContext(ctx, "org.freedesktop.network1.Manager."+method, 0, int32(index))
	if call.Err != nil {
		return fmt.Errorf("%s: %w", what, failure(ctx, call.Err))
	}
	return nil
}

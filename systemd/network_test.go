package systemd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// networkd is systemd-networkd's manager on a real bus.
type networkd struct {
	answer func() *dbus.Error
	asked  chan call
}

type call struct {
	method string
	index  int32
}

func (n networkd) RenewLink(index int32) *dbus.Error {
	n.asked <- call{"RenewLink", index}
	return n.answer()
}

func (n networkd) ReconfigureLink(index int32) *dbus.Error {
	n.asked <- call{"ReconfigureLink", index}
	return n.answer()
}

func TestALeaseIsRenewedAsNetworkdSays(t *testing.T) {
	address := bus(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	never := make(chan struct{})
	defer close(never)
	says := func(name string) func() *dbus.Error {
		return func() *dbus.Error { return dbus.NewError(name, []any{"not for somebody"}) }
	}
	done := func() *dbus.Error { return nil }
	for _, test := range []struct {
		name   string
		do     func(context.Context, int) error
		answer func() *dbus.Error // nil: nobody is there
		limit  time.Duration
		method string
		is     error
		says   string
	}{
		{"renewed", RenewLease, done, hangGuard, "RenewLink", nil, ""},
		{"set up anew", ReconfigureLink, done, hangGuard, "ReconfigureLink", nil, ""},
		{"polkit refuses", RenewLease, says("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"), hangGuard, "RenewLink", ErrRefused, "renew the lease"},
		{"the port is not networkd's", ReconfigureLink, says("org.freedesktop.network1.UnmanagedInterface"), hangGuard, "ReconfigureLink", ErrRefused, "UnmanagedInterface"},
		{"it hangs", RenewLease, func() *dbus.Error { <-never; return nil }, 200 * time.Millisecond, "RenewLink", context.DeadlineExceeded, "renew the lease"},
		{"there is no networkd", RenewLease, nil, hangGuard, "", ErrRefused, "ServiceUnknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := networkd{test.answer, make(chan call, 1)}
			if test.answer != nil {
				server, err := dbus.Connect(address)
				if err != nil {
					t.Fatal(err)
				}
				defer server.Close()
				if err := server.Export(n, "/org/freedesktop/network1", "org.freedesktop.network1.Manager"); err != nil {
					t.Fatal(err)
				}
				if _, err := server.RequestName("org.freedesktop.network1", dbus.NameFlagDoNotQueue); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), test.limit)
			defer cancel()
			err := test.do(ctx, 7)
			if !errors.Is(err, test.is) || (err == nil) != (test.is == nil) {
				t.Errorf("got %v, want %v", err, test.is)
			}
			if err != nil && (!strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "somebody")) {
				t.Errorf("got %v, want %q and no text from outside", err, test.says)
			}
			if test.method == "" {
				return
			}
			select {
			case got := <-n.asked:
				if want := (call{test.method, 7}); got != want {
					t.Errorf("asked for %v, want %v", got, want)
				}
			case <-time.After(hangGuard):
				t.Error("nobody was asked")
			}
		})
	}
}

func TestWithoutABusNoLeaseIsRenewed(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	for name, do := range map[string]func(context.Context, int) error{"renew": RenewLease, "reconfigure": ReconfigureLink} {
		if err := do(context.Background(), 7); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

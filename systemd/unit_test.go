package systemd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// manager is systemd's on a real bus: it answers a call, and then reports how
// the job ended; "" never.
type manager struct {
	conn   *dbus.Conn
	refuse *dbus.Error
	ends   string
	asked  chan string
}

const jobPath = "/org/freedesktop/systemd1/job/7"

func (m manager) StartUnit(name, mode string) (dbus.ObjectPath, *dbus.Error) {
	return m.do("start", name, mode)
}

func (m manager) StopUnit(name, mode string) (dbus.ObjectPath, *dbus.Error) {
	return m.do("stop", name, mode)
}

func (m manager) do(what, name, mode string) (dbus.ObjectPath, *dbus.Error) {
	m.asked <- what + " " + name + " " + mode
	if m.refuse != nil {
		return "", m.refuse
	}
	if m.ends != "" {
		m.conn.Emit("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager.JobRemoved",
			uint32(7), dbus.ObjectPath(jobPath), name, m.ends)
	}
	return jobPath, nil
}

func TestAUnitsJobIsWaitedFor(t *testing.T) {
	address := bus(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	denied := dbus.NewError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", []any{"somebody must be asked"})
	tests := []struct {
		name   string
		do     func(context.Context, string) error
		refuse *dbus.Error
		ends   string
		limit  time.Duration
		asked  string
		is     error
		says   string
	}{
		{"started", StartUnit, nil, "done", hangGuard, "start infobus-link@bounce.service replace", nil, ""},
		{"stopped", StopUnit, nil, "done", hangGuard, "stop infobus-link@bounce.service replace", nil, ""},
		{"it fails", StartUnit, nil, "failed", hangGuard, "start infobus-link@bounce.service replace", nil, `ended as "failed"`},
		{"polkit refuses", StartUnit, denied, "", hangGuard, "start infobus-link@bounce.service replace", ErrRefused, "InteractiveAuthorizationRequired"},
		{"it never ends", StartUnit, nil, "", 200 * time.Millisecond, "start infobus-link@bounce.service replace", context.DeadlineExceeded, "start infobus-link@bounce.service"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := dbus.Connect(address)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			m := manager{server, test.refuse, test.ends, make(chan string, 1)}
			if err := server.Export(m, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"); err != nil {
				t.Fatal(err)
			}
			if _, err := server.RequestName("org.freedesktop.systemd1", dbus.NameFlagDoNotQueue); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), test.limit)
			defer cancel()
			err = test.do(ctx, "infobus-link@bounce.service")
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %v", err, test.is)
			}
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			if err != nil && strings.Contains(err.Error(), "somebody") {
				t.Errorf("the error repeats text from outside: %v", err)
			}
			if test.is != context.DeadlineExceeded || len(m.asked) > 0 {
				if got := <-m.asked; got != test.asked {
					t.Errorf("asked to %q, want %q", got, test.asked)
				}
			}
		})
	}
}

func TestWithoutABusNothingIsStartedNorPoweredOff(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	ctx := context.Background()
	for name, err := range map[string]error{"start": StartUnit(ctx, "a.service"), "stop": StopUnit(ctx, "a.service"), "power off": PowerOff(ctx)} {
		if err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

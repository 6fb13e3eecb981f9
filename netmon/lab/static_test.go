package lab

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// manager stands in for systemd on the van's bus: it runs what
// infobus-link@ACTION.service runs.
type manager struct {
	l      *lab
	conn   *dbus.Conn
	config string
	asked  chan string
}

func (m manager) StartUnit(name, _ string) (dbus.ObjectPath, *dbus.Error) {
	const job = "/org/freedesktop/systemd1/job/1"
	m.asked <- name
	action := strings.TrimSuffix(strings.TrimPrefix(name, "infobus-link@"), ".service")
	how := "done"
	if err := exec.Command("ip", "netns", "exec", m.l.van, commandProgram, "link", action, "--config", m.config).Run(); err != nil {
		how = "failed"
	}
	m.conn.Emit("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager.JobRemoved", uint32(1), dbus.ObjectPath(job), name, how)
	return job, nil
}

func (l *lab) systemd(config string) manager {
	l.t.Helper()
	m := manager{l: l, config: config, asked: make(chan string, 100)}
	var err error
	for end := time.Now().Add(guard); ; time.Sleep(50 * time.Millisecond) {
		if m.conn, err = dbus.Connect("unix:path=" + filepath.Join(l.dir, "bus")); err == nil {
			break
		}
		if time.Now().After(end) {
			l.t.Fatal(err)
		}
	}
	l.t.Cleanup(func() { m.conn.Close() })
	if err := m.conn.Export(m, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"); err != nil {
		l.t.Fatal(err)
	}
	if _, err := m.conn.RequestName("org.freedesktop.systemd1", dbus.NameFlagDoNotQueue); err != nil {
		l.t.Fatal(err)
	}
	return m
}

// The Cisco box leases nothing, and networkd is told to leave the port alone:
// the daemon has the configured address set, and set again where it is gone.
func TestAnAddressThatIsNotLeased(t *testing.T) {
	l := newLabWhere(t, unmanaged)
	l.dnsmasq.signal(19) // SIGSTOP, until it is started anew without leases
	l.serveDHCP("--no-dhcp-interface=br0")
	l.ip("-n", l.van, "link", "set", "uplink0", "up")
	config := l.configure("  address: 10.77.0.7/24", "  gateway: "+gatewayAddress, "  dns: ["+gatewayAddress+"]", "")
	systemd := l.systemd(config)
	l.runWith(config, false)
	if a := l.address(); a != "10.77.0.7" {
		t.Errorf("the address is %s", a)
	}
	if unit := <-systemd.asked; unit != "infobus-link@static.service" {
		t.Errorf("%s was started", unit)
	}
	l.steady("ok")
	for _, s := range l.verdict.since(0) {
		if s.verdict != "ok" && s.verdict != "starting" && s.verdict != "unknown" { // nothing was observed
			t.Errorf("%s showed on the way", s.verdict)
		}
	}
	if n := len(systemd.asked); n != 0 {
		t.Errorf("%d more units were started", n)
	}
	if events := l.get("/api/v1/events"); !strings.Contains(events, `"address-set"`) || !strings.Contains(events, `"helped"`) {
		t.Errorf("no event says so: %s", events)
	}
	if !soak {
		return
	}
	// At most every two minutes.
	for _, harm := range [][]string{{"addr", "flush", "dev", "uplink0"}, {"route", "del", "default"}} {
		l.ip(append([]string{"-n", l.van}, harm...)...)
		select {
		case unit := <-systemd.asked:
			if unit != "infobus-link@static.service" {
				t.Errorf("%s was started", unit)
			}
		case <-time.After(4 * time.Minute):
			t.Fatalf("after %v nothing was done", harm)
		}
		l.verdict.await("ok", guard)
	}
	// A route that is taken away again is reported.
	l.ip("-n", l.van, "route", "del", "default")
	l.verdict.await("no-address", guard)
	select {
	case unit := <-systemd.asked:
		t.Errorf("%s was started: it is fought over", unit)
	case <-time.After(3 * time.Minute):
	}
}

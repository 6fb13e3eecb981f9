package debian

import (
	"strings"
	"testing"
)

// The port to the gateway is networkd's. Behind it are two gateways, of which one
// is there at a time, that give different addresses and have no internet: the
// daemon sees each change without being started again, and what it tries, by
// networkd and by units of its own, polkit allows.
func TestTheUplinkUnderNetworkd(t *testing.T) {
	m := fresh(t)
	pid := m.run("systemctl show -P MainPID infobusd")
	verdict := func(want string) {
		t.Helper()
		m.wait(`infobus status --json | grep -F '"verdict":"` + want + `"'`)
	}
	address := func(net string) {
		t.Helper()
		m.wait("ip -4 -oneline address show eth0 | grep -F ' " + net + "' && infobus status --json | grep -F '\"rung\":\"address\",\"finding\":\"passed\"'")
	}
	address("10.0.2.")
	verdict("no-internet")

	// While the cable is out, the daemon has the port switched on, by a unit of its own.
	m.monitor("set_link port0 off")
	verdict("cable-unplugged")
	if tried := m.wait("infobus events --json | grep -F remedy.tried"); !strings.Contains(tried, `"link-up"`) || strings.Contains(tried, `"refused"`) || strings.Contains(tried, `"failed"`) {
		t.Errorf("of what the daemon tried: %s", tried)
	}
	m.monitor("set_link port0 on")
	address("10.0.2.")
	verdict("no-internet")

	// Another gateway, another address.
	m.monitor("set_link port0 off", "set_link first off", "set_link second on")
	verdict("cable-unplugged")
	m.monitor("set_link port0 on")
	address("10.0.3.")
	verdict("no-internet")

	// What the daemon may do, it does: with its own user and by its own units.
	index := m.run("cat /sys/class/net/eth0/ifindex")
	for _, allowed := range []string{
		"busctl call org.freedesktop.network1 /org/freedesktop/network1 org.freedesktop.network1.Manager RenewLink i " + index,
		"busctl call org.freedesktop.network1 /org/freedesktop/network1 org.freedesktop.network1.Manager ReconfigureLink i " + index,
		"systemctl --no-ask-password start infobus-link@flush.service",
		"systemctl --no-ask-password start infobus-link@up.service",
		"systemctl --no-ask-password start infobus-link@bounce.service",
	} {
		m.wait("systemd-run --quiet --wait --pipe --uid=infobus " + allowed)
	}
	if out, code := m.try("systemd-run --quiet --wait --pipe --uid=infobus systemctl --no-ask-password stop infobus-link@up.service"); code == 0 {
		t.Errorf("the daemon's user may do what it need not: %s", out)
	}
	address("10.0.3.")
	if now := m.run("systemctl show -P MainPID infobusd"); now != pid {
		t.Errorf("the daemon was process %s and is %s", pid, now)
	}
}

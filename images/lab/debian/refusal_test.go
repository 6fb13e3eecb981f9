package debian

import (
	"strings"
	"testing"

	"infobus/logbook"
)

// Where polkit refuses, it is said, and the daemon goes on; once it allows, so
// does the target.
func TestARefusalByPolkitIsReported(t *testing.T) {
	m := fresh(t)
	rules := "/usr/share/polkit-1/rules.d"
	m.run("mkdir /root/rules && mv " + rules + "/4?-infobus*.rules /root/rules/ && systemctl restart polkit")
	pid := m.run("systemctl show -P MainPID infobusd")

	m.drive(true)
	m.event(logbook.DeviceFailed)
	m.wait(`infobus status --json | grep -E '"name":"target","state":"failed","reason":"denied"'`)
	m.run("! systemctl is-active infobus-generator.target")

	m.drive(false)
	m.wait(`infobus status --json | grep '"source":"battery"'`)
	m.run("infobus sim battery 2")
	m.wait(`infobus events --json | grep -F '"state":"cancelled"'`)
	m.wait(`journalctl -u infobusd | grep -E 'the box stays on.*power off: refused'`)

	m.run("infobus sim battery 80 && mv /root/rules/* " + rules + "/ && systemctl restart polkit")
	m.drive(true)
	m.wait("systemctl is-active infobus-generator.target")
	m.wait(`infobus status --json | grep -E '"name":"target","state":"ok"'`)
	if now := m.run("systemctl show -P MainPID infobusd"); now != pid || strings.TrimSpace(pid) == "0" {
		t.Errorf("the daemon was process %s and is %s", pid, now)
	}
}

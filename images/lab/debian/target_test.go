package debian

import "testing"

// The target follows the generator, and what hangs on it with it; also where the
// daemon was not there when the generator came or went.
func TestTheTargetFollowsTheGenerator(t *testing.T) {
	m := fresh(t)
	m.write("/etc/systemd/system/charger.service", `
[Unit]
PartOf=infobus-generator.target
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=infobus-generator.target
`)
	m.run("systemctl daemon-reload && systemctl enable charger.service")
	running := "systemctl is-active infobus-generator.target && systemctl is-active charger.service"
	stopped := "! systemctl is-active infobus-generator.target && ! systemctl is-active charger.service"
	m.run(stopped)
	m.drive(true)
	m.wait(running)
	m.drive(false)
	m.wait(stopped)
	m.drive(true)
	m.wait(running)

	m.run("systemctl restart infobusd")
	m.run(running)
	m.drive(false)
	m.wait(stopped)

	m.run("systemctl stop infobusd")
	m.drive(true)
	m.run("systemctl start infobusd")
	m.wait(running)

	m.run("systemctl kill --signal=KILL infobusd")
	m.drive(false)
	m.wait(stopped)
	m.run("systemctl kill --signal=KILL infobusd")
	m.drive(true)
	m.wait(running)
	// Somebody else's word does not last longer than the daemon's.
	m.run("systemctl stop infobus-generator.target && systemctl restart infobusd")
	m.wait(running)
}

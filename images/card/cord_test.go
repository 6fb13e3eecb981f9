//go:build soak

package main

import "testing"

// A generator that runs as the box gets its power: from the cord to the page on the glass.
func TestTheCordIsPulled(t *testing.T) {
	dir := made(t)
	b := start(t, dir, copied(t, dir, 2<<30), setup{endpoint: "http://10.0.2.2:1"})
	if err := b.Drive(generator, true); err != nil {
		t.Fatal(err)
	}
	b.wait("infobus events --json | grep -F kiosk.refreshed")
	b.wait("systemctl is-active multi-user.target")
	if failed := b.run("infobus events --json | grep -F device.failed | grep -F '\"target\"' || true"); failed != "" {
		t.Errorf("of a box that is well it says %s", failed)
	}
	if restarts := b.run("systemctl show -P NRestarts infobusd.service"); restarts != "0" {
		t.Errorf("the daemon was restarted %s times", restarts)
	}
	b.times(bare(t, dir))
}

package debian

import "testing"

// What the package left behind: nothing failed, and who may do what.
func TestThePackageIsInstalled(t *testing.T) {
	m := fresh(t)
	for line, want := range map[string]string{
		"dpkg-query --show --showformat '${Status}' infobus":                                    "install ok installed",
		"systemctl --failed --no-legend | grep infobus || true":                                 "",
		"stat --format '%U:%G %a' /run/infobus/infobus.sock /run/infobus":                       "root:infobus 660\nroot:root 755",
		"stat --format '%U:%G' /dev/gpiochip0":                                                  "root:gpio",
		"stat --format '%U:%G %a' /var/lib/infobus /etc/infobus":                                "infobus:infobus 750\nroot:infobus 750",
		"grep -E '^(Uid|CapEff):' /proc/$(systemctl show -P MainPID infobusd)/status | cut -f2": m.run("id -u infobus") + "\n0000000000000000",
		"systemctl is-enabled infobus.socket infobusd.service":                                  "enabled\nenabled",
	} {
		if got := m.run(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

package debian

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edition is one of our package, which the machine has as a disk of its own.
type edition int

const (
	shipped edition = iota // what ./build.sh deb has made
	next                   // a later version, with another example of the configuration
	first                  // as the first packages were: live files that are dpkg's, units enabled past deb-systemd-helper
)

// editions makes the packages, as files that are disks.
func editions(t *testing.T, deb string) []string {
	t.Helper()
	write := func(file, content string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	tree := filepath.Join(work, "tree")
	control := filepath.Join(tree, "DEBIAN", "control")
	command(t, "dpkg-deb", "--raw-extract", deb, tree)
	pack := func(e edition, version string, change func()) string {
		command(t, "sed", "-i", "s/^Version: .*/Version: "+version+"/", control)
		change()
		file := filepath.Join(work, fmt.Sprintf("package%d", e))
		command(t, "dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, file)
		// A disk has whole sectors; dpkg ends with the archive's last member, at the end of the file.
		size, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		sizes[e] = size.Size()
		return file
	}
	example := filepath.Join(tree, "usr/share/infobus/infobus.yaml")
	return []string{
		pack(shipped, "1", func() {}),
		pack(next, "2", func() { write(example, "# another example\n", 0o644) }),
		pack(first, "0.1", func() {
			write(filepath.Join(tree, "etc/infobus/infobus.yaml"), "# the first example\n", 0o644)
			write(filepath.Join(tree, "DEBIAN/conffiles"), "/etc/infobus/infobus.yaml\n", 0o644)
			write(filepath.Join(tree, "DEBIAN/postinst"), "#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl enable infobus.socket infobusd.service\n", 0o755)
		}),
	}
}

var sizes = map[edition]int64{} // in bytes, without what fills the disk up

// dpkgInstall is the command line that installs an edition. What is standard input has
// no terminal: see try.
func dpkgInstall(e edition, options ...string) string {
	return fmt.Sprintf("head -c %d /dev/vd%c >/tmp/infobus.deb && dpkg --install %s /tmp/infobus.deb",
		sizes[e], 'b'+rune(e), strings.Join(options, " "))
}

const (
	// everyFile lists what is on the machine's disk, but what others write there as they
	// go: dpkg's and systemd's books, the logs, the last version of the users' tables.
	everyFile = `find / -xdev \( -path /tmp -o -path /var/tmp -o -path /var/log -o -path /var/lib/dpkg -o -path /root -o -path /var/lib/systemd/timesync -o -path '/etc/*shadow-' -o -path '/etc/passwd-' -o -path '/etc/group-' \) -prune -o -print | sort`
	before    = "/root/before"
)

// holds fails where what a command line prints is something else.
func (m *machine) holds(want map[string]string) {
	m.t.Helper()
	for line, want := range want {
		if got, _ := m.try(line); got != want {
			m.t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

const (
	status  = "dpkg-query --show --showformat '${Status}' infobus"
	enabled = "systemctl is-enabled infobus.socket infobusd.service"
	active  = "systemctl is-active infobus.socket infobusd.service"
	failed  = "systemctl --failed --no-legend | grep infobus"
)

// What the package left behind: nothing failed, and who may do what.
func TestThePackageIsInstalled(t *testing.T) {
	m := fresh(t)
	m.holds(map[string]string{
		status: "install ok installed",
		failed: "",
		"stat --format '%U:%G %a' /run/infobus/infobus.sock /run/infobus":                       "root:infobus 660\nroot:root 755",
		"stat --format '%U:%G' /dev/gpiochip0":                                                  "root:gpio",
		"stat --format '%U:%G %a' /var/lib/infobus /etc/infobus":                                "infobus:infobus 750\nroot:infobus 750",
		"stat --format '%U:%G %a' /etc/avahi/services/infobus.service":                          "root:root 644",
		"grep -E '^(Uid|CapEff):' /proc/$(systemctl show -P MainPID infobusd)/status | cut -f2": m.run("id -u infobus") + "\n0000000000000000",
		enabled: "enabled\nenabled",
		"systemctl is-enabled infobus-volunteers.socket": "disabled",
		"ls /etc/infobus": "infobus.yaml",
		"dpkg-query --show --showformat '${Conffiles}' infobus":    "",
		"test -s /usr/share/infobus/infobus.yaml && echo is there": "is there",
	})
}

// The team's files, and what it has switched on, are as they were; nobody is asked.
func TestAnUpdateAsksNothingAndChangesNothing(t *testing.T) {
	m := fresh(t)
	m.write("/etc/infobus/timetable.yaml", "# ours")
	m.write("/etc/avahi/services/infobus.service", "<!-- ours -->")
	m.run("systemctl enable infobus-volunteers.socket && systemctl stop infobus.socket infobusd && systemctl start infobus-volunteers.socket infobusd")
	pid, edited := "systemctl show -P MainPID infobusd", "cat /etc/infobus/* /etc/avahi/services/*"
	ran, had := m.run(pid), m.run(edited)
	if said := m.run(dpkgInstall(next)); strings.Contains(said, "onfiguration file") {
		t.Errorf("dpkg asks: %s", said)
	}
	m.holds(map[string]string{
		status:  "install ok installed",
		edited:  had,
		enabled: "enabled\nenabled",
		active:  "active\nactive",
		failed:  "",
		"systemctl is-enabled infobus-volunteers.socket; systemctl is-active infobus-volunteers.socket": "enabled\nactive",
		"cat /usr/share/infobus/infobus.yaml": "# another example",
		"ls /etc/infobus":                     "infobus.yaml\ntimetable.yaml",
	})
	if m.run(pid) == ran {
		t.Error("the daemon is the old one still")
	}
	// Where a live file is gone it is made anew, also by the next start of the machine.
	m.run("rm /etc/infobus/infobus.yaml && systemd-tmpfiles --create infobus.conf")
	m.holds(map[string]string{"cat /etc/infobus/infobus.yaml": "# another example"})
}

func TestAnUpdateLeavesOffWhatIsOff(t *testing.T) {
	m := fresh(t)
	m.run("systemctl disable --now infobus.socket infobusd.service")
	m.run(dpkgInstall(next))
	m.holds(map[string]string{
		status:  "install ok installed",
		enabled: "disabled\ndisabled",
		active:  "inactive\ninactive",
		failed:  "",
	})
	m.run("systemctl enable --now infobus.socket infobusd.service")
	m.holds(map[string]string{active: "active\nactive"})
}

func TestAnUpdateLeavesMaskedWhatIsMasked(t *testing.T) {
	m := fresh(t)
	m.run("systemctl mask --now infobus.socket infobusd.service")
	m.run(dpkgInstall(next))
	m.holds(map[string]string{
		status:  "install ok installed",
		enabled: "masked\nmasked",
		active:  "inactive\ninactive",
		failed:  "",
	})
	m.run("systemctl unmask infobus.socket infobusd.service && systemctl start infobusd")
	m.holds(map[string]string{active: "active\nactive", enabled: "enabled\nenabled"})
}

// Removed, installed again while something else has its port, and purged.
func TestRemovedInstalledAgainAndPurged(t *testing.T) {
	m := fresh(t)
	m.drive(true)
	m.wait("systemctl is-active infobus-generator.target")
	m.run("sed -i '$a status: {pin-file: /etc/infobus/pin}' /etc/infobus/infobus.yaml && infobus pin")
	m.run("install -D -m 600 /dev/null /etc/credstore/infobus.meraki-key && systemctl enable infobus-volunteers.socket")
	m.run("dpkg --remove infobus")
	m.holds(map[string]string{
		status: "deinstall ok config-files",
		"systemctl is-active infobus.socket infobus-volunteers.socket infobusd.service infobus-generator.target": "inactive\ninactive\ninactive\ninactive",
		failed:                                 "",
		"ls -d /run/infobus* /usr/bin/infobus": "ls: cannot access '/run/infobus*': No such file or directory\nls: cannot access '/usr/bin/infobus': No such file or directory",
		"ls /etc/infobus":                      "infobus.yaml\npin",
		"ls /var/lib/infobus | head -n 1 | wc --lines": "1",
		"stat --format '%U:%G' /dev/gpiochip0":         "root:root",
	})

	m.run("systemd-run --unit=other systemd-socket-activate --listen=80 /bin/cat")
	m.wait("ss --listening --tcp --numeric | grep -q ':80 '")
	if said := m.run(dpkgInstall(shipped)); !strings.Contains(said, "did start; what is wrong") {
		t.Errorf("dpkg says nothing of the socket that did not start: %s", said)
	}
	m.holds(map[string]string{
		status:  "install ok installed",
		enabled: "enabled\nenabled",
		active:  "failed\nactive", // without pages, which the screen and the log say
		"infobus status >/dev/null; test $? -lt 2 && echo it answers":            "it answers",
		"journalctl -u infobusd --no-pager | grep -c 'its pages may be missing'": "1",
		"ls /etc/infobus": "infobus.yaml\npin",
		"infobus config check /etc/infobus/infobus.yaml > /dev/null && echo ours": "ours",
	})
	// A socket does not start while the service behind it runs.
	m.run("systemctl stop other infobusd.service && systemctl start infobus.socket infobusd.service")
	m.holds(map[string]string{active: "active\nactive"})

	m.run("dpkg --purge infobus")
	m.nothingLeft()
}

// From a package whose live files were dpkg's: an edited file stays, and what was
// switched off past deb-systemd-helper too.
func TestAnUpdateFromTheFirstPackages(t *testing.T) {
	m := fresh(t)
	m.run("cp /etc/infobus/infobus.yaml /tmp/ours && dpkg --purge infobus && mkdir -p /etc/infobus")
	m.run(dpkgInstall(first))
	m.run("cp /tmp/ours /etc/infobus/infobus.yaml && systemctl disable infobusd.service")
	m.run(dpkgInstall(next))
	m.holds(map[string]string{
		status:  "install ok installed",
		enabled: "enabled\ndisabled",
		"cmp /tmp/ours /etc/infobus/infobus.yaml && ls /etc/infobus": "infobus.yaml",
	})
	m.run("dpkg --purge infobus")
	m.nothingLeft()
}

// nothingLeft fails if there is anything that was not there before the package was.
func (m *machine) nothingLeft() {
	m.t.Helper()
	m.holds(map[string]string{
		everyFile + " | comm -13 " + before + " -":                                           "",
		everyFile + " | comm -23 " + before + " -":                                           "",
		"find / -xdev -nouser -o -xdev -nogroup":                                             "",
		"find /run /dev -name '*infobus*'":                                                   "",
		"getent passwd infobus; getent group infobus gpio i2c spi":                           "",
		"systemctl list-units --all --no-legend 'infobus*' | grep --invert-match '^● *$'":    "",
		"dpkg-query --show --showformat '${Status}' infobus 2>&1 | grep --count no.packages": "1",
	})
}

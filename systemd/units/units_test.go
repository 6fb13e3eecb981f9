package units

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"infobus/systemd"
)

// settings are a unit's "Key=value" lines, in order.
func settings(t *testing.T, file string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Errorf("%s: %q is no setting", file, line)
		}
		all[key] = append(all[key], value)
	}
	return all
}

func TestDaemonHasNoPrivilege(t *testing.T) {
	s := settings(t, "infobusd.service")
	for key, want := range map[string][]string{
		"Type":                    {"notify"},
		"Restart":                 {"always"},
		"ExecStopPost":            {"/usr/bin/infobus relay on"},
		"StartLimitIntervalSec":   {"0"},
		"WatchdogSec":             {"60"},
		"User":                    {"infobus"},
		"CapabilityBoundingSet":   {""},
		"AmbientCapabilities":     {""},
		"NoNewPrivileges":         {"yes"},
		"ProtectSystem":           {"strict"},
		"DevicePolicy":            {"closed"},
		"DeviceAllow":             {"char-gpiochip rw", "char-i2c rw", "char-spi rw"},
		"RestrictAddressFamilies": {"AF_UNIX AF_INET AF_INET6 AF_NETLINK"},
		"StateDirectory":          {"infobus"},
		"RuntimeDirectory":        nil, // /run/infobus is the socket unit's, and root's
		"SupplementaryGroups":     {"gpio i2c spi"},
		"ReadWritePaths":          nil,
		"OOMPolicy":               {"continue"}, // the reader of workbooks must not take it down
		"ProcSubset":              nil,          // pid would hide the boot's id
	} {
		if !slices.Equal(s[key], want) {
			t.Errorf("%s is %q, want %q", key, s[key], want)
		}
	}
	if len(s["SystemCallFilter"]) == 0 || s["SystemCallFilter"][0] != "@system-service" {
		t.Errorf("SystemCallFilter is %q, want to begin with @system-service", s["SystemCallFilter"])
	}
	if len(s["MemoryMax"]) != 1 {
		t.Errorf("MemoryMax is %q, want a limit", s["MemoryMax"])
	}
	for key, values := range s {
		for _, v := range values {
			if strings.HasPrefix(key, "Exec") && strings.ContainsAny(v[:1], "+!-") {
				t.Errorf("%s=%s runs with privilege, or may fail unseen", key, v)
			}
			if strings.Contains(v, "CAP_") {
				t.Errorf("%s=%s gives a capability", key, v)
			}
		}
	}
}

func TestSockets(t *testing.T) {
	want := []string{"80", "/run/infobus/infobus.sock"}
	if got := settings(t, "infobus.socket")["ListenStream"]; !slices.Equal(got, want) {
		t.Errorf("the socket listens on %q, want %q", got, want)
	}
}

// The daemon knows the volunteers' own door by the socket's name.
func TestTheVolunteersDoor(t *testing.T) {
	s := settings(t, "infobus-volunteers.socket")
	for key, want := range map[string]string{"FileDescriptorName": "infobus-volunteers", "ListenStream": "8081", "Service": "infobusd.service"} {
		if got := s[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

// What polkit allows is power-off and reboot, by name.
func TestPolkit(t *testing.T) {
	b, err := os.ReadFile("49-infobus.rules")
	if err != nil {
		t.Fatal(err)
	}
	rule := string(b)
	actions := regexp.MustCompile(`case "([^"]*)"`).FindAllStringSubmatch(rule, -1)
	if len(actions) == 0 {
		t.Fatal("the rule names no action")
	}
	may := regexp.MustCompile(`^org\.freedesktop\.login1\.(power-off|reboot)(-multiple-sessions|-ignore-inhibit)?$`)
	for _, a := range actions {
		if !may.MatchString(a[1]) {
			t.Errorf("the rule allows %s", a[1])
		}
	}
	if n := strings.Count(rule, "Result.YES"); n != 1 {
		t.Errorf("the rule says yes %d times", n)
	}
	if !strings.Contains(rule, `subject.user !== "infobus"`) {
		t.Error("the rule is not about infobus alone")
	}
}

// What needs a capability is a unit of its own, with that one alone.
func TestLinkUnitHasOneCapability(t *testing.T) {
	s := settings(t, "infobus-link@.service")
	for key, want := range map[string][]string{
		"Type":                    {"oneshot"},
		"ExecStart":               {"/usr/bin/infobus link %i"},
		"CapabilityBoundingSet":   {"CAP_NET_ADMIN"},
		"AmbientCapabilities":     {"CAP_NET_ADMIN"},
		"NoNewPrivileges":         {"yes"},
		"ProtectSystem":           {"strict"},
		"RestrictAddressFamilies": {"AF_NETLINK"},
	} {
		if !slices.Equal(s[key], want) {
			t.Errorf("%s is %q, want %q", key, s[key], want)
		}
	}
	b, err := os.ReadFile("48-infobus-link.rules")
	if err != nil {
		t.Fatal(err)
	}
	rule := string(b)
	for _, want := range []string{`subject.user !== "infobus"`, `action.lookup("verb") === "start"`, `/^infobus-link@(up|bounce|flush|static)\.service$/`} {
		if !strings.Contains(rule, want) {
			t.Errorf("the rule lacks %s", want)
		}
	}
	if n := len(regexp.MustCompile(`case "`).FindAllString(rule, -1)); n != 3 {
		t.Errorf("the rule names %d actions, want 3", n)
	}
}

// Who sets the clock can do that alone, and no daemon may ask for more of it.
func TestClockUnits(t *testing.T) {
	for unit, want := range map[string]map[string][]string{
		"infobus-clock@.service": {
			"ExecStart":             {"/usr/bin/infobus set-clock %i"},
			"CapabilityBoundingSet": {"CAP_SYS_TIME"},
			"AmbientCapabilities":   {"CAP_SYS_TIME"},
			"DynamicUser":           {"yes"},
			"PrivateDevices":        {"yes"},
			"ProtectClock":          nil, // it takes the capability away
		},
		"infobus-clock-chip@.service": {
			"ExecStart":             {"/usr/bin/infobus clock-chip %i"},
			"CapabilityBoundingSet": {"CAP_SYSLOG"},
			"DevicePolicy":          {"closed"},
			"DeviceAllow":           {"/dev/kmsg r", "char-i2c rw"},
			"ProtectKernelLogs":     nil, // it is what it reads
			"RuntimeDirectory":      {"infobus-clock"},
		},
	} {
		s := settings(t, unit)
		for key, want := range want {
			if !slices.Equal(s[key], want) {
				t.Errorf("%s: %s is %q, want %q", unit, key, s[key], want)
			}
		}
		for _, key := range []string{"NoNewPrivileges", "PrivateNetwork", "PrivateTmp", "ProtectHome"} {
			if !slices.Equal(s[key], []string{"yes"}) {
				t.Errorf("%s: %s is %q", unit, key, s[key])
			}
		}
	}
	b, err := os.ReadFile("48-infobus-clock.rules")
	if err != nil {
		t.Fatal(err)
	}
	rule := string(b)
	for _, want := range []string{`subject.user !== "infobus"`, `action.lookup("verb") === "start"`,
		`/^infobus-clock(@[0-9]{1,15}-[0-9]{1,15}|-chip@(look|clear))\.service$/`} {
		if !strings.Contains(rule, want) {
			t.Errorf("the rule lacks %s", want)
		}
	}
	if n := strings.Count(rule, "Result.YES"); n != 1 {
		t.Errorf("the rule says yes %d times", n)
	}
}

// Who reads the journal can write nothing but its counts, and reach nobody.
func TestJournalUnit(t *testing.T) {
	s := settings(t, "infobus-journal@.service")
	for key, want := range map[string][]string{
		"ExecStart":               {"/usr/bin/infobus count-warnings %i"},
		"StandardOutput":          {"truncate:" + systemd.JournalNote},
		"DynamicUser":             {"yes"},
		"SupplementaryGroups":     {"systemd-journal"},
		"CapabilityBoundingSet":   {""},
		"NoNewPrivileges":         {"yes"},
		"ProtectSystem":           {"strict"},
		"ReadWritePaths":          nil,
		"ProcSubset":              nil, // pid would hide the boot's id
		"PrivateNetwork":          {"yes"},
		"RestrictAddressFamilies": {"none"},
	} {
		if !slices.Equal(s[key], want) {
			t.Errorf("%s is %q, want %q", key, s[key], want)
		}
	}
	b, err := os.ReadFile("48-infobus-journal.rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`subject.user !== "infobus"`, `action.lookup("verb") === "start"`, `/^infobus-journal@[0-9]{1,15}\.service$/`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the rule lacks %s", want)
		}
	}
	if n := strings.Count(string(b), "Result.YES"); n != 1 {
		t.Errorf("the rule says yes %d times", n)
	}
}

// The target that other units hang on: started and stopped, and nothing else.
func TestPolkitOfTheTarget(t *testing.T) {
	b, err := os.ReadFile("48-infobus-generator.rules")
	if err != nil {
		t.Fatal(err)
	}
	rule := string(b)
	for _, want := range []string{`subject.user !== "infobus"`, `action.id === "org.freedesktop.systemd1.manage-units"`,
		`action.lookup("unit") === "infobus-generator.target"`, `/^(start|stop)$/.test(action.lookup("verb"))`} {
		if !strings.Contains(rule, want) {
			t.Errorf("the rule lacks %s", want)
		}
	}
	if n := strings.Count(rule, "Result.YES"); n != 1 {
		t.Errorf("the rule says yes %d times", n)
	}
	if _, err := os.Stat("infobus-generator.target"); err != nil {
		t.Error(err)
	}
}

// The groups that the service runs in and udev gives the devices to exist.
func TestGroups(t *testing.T) {
	b, err := os.ReadFile("infobus.sysusers")
	if err != nil {
		t.Fatal(err)
	}
	udev, err := os.ReadFile("60-infobus.rules")
	if err != nil {
		t.Fatal(err)
	}
	for group := range strings.FieldsSeq(settings(t, "infobusd.service")["SupplementaryGroups"][0]) {
		if !regexp.MustCompile(`(?m)^g ` + group + ` `).Match(b) {
			t.Errorf("nobody makes the group %s", group)
		}
		if !strings.Contains(string(udev), `GROUP="`+group+`"`) {
			t.Errorf("no device is the group %s's", group)
		}
	}
}

// The card's root cannot be written: where sticks are mounted is memory there.
func TestTheCardHasAPlaceForSticks(t *testing.T) {
	s := settings(t, "../../images/card/root/systemd/system/media.mount")
	rule, err := os.ReadFile("60-infobus.rules")
	if err != nil {
		t.Fatal(err)
	}
	if len(s["Where"]) != 1 || !strings.Contains(string(rule), " "+s["Where"][0]+"/%k\"") || !slices.Equal(s["Type"], []string{"tmpfs"}) {
		t.Errorf("sticks are mounted by %q, and memory is at %q", rule, s["Where"])
	}
}

// copied puts the units into a folder of their own, for systemd-analyze.
func copied(t *testing.T) (dir string, units []string) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze here: apt-get install systemd")
	}
	dir = t.TempDir()
	for _, pattern := range []string{"*.service", "*.socket", "*.target"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			// It looks whether the program is there.
			b = []byte(strings.NewReplacer("/usr/bin/infobusd", "/bin/true", "/usr/bin/infobus", "/bin/true").Replace(string(b)))
			if err := os.WriteFile(filepath.Join(dir, f), b, 0o644); err != nil {
				t.Fatal(err)
			}
			units = append(units, filepath.Join(dir, f))
		}
	}
	if len(units) < 3 {
		t.Fatalf("units are %v", units)
	}
	return dir, units
}

// systemd itself finds nothing wrong with the units.
func TestVerify(t *testing.T) {
	dir, units := copied(t)
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no", "--recursive-errors=no"}, units...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// By systemd's own measure, from 0 (nothing to win) to 10, the daemon's exposure is 1.5
// at most, and each unit's no more than docs/installing.md says.
func TestExposure(t *testing.T) {
	dir, units := copied(t)
	table, err := os.ReadFile("../../docs/installing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range units {
		name := filepath.Base(unit)
		if filepath.Ext(name) != ".service" {
			continue
		}
		row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(name) + `\x60 \| ([0-9.]+) \| ([0-9.]+) \|$`).FindSubmatch(table)
		if row == nil {
			t.Errorf("docs/installing.md has no figures of %s", name)
			continue
		}
		of := func(s []byte) float64 {
			f, err := strconv.ParseFloat(string(s), 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		most := max(of(row[1]), of(row[2]))
		if name == "infobusd.service" && most > 1.5 {
			t.Errorf("docs/installing.md grants the daemon %.1f", most)
		}
		// The threshold is in tenths.
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--no-pager",
			fmt.Sprintf("--threshold=%.0f", most*10), filepath.Join(dir, name)).CombinedOutput()
		if err != nil {
			t.Errorf("%s is worse than %.1f: %v\n%s", name, most, err, out)
		}
		if !strings.Contains(string(out), "Overall exposure level") {
			t.Errorf("systemd-analyze security said nothing of the exposure of %s:\n%s", name, out)
		}
	}
}

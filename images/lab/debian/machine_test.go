// Package debian tests the appliance as it is shipped: Debian 13 with its systemd,
// log-in manager, polkit and networkd in the lab's machine, and our package, which
// that machine's dpkg has installed. The generator's line is driven from outside.
//
// It boots once; each test begins with the machine as it was then.
package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"infobus/images/lab"
)

const generator = 1 // the chip's line

// configuration is the box's: what the lab has not is left out, and what takes
// minutes takes seconds.
const configuration = `
gpio: 9030000.pl061
generators:
  - line: "1"
    active: high
    bias: none
uplink: # there is no way to anybody who is asked: see unit
  interface: eth0
  targets: ["192.0.2.1:9", "192.0.2.2:9"]
  resolvers: ["192.0.2.1:53", "192.0.2.2:53"]
  name: name.invalid
  check: http://192.0.2.1:9/
power:
  hold: 1s
  countdown: 20s
`

// unit has battery and panel be models. The generator is not, nor is anything of
// systemd. Whoever is asked for the internet is out of reach, and nothing leaves
// the machine.
const unit = `
[Service]
ExecStartPre=+ip route replace unreachable 192.0.2.0/24
ExecStart=
ExecStart=/usr/bin/infobusd --config /etc/infobus/infobus.yaml --sim=battery,panel
TimeoutStopSec=20min
WatchdogSec=20min
`

// manager has systemd wait as long for what is masked, which its unit's file says nothing
// of any more: on a busy host the machine's half minute is less than it seems.
const manager = `
[Manager]
DefaultTimeoutStopSec=20min
`

// hangGuard is when something is given up; nothing is measured by it.
const hangGuard = 20 * time.Minute

// machine is the lab's, with a shell in it.
type machine struct {
	*lab.Machine
	t     *testing.T
	shell *lab.Shell

	mu      sync.Mutex
	console []string
	off     chan string // how it powered itself off or restarted, in QEMU's word
}

var (
	booted *machine // for all tests
	work   string   // its files
)

func TestMain(m *testing.M) {
	code := m.Run()
	if booted != nil {
		booted.Close()
	}
	os.RemoveAll(work)
	os.Exit(code)
}

// fresh is the machine as it was when it had booted: the generator stands still,
// the daemon runs.
func fresh(t *testing.T) *machine {
	t.Helper()
	dir := lab.Given(t, "INFOBUS_LAB", "lab")
	if booted == nil {
		install(t, dir)
	}
	m := booted
	m.t = t
	m.load("ready")
	t.Cleanup(func() {
		if t.Failed() {
			said, _, _ := m.shell.Try("journalctl -b --no-pager -n 60 -o short-monotonic --grep infobus", time.Minute)
			t.Logf("its journal:\n%s", said)
			m.lock(func() { t.Logf("the console:\n%s", strings.Join(m.console[max(0, len(m.console)-60):], "\n")) })
		}
	})
	return m
}

// install boots the machine for the first time and installs our package.
func install(t *testing.T, dir string) {
	t.Helper()
	var err error
	if work, err = os.MkdirTemp("", "infobus-debian-"); err != nil {
		t.Fatal(err)
	}
	command(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", filepath.Join(dir, "root.img"), filepath.Join(work, "disk"))
	boot := filepath.Join(work, "init")
	cross := exec.CommandContext(t.Context(), "go", "build", "-o", boot, "infobus/images/lab/debian/init")
	cross.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
	if out, err := cross.CombinedOutput(); err != nil {
		t.Fatalf("build the machine's init: %v\n%s", err, out)
	}
	command(t, "../../../build.sh", "deb", "arm64")
	packages, err := filepath.Glob("../../../build/infobus_*_arm64.deb")
	if err != nil || len(packages) != 1 {
		t.Fatalf("the packages are %v, %v; one was expected", packages, err)
	}
	disks := editions(t, packages[0])
	modules, err := filepath.Glob(filepath.Join(dir, "modules", "*"))
	if err != nil {
		t.Fatal(err)
	}
	o := lab.Options{Yields: true, Kernel: filepath.Join(dir, "vmlinuz"), Init: boot, Files: map[string]string{},
		Append: "net.ifnames=0 systemd.show_status=no loglevel=6",
		QEMU: []string{
			"-drive", "if=none,id=disk,format=qcow2,cache=unsafe,file=" + filepath.Join(work, "disk"),
			"-device", "virtio-blk-pci,drive=disk",
			"-device", "virtio-serial-pci", "-chardev", "socket,id=shell,path=DIR/shell,server=on,wait=off",
			"-device", "virtserialport,chardev=shell,name=shell",
			"-netdev", "user,id=first,net=10.0.2.0/24", "-netdev", "hubport,id=hub1,hubid=0,netdev=first",
			"-netdev", "user,id=second,net=10.0.3.0/24", "-netdev", "hubport,id=hub2,hubid=0,netdev=second",
			"-netdev", "hubport,id=port,hubid=0", "-device", "virtio-net-pci,netdev=port,id=port0,romfile=",
			"-action", "shutdown=pause",
		}}
	for i, file := range disks {
		drive := fmt.Sprint("package", i)
		o.QEMU = append(o.QEMU, "-drive", "if=none,format=raw,readonly=on,id="+drive+",file="+file, "-device", "virtio-blk-pci,drive="+drive)
	}
	for _, f := range modules {
		o.Files["/modules/"+filepath.Base(f)] = f
	}
	l, err := lab.Boot(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	booted = &machine{Machine: l, t: t, off: make(chan string, 10)}
	m := booted
	m.monitor("set_link second off")
	go m.listen()
	go func() {
		for e := range m.Events() {
			if e.Event == "SHUTDOWN" {
				m.off <- e.Data.Reason
			}
		}
	}()
	shell, err := l.Dial(t.Context(), "shell")
	if err != nil {
		t.Fatal(err)
	}
	m.shell = lab.NewShell(shell)
	m.wait("systemctl is-active multi-user.target")
	m.run(everyFile + " >" + before)
	m.run(dpkgInstall(shipped))
	m.write("/etc/infobus/infobus.yaml", configuration)
	m.write("/etc/systemd/system/infobusd.service.d/lab.conf", unit)
	m.write("/run/systemd/system.conf.d/lab.conf", manager)
	m.run("systemctl daemon-reload && systemctl restart infobusd && sync")
	m.wait(`infobus status --json | grep -q '"source":"battery"'`)
	m.save("ready")
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (m *machine) lock(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

// listen reads the console.
func (m *machine) listen() {
	for l := range m.Lines() {
		m.lock(func() { m.console = append(m.console, l) })
		if verbose {
			fmt.Println(l)
		}
	}
}

var verbose = os.Getenv("INFOBUS_LAB_CONSOLE") != ""

// try runs a command line in the machine, as root; what it prints, on both
// outputs, and how it ends. The shell must be there.
func (m *machine) try(line string) (out string, code int) {
	m.t.Helper()
	out, code, err := m.shell.Try(line, hangGuard)
	if err != nil {
		m.t.Fatal(err)
	}
	if verbose {
		fmt.Printf("%s # %s → %d\n%s\n", time.Now().Format(time.TimeOnly), line, code, out)
	}
	return out, code
}

// run is try for what must succeed.
func (m *machine) run(line string) string {
	m.t.Helper()
	out, code := m.try(line)
	if code != 0 {
		m.t.Fatalf("%s: exit status %d\n%s", line, code, out)
	}
	return out
}

// wait tries until it succeeds.
func (m *machine) wait(line string) string {
	m.t.Helper()
	var out string
	for end := time.Now().Add(hangGuard); time.Now().Before(end); {
		var code int
		if out, code = m.try(line); code == 0 {
			return out
		}
		m.try("sleep 0.5")
	}
	state, _ := m.try("journalctl --no-pager -n 40 -o short-monotonic; infobus status; systemctl --failed --no-pager")
	m.t.Fatalf("%s: not in %v\n%s\n%s", line, hangGuard, out, state)
	return ""
}

// write makes a file, with its folder.
func (m *machine) write(file, content string) {
	m.t.Helper()
	m.run(fmt.Sprintf("mkdir -p %s && cat >%s <<'THE-FILE'\n%s\nTHE-FILE", filepath.Dir(file), file, content))
}

// save and load keep the machine as it is, and bring it back.
func (m *machine) save(name string) {
	m.t.Helper()
	m.monitor("savevm " + name)
}

func (m *machine) load(name string) {
	m.t.Helper()
	m.monitor("stop")
	m.reset()
	m.monitor("loadvm " + name)
	m.lock(func() { m.console = nil })
	for len(m.off) > 0 {
		<-m.off
	}
	m.drive(false)
	m.monitor("cont")
}

// reset has the machine stand still before its first instruction.
func (m *machine) reset() {
	m.t.Helper()
	ask := func(execute string, arguments map[string]any, result any) {
		if err := m.Ask(execute, arguments, result); err != nil {
			m.t.Fatal(err)
		}
	}
	ask("set-action", map[string]any{"reboot": "reset"}, nil)
	ask("system_reset", nil, nil)
	for state := (struct{ Status string }{}); state.Status != "prelaunch"; {
		ask("query-status", nil, &state)
	}
	ask("set-action", map[string]any{"reboot": "shutdown"}, nil) // of its own: it stands still, and we know
}

func (m *machine) monitor(lines ...string) {
	m.t.Helper()
	for _, line := range lines {
		if err := m.Monitor(line); err != nil {
			m.t.Fatal(err)
		}
	}
}

// drive has the generator run, or not.
func (m *machine) drive(runs bool) {
	m.t.Helper()
	if err := m.Drive(generator, runs); err != nil {
		m.t.Fatal(err)
	}
}

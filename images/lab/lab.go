// Package lab is a machine with a real GPIO chip for tests: QEMU's arm64 "virt"
// with Debian's kernel and its PL061 driver.
//
// In: a kernel, a static program that is /init, and files for it. Out: the lines
// of the machine's console; the levels of the chip's eight input lines are the
// test's to drive. The machine has no network and no disk but what Options.QEMU
// gives it, and is gone without trace on Close.
package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Chip is the label of the machine's GPIO chip. Its line 3 is the power button.
const Chip = "9030000.pl061"

// Options says what to boot.
type Options struct {
	Kernel string            // arm64, with the PL061 built in
	Init   string            // a static arm64 program
	Files  map[string]string // more files: path in the machine → path here; all are executable
	Initrd string            // one that is there, in the place of Init, Files and Programs
	Append string            // added to the kernel's command line
	// Firmware is started instead of a kernel with Init and Files: it finds its own.
	Firmware string
	Yields   bool     // it need not go before others on a busy host
	QEMU     []string // more arguments of QEMU's; "DIR" in them is the machine's own folder
	// Programs is what images/lab/init starts. Another Init finds it as
	// /lab.json, or need not care.
	Programs []Program
}

// Program is one that runs in the machine. What it says, on both its outputs,
// is on the console, each line behind "Name: ".
type Program struct {
	Name    string
	Command []string
	Env     []string // besides init's own
	Again   bool     // start it again whenever it ends
}

// Machine is a running machine.
type Machine struct {
	command *exec.Cmd
	dir     string
	lines   chan string
	said    bytes.Buffer  // by QEMU itself; read it after ended
	ended   chan struct{} // closed when QEMU has ended and was waited for

	mu    sync.Mutex // one request at a time
	qtest net.Conn
	reply *bufio.Reader
	chip  string // the chip's place in QEMU's tree, e.g. /machine/unattached/device[7]

	*control
}

// Boot starts the machine. It returns as soon as the chip can be driven, before
// the kernel has come far. The machine ends with ctx, or on Close, which the
// caller owes it.
func Boot(ctx context.Context, o Options) (*Machine, error) {
	dir, err := os.MkdirTemp("", "infobus-lab-")
	if err != nil {
		return nil, err
	}
	m := &Machine{dir: dir, lines: make(chan string, 4096), ended: make(chan struct{})}
	if err := m.start(ctx, o); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := m.find(ctx); err != nil {
		m.Close()
		return nil, fmt.Errorf("find the machine's GPIO chip: %w: %s", err, strings.TrimSpace(m.said.String()))
	}
	return m, nil
}

func (m *Machine) start(ctx context.Context, o Options) error {
	// Before others on a busy host, where the host allows it: what the machine does
	// not see because it stands still is lost to it. panic=-1 and -no-reboot: a
	// panic ends the machine.
	nice := "-10"
	if o.Yields {
		nice = "0"
	}
	arguments := []string{
		"-n", nice, "qemu-system-aarch64",
		"-M", "virt", "-cpu", "cortex-a53", "-m", "512", "-accel", "tcg",
		"-display", "none", "-nic", "none", "-no-reboot", "-serial", "stdio",
		"-qtest", "unix:" + m.path("qtest") + ",server=on,wait=off", "-qtest-log", "none",
		"-qmp", "unix:" + m.path("qmp") + ",server=on,wait=off",
	}
	starts, err := m.starts(o)
	if err != nil {
		return err
	}
	arguments = append(arguments, starts...)
	for _, a := range o.QEMU {
		arguments = append(arguments, strings.ReplaceAll(a, "DIR", m.dir))
	}
	m.command = exec.CommandContext(ctx, "nice", arguments...)
	m.command.Stderr = &m.said
	m.command.WaitDelay = 5 * time.Second
	console, err := m.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := m.command.Start(); err != nil {
		return fmt.Errorf("start the machine: %w", err)
	}
	go func() {
		defer close(m.ended)
		defer close(m.lines)
		r := bufio.NewReader(console)
		for {
			line, err := r.ReadString('\n')
			if line != "" {
				m.lines <- strings.TrimRight(line, "\r\n")
			}
			if err != nil {
				break
			}
		}
		m.command.Wait()
	}()
	return nil
}

// starts are QEMU's arguments of what is started.
func (m *Machine) starts(o Options) ([]string, error) {
	if o.Firmware != "" {
		// Firmware that asks for ACPI's devices gets no pl061.
		return []string{"-machine", "acpi=off", "-bios", o.Firmware}, nil
	}
	if o.Initrd == "" {
		var err error
		if o.Initrd, err = m.pack(o); err != nil {
			return nil, err
		}
	}
	return []string{"-kernel", o.Kernel, "-initrd", o.Initrd,
		"-append", strings.TrimSpace("console=ttyAMA0 quiet panic=-1 " + o.Append)}, nil
}

// pack makes the machine's initial RAM file system.
func (m *Machine) pack(o Options) (initrd string, err error) {
	programs, err := json.Marshal(o.Programs)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(m.path("lab.json"), programs, 0o600); err != nil {
		return "", err
	}
	files := map[string]string{"/init": o.Init, "/lab.json": m.path("lab.json")}
	for guest, host := range o.Files {
		files[guest] = host
	}
	if err := Pack(m.path("initrd"), files); err != nil {
		return "", fmt.Errorf("pack the machine's files: %w", err)
	}
	return m.path("initrd"), nil
}

func (m *Machine) path(name string) string { return filepath.Join(m.dir, name) }

// Lines are the lines of the console. It is closed when the machine has ended.
// The machine stands still while nobody reads and 4096 lines wait.
func (m *Machine) Lines() <-chan string { return m.lines }

// Drive sets the level of a line of the chip, from outside, to each of the
// levels in turn. Up to twelve, the machine cannot look in between: it learns
// that the line moved, and how it is in the end. Drive returns when the chip has
// seen it, which the kernel in the machine may not have.
func (m *Machine) Drive(line int, levels ...bool) error {
	var requests strings.Builder
	for _, high := range levels {
		level := 0
		if high {
			level = 1
		}
		// QEMU takes 1024 bytes at a time, and lets no processor of the machine
		// at its devices meanwhile.
		fmt.Fprintf(&requests, "set_irq_in %s unnamed-gpio-in %d %d\n", m.chip, line, level)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := io.WriteString(m.qtest, requests.String()); err != nil {
		return fmt.Errorf("drive line %d: %w", line, err)
	}
	for range levels {
		answer, err := m.reply.ReadString('\n')
		if err != nil {
			return fmt.Errorf("drive line %d: %w", line, err)
		}
		if !strings.HasPrefix(answer, "OK") {
			return fmt.Errorf("drive line %d: %s", line, strings.TrimSpace(answer))
		}
	}
	return nil
}

// Close ends the machine and removes its files.
func (m *Machine) Close() error {
	m.command.Process.Kill()
	for range m.lines {
	}
	<-m.ended
	if m.control != nil {
		m.control.conn.Close()
	}
	if m.qtest != nil {
		m.qtest.Close()
	}
	return os.RemoveAll(m.dir)
}

// find asks QEMU for the chip and opens the way to drive it.
func (m *Machine) find(ctx context.Context) error {
	conn, err := m.dial(ctx, "qmp")
	if err != nil {
		return err
	}
	if m.control, err = newControl(conn); err != nil {
		return err
	}
	var devices []struct{ Name, Type string }
	if err := m.Ask("qom-list", map[string]any{"path": "/machine/unattached"}, &devices); err != nil {
		return err
	}
	for _, d := range devices {
		if d.Type == "child<pl061>" {
			m.chip = "/machine/unattached/" + d.Name
		}
	}
	if m.chip == "" {
		return errors.New("it has no pl061")
	}
	if m.qtest, err = m.dial(ctx, "qtest"); err != nil {
		return err
	}
	m.reply = bufio.NewReader(m.qtest)
	return nil
}

// Dial opens a socket of that name in the machine's folder, as one of
// Options.QEMU's arguments made it.
func (m *Machine) Dial(ctx context.Context, socket string) (net.Conn, error) {
	return m.dial(ctx, socket)
}

// dial waits for the socket, which QEMU makes as it starts.
func (m *Machine) dial(ctx context.Context, socket string) (net.Conn, error) {
	for {
		c, err := net.Dial("unix", m.path(socket))
		if err == nil {
			return c, nil
		}
		select {
		case <-m.ended:
			return nil, errors.New("the machine ended")
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"infobus/logbook"
)

// hangGuard ends a test that would wait for ever; nothing is measured by it.
const hangGuard = 4 * time.Minute

// programs builds both programs once, as they are shipped, and gives their folder,
// which is programsBuilt.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "infobus-programs-")
	if err != nil {
		return "", err
	}
	programsBuilt = dir
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", dir, "infobus/cmd/infobusd", "infobus/cmd/infobus")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

var programsBuilt string

func TestMain(m *testing.M) {
	if how := os.Getenv(crowdIs); how != "" {
		beCrowd(how)
		return
	}
	flag.Parse()
	flag.Set("test.parallel", "8") // the daemons wait, they do not compute
	code := m.Run()
	os.RemoveAll(programsBuilt)
	os.Exit(code)
}

// process is a daemon that runs as a process of its own.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	state  string // directory
	base   string // http://127.0.0.1:port
	output *output
	ended  chan error
}

// inside is a daemon in this process on the models. It has what f has not: an address and a log.
func inside(t testing.TB, f flags) (*appliance, *process) {
	t.Helper()
	p := &process{t: t, state: f.stateDir, output: &output{}, ended: make(chan error)}
	f.sim, f.listen, f.log = models, "127.0.0.1:0", p.output
	a, listeners, err := prepare(f)
	if err != nil {
		t.Fatal(err)
	}
	p.base = "http://" + listeners[0].Addr().String()
	return a, p
}

// run runs such a daemon until end is called, which waits for it.
func (p *process) run(a *appliance) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { a.run(ctx); close(ended) }()
	return func() {
		p.t.Helper()
		cancel()
		select {
		case <-ended:
		case <-time.After(hangGuard):
			p.t.Fatalf("the daemon did not end; it printed:\n%s", p.output)
		}
	}
}

// output gathers what a process prints, and lets a test wait for a word of it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waits marks a test that is long because it waits for a real daemon.
func waits(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: waits for a real daemon")
	}
}

// looksInABrowser marks a test that starts a browser.
func looksInABrowser(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
}

var addresses atomic.Int32

// freeAddress is a loopback address that nobody else takes: of an IP of its own,
// for the kernel gives the ports of 127.0.0.1 to whoever connects.
func freeAddress(testing.TB) string {
	n := addresses.Add(1)
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:%d", 1+pid>>8%250, pid%256, 1+n%250, 8080+n/250)
}

// start starts a daemon in the state directory with more arguments, and waits
// until its page is there.
func start(t testing.TB, state string, env []string, args ...string) *process {
	t.Helper()
	p := begin(t, state, env, args...)
	p.wait("the page to be there", func() bool {
		answer, err := http.Get(p.base + "/healthz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return p
}

// begin starts a daemon and waits for nothing.
func begin(t testing.TB, state string, env []string, args ...string) *process {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := &process{t: t, state: state, base: "http://" + address, output: &output{}, ended: make(chan error, 1)}
	p.cmd = exec.Command(filepath.Join(dir, "infobusd"), append([]string{"--state-dir", state, "--listen", address}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the daemon printed:\n%s", p.output)
		}
	})
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	err := <-p.ended
	p.ended <- err
}

// exit waits for the process to end by itself and gives its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		var e *exec.ExitError
		if errors.As(err, &e) {
			return e.ExitCode()
		}
		return 0
	case <-time.After(hangGuard):
		p.t.Fatalf("the daemon did not end; it printed:\n%s", p.output)
		return -1
	}
}

// wait polls until it is so.
func (p *process) wait(what string, so func() bool) {
	p.t.Helper()
	guard := time.Now().Add(hangGuard)
	for !so() {
		if time.Now().After(guard) {
			p.t.Fatalf("waited in vain for %s; state: %s", what, p.get("/api/v1/state"))
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			p.t.Fatalf("waiting for %s, the daemon ended (%v); it printed:\n%s", what, err, p.output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// get is the body of the answer to a GET, empty where there is none.
func (p *process) get(path string) string {
	answer, err := http.Get(p.base + path)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return string(b)
}

// at is a value of the state by its path, such as "power.source"; lists are
// indexed by number.
func (p *process) at(path string) any {
	var v any
	answer, err := p.unix().Get("http://infobus/api/v1/state") // strangers see little of it
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	if json.NewDecoder(answer.Body).Decode(&v) != nil {
		return nil
	}
	for _, key := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// becomes waits until the state has the value at the path.
func (p *process) becomes(path string, value any) {
	p.t.Helper()
	p.wait(fmt.Sprintf("%s = %v", path, value), func() bool { return p.at(path) == value })
}

// device waits until the named device has the state, and gives the reason.
func (p *process) device(name, state string) (reason string) {
	p.t.Helper()
	p.wait(name+" "+state, func() bool {
		devices, _ := p.at("devices").([]any)
		for _, d := range devices {
			d := d.(map[string]any)
			if d["name"] == name && d["state"] == state {
				reason, _ = d["reason"].(string)
				return true
			}
		}
		return false
	})
	return reason
}

// infobus runs the command line against the daemon and gives what it printed.
func (p *process) infobus(args ...string) string {
	p.t.Helper()
	out, code := infobus(p.t, append([]string{"--address", p.base}, args...)...)
	if code != 0 {
		p.t.Fatalf("infobus %s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// infobus runs the command line.
func infobus(t testing.TB, args ...string) (out string, code int) {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), hangGuard)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(dir, "infobus"), args...)
	c.Env = append(os.Environ(), "LC_ALL=C")
	b, err := c.CombinedOutput()
	var e *exec.ExitError
	if err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e != nil {
		code = e.ExitCode()
	}
	return string(b), code
}

// events are the durable events of the daemon, from the first.
func (p *process) events() []logbook.Event {
	var all []logbook.Event
	for {
		after := uint64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		var answer struct{ Events []logbook.Event }
		if json.Unmarshal([]byte(p.get(fmt.Sprintf("/api/v1/events?after=%d", after))), &answer) != nil || len(answer.Events) == 0 {
			return all
		}
		all = append(all, answer.Events...)
	}
}

// has waits until an event of that name is durable.
func (p *process) has(name logbook.Name) logbook.Event {
	p.t.Helper()
	var found logbook.Event
	p.wait("event "+string(name), func() bool {
		for _, e := range p.events() {
			if e.Name == name {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// unix asks the daemon over its socket, as who may do everything.
func (p *process) unix() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(p.state, "infobus.sock"))
	}}}
}

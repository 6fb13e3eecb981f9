// Package lab is the uplink among real parts: network namespaces hold the box,
// the Cisco box and the internet. The box has systemd-networkd and the daemon
// itself; the Cisco box has dnsmasq for addresses and names and nftables for
// NAT; between it and the internet lies a radio that can be late, lossy and
// narrow. Faults are injected while the daemon runs, and every verdict that it
// shows is taken from its stream with its time.
//
// Nothing here leaves the namespaces. It needs root, and /dev/net/tun.
package lab

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"

	"infobus/netmon"
)

// The addresses of the lab, all of ranges that are nobody's.
const (
	gatewayAddress = "10.77.0.1"
	otherAddress   = "10.77.0.2"
	checkAddress   = "203.0.113.80"
	nameAddress    = "203.0.113.81"
	checkName      = "check.infobus.test"
	tlsName        = "one.infobus.test"
)

// literals are what stands for the internet by address.
var literals = []string{"198.51.100.1", "198.51.100.9"}

// guard is how long something that must come may take before the test gives up.
const guard = 4 * time.Minute

// lab is one van with its gateway and an internet of its own.
type lab struct {
	t   testing.TB
	dir string
	// The namespaces: the box, the Cisco box, the internet, and another host on
	// the Cisco box's LAN.
	van, gw, inet, other string

	radio    *radio
	sites    *internet
	dnsmasq  *process
	network  *process // systemd-networkd with its bus
	daemon   *process
	verdict  *verdicts
	stranger *process
	routed   bool               // the other host reaches the internet
	toggle   context.CancelFunc // what a fault has going
	phones   *phones
	outage   time.Time // when the last was over
}

// What networkd is told of the port: that an address is leased on it, or that it
// is not networkd's.
const (
	leased    = "[Match]\nName=uplink0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
	unmanaged = "[Match]\nName=uplink0\n[Link]\nUnmanaged=yes\n"
)

var labs struct {
	sync.Mutex
	made int
}

// newLab builds the namespaces and starts everything but the daemon.
func newLab(t testing.TB) *lab { return newLabWhere(t, leased) }

// newLabWhere is newLab with a .network file of one's own, and more beside it.
func newLabWhere(t testing.TB, port string, more ...string) *lab {
	if _, benchmark := t.(*testing.B); testing.Short() && !benchmark {
		t.Skip("-short: a whole uplink in real time, in network namespaces")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes network namespaces")
	}
	for _, program := range []string{"ip", "nft", "dnsmasq", "dbus-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("the lab needs %s: ./build.sh test installs it", program)
		}
	}
	labs.Lock()
	labs.made++
	prefix := fmt.Sprintf("ib%d-%d-", os.Getpid(), labs.made)
	labs.Unlock()
	// Not t.TempDir: networkd is nobody's friend here, and must reach its bus.
	dir, err := os.MkdirTemp("", "infobus-lab-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l := &lab{t: t, dir: dir, van: prefix + "van", gw: prefix + "gw", inet: prefix + "inet", other: prefix + "other"}
	for _, ns := range []string{l.van, l.gw, l.inet, l.other} {
		l.ip("netns", "add", ns)
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
		l.ip("-n", ns, "link", "set", "lo", "up")
	}

	// The Cisco box's LAN is a bridge with two ports.
	l.ip("link", "add", "uplink0", "netns", l.van, "type", "veth", "peer", "name", "lan0", "netns", l.gw)
	l.ip("link", "add", "eth0", "netns", l.other, "type", "veth", "peer", "name", "lan1", "netns", l.gw)
	l.ip("-n", l.gw, "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge") // or it is that of a port, and another with another port
	for _, port := range []string{"lan0", "lan1"} {
		l.ip("-n", l.gw, "link", "set", port, "master", "br0", "up")
	}
	l.ip("-n", l.gw, "addr", "add", gatewayAddress+"/24", "dev", "br0")
	l.ip("-n", l.gw, "link", "set", "br0", "up")
	l.ip("-n", l.other, "link", "set", "eth0", "up")
	l.ip("-n", l.other, "addr", "add", otherAddress+"/24", "dev", "eth0")

	l.radio = newRadio(l)
	l.ip("-n", l.gw, "addr", "add", "100.64.0.2/30", "dev", "wwan0")
	l.ip("-n", l.gw, "link", "set", "wwan0", "up")
	l.ip("-n", l.gw, "route", "add", "default", "via", "100.64.0.1")
	l.ip("-n", l.inet, "addr", "add", "100.64.0.1/30", "dev", "air0")
	l.ip("-n", l.inet, "link", "set", "air0", "up")
	for _, a := range append([]string{checkAddress, nameAddress}, literals...) {
		l.ip("-n", l.inet, "addr", "add", a+"/32", "dev", "lo")
	}
	l.in(l.gw, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	l.in(l.gw, "nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; "+
		"add rule ip nat out oifname wwan0 masquerade")
	// Whatever a fault adds is in this table, and goes with it.
	l.heal()
	l.sites = newInternet(l)
	l.serveDHCP()

	bus := filepath.Join(l.dir, "bus")
	config := filepath.Join(l.dir, "bus.conf")
	l.writeBus(config, bus)
	for i, text := range append([]string{port}, more...) {
		l.write(filepath.Join(l.dir, fmt.Sprintf("1%d-lab.network", i)), text)
	}
	// networkd's own folders are made afresh in a mount namespace; a /sys that
	// cannot be written tells it that there is no udev to wait for.
	l.network = l.start("networkd", l.van, []string{"DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + bus}, "unshare", "--mount", "--propagation", "private", "sh", "-ec", `
		mount -t tmpfs tmpfs /run
		mount -o remount,ro /sys
		mkdir -p /run/systemd/network /run/systemd/netif/leases /run/systemd/netif/links /run/systemd/netif/lldp
		cp "`+l.dir+`"/*.network /run/systemd/network/
		id systemd-network >/dev/null 2>&1 && chown -R systemd-network:systemd-network /run/systemd/netif
		mkfifo /run/bus
		dbus-daemon --config-file="`+config+`" --nofork --print-address >/run/bus &
		read -r address </run/bus # printed once anybody may connect
		exec /lib/systemd/systemd-networkd`)
	return l
}

// writeBus writes the configuration of a bus at a path, on which anybody may do anything.
func (l *lab) writeBus(config, path string) {
	l.t.Helper()
	l.write(config, `<busconfig><type>system</type><listen>unix:path=`+path+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/><allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow send_type="signal"/></policy></busconfig>`)
}

// heal removes every fault that was put into the Cisco box's packet filter.
func (l *lab) heal() {
	l.t.Helper()
	l.in(l.gw, "nft", `add table ip fault; delete table ip fault; add table ip fault;
		add chain ip fault incoming { type filter hook input priority 0; };
		add chain ip fault forwarded { type filter hook forward priority 0; };
		add chain ip fault early { type nat hook prerouting priority -100; }`)
}

// fault adds rules to the packet filter; chains are incoming, forwarded and early.
func (l *lab) fault(rules ...string) {
	l.t.Helper()
	for _, r := range rules {
		l.in(l.gw, "nft", "add rule ip fault "+r)
	}
}

// serveDHCP starts dnsmasq in the Cisco box, with more options if given.
func (l *lab) serveDHCP(more ...string) {
	l.t.Helper()
	if l.dnsmasq != nil {
		l.dnsmasq.stop()
	}
	args := append([]string{"-C", "/dev/null", "--keep-in-foreground", "--interface=br0", "--bind-interfaces", "--except-interface=lo",
		"--dhcp-authoritative", "--no-resolv", "--no-hosts", "--cache-size=150", "--server=" + literals[0], "--user=root", "--no-ping",
		"--log-facility=-", "--pid-file=", "--dhcp-leasefile=" + filepath.Join(l.dir, "leases")}, more...)
	if !strings.Contains(strings.Join(more, " "), "--dhcp-range") {
		args = append(args, "--dhcp-range=10.77.0.50,10.77.0.99,120s")
	}
	l.dnsmasq = l.start("dnsmasq", l.gw, nil, "dnsmasq", args...)
}

// configure writes the configuration, with more lines of the uplink's if given.
func (l *lab) configure(more ...string) (path string) {
	l.t.Helper()
	path = filepath.Join(l.dir, "infobus.yaml")
	l.write(path, fmt.Sprintf(`
uplink:
  interface: uplink0
  targets: ["%s:443", "%s:443"]
  resolvers: ["%s:53", "%s:53"]
  calls: ["%s:3478", "%s:3478"]
  name: %s
  check: http://%s/generate_204
`, literals[0], literals[1], literals[0], literals[1], literals[0], literals[1], tlsName, checkName)+strings.Join(more, "\n"))
	return path
}

// environment is what the programs in the van find there.
func (l *lab) environment() []string {
	return []string{"SSL_CERT_FILE=" + authority.file, "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + filepath.Join(l.dir, "bus")}
}

// run starts the daemon, begins a session if one is asked for, and waits until
// all is well.
func (l *lab) run(session bool, flags ...string) { l.runWith(l.configure(), session, flags...) }

// runWith is run with a configuration of one's own.
func (l *lab) runWith(config string, session bool, flags ...string) {
	l.t.Helper()
	evidence := filepath.Join(l.dir, "evidence.jsonl")
	l.t.Cleanup(func() {
		if l.t.Failed() || *keep != "" {
			l.keepEvidence(evidence)
		}
	})
	l.daemon = l.start("infobusd", l.van, l.environment(),
		daemonProgram, append([]string{"--sim=line,battery,panel", "--van-times", "--evidence", evidence, "--config", config,
			"--state-dir", filepath.Join(l.dir, "state"), "--listen", "127.0.0.1:8080"}, flags...)...)
	l.verdict = follow(l)
	if _, _, first := l.verdict.now(); true {
		select {
		case <-first: // it answers
		case <-l.daemon.ended:
			l.t.Fatal("the daemon has ended")
		case <-time.After(guard):
			l.t.Fatal("the daemon does not answer")
		}
	}
	if session {
		l.post("/sim/generator/on")
	}
	if _, ok := l.verdict.await("ok", guard); !ok {
		l.t.FailNow()
	}
}

// recorded is what the probes found, as the daemon wrote it.
func (l *lab) recorded() (all []netmon.Recorded) {
	l.t.Helper()
	b, err := os.ReadFile(filepath.Join(l.dir, "evidence.jsonl"))
	if err != nil {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var r netmon.Recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			break // it is being written
		}
		all = append(all, r)
	}
	return all
}

// keepEvidence keeps what the probes found, to be judged again.
func (l *lab) keepEvidence(path string) {
	l.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		l.t.Log(err)
		return
	}
	f, err := os.CreateTemp(*keep, strings.NewReplacer("/", "-").Replace(l.t.Name())+"-*.jsonl.gz")
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	z.Write(b)
	if err := z.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("what the probes found: go test ./netmon -run FortyPhones -v -replay %s", f.Name())
}

// socket is the daemon's own.
func (l *lab) socket() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(l.dir, "state", "infobus.sock"))
	}}}
}

func (l *lab) post(path string) {
	l.t.Helper()
	answer, err := l.socket().Post("http://infobus"+path, "application/json", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		l.t.Fatalf("%s: %s", path, answer.Status)
	}
}

// get reads what the daemon has at path.
func (l *lab) get(path string) string {
	l.t.Helper()
	client := l.socket()
	defer client.CloseIdleConnections() // the daemon has places for 96
	answer, err := client.Get("http://infobus" + path)
	if err != nil {
		l.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

func (l *lab) write(path, text string) {
	l.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// ip runs the command of that name.
func (l *lab) ip(args ...string) {
	l.t.Helper()
	l.command("ip", args...)
}

// in runs a command in a namespace.
func (l *lab) in(ns string, args ...string) {
	l.t.Helper()
	l.command("ip", append([]string{"netns", "exec", ns}, args...)...)
}

func (l *lab) command(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// output is what a command in a namespace says.
func (l *lab) output(ns string, args ...string) string {
	l.t.Helper()
	out, err := exec.Command("ip", append([]string{"netns", "exec", ns}, args...)...).Output()
	if err != nil {
		l.t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// inside runs f on a thread in the namespace: what f opens stays there.
func (l *lab) inside(ns string, f func() error) {
	l.t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread dies with this goroutine
		h, err := netns.GetFromName(ns)
		if err == nil {
			err = netns.Set(h)
			h.Close()
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		l.t.Fatalf("in %s: %v", ns, err)
	}
}

// process is a program in a namespace, with what it starts.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	once  sync.Once
}

func (l *lab) start(name, ns string, env []string, program string, args ...string) *process {
	l.t.Helper()
	log, err := os.OpenFile(filepath.Join(l.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		l.t.Fatal(err)
	}
	p := &process{cmd: exec.Command("ip", append([]string{"netns", "exec", ns, program}, args...)...), log: log.Name(), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		log.Close()
		close(p.ended)
	}()
	l.t.Cleanup(func() {
		p.stop()
		if l.t.Failed() {
			b, _ := os.ReadFile(p.log)
			l.t.Logf("%s, its last words:\n%s", name, tail(b, 20))
		}
	})
	return p
}

// signal sends to the program and what it started.
func (p *process) signal(s syscall.Signal) { syscall.Kill(-p.cmd.Process.Pid, s) }

// stop ends the program; one that does not end by itself is killed.
func (p *process) stop() {
	p.once.Do(func() {
		p.signal(syscall.SIGCONT)
		p.signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(15 * time.Second):
		}
		p.signal(syscall.SIGKILL)
		<-p.ended
	})
}

func tail(b []byte, lines int) string {
	all := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// shown is a verdict with the moment at which the stream gave it.
type shown struct {
	verdict string
	at      time.Time
	state   view
}

// view is what the lab reads of the state.
type view struct {
	Uplink struct {
		Verdict  string
		Advice   string
		Flapping bool
		Ladder   []struct{ Rung, Finding string }
	}
}

func (v view) ladder() string {
	var words []string
	for _, r := range v.Uplink.Ladder {
		words = append(words, r.Rung+" "+r.Finding)
	}
	return strings.Join(words, ", ")
}

// verdicts follows the daemon's stream.
type verdicts struct {
	l *lab

	mu      sync.Mutex // guards the rest
	all     []shown    // every change
	latest  view
	changed chan struct{} // closed, and made anew, by each change
}

func follow(l *lab) *verdicts {
	v := &verdicts{l: l, changed: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := v.read(ctx); err != nil {
				time.Sleep(50 * time.Millisecond) // not up yet
			}
		}
	}()
	l.t.Cleanup(func() { cancel(); <-ended })
	return v
}

func (v *verdicts) read(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://infobus/api/v1/stream", nil)
	if err != nil {
		return err
	}
	answer, err := v.l.socket().Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok {
			continue
		}
		var s view
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		v.add(s)
	}
	return errors.Join(lines.Err(), io.EOF)
}

func (v *verdicts) add(s view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.latest = s
	if n := len(v.all); n > 0 && v.all[n-1].verdict == s.Uplink.Verdict {
		return
	}
	v.all = append(v.all, shown{s.Uplink.Verdict, time.Now(), s})
	close(v.changed)
	v.changed = make(chan struct{})
}

// advice is what the state says beside the verdict.
func (v *verdicts) advice() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.latest.Uplink.Advice
}

// now is the verdict that shows, and how many were before it.
func (v *verdicts) now() (shown, int, <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) == 0 {
		return shown{}, 0, v.changed
	}
	return v.all[len(v.all)-1], len(v.all) - 1, v.changed
}

// since are those that showed after the first n.
func (v *verdicts) since(n int) []shown {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]shown(nil), v.all[min(n, len(v.all)):]...)
}

// await waits until want shows, and fails the test if it never does.
func (v *verdicts) await(want string, patience time.Duration) (shown, bool) {
	v.l.t.Helper()
	end := time.After(patience)
	for {
		s, _, changed := v.now()
		if s.verdict == want {
			return s, true
		}
		select {
		case <-changed:
		case <-v.l.daemon.ended:
			v.l.t.Fatal("the daemon has ended")
		case <-end:
			v.mu.Lock()
			ladder := v.latest.ladder()
			v.mu.Unlock()
			v.l.t.Errorf("%s never showed in %v: it is %s; %s", want, patience, s.verdict, ladder)
			return s, false
		}
	}
}

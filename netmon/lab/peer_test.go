package lab

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// peer is a NetworkManager in a namespace, with a bus of its own. It says what it knows of
// the internet.
type peer struct {
	*process
	l *lab

	mu   sync.Mutex // guards all
	all  []said     // every change
	last map[string]uint32
}

// said is NetworkManager's state and connectivity, as nmcli writes them, and since when.
type said struct {
	words string
	at    time.Time
}

// allWell is what NetworkManager says while the internet works.
const allWell = "connected:full"

// The words of NMState and NMConnectivityState.
var (
	managerStates       = map[uint32]string{10: "asleep", 20: "disconnected", 30: "disconnecting", 40: "connecting", 50: "connected (local only)", 60: "connected (site only)", 70: "connected"}
	managerConnectivity = map[uint32]string{1: "none", 2: "portal", 3: "limited", 4: "full"}
)

// shortest is how often NetworkManager may at most be told to check, in seconds: one check
// of its takes so long where nothing comes.
const shortest = 20

// networkManager looks after a port in a namespace, where nobody else does, and checks the
// internet each so many seconds. It returns once all is well.
func (l *lab) networkManager(ns, port string, every int) *peer {
	l.t.Helper()
	if _, err := exec.LookPath("NetworkManager"); err != nil {
		l.t.Fatal("NetworkManager is not here to compare with: apt-get install --no-install-recommends network-manager")
	}
	path := func(name string) string { return filepath.Join(l.dir, ns+"-"+name) }
	l.writeBus(path("bus.conf"), path("bus"))
	l.write(path("NetworkManager.conf"), fmt.Sprintf("[main]\nplugins=keyfile\ndns=none\nrc-manager=unmanaged\nhostname-mode=none\n"+
		"[connectivity]\nenabled=true\nuri=http://%s/generate_204\nresponse=\ninterval=%d\n", checkName, every))
	l.write(path("nmconnection"), "[connection]\nid=uplink\ntype=ethernet\ninterface-name="+port+"\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\n")
	l.write(path("resolv.conf"), "nameserver "+gatewayAddress+"\n")
	p := &peer{l: l, last: map[string]uint32{}}
	p.process = l.start("NetworkManager", ns, []string{"DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + path("bus")}, "unshare", "--mount", "--propagation", "private", "sh", "-ec", `
		for dir in /run /var/lib/NetworkManager /etc/NetworkManager; do mkdir -p $dir; mount -t tmpfs tmpfs $dir; done
		mount -o remount,ro /sys
		mount --bind "`+path("resolv.conf")+`" /etc/resolv.conf
		mkdir -p /etc/NetworkManager/system-connections /run/NetworkManager
		install -m 600 "`+path("nmconnection")+`" /etc/NetworkManager/system-connections/uplink.nmconnection
		mkfifo /run/bus
		dbus-daemon --config-file="`+path("bus.conf")+`" --nofork --print-address >/run/bus &
		read -r address </run/bus
		exec NetworkManager --no-daemon --config="`+path("NetworkManager.conf")+`"`)
	p.follow(path("bus"))
	for end := time.Now().Add(guard); p.says() != allWell; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("NetworkManager does not find the internet: %s", p.says())
		}
	}
	return p
}

// beside is a namespace of another client of the Cisco box, with a port eth0.
func (l *lab) beside(name string) (ns string) {
	l.t.Helper()
	ns = l.van + "-" + name
	l.ip("netns", "add", ns)
	l.t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
	l.ip("-n", ns, "link", "set", "lo", "up")
	l.ip("link", "add", "eth0", "netns", ns, "type", "veth", "peer", "name", name, "netns", l.gw)
	l.ip("-n", l.gw, "link", "set", name, "master", "br0", "up")
	l.ip("-n", ns, "link", "set", "eth0", "up")
	return ns
}

// follow hears of each change on the bus.
func (p *peer) follow(bus string) {
	p.l.t.Helper()
	const service, path = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
	var conn *dbus.Conn
	for end := time.Now().Add(guard); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if conn, err = dbus.Connect("unix:path=" + bus); err == nil {
			break
		} else if time.Now().After(end) {
			p.l.t.Fatal(err)
		}
	}
	p.l.t.Cleanup(func() { conn.Close() })
	signals := make(chan *dbus.Signal, 1000)
	conn.Signal(signals)
	if err := conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchObjectPath(path)); err != nil {
		p.l.t.Fatal(err)
	}
	hear := func(properties map[string]dbus.Variant) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, name := range []string{"State", "Connectivity"} {
			if v, ok := properties[name].Value().(uint32); ok {
				p.last[name] = v
			}
		}
		words := managerStates[p.last["State"]] + ":" + managerConnectivity[p.last["Connectivity"]]
		if n := len(p.all); n == 0 || p.all[n-1].words != words {
			p.all = append(p.all, said{words, time.Now()})
		}
	}
	go func() {
		for s := range signals { // closed with the connection
			if len(s.Body) > 1 && s.Body[0] == service {
				if changed, ok := s.Body[1].(map[string]dbus.Variant); ok {
					hear(changed)
				}
			}
		}
	}()
	for end := time.Now().Add(guard); ; time.Sleep(50 * time.Millisecond) {
		var all map[string]dbus.Variant
		err := conn.Object(service, path).Call("org.freedesktop.DBus.Properties.GetAll", 0, service).Store(&all)
		if err == nil {
			hear(all)
			return
		} else if time.Now().After(end) {
			p.l.t.Fatal(err)
		}
	}
}

// says is what it said last.
func (p *peer) says() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return ""
	}
	return p.all[len(p.all)-1].words
}

// since are the changes since then.
func (p *peer) since(begun time.Time) (all []said) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.all {
		if s.at.After(begun) {
			all = append(all, s)
		}
	}
	return all
}

// tells is what it said since begun, and how long after out it first said that not all was
// well.
func (p *peer) tells(begun, out time.Time) string {
	var words []string
	found, was := "the outage was not found", allWell
	for _, s := range p.since(begun) {
		if s.at.Before(out) {
			was = s.words
			words = append(words, fmt.Sprintf("%s after %v", s.words, s.at.Sub(begun).Round(100*time.Millisecond)))
		} else if s.words != allWell && s.words != was {
			found = fmt.Sprintf("the outage found after %v, %s", s.at.Sub(out).Round(100*time.Millisecond), s.words)
			break
		}
	}
	if was != allWell && strings.HasSuffix(found, "not found") {
		found = "the outage changed nothing: it said " + was
	}
	return fmt.Sprintf("%d changes while it was full (%s); %s", len(words), strings.Join(words, ", "), found)
}

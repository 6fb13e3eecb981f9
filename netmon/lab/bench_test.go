package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// peers is how long each is left alone: one check of NetworkManager's, and one
// of the daemon's without a session.
const peers = 5 * time.Minute

// resting is what a process costs while all is well and nobody asks for anything.
type resting struct {
	what     string
	bytes    int64 // an hour, on the radio
	rss, pss int64 // kB
	switches int64 // voluntary, a minute
}

// rest begins to measure; the function that it returns ends it.
func (l *lab) rest(what string, p *process) func() resting {
	const field = "voluntary_ctxt_switches"
	begun, switches, bytes := time.Now(), p.status(l.t, field, true), l.radio.bytes.Load()
	return func() resting {
		d := time.Since(begun)
		return resting{what: what,
			bytes:    int64(float64(l.radio.bytes.Load()-bytes) / d.Hours()),
			switches: int64(float64(p.status(l.t, field, true)-switches) / d.Minutes()),
			rss:      p.status(l.t, "VmRSS", false), pss: p.pss(l.t)}
	}
}

// pss is the process's memory, what it shares with others counted in part, in kB.
func (p *process) pss(t testing.TB) (kb int64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

// networkManager runs in the van in networkd's and the daemon's place, with the
// connectivity check at its default interval. It sees folders of its own.
func (l *lab) networkManager() *process {
	l.t.Helper()
	l.write(filepath.Join(l.dir, "NetworkManager.conf"), fmt.Sprintf("[main]\nplugins=keyfile\ndns=none\nrc-manager=unmanaged\nhostname-mode=none\n"+
		"[connectivity]\nenabled=true\nuri=http://%s/generate_204\nresponse=\ninterval=300\n", checkName))
	l.write(filepath.Join(l.dir, "uplink.nmconnection"), "[connection]\nid=uplink\ntype=ethernet\ninterface-name=uplink0\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=disabled\n")
	l.write(filepath.Join(l.dir, "resolv.conf"), "nameserver "+gatewayAddress+"\n")
	p := l.start("NetworkManager", l.van, l.environment(), "unshare", "--mount", "--propagation", "private", "sh", "-ec", `
		for dir in /run /var/lib/NetworkManager /etc/NetworkManager; do mkdir -p $dir; mount -t tmpfs tmpfs $dir; done
		mount -o remount,ro /sys
		mount --bind "`+l.dir+`/resolv.conf" /etc/resolv.conf
		mkdir -p /etc/NetworkManager/system-connections /run/NetworkManager
		install -m 600 "`+l.dir+`/uplink.nmconnection" /etc/NetworkManager/system-connections/
		exec NetworkManager --no-daemon --config="`+l.dir+`/NetworkManager.conf"`)
	for end := time.Now().Add(guard); ; time.Sleep(200 * time.Millisecond) {
		c := exec.Command("nmcli", "-t", "-f", "STATE,CONNECTIVITY", "general")
		c.Env = append(os.Environ(), l.environment()...)
		out, _ := c.Output()
		if strings.TrimSpace(string(out)) == "connected:full" {
			return p
		}
		if time.Now().After(end) {
			l.t.Fatalf("NetworkManager does not find the internet: %s", out)
		}
	}
}

// BenchmarkPeers prints, side by side and from one run, what it costs to know
// whether the internet is there, and how long it takes to know that it is not.
func BenchmarkPeers(b *testing.B) {
	quiet, busy := newLab(b), newLab(b)
	quiet.run(false)
	busy.run(true)
	quiet.steady("ok")
	busy.steady("ok")
	measures := []func() resting{quiet.rest("infobusd, no session", quiet.daemon), busy.rest("infobusd, a session on", busy.daemon)}
	_, err := exec.LookPath("NetworkManager")
	if err == nil {
		l := newLabWhere(b, unmanaged)
		l.ip("-n", l.van, "link", "set", "uplink0", "up")
		measures = append(measures, l.rest("NetworkManager, check every 300 s", l.networkManager()))
	}
	time.Sleep(peers)
	fmt.Printf("\n| at rest, %v, one uplink | bytes an hour on the radio | RSS, MB | PSS, MB | voluntary switches a minute |\n|---|---|---|---|---|\n", peers)
	for _, measure := range measures {
		r := measure()
		fmt.Printf("| %s | %d | %.1f | %.1f | %d |\n", r.what, r.bytes, float64(r.rss)/1000, float64(r.pss)/1000, r.switches)
	}
	if err != nil {
		fmt.Println("| NetworkManager is not installed here | | | | |")
	}
	fmt.Print("\n| time to verdict | infobusd, measured | NetworkManager, its default | mwan3, its default |\n|---|---|---|---|\n")
	for _, name := range []string{"the cable is out at the Cisco box", "the gateway is dead, its port has light", "the radio is down", "names: no answer", "sign-in page: a redirect"} {
		f := named(name)
		manager := "up to 300 s" // the next check
		if f.want == "cable-unplugged" {
			manager = "at once"
		}
		r := busy.suffer(f)
		for _, w := range r.wrong {
			b.Errorf("%s: %s showed", name, w)
		}
		fmt.Printf("| %s | %.2f s, %s | %s | about 50 s |\n", name, r.show.Seconds(), f.want, manager)
	}
}

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// rests is how long each is left alone: one check of NetworkManager's by default, and one
// of the daemon's without a session.
const rests = 5 * time.Minute

// resting is what a process costs while all is well and nobody asks for anything.
type resting struct {
	what     string
	bytes    int64 // an hour, on the radio
	rss, pss int64 // kB
	switches int64 // voluntary, a minute
	took     time.Duration
}

// rest begins to measure; the function that it returns ends it.
func (l *lab) rest(what string, p *process) func() resting {
	const field = "voluntary_ctxt_switches"
	begun, switches, bytes := time.Now(), p.status(l.t, field, true), l.radio.bytes.Load()
	return func() resting {
		d := time.Since(begun)
		return resting{what: what, took: d,
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

// managed has a NetworkManager for each of these faults suffer it, and prints for
// each how long until it said otherwise than allWell, and what.
func managed(b *testing.B, names []string) {
	begun, labs, suffering := map[string]time.Time{}, map[string]*lab{}, map[string]*peer{}
	for _, name := range names {
		labs[name] = newLabWhere(b, unmanaged)
		labs[name].ip("-n", labs[name].van, "link", "set", "uplink0", "up")
		suffering[name] = labs[name].networkManager(labs[name].van, "uplink0", 300)
	}
	for _, name := range names {
		begun[name] = time.Now()
		named(name).inject(labs[name])
	}
	for end := time.Now().Add(rests + time.Minute); len(suffering) > 0; time.Sleep(50 * time.Millisecond) {
		for name, p := range suffering {
			if all := p.since(begun[name]); len(all) > 0 {
				fmt.Printf("| %s | NetworkManager | %.2f s, %s |\n", name, all[0].at.Sub(begun[name]).Seconds(), all[0].words)
			} else if time.Now().After(end) {
				fmt.Printf("| %s | NetworkManager | not within %v |\n", name, rests+time.Minute)
			} else {
				continue
			}
			delete(suffering, name)
		}
	}
}

// BenchmarkPeers prints, side by side and from one run, how long it takes to know
// that the internet is not there, and what it costs to know whether it is. Those
// that rest and those that suffer have namespaces of their own, and do so at the
// same time.
func BenchmarkPeers(b *testing.B) {
	names := []string{"the cable is out at the Cisco box", "the gateway is dead, its port has light", "the radio is down", "names: no answer", "sign-in page: a redirect"}
	window := rests
	_, err := exec.LookPath("NetworkManager")
	compared := err == nil && !testing.Short()
	if testing.Short() {
		names, window = names[:1], 5*time.Second
	}
	quiet, busy, suffers := newLab(b), newLab(b), newLab(b)
	for l, session := range map[*lab]bool{quiet: false, busy: true, suffers: true} {
		l.run(session)
	}
	quiet.steady("ok")
	busy.steady("ok")
	var idle *lab
	if compared {
		idle = newLabWhere(b, unmanaged)
		idle.ip("-n", idle.van, "link", "set", "uplink0", "up")
	}
	measures := []func() resting{quiet.rest("infobusd, no session", quiet.daemon), busy.rest("infobusd, a session on", busy.daemon)}
	if compared {
		measures = append(measures, idle.rest("NetworkManager, check every 300 s", idle.networkManager(idle.van, "uplink0", 300).process))
	}
	ends := time.After(window)
	fmt.Fprintf(os.Stderr, "the uplink beside NetworkManager: %v at rest, and NetworkManager finds a fault at its next check only, up to %v\n", window, rests)
	fmt.Print("\n| fault | who | after |\n|---|---|---|\n")
	for _, name := range names {
		fmt.Printf("| %s | mwan3, its default, as stated there | about 50 s |\n", name)
	}
	ours := make(chan struct{})
	go func() {
		defer close(ours)
		for _, name := range names {
			r := suffers.suffer(named(name))
			for _, w := range r.wrong {
				b.Errorf("%s: %s showed", name, w)
			}
			fmt.Printf("| %s | infobusd | %.2f s, %s |\n", name, r.show.Seconds(), named(name).want)
		}
	}()
	if compared {
		managed(b, names)
	} else {
		fmt.Println("| each | NetworkManager | not installed here, or not asked |")
	}
	<-ours
	<-ends
	fmt.Print("\n| at rest, one uplink | bytes an hour on the radio | RSS, MB | PSS, MB | voluntary switches a minute | for |\n|---|---|---|---|---|---|\n")
	for _, measure := range measures {
		r := measure()
		fmt.Printf("| %s | %d | %.1f | %.1f | %d | %v |\n", r.what, r.bytes, float64(r.rss)/1000, float64(r.pss)/1000, r.switches, r.took.Round(time.Second))
	}
}

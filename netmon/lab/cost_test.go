package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// spent is what the daemon says its probes used, in bytes with their headers.
func (l *lab) spent() int64 {
	l.t.Helper()
	var s struct {
		Uplink struct {
			Data []struct {
				Purpose string
				Month   int64 `json:"month_bytes"`
			}
		}
	}
	if err := json.Unmarshal([]byte(l.get("/api/v1/state")), &s); err != nil {
		l.t.Fatal(err)
	}
	for _, d := range s.Uplink.Data {
		if d.Purpose == "probe" {
			return d.Month
		}
	}
	return 0
}

// status is a number in /proc/PID/task/*/status, of all the process's threads
// together or, where they share it, of the last.
func (p *process) status(t testing.TB, field string, sum bool) (n int64) {
	t.Helper()
	// ip netns exec becomes the program that it is given.
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("the process has no threads: %v", err)
	}
	for _, thread := range threads {
		b, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(line, field+":"); ok {
				var v int64
				fmt.Sscan(rest, &v)
				if n += v; !sum {
					n = v
				}
			}
		}
	}
	return n
}

// A session day is a session of 2 h 30 and the rest of the day without one.
func TestADaysProbesStayBelowWhatTheyMayCost(t *testing.T) {
	// Whole periods of the cadence, with a proof or two.
	window := 40 * time.Second
	if soak {
		window = 10*time.Minute + 30*time.Second
	}
	var resting *lab
	if soak { // a van without a session beside it: two rounds
		resting = newLab(t)
		resting.run(false)
		resting.steady("ok")
	}
	l := newLab(t)
	l.run(true)
	l.steady("ok")
	switches := l.daemon.status(t, "voluntary_ctxt_switches", true)
	before, radio := l.spent(), l.radio.bytes.Load()
	var quiet int64
	if resting != nil {
		quiet = resting.radio.bytes.Load()
	}
	time.Sleep(window)
	if resting != nil {
		quiet = resting.radio.bytes.Load() - quiet
		t.Logf("at rest %d bytes crossed the radio in %v: %.0f kB a day at that rate", quiet, window, float64(quiet)/window.Seconds()*24*3600/1000)
	}
	used, carried := l.spent()-before, l.radio.bytes.Load()-radio
	_, changes, _ := l.verdict.now()

	// Without a session a round is a name, and now and then more: some 450 bytes.
	const session, proofRarely, idle, round = 9000.0, 10800.0, 300.0, 450.0
	proof := float64(l.radio.proofBytes.Load()) / float64(max(1, l.radio.proofs.Load()))
	second := float64(used) / window.Seconds()
	rest := 24*3600/idle*round + 24*3600/proofRarely*proof
	day := second*session + rest
	t.Logf("probes in a session: %.0f bytes/s by the daemon's count, %.0f on the radio; a proof %.0f bytes; a session day %.0f kB, one of rest %.0f kB",
		second, float64(carried)/window.Seconds(), proof, day/1000, rest/1000)
	if l.radio.proofs.Load() == 0 {
		t.Error("nothing was proved: the measurement proves nothing")
	}
	if used == 0 || carried == 0 {
		t.Error("nothing was used: the measurement proves nothing")
	}
	if day > 5e6 || rest > 1e6 {
		t.Errorf("%.0f bytes a session day, %.0f bytes a day of rest", day, rest)
	}
	// By the kernel's own count of segments; what goes to the gateway's name
	// server alone is not on the radio.
	if float64(used) < 0.8*float64(carried) {
		t.Errorf("the daemon counted %d bytes, and %d crossed the radio", used, carried)
	}
	if _, n, _ := l.verdict.now(); n != changes {
		t.Error("the verdict changed while all was well")
	}

	t.Logf("in a session: %d voluntary context switches a minute, %d kB resident",
		(l.daemon.status(t, "voluntary_ctxt_switches", true)-switches)*int64(time.Minute)/int64(window), l.daemon.status(t, "VmRSS", false))
}

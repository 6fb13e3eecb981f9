package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"infobus/status"
)

// diagnose runs infobus diagnose in the van, where no daemon runs.
func (l *lab) diagnose(args ...string) (stdout string, code int) {
	l.t.Helper()
	c := exec.Command("ip", append([]string{"netns", "exec", l.van, commandProgram, "diagnose"}, args...)...)
	c.Env = append(append(os.Environ(), "LC_ALL=C"), l.environment()...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	var failed *exec.ExitError
	if err := c.Run(); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		l.t.Fatal(err)
	}
	if said.Len() > 0 {
		l.t.Logf("it complained: %s", &said)
	}
	return out.String(), code
}

func TestDiagnoseWithoutADaemon(t *testing.T) {
	l := newLab(t)
	config := l.configure()
	for end := time.Now().Add(guard); !strings.Contains(l.output(l.van, "ip", "-4", "route", "show", "default"), "default"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no lease came")
		}
	}
	for _, c := range []struct {
		name    string
		inject  func(*lab)
		code    int
		ladder  string // findings of the rungs, in order
		rounds  bool   // it asked beyond the port
		verdict string
		says    []string
	}{
		{"all is well", func(*lab) {}, 0, "passed passed passed passed passed passed passed passed passed", true, "ok",
			[]string{"10000 Mbit/s, full duplex", "a page after", "The internet works"}},
		{"the radio is down", radioSet(func(r *radio) { r.down.Store(true) }), 1, "passed passed passed passed failed not-tried not-tried not-tried not-tried", true, "no-internet",
			[]string{"has no mobile internet"}},
		{"names fail", func(l *lab) { clearRadio(l); l.fault("incoming iifname br0 udp dport 53 drop") }, 1, "passed passed passed passed passed not-tried failed not-tried not-tried", true, "dns-failing",
			[]string{"websites are found beyond the Cisco box, not by it"}},
		{"a sign-in page", func(l *lab) { l.heal(); portal("redirect", portalRedirect)(l) }, 1, "passed passed passed passed unknown failed not-tried not-tried not-tried", true, "captive-portal",
			[]string{"sign in: the internet is shut until then"}},
		{"the cable is out", func(l *lab) { l.heal(); l.ip("-n", l.gw, "link", "set", "lan0", "down") }, 1, "passed failed not-tried not-tried not-tried not-tried not-tried not-tried not-tried", false, "cable-unplugged",
			[]string{"in at both ends"}},
		{"another interface is configured", func(l *lab) {
			b, _ := os.ReadFile(config)
			l.write(config, strings.Replace(string(b), "uplink0", "eth9", 1))
		}, 1, "failed not-tried not-tried not-tried not-tried not-tried not-tried not-tried not-tried", false, "port-missing",
			[]string{"There is no interface eth9 here; there are: lo, uplink0"}},
	} {
		c.inject(l)
		out, code := l.diagnose("--live", "--config", config)
		if code != c.code {
			t.Errorf("%s: exit %d, want %d", c.name, code, c.code)
		}
		var findings []string
		for _, m := range regexp.MustCompile(`(?m)^[a-z][a-z -]{13} (passed|failed|not-tried|unknown)$`).FindAllStringSubmatch(out, -1) {
			findings = append(findings, m[1])
		}
		if got := strings.Join(findings, " "); got != c.ladder {
			t.Errorf("%s: the ladder is %s, want %s", c.name, got, c.ladder)
		}
		// The way is walked in order, and told on the way.
		at := 0
		progress := []string{"port", "cable", "address"}
		if c.rounds {
			progress = append(progress, "asking the Cisco box and the internet")
		}
		for _, word := range append(progress, "gateway", "speed", "bytes were used", "\n"+c.verdict+". ") {
			i := strings.Index(out[at:], word)
			if i < 0 {
				t.Errorf("%s: %q is missing, or too early", c.name, word)
				break
			}
			at += i
		}
		if strings.Contains(out, "asking the Cisco box") != c.rounds {
			t.Errorf("%s: rounds are asked: %v", c.name, !c.rounds)
		}
		for _, word := range c.says {
			if !strings.Contains(out, word) {
				t.Errorf("%s: it does not say %q", c.name, word)
			}
		}
		if strings.Contains(out, "10.77.") {
			t.Errorf("%s: an address is printed", c.name)
		}
		if t.Failed() {
			t.Fatalf("%s:\n%s", c.name, out)
		}
	}

	out, code := l.diagnose("--config", config, "--json")
	var d struct {
		status.Uplink
		Bytes *int64
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != 1 || d.Verdict != "port-missing" || len(d.Ladder) != 9 || d.Ladder[0].Rung != "port" || d.Advice == "" || d.Bytes == nil {
		t.Errorf("as JSON: exit %d, %v: %s", code, err, out)
	}
}

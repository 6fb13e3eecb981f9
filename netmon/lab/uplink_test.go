package lab

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"infobus/netmon"
)

var (
	update = flag.Bool("update", false, "write the table into docs/uplink.md")
	only   = flag.String("fault", "", "inject only the faults whose name contains this")

	megabits = flag.String("megabits", "", "give forty phones internets of so many Mbit/s, such as 2,2,10")
	full     = flag.Duration("full", 0, "for so long")
	keep     = flag.String("keep", "", "keep in this folder what the probes found; without it, among the temporary files and where a verdict was wrong")
)

// daemonProgram and commandProgram are infobusd and infobus, built for the lab.
var daemonProgram, commandProgram string

func TestMain(m *testing.M) {
	flag.Parse()
	benchmarks := flag.Lookup("test.bench").Value.String() != ""
	if os.Getenv(weekDays) != "" || testing.Short() && !benchmarks {
		os.Exit(m.Run())
	}
	flag.Set("test.parallel", fmt.Sprint(side)) // the labs wait, they do not compute
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "infobus-lab-")
		if err == nil {
			defer os.RemoveAll(dir)
			daemonProgram, commandProgram = filepath.Join(dir, "infobusd"), filepath.Join(dir, "infobus")
			build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", dir+"/", "infobus/cmd/infobusd", "infobus/cmd/infobus")
			build.Env = append(os.Environ(), "CGO_ENABLED=0") // as they are shipped
			build.Stderr = os.Stderr
			err = build.Run()
		}
		if err == nil {
			authority, err = newIssuer("The lab's authority", filepath.Join(dir, "authority.pem"))
		}
		if err == nil {
			strangers, err = newIssuer("A stranger", filepath.Join(dir, "stranger.pem"))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// side is how many vans are looked after side by side.
const side = 8

// soak: every fault and every pair, instead of a dozen.
var soak = os.Getenv("INFOBUS_SOAK") != ""

// result is what became of a fault.
type result struct {
	fault       fault
	show, clear time.Duration // 0 where the verdict is ok all along
	wrong       []string      // verdicts that should not have shown
}

// hold is how long a verdict must stay as it is before the lab believes it.
const hold = 6 * time.Second

// suffer injects a fault into a van where all is well, and clears it.
func (l *lab) suffer(f fault) result {
	l.t.Helper()
	r := result{fault: f}
	patience := guard
	if f.slow {
		patience = 6 * time.Minute
	}
	l.steady("ok")
	if f.want == "no-internet" { // two outages at once would be one that comes and goes
		time.Sleep(time.Until(l.outage.Add(netmon.DefaultOptions().OutagesWithin + hold)))
	}
	_, before, _ := l.verdict.now()
	begun := time.Now()
	f.inject(l)
	if f.want != "ok" && len(f.way) == 0 && strings.Contains(f.name, "overflow") {
		begun = time.Now()
	}
	if s, ok := l.verdict.await(f.want, patience); ok && f.want != "ok" {
		r.show = max(s.at.Sub(begun), 0)
	}
	l.steady(f.want)
	if s, _, _ := l.verdict.now(); f.says != "" && !strings.Contains(l.verdict.advice(), f.says) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s, with the advice %q", s.verdict, l.verdict.advice()))
	}
	healed := time.Now()
	f.clear(l)
	if f.want == "no-internet" || f.want == "comes-and-goes" {
		l.outage = healed
	}
	if f.want == "ok" {
		time.Sleep(hold)
	}
	if s, ok := l.verdict.await("ok", guard); ok && f.want != "ok" {
		r.clear = s.at.Sub(healed)
	}
	l.steady("ok")
	for _, s := range l.verdict.since(before + 1) {
		if s.verdict != "ok" && s.verdict != "starting" && s.verdict != f.want && !slices.Contains(f.way, s.verdict) {
			r.wrong = append(r.wrong, fmt.Sprintf("%s after %v (%s)", s.verdict, s.at.Sub(begun).Round(time.Millisecond), s.state.ladder()))
		}
	}
	return r
}

// steady waits until want has shown for a while.
func (l *lab) steady(want string) {
	l.t.Helper()
	end := time.Now().Add(guard)
	for time.Now().Before(end) {
		s, _, changed := l.verdict.now()
		if s.verdict != want {
			l.verdict.await(want, guard)
			continue
		}
		select {
		case <-changed:
		case <-time.After(time.Until(s.at.Add(hold))):
			return
		}
	}
	l.t.Errorf("%s did not stay", want)
}

// sufferAll shares the faults among a few labs that run side by side.
func sufferAll(t *testing.T, list []fault, side int) []result {
	var (
		mu      sync.Mutex // guards results
		results = make([]result, len(list))
		next    = make(chan int)
	)
	t.Run("van", func(t *testing.T) {
		for i := range side {
			t.Run(fmt.Sprint(i+1), func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				l.run(true)
				for i := range next {
					r := l.suffer(list[i])
					mu.Lock()
					results[i] = r
					mu.Unlock()
					for _, w := range r.wrong {
						t.Errorf("%s: %s showed", list[i].name, w)
					}
					t.Logf("%s: %s after %v, ok after %v", list[i].name, list[i].want, r.show.Round(time.Millisecond), r.clear.Round(time.Millisecond))
				}
			})
		}
		go func() {
			defer close(next)
			for i := range list {
				next <- i
			}
		}()
	})
	return results
}

func TestEachFaultGivesItsVerdictAndNoOther(t *testing.T) {
	var list []fault
	for _, f := range faults {
		if *only != "" && !strings.Contains(f.name, *only) || *only == "" && !soak && !f.ci {
			continue
		}
		list = append(list, f)
	}
	// Those that take longest first.
	slices.SortStableFunc(list, func(a, b fault) int {
		if a.slow == b.slow {
			return 0
		} else if a.slow {
			return -1
		}
		return 1
	})
	results := sufferAll(t, list, min(side, len(list)))
	text := table(results)
	t.Log("\n" + text)
	if *update && !t.Failed() {
		writeTable(t, "faults", text)
	}
}

func TestOfTwoFaultsAtOnceTheFirstCauseIsNamed(t *testing.T) {
	list := pairs
	if !soak {
		list = list[8:9]
	}
	var both []fault
	for _, p := range list {
		a, b := named(p[0]), named(p[1])
		both = append(both, fault{name: p[0] + " + " + p[1], want: a.want,
			// The consequence may be seen first, but must not show in a hurry.
			inject: func(l *lab) { a.inject(l); b.inject(l) },
			// Put right in the order in which it would be found.
			clear: func(l *lab) { b.clear(l); a.clear(l) },
			way:   append(slices.Clone(a.way), b.way...)})
	}
	results := sufferAll(t, both, min(side, len(both)))
	text := table(results)
	t.Log("\n" + text)
	if *update && !t.Failed() {
		writeTable(t, "pairs", text)
	}
}

func table(results []result) string {
	var b strings.Builder
	b.WriteString("| fault | verdict | shows after | clears after | aim |\n|---|---|---|---|---|\n")
	seconds := func(d time.Duration) string {
		if d == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	for _, r := range results {
		aim := ""
		if a := r.fault.aim(); a != 0 {
			aim = fmt.Sprintf("%v: met", a)
			if r.show > a {
				aim = fmt.Sprintf("%v: missed", a)
			}
		}
		show := seconds(r.show)
		if r.fault.aim() == 100*time.Millisecond {
			show = fmt.Sprintf("%d ms", r.show.Milliseconds())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.fault.name, r.fault.want, show, seconds(r.clear), aim)
	}
	return b.String()
}

// writeTable puts the table between its two marks in docs/uplink.md.
func writeTable(t *testing.T, mark, text string) {
	const path = "../../docs/uplink.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := []byte("<!-- "+mark+" -->\n"), []byte("<!-- end of "+mark+" -->\n")
	i, j := bytes.Index(b, begin), bytes.Index(b, end)
	if i < 0 || j < i {
		t.Fatalf("%s has no marks for %s", path, mark)
	}
	out := slices.Concat(b[:i+len(begin)], []byte(text), b[j:])
	if err := os.WriteFile(path, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

// address is the box's own on its port.
func (l *lab) address() string {
	for _, field := range strings.Fields(l.output(l.van, "ip", "-4", "-o", "addr", "show", "dev", "uplink0")) {
		if a, _, ok := strings.Cut(field, "/"); ok && strings.Count(a, ".") == 3 {
			return a
		}
	}
	l.t.Fatal("the box has no address")
	return ""
}

// hardware is a port's hardware address.
func (l *lab) hardware(ns, port string) string {
	return strings.TrimSpace(l.output(ns, "cat", "/sys/class/net/"+port+"/address"))
}

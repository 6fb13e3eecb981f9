package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/probe"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
)

// vanDay is one of the week's: how many thirds of a session of 2 h 24 it has, with
// a fault of the mobile link for 4 minutes at the end of each, and then one for
// most of the day and night. The faults are such as answer at once: time stands
// still while an answer is awaited. What is silent costs less.
type vanDay struct {
	thirds int
	brief  [3]string
	long   string
}

const signIn, noNames, noCredit = "sign-in page: a redirect", "names: SERVFAIL", "no credit: all but names is refused"

var week = []vanDay{
	{thirds: 3, brief: [3]string{"", "", signIn}},
	{thirds: 3, brief: [3]string{"", "", noNames}},
	{thirds: 3, brief: [3]string{noCredit, "", noCredit}},
	{thirds: 3, brief: [3]string{signIn, noNames, signIn}},
	{thirds: 1, long: noNames},
	{long: noCredit},
	{long: signIn},
}

// weekDays in the environment has this program live through so many days where
// it is started, in the van's namespace.
const weekDays = "INFOBUS_LAB_DAYS"

// A week of generator days with flaps, in simulated time: in the session of each the
// generator stalls twice, the carrier is lost nine times, and the mobile link fails.
// The probes are the real ones, over real sockets, to servers whose answers are as
// long as real ones, proofs by TLS among them; what is counted at the socket stays
// below five megabytes from each morning to the next, and is what crossed the radio.
func TestAWeekOfGeneratorDaysWithFlapsStaysBelowFiveMegabytesADay(t *testing.T) {
	if days, _ := strconv.Atoi(os.Getenv(weekDays)); days != 0 {
		liveThrough(t, days)
		return
	}
	days := "1"
	if soak {
		days = "7"
	}
	l := newLab(t)
	for begun := time.Now(); !strings.Contains(l.output(l.van, "ip", "-4", "addr", "show", "dev", "uplink0"), "inet "); time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > guard {
			t.Fatal("no lease came")
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", l.van, self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), l.environment()...), weekDays+"="+days)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var carried, used int64
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, rest, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "inject":
			named(rest).inject(l)
		case "clear":
			named(rest).clear(l)
		case "day":
			var day, bytes int64
			fmt.Sscan(rest, &day, &bytes)
			used += bytes
			carried += l.radio.bytes.Swap(0)
			if bytes > 5_000_000 || bytes == 0 {
				t.Errorf("day %d: %d bytes", day, bytes)
			}
			t.Log(lines.Text())
		default:
			t.Log(lines.Text())
			continue
		}
		fmt.Fprintln(in)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes at the socket, %d on the radio, %d proofs of %d bytes", used, carried,
		l.radio.proofs.Load(), l.radio.proofBytes.Load()/max(1, l.radio.proofs.Load()))
	if used == 0 || float64(used) < 0.95*float64(carried) || l.radio.proofs.Load() == 0 {
		t.Error("what was counted is not what crossed the radio")
	}
}

// liveThrough is what the test does where it has started itself: in the van's
// namespace.
func liveThrough(t *testing.T, days int) {
	stdin, now := bufio.NewScanner(os.Stdin), time.Now()
	// ask has the lab do something, and waits until it is done.
	ask := func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
		if !stdin.Scan() {
			t.Fatal("the lab has ended")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now)) // the certificates are of this year
		var (
			o       = van.DefaultOptions()
			begun   = time.Now()
			c       = client.New(client.Options{})
			up      = netmon.Link{Present: true, Carrier: true, Address: "10.77.0.50/24", Gateway: gatewayAddress}
			kick    = make(chan struct{}, 1)
			mu      sync.Mutex // guards the rest
			s       = van.New(o, van.GPIO)
			runs    bool // the generator
			every   netmon.Pace
			seen    = map[netmon.Verdict]int{}
			waiting = make(chan struct{}, 1) // the state may want to be called earlier
		)
		see := func(v any) {
			mu.Lock()
			defer mu.Unlock()
			was := s.Uplink.Verdict
			s, _, _ = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "one", Mono: time.Second + time.Since(begun), Wall: time.Now()}, Value: v})
			if s.Uplink.Verdict != was {
				seen[s.Uplink.Verdict]++
			}
			if e := s.ProbePace(o); e != every {
				every = e
				select {
				case kick <- struct{}{}:
				default:
				}
			}
			select {
			case waiting <- struct{}{}:
			default:
			}
		}
		see(van.Started{})
		see(up)

		ctx, cancel := context.WithCancel(t.Context())
		var parts sync.WaitGroup
		parts.Go(func() { // the lines are read, and the state's own time passes
			lines := time.NewTicker(10 * time.Second)
			defer lines.Stop()
			for {
				mu.Lock()
				wake, running := s.Wake(o), runs
				mu.Unlock()
				var due <-chan time.Time
				if wake != 0 {
					due = time.After(max(wake-time.Second-time.Since(begun), time.Millisecond))
				}
				select {
				case <-ctx.Done():
					return
				case <-waiting:
				case <-lines.C:
					see(power.Line{Active: running, At: time.Second + time.Since(begun)})
				case <-due:
					see(van.Tick{})
				}
			}
		})
		parts.Go(func() {
			targets := probe.Targets{Internet: []string{literals[0] + ":443", literals[1] + ":443"}, Resolvers: []string{literals[0] + ":53", literals[1] + ":53"},
				Name: tlsName, Proof: true, Checks: []string{"http://" + checkName + "/generate_204"}}.Via(up)
			probe.Run(ctx, probe.Options{Client: c}, func() (netmon.Pace, probe.Targets) {
				mu.Lock()
				defer mu.Unlock()
				return every, targets
			}, kick, func(e netmon.Evidence) { see(e) })
		})

		pull := func(on bool) { mu.Lock(); runs = on; mu.Unlock() }
		suffer := func(fault string, d time.Duration) {
			ask("inject %s", fault)
			time.Sleep(d)
			ask("clear %s", fault)
		}
		third := func(fault string, stall, out time.Duration) {
			pull(false)
			time.Sleep(stall)
			pull(true)
			time.Sleep(40*time.Minute - stall)
			for range 3 {
				see(netmon.Link{Present: true})
				time.Sleep(out)
				see(up)
				time.Sleep(time.Minute)
			}
			if fault != "" {
				suffer(fault, 4*time.Minute)
			}
		}
		var before int64
		for n, day := range week[:days] {
			morning := begun.Add(time.Duration(n) * 24 * time.Hour)
			for i := range day.thirds {
				third(day.brief[i], []time.Duration{0, 40 * time.Second, 3 * time.Minute}[i], time.Duration(1+2*i)*time.Second)
			}
			if day.long != "" {
				ask("inject %s", day.long)
				time.Sleep(100 * time.Minute)
				pull(false)
				time.Sleep(20 * time.Hour)
				ask("clear %s", day.long)
			}
			pull(false)
			time.Sleep(time.Until(morning.Add(24 * time.Hour)))
			used := c.Usage()[client.Probe].Total() - before
			before += used
			mu.Lock()
			ask("day %d %d bytes at the socket; shown so far %v", n+1, used, seen)
			mu.Unlock()
		}
		cancel()
		parts.Wait()
	})
}

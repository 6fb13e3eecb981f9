package lab_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/hw/line"
	"infobus/images/lab"
)

const (
	debounce = 50 * time.Millisecond
	// bounce is how long a bounce holds a level: long enough for the machine to
	// take it for an edge if it did not debounce.
	bounce = 3 * time.Millisecond
)

// kernel is the machine's kernel, or the test is skipped.
func kernel(t *testing.T) string {
	t.Helper()
	return lab.Given(t, "INFOBUS_LAB_KERNEL", "lab")
}

// build makes a static arm64 program of that package.
func build(t *testing.T, pkg string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	c := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return file
}

// console reads the lines of one program off a machine's console.
type console struct {
	t    *testing.T
	m    *lab.Machine
	hang *time.Timer
	log  []string
}

func boot(t *testing.T, o lab.Options) *console {
	t.Helper()
	m, err := lab.Boot(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// Not a limit that the machine is measured by: minutes, where seconds do.
	hang := time.AfterFunc(8*time.Minute, func() { m.Close() })
	c := &console{t: t, m: m, hang: hang}
	t.Cleanup(func() {
		hang.Stop()
		m.Close()
		if t.Failed() {
			t.Logf("the console:\n%s", strings.Join(c.log[max(0, len(c.log)-60):], "\n"))
		}
	})
	return c
}

// next is the next line of the program, without its name.
func (c *console) next(name string) string {
	c.t.Helper()
	for l := range c.m.Lines() {
		c.log = append(c.log, l)
		if said, ok := strings.CutPrefix(l, name+": "); ok {
			return said
		}
		if strings.HasPrefix(l, "init: ") {
			c.t.Logf("%s", l)
		}
	}
	c.t.Fatalf("the machine ended while %s was waited for", name)
	return ""
}

// change drives the line from one level to the other, among bounces: n before
// the change, n after it. At one stroke the machine cannot look in between.
// Else it can, and change reports whether all of it took less than the debounce
// time: if not, the machine may rightly take a bounce for a change.
func (c *console) change(offset int, to bool, n int, stroke bool) (judge bool) {
	c.t.Helper()
	var levels []bool
	for range n {
		levels = append(levels, to, !to)
	}
	levels = append(levels, to)
	for range n {
		levels = append(levels, !to, to)
	}
	return c.levels(offset, levels, stroke)
}

// spike drives the line away and back, n times; see change.
func (c *console) spike(offset int, from bool, n int, stroke bool) (judge bool) {
	c.t.Helper()
	var levels []bool
	for range n {
		levels = append(levels, !from, from)
	}
	return c.levels(offset, levels, stroke)
}

func (c *console) levels(offset int, levels []bool, stroke bool) (judge bool) {
	c.t.Helper()
	if stroke {
		if err := c.m.Drive(offset, levels...); err != nil {
			c.t.Fatal(err)
		}
		return true
	}
	start := time.Now()
	for i, l := range levels {
		if i > 0 {
			<-time.After(bounce)
		}
		c.drive(offset, l)
	}
	return time.Since(start) < debounce
}

// rounds drives the line to and fro, as often as said, among bounces, and now
// and then for a moment only. seen is what the machine saw since it was last
// asked.
func (c *console) rounds(offset, edges int, seen func() []bool) {
	c.t.Helper()
	level, slow, bounced := false, 0, 0
	for done, stroke := 0, false; done < edges; {
		level = !level
		judge := c.change(offset, level, done%3, stroke)
		got := seen()
		if !judge {
			// Too slow; the line rests at level all the same.
			if slow++; len(got) == 0 || got[len(got)-1] != level {
				c.t.Fatalf("edge %d: seen %v, want %v in the end", done, got, level)
			}
			stroke = true
			continue
		}
		if !slices.Equal(got, []bool{level}) {
			c.t.Fatalf("edge %d: seen %v, want just %v", done, got, level)
		}
		if done%3 > 0 && !stroke {
			bounced++
		}
		if done++; done%8 == 0 {
			judge := c.spike(offset, level, 3, stroke)
			if got := seen(); judge && len(got) != 0 {
				c.t.Fatalf("spikes after edge %d: seen %v, want nothing", done, got)
			}
		}
		stroke = done%2 == 1
	}
	c.t.Logf("%d edges, %d of them among bounces that the machine could see; %d more too slow to judge", edges, bounced, slow)
}

func (c *console) drive(offset int, high bool) {
	c.t.Helper()
	if err := c.m.Drive(offset, high); err != nil {
		c.t.Fatal(err)
	}
}

// Two hundred edges, all among bounces, and spikes between them, through a real
// kernel's debounce. A second line, with a longer debounce time, is driven after
// each: its edge says that all of the first line's have been seen.
func TestLineOnRealChip(t *testing.T) {
	const first, second, edges = 1, 2, 200
	o := lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init")}
	lines, err := json.Marshal([]line.Config{
		{Name: "first", Line: "1", Debounce: debounce},
		{Name: "second", Line: "2", Debounce: 2 * debounce},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Files = map[string]string{"/edges": build(t, "infobus/images/lab/edges")}
	o.Programs = []lab.Program{{Name: "edges", Command: []string{"/edges", lab.Chip, string(lines)}}}
	c := boot(t, o)

	last := map[string]time.Duration{}
	next := func() (s line.Seen) {
		t.Helper()
		said := c.next("edges")
		if err := json.Unmarshal([]byte(said), &s); err != nil {
			t.Fatalf("edges said %q", said)
		}
		return s
	}
	for _, name := range []string{"first", "second"} {
		if s := next(); s.Edge || s.Active || s.Name != name {
			t.Fatalf("to begin with seen %+v, want %s read as inactive", s, name)
		}
	}

	marker := false
	// seen is the first line's edges up to now.
	seen := func() (edges []bool) {
		t.Helper()
		marker = !marker
		c.drive(second, marker)
		for {
			s := next()
			if !s.Edge {
				continue
			}
			if s.At <= last[s.Name] {
				t.Fatalf("seen %+v, after one at %v", s, last[s.Name])
			}
			last[s.Name] = s.At
			if s.Name == "second" {
				if s.Active != marker {
					t.Fatalf("seen %+v, want active %v", s, marker)
				}
				return edges
			}
			edges = append(edges, s.Active)
		}
	}

	c.rounds(first, edges, seen)
}

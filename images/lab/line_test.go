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

const debounce = 50 * time.Millisecond

// kernel is the machine's kernel, or the test is skipped.
func kernel(t *testing.T) string {
	t.Helper()
	k := os.Getenv("INFOBUS_LAB_KERNEL")
	if k == "" {
		t.Skip("INFOBUS_LAB_KERNEL names no kernel: ./build.sh lab fetches one, ./build.sh test sets it")
	}
	return k
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
// the change, n after it. It reports whether all of it took less than the
// debounce time. If not, the machine may rightly take a bounce for a change.
func (c *console) change(offset int, to bool, n int) (quick bool) {
	c.t.Helper()
	start := time.Now()
	for range n {
		c.drive(offset, to)
		c.drive(offset, !to)
	}
	c.drive(offset, to)
	for range n {
		c.drive(offset, !to)
		c.drive(offset, to)
	}
	return time.Since(start) < debounce
}

// spike drives the line away and back, n times; see change.
func (c *console) spike(offset int, from bool, n int) (quick bool) {
	c.t.Helper()
	start := time.Now()
	for range n {
		c.drive(offset, !from)
		c.drive(offset, from)
	}
	return time.Since(start) < debounce
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

	last := time.Duration(0)
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
			if s.At <= last {
				t.Fatalf("seen %+v, after one at %v", s, last)
			}
			last = s.At
			if s.Name == "second" {
				if s.Active != marker {
					t.Fatalf("seen %+v, want active %v", s, marker)
				}
				return edges
			}
			edges = append(edges, s.Active)
		}
	}

	level := false
	for done, slow := 0, 0; done < edges; {
		level = !level
		quick := c.change(first, level, done%4)
		if got := seen(); !quick {
			// Too slow to judge; the line rests at level all the same.
			if slow++; len(got) == 0 || got[len(got)-1] != level {
				t.Fatalf("edge %d: seen %v, want %v in the end", done, got, level)
			}
			continue
		} else if !slices.Equal(got, []bool{level}) {
			t.Fatalf("edge %d: seen %v, want just %v", done, got, level)
		}
		done++
		if done%8 == 0 {
			if quick := c.spike(first, level, 3); !quick {
				seen()
			} else if got := seen(); len(got) != 0 {
				t.Fatalf("spikes after edge %d: seen %v, want nothing", done, got)
			}
		}
		if done == edges {
			t.Logf("%d edges, %d more too slow to judge", done, slow)
		}
	}
}

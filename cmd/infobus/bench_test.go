package main

import (
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/kiosk/locales"
	"infobus/timetable/source"
)

// BenchmarkTodayPage prints, side by side, what a page of today costs: the
// command from a timetable file to the picture, in a process of its own; the
// same in a process that has drawn before; and what pango-view and Chromium take
// for the same text. Times are medians of several runs, the processor's with all threads; memory the most that
// one process of it had resident, by GNU time.
func BenchmarkTodayPage(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(dir, "infobus")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	table := write("timetable.yaml", string(examples.Timetable))
	t, err := source.Parse("timetable.yaml", examples.Timetable, draw.Check)
	if err != nil {
		b.Fatal(err)
	}
	o := kiosk.DefaultOptions()
	o.Capacity = map[string]int{o.Sets[0].String(): draw.Capacity(o.Sets[0])}
	in := kiosk.Content{Timetable: t, Site: "moulin", Now: time.Date(2026, 11, 23, 9, 40, 0, 0, t.Zone)}
	text := said(o.Pages(kiosk.Today, in)[0])
	words := write("page.txt", text)
	page := write("page.html", "<meta charset=utf-8><body style=\"font: 28px Noto Sans; margin: 0; white-space: pre-line\">"+html.EscapeString(text))

	few, many, frames := 5, 21, 201
	if testing.Short() {
		few, many, frames = 1, 1, 2
	}
	fmt.Printf("%-34s %10s %13s %12s\n", "a page of today", "time", "processor", "memory")
	for _, c := range []struct {
		what string
		runs int
		args []string
	}{
		{"infobus kiosk render, cold", many, []string{program, "kiosk", "render", "-o", filepath.Join(dir, "a.png"), "--timetable", table, "--at", "2026-11-23T09:40", "--site", "moulin"}},
		{"pango-view", many, []string{"pango-view", "--no-display", "--font=Noto Sans 21", "--width=576", "--output=" + filepath.Join(dir, "b.png"), words}},
		{"Chromium, headless", few, []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
			"--user-data-dir=" + filepath.Join(dir, "browser"), "--window-size=800,480", "--screenshot=" + filepath.Join(dir, "c.png"), "file://" + page}},
	} {
		var times, busy []time.Duration
		kilobytes := 0
		fmt.Fprintf(os.Stderr, "%s: %d runs\n", c.what, c.runs)
		for range c.runs {
			// GNU time forks, so that the memory is that of the program alone.
			report := filepath.Join(dir, "time")
			cmd := exec.Command("time", append([]string{"-f", "%M", "-o", report}, c.args...)...)
			begun := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%s: %v: %s", c.what, err, out)
			}
			times = append(times, time.Since(begun))
			busy = append(busy, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			data, err := os.ReadFile(report)
			if err != nil {
				b.Fatal(err)
			}
			n, err := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				b.Fatal(err)
			}
			kilobytes = max(kilobytes, n)
		}
		slices.Sort(times)
		slices.Sort(busy)
		fmt.Printf("%-34s %7.1f ms %10.1f ms %9.1f MB\n", c.what, float64(times[len(times)/2].Microseconds())/1000,
			float64(busy[len(busy)/2].Microseconds())/1000, float64(kilobytes)/1024)
	}

	var times []time.Duration
	for range frames {
		in.Now = in.Now.Add(time.Minute) // another header each time
		begun := time.Now()
		if _, err := draw.Draw(o.Pages(kiosk.Today, in)[0]); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	fmt.Printf("%-34s %7.2f ms\n", "from timetable to frame, warm", float64(times[len(times)/2].Nanoseconds())/1e6)
}

// said is all text of a page of today, a line for each row.
func said(p kiosk.Page) string {
	var lines []string
	for _, tag := range p.Languages {
		l := locales.Get(tag)
		lines = append(lines, l.Date(p.Date)+" "+l.DrawnAt(p.Drawn))
	}
	for _, r := range p.Rows {
		line := r.Opens.Format("15:04") + " " + r.Closes.Format("15:04")
		for _, tag := range p.Languages {
			line += " " + locales.Get(tag).ServiceName(r.Service)
		}
		lines = append(lines, line+" "+r.Service.Place.Map+" "+r.Service.Place.Name)
	}
	return strings.Join(lines, "\n") + "\n"
}

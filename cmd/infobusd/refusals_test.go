package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Whatever is wrong with configuration and timetable, while the box runs and when it
// starts after kill -9: it starts, power and session are there, the rows of the last
// good timetable stand on the page, and the volunteers' page says what is wrong.
func TestADayOfRefusals(t *testing.T) {
	looksInABrowser(t)
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.RemoveAll(path(name)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(name)+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path(name)+".new", path(name)); err != nil {
			t.Fatal(err)
		}
	}
	today := time.Now().Format(time.DateOnly)
	good := map[string]string{
		"main.yaml": "timezone: Europe/Paris\nservices:\n  - {id: soup, category: food, name: {en: Soup kitchen}, place: {name: Quay}, show: screen, checked: " + today +
			", times: [{days: [daily], opens: \"00:00\", closes: \"24:00\"}]}\n",
		"sheet.csv": "service;category;days;opens;closes;place;show;checked\nWarm clothes;clothes;daily;00:00;24:00;Quay;screen;" + today + "\n",
		"cal.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a@example.org\r\nSUMMARY:Legal help\r\nCLASS:PUBLIC\r\nLOCATION:Quay\r\n" +
			"LAST-MODIFIED:" + time.Now().UTC().Format("20060102T150405Z") + "\r\nDTSTART;TZID=Europe/Paris:20260101T000000\r\nDTEND;TZID=Europe/Paris:20260102T000000\r\n" +
			"RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		"infobus.yaml": "timetable:\n  - source: " + path("main.yaml") + "\n  - source: " + path("sheet.csv") + "\n  - {source: " + path("cal.ics") + ", public: all}\n",
	}
	for name, text := range good {
		write(name, text)
	}
	loop := func(name string) {
		os.Remove(path(name))
		if err := os.Symlink(path(name), path(name)); err != nil {
			t.Fatal(err)
		}
	}
	var p *process
	run := func() {
		t.Helper()
		p = start(t, state, nil, "--sim", "--van-times", "--config", path("infobus.yaml"))
		p.infobus("sim", "generator", "on")
	}
	stands := func(what string) {
		t.Helper()
		p.becomes("power.source", "generator")
		p.becomes("session.active", true)
		p.wait(what+": the rows of the last good timetable", func() bool {
			page := p.get("/today?lang=en")
			return strings.Contains(page, "Soup kitchen") && strings.Contains(page, "Warm clothes") && strings.Contains(page, "Legal help")
		})
	}
	run()
	stands("at the beginning")
	p.becomes("kiosk.page", "today")
	browser := openPage(t, p.base+"/")
	says := func(what, words string) {
		t.Helper()
		browser.do(chromedp.Navigate(p.base + "/"))
		browser.until(what+": the page says "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
	}

	const refused, missing, settings = "and was not taken", "cannot read its timetable", "settings have a mistake"
	for _, c := range []struct {
		what  string
		file  string // that is broken, and mended again
		spoil func()
		says  string
	}{
		{"YAML that is none", "main.yaml", func() { write("main.yaml", "services: [") }, refused},
		{"a wrong type", "main.yaml", func() { write("main.yaml", "services: 5\n") }, refused},
		{"an hour that there is not", "main.yaml", func() { write("main.yaml", strings.Replace(good["main.yaml"], `"00:00"`, `"99:00"`, 1)) }, refused},
		{"a key that there is not", "main.yaml", func() { write("main.yaml", good["main.yaml"]+"servcies: []\n") }, refused},
		{"bytes that are no text", "main.yaml", func() { write("main.yaml", "\x00\xff\xfe\x80services") }, refused},
		{"a file that cannot be read", "main.yaml", func() { loop("main.yaml") }, missing},
		{"a folder in the place of a file", "main.yaml", func() { os.Remove(path("main.yaml")); os.MkdirAll(path("main.yaml"), 0o755) }, missing},
		{"no file", "main.yaml", func() { os.Remove(path("main.yaml")) }, missing},
		{"a sheet with a wrong hour", "sheet.csv", func() { write("sheet.csv", strings.Replace(good["sheet.csv"], "00:00", "99:00", 1)) }, refused},
		{"a sheet without its columns", "sheet.csv", func() { write("sheet.csv", "a;b;c\n1;2;3\n") }, refused},
		{"a calendar with a wrong rule", "cal.ics", func() { write("cal.ics", strings.Replace(good["cal.ics"], "FREQ=DAILY", "FREQ=NEVER", 1)) }, refused},
		{"a calendar that is cut off", "cal.ics", func() { write("cal.ics", good["cal.ics"][:80]) }, refused},
		{"a key of the configuration that there is not", "infobus.yaml", func() { write("infobus.yaml", good["infobus.yaml"]+"gpios: x\n") }, settings},
		{"a configuration of another type", "infobus.yaml", func() { write("infobus.yaml", "timetable: {a: 1}\n") }, settings},
		{"a configuration that is no YAML", "infobus.yaml", func() { write("infobus.yaml", "{{{") }, settings},
		{"a configuration that cannot be read", "infobus.yaml", func() { loop("infobus.yaml") }, settings},
		{"no configuration", "infobus.yaml", func() { os.Remove(path("infobus.yaml")) }, settings},
		{"a calendar's address that nobody answers at", "infobus.yaml", func() { write("infobus.yaml", good["infobus.yaml"]+"  - source: webcal://127.0.0.1:9/x.ics\n") }, ""},
	} {
		c.spoil()
		if c.file != "infobus.yaml" {
			p.device("timetable", "failed")
			stands("while it runs, " + c.what)
			says("while it runs, "+c.what, c.says)
		}
		p.kill()
		run()
		stands("at the start, " + c.what)
		if c.says != "" {
			says("at the start, "+c.what, c.says)
		}
		write(c.file, good[c.file])
		p.kill()
		run()
		stands("mended, " + c.what)
		if c.file != "infobus.yaml" {
			p.device("timetable", "ok")
		}
	}

	// What is kept is damaged, too: one copy costs nothing; with all of them gone the
	// box starts still, and what can be read is there.
	spoil := func(pattern string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(state, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, f := range files {
			if err := os.WriteFile(f, []byte(fmt.Sprint("spoilt ", filepath.Base(f))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.kill()
	spoil("timetable-*.0")
	write("main.yaml", "services: [")
	run()
	stands("with one copy of what is kept, and a broken file")
	p.kill()
	spoil("*.0")
	spoil("*.1")
	run()
	p.becomes("power.source", "generator")
	p.becomes("session.active", true)
	p.wait("what can be read", func() bool { return strings.Contains(p.get("/today?lang=en"), "Warm clothes") })
	says("with nothing that is kept", refused)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"infobus/examples"
	"infobus/logbook"
	"infobus/status/statustest"
)

// The main job: a generator starts, and everything else happens by itself.
func TestAGeneratorStartsAndEverythingElseHappensByItself(t *testing.T) {
	looksInABrowser(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	if source := p.at("power.source"); source != "battery" {
		p.becomes("power.source", "battery")
	}

	browser := openPage(t, p.base+"/")
	before := browser.text()
	if strings.Contains(before, "Generator running") {
		t.Fatalf("the page says that a generator runs before one does: %q", before)
	}

	p.infobus("sim", "generator", "on")

	p.becomes("power.source", "generator")
	p.becomes("session.active", true)
	events := p.infobus("events")
	p.wait("both events to be durable", func() bool {
		events = p.infobus("events")
		return strings.Contains(events, "generator.started") && strings.Contains(events, "session.started")
	})

	// The open page changed without a reload.
	browser.wait("Generator running")
	if loads := browser.eval("performance.getEntriesByType('navigation').length + ':' + window.loadedOnce"); loads != "1:once" {
		t.Errorf("the page was loaded again: %s", loads)
	}

	// The picture decoded from the panel's bus is the page for that timetable,
	// site and minute, drawn by the command line.
	p.has(logbook.KioskRefreshed)
	site, _ := p.at("session.site").(string)
	var drawn, shown string
	p.wait("a picture, and when it was drawn", func() bool {
		drawn, _ = p.at("kiosk.drawn_at").(string)
		shown = p.get("/kiosk.png")
		return drawn != "" && p.at("kiosk.drawing") == false && p.at("kiosk.drawn_at") == drawn
	})
	table, page := filepath.Join(t.TempDir(), "timetable.yaml"), filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(table, examples.Timetable, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := infobus(t, "kiosk", "render", "-o", page, "--timetable", table, "--at", drawn, "--site", site); code != 0 {
		t.Fatalf("render: exit %d: %s", code, out)
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if n := differ(decode(t, []byte(shown)), decode(t, want)); n != 0 {
		t.Errorf("%d pixels on the panel differ from the page of %s at site %q", n, drawn, site)
	}

	// The receiver's file holds the events.
	p.wait("the events to be received", func() bool {
		have := received(t, filepath.Join(p.state, "received.jsonl"))
		for _, e := range p.events() {
			if e.Name == logbook.GeneratorStarted || e.Name == logbook.SessionStarted {
				if have[key(e)] != string(e.Name) {
					return false
				}
			}
		}
		return true
	})
}

// key is an event's identity.
func key(e logbook.Event) string { return fmt.Sprintf("%s/%d", e.Log, e.Seq) }

// received are the names of the events in the receiver's file, by identity.
func received(t testing.TB, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	have := map[string]string{}
	for line := range bytes.Lines(b) {
		var e logbook.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v in %q", file, err, line)
		}
		have[key(e)] = string(e.Name)
	}
	return have
}

func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%v in %.60q", err, b)
	}
	return m
}

// differ counts the pixels in which two pictures differ; another size is every
// pixel.
func differ(a, b image.Image) int {
	if a.Bounds() != b.Bounds() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r, g, bl, _ := a.At(x, y).RGBA()
			r2, g2, bl2, _ := b.At(x, y).RGBA()
			if r != r2 || g != g2 || bl != bl2 {
				n++
			}
		}
	}
	return n
}

// From the finger to the glass: the chip's line, the state, the panel.
func TestTheButtonBesideTheScreenShowsTheNextPage(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.infobus("sim", "generator", "on")
	p.has(logbook.KioskRefreshed)
	p.becomes("kiosk.drawing", false)
	before, _ := p.at("kiosk.part").(float64)
	language := p.at("kiosk.languages.0")
	var pressed time.Time
	p.wait("another page, held", func() bool {
		if p.at("kiosk.held_until") != nil {
			return true
		}
		if time.Since(pressed) > 5*time.Second { // where the machine stood still the press was too short
			p.infobus("sim", "button", "press")
			pressed = time.Now()
		}
		return false
	})
	if part, _ := p.at("kiosk.part").(float64); part == before && p.at("kiosk.languages.0") == language && p.at("kiosk.page") == "today" {
		t.Errorf("the page is as before: %s", p.get("/api/v1/state"))
	}
	p.wait("the event", func() bool {
		for _, e := range p.events() {
			if e.Name == logbook.KioskRefreshed && e.Attributes["cause"] == "button" {
				return true
			}
		}
		return false
	})
}

// page is a page that is open in a real browser.
type page struct {
	t   testing.TB
	ctx context.Context
}

// openPage opens an address in headless Chromium.
func openPage(t testing.TB, address string) page {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.UserDataDir(statustest.Profile(t)), chromedp.WSURLReadTimeout(hangGuard))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*hangGuard)
	t.Cleanup(cancel)
	p := page{t, ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium (apt-get install chromium): %v", err)
	}
	p.do(chromedp.Navigate(address))
	p.eval("window.loadedOnce = 'once'")
	return p
}

// do does what gives nothing. A page that does not come is asked for again, as a person
// does: on a machine that stands still the request may come later than the box waits for it.
func (p page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	var none *chromedp.LoadError
	err := chromedp.Do(p.ctx, actions...)
	for guard := time.Now().Add(hangGuard); errors.As(err, &none) && time.Now().Before(guard); {
		time.Sleep(50 * time.Millisecond)
		err = chromedp.Do(p.ctx, actions...)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// logIn types the PIN, and Enter: the page is a live one, and a button that is aimed at
// may have moved by the time of the tap. It waits for the page that comes then.
func (p page) logIn(pin string) {
	p.t.Helper()
	p.do(chromedp.SendKeys("#pin", pin+"\r"))
	p.until("the phone is paired", `document.readyState == "complete" && location.protocol == "http:" && location.pathname != "/pair" && !document.querySelector("#pin")`)
}

// press presses a button of a page that has come whole, wherever it stands by then.
func (p page) press(selector string) {
	p.t.Helper()
	p.until("pressed "+selector, `(b => {
		if (document.readyState != "complete" || !b || b.offsetHeight == 0) return false;
		b.click();
		return true;
	})(document.querySelector(`+strconv.Quote(selector)+`))`)
}

// until polls a script until it gives true; a page that did not come is loaded again.
func (p page) until(what, script string) {
	p.t.Helper()
	for guard := time.Now().Add(hangGuard); ; time.Sleep(50 * time.Millisecond) {
		so, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script))
		switch {
		case err == nil && so: // an error: the page is just being left
			return
		case time.Now().After(guard):
			p.t.Fatalf("waited in vain until %s (%v); the page is %s", what, err, p.eval("`${location.href} ${document.readyState}: ${document.body?.innerText}`"))
		}
		if gone, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`location.protocol == "chrome-error:"`)); err == nil && gone {
			_ = chromedp.Do(p.ctx, chromedp.Reload()) // the next look sees what came
		}
	}
}

func (p page) eval(script string) string {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// text is what stands on the page; "" while another is being loaded, which has no body yet.
func (p page) text() string { return p.eval("document.body?.innerText ?? ``") }

// wait polls until the page says so.
func (p page) wait(words string) {
	p.t.Helper()
	p.until("the page says "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
}

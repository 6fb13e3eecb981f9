package server

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"infobus/power"
	"infobus/status/statustest"
)

// hangGuard ends a test that would wait for ever; nothing is measured by it.
const hangGuard = 90 * time.Second

// browser is headless Chromium, with more flags.
func browser(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.UserDataDir(statustest.Profile(t)), chromedp.WSURLReadTimeout(hangGuard))
	flags = append(flags, more...)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 10*hangGuard)
	t.Cleanup(cancel)
	return ctx
}

type contextOf = context.Context

// openOptions are those of a van on a desk, where everybody on the loopback address may
// see everything.
func openOptions() Options {
	o := options()
	o.Open = true
	return o
}

// evaluated runs a script in the page, whatever it gives.
func evaluated(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("(() => {"+script+"\n})(); true")(ctx, target)
		return chromedp.Void{}, err
	}
}

// login opens a session in the browser, as a volunteer does.
func (v *van) login(ctx context.Context) {
	v.t.Helper()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`fetch('/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"pin":"`+v.o.PIN()+`"}' }).then(a => a.ok)`, chromedp.EvalAwaitPromise))
	if err != nil || !ok {
		v.t.Fatalf("login: %v %v", ok, err)
	}
}

// do runs actions that give nothing. A page that does not come is asked for again, as a
// person does: on a machine that stands still the request may come later than the box
// waits for it.
func do(t testing.TB, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	var none *chromedp.LoadError
	err := chromedp.Do(ctx, actions...)
	for guard := time.Now().Add(hangGuard); errors.As(err, &none) && time.Now().Before(guard); {
		time.Sleep(50 * time.Millisecond)
		err = chromedp.Do(ctx, actions...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// js is the value of an expression in the page.
func js[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// says waits until the page shows the words, also the page that comes next.
func says(t testing.TB, ctx context.Context, words string) {
	t.Helper()
	until(t, ctx, "the page says "+words, "document.body.innerText.includes("+strconv.Quote(words)+")")
}

// until polls an expression until it gives true; a page that did not come is loaded again.
func until(t testing.TB, ctx context.Context, what, expression string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for guard := time.After(hangGuard); ; {
		so, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && so {
			return
		}
		if gone, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`location.protocol == "chrome-error:"`)); err == nil && gone {
			_ = chromedp.Do(ctx, chromedp.Reload()) // the next look sees what came
		}
		select {
		case <-tick.C: // a page that is just being left gives an error
		case <-guard:
			text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
			t.Fatalf("waited in vain until %s (%v); the page says: %s", what, err, text)
		}
	}
}

// press presses what is shown of a page that has come whole, also in a part that opens:
// what is aimed at may have moved by the time of the tap.
func press(t testing.TB, ctx context.Context, selector string) {
	t.Helper()
	until(t, ctx, "pressed "+selector, `(e => {
		if (document.readyState != "complete" || !e) return false;
		for (let d = e; (d = d.parentElement?.closest("details"));) d.open = true;
		if (e.offsetHeight == 0) return false;
		e.click();
		return true;
	})(document.querySelector(`+strconv.Quote(selector)+`))`)
}

func TestThePageInARealBrowser(t *testing.T) {
	v := start(t, openOptions())
	state := session()
	state.Power.Source, state.Session.Active = power.SourceBattery, false
	state = statustest.Say(statustest.Say(state, "power", "glance.power.battery"), "session", "glance.session.none")
	v.Publish(state)

	ctx := volunteer(t, v)
	var (
		mu      sync.Mutex
		strange []string
		own     int
	)
	do(t, ctx) // starts the browser
	err := chromedp.Listen(ctx, func(e any) {
		if sent, ok := e.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(sent.Request.URL, v.base+"/") {
			mu.Lock()
			defer mu.Unlock()
			strange = append(strange, sent.Request.URL)
		} else if ok {
			own++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	js[bool](t, ctx, "window.loadedOnce = true")
	says(t, ctx, "On battery")
	says(t, ctx, "No session")

	v.Publish(session())
	says(t, ctx, "Generator running")
	says(t, ctx, "14:30")
	until(t, ctx, "the page is in contact, and was not loaded again", "window.loadedOnce === true && document.getElementById('lost').hidden")

	v.stop()
	says(t, ctx, "No contact with the box since")
	until(t, ctx, "what is old is greyed", greyed)
	mu.Lock()
	defer mu.Unlock()
	if own < 4 {
		t.Errorf("only %d requests of the page were seen: this test sees nothing", own)
	}
	if len(strange) > 0 {
		t.Errorf("the page asked others: %q", strange)
	}
}

func TestThePageIsRightWithoutJavaScript(t *testing.T) {
	v := start(t, openOptions())
	v.Publish(session())
	_, page := v.network("GET", "/", "")
	for _, words := range []string{"Generator running", "Working", "14:30", "2 events wait to be sent", "12:04, 11 min ago", "does not answer", "12:10, 5 min ago", "/kiosk.png?"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page as served does not say %q", words)
		}
	}
}

// Nothing is wider than the phone's screen.
func TestThePageFitsASmallPhone(t *testing.T) {
	v := start(t, openOptions())
	state := session()
	state.Uplink.Verdict, state.Uplink.Advice = "captive-portal",
		"A sign-in page stands before the internet: open any page on a phone on the same Wi-Fi and sign in."
	v.Publish(state)
	ctx := browser(t)
	for _, path := range []string{"/", "/?lang=fr", "/today?lang=ar"} {
		do(t, ctx, chromedp.EmulateViewport(320, 640), chromedp.Navigate(v.base+path))
		if js[bool](t, ctx, "document.documentElement.scrollWidth > innerWidth") {
			t.Errorf("%s is wider than 320 pixels", path)
		}
	}
}

// What the first view weighs, and when a slow phone on a slow Wi-Fi shows it. Only what
// it weighs can fail: a busy machine is no mistake of the page.
func TestTheFirstViewIsLight(t *testing.T) {
	v := start(t, options())
	v.Publish(session())
	ctx := volunteer(t, v)
	do(t, ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, target, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 6}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, target, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: 150, DownloadThroughput: 50_000, UploadThroughput: 25_000}}})
		return chromedp.Void{}, err
	}, chromedp.EmulateViewport(360, 640), chromedp.Navigate(v.base+"/"))
	when(t, ctx, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
	m := js[struct {
		Paint, Weighs float64
		Requests      int
	}](t, ctx, `(() => {
		const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(e => !e.name.includes('/live'));
		return { Paint: performance.getEntriesByName('first-contentful-paint')[0].startTime, Weighs: all.reduce((n, e) => n + e.encodedBodySize, 0), Requests: all.length };
	})()`)
	if m.Weighs > 60_000 || m.Weighs < 10_000 {
		t.Errorf("the first view weighs %g bytes", m.Weighs)
	}
	t.Logf("the first view: %.1f kB in %d requests (aim 60 kB); painted after %.0f ms by a phone six times slower than this machine, at 400 kbit/s and 150 ms", m.Weighs/1000, m.Requests, m.Paint)
}

// How many views of the volunteers' page a second the box gives, over kept connections.
func BenchmarkTheVolunteersPage(b *testing.B) {
	v := start(b, options())
	v.Publish(session())
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			v.network("GET", "/", "")
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

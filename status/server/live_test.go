package server

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"infobus/status"
	"infobus/status/statustest"
)

// way is the network between a browser and the box, which can be cut.
type way struct {
	t    testing.TB
	to   string
	at   string // where the browser asks
	mu   sync.Mutex
	open []net.Conn
	hung chan struct{} // closed when it goes on; nil while it goes on
	l    net.Listener
}

func newWay(t testing.TB, to string) *way {
	t.Helper()
	w := &way{t: t, to: strings.TrimPrefix(to, "http://")}
	w.listen("127.0.0.1:0")
	w.at = w.l.Addr().String()
	t.Cleanup(w.refuse)
	return w
}

func (w *way) listen(at string) {
	w.t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		w.t.Fatal(err)
	}
	w.l = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
}

func (w *way) carry(c net.Conn) {
	w.passes()
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		c.Close()
		return
	}
	w.mu.Lock()
	w.open = append(w.open, c, far)
	w.mu.Unlock()
	copied := func(to, from net.Conn) {
		defer to.Close()
		part := make([]byte, 16<<10)
		for {
			n, err := from.Read(part)
			w.passes()
			if _, wrong := to.Write(part[:n]); wrong != nil || err != nil {
				return
			}
		}
	}
	go copied(far, c)
	copied(c, far)
}

// passes returns once the way is not hung.
func (w *way) passes() {
	w.mu.Lock()
	hung := w.hung
	w.mu.Unlock()
	if hung != nil {
		<-hung
	}
}

// hang lets nothing through, and ends no connection: the daemon hangs, or the radio is
// out of reach.
func (w *way) hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hung = make(chan struct{})
}

func (w *way) goOn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.hung)
	w.hung = nil
}

// refuse ends all connections, and takes none: the daemon has stopped.
func (w *way) refuse() {
	w.l.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
}

// watch notes in the page when its text, or what is said of the contact, is as wanted.
const watch = `(() => {
	const lost = document.getElementById('lost');
	window.seen = { lost: 0, back: 0, text: {} };
	const look = () => {
		if (!lost.hidden && (!seen.lost || seen.back)) { seen.lost = Date.now(); seen.back = 0; }
		if (lost.hidden && seen.lost && !seen.back) seen.back = Date.now();
		const said = document.querySelector('[data-tile=internet] .number').textContent;
		seen.text[said] ??= Date.now();
	};
	new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
	return true;
})()`

// greyed says that what is old is seen to be.
const greyed = "getComputedStyle(document.getElementById('tiles')).filter.includes('grayscale')"

// when waits until an expression is a time, and gives it.
func when(t testing.TB, ctx context.Context, expression string) time.Time {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for guard := time.After(hangGuard); ; {
		if ms := js[float64](t, ctx, "Number("+expression+" || 0)"); ms > 0 {
			return time.UnixMilli(int64(ms))
		}
		select {
		case <-tick.C:
		case <-guard:
			t.Fatalf("waited in vain for %s", expression)
		}
	}
}

const inContact = "!document.body.classList.contains('lost')"

// counted is the van with n devices on its Wi-Fi.
func counted(n int) status.View {
	v := session()
	v.Tiles = slices.Clone(v.Tiles)
	for i := range v.Tiles {
		if v.Tiles[i].Tile == "internet" {
			v.Tiles[i].Number.Value = ptr(float64(n))
		}
	}
	return v
}

// A change is on the open page, lost contact is said, and it comes back by itself. How
// fast, is printed: a busy machine is no mistake of the page.
func TestTheOpenPageHearsOfAChangeAndOfItsEnd(t *testing.T) {
	v := start(t, openOptions())
	v.Publish(session())
	w := newWay(t, v.base)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate("http://"+w.at+"/"))
	js[bool](t, ctx, watch)
	js[bool](t, ctx, "window.loadedOnce = true")
	v.Publish(counted(100))
	when(t, ctx, `seen.text['100 devices']`) // the stream is there

	var took []time.Duration
	for n := 101; n <= 120; n++ {
		at := time.Now()
		v.Publish(counted(n))
		took = append(took, when(t, ctx, fmt.Sprintf(`seen.text['%d devices']`, n)).Sub(at))
	}
	slices.Sort(took)
	t.Logf("a change is on the page after %s, at most %s (aim 300 ms)", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))

	for _, c := range []struct {
		name      string
		cut, mend func()
	}{
		{"the daemon hangs, or the radio is out of reach", w.hang, w.goOn},
		{"the daemon has stopped", w.refuse, func() { w.listen(w.at) }},
	} {
		until(t, ctx, "in contact", "lost.hidden && !(seen.lost = seen.back = 0)")
		at := time.Now()
		c.cut()
		lost := when(t, ctx, "seen.lost").Sub(at)
		until(t, ctx, c.name+": what is old is greyed", greyed)
		if said := js[string](t, ctx, "document.getElementById('lost').textContent"); !strings.Contains(said, "No contact with the box since 12:1") {
			t.Errorf("%s: the page says %q", c.name, said)
		}
		v.Publish(counted(7))
		at = time.Now()
		c.mend()
		back := when(t, ctx, "seen.back").Sub(at)
		if said := js[string](t, ctx, "document.querySelector('[data-tile=internet] .number').textContent"); said != "7 devices" {
			t.Errorf("%s: back again, the page is old: %q", c.name, said)
		}
		v.Publish(counted(8))
		t.Logf("%s: said after %s (aim 5 s), back after %s (aim 2 s)", c.name, lost.Round(10*time.Millisecond), back.Round(10*time.Millisecond))
	}
	if !js[bool](t, ctx, "window.loadedOnce === true && performance.getEntriesByType('resource').filter(e => e.initiatorType === 'fetch').length === 0") {
		t.Error("the page was loaded, or fetched, again")
	}
}

// A browser opens six connections to a box, and a stream takes one for good.
func TestSevenTabsOfOneBrowserShareAStream(t *testing.T) {
	v := start(t, openOptions())
	v.Publish(session())
	first := browser(t)
	do(t, first, chromedp.Navigate(v.base+"/"))
	tabs := []context.Context{first}
	for range 6 {
		ctx, cancel := chromedp.NewContext(first)
		t.Cleanup(cancel)
		do(t, ctx, chromedp.Navigate(v.base+"/"))
		tabs = append(tabs, ctx)
	}
	v.Publish(counted(1001))
	for _, ctx := range tabs {
		says(t, ctx, "1001 devices")
	}
	// A tab that heard nothing for 4 s listens anew, and of two that listen one goes on.
	share := func() int {
		t.Helper()
		for guard := time.Now().Add(hangGuard); v.open() != 1 && time.Now().Before(guard); time.Sleep(50 * time.Millisecond) {
		}
		return v.open()
	}
	if open := share(); open != 1 {
		t.Errorf("%d streams for seven tabs", open)
	}
	// Whoever listens goes: another tab does.
	gone := slices.IndexFunc(tabs, func(ctx context.Context) bool {
		return js[bool](t, ctx, "performance.getEntriesByType('resource').some(e => e.name.includes('/live'))")
	})
	do(t, tabs[max(0, gone)], chromedp.Navigate(v.base+"/today?lang=ar"))
	tabs = slices.Delete(tabs, max(0, gone), max(0, gone)+1)
	do(t, tabs[0], func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) { return chromedp.Void{}, nil })
	v.Publish(counted(1002))
	for _, ctx := range tabs {
		says(t, ctx, "1002 devices")
		until(t, ctx, "the tab is in contact", inContact)
	}
	if open := share(); open != 1 {
		t.Errorf("%d streams after a tab went", open)
	}
}

// Where all streams are taken a page asks now and then.
func TestAPageWithoutAStreamAsksNowAndThen(t *testing.T) {
	v := start(t, openOptions())
	for range streams {
		if !v.enter("") {
			t.Fatal("no place")
		}
	}
	v.Publish(session())
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	for n := 501; n <= 503; n++ {
		v.Publish(counted(n))
		says(t, ctx, fmt.Sprint(n, " devices"))
	}
	until(t, ctx, "the page is in contact", inContact)
}

// What somebody is filling in, what is open and where the focus is stay as they are.
func TestAnUpdateLeavesWhatAPersonDoes(t *testing.T) {
	o := openOptions()
	v := start(t, o)
	state := session()
	state.Power.Battery.PercentLow, state.Power.Battery.PercentHigh = ptr(60.0), ptr(80.0)
	v.Publish(state)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(v.base+"/"), chromedp.SendKeys(chromedp.CSS("#pin"), "47"))
	js[bool](t, ctx, "document.querySelector('#battery details').open = true")
	state = statustest.Say(state, "power", "glance.power.battery")
	state.Power.Battery.PercentLow = ptr(50.0)
	v.Publish(state)
	says(t, ctx, "On battery")
	says(t, ctx, "Between 50 and 80")
	if got := js[string](t, ctx, "document.getElementById('pin').value + document.activeElement.id + document.querySelector('#battery details').open"); got != "47pintrue" {
		t.Errorf("what was typed, where the focus is and what is open: %q", got)
	}
}

// A tap asks for what was aimed at, once: the page keeps still under a finger, a button
// that has just come under it is not taken, and nothing is asked for twice.
func TestATapMeetsTheButtonThatWasAimedAt(t *testing.T) {
	v := start(t, openOptions())
	offers := func(names ...string) {
		state := session()
		state.Actions = names
		v.Publish(state)
	}
	offers("longer", "end-session")
	ctx := volunteer(t, v)
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	says(t, ctx, "Half an hour longer")
	js[bool](t, ctx, `(() => {
		const real = { fetch: fetch.bind(window), now: performance.now.bind(performance) };
		window.asked = [];
		window.fetch = (to, how) => { if (how?.method === 'POST') asked.push(new URL(to).pathname.replace(/.*\//, '')); return real.fetch(to, how); };
		window.frozen = 0;
		performance.now = () => frozen || real.now();
		window.tap = (x, y) => document.elementFromPoint(x, y).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail: 1 }));
		window.form = name => document.querySelector('#ask form[action$="/' + name + '"]');
		new BroadcastChannel('infobus en true').onmessage = e => { if (e.data.told?.parts.ask) window.heard = form('quiet') ? 1 : 2; };
		form('longer').scrollIntoView({ block: 'center' });
		new MutationObserver(() => { // in the moment at which another button stands there
			if (window.came || !form('quiet')) return;
			const at = form('quiet').querySelector('button').getBoundingClientRect();
			window.came = [at.left + 9, at.top + 9];
			tap(...came);
			window.early = asked.join();
			frozen = real.now() + 501;
			tap(...came);
			window.late = asked.join();
		}).observe(document.getElementById('ask'), { childList: true });
		return true;
	})()`)
	offers("quiet", "longer", "end-session")
	says(t, ctx, "Screen and pages are being emptied")
	if early, late := js[string](t, ctx, "early"), js[string](t, ctx, "late"); early != "" || late != "quiet" {
		t.Errorf("asked for, as the button came: %q; half a second later: %q", early, late)
	}

	js[bool](t, ctx, "delete window.heard, document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))")
	offers("longer", "end-session")
	when(t, ctx, "window.heard")
	if js[bool](t, ctx, "heard != 1") {
		t.Errorf("a button has gone from under a finger")
	}
	js[bool](t, ctx, "document.body.dispatchEvent(new PointerEvent('pointerup', { bubbles: true })), document.body.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }))")
	when(t, ctx, "!form('quiet')")

	js[bool](t, ctx, "asked = [], form('longer').requestSubmit(), form('longer').requestSubmit(), true")
	says(t, ctx, "ends half an hour later")
	if asked := js[string](t, ctx, "asked.join()"); asked != "longer" {
		t.Errorf("tapped twice: %s", asked)
	}
	js[bool](t, ctx, "form('longer').requestSubmit(), true")
	if asked := js[string](t, ctx, "asked.join()"); asked != "longer,longer" {
		t.Errorf("tapped once more after the answer: %s", asked)
	}
}

// open is how many streams are open.
func (v *van) open() (n int) {
	v.woken.Lock()
	defer v.woken.Unlock()
	for _, phone := range v.streams {
		n += phone
	}
	return n
}

package server

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"infobus/status"
)

var visitPictures = flag.String("visit-pictures", "", "write pictures of the visitors' pages to this folder")

// outside counts the requests of a browser that go neither to the box nor to a file. It
// has no way to anywhere else.
type outside struct {
	mu    sync.Mutex // guards asked
	asked []string
	all   int
}

func (o *outside) in(t testing.TB, base string) contextOf {
	t.Helper()
	ctx := browser(t, chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.Flag("lang", "en"))
	do(t, ctx)
	if err := chromedp.Listen(ctx, func(e any) {
		if sent, ok := e.(*network.EventRequestWillBeSent); ok {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.all++
			if u := sent.Request.URL; !strings.HasPrefix(u, base+"/") && !strings.HasPrefix(u, "file://") {
				o.asked = append(o.asked, u)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return chromedp.Void{}, err
	})
	return ctx
}

// on has the pages of a browser believe that it is noon of a day.
func on(t testing.TB, ctx contextOf, day time.Time) (forget func()) {
	t.Helper()
	source := fmt.Sprintf(`(() => { const D = Date, t = new D(%d, %d, %d, 12).getTime();
		window.Date = function (...a) { return a.length ? new D(...a) : new D(t); }; Date.prototype = D.prototype; Date.now = () => t; })()`, day.Year(), day.Month()-1, day.Day())
	var id cdpage.ScriptIdentifier
	do(t, ctx, func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
		added, err := cdp.Call(ctx, target, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: source})
		if err == nil {
			id = added.Identifier
		}
		return chromedp.Void{}, err
	})
	return func() {
		do(t, ctx, func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, cdpage.RemoveScriptToEvaluateOnNewDocument, cdpage.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id})
			return chromedp.Void{}, err
		})
	}
}

// small are the links that are lower or narrower than a finger.
const small = `[...document.querySelectorAll('a, summary')].filter(e => { const r = e.getBoundingClientRect(); return r.height > 0 && (r.height < 44 || r.width < 44); }).map(e => e.outerHTML.slice(0, 80))`

// The visitors' pages and the file on a small phone: nobody but the box is asked, nothing
// is wider than the screen, every link can be touched, every text stands out, axe finds
// nothing. INFOBUS_SOAK has all ten languages, light and dark.
func TestTheVisitorsPagesOnASmallPhone(t *testing.T) {
	v := visitWith(12)
	s := visiting(t, &v)
	var out outside
	ctx := out.in(t, s.base)
	on(t, ctx, visitDay)
	script := axe(t)
	dir := t.TempDir()
	type look struct{ scheme, tag string }
	looks := []look{{"light", "en"}, {"dark", "ar"}, {"light", "ti"}}
	paths := []string{"/today", "/sim", "/take"}
	if os.Getenv("INFOBUS_SOAK") != "" || *visitPictures != "" {
		v = visitWith(60)
		paths = []string{"/today", "/today?page=2", "/week?page=3", "/tomorrow", "/numbers", "/sim", "/guide", "/take"}
		looks = nil
		for _, scheme := range []string{"light", "dark"} {
			for _, l := range status.Languages() {
				if *visitPictures == "" || slices.Contains([]string{"en", "ar", "ti"}, l.Tag) {
					looks = append(looks, look{scheme, l.Tag})
				}
			}
		}
	}
	pages := 0
	for _, k := range looks {
		form{360, 640, k.scheme, k.tag}.apply(t, ctx)
		_, file := s.network("GET", "/take/"+k.tag+".html", "")
		kept := filepath.Join(dir, k.tag+".html")
		if err := os.WriteFile(kept, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		addresses := []string{s.base + "/today", "file://" + kept}
		for _, path := range paths {
			join := "?"
			if strings.Contains(path, "?") {
				join = "&"
			}
			addresses = append(addresses, s.base+path+join+"lang="+k.tag)
		}
		for _, address := range addresses {
			path := strings.TrimPrefix(address, s.base)
			do(t, ctx, chromedp.Navigate(address))
			pages++
			m := js[laidOut](t, ctx, measureVisit)
			if low := js[[]string](t, ctx, small); len(m.Wide) > 0 || len(m.WideAtTwice) > 0 || len(low) > 0 || len(m.Text) < 4 {
				t.Errorf("%v %s: wider than the screen: %q, at 200 %%: %q; too small to be touched: %q; %d texts", k, path, m.Wide, m.WideAtTwice, low, len(m.Text))
			}
			long := strings.HasPrefix(path, "file:")
			if !long {
				// In the message both directions of writing are in one text: a box of it may
				// hold a blank alone.
				texts := slices.DeleteFunc(m.Text, func(b box) bool { return strings.Contains(b.Text, "\n") })
				for _, f := range faint(whole(t, ctx), texts) {
					t.Errorf("%v %s: contrast %s", k, path, f)
				}
			}
			for _, f := range found(t, ctx, script) {
				t.Errorf("%v %s: axe: %s", k, path, f)
			}
			if *visitPictures != "" {
				b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				name, _, _ := strings.Cut(strings.Trim(strings.TrimPrefix(path, "file://"+dir), "/"), "?")
				if err := os.WriteFile(filepath.Join(*visitPictures, fmt.Sprintf("%s-%s-%s-%d.png", k.tag, k.scheme, strings.TrimSuffix(name, ".html"), pages)), b, 0o644); err != nil {
					t.Fatal(err)
				}
				if !long {
					var out bytes.Buffer
					png.Encode(&out, whole(t, ctx))
					os.WriteFile(filepath.Join(*visitPictures, fmt.Sprintf("whole-%s-%s-%s-%d.png", k.tag, k.scheme, name, pages)), out.Bytes(), 0o644)
				}
			}
		}
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if len(out.asked) > 0 || out.all < pages {
		t.Errorf("of %d requests %d went elsewhere: %q", out.all, len(out.asked), out.asked)
	}
	t.Logf("%d pages, %d requests, %d of them elsewhere", pages, out.all, len(out.asked))
}

// measureVisit is measure without what the volunteers' page alone has.
var measureVisit = strings.ReplaceAll(measure, "document.getElementById('now')?.innerText", "''")

// The file on phones of other dates: until its last day it has its hours; after, and
// before its first, "ask us" in their place. Without a script its hours stay, below its
// date.
func TestAFileAsksOnceItIsOver(t *testing.T) {
	v := visitWith(20)
	s := visiting(t, &v)
	var out outside
	ctx := out.in(t, s.base)
	for _, tag := range []string{"en", "ar"} {
		_, file := s.network("GET", "/take/"+tag+".html", "")
		kept := filepath.Join(t.TempDir(), tag+".html")
		if err := os.WriteFile(kept, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		hours := strings.Count(file, `<p class="hours">`)
		for days, want := range map[int]bool{-1: false, 0: true, 6: true, 7: false, 400: false} {
			forget := on(t, ctx, visitDay.AddDate(0, 0, days))
			do(t, ctx, chromedp.Navigate("file://"+kept))
			forget()
			shown := js[int](t, ctx, `document.querySelectorAll('time').length`)
			said := js[string](t, ctx, `document.body.innerText`)
			over := js[string](t, ctx, `document.body.className`)
			if hours == 0 || want != (shown == 2*hours) || want != (over == "") || !want && (shown != 0 || strings.Contains(said, "09:00")) {
				t.Errorf("%s, %d days on: %d hours, class %q", tag, days, shown, over)
			}
		}
		forget := on(t, ctx, visitDay.AddDate(0, 0, 400))
		do(t, ctx, scripts(false), chromedp.Navigate("file://"+kept))
		forget()
		shown, said := js[int](t, ctx, `document.querySelectorAll('time').length`), js[string](t, ctx, `document.body.innerText`)
		first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
		if shown != 2*hours || !strings.Contains(first, "2026") || js[string](t, ctx, `document.body.className`) != "" {
			t.Errorf("%s, without scripts: %d hours, and the first line is %q", tag, shown, first)
		}
		do(t, ctx, scripts(true))
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if len(out.asked) > 0 {
		t.Errorf("asked %q", out.asked)
	}
}

// In w3m, which has neither style nor script, every page can be read: what it is called,
// its rows with both hours, and the ways to the others.
func TestTheVisitorsPagesInATextBrowser(t *testing.T) {
	if _, err := exec.LookPath("w3m"); err != nil {
		if testing.Short() {
			t.Skip("-short: w3m is not installed")
		}
		t.Fatal("w3m is needed: apt-get install w3m")
	}
	v := visitWith(20)
	s := visiting(t, &v)
	for path, want := range map[string][]string{
		"/today?lang=en":   {"Opens 09:00 Closes 12:00", "Hot meals", "Avenue du", "Cancelled", "Ask us", "Tomorrow", "ትግርኛ", "Rue du Moulin Gris"},
		"/week?lang=ar":    {"09:01", "وجبات", "Avenue du", "غدًا"},
		"/numbers?lang=ti": {"112", "ናይ ለይቲ መዕቆቢ"},
		"/sim?lang=en":     {"140 MB", "Sudan", "✓", "✗", "?"},
		"/take?lang=en":    {"Valid until", "infobus-en-2026-11-23.html"},
		"/take/en.html":    {"Monday 23 November 2026", "Valid until", "Opens 09:00 Closes 12:00", "112", "Sudan"},
	} {
		_, html := s.network("GET", path, "")
		c := exec.Command("w3m", "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols", "60")
		c.Stdin = strings.NewReader(html)
		text, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(string(text))), " ")
		for _, w := range want {
			if !strings.Contains(plain, w) {
				t.Errorf("%s: no %q in\n%s", path, w, text)
			}
		}
	}
}

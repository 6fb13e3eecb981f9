package server

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	ximage "golang.org/x/image/draw"

	"infobus/action"
	"infobus/advice/advicetest"
	"infobus/status"
)

var sheet = flag.String("sheet", "", "write the contact sheet of the volunteers' page to this file")

// axe-core, as npm has it, packed; https://github.com/dequelabs/axe-core, MPL-2.0.
//
//go:embed testdata/axe-core-4.14.1.min.js.gz
var axePacked []byte

func axe(t testing.TB) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(axePacked))
	if err != nil {
		t.Fatal(err)
	}
	script, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// seen is a state of the van as the page is told it.
type seen struct {
	name string
	view status.View
}

// sixty are the states in which the right act is known.
func sixty(t testing.TB) (all []seen) {
	t.Helper()
	for _, c := range advicetest.Sixty() {
		o, s, err := c.Play()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, seen{c.Name, status.Of(o, s, nil)})
	}
	return all
}

// eachOf are n of them, spread evenly.
func eachOf(all []seen, n int) (some []seen) {
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// form is a screen on which the page is read.
type form struct {
	width, height int64
	scheme, lang  string
}

func (f form) String() string {
	return fmt.Sprintf("%d×%d %s %s", f.width, f.height, f.scheme, f.lang)
}

func (f form) apply(t testing.TB, ctx contextOf) {
	t.Helper()
	do(t, ctx, chromedp.EmulateViewport(f.width, f.height), func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: f.scheme}}})
		return chromedp.Void{}, err
	})
}

// laidOut is what is measured in the page, in CSS pixels.
type laidOut struct {
	Sentence, Tiles       float64 // lower edges; -1 where there are none
	Height                float64 // of the screen
	Tile                  int
	Wide, WideAtTwice     []string // what is wider than the screen, at 100 and 200 % of the text
	Small                 []string // what is to be touched and is lower than 44 px
	Said                  string
	Text                  []box
	ScrollWidth, OfScreen float64
}

// box is where a text stands, and how large it is.
type box struct {
	X, Y, W, H, Size float64
	Bold             bool
	Text             string
}

const measure = `(() => {
	const at = q => document.querySelector(q)?.getBoundingClientRect().bottom ?? -1;
	const wide = () => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')]
		.filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '#' + e.id + '.' + e.className + ' ' + e.textContent.slice(0, 40)).slice(0, 5) : [];
	const out = { Sentence: at('#now'), Tiles: at('#tiles'), Height: innerHeight, Tile: document.querySelectorAll('#tiles .tile').length, Wide: wide(), Said: document.getElementById('now')?.innerText ?? '',
		Small: [...document.querySelectorAll('button, summary, footer a')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.textContent), Text: [] };
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; (n = walk.nextNode());) {
		if (!n.data.trim() || n.parentElement.closest('[hidden], .unseen, details:not([open]) > :not(summary)')) continue;
		const range = document.createRange(), style = getComputedStyle(n.parentElement);
		range.selectNodeContents(n);
		for (const r of range.getClientRects()) if (r.width > 4) out.Text.push({ X: r.x + scrollX, Y: r.y + scrollY, W: r.width, H: r.height, Size: parseFloat(style.fontSize), Bold: style.fontWeight >= 700, Text: n.data.trim() });
	}
	document.documentElement.style.fontSize = '200%';
	out.WideAtTwice = wide();
	document.documentElement.style.fontSize = '';
	return out;
})()`

// violations are what axe finds, a line each.
const violations = `axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 160) + ' ' + (n.failureSummary || '').slice(0, 200))))`

// found is what axe finds in the page, a line each.
func found(t testing.TB, ctx contextOf, script string) []string {
	t.Helper()
	do(t, ctx, evaluated(script))
	list, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// luminance and contrast are those of WCAG 2.2.
func luminance(c color.RGBA) float64 {
	part := func(v uint8) float64 {
		if f := float64(v) / 255; f > 0.04045 {
			return math.Pow((f+0.055)/1.055, 2.4)
		} else {
			return f / 12.92
		}
	}
	return 0.2126*part(c.R) + 0.7152*part(c.G) + 0.0722*part(c.B)
}

func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// faint are the texts whose pixels do not stand out from those around them: the most
// frequent colour of a text's box is its ground, and what differs most from it is ink.
func faint(m *image.RGBA, texts []box) (all []string) {
	for _, b := range texts {
		r := image.Rect(int(b.X), int(b.Y), int(math.Ceil(b.X+b.W)), int(math.Ceil(b.Y+b.H))).Intersect(m.Bounds())
		if r.Dx() < 3 || r.Dy() < 3 {
			continue
		}
		count := map[color.RGBA]int{}
		var ground color.RGBA
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := m.RGBAAt(x, y)
				if count[c]++; count[c] > count[ground] {
					ground = c
				}
			}
		}
		ink := 1.0
		for c := range count {
			ink = max(ink, contrast(c, ground))
		}
		want := 4.5
		if b.Size >= 24 || b.Bold && b.Size >= 18.66 {
			want = 3
		}
		if ink < want-0.05 { // what is rounded
			all = append(all, fmt.Sprintf("%.2f of %g: %q", ink, want, b.Text))
		}
	}
	return all
}

// whole is a picture of the whole page.
func whole(t testing.TB, ctx contextOf) *image.RGBA {
	t.Helper()
	b, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	copied := image.NewRGBA(m.Bounds())
	draw.Draw(copied, copied.Bounds(), m, image.Point{}, draw.Src)
	return copied
}

// volunteer opens the page in a browser that may act.
func volunteer(t testing.TB, v *van, more ...chromedp.ExecAllocatorOption) contextOf {
	t.Helper()
	ctx := browser(t, more...)
	do(t, ctx, chromedp.Navigate(v.base+"/icon.svg"))
	v.login(ctx)
	return ctx
}

// standsStill has the pages that are opened from now on hear of no change and miss
// nobody: what is measured stays as it is while it is photographed and read.
func standsStill(t testing.TB, ctx contextOf) {
	t.Helper()
	do(t, ctx, func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: "performance.now = () => 0"})
		return chromedp.Void{}, err
	})
}

// The page in forty states, on a small phone, a tablet and a laptop, light and dark, in
// both languages: what matters is on the first screen, nothing is wider than the
// screen, also with text twice as large, every text stands out from its ground, and axe
// finds nothing. INFOBUS_SOAK has all sixty states in every form.
func TestThePageInEveryForm(t *testing.T) {
	o := options()
	v := start(t, o)
	script := axe(t)
	all := sixty(t)
	forty, eight := eachOf(all, 40), eachOf(all, 8)
	if os.Getenv("INFOBUS_SOAK") != "" {
		forty, eight = all, all
	}
	var lowest, lowestTiles float64
	pages, texts := 0, 0
	sheet := &contactSheet{file: *sheet}
	for _, size := range [][2]int64{{360, 640}, {768, 1024}, {1280, 800}} {
		ctx := volunteer(t, v)
		standsStill(t, ctx)
		for _, scheme := range []string{"light", "dark"} {
			for _, lang := range []string{"en", "fr"} {
				f := form{size[0], size[1], scheme, lang}
				f.apply(t, ctx)
				states := eight
				if f.width == 360 && (scheme == "light") == (lang == "en") { // the sheet's, too
					states = forty
				}
				for i, state := range states {
					v.Publish(state.view)
					do(t, ctx, chromedp.Navigate(v.base+"/?lang="+lang))
					m := js[laidOut](t, ctx, measure)
					pages, texts = pages+1, texts+len(m.Text)
					lowest, lowestTiles = max(lowest, m.Sentence/m.Height*640), max(lowestTiles, m.Tiles/m.Height*640)
					complain := func(format string, args ...any) {
						t.Errorf("%s, %s: "+format, append([]any{f, state.name}, args...)...)
					}
					if m.Sentence <= 0 || m.Sentence > 300 {
						complain("the sentence ends at %g px: %s", m.Sentence, m.Said)
					}
					if m.Tile != 4 || m.Tiles > m.Height {
						complain("%d tiles, the last ends at %g px of %g", m.Tile, m.Tiles, m.Height)
					}
					if len(m.Wide) > 0 || len(m.WideAtTwice) > 0 {
						complain("wider than the screen: %q, at 200 %%: %q", m.Wide, m.WideAtTwice)
					}
					if len(m.Small) > 0 {
						complain("too low to be touched: %q", m.Small)
					}
					looks := len(states) <= 8 || i%5 == 0
					if !looks && sheet.file == "" {
						continue
					}
					picture := whole(t, ctx)
					sheet.add(f, picture)
					if !looks {
						continue
					}
					for _, s := range faint(picture, m.Text) {
						complain("contrast %s", s)
					}
					for _, s := range found(t, ctx, script) {
						complain("axe: %s", s)
					}
				}
			}
		}
	}
	t.Logf("%d pages with %d texts; at 640 px the sentence ends at %.0f px at most, the tiles at %.0f", pages, texts, lowest, lowestTiles)
	sheet.write(t)
}

// The measures see what they are to see.
func TestTheMeasuresOfThePageFindWhatIsWrong(t *testing.T) {
	v := start(t, openOptions())
	v.Publish(session())
	ctx := browser(t)
	standsStill(t, ctx)
	form{360, 640, "light", "en"}.apply(t, ctx)
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	js[bool](t, ctx, `(() => {
		const add = (html, style) => { const e = document.createElement('div'); e.innerHTML = html; Object.assign(e.style, style); document.querySelector('#notice').before(e); return e; };
		add('hardly to be read', { color: '#999', background: '#fff' });
		add('<button>low</button>', {}).firstChild.style.minHeight = '20px';
		add('wide', { width: '20rem' });
		add('<img src="/icon.svg"><input>', {});
		document.querySelector('#sentence').style.paddingBottom = '300px';
		return true;
	})()`)
	m := js[laidOut](t, ctx, measure)
	if m.Sentence < 300 || len(m.WideAtTwice) == 0 || len(m.Wide) != 0 || !slices.Contains(m.Small, "low") {
		t.Errorf("%+v", m)
	}
	if got := faint(whole(t, ctx), m.Text); len(got) != 1 || !strings.Contains(got[0], "hardly to be read") {
		t.Errorf("faint: %q", got)
	}
	got := found(t, ctx, axe(t))
	for _, rule := range []string{"image-alt", "label"} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, rule+":") }) {
			t.Errorf("axe found no %s: %q", rule, got)
		}
	}
}

// contactSheet is a picture of small pages, in rows.
type contactSheet struct {
	file  string
	pages []image.Image
}

const (
	thumbWidth, thumbHeight = 216, 384
	thumbsInRow             = 8
)

// add takes the first screen of a page on a small phone.
func (c *contactSheet) add(f form, page image.Image) {
	if c.file == "" || f.width != 360 || (f.scheme == "light") != (f.lang == "en") {
		return
	}
	small := image.NewRGBA(image.Rect(0, 0, thumbWidth, thumbHeight))
	ximage.CatmullRom.Scale(small, small.Bounds(), page, image.Rect(0, 0, 360, 640), draw.Src, nil)
	c.pages = append(c.pages, small)
}

func (c *contactSheet) write(t *testing.T) {
	if c.file == "" {
		return
	}
	rows := (len(c.pages) + thumbsInRow - 1) / thumbsInRow
	m := image.NewRGBA(image.Rect(0, 0, thumbsInRow*(thumbWidth+8)+8, rows*(thumbHeight+8)+8))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
	colours := map[color.RGBA]int{}
	for i, p := range c.pages {
		at := image.Pt(8+i%thumbsInRow*(thumbWidth+8), 8+i/thumbsInRow*(thumbHeight+8))
		draw.Draw(m, image.Rectangle{at, at.Add(p.Bounds().Size())}, p, image.Point{}, draw.Src)
	}
	for i := 0; i < len(m.Pix); i += 4 { // fewer colours make a smaller file
		for k := range 3 {
			m.Pix[i+k] = m.Pix[i+k]&0xf8 | m.Pix[i+k]>>5
		}
		colours[color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], 0xff}]++
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, paletted(m, colours)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// paletted is m in its 256 most frequent colours.
func paletted(m *image.RGBA, count map[color.RGBA]int) image.Image {
	var all []color.RGBA
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(256, len(all))] {
		palette = append(palette, c)
	}
	p := image.NewPaletted(m.Bounds(), palette)
	draw.Draw(p, p.Bounds(), m, image.Point{}, draw.Src)
	return p
}

// scripts lets the pages run their scripts, or not.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return func(ctx contextOf, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return chromedp.Void{}, err
	}
}

// The pages beside the first one, and the questions, on a small phone.
func TestTheOtherPagesFitAPhone(t *testing.T) {
	v, _ := everyAction(t)
	ctx := volunteer(t, v)
	standsStill(t, ctx)
	script := axe(t)
	sure := v.results.put("/sure", result{row: action.All[slices.IndexFunc(action.All, func(r action.Row) bool { return r.Name == action.PowerOff })], asks: true})
	told := v.results.put("/", result{text: action.BatteryLow.Text()})
	for _, scheme := range []string{"light", "dark"} {
		for _, lang := range []string{"en", "fr"} {
			f := form{360, 640, scheme, lang}
			f.apply(t, ctx)
			for _, path := range []string{"/services?", "/timetable?", "/texts?of=ar&", sure + "&", told + "&", "/?lost&"} {
				lost := strings.Contains(path, "lost")
				do(t, ctx, scripts(!lost), chromedp.Navigate(v.base+path+"lang="+lang))
				if lost { // what is old can still be read
					js[bool](t, ctx, `(() => { const e = document.getElementById('lost'); e.textContent = e.dataset.says; document.body.classList.add('lost'); e.hidden = false; return true; })()`)
				}
				m := js[laidOut](t, ctx, measure)
				if len(m.Wide) > 0 || len(m.WideAtTwice) > 0 || len(m.Small) > 0 || len(m.Text) < 4 {
					t.Errorf("%s %s: wider than the screen: %q, at 200 %%: %q; too low to be touched: %q; %d texts", f, path, m.Wide, m.WideAtTwice, m.Small, len(m.Text))
				}
				wrong := faint(whole(t, ctx), m.Text)
				if !lost { // axe wants scripts
					wrong = append(wrong, found(t, ctx, script)...)
				}
				for _, s := range wrong {
					t.Errorf("%s %s: %s", f, path, s)
				}
			}
		}
	}
}

package text

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"golang.org/x/text/unicode/norm"

	"infobus/kiosk/locales"
	"infobus/timetable"
)

//go:embed testdata/udhr.txt
var udhr string

// phrase is a text of a language.
type phrase struct {
	lang string
	rtl  bool
	text string
}

// published are the phrases of testdata/udhr.txt: 30 of each language.
func published(t *testing.T) []phrase {
	t.Helper()
	var list []phrase
	var l *locales.Locale
	count := map[string]int{}
	for line := range strings.Lines(udhr) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			l = locales.Get(line[1:strings.IndexByte(line, ']')])
		default:
			list = append(list, phrase{l.Tag, l.RTL, line})
			count[l.Tag]++
		}
	}
	for _, tag := range locales.Tags() {
		if count[tag] != 30 {
			t.Fatalf("%d phrases of %s", count[tag], tag)
		}
	}
	return list
}

// ours are the screen's own texts in every language: words, categories, every
// weekday and month in a date, countries, local hours.
func ours() []phrase {
	var list []phrase
	monday := time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)
	for _, l := range locales.All() {
		add := func(s string) {
			if s != "" {
				list = append(list, phrase{l.Tag, l.RTL, s})
			}
		}
		add(l.Name)
		for _, text := range l.Texts() {
			add(strings.NewReplacer("{time}", "\u206809:05\u2069", "{date}", l.Date(monday), "{org}", "\u2068Calais Relief\u2069").Replace(text.Text))
		}
		for i := range 12 {
			add(l.Date(time.Date(2026, time.Month(i+1), 1+i, 0, 0, 0, 0, time.UTC))) // twelve months, all weekdays
		}
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				add(l.Country(string([]rune{a, b})))
			}
		}
		for h := range 24 {
			local, _ := l.LocalHour(monday.Add(time.Duration(h) * time.Hour))
			add(local)
		}
		for _, c := range timetable.Categories {
			add(l.Category(c) + " \u206812:00–14:00\u2069, \u2068Quai des Sternes\u2069")
		}
	}
	return list
}

// mixed are phrases as a team writes them: with times and Latin names, isolated
// and not, before, after and within.
func mixed(list []phrase) []phrase {
	var out []phrase
	for i, p := range list {
		words := strings.Fields(p.text)
		half := len(words) / 2
		before, after := strings.Join(words[:half], " "), strings.Join(words[half:], " ")
		p.text = []string{
			p.text + " \u20689:30–11:00\u2069, \u2068Rue du Moulin Gris\u2069",
			"Quai des Sternes: " + p.text + " 12:00",
			before + " 14:05 (Wi-Fi) " + after,
			before + " \u2068140 MB\u2069 " + after + " \u2068WhatsApp\u2069.",
		}[i%4]
		out = append(out, p)
	}
	return out
}

// hard are what shapers stumble over: letters in pieces, marks on marks, joiners,
// ligatures, digits of other scripts, brackets and signs in lines of either direction.
func hard(list []phrase) []phrase {
	var out []phrase
	for _, p := range list {
		if p.lang == "vi" || p.lang == "fr" {
			p.text = norm.NFD.String(p.text)
			out = append(out, p)
		}
	}
	return append(out, []phrase{
		{"ar", true, "اللّٰه، لا إله، مُحَمَّدٌ ﷺ"},
		{"ar", true, "لا لأ لإ لآ ـلاـ بـ ـب ـبـ (١٢٣) 12%"},
		{"fa", true, "می‌خواهم، خانه‌ها، هٔ ۱۲:۳۰ «نان»"},
		{"ps", true, "ښځې ګډ څنګه ږ ړ ڼ ۍ ئ [Wi-Fi 2]"},
		{"ur", true, "ٹھیک، کھچڑی، پنجابی، گنجائش، صحیح، تجھے، بیٹھیے، مُتَّحِدَہ"},
		{"ur", true, "نستعلیق (Nastaliq) ۱۲:۳۰ لیے پچھتّر ﷺ"},
		{"am", false, "አለ፟ ገና፟ ፩፪፫ ፼ «ሰላም»፤ ሀ/ለ"},
		{"ti", false, "ቋንቋ ቘ ቐ ዀ ጓ፡ኳ።"},
		{"vi", false, "ậ ẵ ữ Ệ ợ ỹ Ặ Ở a\u0323\u0302 o\u031b\u0301"},
		{"om", false, "dhugaa, qophaa’uu, ꞌ ʼ"},
		{"fr", false, "Œuvre n° 2 — l’été… « ici » 5 €"},
	}...)
}

// asked is what hb-shape is asked: a run, with what stands about it.
type asked struct {
	of                          phrase
	font                        string
	before, run, after          []rune
	direction, script, language string
	want                        []glyph
}

// runsOf lays a text out as the screen does, and says for each of its runs how
// hb-shape has to be asked.
func runsOf(t *testing.T, f *Fonts, p phrase, bold bool) []asked {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	k := lineKey{p.text, p.lang, p.rtl, Style{Size: 30, Bold: bold}}
	text := []rune(p.text)
	runs, err := f.runs(text, k)
	if err != nil {
		t.Fatalf("%q: %v", p.text, err)
	}
	var list []asked
	pen := 0.0
	for _, r := range runs {
		face, glyphs, err := f.shape(text, r, k)
		if err != nil {
			t.Fatalf("%q: %v", p.text, err)
		}
		a := asked{of: p, font: f.files[faceKey{r.family, bold}], before: text[max(0, r.start-5):r.start], run: text[r.start:r.end],
			after: text[r.end:min(len(text), r.end+5)], direction: "ltr", script: r.script.String(), language: p.lang}
		if r.level%2 == 1 {
			a.direction = "rtl"
		}
		sum := 0.0
		for _, g := range glyphs {
			g.cluster -= r.start
			a.want = append(a.want, g)
			sum += float64(g.advance)
		}
		pen += sum * float64(k.style.Size) / float64(face.shaper.Face().Upem())
		list = append(list, a)
	}
	// What was shaped here is what is drawn.
	if width, err := f.measure(k); err != nil || math.Abs(pen-float64(width)) > 1 {
		t.Fatalf("%q is %d wide, its runs %f: %v", p.text, width, pen, err)
	}
	return list
}

// hbShape has HarfBuzz's own program shape all runs, in one process.
func hbShape(t *testing.T, list []asked) [][]glyph {
	t.Helper()
	codes := func(text []rune) string {
		var hex []string
		for _, r := range text {
			hex = append(hex, fmt.Sprintf("%04X", r))
		}
		return strings.Join(hex, ",")
	}
	var in, complaints bytes.Buffer
	at := make([]int, len(list)) // which answer is whose: equal questions are asked once
	lines := map[string]int{}
	for i, a := range list {
		arguments := []string{a.font, "--unicodes=" + codes(a.run), "--direction=" + a.direction, "--script=" + a.script,
			"--language=" + a.language, "--no-glyph-names", "--output-format=json", "--font-funcs=ot"}
		if len(a.before) > 0 {
			arguments = append(arguments, "--unicodes-before="+codes(a.before))
		}
		if len(a.after) > 0 {
			arguments = append(arguments, "--unicodes-after="+codes(a.after))
		}
		line := strings.Join(arguments, ";")
		n, known := lines[line]
		if !known {
			n = len(lines)
			lines[line] = n
			fmt.Fprintln(&in, line)
		}
		at[i] = n
	}
	if _, err := exec.LookPath("hb-shape"); err != nil && testing.Short() {
		t.Skip("-short: there is no hb-shape here: apt-get install libharfbuzz-bin")
	}
	cmd := exec.CommandContext(t.Context(), "hb-shape", "--batch")
	cmd.Stdin, cmd.Stderr = &in, &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("hb-shape (Debian's libharfbuzz-bin has it): %v: %s", err, complaints.String())
	}
	var answers [][]glyph
	for line := range bytes.Lines(out) {
		var glyphs []struct {
			G, Cl          int
			DX, DY, AX, AY int32
		}
		if err := json.Unmarshal(line, &glyphs); err != nil {
			t.Fatalf("hb-shape says %q: %v", line, err)
		}
		run := []glyph{}
		for _, g := range glyphs {
			run = append(run, glyph{harfbuzz.GID(g.G), g.Cl, g.DX, g.DY, g.AX, g.AY})
		}
		answers = append(answers, run)
	}
	if len(answers) != len(lines) {
		t.Fatalf("hb-shape shaped %d of %d runs: %s", len(answers), len(lines), complaints.String())
	}
	all := make([][]glyph, len(list))
	for i, n := range at {
		all[i] = answers[n]
	}
	return all
}

// differences counts the runs of which glyph ids, clusters, advances or offsets
// differ, and says the first few.
func differences(t *testing.T, list []asked, say bool) int {
	t.Helper()
	n := 0
	for i, got := range hbShape(t, list) {
		if slices.Equal(got, list[i].want) {
			continue
		}
		if n++; say && n <= 5 {
			a := list[i]
			t.Errorf("%s, %s %s %s, run %q of %q:\n  ours     %v\n  HarfBuzz %v", a.language, a.font, a.script, a.direction, string(a.run), a.of.text, a.want, got)
		}
	}
	return n
}

// Must show: every text of our own, and 300 phrases of the Universal Declaration
// alone and with times and Latin names, in both weights, are shaped as HarfBuzz
// shapes them.
func TestShapingEqualsHarfBuzz(t *testing.T) {
	f := fonts(t)
	declaration := published(t)
	list := slices.Concat(ours(), declaration, mixed(declaration), hard(declaration))
	var runs []asked
	for _, bold := range []bool{false, true} {
		for _, p := range list {
			runs = append(runs, runsOf(t, f, p, bold)...)
		}
	}
	if n := differences(t, runs, true); n > 0 {
		t.Errorf("%d of %d runs differ", n, len(runs))
	}
	per := map[string]int{}
	for _, r := range runs {
		per[r.font[strings.LastIndexByte(r.font, '/')+1:]]++
	}
	for _, family := range families {
		if per[family.name+"-Regular.ttf"] < 100 || per[family.name+"-Bold.ttf"] < 100 {
			t.Errorf("%s was hardly compared: %v", family.name, per)
		}
	}
	t.Logf("%d texts, %d runs: %v", 2*len(list), len(runs), per)
}

// The comparison sees what it is there to see.
func TestTheComparisonSeesADifference(t *testing.T) {
	f := fonts(t)
	var runs []asked
	for i, p := range mixed(published(t)) {
		if i%4 == 2 {
			runs = append(runs, runsOf(t, f, p, false)...)
		}
	}
	for what, spoil := range map[string]func(a *asked) bool{
		"another direction": func(a *asked) bool {
			a.direction = map[string]string{"ltr": "rtl", "rtl": "ltr"}[a.direction]
			return true
		},
		"another script":      func(a *asked) bool { a.script = "Grek"; return a.script != language.Arabic.String() },
		"another weight":      func(a *asked) bool { a.font = strings.Replace(a.font, "Regular", "Bold", 1); return true },
		"a letter is missing": func(a *asked) bool { a.run = a.run[1:]; return true },
		"what stands before joins": func(a *asked) bool {
			a.before = []rune("ب")
			return strings.Contains(a.font, "Arabic") || strings.Contains(a.font, "Nastaliq")
		},
		"another language": func(a *asked) bool { a.language = "ks"; return a.of.lang == "ur" },
	} {
		var spoiled []asked
		for _, a := range runs {
			if len(a.run) > 1 && spoil(&a) {
				spoiled = append(spoiled, a)
			}
		}
		n := differences(t, spoiled, false)
		t.Logf("%s: %d of %d runs differ", what, n, len(spoiled))
		if n == 0 {
			t.Errorf("%s makes no difference in %d runs", what, len(spoiled))
		}
	}
}

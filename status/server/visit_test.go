package server

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"infobus/guide"
	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/status"
	"infobus/timetable"
)

// visitDay is a Monday morning.
var visitDay = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// visitWith is a visit to a city with n services whose texts are as long as they may be,
// each open on two to seven days, at a van that stands at a site.
func visitWith(n int) status.Visit {
	names := map[string]string{"en": "Hot meals, tea and bread, also for children & their families", "fr": "Repas chauds, thé et pain, aussi pour les enfants et familles",
		"ar": "وجبات ساخنة وشاي وخبز للأطفال وعائلاتهم أيضًا", "ti": "ውዑይ መግቢን ሻህን ሕምባሻን ንቖልዑን ንስድራቤቶምን እውን ዝኸውን ቦታ", "am": "ትኩስ ምግብ፣ ሻይና ዳቦ፣ ለልጆችና ለቤተሰቦቻቸውም ጭምር የሚሆን",
		"ur": "گرم کھانا، چائے اور روٹی، بچوں اور خاندانوں کے لیے بھی", "vi": "Bữa ăn nóng, trà và bánh mì, cho cả trẻ em và gia đình"}
	table := &timetable.Timetable{Zone: time.UTC, MaxAge: 31 * 24 * time.Hour, Sites: []timetable.Site{{ID: "moulin", Name: "Rue du Moulin Gris"}}}
	for i := range n {
		s := timetable.Service{ID: fmt.Sprint("s", i), Category: timetable.Categories[i%len(timetable.Categories)], Show: timetable.Screen, By: "Association des Habitants du Port",
			Checked: visitDay.AddDate(0, 0, -3), Name: names, Place: timetable.Place{Name: fmt.Sprintf("Avenue du Président Wilson, porte nº %d", i), Map: "B"},
			Slots: []timetable.Slot{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}[:2+i%6], Opens: timetable.Clock(9*60 + i%60), Closes: timetable.Clock(12*60 + i)}}}
		switch i % 10 {
		case 3:
			s.Checked = visitDay.AddDate(0, 0, -40)
		case 5:
			s.Changes = []timetable.Change{{Date: timetable.DateIn(visitDay, time.UTC)}}
		case 7:
			s.Sites = []string{"moulin"}
		case 9:
			s.Show, s.Place.Name = timetable.InPerson, "Impasse cachée"
		}
		table.Services = append(table.Services, s)
	}
	checked := visitDay.AddDate(0, 0, -20)
	board := &kiosk.Board{Worth: kiosk.Worth{Megabytes: 140, Video: 6, Call: 45, Checked: checked}, Bundles: []int{140, 500, 1000, 2000}, Countries: []string{"SD", "ER", "ET", "AF", "IR", "IQ", "SY", "VN"}}
	for i, p := range []string{"sea", "home", "child", "van"} {
		board.Numbers = append(board.Numbers, kiosk.Number{Number: fmt.Sprint("06 39 98 01 2", i), Picture: p, Name: map[string]string{"en": "Night shelter", "ar": "مأوى لليل", "ti": "ናይ ለይቲ መዕቆቢ"}, Checked: checked})
	}
	for _, name := range []string{"Sirène", "Alizé", "Lune"} {
		board.Operators = append(board.Operators, kiosk.Operator{Name: name, Calls: map[string]bool{"SD": true, "ER": false, "ET": true, "SY": name == "Lune"}, Checked: checked})
	}
	return status.Visit{Timetable: table, Board: board, Guide: textsOfAGuide(), Site: "moulin", Trusted: true, Minute: visitDay.Unix() / 60}
}

// textsOfAGuide are a guide whose translations are of every worth: ok in Arabic, stale and not
// reviewed in Tigrinya, else missing. It is long enough for several pages.
var textsOfAGuide = sync.OnceValue(func() *guide.Guide {
	source, arabic, tigrinya := "language: en\nsource: en\n", "language: ar\nsource: en\n", "language: ti\nsource: en\n"
	for _, s := range []string{"charging", "wifi", "showers"} {
		title := "About " + s
		source += "\n# " + s + "\n" + title + "\n"
		arabic += "\n# " + s + " " + hashOf(title) + " reviewed\nعن الخدمة\n"
		tigrinya += "\n# " + s + " " + hashOf(title) + "\nብዛዕባ ኣገልግሎት\n"
		for _, p := range []string{"how", "where", "more"} {
			text := "Bring your **own** cable. Place: {service:s0.place}. {service:s0.hours}. Or call {number:emergency}. " + strings.Repeat("Stay near. ", 60)
			source += "\n## " + p + "\n" + text + "\n- Ask the team.\n"
			arabic += "\n## " + p + " " + hashOf(text+"\n- Ask the team.") + " reviewed\nالمكان: {service:s0.place}. {service:s0.hours}. {number:emergency}\n- اسألونا\n"
			if p != "more" {
				tigrinya += "\n## " + p + " 00000000\nቦታ፦ {service:s0.place}። {service:s0.hours}። {number:emergency}\n- ሕተቱና\n"
			}
		}
	}
	var files []guide.File
	for name, text := range map[string]string{"en.md": source, "ar.md": arabic, "ti.md": tigrinya} {
		f, wrong := guide.Parse(name, []byte(text))
		if len(wrong) > 0 {
			panic(wrong)
		}
		files = append(files, f)
	}
	g, wrong := guide.New(files)
	if len(wrong) > 0 {
		panic(wrong)
	}
	return &g
})

// hashOf is that of a source's text.
func hashOf(text string) string {
	items, wrong := guide.ParseText(text)
	if len(wrong) > 0 {
		panic(wrong)
	}
	return guide.Hash(items)
}

// The guide's texts are on as many pages in every language, with the same paragraphs;
// what is stale, missing or not reviewed says so, and the hours are the timetable's.
func TestTheGuidesTextsAreTheSameInEveryLanguage(t *testing.T) {
	v := visitWith(3)
	s := visiting(t, &v)
	marks := map[string]int{}
	for _, l := range status.Languages() {
		pages := v.Pages(status.TextsSection, l.Tag)
		if len(pages) < 3 {
			t.Fatalf("%s: %d pages", l.Tag, len(pages))
		}
		for i, p := range pages {
			if want := v.Pages(status.TextsSection, "en")[i]; len(p.Texts) != len(want.Texts) || len(p.Parts) != len(want.Parts) {
				t.Errorf("%s, page %d: %d texts of %d", l.Tag, i+1, len(p.Texts), len(want.Texts))
			}
			_, page := s.network("GET", fmt.Sprintf("/guide?lang=%s&page=%d", l.Tag, i+1), "")
			if !strings.Contains(page, "09:00–12:00") || !strings.Contains(page, "Wilson, porte nº 0") || !strings.Contains(page, "112") || strings.Contains(page, "{service") {
				t.Errorf("%s, page %d has not what the timetable says: %s", l.Tag, i+1, page)
			}
			marks[l.Tag] += strings.Count(page, `class="unsure"`)
		}
	}
	// Of twelve texts those in Tigrinya are: three titles not reviewed, six stale, three
	// missing.
	if marks["en"] != 0 || marks["ar"] != 0 || marks["ti"] != 3+2*6+3 || marks["vi"] != 12 {
		t.Errorf("marks: %v", marks)
	}
}

// visiting is a server with the ten languages and that visit.
func visiting(t testing.TB, v *status.Visit) *van {
	o := options()
	o.Languages = status.Languages()
	o.Visit = func() status.Visit { return *v }
	return start(t, o)
}

// leads are the addresses that a page has.
var leads = regexp.MustCompile(`(?:href|src|action|data)="([^"]*)"`)

// At 200 services every page in every language weighs less than 30 kB with all that it
// asks for, and everything is at most two taps from the first page.
func TestEveryVisitorsPageIsSmallAndTwoTapsAway(t *testing.T) {
	v := visitWith(200)
	s := visiting(t, &v)
	common := 0
	for _, path := range []string{"/today.css", "/icon.svg"} {
		_, body := s.network("GET", path, "")
		common += len(body)
	}
	for _, l := range status.Languages() {
		first := "/today?lang=" + l.Tag
		seen := map[string]bool{}
		level := []string{first}
		most, sum, files := 0, 0, ""
		for taps := 0; taps <= 3 && len(level) > 0; taps++ {
			var next []string
			for _, path := range level {
				if seen[path] {
					continue
				}
				if taps == 3 {
					t.Errorf("%s: %s is more than two taps away", l.Tag, path)
					continue
				}
				seen[path] = true
				answer, page := s.network("GET", path, "")
				if answer.StatusCode != 200 || answer.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %d %s", path, answer.StatusCode, answer.Header.Get("Cache-Control"))
				}
				if strings.HasPrefix(path, "/take/") {
					files += fmt.Sprintf(" %s %d B", path[len("/take/"):], len(page))
					continue
				}
				most, sum = max(most, len(page)+common), sum+len(page)
				if len(page)+common >= 30_000 {
					t.Errorf("%s: %d bytes", path, len(page)+common)
				}
				for _, m := range leads.FindAllStringSubmatch(page, -1) {
					to := strings.ReplaceAll(m[1], "&amp;", "&")
					switch {
					case strings.HasPrefix(to, "#i-"):
						if !strings.Contains(page, `id="`+to[1:]+`"`) {
							t.Errorf("%s: no picture %s", path, to)
						}
					case strings.HasPrefix(to, "tel:"), to == "/today.css", to == "/icon.svg", !strings.HasPrefix(to, "/take/") && !strings.Contains(to, "lang="+l.Tag):
					case !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//"):
						t.Errorf("%s leads to %s", path, to)
					default:
						next = append(next, to)
					}
				}
			}
			level = next
		}
		t.Logf("%s: %d pages, the largest %d B with style and icon (%d B), %d B together;%s", l.Tag, len(seen)-2, most, common, sum, files)
	}
}

// While it is quiet no answer has a place or an hour, nor is what a phone has from before
// said to be still true; a file is not there.
func TestWhileQuietNoAnswerHasAPlaceOrAnHour(t *testing.T) {
	v := visitWith(60)
	s := visiting(t, &v)
	placeOrHour := regexp.MustCompile(`Wilson|Moulin|\d\d:\d\d`)
	paths := []string{"/today", "/today?page=2", "/tomorrow", "/week?page=3", "/numbers", "/sim", "/guide", "/take", "/take/en.html", "/take/en.txt"}
	tags, found := map[string]string{}, 0
	for _, path := range paths {
		answer, body := s.network("GET", path, "")
		tags[path] = answer.Header.Get("ETag")
		if placeOrHour.MatchString(body) {
			found++
		}
		if answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %s", path, answer.Header.Get("Cache-Control"))
		}
		if again, _ := s.network("GET", path, "", "If-None-Match", tags[path]); again.StatusCode != 304 {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
	if found < 7 {
		t.Fatalf("places or hours on %d pages: this test sees nothing", found)
	}
	v.Quiet = true
	for _, path := range paths {
		answer, body := s.network("GET", path, "", "If-None-Match", tags[path])
		want := 200
		if strings.HasPrefix(path, "/take/") {
			want = 404
		}
		if answer.StatusCode != want || placeOrHour.MatchString(body) || want == 200 && !strings.Contains(body, "112") {
			t.Errorf("while it is quiet, %s: %d %s", path, answer.StatusCode, body)
		}
	}
}

// A file names no other address, and says its date in its first line.
func TestAFileToTakeAlongStandsAlone(t *testing.T) {
	v := visitWith(200)
	s := visiting(t, &v)
	for _, l := range status.Languages() {
		answer, page := s.network("GET", "/take/"+l.Tag+".html", "")
		if answer.StatusCode != 200 || answer.Header.Get("Content-Disposition") != `attachment; filename="infobus-`+l.Tag+`-2026-11-23.html"` {
			t.Fatalf("%s: %d %v", l.Tag, answer.StatusCode, answer.Header)
		}
		for _, m := range leads.FindAllStringSubmatch(page, -1) {
			if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "tel:") {
				t.Errorf("%s: leads to %s", l.Tag, m[1])
			}
		}
		for _, foreign := range []string{"://", "url(", "@import", "<link", "<img", "<iframe", "src="} {
			if strings.Contains(page, foreign) {
				t.Errorf("%s: has %s", l.Tag, foreign)
			}
		}
		words := locales.Get(l.Tag)
		_, body, _ := strings.Cut(page, "<body>")
		if !strings.HasPrefix(strings.TrimSpace(body), "<header>\n<h1 class=\"made\">"+words.Date(visitDay)) || !strings.Contains(page, words.ValidUntil(visitDay.AddDate(0, 0, 6))) {
			t.Errorf("%s begins with %.300s", l.Tag, body)
		}
		if len(page) >= 400_000 { // of the longest texts; 60 services take less than 150 kB
			t.Errorf("%s: %d bytes", l.Tag, len(page))
		}
		_, text := s.network("GET", "/take/"+l.Tag+".txt", "")
		if strings.Contains(page+text, "Moulin") || strings.Contains(page+text, "cach") {
			t.Errorf("%s: a place of the van, or one that is told in person", l.Tag)
		}
	}
	for _, path := range []string{"/take/xx.html", "/take/en.pdf", "/take/en", "/take/..%2Fen.html"} {
		if answer, _ := s.network("GET", path, ""); answer.StatusCode != 404 {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}

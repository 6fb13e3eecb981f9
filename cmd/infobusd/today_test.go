package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
)

// visited is a van at the site of the example with most rows, on a Monday
// morning.
func visited(t testing.TB) (van.State, time.Time) {
	t.Helper()
	tt, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	s := van.State{Timetable: tt, Clock: van.Clock{Trusted: true}}
	s.Session.Active, s.Session.Site, s.Session.Confirmed = true, "moulin", true
	return s, time.Date(2026, 11, 23, 9, 30, 0, 0, tt.Zone)
}

// visitOf is what the visitors' pages of a state are made of.
func visitOf(s van.State, now time.Time) status.Visit {
	return status.VisitOf(&kiosk.Board{}, nil, false, s, now)
}

// today is the first of the visitors' pages.
func today(s van.State, tag string, now time.Time) status.VisitPage {
	return visitOf(s, now).Pages(status.TodaySection, tag)[0]
}

// visitorsPaths are those of what a visitor can read: the first page in every language,
// all others, of pages with parts a week of them, and the files in three.
func visitorsPaths() (paths []string) {
	for _, l := range status.Languages() {
		paths = append(paths, "/today?lang="+l.Tag)
	}
	for _, tag := range []string{"en", "ar", "ti"} {
		for _, section := range status.Sections {
			parts := map[status.Section]int{status.TodaySection: 2, status.WeekSection: 7}[section]
			for part := range max(parts, 1) {
				paths = append(paths, fmt.Sprintf("/%s?lang=%s&page=%d", section, tag, part+1))
			}
		}
		paths = append(paths, "/take/"+tag+".html", "/take/"+tag+".txt")
	}
	return paths
}

// serve has the visitors' page of a state on loopback, and gives its address.
func serve(t testing.TB, o server.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Languages = status.Languages()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.New(o).Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); <-ended })
	return "http://" + l.Addr().String()
}

func fetch(t testing.TB, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %s", address, answer.StatusCode, err, b)
	}
	return string(b)
}

var asks = regexp.MustCompile(`(?:src|href|action)="([^"]+)"`)

// The page of the example in each of the ten languages: whole it is below
// 15 kB, it asks nobody but the box, and it says what the screen says.
func TestTheVisitorsPageInEveryLanguage(t *testing.T) {
	s, now := visited(t)
	said := timetable.Correction{Service: "hot-meals", Date: "2026-11-23", Kind: timetable.SaidCancelled}
	s.Corrections = []timetable.Correction{said}
	s.Timetable = s.Timetable.Corrected(s.Corrections)
	base := serve(t, server.Options{
		Visit: func() status.Visit { return visitOf(s, now) },
		Guide: func(tag string) (string, bool) { return "guide.pdf", tag == "" },
	})
	if n := len(status.Languages()); n != 10 {
		t.Fatalf("%d languages", n)
	}
	for _, l := range status.Languages() {
		page := fetch(t, base+"/today?lang="+l.Tag)
		whole := len(page)
		for _, m := range asks.FindAllStringSubmatch(page, -1) {
			path := html.UnescapeString(m[1])
			if !strings.HasPrefix(path, "#") && (!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//")) {
				t.Errorf("%s: asks for %s", l.Tag, path)
			}
			if strings.HasSuffix(path, ".css") || strings.HasSuffix(path, ".svg") {
				whole += len(fetch(t, base+path))
			}
		}
		if whole >= 15_000 {
			t.Errorf("%s: %d bytes", l.Tag, whole)
		}
		words := locales.Get(l.Tag)
		text := html.UnescapeString(page)
		for _, want := range []string{
			fmt.Sprintf(`<html lang="%s" dir="%s">`, l.Tag, l.Dir), words.Date(now), words.DrawnAt(now), "Rue du Moulin Gris",
			"<time>08:00</time>", "<time>20:00</time>", `class="row struck"`, words.Word(locales.Cancelled), words.Word(locales.AskUs),
			words.CheckedBy(time.Date(2026, 11, 21, 0, 0, 0, 0, s.Timetable.Zone), "Eau du Large"), `href="/guide.pdf"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in\n%s", l.Tag, want, text)
			}
		}
		if hour, ok := words.LocalHour(now.Add(-90 * time.Minute)); ok != slices.Contains([]string{"am", "om", "ti"}, l.Tag) || !strings.Contains(text, hour) {
			t.Errorf("%s: local hours are %q", l.Tag, hour)
		}
		if strings.Contains(page, "<script") || strings.Contains(strings.ToLower(page), "women") {
			t.Errorf("%s: a script, or what is told in person only", l.Tag)
		}
		for _, other := range status.Languages() {
			if !strings.Contains(page, ">"+other.Name+"</a>") {
				t.Errorf("%s: no way to %s", l.Tag, other.Tag)
			}
		}
		t.Logf("%s: %d bytes", l.Tag, whole)
	}
}

func TestTheVisitorsPageWithoutAClockOrATimetableShowsNoDay(t *testing.T) {
	known, now := visited(t)
	noClock, noTable := known, known
	noClock.Clock.Trusted, noTable.Timetable = false, nil
	for _, l := range status.Languages() {
		words := locales.Get(l.Tag)
		for want, s := range map[string]van.State{words.Word(locales.ClockNotSet): noClock, words.Word(locales.SettingUp): noTable} {
			p := today(s, l.Tag, now)
			if p.Empty != want || p.Date != "" || p.Drawn != "" || len(p.Rows) > 0 {
				t.Errorf("%s: %+v", l.Tag, p)
			}
		}
	}
}

// A sheet may say of each row when it was checked: that is the row's reason,
// also where it is too long ago for its hours.
func TestEachRowOfTheVisitorsPageSaysWhenItWasChecked(t *testing.T) {
	tt, err := source.Parse("t.csv", []byte(`name,category,place,days,opens,closes,checked,by,show
Tea,food,Quay,mon,10:00,11:00,2026-11-20,Cuisine,screen
Tea,food,Quay,mon,12:00,13:00,2026-06-01,Vestiaire,screen
Bread,food,Quay,mon,14:00,15:00,2026-12-01,Cuisine,screen
Rice,food,Quay,mon,16:00,17:00,,,screen
`))
	if err != nil {
		t.Fatal(err)
	}
	s := van.State{Timetable: tt, Clock: van.Clock{Trusted: true}}
	s.Session.Active = true
	l, day := locales.Get("en"), func(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, tt.Zone) }
	var got []string
	for _, r := range today(s, "en", day(11, 23).Add(9*time.Hour)).Rows {
		got = append(got, r.Opens+"|"+r.State+"|"+r.Note)
	}
	want := []string{"10:00||" + l.CheckedBy(day(11, 20), "Cuisine"), "|Ask us|" + l.CheckedBy(day(6, 1), "Vestiaire"), "|Ask us|", "|Ask us|"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// In a real browser, one page of each direction: it fits a small phone, reads
// from its own side, and asks nobody but the box.
func TestTheVisitorsPageInARealBrowser(t *testing.T) {
	looksInABrowser(t)
	t.Parallel()
	s, now := visited(t)
	base := serve(t, server.Options{Visit: func() status.Visit { return visitOf(s, now) }})
	for tag, side := range map[string]string{"am": "left", "ur": "right"} {
		p := openPage(t, base+"/today?lang="+tag)
		if loaded := p.eval(`performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith(location.origin + '/')).join(' ')`); loaded != "" {
			t.Errorf("%s: asked others: %s", tag, loaded)
		}
		if loaded := p.eval(`performance.getEntriesByType('resource').map(r => new URL(r.name).pathname).join(' ')`); !strings.Contains(loaded, "/today.css") {
			t.Errorf("%s: asked for %q: this test sees nothing", tag, loaded)
		}
		if got := p.eval(`(() => { const h = document.querySelector('.row h2'), r = document.createRange(); r.selectNodeContents(h);
			const t = r.getBoundingClientRect(), m = document.querySelector('main').getBoundingClientRect();
			return t.left - m.left < m.right - t.right ? 'left' : 'right' })()`); got != side {
			t.Errorf("%s is read from the %s", tag, got)
		}
	}
}

package guide

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/board"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source"
)

const english = `language: en
source: en

# phone
Your phone

## wait
Your phone stays where you can **see it**.
Come to {service:hot-meals.place}: {service:hot-meals.hours}.

## bring
Bring:
- your **cable**
- your phone

# help
Help

## call
In danger, call {number:emergency}. On the sea, call {number:sea}.
`

// facts are the examples' timetable and board, at a moment in their zone.
func facts(t testing.TB, at, site string) Facts {
	t.Helper()
	p := source.Options{}.Parse([]source.File{{Name: "timetable.yaml", Data: examples.Timetable}})
	if p.Refused {
		t.Fatal(p.Mistakes)
	}
	b, err := board.Parse("board.yaml", examples.Board)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.ParseInLocation("2006-01-02T15:04", at, p.Timetable.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return Facts{Timetable: p.Timetable, Board: b, Now: now, Site: site}
}

func load(t testing.TB, files map[string]string) Guide {
	t.Helper()
	g, wrong := try(files)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return g
}

func try(files map[string]string) (Guide, Mistakes) {
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return Load(folder)
}

// said is a body as one text.
func said(b Body) string {
	var s strings.Builder
	for i, item := range b.Items {
		if i > 0 {
			s.WriteString("\n")
		}
		if item.Bullet {
			s.WriteString("- ")
		}
		for _, r := range item.Runs {
			if r.Bold {
				s.WriteString("<" + r.Text + ">")
			} else {
				s.WriteString(r.Text)
			}
		}
	}
	return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s.String())
}

func TestAReferenceSaysWhatTimetableAndBoardSay(t *testing.T) {
	g := load(t, map[string]string{"en.md": english})
	s := g.In("en", facts(t, "2026-11-23T10:00", "moulin"))
	if len(s) != 2 || s[0].ID != "phone" || said(s[0].Title.Body) != "Your phone" || len(s[0].Paragraphs) != 2 {
		t.Fatalf("%+v", s)
	}
	for i, want := range []string{
		"Your phone stays where you can <see it>. Come to Rue du Moulin Gris: Monday 23 November 2026: 12:00–14:00, 18:00–19:30.",
		"Bring:\n- your <cable>\n- your phone",
	} {
		if got := said(s[0].Paragraphs[i].Body); got != want || s[0].Paragraphs[i].State != OK {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := said(s[1].Paragraphs[0].Body); got != "In danger, call 112. On the sea, call 196." {
		t.Error(got)
	}
}

// What one reference says, in English.
func TestWhatAReferenceMayNotSayIsAskUs(t *testing.T) {
	monday := facts(t, "2026-11-23T10:00", "moulin")
	quiet, untrusted, away := monday, monday, monday
	quiet.Quiet, untrusted.Now, away.Timetable = true, time.Time{}, nil
	twice := monday
	twice.Board.Numbers = append(slices.Clone(twice.Board.Numbers), kiosk.Number{Number: "197", Picture: "sea", Name: map[string]string{"en": "x"}, Checked: twice.Board.Numbers[0].Checked})
	for _, c := range []struct {
		what string
		f    Facts
		ref  string
		want string
	}{
		{"the hours of today", monday, "{service:showers.hours}", "Monday 23 November 2026: 09:00–12:00"},
		{"the place", monday, "{service:showers.place}", "Salle des Tilleuls"},
		{"the map's letter", monday, "{service:showers.map}", "E"},
		{"the name", monday, "{service:showers.name}", "Showers"},
		{"what is over today is of the next day", facts(t, "2026-11-23T12:00", ""), "{service:showers.hours}", "Tuesday 24 November 2026: 13:00–17:00"},
		{"what is cancelled says so", facts(t, "2026-12-04T09:00", ""), "{service:hot-meals.hours}", "Friday 4 December 2026: 12:00–14:00 (Cancelled), 18:00–19:30 (Cancelled)"},
		{"a check that is too old", facts(t, "2027-01-04T09:00", ""), "{service:showers.hours}", "Ask us"},
		{"a check that will be too old by then", facts(t, "2026-12-20T13:00", ""), "{service:showers.hours}", "Ask us"},
		{"its place is still said", facts(t, "2027-01-04T09:00", ""), "{service:showers.place}", "Salle des Tilleuls"},
		{"told in person, hours", monday, "{service:women-space.hours}", "Ask us"},
		{"told in person, place", monday, "{service:women-space.place}", "Ask us"},
		{"told in person, name", monday, "{service:women-space.name}", "Ask us"},
		{"no such service", monday, "{service:women.place}", "Ask us"},
		{"at the van's site, today", facts(t, "2026-11-24T10:00", "moulin"), "{service:phone-repair.place}", "The van"},
		{"at another site", facts(t, "2026-11-23T10:00", "quai"), "{service:phone-repair.place}", "Ask us"},
		{"at no site", facts(t, "2026-11-23T10:00", ""), "{service:phone-repair.hours}", "Ask us"},
		{"quiet, hours", quiet, "{service:showers.hours}", "Ask us"},
		{"quiet, place", quiet, "{service:showers.place}", "Ask us"},
		{"quiet, number", quiet, "{number:sea}", "196"},
		{"the time is not known", untrusted, "{service:showers.place}", "Ask us"},
		{"the time is not known, number", untrusted, "{number:sea}", "Ask us"},
		{"no timetable", away, "{service:showers.place}", "Ask us"},
		{"nothing is known", Facts{}, "{number:emergency} {service:showers.place} {number:sea}", "112 Ask us Ask us"},
		{"a number", monday, "{number:sea}", "196"},
		{"its name", monday, "{number:sea.name}", "In danger at sea"},
		{"a number nobody checked lately", facts(t, "2027-03-01T10:00", ""), "{number:sea}", "Ask us"},
		{"112 always", facts(t, "2027-03-01T10:00", ""), "{number:emergency}: {number:emergency.name}", "112: Emergency"},
		{"no such number", monday, "{number:women}", "Ask us"},
		{"one of two", twice, "{number:sea}", "Ask us"},
	} {
		g := load(t, map[string]string{"en.md": head + c.ref})
		if got := said(g.In("en", c.f)[0].Paragraphs[0].Body); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestEveryLanguageHasItsWordsAndItsDirection(t *testing.T) {
	g := load(t, map[string]string{"en.md": head + "x {service:showers.hours}", "ar.md": "language: ar\nsource: en\n# a\n## b " + of("x {service:showers.hours}") + "\nس {service:showers.hours}\n"})
	p := g.In("ar", facts(t, "2026-11-23T08:00", ""))[0].Paragraphs[0]
	if p.State != Unreviewed || p.Beside != nil || p.Body.Dir != "rtl" || p.Body.Lang != "ar" || !strings.HasSuffix(said(p.Body), "2026: 09:00–12:00") || !strings.HasPrefix(said(p.Body), "س الاثنين") {
		t.Errorf("%+v", p)
	}
	runs := p.Body.Items[0].Runs
	if runs[0].Kind != Typed || runs[1].Kind != Hours || runs[1].Ends.Format("2006-01-02T15:04") != "2026-11-24T00:00" {
		t.Errorf("%+v", runs)
	}
	p = g.In("ti", facts(t, "2026-11-23T08:00", ""))[0].Paragraphs[0]
	if p.State != Missing || len(p.Body.Items) > 0 || p.Beside == nil || p.Beside.Lang != "en" || p.Beside.Dir != "ltr" {
		t.Errorf("%+v", p)
	}
}

// A text that names a place that no text may name is withheld, and found before.
func TestASecretPlaceThatIsTypedComesThroughNowhere(t *testing.T) {
	f := facts(t, "2026-11-23T10:00", "moulin")
	f.Timetable.Services = append(f.Timetable.Services, timetable.Service{ID: "shelter", Name: map[string]string{"en": "Shelter"}, Place: timetable.Place{Name: "Villa Hélène"}})
	for text, secret := range map[string]bool{
		"Come to Villa Hélène.": true, "Come to VILLA HELENE!": true, "Come to **Villa** Hélène": true, "Come to villa-helene": true, "At Parking des Oyats": false, "At Quai des Sternes": true, // what is there comes with the van
		"A villa": false, "Villa Hélènes": false, "At {service:showers.place}": false, "Rue du Moulin Gris": false, // hot meals are there every day
	} {
		g := load(t, map[string]string{"en.md": head + text})
		got := said(g.In("en", f)[0].Paragraphs[0].Body)
		wrong, _ := g.Check(f.Timetable, &f.Board, f.Now)
		if (got == "Ask us") != secret || (len(wrong) > 0) != secret || strings.Contains(wrong.Error(), "Villa") {
			t.Errorf("%s: %q is shown, %v", text, got, wrong)
		}
	}
}

func TestWhatSaysAskUsIsSaidBefore(t *testing.T) {
	f := facts(t, "2026-11-23T10:00", "moulin")
	for text, want := range map[string][2]string{
		"{service:showers.hours} {number:sea} {number:emergency}": {"", ""},
		"x {service:shower.hours}":                                {"en.md:8:3: a.b: {service:shower.hours}: the timetable has no such service", ""},
		"{service:women-space.place}":                             {"en.md:8:1: a.b: {service:women-space.place}: the service is told in person", ""},
		"{number:women}":                                          {"the board has no number with that picture", ""},
		"{service:phone-repair.hours}":                            {"", "the service is offered where the van is"},
	} {
		wrong, warnings := load(t, map[string]string{"en.md": head + text}).Check(f.Timetable, &f.Board, f.Now)
		for i, list := range []Mistakes{wrong, warnings} {
			if (len(list) > 0) != (want[i] != "") || !strings.Contains(list.Error(), want[i]) {
				t.Errorf("%s: %v, want %s", text, list, want[i])
			}
		}
	}
	late := facts(t, "2027-03-01T10:00", "")
	if _, warnings := load(t, map[string]string{"en.md": head + "{service:showers.hours} {number:sea}"}).Check(late.Timetable, &late.Board, late.Now); len(warnings) != 2 {
		t.Error(warnings)
	}
}

// The example is whole in English and French. Of the others it has the screen's own words,
// and nobody has agreed to any.
func TestTheExampleSaysWhatItIsWorth(t *testing.T) {
	g, wrong := Load(os.DirFS("../examples/guide"))
	if len(wrong) > 0 || len(g.Warnings) > 0 {
		t.Fatal(wrong, g.Warnings)
	}
	f := facts(t, "2026-11-23T10:00", "moulin")
	if wrong, warnings := g.Check(f.Timetable, &f.Board, f.Now); len(wrong)+len(warnings) > 0 {
		t.Error(wrong, warnings)
	}
	for _, c := range g.Status() {
		if c.Lang == "en" {
			continue
		}
		if len(c.IDs[OK])+len(c.IDs[Stale]) > 0 || (c.Lang == "fr") != (len(c.IDs[Missing]) == 0) {
			t.Errorf("%+v", c)
		}
		l := locales.Get(c.Lang)
		for id, word := range map[string]string{"pages": l.Word(locales.Guide), "charging": l.Category(timetable.Charging), "wifi": l.Category(timetable.WiFi), "showers": l.Category(timetable.Showers), "help": l.Word(locales.Help)} {
			if own := g.text(c.Lang, id); own == nil || Markdown(own.Items) != word {
				t.Errorf("%s %s is not %s", c.Lang, id, word)
			}
		}
	}
}

// The largest guide there may be, in one language.
func BenchmarkIn(b *testing.B) {
	var text strings.Builder
	text.WriteString("language: en\nsource: en\n")
	for i := range MaxTexts {
		if i%10 == 0 {
			text.WriteString("# s" + string(rune('a'+i/10)) + "\nTitle\n")
			continue
		}
		text.WriteString("## p" + string(rune('a'+i%10)) + "\n" + strings.Repeat("word ", 60) + "{service:showers.hours} {service:hot-meals.place} {number:sea}\n")
	}
	g, f := load(b, map[string]string{"en.md": text.String()}), facts(b, "2026-11-23T10:00", "moulin")
	b.ReportAllocs()
	for b.Loop() {
		if len(g.In("ti", f)) == 0 {
			b.Fatal("nothing")
		}
	}
}

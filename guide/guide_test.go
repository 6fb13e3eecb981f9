package guide

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"infobus/examples"
	"infobus/kiosk/board"
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

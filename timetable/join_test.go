package timetable

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// ofPart are the rows of one part of a joined timetable, or of it alone, without ids.
func ofPart(tt *Timetable, site, prefix string) string {
	var list []string
	for day := range 3 {
		for _, r := range tt.Rows(time.Date(2026, 11, 30+day, 8, 0, 0, 0, tt.Zone), site) {
			id := r.Service.ID
			if len(prefix) > 0 {
				if len(id) < len(prefix) || id[:len(prefix)] != prefix {
					continue
				}
				id = id[len(prefix):]
			}
			list = append(list, fmt.Sprintln(id, r.Service.Name, r.Service.Place, r.Service.Show, r.Opens.Unix(), r.Closes.Unix(), r.State, r.Why))
		}
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

// Whatever another source says, the rows of one are what they are alone.
func TestNoSourceSaysAnythingOfAnothersRows(t *testing.T) {
	first := DateOf(2026, 11, 30)
	alone := lastGood(t)
	alone.Services[0].Sites, alone.Sites = []string{"quai"}, []Site{{"quai", "Quai des Sternes"}}
	for what, change := range map[string]func(tt *Timetable){
		"nothing else":                func(*Timetable) {},
		"a day off for all":           func(tt *Timetable) { tt.Holidays = []Holiday{{Dates: []Date{first}}} },
		"the same cancelled":          func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: first}} },
		"the same in person":          func(tt *Timetable) { tt.Services[0].Show = InPerson },
		"checks that hold for longer": func(tt *Timetable) { tt.MaxAge = 9000 * time.Hour; tt.Services[0].Checked = first.Start(time.UTC) },
		"checks that hold for a day":  func(tt *Timetable) { tt.MaxAge = 24 * time.Hour },
		"another zone":                func(tt *Timetable) { tt.Zone = time.FixedZone("far", 5*3600) },
		"another place of that name":  func(tt *Timetable) { tt.Sites = []Site{{"quai", "Elsewhere"}} },
		"everything in doubt": func(tt *Timetable) {
			*tt = *Version{Timetable: lastGood(t), Refused: true, Unread: []Unread{{}}}.Over(lastGood(t))
		},
		"no part at all": nil,
	} {
		var other *Timetable
		if change != nil {
			other = after(t, change)
		}
		joined, _ := Join([]Part{{"a", alone}, {"b", other}})
		for _, site := range []string{"", "quai"} {
			if got, want := ofPart(joined, site, "a."), ofPart(alone, site, ""); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
			}
		}
		// And the other way round: the second's rows are its own.
		if other == nil || what == "another zone" {
			continue
		}
		if got, want := ofPart(joined, "", "b."), ofPart(other, "", ""); got != want {
			t.Errorf("%s, of itself:\n%s\nwant\n%s", what, got, want)
		}
	}
}

func TestSitesOfTheFirstSourceHoldForAll(t *testing.T) {
	main := after(t, func(tt *Timetable) { tt.Sites = []Site{{"quai", "Quai des Sternes"}, {"moulin", "Rue du Moulin"}} })
	other := after(t, func(tt *Timetable) {
		tt.Sites = []Site{{"quai-des-sternes", "quai des  STERNES"}, {"elsewhere", "Elsewhere"}}
		tt.Services[0].Sites = []string{"quai-des-sternes"}
		tt.Services[1].Sites = []string{"elsewhere"}
	})
	joined, aside := Join([]Part{{"a", main}, {"b", other}})
	if len(joined.Sites) != 2 || aside[0] != 0 || aside[1] != 1 {
		t.Errorf("%v, left out: %v", joined.Sites, aside)
	}
	if s, ok := joined.Service("b.hot"); !ok || !slices.Equal(s.Sites, []string{"quai"}) {
		t.Errorf("%+v", s)
	}
	if _, ok := joined.Service("b.wat"); ok {
		t.Error("a service at a site that nobody knows is there")
	}
	if joined, _ := Join([]Part{{"a", nil}, {"b", other}}); len(joined.Sites) != 2 || joined.Plan != nil {
		t.Errorf("without the first: %v", joined.Sites)
	}
	if joined, _ := Join([]Part{{"a", nil}}); joined != nil {
		t.Error("of nothing there is a timetable")
	}
}

func TestCorrectionsLieOverAJoinedTimetable(t *testing.T) {
	joined, _ := Join([]Part{{"a", lastGood(t)}, {"b", lastGood(t)}})
	over := joined.Corrected([]Correction{{Service: "b.hot", Date: "2026-11-30", Kind: SaidCancelled}})
	if got := onGlass(over); got != "a0+ a0+ a0+ a1+ a1+ a1+ b0x b0+ b0+ b1+ b1+ b1+" {
		t.Error(got)
	}
	if err := joined.Check(Correction{Service: "a.hot", Date: "2026-11-30", Kind: SaidHours, Hours: []Hours{{600, 700}}}, time.Date(2026, 11, 30, 8, 0, 0, 0, joined.Zone)); err != nil {
		t.Error(err)
	}
}

package draw

import (
	"bytes"
	"fmt"
	"image/png"
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/timetable"
)

func TestADaysPagesAreDrawnForEachSiteAndSet(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, zone)
	tt := &timetable.Timetable{Zone: zone, MaxAge: 31 * 24 * time.Hour, Sites: []timetable.Site{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}, {ID: "c", Name: "C"}},
		Plan: []timetable.Planned{{Site: "b", Days: []time.Weekday{time.Monday}, From: 600, To: 700}, {Site: "a", Days: []time.Weekday{time.Tuesday}, From: 600, To: 700}}}
	for i := range 40 {
		tt.Services = append(tt.Services, timetable.Service{ID: fmt.Sprint(i), Category: timetable.Food, Name: map[string]string{"en": fmt.Sprint("Meal ", i)}, Show: timetable.Screen, Checked: at,
			Slots: []timetable.Slot{{Days: []time.Weekday{time.Monday}, Opens: 720, Closes: 840}}})
	}
	for _, c := range []struct {
		named string
		day   int
		want  string
	}{{"", 0, "[b]"}, {"c", 0, "[c]"}, {"gone", 1, "[a]"}, {"", 2, "[a b c]"}} {
		if got := fmt.Sprint(PreviewSites(tt, at.AddDate(0, 0, c.day), c.named)); got != c.want {
			t.Errorf("%q, day %d: %s, want %s", c.named, c.day, got, c.want)
		}
	}
	o := kiosk.Options{Sets: kiosk.Ten, Capacity: map[string]int{}}
	for _, set := range o.Sets {
		o.Capacity[set.String()] = Capacity(set)
	}
	o.Sets = o.Sets[:2]
	list, err := Previews(o, tt, at, []string{"b"})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, p := range list {
		rows[p.Page.Languages.String()] += len(p.Page.Rows)
		m, err := png.Decode(bytes.NewReader(p.PNG))
		if err != nil || m.Bounds().Dx() != ink.Width || m.Bounds().Dy() != ink.Height {
			t.Errorf("%s: %v, %v", p.Alt, m.Bounds(), err)
		}
	}
	if fmt.Sprint(rows) != "map[en+ar:40 fr+ps:40]" || list[0].Site != "b" {
		t.Errorf("%v", rows)
	}
	if list, _ = Previews(o, tt, at, []string{"a", "b", "c", "a", "b"}); len(list) != MostPreviews {
		t.Errorf("%d pages", len(list))
	}
	if list, _ = Previews(o, tt, time.Time{}, nil); len(list) != 0 {
		t.Error("pages without a time")
	}
}

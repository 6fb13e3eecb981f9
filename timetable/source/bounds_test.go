package source

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Whatever a file of the largest size holds, it is read, and shown, in little time
// and memory, and what is too much is said.
func TestLargeFilesTakeLittleTimeAndMemory(t *testing.T) {
	fill := func(head, tail string, line func(i int) string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < yamlfile.MaxSize-len(tail)-400; i++ {
			b.WriteString(line(i))
		}
		return b.String() + tail
	}
	const columns = "Service;Catégorie;Lieu;Jours;Date;Ouvre;Ferme;Vérifié le;Affichage;Statut\n"
	const series = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:a\nSUMMARY:Tea\nDTSTART:20261130T120000\nDTEND:20261130T130000\nRRULE:FREQ=DAILY\n"
	for _, c := range []struct{ what, name, text, want string }{
		{"10,000 rows", "t.csv", columns + strings.Repeat("Tea;repas;Rue;lun;;12h;13h;20/11/2026;écran;\n", 10000), "more than"},
		{"rows that cannot be read", "t.csv", fill(columns, "", func(i int) string { return fmt.Sprintf("Tea %d;repas;Rue;;3x/11/2026;;;;;annulé\n", i) }), "found"},
		{"rows that hit nothing", "t.csv", fill(columns, "", func(i int) string {
			if i < 500 {
				return fmt.Sprintf("Tea %d;repas;Rue du Moulin %d;lun;;12h;13h;20/11/2026;écran;\n", i, i)
			}
			return fmt.Sprintf("Tee %d;repas;Rue;;29/11/2026;;;;;annulé\n", i)
		}), "no row has the same name"},
		{"rows of many cells", "t.csv", fill(columns, "", func(i int) string { return strings.Repeat("x;", 60) + "\n" }), "in a column without a name"},
		{"quotation marks", "t.csv", fill(columns, "", func(i int) string { return fmt.Sprintf("\"Tea %d;repas;\n", i) }), "a quotation mark"},
		{"services of one name", "t.csv", fill(columns, "", func(i int) string {
			return fmt.Sprintf("Tea and breakfast %c;repas;Rue du Moulin;lun;;12h;13h;20/11/2026;écran;\n", 'a'+i%26)
		}), "more than 100 openings"},
		{"days taken out", "t.ics", fill(series, "END:VEVENT\nEND:VCALENDAR\n", func(i int) string { return "EXDATE:20261201T120000,20261202T120000,20261203T120000\n" }), "more than 4000 days"},
		{"days put in", "t.ics", fill(series, "END:VEVENT\nEND:VCALENDAR\n", func(i int) string { return fmt.Sprintf("RDATE:202612%02dT%02d%02d00\n", 1+i%28, i%24, i%60) }), ""},
		{"changed instances", "t.ics", fill(series+"END:VEVENT\n", "END:VCALENDAR\n", func(i int) string {
			day := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, i%3000).Format("20060102")
			return fmt.Sprintf("BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:%sT120000\nDTSTART:%sT150000\nDTEND:%sT160000\nSUMMARY:Tea\nSEQUENCE:%d\nEND:VEVENT\n", day, day, day, i)
		}), "more than"},
		{"instances without their series", "t.ics", fill(series+"END:VEVENT\n", "END:VCALENDAR\n", func(i int) string {
			return fmt.Sprintf("BEGIN:VEVENT\nUID:b%d\nRECURRENCE-ID:20261201T120000\nDTSTART:20261201T150000\nDTEND:20261201T160000\nSUMMARY:Teas\nEND:VEVENT\n", i)
		}), "more than"},
		{"events that cannot be read", "t.ics", fill("BEGIN:VCALENDAR\n", "END:VCALENDAR\n", func(i int) string {
			return fmt.Sprintf("BEGIN:VEVENT\nUID:b%d\nRECURRENCE-ID:2026120xT120000\nSUMMARY:Tea\nEND:VEVENT\n", i)
		}), "found"},
		{"parts that do not end", "t.ics", fill("BEGIN:VCALENDAR\n", "", func(i int) string { return "BEGIN:VEVENT\nUID:a\n" }), "more than 100000 lines"},
		{"services that cannot be read", "t.yaml", fill("services:\n", "", func(i int) string {
			return fmt.Sprintf("  - {id: s%d, name: {en: Tea}, x: 1, y: 2, z: 3} # %s\n", i, strings.Repeat("x", 50))
		}), `unknown key "x"`},
		{"entries that are no YAML", "t.yaml", fill("services:\n", "", func(i int) string {
			return fmt.Sprintf("  - {id: s%d, name: {en: Tea} # %s\n", i, strings.Repeat("x", 50))
		}), "not closed"},
		{"unknown keys", "t.yaml", fill("services:\n  - id: a\n", "", func(i int) string { return fmt.Sprintf("    x%d: 1\n", i) }), "lines found, at most 20000"},
		{"unknown keys, as many as there may be", "t.yaml", "services:\n  - id: a\n" + strings.Repeat("    x: 1\n", 15000), "key \"x\" a second time"},
		{"one long line", "t.yaml", fill("services: [", "]\n", func(i int) string { return fmt.Sprintf("{id: s%d, x%d: 1}, ", i, i) }), "a line of"},
		{"a list of lists", "t.yaml", fill("services:\n", "", func(i int) string { return "  - [[[[\n" }), ""},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		p := Options{Public: everything}.Parse([]File{{c.name, []byte(c.text)}})
		read := time.Since(begin)
		good := p.Over(nil)
		for _, tt := range []*timetable.Timetable{good, p.Over(good)} {
			tt.Today(time.Date(2026, 11, 30, 12, 0, 0, 0, tt.Zone), "")
			tt.NextChange(time.Date(2026, 11, 30, 12, 0, 0, 0, tt.Zone))
		}
		all := time.Since(begin)
		runtime.GC()
		runtime.ReadMemStats(&after)
		kept := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
		t.Logf("%s: %d bytes read in %s, shown in %s, %d MB kept; %d mistakes, %d unread", c.what, len(c.text), read.Round(time.Millisecond), (all - read).Round(time.Millisecond), kept, len(p.Mistakes), len(p.Unread))
		if kept > 30 {
			t.Errorf("%s: %s, %d MB", c.what, all, kept)
		}
		text := p.Mistakes.Error()
		for _, w := range p.Warnings {
			text += w.What
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %.300s\nwant %s", c.what, text, c.want)
		}
		runtime.KeepAlive(p)
	}
}

package source

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Whatever a file holds, it is read, and shown, in little time and in 30 MB beside
// what a fresh process has, and what is too much is said.
func TestLargeFilesTakeLittleTimeAndMemory(t *testing.T) {
	if path := os.Getenv("INFOBUS_FRESH"); path != "" {
		measure(path)
		return
	}
	fill := func(head, tail string, line func(i int) string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < yamlfile.MaxSize-len(tail)-400; i++ {
			b.WriteString(line(i))
		}
		return b.String() + tail
	}
	// upTo fills YAML up to so many marks.
	upTo := func(most int, head string, line func(i int) string) string {
		var b strings.Builder
		b.WriteString(head)
		for i, n := 0, yamlfile.Marks([]byte(head)); ; i++ {
			if n += yamlfile.Marks([]byte(line(i))); n > most {
				return b.String()
			}
			b.WriteString(line(i))
		}
	}
	// marks fills YAML with as much as the parser is given at once.
	marks := func(head string, line func(i int) string) string { return upTo(yamlfile.MaxMarks, head, line) }
	const columns = "Service;Catégorie;Lieu;Jours;Date;Ouvre;Ferme;Vérifié le;Affichage;Statut\n"
	const series = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:a\nSUMMARY:Tea\nDTSTART:20261130T120000\nDTEND:20261130T130000\nRRULE:FREQ=DAILY\n"
	const most = 30 << 10 // kB
	// The race detector takes several times the memory: what is measured is without it.
	plain := filepath.Join(t.TempDir(), "plain.test")
	if out, err := exec.Command("go", "test", "-c", "-o", plain, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
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
		{"days taken out", "t.ics", fill(series, "END:VEVENT\nEND:VCALENDAR\n", func(i int) string { return "EXDATE:20261201T120000,20261202T120000,20261203T120000\n" }), "more than 4000"},
		{"days put in", "t.ics", fill(series, "END:VEVENT\nEND:VCALENDAR\n", func(i int) string { return fmt.Sprintf("RDATE:202612%02dT%02d%02d00\n", 1+i%28, i%24, i%60) }), "more than 4000 of RDATE"},
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
		{"a sheet of 50 MB", "t.csv", columns + strings.Repeat("Tea;repas;Rue;lun;;12h;13h;20/11/2026;écran;\n", 1<<20), "more than the 1048576 that are read"},
		{"a calendar of 50 MB", "t.ics", series + strings.Repeat("EXDATE:20261201T120000,20261202T120000,20261203T120000\n", 1<<20), "more than the 1048576 that are read"},
		{"a series of 100,000 instances", "t.ics", strings.Replace(series, "FREQ=DAILY", "FREQ=DAILY;COUNT=100000", 1) + "END:VEVENT\nEND:VCALENDAR\n", "COUNT"},
		{"a hundred series without an end", "t.ics", "BEGIN:VCALENDAR\nVERSION:2.0\n" + strings.Repeat(strings.Replace(series, "BEGIN:VCALENDAR\nVERSION:2.0\n", "", 1)+"END:VEVENT\n", 100) + "END:VCALENDAR\n", ""},
		{"100,000 instances, each written", "t.ics", fill(series, "END:VEVENT\nEND:VCALENDAR\n", func(i int) string {
			return "RDATE;VALUE=DATE:" + strings.Repeat("20261201,", 50) + "20261202\n"
		}), "more than"},
		{"services that cannot be read", "t.yaml", marks("services:\n", func(i int) string {
			return fmt.Sprintf("  - {id: s%d, name: {en: Tea}, x: 1, y: 2, z: 3} # %s\n", i, strings.Repeat("x", 50))
		}), `unknown key "x"`},
		{"entries that are no YAML", "t.yaml", marks("services:\n", func(i int) string {
			return fmt.Sprintf("  - {id: s%d, name: {en: Tea}%s # %s\n", i, map[bool]string{true: "}"}[i >= 90], strings.Repeat("x", 50))
		}), "not closed"},
		{"as many services as there may be", "t.yaml", marks("services:\n", func(i int) string {
			return fmt.Sprintf("  - id: s%d\n    category: food\n    name: {en: Tea %d, ar: شاي}\n    show: screen\n    checked: 2026-11-20\n    times:\n", i, i) +
				strings.Repeat("      - {days: [mon], opens: \"8:00\", closes: \"9:00\"}\n", 1) + "      - {days: [tue], opens: \"8:00\", closes: \"9:00\"}\n"
		}), "624 found, at most 500"},
		{"as many values as are read", "t.yaml", marks("services:\n", func(i int) string { return "  - {a: 1, b: 2, c: [1,2,3]}\n" }), "unknown key"},
		{"500 services of five openings and three languages", "t.yaml", "services:\n" + manyServices(0, 500), ""},
		{"more than is read", "t.yaml", upTo(2*maxMarks, "services:\n", func(i int) string { return "  - {a: 1, b: 2, c: [1,2,3]}\n" }), "at most 60000 were expected"},
		{"as many values as are read, in pieces", "t.yaml", upTo(maxMarks, "services:\n", func(i int) string { return "  - {a: 1, b: 2, c: [1,2,3]}\n" }), "found, at most 500"},
		{"few services of many values", "t.yaml", upTo(maxMarks, "services:\n", func(i int) string { return "  - {id: a, name: {" + strings.Repeat("x: 1, ", 60) + "}}\n" }), "a second time"},
		{"openings that cannot be read, in pieces", "t.yaml", upTo(maxMarks, "services:\n", func(i int) string {
			return fmt.Sprintf("  - id: s%d\n    category: food\n    name: {en: Tea %d}\n    times:\n", i, i) + strings.Repeat("      - {days: [mon], opens: \"8:xx\", closes: \"9:00\"}\n", 20)
		}), "mistakes more"},
		{"one list of too much", "t.yaml", upTo(maxMarks, "services:\n  - id: a\n    times:\n", func(i int) string { return "      - {days: [mon], opens: \"8:00\", closes: \"9:00\"}\n" }), "at most 25000 were expected"},
		{"one list in brackets of too much", "t.yaml", upTo(maxMarks, "services: [\n", func(i int) string { return "{id: a, x: 1},\n" }), "at most 25000 were expected"},
		{"sites of too much", "t.yaml", upTo(maxMarks, "sites:\n", func(i int) string { return fmt.Sprintf("  - {id: a%d, name: A}\n", i) }), "found"},
		{"lists within lists", "t.yaml", "services: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "\n", "brackets within each other"},
		{"lists that begin on one line", "t.yaml", "services:\n" + strings.Repeat(strings.Repeat("- ", 9000)+"1\n", 2), "lists that begin on one line"},
		{"lists that go inwards", "t.yaml", "services:\n" + func() string {
			var b strings.Builder
			for i := range 1200 {
				b.WriteString(strings.Repeat(" ", i) + "-\n")
			}
			return b.String()
		}(), "blanks before the line"},
		{"keys that go inwards", "t.yaml", func() string {
			var b strings.Builder
			for i := range 200 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), "unknown key"},
		{"unknown keys", "t.yaml", fill("services:\n  - id: a\n", "", func(i int) string { return fmt.Sprintf("    x%d: 1\n", i) }), "lines found, at most 20000"},
		{"unknown keys, as many as there may be", "t.yaml", "services:\n  - id: a\n" + strings.Repeat("    x: 1\n", 900), "key \"x\" a second time"},
		{"unknown keys, more than there may be", "t.yaml", "services:\n  - id: a\n" + strings.Repeat("    x: 1\n", 12000), "more than 1000 keys"},
		{"one long line", "t.yaml", fill("services: [", "]\n", func(i int) string { return fmt.Sprintf("{id: s%d, x%d: 1}, ", i, i) }), "a line of"},
		{"a list of lists", "t.yaml", fill("services:\n", "", func(i int) string { return "  - [[[[\n" }), ""},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var text string
		took, more := 0, 0
		for try := 0; try == 0 || more > most && try < 3; try++ { // a collector that is late on a busy machine adds some MB
			fresh := exec.Command(plain, "-test.run", "^TestLargeFilesTakeLittleTimeAndMemory$")
			fresh.Env = append(os.Environ(), "INFOBUS_FRESH="+path, "GOGC=50") // as the daemon has it
			out, err := fresh.CombinedOutput()
			before, measured, found := strings.Cut(string(out), "\nmeasured: ")
			if err != nil || !found {
				t.Fatalf("%s: %v\n%.2000s", c.what, err, out)
			}
			text = before
			fmt.Sscan(measured, &took, &more)
		}
		t.Logf("%s: %d bytes, %s, %d MB above rest", c.what, len(c.text), time.Duration(took).Round(time.Millisecond), more>>10)
		if more > most {
			t.Errorf("%s: %d MB above rest", c.what, more>>10)
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %.300s\nwant %s", c.what, text, c.want)
		}
	}
}

// manyServices are services of five openings and three languages, as YAML.
func manyServices(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "  - id: s%d\n    category: food\n    name: {en: Tea %d, fr: Thé %d, ar: شاي %d}\n    place: {name: Rue du Moulin %d, map: B}\n    show: screen\n    checked: 2026-12-01\n    times:\n", i, i, i, i, i)
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
			fmt.Fprintf(&b, "      - {days: [%s], opens: \"%d:00\", closes: \"22:00\", from: 2026-11-01, until: 2027-03-01}\n", day, 6+i%10)
		}
	}
	return b.String()
}

// What is more than the parser may be given at once is read as the same in two files is.
func TestALargeYAMLIsReadAsTwoSmallOnesAre(t *testing.T) {
	const head = "# services\n---\ntimezone: Europe/Paris\nsites: [{id: quai, name: Quai}]\nservices:\n"
	const tail = "holidays:\n  - {name: Christmas, dates: [2026-12-25], services: [s1, s499]}\n"
	whole := head + manyServices(0, 500) + tail
	if n := yamlfile.Marks([]byte(whole)); n < 40000 || n > maxMarks {
		t.Fatalf("%d marks", n)
	}
	read := func(texts ...string) (p Parsed, rows string) {
		var files []File
		for i, text := range texts {
			files = append(files, File{fmt.Sprintf("%d.yaml", i), []byte(text)})
		}
		p = Options{}.Parse(files)
		tt := p.Over(nil)
		for _, day := range []int{4, 25} {
			for _, r := range tt.Rows(time.Date(2026, 12, day, 8, 0, 0, 0, tt.Zone), "") {
				rows += fmt.Sprintln(r.Service.ID, r.Service.Name, r.Service.Place, r.OpensAt(), r.ClosesAt(), r.State)
			}
		}
		return p, rows
	}
	p, got := read(whole)
	q, want := read(head+manyServices(0, 250), "services:\n"+manyServices(250, 500)+tail)
	if p.Refused || q.Refused || got != want || strings.Count(got, "\n") != 1000 {
		t.Errorf("%v; %v; %d rows, want %d", p.Mistakes, q.Mistakes, strings.Count(got, "\n"), strings.Count(want, "\n"))
	}
	line := func(p Parsed, says string) int {
		for _, m := range p.Mistakes {
			if strings.Contains(m.What, says) {
				return m.Line
			}
		}
		return 0
	}
	for what, c := range map[string]struct{ text, says, near string }{
		"an opening":    {strings.Replace(whole, "id: s400\n    category: food", "id: s400\n    category: foot", 1), "category", "id: s400\n"},
		"no YAML":       {strings.Replace(whole, "name: {en: Tea 400,", "name: {en: Tea 400, {", 1), "", "name: {en: Tea 400"},
		"an id twice":   {strings.Replace(whole, "id: s400\n", "id: s399\n", 1), "a second time", "id: s399\n    category: food\n    name: {en: Tea 400"},
		"a key of none": {strings.Replace(whole, "\nholidays:", "\nholydays:", 1), "unknown key", "holydays"},
	} {
		p, rows := read(c.text)
		at := strings.Count(c.text[:strings.Index(c.text, c.near)], "\n") + 1
		if got := line(p, c.says); !p.Refused || got < at || got > at+2 {
			t.Errorf("%s: on line %d, want %d: %v", what, got, at, p.Mistakes)
		}
		// Names that are near that of the broken one are in doubt with it.
		if n := strings.Count(rows, " confirmed"); n < 600 && what != "a key of none" {
			t.Errorf("%s: %d rows stand", what, n)
		}
	}
	cut, rows := read(whole[:strings.Index(whole, "id: s400\n")+len("id: s400\n    categ")])
	if !cut.Refused || strings.Contains(rows, "confirmed") {
		t.Errorf("cut off: %v\n%.300s", cut.Mistakes, rows)
	}
	if over, _ := read(head + manyServices(0, 501)); !over.Refused || line(over, "services: 501 found, at most 500") != 5 {
		t.Errorf("501 services: %v", over.Mistakes)
	}
}

// measure reads a file, shows what is in it, and prints what is said of it, how
// long that took and by how many kB the process is larger than it was.
func measure(path string) {
	peak := func() (kb int) {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			panic(err)
		}
		_, of, _ := strings.Cut(string(status), "VmHWM:")
		fmt.Sscan(of, &kb)
		return kb
	}
	rest, begin := peak(), time.Now()
	files, err := Read(path)
	if err != nil {
		panic(err)
	}
	p := Options{Public: everything}.Parse(files)
	good := p.Over(nil)
	for _, tt := range []*timetable.Timetable{good, p.Over(good)} {
		tt.Today(time.Date(2026, 11, 30, 12, 0, 0, 0, tt.Zone), "")
		tt.NextChange(time.Date(2026, 11, 30, 12, 0, 0, 0, tt.Zone))
	}
	took, after := time.Since(begin), peak()
	fmt.Println(p.Mistakes.Error())
	for _, w := range p.Warnings {
		fmt.Println(w.What)
	}
	fmt.Printf("\nmeasured: %d %d\n", took, after-rest)
}

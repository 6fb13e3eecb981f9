package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/logbook"
	"infobus/private"
	"infobus/timetable"
	"infobus/van"
)

// people are fifty strings about persons, and hiddenPlaces ten places that are told
// in person, as files of a timetable have them: with a tag that says which file.
func people(tag string) (all []string) {
	for i, name := range []string{"Jean Dupont", "Amina Hassan", "Tesfaye Bekele", "Nguyen Van An", "Zahra Ahmadi", "Omar Bashir", "Selam Haile", "Farid Karimi", "Lemlem Abebe", "Idris Osman"} {
		mail := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "." + tag + "@example.org"
		all = append(all, name+" "+tag, mail, fmt.Sprintf("+3361234%s%02d", tag[1:], i), "ask "+name+" of "+tag+" at the gate", "With "+name+" "+tag)
	}
	return all
}

func hiddenPlaces(tag string) (all []string) {
	for i := range 10 {
		all = append(all, fmt.Sprintf("Impasse %s %d", tag, i))
	}
	return all
}

// whole and broken are what a source gives, one after the other: the second version
// has mistakes in it. In both stand all strings of the tag.
func whole(form, tag string) string  { return planting(form, tag, false) }
func broken(form, tag string) string { return planting(form, tag, true) }

func planting(form, tag string, wrong bool) string {
	var b strings.Builder
	p, places, day := people(tag), hiddenPlaces(tag), time.Now()
	checked := day.Format(time.DateOnly)
	switch form {
	case "yaml":
		fmt.Fprintf(&b, "# %s\ntimezone: Europe/Paris\nservices:\n", strings.Join(p[:20], ", "))
		service := func(id, name, place, show string) {
			fmt.Fprintf(&b, "  - {id: %s, category: food, name: {en: %q}, place: {name: %q}, show: %s, checked: %s, times: [{days: [daily], opens: \"00:00\", closes: \"24:00\"}]}\n", id, name, place, show, checked)
		}
		service("told", "Told "+tag, "Parking des Oyats", "screen")
		for i, place := range places {
			service(fmt.Sprintf("hidden-%d", i), p[5*i+4], place, "in-person")
		}
		fmt.Fprintf(&b, "  # %s\n", strings.Join(p[20:], ", "))
		if wrong {
			fmt.Fprintf(&b, "  - {id: lost, category: nonsense, name: {en: %q}, place: {name: %q}, show: in-person, by: %q, times: [{days: [daily], opens: \"9:xx\"}]}\n", p[4], places[0], p[0])
		}
		fmt.Fprintf(&b, "holidays:\n  - {name: %q, dates: [%s], services: [hidden-1]}\n", p[9], checked)
	case "csv":
		b.WriteString("name,category,place,days,opens,closes,checked,by,show,note\n")
		fmt.Fprintf(&b, "Told %s,food,Parking des Oyats,daily,0:00,24:00,%s,,screen,%q\n", tag, checked, strings.Join(p[:20], "; "))
		for i, place := range places {
			fmt.Fprintf(&b, "%s,food,%s,daily,9:00,10:00,%s,%s,in-person,%q\n", p[5*i+4], place, checked, p[5*i], strings.Join(p[20:], "; "))
		}
		if wrong {
			fmt.Fprintf(&b, "%s,nonsense,%s,daily,9:xx,10:00,,%s,in person,%q\n", p[4], places[0], p[0], p[9])
		}
	case "ics":
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
		event := func(uid, name, place, more string) {
			fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%s\r\nLAST-MODIFIED:%s\r\nDTSTART;TZID=Europe/Paris:%sT000000\r\nDTEND;TZID=Europe/Paris:%sT235900\r\nRRULE:FREQ=DAILY\r\nSUMMARY:%s\r\nLOCATION:%s\r\nCATEGORIES:food\r\n%sEND:VEVENT\r\n",
				uid, day.UTC().Format("20060102T150405Z"), day.Format("20060102"), day.Format("20060102"), name, place, more)
		}
		event("told@"+tag, "Told "+tag, "Parking des Oyats", fmt.Sprintf("CLASS:PUBLIC\r\nORGANIZER;CN=%s:mailto:%s\r\nATTENDEE;CN=%s:mailto:%s\r\nCONTACT:%s\r\nDESCRIPTION:%s\r\nCOMMENT:%s\r\n",
			p[0], p[1], p[5], p[6], p[2], strings.Join(p[:20], `\n`), p[3]))
		for i, place := range places {
			event(fmt.Sprintf("%d@%s", i, tag), p[5*i+4], place, "CLASS:PRIVATE\r\nX-INFOBUS-BY:"+p[5*i]+"\r\nX-ALT-DESC:"+strings.Join(p[20:], `\n`)+"\r\n")
		}
		if wrong {
			event("lost@"+tag, p[4], places[0], "RRULE:FREQ=SECONDLY\r\nCLASS:PRIVATE\r\nDESCRIPTION:unfolded\r\n"+p[9]+"\r\n")
			fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:wrong@%s\r\nDTSTART:%sT120000\r\nDTEND:nonsense\r\nSUMMARY:%s\r\nLOCATION:Parking\r\nCATEGORIES:food\r\nX-INFOBUS-SHOW:screen\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\n", tag, day.Format("20060102"), "Wrong", p[8])
		}
		b.WriteString("END:VCALENDAR\r\n")
	case "xlsx":
		return workbookOf(planting("csv", tag, wrong), p)
	}
	return b.String()
}

// workbookOf is a workbook of a CSV's rows that also has persons in a hidden sheet, in
// its name, and as its authors. Its parts are not compressed: they have
// to be found where the file is kept.
func workbookOf(sheet string, persons []string) string {
	rows, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
	if err != nil {
		panic(err)
	}
	const (
		head = `<?xml version="1.0" encoding="UTF-8"?>`
		main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
		rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		pack = "http://schemas.openxmlformats.org/package/2006/"
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, text string) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(w, head+text)
		}
		if err != nil {
			panic(err)
		}
	}
	table := func(rows [][]string) string {
		var b strings.Builder
		fmt.Fprintf(&b, `<worksheet xmlns="%s"><sheetData>`, main)
		for i, row := range rows {
			fmt.Fprintf(&b, `<row r="%d">`, i+1)
			for j, text := range row {
				fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+j, i+1, html.EscapeString(text))
			}
			b.WriteString("</row>")
		}
		b.WriteString("</sheetData></worksheet>")
		return b.String()
	}
	put("[Content_Types].xml", fmt.Sprintf(`<Types xmlns="%scontent-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="%ssheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="%sworksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="%sworksheet+xml"/></Types>`, pack, kind, kind, kind))
	put("_rels/.rels", fmt.Sprintf(`<Relationships xmlns="%srelationships"><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/><Relationship Id="rId2" Type="%srelationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`, pack, rels, pack))
	put("docProps/core.xml", fmt.Sprintf(`<cp:coreProperties xmlns:cp="%smetadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>%s</dc:creator><cp:lastModifiedBy>%s</cp:lastModifiedBy></cp:coreProperties>`, pack, persons[0], persons[1]))
	put("xl/workbook.xml", fmt.Sprintf(`<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="Plan" sheetId="1" r:id="rId1"/><sheet name="%s" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>`, main, rels, persons[5]))
	put("xl/_rels/workbook.xml.rels", fmt.Sprintf(`<Relationships xmlns="%srelationships"><Relationship Id="rId1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="%s/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`, pack, rels, rels))
	put("xl/worksheets/sheet1.xml", table(rows))
	put("xl/worksheets/sheet2.xml", table([][]string{{"name", "category"}, persons[10:20], persons[20:30]}))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.String()
}

// comesBy is one source: a file, a folder, a stick or an address.
type comesBy struct{ kind, form, tag string }

// everySource is each kind of source in each form.
func everySource() (all []comesBy) {
	for k, kind := range []string{"file", "folder", "stick", "address"} {
		for f, form := range []string{"yaml", "csv", "ics", "xlsx"} {
			all = append(all, comesBy{kind, form, fmt.Sprintf("Q%d%d", k+1, f+1)})
		}
	}
	return all
}

// inForms are the ways in which a string may stand in a file, besides compressed.
func inForms(s string) (all [][]byte) {
	all = append(all, []byte(s), []byte(hex.EncodeToString([]byte(s))), []byte(strings.ToUpper(hex.EncodeToString([]byte(s)))))
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			// The letters at both ends depend on what stands beside it.
			text := e.EncodeToString(append(make([]byte, shift), s...))
			from := []int{0, 2, 3}[shift]
			all = append(all, []byte(text[from:len(text)-len(text)%4-1]))
		}
	}
	units := utf16.Encode([]rune(s))
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var b []byte
		for _, u := range units {
			b = order.AppendUint16(b, u)
		}
		all = append(all, b)
	}
	return all
}

// unpacked are what is compressed in some bytes, wherever it begins.
func unpacked(b []byte) (all [][]byte) {
	for i := range b {
		var r io.Reader
		var err error
		switch {
		case bytes.HasPrefix(b[i:], []byte{0x1f, 0x8b, 8}):
			r, err = gzip.NewReader(bytes.NewReader(b[i:]))
		case b[i] == 0x78 && i+1 < len(b) && (int(b[i])<<8|int(b[i+1]))%31 == 0:
			r, err = zlib.NewReader(bytes.NewReader(b[i:]))
		}
		if r != nil && err == nil {
			if text, _ := io.ReadAll(io.LimitReader(r, 16<<20)); len(text) > 8 {
				all = append(all, text)
			}
		}
	}
	return all
}

func TestWhatIsPackedIsFound(t *testing.T) {
	const s = "Amina Hassan Q11"
	for shift := range 3 {
		text := strings.Repeat("x", shift) + s + "yz"
		for _, packed := range [][]byte{[]byte(text), []byte(base64.StdEncoding.EncodeToString([]byte(text))), []byte(base64.URLEncoding.EncodeToString([]byte(text))), []byte(hex.EncodeToString([]byte(text)))} {
			if where(map[string][]byte{"it": packed}, s) == "" {
				t.Errorf("not found in %q", packed)
			}
		}
	}
	var zipped, flat bytes.Buffer
	w, z := gzip.NewWriter(&zipped), zlib.NewWriter(&flat)
	fmt.Fprint(w, s)
	fmt.Fprint(z, s)
	w.Close()
	z.Close()
	for _, packed := range [][]byte{zipped.Bytes(), flat.Bytes()} {
		found := map[string][]byte{}
		for i, text := range unpacked(append([]byte("before"), packed...)) {
			found[fmt.Sprint(i)] = text
		}
		if where(found, s) == "" {
			t.Errorf("not found in %q", packed)
		}
	}
}

// where is where a string is found; "" for nowhere.
func where(found map[string][]byte, s string) string {
	for name, text := range found {
		for _, form := range inForms(s) {
			if bytes.Contains(text, form) {
				return name
			}
		}
	}
	return ""
}

const plantingFile, plantingFilters = "INFOBUS_PLANTING_FILE", "INFOBUS_PLANTING_FILTERS"

// TestPlantingAlone is the process of TestNobodyInATimetableIsStoredOrShown: filters
// and log are the whole process's.
func TestPlantingAlone(t *testing.T) {
	file := os.Getenv(plantingFile)
	if file == "" {
		return
	}
	if os.Getenv(plantingFilters) == "off" {
		defer private.WithholdNothing()()
	}
	text, err := json.Marshal(withEverySource(t))
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Fifty persons and ten places that are told in person come through every source in
// every form, first in a good version, then in one with mistakes. They are nowhere in
// the state directory and on no page; with the filters off each is found.
func TestNobodyInATimetableIsStoredOrShown(t *testing.T) {
	waits(t)
	t.Parallel()
	built, err := programs() // infobus reads the workbooks
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, filters string) map[string][]byte {
		file := filepath.Join(t.TempDir(), "found.json")
		c := exec.Command(os.Args[0], "-test.run", "^TestPlantingAlone$")
		c.Env = append(os.Environ(), plantingFile+"="+file, plantingFilters+"="+filters, "PATH="+built+":"+os.Getenv("PATH"))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := os.ReadFile(file)
		found := map[string][]byte{}
		if err == nil {
			err = json.Unmarshal(text, &found)
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range found {
			for i, more := range unpacked(b) {
				found[fmt.Sprintf("%s, unpacked %d", name, i)] = more
			}
		}
		return found
	}
	t.Run("with the filters", func(t *testing.T) {
		t.Parallel()
		found := run(t, "on")
		for _, source := range everySource() {
			if where(found, "Told "+source.tag) == "" {
				t.Errorf("%v was not read: that its persons are not found shows nothing", source)
			}
			for _, s := range append(people(source.tag), hiddenPlaces(source.tag)...) {
				if at := where(found, s); at != "" {
					t.Errorf("%v: %q is in %s", source, s, at)
				}
			}
		}
	})
	t.Run("without the filters", func(t *testing.T) {
		t.Parallel()
		found := run(t, "off")
		for _, source := range everySource() {
			for _, s := range append(people(source.tag), hiddenPlaces(source.tag)...) {
				if where(found, s) == "" {
					t.Errorf("%v: %q is not to be found: that it is not with the filters shows nothing", source, s)
				}
			}
		}
	})
}

// withEverySource runs the daemon in this process with every source, and gives all
// that left it and all that it kept, by where it was found.
func withEverySource(t *testing.T) map[string][]byte {
	t.Helper()
	state, dir := t.TempDir(), t.TempDir()
	var mu sync.Mutex // guards bad
	bad := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		form, tag, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		tag = strings.TrimSuffix(tag, "."+form)
		w.Header().Set("ETag", fmt.Sprint(bad))
		if bad {
			io.WriteString(w, broken(form, tag))
		} else {
			io.WriteString(w, whole(form, tag))
		}
	}))
	defer server.Close()
	put := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	config, files := "public: category food\ntimetable:\n", map[string]comesBy{}
	for _, s := range everySource() {
		name := s.tag + "." + s.form
		from := filepath.Join(dir, name)
		switch s.kind {
		case "file":
			files[from] = s
		case "folder":
			from = filepath.Join(dir, s.tag)
			files[filepath.Join(from, name)] = s
		case "stick":
			files[filepath.Join(dir, "stick-"+s.tag, s.tag, name)] = s
			from = filepath.Join(dir, "*", s.tag)
		case "address":
			from = server.URL + "/" + s.form + "/" + name
		}
		config += fmt.Sprintf("  - {source: %q}\n", from)
	}
	path := filepath.Join(dir, "infobus.yaml")
	put(path, config)
	found := map[string][]byte{}
	for day := range 2 { // on the second the addresses give what is broken
		if day == 1 { // this process has the directory of the first still
			was := state
			state = t.TempDir()
			entries, err := os.ReadDir(was)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if b, err := os.ReadFile(filepath.Join(was, e.Name())); err == nil && e.Name() != "lock" {
					put(filepath.Join(state, e.Name()), string(b))
				}
			}
		}
		for path, s := range files {
			put(path, whole(s.form, s.tag))
		}
		mu.Lock()
		bad = day == 1
		mu.Unlock()
		aDayOfSources(t, fmt.Sprint("day ", day+1), path, state, found, func() (refused []string) {
			for path, s := range files {
				if day == 0 {
					put(path, broken(s.form, s.tag))
				}
			}
			for _, s := range everySource() {
				if (s.kind == "address") == (day == 1) {
					refused = append(refused, s.tag)
				}
			}
			return refused
		})
	}
	for name := range found {
		if strings.HasPrefix(name, "file timetable-") {
			return found
		}
	}
	t.Error("no kept timetable was looked at")
	return found
}

// aDayOfSources runs the daemon once, and adds all that left it to what was found.
// breaks has versions with mistakes come, and gives the tags of their sources.
func aDayOfSources(t *testing.T, day, config, state string, found map[string][]byte, breaks func() []string) {
	t.Helper()
	a, p := inside(t, flags{config: config, stateDir: state, verbose: true})
	end := p.run(a)
	local := p.unix()
	look := func(when string) {
		paths := []string{"/", "/services", "/timetable", "/api/v1/state", "/api/v1/events", "/metrics", "/healthz", "/kiosk.png"}
		paths = append(paths, visitorsPaths()...)
		for _, path := range paths {
			answer, err := local.Get("http://infobus" + path)
			for guard := time.Now().Add(hangGuard); err != nil && time.Now().Before(guard); { // a file that took too long to make is kept
				answer, err = local.Get("http://infobus" + path)
			}
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			found[day+", "+when+" "+path] = b
		}
		s := a.loop.State()
		var painted bytes.Buffer
		for _, site := range append([]timetable.Site{{}}, s.Timetable.Sites...) {
			for _, name := range kiosk.Names {
				for _, page := range a.options.Kiosk.Pages(name, kiosk.Content{Timetable: s.Timetable, Site: site.ID, Now: time.Now(), Until: time.Now()}) {
					texts, err := draw.Texts(page)
					if err != nil {
						t.Fatal(err)
					}
					for _, text := range texts {
						fmt.Fprintln(&painted, text.Text)
					}
				}
			}
		}
		found[day+", "+when+" painted"] = painted.Bytes()
	}
	p.becomes("clock.trusted", true)
	if err := a.parts.world.Do("generator", "on"); err != nil {
		t.Fatal(err)
	}
	p.becomes("session.active", true)
	of := func(tag string) string { // the source's name
		for _, f := range a.feeds.All() {
			if strings.Contains(f.From, tag) {
				return f.Name
			}
		}
		t.Fatal("no source of ", tag)
		return ""
	}
	told := func(tag string) bool {
		s := a.loop.State().Timetable
		return s != nil && slices.ContainsFunc(s.Services, func(s timetable.Service) bool { return s.Name["en"] == "Told "+tag && s.Show == timetable.Screen })
	}
	for _, s := range everySource() {
		if s.kind == "stick" && !told(s.tag) {
			var waiting string
			p.wait(fmt.Sprint(s, " to wait for a tap"), func() bool {
				waiting = a.loop.State().Source(of(s.tag)).Waiting
				return waiting != ""
			})
			a.do(van.Publish{Source: of(s.tag), Digest: waiting})
		}
		p.wait(fmt.Sprint(s, " to be in use"), func() bool { return told(s.tag) })
	}
	p.has(logbook.KioskRefreshed)
	look("in the session")
	for _, tag := range breaks() {
		p.wait(tag+" to be refused", func() bool { return strings.Contains(p.output.String(), "source="+of(tag)+" why=\"mistakes:") })
	}
	look("refused")
	p.wait("the logs to be sent", func() bool { n, ok := p.at("sync.waiting").(float64); return ok && n <= 1 })
	end()
	found[day+", the log"] = []byte(p.output.String())
	files := map[string][]byte{}
	findFiles(t, state, files)
	for name, b := range files {
		found[name] = append(found[name], b...) // of both days
	}
}

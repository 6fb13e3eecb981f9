package guide_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/xuri/excelize/v2"

	"infobus/guide"
	"infobus/guide/translator"
	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source"
)

// A year of a team's edits, and what has to be shown after each: worked out from the edits
// themselves, by arithmetic on days and minutes. Neither the guide nor the timetable's
// rows are asked.

// service is a service of the made-up team.
type service struct {
	place     string
	slots     [][2]int // minutes of the day
	days      [7]bool
	inPerson  bool
	site      string       // "": in the city
	checked   int          // day
	cancelled map[int]bool // by day
}

type number struct {
	number  string
	checked int
}

// text is a text as it was written: words, and references in braces.
type text []string

func (t text) String() string { return strings.Join(t, " ") }

func (t text) refs() (list []string) {
	for _, w := range t {
		if strings.HasPrefix(w, "{") {
			list = append(list, w)
		}
	}
	return list
}

// translation is what the team has of a text in a language.
type translation struct {
	text     text
	from     string // the source's wording; "?" where it is not known
	reviewed bool
}

// handed is a sheet that a translator has.
type handed struct {
	lang   string
	sheets []source.Sheet
	texts  map[string]text // the source as it was
	back   int             // day
}

type year struct {
	rand *rand.Rand
	zone *time.Location
	day  int // from the first on
	now  int // minute of the day

	services map[string]*service
	numbers  map[string]number
	van      string // its site today; "" for none
	order    []string
	source   map[string]text
	own      map[string]map[string]translation // by language and id
	out      []handed
	words    int
	wrong    []string
	seen     map[string]int // what came to pass, so that a year in which nothing does is no proof

	published guide.Guide
}

const maxAge, maxNumberAge, firstDay = 31, 92, "2026-11-23"

var (
	sites  = map[string]string{"quai": "Quai des Sternes", "moulin": "Rue du Moulin"}
	places = []string{"Maison Rouge", "Hangar Bleu", "Salle des Tilleuls", "Jardin du Puits", "Quai des Sternes", "Halle aux Grains"}
	first  = func() timetable.Date { d, _ := timetable.ParseDate(firstDay); return d }()
	others = slices.DeleteFunc(locales.Tags(), func(tag string) bool { return tag == "en" })
)

func newYear(seed uint64) *year {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	y := &year{rand: rand.New(rand.NewPCG(seed, 7)), zone: zone, services: map[string]*service{}, numbers: map[string]number{}, source: map[string]text{}, own: map[string]map[string]translation{}, seen: map[string]int{}}
	for _, id := range []string{"showers", "meals", "city.clinic"} {
		y.services[id] = y.service()
	}
	for _, picture := range []string{"sea", "home"} {
		y.numbers[picture] = number{fmt.Sprint(100 + y.rand.IntN(900)), 0}
	}
	for _, id := range []string{"a", "a.x", "a.y", "b", "b.x"} {
		y.order = append(y.order, id)
		y.source[id] = y.write(id, "en")
	}
	return y
}

func (y *year) service() *service {
	s := &service{place: places[y.rand.IntN(len(places))], checked: y.day, cancelled: map[int]bool{}, inPerson: y.rand.IntN(5) == 0}
	if y.rand.IntN(4) == 0 {
		s.site = "quai"
	}
	opens := 6 * 60
	for range 1 + y.rand.IntN(2) {
		opens += 30 * (1 + y.rand.IntN(8))
		closes := opens + 30*(1+y.rand.IntN(6))
		s.slots = append(s.slots, [2]int{opens, closes})
		opens = closes
	}
	for i := range s.days {
		s.days[i] = y.rand.IntN(2) == 0
	}
	return s
}

// alphabets are letters by the script of a language.
var alphabets = map[string][]rune{"Latn": []rune("abcdefghijklmnopqrstuvwy"), "Arab": []rune("ابتثجحخدذرزسشصضطظعغفقكلم"), "Ethi": []rune("ሀለሐመሠረሰሸቀበተቸኀነኘአከወዐዘዠየደገጠጨጰ")}

// word is a new word in a language, which no other has.
func (y *year) word(lang string) string {
	y.words++
	alphabet := alphabets[timetable.Script(lang)]
	word := []rune{alphabet[slices.Index(locales.Tags(), lang)]}
	for n := y.words + 10000; n > 0; n /= len(alphabet) {
		word = append(word, alphabet[n%len(alphabet)])
	}
	return string(word)
}

var references = []string{"{service:showers.hours}", "{service:showers.place}", "{service:meals.hours}", "{service:meals.place}", "{service:city.clinic.hours}", "{service:city.clinic.place}",
	"{service:gone.hours}", "{number:emergency}", "{number:sea}", "{number:home}", "{number:van}"}

// write makes up a text.
func (y *year) write(id, lang string) (t text) {
	t = text{y.word(lang), y.word(lang)}
	if !strings.Contains(id, ".") {
		return t
	}
	for range y.rand.IntN(4) {
		t = append(t, references[y.rand.IntN(len(references))], y.word(lang))
	}
	if y.rand.IntN(12) == 0 {
		t = append(t, strings.Fields(places[y.rand.IntN(len(places))])...) // typed, which Check finds; at show time it must not come through either
		t = append(t, y.word(lang))
	}
	return t
}

// translate makes up a translation with the references of its source, or now and then
// with others; broken says so.
func (y *year) translate(id, lang string, of text) (t text, broken bool) {
	t = text{y.word(lang), y.word(lang), y.word(lang), y.word(lang)}
	refs := slices.Clone(of.refs())
	if strings.Contains(id, ".") && y.rand.IntN(25) == 0 {
		switch y.rand.IntN(3) {
		case 0:
			refs = append(refs, "{service:showers.hour}")
		case 1:
			refs = append(refs, "{number:child}")
		default:
			if len(refs) == 0 {
				return append(t, "<b>"), true
			}
			refs = slices.DeleteFunc(refs, func(r string) bool { return r == of.refs()[0] })
		}
		broken = true
	}
	y.rand.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	for _, r := range refs {
		t = append(t, r, y.word(lang))
	}
	return t, broken
}

// edit is what happens on a day.
func (y *year) edit() {
	ids := slices.Sorted(maps.Keys(y.services))
	id := ids[y.rand.IntN(len(ids))]
	s := y.services[id]
	switch y.rand.IntN(12) {
	case 0: // it moves
		s.place = places[y.rand.IntN(len(places))]
	case 1: // other hours
		s.slots = y.service().slots
	case 2:
		s.inPerson = !s.inPerson
	case 3: // renamed, and another takes its name later
		delete(y.services, id)
		y.services[[]string{"showers", "meals", "city.clinic", "elsewhere"}[y.rand.IntN(4)]] = s
	case 4:
		s.cancelled[y.day+y.rand.IntN(4)] = true
	case 5:
		s.checked = y.day
	case 6:
		y.services[[]string{"showers", "meals", "city.clinic"}[y.rand.IntN(3)]] = y.service()
	case 7:
		picture := []string{"sea", "home", "van"}[y.rand.IntN(3)]
		if y.rand.IntN(4) == 0 {
			delete(y.numbers, picture)
		} else {
			y.numbers[picture] = number{fmt.Sprint(100 + y.rand.IntN(900)), y.day}
		}
	case 8, 9: // the source changes
		id := y.order[y.rand.IntN(len(y.order))]
		y.source[id] = y.write(id, "en")
	case 10: // a paragraph more, or one that was there before
		id := "b." + string(rune('p'+y.rand.IntN(8)))
		if !slices.Contains(y.order, id) {
			y.order = append(y.order, id)
			y.source[id] = y.write(id, "en")
		}
	case 11:
		if id := y.order[y.rand.IntN(len(y.order))]; strings.Contains(id, ".") && len(y.order) > 4 {
			y.order = slices.DeleteFunc(y.order, func(other string) bool { return other == id })
			delete(y.source, id)
		}
	}
	y.van = []string{"", "quai", "moulin"}[y.rand.IntN(3)]
}

// files are the guide's folder as the model has it.
func (y *year) files() fstest.MapFS {
	folder := fstest.MapFS{}
	write := func(lang string, has func(id string) (string, string, bool)) {
		var b strings.Builder
		fmt.Fprintf(&b, "language: %s\nsource: en\n", lang)
		for _, section := range []string{"a", "b"} {
			list := slices.DeleteFunc(slices.Clone(y.order), func(id string) bool { return id != section && !strings.HasPrefix(id, section+".") })
			for _, id := range list {
				mark, said, ok := has(id)
				switch {
				case id == section:
					fmt.Fprintf(&b, "# %s %s\n%s\n", section, mark, said)
				case ok:
					fmt.Fprintf(&b, "## %s %s\n%s\n", id[2:], mark, said)
				}
			}
		}
		folder[lang+".md"] = &fstest.MapFile{Data: []byte(b.String()), Mode: 0o644}
	}
	write("en", func(id string) (string, string, bool) { return "", y.source[id].String(), true })
	for lang, texts := range y.own {
		write(lang, func(id string) (string, string, bool) {
			t, ok := texts[id]
			if !ok {
				return "", "", false
			}
			mark := ""
			if t.from != "?" {
				items, _ := guide.ParseText(t.from)
				mark = guide.Hash(items)
			}
			if t.reviewed {
				mark += " reviewed"
			}
			return mark, t.text.String(), true
		})
	}
	return folder
}

func (y *year) add(format string, with ...any) {
	if len(y.wrong) < 10 {
		y.wrong = append(y.wrong, fmt.Sprintf("day %d: ", y.day)+fmt.Sprintf(format, with...))
	}
}

// translators hands sheets out, and takes those back that are due.
func (y *year) translators(g guide.Guide) guide.Guide {
	if y.rand.IntN(3) == 0 {
		lang := others[y.rand.IntN(len(others))]
		data, err := translator.Write(g, lang)
		if err != nil {
			y.add("%v", err)
			return g
		}
		sheets := cellsOf(data)
		for _, c := range sheets[0].Cells { // no hour and no number, which would be written down with it
			if c.Row > 1 && c.Column < 7 && strings.ContainsAny(c.Text, "0123456789") {
				y.add("%s: %q in the sheet", lang, c.Text)
			}
		}
		y.out = append(y.out, handed{lang, sheets, maps.Clone(y.source), y.day + y.rand.IntN(25)})
	}
	var kept []handed
	for _, h := range y.out {
		if h.back > y.day {
			kept = append(kept, h)
			continue
		}
		g = y.back(g, h)
	}
	y.out = kept
	return g
}

// back takes a sheet back, filled in.
func (y *year) back(g guide.Guide, h handed) guide.Guide {
	table := &h.sheets[0]
	broken := false
	filled := map[string]translation{}
	for _, c := range slices.Clone(table.Cells) {
		of, ok := h.texts[c.Text]
		if c.Column != 1 || !ok || y.rand.IntN(5) == 0 {
			continue
		}
		t, wrong := y.translate(c.Text, h.lang, of)
		reviewed := y.rand.IntN(2) == 0
		if wrong && y.source[c.Text] != nil { // of what is no paragraph any more nothing is looked at
			broken = true
		}
		filled[c.Text] = translation{t, of.String(), reviewed}
		table.Cells = slices.DeleteFunc(table.Cells, func(old source.Cell) bool { return old.Row == c.Row && old.Column == 6 })
		table.Cells = append(table.Cells, source.Cell{Row: c.Row, Column: 5, Text: t.String()}, source.Cell{Row: c.Row, Column: 6, Text: map[bool]string{true: "yes", false: "no"}[reviewed]})
	}
	got, wrong := translator.Read(h.lang+".xlsx", h.sheets, g, h.lang)
	if broken != (len(wrong) > 0) {
		y.add("%s: broken %v, and %v", h.lang, broken, wrong)
	}
	if len(wrong) > 0 {
		y.seen["refused"]++
		return g
	}
	y.seen["stays"] += len(got.Kept)
	y.seen["late"] += len(got.Stale)
	for id, t := range filled {
		now, there := y.source[id]
		if !there {
			continue
		}
		if y.own[h.lang] == nil {
			y.own[h.lang] = map[string]translation{}
		}
		if old, ok := y.own[h.lang][id]; ok && old.from == now.String() && t.from != now.String() {
			continue // it has a newer one
		}
		y.own[h.lang][id] = t
	}
	return got.Guide
}

// cellsOf are a workbook's sheets, as the program that reads them gives them.
func cellsOf(data []byte) (list []source.Sheet) {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Guide")
	if err != nil {
		panic(err)
	}
	s := source.Sheet{Name: "Guide"}
	for r, row := range rows {
		for c, text := range row {
			if text != "" {
				s.Cells = append(s.Cells, source.Cell{Row: r + 1, Column: c + 1, Text: text})
			}
		}
	}
	return []source.Sheet{s}
}

// facts are timetable and board as the model has them.
func (y *year) facts() guide.Facts {
	t := &timetable.Timetable{Zone: y.zone, MaxAge: maxAge * 24 * time.Hour, Digest: fmt.Sprint(y.day)}
	for id, name := range sites {
		t.Sites = append(t.Sites, timetable.Site{ID: id, Name: name})
	}
	for id, s := range y.services {
		of := timetable.Service{ID: id, Category: timetable.Food, Name: map[string]string{"en": "Name of " + id}, Place: timetable.Place{Name: s.place, Map: "A"}, Show: timetable.Screen,
			Checked: (first + timetable.Date(s.checked)).Start(y.zone), By: "Cuisine"}
		if s.inPerson {
			of.Show = timetable.InPerson
		}
		if s.site != "" {
			of.Sites = []string{s.site}
		}
		for _, slot := range s.slots {
			in := timetable.Slot{Opens: timetable.Clock(slot[0]), Closes: timetable.Clock(slot[1])}
			for day, is := range s.days {
				if is {
					in.Days = append(in.Days, time.Weekday(day))
				}
			}
			of.Slots = append(of.Slots, in)
		}
		for day := range s.cancelled {
			of.Changes = append(of.Changes, timetable.Change{Date: first + timetable.Date(day)})
		}
		t.Services = append(t.Services, of)
	}
	b := kiosk.Board{MaxAge: maxNumberAge * 24 * time.Hour}
	for picture, n := range y.numbers {
		b.Numbers = append(b.Numbers, kiosk.Number{Number: n.number, Picture: picture, Name: map[string]string{"en": "n"}, Checked: midnight(n.checked)})
	}
	return guide.Facts{Timetable: t, Board: b, Now: timetable.Clock(y.now).On(midnight(y.day), y.zone), Site: y.van}
}

func midnight(day int) time.Time {
	base, _ := time.Parse(time.DateOnly, firstDay)
	return base.AddDate(0, 0, day)
}

// reference is what a reference has to say.
func (y *year) reference(ref string, l *locales.Locale) string {
	ask := l.Word(locales.AskUs)
	kind, rest, _ := strings.Cut(strings.Trim(ref, "{}"), ":")
	if kind == "number" {
		n, ok := y.numbers[rest]
		switch {
		case rest == "emergency":
			return "112"
		case !ok || y.day-n.checked > maxNumberAge:
			return ask
		}
		return n.number
	}
	dot := strings.LastIndex(rest, ".")
	s := y.services[rest[:dot]]
	if s == nil || s.inPerson || s.site != "" && s.site != y.van {
		return ask
	}
	most := 6
	if s.site != "" {
		most = 0
	}
	for day := y.day; day <= y.day+most; day++ {
		if !s.days[midnight(day).Weekday()] {
			continue
		}
		unsure := !s.cancelled[day] && day-s.checked > maxAge
		var hours []string
		for _, slot := range s.slots {
			over := day == y.day && slot[1] <= y.now && !s.cancelled[day] && !unsure
			if over {
				continue
			}
			said := clock(slot[0]) + "–" + clock(slot[1])
			if opens, local := l.LocalHour(midnight(day).Add(time.Duration(slot[0]) * time.Minute)); local {
				closes, _ := l.LocalHour(midnight(day).Add(time.Duration(slot[1]) * time.Minute))
				said += " (" + opens + " – " + closes + ")"
			}
			if s.cancelled[day] {
				said += " (" + l.Word(locales.Cancelled) + ")"
			}
			hours = append(hours, said)
		}
		switch {
		case len(hours) == 0:
			continue
		case rest[dot+1:] == "place":
			return s.place
		case unsure:
			return ask
		}
		return l.Date(midnight(day)) + ": " + strings.Join(hours, ", ")
	}
	return ask
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// withheld says that a text names a place that no text may name.
func (y *year) withheld(t text) bool {
	public, secret := map[string]bool{}, map[string]bool{}
	for _, name := range sites {
		secret[name] = true
	}
	for _, s := range y.services {
		if s.inPerson {
			secret[s.place] = true
		} else if s.site == "" {
			public[s.place] = true
		}
	}
	for name := range secret {
		if !public[name] && strings.Contains(" "+t.String()+" ", " "+name+" ") {
			return true
		}
	}
	return false
}

// shown is what has to be shown of a text.
func (y *year) shown(t text, lang string) string {
	l := locales.Get(lang)
	if y.withheld(t) {
		return l.Word(locales.AskUs)
	}
	var words []string
	for _, w := range t {
		if strings.HasPrefix(w, "{") {
			w = y.reference(w, l)
		}
		words = append(words, w)
	}
	return plain(strings.Join(words, " "))
}

func plain(s string) string { return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s) }

func bodyOf(b guide.Body) string {
	var s strings.Builder
	for _, item := range b.Items {
		for _, r := range item.Runs {
			s.WriteString(r.Text)
		}
	}
	return plain(s.String())
}

// look holds every language's sections against the model.
func (y *year) look() {
	f := y.facts()
	for _, lang := range locales.Tags() {
		var ids []string
		for _, section := range y.published.In(lang, f) {
			for _, p := range append([]guide.Paragraph{section.Title}, section.Paragraphs...) {
				ids = append(ids, p.ID)
				y.paragraph(lang, p)
			}
		}
		want := slices.Clone(y.order)
		slices.SortStableFunc(want, func(a, b string) int { return int(a[0]) - int(b[0]) })
		if !slices.Equal(ids, want) {
			y.add("%s: %v, want %v", lang, ids, want)
		}
	}
}

func (y *year) paragraph(lang string, p guide.Paragraph) {
	now := y.source[p.ID]
	own, there := y.own[lang][p.ID]
	state := guide.OK
	switch {
	case lang == "en":
		own, there = translation{text: now}, true
	case !there:
		state = guide.Missing
	case own.from != now.String():
		state = guide.Stale
	case !own.reviewed:
		state = guide.Unreviewed
	}
	y.seen[string(state)]++
	for _, item := range p.Body.Items {
		for _, r := range item.Runs {
			y.seen[string(r.Kind)]++
		}
	}
	if there && y.withheld(own.text) {
		y.seen["withheld"]++
	}
	if p.State != state {
		y.add("%s %s: %s, and it is %s", lang, p.ID, p.State, state)
	}
	if got := bodyOf(p.Body); there && got != y.shown(own.text, lang) || !there && got != "" {
		y.add("%s %s: %q is shown of %q, want %q", lang, p.ID, got, own.text, y.shown(own.text, lang))
	}
	beside := state == guide.Stale || state == guide.Missing
	switch {
	case beside != (p.Beside != nil):
		y.add("%s %s: the source stands beside it: %v, and it is %s", lang, p.ID, p.Beside != nil, state)
	case beside && bodyOf(*p.Beside) != y.shown(now, "en"):
		y.add("%s %s: %q stands beside it, want %q", lang, p.ID, bodyOf(*p.Beside), y.shown(now, "en"))
	}
}

// replay is a year; it gives what was wrong in it, and what came to pass.
func replay(seed uint64, days int) (wrong []string, seen map[string]int) {
	y := newYear(seed)
	for y.day = range days {
		y.now = 60*y.rand.IntN(24) + y.rand.IntN(60)
		for range y.rand.IntN(3) {
			y.edit()
		}
		g, wrong := guide.Load(y.files())
		if len(wrong) > 0 {
			y.add("%v", wrong)
			break
		}
		g = y.translators(g)
		if y.published = g; y.rand.IntN(4) > 0 {
			y.look()
			continue
		}
		// What goes to the box, and now and then what a bad medium makes of it.
		data, err := g.Pack()
		if err != nil {
			y.add("%v", err)
			break
		}
		if torn := slices.Clone(data); y.rand.IntN(5) == 0 {
			torn[y.rand.IntN(len(torn))] ^= 1 << y.rand.IntN(8)
			y.seen["torn"]++
			if bad, wrong := guide.Open("guide.zip", torn); len(wrong) == 0 {
				if again, _ := bad.Pack(); !bytes.Equal(again, data) {
					y.add("a torn guide is taken")
				}
			}
		}
		if y.published, wrong = guide.Open("guide.zip", data); len(wrong) > 0 {
			y.add("%v", wrong)
		}
		y.look()
		if len(y.wrong) > 0 {
			break
		}
	}
	return y.wrong, y.seen
}

func TestAYearOfEdits(t *testing.T) {
	seeds, days := 1, 366
	if testing.Short() {
		seeds, days = 1, 120
	}
	if os.Getenv("INFOBUS_SOAK") != "" {
		seeds = 200
	}
	for seed := range seeds {
		wrong, seen := replay(uint64(seed), days)
		for _, what := range wrong {
			t.Errorf("seed %d, %s", seed, what)
		}
		t.Log(seen)
		for _, what := range []string{"ok", "unreviewed", "stale", "missing", "hours", "place", "number", "ask", "withheld", "refused", "stays", "late", "torn"} {
			if seen[what] == 0 && days > 300 {
				t.Errorf("seed %d: %s never came to pass", seed, what)
			}
		}
	}
}

// Each of these, switched off, shows.
func TestAYearOfEditsSeesWhatIsWrong(t *testing.T) {
	for what, off := range map[string]func() func(){"the mark of what is stale": guide.SwitchOffStale, "what is told in person": guide.SwitchOffShow} {
		restore := off()
		wrong, _ := replay(1, 366)
		restore()
		if len(wrong) == 0 {
			t.Errorf("%s is switched off, and nobody sees it", what)
		} else {
			t.Logf("%s: %s", what, wrong[0])
		}
	}
}

package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/durable"
	"infobus/timetable"
	"infobus/timetable/timetabletest"
)

// written is a file that holds a text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func saidOf(p Parsed) string {
	var list []string
	for _, m := range p.Mistakes {
		m.File = filepath.Base(m.File)
		list = append(list, m.Error())
	}
	for _, w := range p.Warnings {
		w.File = filepath.Base(w.File)
		list = append(list, "warning: "+w.Error())
	}
	return strings.Join(list, "\n")
}

const mapped = `titles:
  - title: repas chauds
    category: food
    name: {en: Hot meals, ar: وجبات ساخنة}
    sites: [quai]
    show: screen
  - title: Douches*
    category: showers
    show: screen
  - title: "*femmes"
    show: in-person
  - {title: Bus, category: other}
`

func eventOf(uid, title, more string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\nSUMMARY:" + title + "\nLAST-MODIFIED:20261120T100000Z\nDTSTART:20261130T120000\nDTEND:20261130T130000\n" + more + "END:VEVENT\n"
}

func TestAMappingTurnsTitlesIntoServices(t *testing.T) {
	calendar := "BEGIN:VCALENDAR\nVERSION:2.0\n" +
		eventOf("1", "REPAS  CHAUDS", "") +
		eventOf("2", "Canceled: Douches hommes", "") +
		eventOf("3", "Espace femmes", "CATEGORIES:women\nX-INFOBUS-SHOW:screen\n") +
		eventOf("4", "Repas chauds", "CLASS:PRIVATE\n") +
		eventOf("5", "Réunion", "") +
		"END:VCALENDAR\n"
	o := Options{Mapping: written(t, "mapping.yaml", mapped), Sites: written(t, "sites.yaml", "timezone: Europe/Paris\nsites:\n  - {id: quai, name: Quai}\nplan:\n  - {site: quai, days: [mon], from: \"10:00\", to: \"16:00\"}\n"),
		Public: timetable.Public{{Kind: timetable.PublicSaid}}}
	p := o.Parse([]File{{"a.ics", []byte(calendar)}})
	const rows = "30 12:00-13:00 cancelled Douches hommes, \n*30 12:00-13:00 confirmed Espace femmes, \n*30 12:00-13:00 confirmed Réunion, "
	if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 1); got != rows {
		t.Errorf("%s\nwant\n%s", got, rows)
	}
	at := start(day(t, "2026-11-30"), p.Timetable.Zone)
	shown := 0
	for _, r := range p.Over(nil).Rows(at, "quai") {
		if r.Service.Name["en"] == "Hot meals" && r.Service.Name["ar"] == "وجبات ساخنة" && r.Service.Category == timetable.Food {
			if r.Service.Show == timetable.Screen {
				shown++
			}
		}
	}
	if shown != 1 || len(p.Timetable.Plan) != 1 {
		t.Errorf("hot meals on the screen: %d; plan %v", shown, p.Timetable.Plan)
	}
	const said = "warning: a.ics:1:1: 2 of the calendar's 5 events are for the screen, by the rule public: x-infobus-show\n" +
		"warning: a.ics:36:9: a title that the mapping does not have; it is not for the screen\n" +
		`warning: mapping.yaml:12:5: title: nothing is called "bus"`
	if got := saidOf(p); got != said {
		t.Errorf("%s\nwant\n%s", got, said)
	}
	same := o.Parse([]File{{"a.ics", []byte(calendar)}})
	o.Mapping = written(t, "mapping.yaml", strings.Replace(mapped, "quai", "quai # ", 1))
	if other := o.Parse([]File{{"a.ics", []byte(calendar)}}); same.Timetable.Digest != p.Timetable.Digest || other.Timetable.Digest == p.Timetable.Digest {
		t.Error("the digest is not that of all of it")
	}
}

func day(t *testing.T, s string) timetable.Date {
	t.Helper()
	d, err := timetable.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAMappingFillsInWhatASheetDoesNotSay(t *testing.T) {
	const sheet = "Nom;Lieu;Site;Jours;Ouvre;Ferme;Vérifié le;Affichage\n" +
		"Repas chauds;Rue;;lun;12h;13h;20/11/2026;\n" +
		"Douches;Rue;;lun;12h;13h;20/11/2026;en personne\n" +
		"Espace femmes;Rue;;lun;12h;13h;20/11/2026;écran\n" +
		"Thé;Rue;;lun;12h;13h;20/11/2026;écran\n"
	o := Options{Mapping: written(t, "mapping.yaml", mapped+"  - {title: espace*, category: women}\n")}
	p := o.Parse([]File{{"a.csv", []byte(sheet)}})
	const said = "a.csv:4:1: category: missing"
	if got := saidOf(p); !strings.HasPrefix(got, said) || !strings.Contains(got, `warning: a.csv:5:1: "Thé" is no title of the mapping`) {
		t.Errorf("%s", got)
	}
	services := map[string]timetable.Service{}
	for _, s := range p.Timetable.Services {
		services[s.Name["fr"]] = s
	}
	if s := services["Repas chauds"]; s.Name["en"] != "Hot meals" || s.Show != timetable.Screen || s.Category != timetable.Food || len(s.Sites) != 1 {
		t.Errorf("%+v", s)
	}
	if s := services["Douches"]; s.Show != timetable.InPerson || s.Category != timetable.Showers {
		t.Errorf("%+v", s)
	}
}

func TestMistakesInAMappingAreSaid(t *testing.T) {
	const text = `titles:
  - title: Tea
    categories: food
  - category: food
  - title: "*"
  - {title: Soup, category: soup}
  - {title: Bread, name: {xx-yy-zz: Bread, en: ""}}
  - {title: Milk, sites: [nowhere]}
  - {title: Milk, show: yes}
  - {title: Cake, show: screen}
  - {title: cake, category: food}
`
	o := Options{Mapping: written(t, "mapping.yaml", text), Sites: written(t, "sites.yaml", "sites: [{id: quai, name: Quai}]\n")}
	p := o.Parse([]File{{"a.csv", []byte("name,category,days,opens,closes,show\nCake,food,mon,12h,13h,\n")}})
	for _, want := range []string{`mapping.yaml:3:5: unknown key "categories"`, "mapping.yaml:4:13: title: missing", `mapping.yaml:5:12: title: "*" found`, "mapping.yaml:6:29: category: ",
		`mapping.yaml:7:37: name: "xx-yy-zz" found`, "mapping.yaml:7:48: name: no text found", "mapping.yaml:8:27: site \"nowhere\" is not among the sites: quai", "mapping.yaml:9:25: show: ", `mapping.yaml:11:13: title: "cake" a second time`} {
		if got := saidOf(p); !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if got := saidOf(p); strings.Contains(got, "tea") {
		t.Errorf("an entry with a mistake is one: %s", got)
	}
	if s := p.Timetable.Services; len(s) != 1 || s[0].Show != timetable.Screen {
		t.Errorf("an entry without a mistake: %+v", s)
	}
	gone := Options{Mapping: "/nowhere/mapping.yaml", Sites: "/nowhere/sites.yaml"}.Parse([]File{{"a.csv", []byte("name,category,days,opens,closes,show\nCake,food,mon,12h,13h,screen\n")}})
	if got := saidOf(gone); strings.Count(got, "no such file") != 2 || strings.Contains(timetabletest.RowsOf(gone.Over(nil), "2026-11-30", 1), "confirmed") {
		t.Errorf("%s", got)
	}
}

func TestTranslationsNameServicesOfASheet(t *testing.T) {
	sites := written(t, "sites.yaml", "sites: [{id: quai, name: Quai}]\ntranslations:\n  - {title: repas chauds, name: {en: Hot meals, ar: وجبات ساخنة}}\n  - {title: Douches, name: {ar: حمامات}}\n  - {title: Tea}\n")
	p := Options{Sites: sites}.Parse([]File{{"a.csv", []byte("nom,category,site,days,opens,closes,show,checked\nRepas chauds,food,Quai,mon,12h,13h,screen,2026-11-20\n")}})
	if s := p.Timetable.Services; len(s) != 1 || s[0].Name["en"] != "Hot meals" || s[0].Name["fr"] != "Repas chauds" || s[0].Name["ar"] != "وجبات ساخنة" || s[0].Sites[0] != "quai" || s[0].ID != "repas-chauds" {
		t.Errorf("%+v", s)
	}
	const said = "sites.yaml:5:5: title and name: both were expected, the name in the sheet or the calendar, and its names by language\nwarning: sites.yaml:4:5: translations: no service is called \"Douches\""
	if got := saidOf(p); got != said {
		t.Errorf("%s\nwant\n%s", got, said)
	}
}

// A change of the mapping is seen at once, and so is one of the sites.
func TestAChangeBesideTheSourceIsSeen(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sheet := put("plan.csv", "nom,days,opens,closes,checked\nRepas,mon,12h,13h,2026-11-20\n")
	o := Origin{Name: "plan", From: sheet, Options: Options{Mapping: put("titles.yaml", "titles: [{title: Repas, category: food, show: screen}]\n"), Sites: put("sites.yaml", "sites: [{id: quai, name: Quai}]\n")}}
	feed := Open(durable.System, t.TempDir(), []Origin{o}, true).All()[0]
	ctx, stop := context.WithCancel(t.Context())
	seen, ended := make(chan Loaded, 10), make(chan error, 1)
	go func() { ended <- feed.Follow(ctx, Net{}, func(l Loaded) { seen <- l }) }()
	next := func() timetable.Service {
		l := <-seen
		if l.Err != nil || len(l.InUse.Services) != 1 {
			t.Fatalf("%+v", l)
		}
		return l.InUse.Services[0]
	}
	if s := next(); s.Category != timetable.Food || s.Show != timetable.Screen {
		t.Errorf("%+v", s)
	}
	put("titles.yaml", "titles: [{title: Repas, category: water, show: screen}]\n")
	if s := next(); s.Category != timetable.Water {
		t.Errorf("another mapping: %+v", s)
	}
	put("sites.yaml", "sites: [{id: quai, name: Quai}]\ntranslations: [{title: Repas, name: {ar: وجبات}}]\n")
	if s := next(); s.Name["ar"] != "وجبات" {
		t.Errorf("another translation: %+v", s)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

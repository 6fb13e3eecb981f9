package timetable

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// lastGood is a timetable of three services, each open every day.
func lastGood(t testing.TB) *Timetable {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	tt := &Timetable{Zone: zone, MaxAge: 31 * 24 * time.Hour, Digest: "good"}
	for i, name := range []string{"Hot meals", "Water", "Clinic"} {
		tt.Services = append(tt.Services, Service{ID: strings.ToLower(name[:3]), Name: map[string]string{"en": name}, Place: Place{Name: []string{"Quai", "Quai", "Moulin"}[i]},
			Show: Screen, Checked: time.Date(2026, 11, 25, 0, 0, 0, 0, zone), Slots: []Slot{{Days: everyDay, Opens: 12 * 60, Closes: 14 * 60}}})
	}
	return tt
}

// after is a copy of the last good one with something changed.
func after(t testing.TB, change func(tt *Timetable)) *Timetable {
	tt := lastGood(t)
	tt.Digest = "newer"
	change(tt)
	return tt
}

// onGlass are the rows of two days that visitors may see: the first letter of the
// service, and of the state.
func onGlass(tt *Timetable) string {
	var list []string
	for day := range 2 {
		for _, r := range OnScreen(tt.Rows(time.Date(2026, 11, 30+day, 8, 0, 0, 0, tt.Zone), "")) {
			list = append(list, fmt.Sprintf("%s%d:%s", r.Service.ID[:1], day, r.State))
		}
	}
	slices.Sort(list)
	return strings.NewReplacer(":confirmed", "+", ":ask us", "?", ":cancelled", "x").Replace(strings.Join(list, " "))
}

func TestARefusedVersionPutsInDoubtWhatItDoesNotSayTheSame(t *testing.T) {
	first, second := DateOf(2026, 11, 30), DateOf(2026, 12, 1)
	none := func(*Timetable) {}
	for _, c := range []struct {
		what   string
		change func(tt *Timetable)
		unread []Unread
		want   string
	}{
		{"nothing else", none, nil, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"it cancels a day", func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: first}} }, nil, "c0+ c1+ h0? h1+ w0+ w1+"},
		{"it has other hours on a day", func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: first, Hours: []Hours{{600, 700}}}} }, nil, "c0+ c1+ h0? h1+ w0+ w1+"},
		{"it has other hours", func(tt *Timetable) { tt.Services[0].Slots[0].Opens++ }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"it has one opening more", func(tt *Timetable) {
			tt.Services[0].Slots = append(tt.Services[0].Slots, Slot{Days: everyDay, Opens: 900, Closes: 1000})
		}, nil, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"a holiday of all", func(tt *Timetable) { tt.Holidays = []Holiday{{Dates: []Date{second}}} }, nil, "c0+ c1? h0+ h1? w0+ w1?"},
		{"it does not have one", func(tt *Timetable) { tt.Services = tt.Services[1:] }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one is elsewhere", func(tt *Timetable) { tt.Services[0].Place.Name = "Elsewhere" }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one is at another site", func(tt *Timetable) { tt.Services[0].Sites = []string{"x"} }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one was checked longer ago", func(tt *Timetable) { tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, 0, -1) }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one was never checked", func(tt *Timetable) { tt.Services[0].Checked = time.Time{} }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one was checked since", func(tt *Timetable) { tt.Services[0].Checked = tt.Services[0].Checked.AddDate(0, 0, 1) }, nil, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one is not certain", func(tt *Timetable) { tt.Services[0].Slots[0].Status = AskUs }, nil, "c0+ c1+ h0? h1? w0+ w1+"},
		{"one has another name", func(tt *Timetable) { tt.Services[0].Name = map[string]string{"en": "Soup"} }, nil, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one has another id", func(tt *Timetable) { tt.Services[0].ID = "soup" }, nil, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"one is told in person", func(tt *Timetable) { tt.Services[0].Show = InPerson }, nil, "c0+ c1+ w0+ w1+"},
		{"one instance is told in person", func(tt *Timetable) {
			tt.Services[0].Slots = append(tt.Services[0].Slots, Slot{Dates: []Date{first}, Opens: 720, Closes: 840, InPerson: true})
			tt.Services[0].Slots[0].Except = []Date{first}
		}, nil, "c0+ c1+ h1+ w0+ w1+"},
		{"checks hold for less long", func(tt *Timetable) { tt.MaxAge = 5 * 24 * time.Hour }, nil, "c0+ c1? h0+ h1? w0+ w1?"},
		{"a row that names one", none, []Unread{{Texts: []string{"repas", "Hot meal"}}}, "c0+ c1+ h0? h1? w0+ w1+"},
		{"a row that names one, of a day", none, []Unread{{Texts: []string{"HOT MEALS"}, Dates: []Date{first}}}, "c0+ c1+ h0? h1+ w0+ w1+"},
		{"a row that names one, of a day without it", none, []Unread{{Texts: []string{"Hot meals"}, Dates: []Date{DateOf(2020, 1, 1)}}}, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"a row that names an id", none, []Unread{{ID: "cli"}}, "c0? c1? h0+ h1+ w0+ w1+"},
		{"a row that names a place alone", none, []Unread{{Texts: []string{"#N/A", "Quai"}}}, "c0+ c1+ h0? h1? w0? w1?"},
		{"a row that names nothing", none, []Unread{{Texts: []string{"#N/A"}, Dates: []Date{second}}}, "c0+ c1? h0+ h1? w0+ w1?"},
		{"all of another file", none, []Unread{{File: "b"}}, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"all of its file", none, []Unread{{File: "a"}}, "c0? c1? h0? h1? w0? w1?"},
		{"a series that is not there", none, []Unread{{Series: "s", Texts: []string{"Soup"}}}, "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"a row that may hide one", none, []Unread{{ID: "hot", Hides: true}}, "c0+ c1+ w0+ w1+"},
		{"a row that may hide one, of a day", none, []Unread{{ID: "hot", Hides: true, Dates: []Date{first}}}, "c0+ c1+ h1+ w0+ w1+"},
	} {
		good, newer := lastGood(t), after(t, c.change)
		for i := range good.Services {
			good.Services[i].File = "a"
		}
		for i := range newer.Services {
			newer.Services[i].File = "a"
		}
		// Of a day without the service it may mean any: here there is none such.
		if strings.Contains(c.what, "without it") {
			good.Services[0].Slots[0].From = DateOf(2026, 11, 1)
			newer.Services[0].Slots[0].From = DateOf(2026, 11, 1)
			c.want = "c0+ c1+ h0? h1? w0+ w1+"
		}
		before := fmt.Sprintf("%+v", good)
		tt := Version{Timetable: newer, Unread: c.unread, Refused: true}.Over(good)
		if got := onGlass(tt); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
		if fmt.Sprintf("%+v", good) != before {
			t.Errorf("%s: the last good one was changed", c.what)
		}
		if tt.Digest == good.Digest || tt.Digest == newer.Digest {
			t.Errorf("%s: digest %s", c.what, tt.Digest)
		}
	}
}

func TestWithoutALastGoodOneWhatCanBeReadIsShown(t *testing.T) {
	newer := after(t, func(tt *Timetable) { tt.Services = tt.Services[:2] })
	for _, c := range []struct {
		what string
		v    Version
		good *Timetable
		want string
	}{
		{"refused", Version{Timetable: newer, Refused: true}, nil, "h0+ h1+ w0+ w1+"},
		{"refused, with a piece that may close one", Version{Timetable: newer, Refused: true, Unread: []Unread{{ID: "wat"}}}, nil, "h0+ h1+ w0? w1?"},
		{"refused, without a zone", Version{Timetable: newer, Refused: true, Zoneless: true}, nil, "h0? h1? w0? w1?"},
		{"refused, with two that may be one", Version{Timetable: newer, Refused: true, Doubles: []string{"hot"}}, nil, "h0? h1? w0+ w1+"},
		{"not refused, after a good one", Version{Timetable: newer}, lastGood(t), "h0+ h1+ w0+ w1+"},
		{"not refused, with a piece that may close one", Version{Timetable: newer, Unread: []Unread{{ID: "wat"}}}, lastGood(t), "h0+ h1+ w0? w1?"},
		{"refused, with two that may be one, after a good one", Version{Timetable: lastGood(t), Refused: true, Doubles: []string{"hot"}}, lastGood(t), "c0+ c1+ h0+ h1+ w0+ w1+"},
		{"refused without a zone, after a good one", Version{Timetable: lastGood(t), Refused: true, Zoneless: true}, lastGood(t), "c0+ c1+ h0+ h1+ w0+ w1+"},
	} {
		if got := onGlass(c.v.Over(c.good)); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
	if tt := (Version{Timetable: newer}).Over(lastGood(t)); tt != newer {
		t.Error("a version that is right is not itself")
	}
}

// A volunteer's word goes before a doubt; what is in doubt is doubted again by the
// next version.
func TestAVolunteersWordGoesBeforeADoubt(t *testing.T) {
	newer := after(t, func(tt *Timetable) { tt.Services[0].Changes = []Change{{Date: DateOf(2026, 11, 30)}} })
	tt := Version{Timetable: newer, Refused: true}.Over(lastGood(t))
	if err := tt.Check(Correction{Service: "hot", Date: "2026-11-30", Kind: SaidRight}, time.Date(2026, 11, 30, 9, 0, 0, 0, tt.Zone)); err != nil {
		t.Error(err)
	}
	if got := onGlass(tt.Corrected([]Correction{{Service: "hot", Date: "2026-11-30", Kind: SaidRight}})); got != "c0+ c1+ h0+ h1+ w0+ w1+" {
		t.Error(got)
	}
	again := Version{Timetable: newer, Refused: true, Unread: []Unread{{ID: "cli"}}}.Over(Version{Timetable: lastGood(t), Unread: []Unread{{ID: "wat"}}}.Over(nil))
	if got := onGlass(again); got != "c0? c1? h0? h1+ w0? w1?" {
		t.Error(got)
	}
}

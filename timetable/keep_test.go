package timetable

import (
	"strings"
	"testing"
	"time"
)

// goodToKeep is a timetable with everything in it that a file can say.
func goodToKeep(t testing.TB) *Timetable {
	tt := lastGood(t)
	tt.Sites, tt.Plan = []Site{{"quai", "Quai"}}, []Planned{{"quai", everyDay, 600, 900}}
	rule, err := ParseRule("FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=9", DateOf(2026, 11, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	own := ZoneOf("own", []ZoneChange{{0, 3600}, {1700000000, 7200}})
	for i := range tt.Services {
		tt.Services[i].Category = Food
	}
	s := &tt.Services[0]
	s.Slots = append(s.Slots, Slot{Rule: rule, Except: []Date{DateOf(2026, 12, 7)}, Opens: 1000, Closes: 1100, Zone: own, Place: Place{"Moulin", "M"}, Status: AskUs, Why: because("tentative")})
	s.Changes = []Change{{Date: DateOf(2026, 12, 1), Hours: []Hours{{60, 120}}, Reason: "moved"}}
	tt.Holidays = []Holiday{{Name: "Rest", Dates: []Date{DateOf(2026, 12, 25)}, Services: []string{"hot"}}}
	return tt
}

// planted are a service that is told in person, a day of one that is, and what a
// piece that cannot be read has in it.
func planted(t testing.TB) Shelf {
	live := goodToKeep(t)
	live.Services = append(live.Services, Service{ID: "secret-id", Category: Women, Name: map[string]string{"en": "Secret name"}, Place: Place{Name: "Secret place"}, Slots: live.Services[0].Slots})
	live.Services[1].Slots[0].Except = []Date{DateOf(2026, 12, 1)}
	live.Services[1].Slots = append(live.Services[1].Slots, Slot{Dates: []Date{DateOf(2026, 12, 1)}, Opens: 701, Closes: 801, InPerson: true, Name: map[string]string{"en": "Secret day"}, Place: Place{Name: "Secret house"}})
	live.Holidays = append(live.Holidays, Holiday{Name: "Secret feast", Dates: []Date{DateOf(2026, 12, 3)}, Services: []string{"secret-id"}})
	newer := after(t, func(tt *Timetable) {
		for i := range tt.Services {
			tt.Services[i].Category = Food
		}
		tt.Services[2].Show = InPerson
		tt.Services[2].Place.Name = "Secret move"
	})
	s := Shelf{Before: live}.Next(Version{Timetable: live}, false)
	s.Before = live
	return s.Next(Version{Timetable: newer, Refused: true, Unread: []Unread{{Line: 3, Texts: []string{"Water", "Secret note"}}, {ID: "secret-id", Line: 4, Texts: []string{"Secret words"}}}}, false)
}

func TestWhatIsToldInPersonIsNotKept(t *testing.T) {
	s := planted(t)
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Secret", "secret", "Clinic", "701"} { // the clinic is hidden by the newer one
		if strings.Contains(string(b), secret) {
			t.Errorf("%s is kept: %s", secret, b)
		}
	}
	for _, told := range []string{"Hot meals", "Water", "2026"} {
		if told != "2026" && !strings.Contains(string(b), told) {
			t.Errorf("%s is not kept: the search finds nothing", told)
		}
	}
	read, err := DecodeShelf(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []int{30, 31} {
		at := time.Date(2026, 11, day, 8, 0, 0, 0, s.Live.Zone)
		got, want := onGlass(read.InUse()), onGlass(s.InUse())
		if got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if got := onGlass(read.InUse()); got != "h0+ h1? w0?" {
		t.Errorf("%s", got)
	}
}

func TestWhatIsReadBackIsTheSameToPublish(t *testing.T) {
	live := goodToKeep(t)
	s := Shelf{}.Next(Version{Timetable: live}, false)
	newer := goodToKeep(t)
	newer.Digest = "newer"
	newer.Services[1].Slots[0].Closes++
	s = s.Next(Version{Timetable: newer}, true)
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeShelf(b)
	if err != nil || read.Waiting == nil {
		t.Fatalf("%+v, %v", read, err)
	}
	if same := read.Next(Version{Timetable: goodToKeep(t)}, true); same.Waiting != nil {
		t.Error("what stands waits when it is read again after a restart")
	}
	if read, err = read.Publish("newer"); err != nil {
		t.Fatal(err)
	}
	if read, err = read.TakeBack(); err != nil || read.Live.Digest != "good" {
		t.Errorf("%+v, %v", read, err)
	}
}

func FuzzDecodeShelf(f *testing.F) {
	for _, s := range []Shelf{planted(f), {}, {Live: goodToKeep(f)}} {
		b, err := s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"format":1,"live":{"zone":{"name":"UTC"},"digest":"d","services":[{"id":"a","category":"food","name":{"en":"a"},"slots":[{"days":[7],"opens":-1,"closes":99999}]}]}}`))
	f.Add([]byte(`{"format":1,"refused":{"table":{"zone":{"changes":[{"at":0,"offset":99}]},"digest":"d"},"unread":[{"dates":[1e9]}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeShelf(b)
		if err != nil {
			if s.Live != nil || strings.Contains(err.Error(), "%!") {
				t.Errorf("%+v: %v", s, err)
			}
			return
		}
		if tt := s.InUse(); tt != nil {
			for _, day := range []int{1, 25} {
				tt.Rows(time.Date(2026, 12, day, 8, 0, 0, 0, tt.Zone), "quai")
			}
			tt.NextChange(time.Date(2026, 12, 1, 8, 0, 0, 0, tt.Zone))
			tt.Planned(time.Date(2026, 12, 1, 8, 0, 0, 0, tt.Zone))
		}
		if _, err := s.Encode(); err != nil {
			t.Errorf("what was read cannot be kept: %v", err)
		}
		s, _ = s.Publish("d")
		s, _ = s.TakeBack()
		s.InUse()
	})
}

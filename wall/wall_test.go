package wall

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	built  = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
)

const day = 24 * time.Hour

func TestAChipIsBelievedWithinTheBoundOfItsDrift(t *testing.T) {
	set := Memory{Network: monday, Chip: monday}
	tests := []struct {
		name   string
		memory Memory
		chip   Chip
		within time.Duration // at most; 0 where it is not believed
		doubt  Doubt
	}{
		{"set three days ago", set, Chip{Time: monday.Add(3 * day)}, 30 * time.Second, NoDoubt},
		{"a DS3231 set three days ago", set, Chip{Time: monday.Add(3 * day), Kind: "maxim,ds3231"}, 5 * time.Second, NoDoubt},
		{"a DS3231 set a year ago", set, Chip{Time: monday.Add(365 * day), Kind: "maxim,ds3231"}, 5 * time.Minute, NoDoubt},
		{"another chip set a year ago", set, Chip{Time: monday.Add(365 * day)}, 0, TooLong},
		{"a DS3231 set three years ago", set, Chip{Time: monday.Add(3 * 365 * day), Kind: "maxim,ds3231"}, 0, TooLong},
		{"in 2099", set, Chip{Time: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Kind: "maxim,ds3231"}, 0, TooLong},
		{"stopped", set, Chip{Time: monday.Add(day), Stopped: true}, 0, Stopped},
		{"in 2000", set, Chip{Time: time.Date(2000, 1, 1, 0, 0, 9, 0, time.UTC)}, 0, Behind},
		{"an hour before it was set", set, Chip{Time: monday.Add(-time.Hour)}, 0, Behind},
		{"never set by this box", Memory{Network: monday}, Chip{Time: monday.Add(day)}, 0, NeverSet},
		{"unreadable", set, Chip{}, 0, Unreadable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			within, doubt := test.memory.Judge(test.chip, built)
			if doubt != test.doubt || within > test.within || (within > 0) != (doubt == NoDoubt) {
				t.Errorf("within %s, %q; want at most %s, %q", within, doubt, test.within, test.doubt)
			}
		})
	}
	// A stick that bears a later date than the chip says.
	if _, doubt := set.Judge(Chip{Time: monday.Add(day)}, monday.Add(2*day)); doubt != Behind {
		t.Errorf("before a stick's date: %q", doubt)
	}
}

// The bound holds whatever the chip's true drift is, within its data sheet.
func TestPropertyTheTruthLiesWithinTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		age := time.Duration(rapid.Int64Range(0, int64(3*365*day)).Draw(t, "age"))
		ppm := rapid.Float64Range(-8.5, 8.5).Draw(t, "ppm")
		truth := monday.Add(age)
		chip := Chip{Time: truth.Add(time.Duration(ppm / 1e6 * float64(age))).Truncate(time.Second), Kind: "maxim,ds3231"}
		within, doubt := Memory{Chip: monday}.Judge(chip, monday)
		if off := chip.Time.Sub(truth).Abs(); doubt == NoDoubt && off > within || doubt == Behind {
			t.Fatalf("off by %s, said within %s, %q", off, within, doubt)
		}
	})
}

// One that had stopped is believed again only after a time server has set it, over any
// number of power cuts, on kernels that clear the flag at the first boot too.
func TestAChipThatStoppedIsBelievedOnceTheNetworkHasSetIt(t *testing.T) {
	m := Memory{Network: monday, Chip: monday}.Seen(Chip{Time: monday.Add(time.Hour), Stopped: true}, built, Nobody)
	for _, chip := range []Chip{{Time: monday.Add(day)}, {Time: monday.Add(day), Stopped: true}} {
		if _, doubt := m.Judge(chip, built); doubt == NoDoubt {
			t.Errorf("%+v is believed", chip)
		}
	}
	m = m.Seen(Chip{Time: monday.Add(day)}, monday.Add(day), Volunteer)
	if _, doubt := m.Judge(Chip{Time: monday.Add(2 * day)}, built); doubt != NeverSet {
		t.Errorf("by a volunteer's word: %q", doubt)
	}
	m = m.Seen(Chip{Time: monday.Add(day), Stopped: true}, monday.Add(day), Network)
	if _, doubt := m.Judge(Chip{Time: monday.Add(2 * day)}, built); doubt != NoDoubt {
		t.Errorf("set by the network: %q", doubt)
	}
	m = m.Seen(Chip{Time: monday.Add(day)}, monday.Add(2*day), Network)
	if _, doubt := m.Judge(Chip{Time: monday.Add(2 * day)}, built); doubt != NeverSet {
		t.Errorf("a day behind the network: %q", doubt)
	}
}

func TestWhatStandsAgainstAPhonesTime(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	zone := func(d time.Duration) *time.Duration { return &d }
	fresh := Clock{Now: built.Add(day), Built: built, Zone: paris}
	online := fresh
	online.Memory.Network = monday
	said := online
	said.Source, said.Now = Volunteer, monday.Add(time.Hour)
	stick := online
	stick.Floor = monday.Add(2 * time.Hour)
	tests := []struct {
		name     string
		clock    Clock
		claim    Claim
		question Question
		sure     Question // likewise, once the volunteer is sure
	}{
		{"a phone that is right", online, Claim{Time: monday.Add(time.Hour), Zone: zone(time.Hour)}, NoQuestion, NoQuestion},
		{"a typed time", online, Claim{Time: monday.Add(time.Hour)}, NoQuestion, NoQuestion},
		{"the day before the last network time", online, Claim{Time: monday.Add(-2 * day)}, Far, NoQuestion},
		{"four years ahead", online, Claim{Time: monday.AddDate(4, 0, 0)}, Far, NoQuestion},
		{"a box that was never online", fresh, Claim{Time: monday.AddDate(1, 0, 0)}, NoQuestion, NoQuestion},
		{"before the build", online, Claim{Time: built.Add(-time.Second)}, Impossible, Impossible},
		{"a hundred years ahead", online, Claim{Time: monday.AddDate(100, 0, 0)}, Impossible, Impossible},
		{"a phone in another zone", online, Claim{Time: monday.Add(time.Hour), Zone: zone(0)}, OtherZone, NoQuestion},
		{"before a stick's date", stick, Claim{Time: monday.Add(time.Hour)}, Early, NoQuestion},
		{"a second phone that agrees", said, Claim{Time: monday.Add(time.Hour + time.Minute)}, NoQuestion, NoQuestion},
		{"a second phone that is later", said, Claim{Time: monday.Add(3 * time.Hour)}, Differs, NoQuestion},
		{"a second phone that is earlier", said, Claim{Time: monday.Add(-3 * time.Hour)}, Differs, NoQuestion},
		{"the network keeps the clock", Clock{Source: Network, Built: built, Zone: paris}, Claim{Time: monday}, Kept, Kept},
		{"the chip keeps the clock", Clock{Source: RTC, Built: built, Zone: paris}, Claim{Time: monday}, Kept, Kept},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.clock.Ask(test.claim); got != test.question {
				t.Errorf("asked %q, want %q", got, test.question)
			}
			test.claim.Sure = true
			if got := test.clock.Ask(test.claim); got != test.sure {
				t.Errorf("sure: asked %q, want %q", got, test.sure)
			}
		})
	}
}

func TestTheNetworkGoesBeforeTheChipAndTheChipBeforeAVolunteer(t *testing.T) {
	order := []Source{Nobody, Volunteer, RTC, Network}
	for i, a := range order {
		for j, b := range order {
			if a.Before(b) != (i > j) {
				t.Errorf("%q before %q: %t", a, b, a.Before(b))
			}
		}
	}
}

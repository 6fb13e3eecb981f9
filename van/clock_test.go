package van_test

import (
	"testing"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
	"infobus/wall"
)

// A clock box: the network kept its clock on Sunday, and it boots again on Monday.
func offline(t *testing.T) *box {
	b := newBox("two", van.Kept{Boot: "one", Clock: wall.Memory{Network: monday.Add(-14 * time.Hour), Chip: monday.Add(-14 * time.Hour)}})
	b.options.Built = monday.AddDate(0, -1, 0)
	b.see(2*time.Second, van.TimetableSeen{Timetable: table(t)})
	return b
}

// chip is the clock chip, off from the right time.
func chip(at, off time.Duration) van.ChipSeen {
	return van.ChipSeen{Chip: wall.Chip{Time: monday.Add(at + off).Truncate(time.Second), Kind: "maxim,ds3231"}}
}

func TestAChipThatTheClockWasSetByIsBelieved(t *testing.T) {
	b := offline(t)
	b.see(3*time.Second, chip(3*time.Second, 0))
	if c := b.state.Clock; !c.Trusted || c.Source != wall.RTC || c.Within < time.Second || c.Within > 10*time.Second || !b.has(logbook.ClockTrusted) {
		t.Errorf("%+v", c)
	}
	// A phone sets it no more; a time server does.
	b.see(4*time.Second, van.ClockSeen{Trusted: true, Source: wall.Volunteer})
	if b.state.Clock.Source != wall.RTC {
		t.Errorf("after a phone: %+v", b.state.Clock)
	}
	b.see(5*time.Second, van.ClockSeen{Trusted: true, Source: wall.Network})
	if c := b.state.Clock; c.Source != wall.Network || c.Within != 0 {
		t.Errorf("after a time server: %+v", c)
	}
}

// Where the kernel's clock says otherwise than the chip, it is set first.
func TestTheClockIsSetByTheChipBeforeItIsBelieved(t *testing.T) {
	b := offline(t)
	b.see(3*time.Second, chip(3*time.Second, 10*time.Hour))
	set, ok := effect[van.SetClock](b)
	if !ok || set.Source != wall.RTC || set.Mono != 3*time.Second || b.state.Clock.Trusted {
		t.Fatalf("%+v, %t; %+v", set, ok, b.state.Clock)
	}
	b.off = 10 * time.Hour
	b.see(4*time.Second, van.ClockSeen{Trusted: true, Source: wall.RTC, Set: reading.Of(b.off, 4*time.Second)})
	if c := b.state.Clock; c.Source != wall.RTC {
		t.Errorf("%+v", c)
	}
}

// A file that is younger than what the chip says shows that it is wrong.
func TestAFilesDateIsALowerBoundAndNoTrust(t *testing.T) {
	b := offline(t)
	b.see(3*time.Second, van.Dated{At: monday.Add(24 * time.Hour)})
	if b.state.Clock.Trusted {
		t.Fatal("a file's date is trusted")
	}
	b.see(4*time.Second, chip(4*time.Second, 0))
	if c := b.state.Clock; c.Trusted || c.Doubt != wall.Behind {
		t.Errorf("%+v", c)
	}
	// One that cannot be says nothing.
	b = offline(t)
	b.see(3*time.Second, van.Dated{At: monday.AddDate(70, 0, 0)}, chip(3*time.Second, 0))
	if !b.state.Clock.Trusted {
		t.Errorf("%+v", b.state.Clock)
	}
}

// That a chip has stopped outlives a power cut, also where the kernel clears the flag.
func TestThatTheChipStoppedIsKept(t *testing.T) {
	b := offline(t)
	stopped := chip(3*time.Second, 0)
	stopped.Stopped = true
	b.see(3*time.Second, stopped)
	keep, ok := effect[van.Keep](b)
	if !ok || !keep.Kept.Clock.Chip.IsZero() || b.state.Clock.Trusted || b.state.Clock.Doubt != wall.Stopped {
		t.Fatalf("%+v, %+v", keep.Kept.Clock, b.state.Clock)
	}
	b = newBox("three", keep.Kept)
	b.see(3*time.Second, chip(3*time.Second, 0))
	if c := b.state.Clock; c.Trusted || c.Doubt != wall.NeverSet {
		t.Errorf("after a power cut: %+v", c)
	}
	b.see(4*time.Second, van.ClockSeen{Trusted: true, Source: wall.Network}, stopped)
	if _, ok := effect[van.ChipSet](b); !ok || b.state.Clock.Doubt != wall.NoDoubt {
		t.Errorf("once the network has set it: %+v", b.state.Clock)
	}
}

// A plan that was taken by a wrong clock is taken anew, and two phones that differ are
// said.
func TestAClockThatIsSetRightTakesThePlanAnew(t *testing.T) {
	b := offline(t)
	b.off = 6 * time.Hour // 15:00, when the plan has another session
	b.see(time.Minute, van.ClockSeen{Trusted: true, Source: wall.Volunteer}, power.Line{Active: true, At: time.Minute})
	if on := b.state.Session; !on.Active || on.Site != "oyats" {
		t.Fatalf("by a wrong clock: %+v", on)
	}
	b.off = 50 * time.Minute
	b.see(2*time.Minute, action.Asked{Name: action.SetClock, Args: action.Args{Time: monday.Add(52 * time.Minute), Sure: true}},
		van.ClockSeen{Trusted: true, Source: wall.Volunteer, Set: reading.Of(-310*time.Minute, 2*time.Minute)}, van.Tick{})
	on, ends := b.state.Session, monday.Add(2*time.Hour+30*time.Minute) // 12:30 in Paris
	if until, _ := b.state.WallAt(on.Until); on.Site != "moulin" || on.Confirmed || !until.Equal(ends) {
		t.Errorf("by the right clock: %+v until %s", on, until)
	}
	if b.state.Clock.Differed != -310*time.Minute {
		t.Errorf("two phones that differ: %+v", b.state.Clock)
	}
}

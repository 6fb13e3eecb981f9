package advice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/examples"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/words"
)

// good is a session in which nothing is to be done.
func good(t *testing.T) (van.Options, van.State) {
	t.Helper()
	o := van.DefaultOptions()
	o.Power.Generators = 1
	s := van.New(o, van.GPIO, van.Battery, van.Panel, van.Interface, van.Logbook)
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	s.Timetable, s.Clock.Trusted = table, true
	for i := range s.Devices {
		s.Devices[i].State = van.DeviceOK
	}
	s.Power.Generators[0].Running = reading.Of(true, time.Minute)
	s.Power.Level = power.Good
	s.Uplink.Verdict = netmon.OK
	s.Session.Active, s.Session.Site, s.Session.Confirmed = true, "moulin", true
	return o, s
}

func onBattery(s *van.State) { s.Power.Generators[0].Running = reading.Of(false, time.Minute) }

func TestWhatToDoIsJudgedOnceTheMostUrgentFirst(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(*van.State)
		codes []string
		first Severity
		says  string
	}{
		{"a good session", func(*van.State) {}, nil, "", ""},
		{"on battery between sessions", func(s *van.State) { onBattery(s); s.Session.Active = false },
			[]string{"start-generator"}, Info, "Nothing to do before the next session."},
		{"the screen is broken", func(s *van.State) { s.Devices[2].State = van.DeviceBroken },
			[]string{"screen-failed"}, Warn, "Tell people the hours: the screen does not work."},
		{"a phone's pairing was copied", func(s *van.State) { s.Now.Mono = time.Hour; s.Copied = s.Now.Mono },
			[]string{"phone-copied"}, Warn, "Tell the team: a phone’s pairing was copied, and is ended."},
		{"logs are lost", func(s *van.State) { s.Now.Mono = time.Hour; s.Sync.Lost, s.Sync.LostAt = 3, s.Now.Mono },
			[]string{"logbook-damaged"}, Warn, "Tell the team: some of the logs on the memory card cannot be read any more."},
		{"another part is broken", func(s *van.State) { s.Devices[4].State = van.DeviceBroken },
			[]string{"device-failed"}, Warn, "Tell the team that a part of the box fails: Logs."},
		{"the configuration was refused", func(s *van.State) {
			s.Devices = append(s.Devices, van.Device{Name: van.Configuration, State: van.DeviceBroken})
		}, []string{"configuration-refused"}, Warn, "Tell the team: the box’s settings have a mistake, and the last good ones are used."},
		{"the timetable was refused", func(s *van.State) {
			s.Refused = 2
			s.Devices = append(s.Devices, van.Device{Name: van.TimetableFile, State: van.DeviceBroken})
		}, []string{"timetable-refused"}, Warn, "Tell the team: the new timetable has 2 mistakes, and was not taken."},
		{"the timetable is not there", func(s *van.State) {
			s.Devices = append(s.Devices, van.Device{Name: van.TimetableFile, State: van.DeviceBroken})
		}, []string{"timetable-refused"}, Warn, "Tell the team that the box cannot read its timetable."},
		{"nobody has brought a timetable", func(s *van.State) {
			s.Timetable = nil
			s.Devices = append(s.Devices, van.Device{Name: van.TimetableFile, State: van.DeviceBroken})
		}, []string{"timetable-none"}, Warn, "Bring a timetable: there is none yet."},
		{"nothing of the first one can be read", func(s *van.State) {
			s.Timetable, s.Refused = nil, 3
			s.Devices = append(s.Devices, van.Device{Name: van.TimetableFile, State: van.DeviceBroken})
		}, []string{"timetable-refused"}, Warn, "Tell the team: the new timetable has 3 mistakes, and was not taken."},
		{"a timetable waits", func(s *van.State) {
			s.Sources = []van.Source{{Name: "kitchen", Published: "a"}, {Name: "stick", Waiting: "b"}}
		},
			[]string{"timetable-waiting"}, Warn, "Look at the new timetable from stick: it is not shown before."},
		{"a guide waits", func(s *van.State) { s.Guide.Waiting = true },
			[]string{"guide-waiting"}, Warn, "Look at the new guide: no visitor sees it before."},
		{"a guide came that has mistakes", func(s *van.State) { s.Guide.Mistakes = 3 },
			[]string{"guide-refused"}, Warn, "Tell the team: the new guide has 3 mistakes, and was not taken."},
		{"no hour of today is sure, and more run out", func(s *van.State) {
			s.Outlook.Doubtful, s.Outlook.RunOut = true, []timetable.Expiry{{Day: timetable.DateOf(2026, 12, 1), N: 1, All: 3}}
		}, []string{"timetable-unconfirmed"}, Warn, "Say which hours are right: no hour of today is confirmed."},
		{"hours run out in a week", func(s *van.State) {
			s.Now.Wall = time.Date(2026, 11, 24, 23, 0, 0, 0, s.Timetable.Zone)
			s.Outlook.RunOut = []timetable.Expiry{{Day: timetable.DateOf(2026, 12, 1), N: 9, All: 12}, {Day: timetable.DateOf(2026, 12, 2), N: 3, All: 12}}
		}, []string{"timetable-expiring"}, Info, "Confirm 9 of 12 hours: they run out on Tuesday."},
		{"hours run out in three days", func(s *van.State) {
			s.Now.Wall = time.Date(2026, 11, 28, 1, 0, 0, 0, s.Timetable.Zone)
			s.Outlook.RunOut = []timetable.Expiry{{Day: timetable.DateOf(2026, 12, 1), N: 1, All: 12}}
		}, []string{"timetable-expiring"}, Warn, "Confirm 1 of 12 hours: it runs out on Tuesday."},
		{"nothing is known", func(s *van.State) { *s = van.New(van.DefaultOptions()); s.Uplink.Verdict = netmon.Unknown },
			[]string{"generator-unseen", "uplink-unknown"}, Warn, "See whether the generator runs: the box cannot tell."},
		{"the battery is low", func(s *van.State) { onBattery(s); s.Power.Level = power.Low },
			[]string{"battery-low"}, Warn, "Start a generator: the battery is low."},
		{"a low battery between sessions needs no second word", func(s *van.State) { onBattery(s); s.Session.Active = false; s.Power.Level = power.Critical },
			[]string{"battery-low"}, Warn, "Start a generator: the battery is low."},
		{"a switch-off goes before all", func(s *van.State) {
			onBattery(s)
			s.Power.Level, s.Uplink.Verdict = power.Critical, netmon.NoInternet
			s.Power.Shutdown.Pending, s.Power.Shutdown.Reason, s.Power.Shutdown.At = true, "battery-critical", time.Hour
		}, []string{"shutdown-announced", "uplink-no-internet"}, Bad, "Start a generator now: the battery is nearly empty."},
		{"a switch-off beside a generator", func(s *van.State) {
			s.Power.Shutdown.Pending, s.Power.Shutdown.Reason = true, "battery-critical"
		}, []string{"shutdown-announced"}, Bad, "Leave the generator running: the battery is nearly empty."},
		{"a switch-off that was asked for", func(s *van.State) {
			onBattery(s)
			s.Session.Active = false
			s.Power.Shutdown.Pending, s.Power.Shutdown.Reason = true, "requested"
		}, []string{"shutdown-announced"}, Warn, "Wait: the box switches off, as somebody asked it to."},
		{"the cable", func(s *van.State) { s.Uplink.Verdict = netmon.CableUnplugged }, []string{"uplink-cable-unplugged"}, Bad,
			"Push the cable to the Cisco box in at both ends: one end is out."},
		{"a slow internet", func(s *van.State) { s.Uplink.Verdict = netmon.Slow }, []string{"uplink-slow"}, Warn,
			"Ask people to leave videos for later: the internet is slow."},
		{"the Cisco box is switched off", func(s *van.State) {
			onBattery(s)
			s.Session.Active, s.Power.Level = false, power.Low
			s.GatewayPower.Fitted, s.GatewayPower.Cut, s.Uplink.Verdict = true, netmon.Saving, netmon.CableUnplugged
			s.Uplink = netmon.Step(netmon.DefaultOptions(), s.Uplink, netmon.Conditions{Cut: netmon.Saving}, time.Second)
		}, []string{"uplink-cable-unplugged"}, Warn,
			"Start a generator: the box has switched the Cisco box off to save the battery."},
		{"nobody said where the van is", func(s *van.State) { s.Session.Confirmed = false }, []string{"confirm-site"}, Warn,
			"Say where the van is: until then the screen shows no place."},
	} {
		o, s := good(t)
		c.alter(&s)
		got := Of(o, s)
		var codes []string
		for _, a := range got {
			codes = append(codes, a.Code)
		}
		if !slices.Equal(codes, c.codes) {
			t.Errorf("%s: %q, want %q", c.name, codes, c.codes)
			continue
		}
		if len(got) == 0 {
			continue
		}
		if said := words.In().Text(got[0].Text); said != c.says || got[0].Severity != c.first {
			t.Errorf("%s: %s %q, want %s %q", c.name, got[0].Severity, said, c.first, c.says)
		}
		if c.name == "a switch-off goes before all" && got[0].Until != time.Hour {
			t.Errorf("%s: until %s", c.name, got[0].Until)
		}
	}
}

// Every advice of the internet is one sentence of its own in every language.
func TestEveryAdviceAboutTheInternetIsASentenceOfItsOwn(t *testing.T) {
	for _, l := range words.Shipped().Languages() {
		seen := map[string]netmon.Advice{}
		for _, a := range netmon.Advices() {
			said := words.In(l.Tag).Text(UplinkText(a))
			if other, twice := seen[said]; twice || said == "uplink.advice."+string(a) || said == "" {
				t.Errorf("%s: %s is %q, and %s", l.Tag, a, said, other)
			}
			if n := len(said); said[n-1] != '.' || strings.Contains(said[:n-1], ". ") {
				t.Errorf("%s: %s is not one sentence: %q", l.Tag, a, said)
			}
			seen[said] = a
		}
	}
}

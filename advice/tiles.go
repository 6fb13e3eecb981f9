package advice

import (
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/van"
	"infobus/words"
)

// Level is the colour of a tile or of the sentence.
type Level string

// The levels, the worst first. Plain is neither well nor ill: there is nothing to see,
// or it works and something else ends it soon.
const (
	Ill   Level = "bad"
	Amiss Level = "warn"
	Doubt Level = "unknown"
	Plain Level = "plain"
	Good  Level = "good"
)

var levels = []Level{Ill, Amiss, Doubt, Plain, Good}

func worse(a, b Level) Level {
	if slices.Index(levels, b) < slices.Index(levels, a) {
		return b
	}
	return a
}

func levelOf(s Severity) Level {
	switch s {
	case Bad:
		return Ill
	case Warn:
		return Amiss
	}
	return Plain
}

// Tile is one of the four things that a volunteer looks for.
type Tile struct {
	About  About // Power, Internet, Session or Screen
	Level  Level
	Icon   Icon
	Words  words.Text // three words
	Number Number
}

// Icon is what a tile's picture shows.
type Icon string

// The icons.
const (
	IconGenerator  Icon = "generator"
	IconBattery    Icon = "battery"
	IconBatteryLow Icon = "battery-low"
	IconOff        Icon = "off" // it goes off, or was switched off
	IconOn         Icon = "on"
	IconSlow       Icon = "slow"
	IconBroken     Icon = "broken"
	IconWait       Icon = "wait"
	IconPlug       Icon = "plug" // a cable or a charger is out
	IconEnds       Icon = "ends"
	IconNone       Icon = "none"
	IconUnknown    Icon = "unknown"
)

// NumberKind is what a tile's number counts.
type NumberKind string

// The kinds.
const (
	NoNumber NumberKind = ""
	Percent  NumberKind = "percent"  // Value, of the battery's charge
	AtLeast  NumberKind = "at-least" // Value, %: the charge is that or more
	Count    NumberKind = "count"    // Value, devices connected
	Until    NumberKind = "until"    // At is when it ends
	Since    NumberKind = "since"    // At is since when it is so
	Drawn    NumberKind = "drawn"    // Wall is when the page on the screen was made
)

// Number is the one number of a tile.
type Number struct {
	Kind  NumberKind
	Value float64
	At    time.Duration // monotonic
	Wall  time.Time
}

// tiles are the four of them, the worst first.
func tiles(o van.Options, s van.State, j Judgement, all []found) [4]Tile {
	is := func(code string) bool {
		return slices.ContainsFunc(all, func(f found) bool { return f.row.code == code })
	}
	t := [4]Tile{powerTile(o, s, is), internetTile(s, j, is), sessionTile(o, s, is), screenTile(s, is)}
	rank := map[About]int{}
	for i := range t {
		about := t[i].About
		rank[about] = len(all)
		for k, f := range all {
			if slices.Contains(f.marked(), about) {
				t[i].Level = worse(t[i].Level, levelOf(f.severity))
				rank[about] = min(rank[about], k)
			}
		}
		if t[i].Level == Good && !j.May(wellOf[about]) {
			t[i].Level = Plain
		}
	}
	slices.SortStableFunc(t[:], func(a, b Tile) int {
		if n := slices.Index(levels, a.Level) - slices.Index(levels, b.Level); n != 0 {
			return n
		}
		return rank[a.About] - rank[b.About]
	})
	return t
}

func powerTile(o van.Options, s van.State, is func(string) bool) Tile {
	t := Tile{About: Power, Level: Good, Icon: IconGenerator, Words: words.T("glance.power.generator")}
	percent, known := s.Power.Percent.Get()
	switch {
	case known && s.Power.Confidence == power.Sure:
		t.Number = Number{Kind: Percent, Value: percent}
	case known && s.Power.Bounds[0] >= 1:
		t.Number = Number{Kind: AtLeast, Value: s.Power.Bounds[0]}
	}
	switch source := s.Power.Source(); {
	case s.Power.Shutdown.Pending:
		t.Icon, t.Words, t.Number = IconOff, words.T("glance.power.off"), Number{Kind: Until, At: s.Power.Shutdown.At}
	case source == power.SourceUnknown:
		t.Level, t.Icon, t.Words = Doubt, IconUnknown, words.T("glance.power.unseen")
	case is(monoxide):
		t.Icon, t.Words = IconBroken, words.T("glance.power.monoxide")
	case is(withoutPower):
		t.Icon, t.Words = IconBattery, words.T("glance.power.stopped")
	case is(socketsDead):
		t.Icon, t.Words = IconPlug, words.T("glance.power.sockets")
	case is(generatorSpeed):
		t.Words = words.T("glance.power.slow")
		if !turns(s, power.Under) {
			t.Words = words.T("glance.power.fast")
		}
	case is(notCharging):
		t.Icon, t.Words = IconPlug, words.T("glance.power.not-charging")
	case s.Power.Level == power.Critical:
		t.Level, t.Icon, t.Words = Plain, IconBatteryLow, words.T("glance.power.critical") // a generator charges it, or a row marks it
	case s.Power.Level == power.Low && source == power.SourceBattery:
		t.Icon, t.Words = IconBatteryLow, words.T("glance.power.low")
	case s.Power.ChargedOtherwise(o.Power):
		t.Icon, t.Words = IconBattery, words.T("glance.power.otherwise")
	case source == power.SourceBattery:
		t.Icon, t.Words = IconBattery, words.T("glance.power.battery")
	}
	if d, fitted := s.Device(van.Battery); s.Power.Source() == power.SourceBattery && fitted && d.State != van.DeviceOK {
		t.Level = worse(t.Level, Doubt) // nobody knows for how long
	}
	return t
}

func internetTile(s van.State, j Judgement, is func(string) bool) Tile {
	verdict := s.Uplink.Verdict
	t := Tile{About: Internet, Level: Good, Icon: IconBroken, Words: words.T("verdict." + string(verdict))}
	if c, fresh := s.Uplink.Cellular.Get(); fresh && c.Devices >= 0 && verdict.Usable() {
		t.Number = Number{Kind: Count, Value: float64(c.Devices)}
	} else if s.Uplink.Since != 0 {
		t.Number = Number{Kind: Since, At: s.Uplink.Since}
	}
	switch {
	case is(dataShort) && verdict == netmon.NoInternet:
		t.Words = words.T("glance.internet.data")
	case s.GatewayPower.Fitted && s.GatewayPower.Cut != netmon.Powered:
		t.Level, t.Icon, t.Words, t.Number = Plain, IconOff, words.T("glance.internet.off"), Number{Kind: Since, At: s.GatewayPower.Since}
	case is(dataShort):
		t.Icon, t.Words = IconSlow, words.T("glance.internet.data-until")
	case verdict.Usable() && is(pointDark):
		t.Icon, t.Words = IconBroken, words.T("glance.internet.point-dark")
	case verdict.Usable() && is(joiningFails):
		t.Icon, t.Words = IconBroken, words.T("glance.internet.phones-out")
	case s.Uplink.Advice() == netmon.CableHalf:
		t.Icon, t.Words = IconPlug, words.T("glance.internet.cable-slow")
	case verdict == netmon.OK:
		t.Icon = IconOn
	case verdict == netmon.Slow, verdict == netmon.Congested:
		t.Icon = IconSlow
	case verdict == netmon.Starting:
		t.Level, t.Icon = Doubt, IconWait
	case verdict == netmon.Unknown:
		t.Level, t.Icon, t.Words = Doubt, IconUnknown, words.T("glance.unknown")
	case s.Uplink.Advice() == netmon.CableLoose:
		t.Icon, t.Words = IconPlug, words.T("glance.internet.cable-loose")
	case verdict == netmon.CableUnplugged:
		t.Icon = IconPlug
	case verdict == netmon.NoInternet && !j.May(NoInternet):
		t.Icon, t.Words = IconUnknown, words.T("glance.internet.replies")
	}
	return t
}

func sessionTile(o van.Options, s van.State, is func(string) bool) Tile {
	t := Tile{About: Session, Level: Good}
	switch on := s.Session; {
	case on.Active && s.Power.Shutdown.Pending:
		t.Icon, t.Words, t.Number = IconEnds, words.T("glance.session.ends"), Number{Kind: Until, At: s.Power.Shutdown.At}
	case is(withoutPower):
		t.Icon, t.Words, t.Number = IconEnds, words.T("glance.session.ends"), Number{Kind: Until, At: endsWithoutPower(o, s)}
	case on.Active && is(confirmSite):
		t.Icon, t.Words, t.Number = IconOn, words.T("glance.session.no-site"), Number{Kind: Until, At: on.Until}
	case on.Active:
		t.Icon, t.Words, t.Number = IconOn, words.T("glance.session.on"), Number{Kind: Until, At: on.Until}
	case is(sessionUnseen):
		t.Icon, t.Words = IconUnknown, words.T("glance.session.unseen")
	case is(sessionOver):
		t.Icon, t.Words = IconEnds, words.T("glance.session.over")
		if on.Finished != 0 {
			t.Number = Number{Kind: Since, At: on.Finished}
		}
	default:
		t.Icon, t.Words = IconNone, words.T("glance.session.none")
	}
	return t
}

func screenTile(s van.State, is func(string) bool) Tile {
	t := Tile{About: Screen, Level: Good, Icon: IconOn, Words: words.T("glance.screen." + string(s.Kiosk.Shown.Name))}
	if !s.Kiosk.Shown.Drawn.IsZero() {
		t.Number = Number{Kind: Drawn, Wall: s.Kiosk.Shown.Drawn}
	}
	switch d, fitted := s.Device(van.Panel); {
	case !fitted:
		t.Level, t.Icon, t.Words = Plain, IconNone, words.T("glance.screen.none")
	case d.State == van.DeviceBroken:
		t.Icon, t.Words, t.Number = IconBroken, words.T("glance.screen.broken"), Number{Kind: Since, At: d.Since}
	case is(clockNotSet):
		t.Icon, t.Words = IconUnknown, words.T("glance.screen.no-hours")
	case is(timetableRefused):
		t.Words = words.T("glance.screen.ask-us")
	case is(confirmSite):
		t.Words = words.T("glance.screen.no-place")
	case s.Kiosk.Drawing: // which mends none of what is above
		t.Icon, t.Words = IconWait, words.T("glance.screen.drawing")
	case s.Kiosk.Shown.Name == kiosk.Today && len(s.Kiosk.Shown.Rows) == 0:
		t.Words = words.T("glance.screen.no-rows")
	case s.Kiosk.Shown.Name == "":
		t.Icon, t.Words = IconNone, words.T("glance.screen.nothing")
	}
	return t
}

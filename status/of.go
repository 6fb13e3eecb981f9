package status

import (
	"math"
	"slices"
	"strings"
	"time"

	"infobus/action"
	"infobus/advice"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
	"infobus/wall"
)

// Of is the state as the outside sees it; data is what the box itself used, each
// purpose.
func Of(o van.Options, s van.State, data []Data) View {
	zone := s.Zone()
	// A moment is shown only while its wall time can be told.
	at := func(mono time.Duration) *time.Time {
		wall, ok := s.WallAt(mono)
		if !ok || mono == 0 {
			return nil
		}
		wall = wall.In(zone).Truncate(time.Second)
		return &wall
	}
	age := func(mono time.Duration) *float64 {
		if mono == 0 {
			return nil
		}
		return ptr(math.Round((s.Now.Mono - mono).Seconds()))
	}

	v := View{
		Card:  cardOf(s.Card),
		Clock: clockOf(s),
		Power: Power{
			Source:   s.Power.Source(),
			Holding:  s.Power.Holding,
			Unplug:   s.OKToUnplug(),
			Battery:  Battery{Level: string(s.Power.Level), Quality: s.Power.Battery.Quality.String()},
			Shutdown: Shutdown{Pending: s.Power.Shutdown.Pending, Reason: s.Power.Shutdown.Reason, At: at(s.Power.Shutdown.At)},
		},
		Session: Session{Active: s.Session.Active, Site: s.Session.Named(), Since: at(s.Session.Since), Until: minute(at(s.Session.Until))},
		Uplink:  Uplink{Verdict: string(s.Uplink.Verdict), Since: at(s.Uplink.Since), Words: advice.UplinkText(s.Uplink.Advice()), Data: data},
		Kiosk: Kiosk{Page: string(s.Kiosk.Shown.Name), Languages: s.Kiosk.Shown.Languages, Refreshes: ptr(int(s.Kiosk.Wear.Fulls)),
			Drawing: s.Kiosk.Drawing, NextAt: at(s.Kiosk.NextAt), Waiting: s.Kiosk.Waiting()},
		Sync: Sync{Log: s.Sync.Log, Seq: s.Sync.Seq, Acknowledged: s.Sync.Acknowledged, Waiting: s.Sync.Waiting, Lost: s.Sync.Lost, Trouble: s.Sync.Trouble},
	}
	for _, w := range s.Sources {
		if w.Waiting != "" {
			v.Timetable.Waiting = append(v.Timetable.Waiting, Waiting{Source: w.Name, Digest: w.Waiting, Changes: w.Changes, Public: w.Public, Hidden: w.Hidden})
		}
	}
	for _, e := range s.Outlook.RunOut {
		v.Timetable.RunOut = append(v.Timetable.RunOut, RunOut{Day: e.Day.String(), Hours: e.N, Of: e.All})
	}
	if s.Timetable != nil && s.Clock.Trusted {
		v.Timetable.Due = ptr(len(s.Outlook.Due))
	}
	j := advice.Judge(o, s)
	for _, a := range j.Rows {
		v.Advice = append(v.Advice, Advice{Code: a.Code, Act: string(a.Act), Touch: string(a.Touch), Severity: string(a.Severity),
			About: string(a.About), Until: at(a.Until), Words: a.Text})
	}
	// A wall time is off by what the clock was set right meanwhile; what is left is not.
	left := func(mono time.Duration) *float64 {
		if mono == 0 {
			return nil
		}
		return ptr(max(0, math.Ceil((mono - s.Now.Mono).Seconds())))
	}
	v.First = First{Code: j.First.Code, Level: string(j.Level), Act: string(j.First.Act), Touch: string(j.First.Touch),
		Until: at(j.Deadline), InS: left(j.Deadline), Words: j.First.Text, After: j.First.Then}
	for _, t := range j.Tiles {
		v.Tiles = append(v.Tiles, Glance{Tile: string(t.About), Level: string(t.Level), Icon: string(t.Icon), Words: t.Words,
			Number: numberOf(t.Number, at, left, age)})
		if n := &v.Tiles[len(v.Tiles)-1].Number; t.Number.Kind == advice.Until && t.Number.At == s.Session.Until {
			n.At = minute(n.At)
		}
	}
	v.Power.Unplug = v.Power.Unplug && j.May(advice.Unplug)
	v.Quiet, v.Name, v.Visitors = s.Quiet, o.Name, s.Visitors(o)
	for _, n := range s.Notes {
		v.Notes = append(v.Notes, Note{Code: n.Key, Words: n})
	}
	if s.Session.Active && !s.Session.Confirmed {
		v.Session.Planned = s.Session.Site
	}
	if s.Timetable != nil {
		for _, site := range s.Timetable.Sites {
			v.Session.Sites = append(v.Session.Sites, Site{ID: site.ID, Name: site.Name})
		}
	}
	for i, g := range s.Power.Generators {
		state := "unknown"
		if running, ok := g.Running.Get(); ok && running {
			state = "running"
		} else if ok && !s.Power.Contradicted {
			state = "stopped"
		}
		v.Power.Generators = append(v.Power.Generators, Generator{Name: power.GeneratorID(i).String(), State: state, Since: at(g.Since),
			Starts: ptr(g.Starts), RunHours: ptr(round(g.RunTime(s.Now.Mono).Hours(), 2)),
			Speed: string(g.Speed), ServiceInH: ptr(round(g.ServiceIn(o.Power, s.Now.Mono).Hours(), 1)),
			LongestH: ptr(round(g.LongestRun(s.Now.Mono).Hours(), 1))})
		if hz, ok := g.Hz.Get(); ok {
			v.Power.Generators[i].Hz = ptr(round(hz, 1))
		}
	}
	if b := s.Power.Battery; b.Quality != reading.Unknown {
		v.Power.Battery.Volts, v.Power.Battery.Amps = ptr(round(b.Value.Volts, 2)), ptr(round(b.Value.Amps, 2))
		v.Power.Battery.AgeS = age(b.At)
	}
	if percent, ok := s.Power.Percent.Get(); ok {
		v.Power.Battery.Percent = ptr(math.Floor(percent)) // as the tile says it
	}
	v.Power.Battery.learnt(o, s)
	v.Power.Battery.Confidence = string(s.Power.Confidence)
	if s.Power.Confidence != power.None {
		v.Power.Battery.PercentLow, v.Power.Battery.PercentHigh = ptr(math.Floor(s.Power.Bounds[0])), ptr(math.Ceil(s.Power.Bounds[1]))
	}
	v.Power.Sockets, v.Power.Monoxide = wired(o.Power.Sockets, s.Power.Sockets, "on", "off"), wired(o.Power.Monoxide, s.Power.Monoxide, "alarm", "quiet")
	switch sample, fresh := s.Power.Battery.Get(); {
	case s.Power.ChargedOtherwise(o.Power):
		v.Power.ChargedBy = "other"
	case fresh && sample.Amps > 0 && s.Power.Source() == power.SourceGenerator:
		v.Power.ChargedBy = "generator"
	}
	for _, f := range s.PowerFindings(o) {
		found := PowerFinding{Code: string(f.Code), Since: at(f.Since), Until: at(f.Until)}
		if f.Generator != power.NoGenerator {
			found.Generator = ptr(f.Generator.Number())
		}
		v.Power.Findings = append(v.Power.Findings, found)
	}
	switch left, full, ok := s.Power.TimeLeft(o.Power); {
	case ok && full && j.May(advice.FullIn):
		v.Power.Battery.TimeToFullS = ptr(math.Round(left.Seconds()))
	case ok && !full && j.May(advice.Lasts):
		v.Power.Battery.TimeToEmptyS = ptr(math.Round(left.Seconds()))
		if least, most, ok := s.Power.Lasts(o.Power); ok {
			v.Power.Battery.LastsS, v.Power.Battery.LastsMostS = ptr(math.Floor(least.Seconds())), ptr(math.Ceil(most.Seconds()))
		}
	}
	if p := s.Power.Shutdown; p.Pending {
		v.Power.Shutdown.InS = ptr(max(0, math.Ceil((p.At - s.Now.Mono).Seconds())))
	}
	if p := s.GatewayPower; p.Fitted {
		v.Uplink.Supply = Supply{State: "on", Since: at(p.Since), OffAt: at(p.At)}
		if p.Cut != netmon.Powered {
			v.Uplink.Supply.State, v.Uplink.Supply.Reason = "off", string(p.Cut)
		}
	}
	v.Uplink.Flapping, v.Uplink.Phones = s.Uplink.Flapping, string(s.Uplink.Phones())
	if _, said := s.Uplink.Phone.Get(); said {
		v.Uplink.PhonesAgeS = age(s.Uplink.Phone.At)
	}
	v.Uplink.Port.Losses = s.Uplink.Losses(o.Uplink, s.Now.Mono)
	if link, known := s.Uplink.Link.Get(); known {
		v.Uplink.Port.Duplex, v.Uplink.Port.Gateway = link.Duplex, string(link.Neighbour)
		if link.Speed != 0 {
			v.Uplink.Port.Speed = ptr(link.Speed)
		}
	}
	if p, fresh := s.Uplink.Probe.Get(); fresh {
		v.Uplink.LatencyMS, v.Uplink.Loss = p.Took(), ptr(round(p.Loss, 3))
	}
	for _, r := range s.Uplink.Ladder {
		v.Uplink.Ladder = append(v.Uplink.Ladder, Rung{Rung: string(r.Name), Finding: r.Finding.String(), AgeS: age(r.At)})
	}
	v.Actions = offered(o, s, action.Args{}, action.All)
	if p, since := s.Uplink.AccessPoints(); p.Known {
		v.Uplink.Points = &Points{p.Alive, p.Dark, at(since)}
	}
	if r, fresh := s.Uplink.Radio.Get(); fresh {
		level := func(n int) *int {
			if n == 0 {
				return nil
			}
			return ptr(n)
		}
		v.Uplink.Radio = &Radio{r.Provider, r.ConnectionType, r.Status, level(r.SignalBars), level(r.RSRP), level(r.RSRQ), age(s.Uplink.Radio.At)}
	}
	if p := s.Uplink.AsPhone; p.Fitted {
		v.Uplink.AsPhone = &AsPhone{string(p.Found), at(p.Since), at(p.Leased), milliseconds(p.Took), milliseconds(p.Page)}
	}
	v.Uplink.Cellular = cellular(o, s, age(s.Uplink.Cellular.At), zone)
	if c, fresh := s.Uplink.Cellular.Get(); fresh {
		if j := c.Joining; j.Known {
			v.Uplink.Joining = &Joining{j.Joined, j.Association, j.Authentication, j.DHCP, j.DNS}
		}
	}
	if c, fresh := s.Uplink.Cellular.Get(); fresh && c.Devices >= 0 {
		v.Uplink.DevicesConnected = ptr(c.Devices)
	}
	if k := s.Kiosk; k.Shown.Name != "" {
		v.Kiosk.Part, v.Kiosk.Parts, v.Kiosk.Rows = ptr(k.Shown.Part), ptr(k.Shown.Parts), ptr(len(k.Shown.Rows))
		if !k.Shown.Drawn.IsZero() {
			v.Kiosk.DrawnAt = ptr(k.Shown.Drawn)
		}
	}
	if n := s.Kiosk.Next; n.Name != "" {
		v.Kiosk.Next = &KioskPage{Page: string(n.Name), Languages: strings.Split(n.Languages, "+"), Part: n.Part}
	}
	if s.Now.Mono < s.Kiosk.Held {
		v.Kiosk.HeldUntil = at(s.Kiosk.Held)
	}
	if _, ok := s.Sync.LastUpload.Get(); ok {
		v.Sync.LastUpload = at(s.Sync.LastUpload.At)
	}
	for _, d := range s.Devices {
		v.Devices = append(v.Devices, Device{Name: d.Name, State: string(d.State), Reason: d.Reason, Why: d.Why, Since: at(d.Since)})
	}
	if s.Quiet { // a page that is open in a hand names no place and no hour of the services
		v.Session.Site, v.Session.Planned, v.Session.Sites, v.Session.Since, v.Session.Until = "", "", nil, nil, nil
		v.Kiosk.Next = nil
		for i := range v.Tiles {
			if t := &v.Tiles[i]; t.Tile == string(advice.Session) {
				t.Number = Number{}
			}
		}
	}
	return v
}

// milliseconds is d, 1 at least; nil where it is not known.
func milliseconds(d time.Duration) *int64 {
	if d <= 0 {
		return nil
	}
	return ptr(max(1, d.Milliseconds()))
}

// numberOf is a tile's number as the outside sees it; at, left and age are a monotonic
// moment as a wall time, as seconds to come and as seconds that have passed.
func numberOf(n advice.Number, at func(time.Duration) *time.Time, left, age func(time.Duration) *float64) Number {
	v := Number{Kind: string(n.Kind)}
	switch n.Kind {
	case advice.Percent, advice.AtLeast:
		v.Value = ptr(math.Floor(n.Value)) // safe to act on
	case advice.Count:
		v.Value = ptr(n.Value)
	case advice.Until:
		v.At, v.InS = at(n.At), left(n.At)
	case advice.Since:
		v.At, v.AgeS = at(n.At), age(n.At)
	case advice.Drawn:
		v.At = ptr(n.Wall)
	}
	return v
}

// wired is the word for a line that may be fitted.
func wired(fitted bool, line reading.Reading[bool], yes, no string) string {
	active, known := line.Get()
	switch {
	case !fitted:
		return ""
	case !known:
		return "unknown"
	case active:
		return yes
	}
	return no
}

// clockOf is whether the wall clock is believed, and what by.
func clockOf(s van.State) Clock {
	c := Clock{Trusted: s.Clock.Trusted, Source: string(s.Clock.Source), Boot: s.Now.Boot}
	if s.Timetable != nil {
		c.Zone = s.Zone().String()
	}
	moment := func(t time.Time) *time.Time { return ptr(t.In(s.Zone()).Truncate(time.Second)) }
	if now, ok := s.WallAt(s.Now.Mono); ok {
		c.Now, c.Exact = ptr(now.In(s.Zone()).Truncate(time.Minute)), ptr(now.In(s.Zone()))
		if last := s.Clock.Memory.Network; s.Clock.Source.Served() {
			c.NetworkAt = c.Now
		} else if !last.IsZero() {
			c.NetworkAt = moment(last)
		}
	}
	if s.Clock.Within > 0 {
		c.WithinS = ptr(math.Ceil(s.Clock.Within.Seconds()))
	}
	if s.Clock.Fitted {
		if c.Chip = string(s.Clock.Doubt); s.Clock.Doubt == wall.NoDoubt {
			c.Chip = "ok"
		}
	}
	if d := s.Clock.Differed; d != 0 {
		c.DiffersS = ptr(math.Round(d.Seconds()))
	}
	return c
}

// cellular is the gateway's radio and its SIM cards, of which the cloud told age
// seconds ago; nil where neither is known.
func cellular(o van.Options, s van.State, age *float64, zone *time.Location) *Cellular {
	present, trusted := s.WallAt(s.Now.Mono)
	if !trusted {
		present = time.Time{}
	}
	moment := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return ptr(t.In(zone).Truncate(time.Second))
	}
	cards := s.Uplink.Cards(o.Uplink, present)
	known := s.Uplink.Cellular.Quality != reading.Unknown
	if !known && !slices.ContainsFunc(cards, func(c netmon.Card) bool { return c.Used >= 0 }) {
		return nil
	}
	c := s.Uplink.Cellular.Value
	v := &Cellular{Provider: c.Provider, Type: c.ConnectionType, Bars: bars(c), Status: c.Status, Roaming: c.Roaming, AgeS: age}
	if !known {
		v.Status = "unknown"
	}
	if v.Roaming == "" {
		v.Roaming = "unknown"
	}
	if c.RSRP != 0 {
		v.RSRP = ptr(c.RSRP)
	}
	if c.RSRQ != 0 {
		v.RSRQ = ptr(c.RSRQ)
	}
	if known && c.UsageBytes >= 0 {
		v.Usage = ptr(c.UsageBytes)
	}
	for _, card := range cards {
		sim := SIM{Slot: card.Slot, Active: card.Active, Renews: moment(card.Renews)}
		if card.Order > 0 {
			sim.Order = ptr(card.Order)
		}
		if card.Bundle > 0 {
			sim.Bundle = ptr(card.Bundle)
		}
		if card.Used >= 0 {
			sim.Used, sim.AgeS = ptr(card.Used), ptr(math.Round(present.Sub(card.At).Seconds()))
		}
		v.SIMs = append(v.SIMs, sim)
	}
	if f := c.Failover; f.Known {
		v.Failover = ptr(f.On)
		if f.After > 0 {
			v.FailoverS = ptr(f.After.Seconds())
		}
	}
	f := s.Forecast(o)
	v.Enough, v.EnoughUntil, v.Words = string(f.Enough), moment(f.Until), advice.DataText(f, zone)
	if f.Slot != 0 {
		v.TopUp = ptr(f.Slot)
	}
	return v
}

// bars are the signal's, where it was measured.
func bars(c netmon.Cellular) *int {
	if c.RSRP == 0 {
		return nil
	}
	return ptr(c.SignalBars)
}

// minute is t to the nearest minute, as an end is planned: reckoned from the
// monotonic clock it is off by what the wall clock was set right meanwhile.
func minute(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.Round(time.Minute))
}

func ptr[T any](v T) *T { return &v }

func round(v float64, digits int) float64 {
	f := math.Pow10(digits)
	return math.Round(v*f) / f
}

// DaysOf are the last days as the outside sees them, oldest first.
func DaysOf(s van.State) []Day {
	var all []Day
	for _, d := range s.Days.All() {
		day := Day{Date: d.Date, RunHours: round(d.Run.Hours(), 2), Starts: d.Starts, Sessions: d.Sessions,
			KnownMin: math.Round(d.Judged.Minutes()), InternetMin: math.Round(d.Internet.Minutes())}
		if d.Measured > 0 {
			day.InWh, day.OutWh = ptr(round(d.In, 1)), ptr(round(d.Out, 1))
		}
		if d.Devices > 0 {
			day.Devices = ptr(d.Devices)
		}
		all = append(all, day)
	}
	return all
}

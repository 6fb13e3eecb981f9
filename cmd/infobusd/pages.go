package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/power"
	"infobus/reading"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable"
	"infobus/van"
)

func generatorName(i int) string { return fmt.Sprintf("generator-%d", i+1) }

// pages are what the status server is made of.
func (a *appliance) pages(pin string) server.Options {
	o := server.Options{
		PIN: pin,
		Events: func(after uint64, limit int) ([]logbook.Event, error) {
			return book{a.recorder}.After(after, limit)
		},
		Kiosk:     a.screen.picture,
		Languages: languages(),
		Today:     a.today,
		Guide:     a.guide,
		Services:  func() server.ServicesPage { return services(a.loop.State(), time.Now()) },
		Act:       a.act,
		Selftest:  a.selftest,
		Alive:     a.loop.Ping,
		Samples:   a.samples,
		Days:      func() []status.Day { return lastDays(a.loop.State()) },
	}
	if a.parts.world != nil {
		o.Sim, o.Open = a.parts.world.Handler(), true
	}
	return o
}

// publish shows every change of the state, and tells whom it concerns that
// something is due.
func (a *appliance) publish(ctx context.Context, _ func()) error {
	changed, stop := a.loop.Watch()
	defer stop()
	var (
		usable bool
		every  time.Duration
		via    string
	)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
		s := a.loop.State()
		a.server.Publish(a.view(s))
		if now := s.Uplink.Verdict.Usable(); now != usable {
			usable = now
			token(a.upload)
		}
		if e, g := a.probeEvery(s), s.Uplink.Link.Value.Gateway; e != every || g != via {
			every, via = e, g
			token(a.probe)
		}
	}
}

// view is the state as the outside sees it.
func (a *appliance) view(s van.State) status.View {
	zone := time.UTC
	if s.Timetable != nil {
		zone = s.Timetable.Zone
	}
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

	v := status.View{
		Clock: status.Clock{Trusted: s.Clock.Trusted, Source: s.Clock.Source, Boot: s.Now.Boot},
		Power: status.Power{
			Source:   s.Power.Source(),
			Holding:  s.Power.Holding,
			Unplug:   s.OKToUnplug(),
			Battery:  status.Battery{Level: string(s.Power.Level), Quality: s.Power.Battery.Quality.String()},
			Shutdown: status.Shutdown{Pending: s.Power.Shutdown.Pending, Reason: s.Power.Shutdown.Reason, At: at(s.Power.Shutdown.At)},
		},
		Session: status.Session{Active: s.Session.Active, Site: s.Session.Named(), Since: at(s.Session.Since), Until: minute(at(s.Session.Until))},
		Uplink:  status.Uplink{Verdict: string(s.Uplink.Verdict), Since: at(s.Uplink.Since), Advice: s.Uplink.Advice("en"), Conseil: s.Uplink.Advice("fr")},
		Kiosk: status.Kiosk{Page: string(s.Kiosk.Shown.Name), Languages: s.Kiosk.Shown.Languages, Refreshes: ptr(int(s.Kiosk.Wear.Fulls)),
			Drawing: s.Kiosk.Drawing, NextAt: at(s.Kiosk.NextAt), Waiting: s.Kiosk.Waiting()},
		Sync: status.Sync{Log: s.Sync.Log, Seq: s.Sync.Seq, Acknowledged: s.Sync.Acknowledged, Waiting: s.Sync.Waiting(), Trouble: s.Sync.Trouble},
	}
	if s.Session.Active && !s.Session.Confirmed {
		v.Session.Planned = s.Session.Site
	}
	if s.Timetable != nil {
		for _, site := range s.Timetable.Sites {
			v.Session.Sites = append(v.Session.Sites, status.Site{ID: site.ID, Name: site.Name})
		}
	}
	for i, g := range s.Power.Generators {
		state := "unknown"
		if running, ok := g.Running.Get(); ok && running {
			state = "running"
		} else if ok && !s.Power.Contradicted {
			state = "stopped"
		}
		v.Power.Generators = append(v.Power.Generators, status.Generator{Name: generatorName(i), State: state, Since: at(g.Since),
			Starts: ptr(g.Starts), RunHours: ptr(round(g.RunTime(s.Now.Mono).Hours(), 2)),
			Speed: string(g.Speed), ServiceInH: ptr(round(g.ServiceIn(a.options.Power, s.Now.Mono).Hours(), 1)),
			LongestH: ptr(round(g.LongestRun(s.Now.Mono).Hours(), 1))})
		if hz, ok := g.Hz.Get(); ok {
			v.Power.Generators[i].Hz = ptr(round(hz, 1))
		}
	}
	if b := s.Power.Battery; b.Quality != reading.Unknown {
		v.Power.Battery.Volts, v.Power.Battery.Amps = ptr(round(b.Value.Volts, 2)), ptr(round(b.Value.Amps, 2))
	}
	if percent, ok := s.Power.Percent.Get(); ok {
		v.Power.Battery.Percent = ptr(math.Round(percent))
	}
	v.Power.Battery.Confidence = string(s.Power.Confidence)
	if s.Power.Confidence != power.None {
		v.Power.Battery.PercentLow, v.Power.Battery.PercentHigh = ptr(math.Floor(s.Power.Bounds[0])), ptr(math.Ceil(s.Power.Bounds[1]))
	}
	if left, full, ok := s.Power.Left(a.options.Power); ok && full {
		v.Power.Battery.TimeToFullS = ptr(math.Round(left.Seconds()))
	} else if ok {
		v.Power.Battery.TimeToEmptyS = ptr(math.Round(left.Seconds()))
	}
	if p := s.Power.Shutdown; p.Pending {
		v.Power.Shutdown.InS = ptr(max(0, math.Ceil((p.At - s.Now.Mono).Seconds())))
	}
	if p := s.Supply; p.Fitted {
		v.Uplink.Supply = status.Supply{State: "on", Since: at(p.Since), OffAt: at(p.At)}
		if p.Cut != netmon.Powered {
			v.Uplink.Supply.State, v.Uplink.Supply.Reason, v.Uplink.Supply.Conseil = "off", string(p.Cut), v.Uplink.Conseil
		}
	}
	v.Uplink.Flapping = s.Uplink.Flapping
	v.Uplink.Port.Losses = s.Uplink.Losses(a.options.Uplink, s.Now.Mono)
	if link, known := s.Uplink.Link.Get(); known {
		v.Uplink.Port.Duplex, v.Uplink.Port.Gateway = link.Duplex, string(link.Neighbour)
		if link.Speed != 0 {
			v.Uplink.Port.Speed = ptr(link.Speed)
		}
	}
	if p, fresh := s.Uplink.Probe.Get(); fresh {
		v.Uplink.LatencyMS, v.Uplink.Loss = p.Took(), ptr(round(p.Loss, 3))
	}
	a.client.Book(func(l *netmon.Ledger) {
		spent := l.Spent()
		for _, p := range client.Purposes {
			if n := spent.Bytes[string(p)]; n > 0 {
				v.Uplink.Data = append(v.Uplink.Data, status.Data{Purpose: string(p), Session: spent.Session[string(p)], Month: n})
			}
		}
	})
	for _, r := range s.Uplink.Ladder {
		v.Uplink.Ladder = append(v.Uplink.Ladder, status.Rung{Rung: string(r.Name), Finding: r.Finding.String(), AgeS: age(r.At)})
	}
	v.Uplink.Cellular = a.cellular(s, age(s.Uplink.Cellular.At), zone)
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
		v.Kiosk.Next = &status.KioskPage{Page: string(n.Name), Languages: strings.Split(n.Languages, "+"), Part: n.Part}
	}
	if s.Now.Mono < s.Kiosk.Held {
		v.Kiosk.HeldUntil = at(s.Kiosk.Held)
	}
	if u, ok := s.Sync.LastUpload.Get(); ok && s.Clock.Trusted {
		v.Sync.LastUpload = ptr(u.In(zone).Truncate(time.Second))
	}
	for _, d := range s.Devices {
		v.Devices = append(v.Devices, status.Device{Name: d.Name, State: string(d.State), Reason: d.Reason, Why: d.Why, Since: at(d.Since)})
	}
	return v
}

// cellular is the gateway's radio and its SIM cards, of which the cloud told age
// seconds ago; nil where neither is known.
func (a *appliance) cellular(s van.State, age *float64, zone *time.Location) *status.Cellular {
	wall, trusted := s.WallAt(s.Now.Mono)
	if !trusted {
		wall = time.Time{}
	}
	moment := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return ptr(t.In(zone).Truncate(time.Second))
	}
	cards := s.Uplink.Cards(a.options.Uplink, wall)
	known := s.Uplink.Cellular.Quality != reading.Unknown
	if !known && !slices.ContainsFunc(cards, func(c netmon.Card) bool { return c.Used >= 0 }) {
		return nil
	}
	c := s.Uplink.Cellular.Value
	v := &status.Cellular{Provider: c.Provider, Type: c.ConnectionType, Bars: bars(c), Status: c.Status, Roaming: c.Roaming, AgeS: age}
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
		sim := status.SIM{Slot: card.Slot, Active: card.Active, Renews: moment(card.Renews)}
		if card.Order > 0 {
			sim.Order = ptr(card.Order)
		}
		if card.Bundle > 0 {
			sim.Bundle = ptr(card.Bundle)
		}
		if card.Used >= 0 {
			sim.Used, sim.AgeS = ptr(card.Used), ptr(math.Round(wall.Sub(card.At).Seconds()))
		}
		v.SIMs = append(v.SIMs, sim)
	}
	if f := c.Failover; f.Known {
		v.Failover = ptr(f.On)
		if f.After > 0 {
			v.FailoverS = ptr(f.After.Seconds())
		}
	}
	f := s.Forecast(a.options)
	v.Enough, v.EnoughUntil, v.Advice, v.Conseil = string(f.Enough), moment(f.Until), f.Advice("en", zone), f.Advice("fr", zone)
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

func ptr[T any](v T) *T { return &v }

func round(v float64, digits int) float64 {
	f := math.Pow10(digits)
	return math.Round(v*f) / f
}

// lastDays are the last days as the outside sees them.
func lastDays(s van.State) []status.Day {
	var all []status.Day
	for _, d := range s.Days.All() {
		day := status.Day{Date: d.Date, RunHours: round(d.Run.Hours(), 2), Starts: d.Starts, Sessions: d.Sessions,
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

// languages are those of the visitors' page.
func languages() []status.Language {
	var all []status.Language
	for _, tag := range locales.Tags() {
		l := locales.Get(tag)
		dir := "ltr"
		if l.RTL {
			dir = "rtl"
		}
		all = append(all, status.Language{Tag: l.Tag, Name: l.Name, Dir: dir})
	}
	return all
}

// todayAtMost is how many rows the visitors' page is made of.
const todayAtMost = 1000

// today is the visitors' page: the rows of the screen, all of them, in one
// language. Without a clock or a timetable it says so, and shows no day.
func today(s van.State, tag string, now time.Time) status.TodayPage {
	l := locales.Get(tag)
	p := status.TodayPage{Opens: l.Word(locales.Opens), Closes: l.Word(locales.Closes), More: l.Word(locales.More),
		Choose: l.Word(locales.Language), Guide: l.Word(locales.Guide)}
	if s.Timetable == nil {
		p.Empty = l.Word(locales.SettingUp)
		return p
	}
	if site, ok := s.Timetable.Site(s.Session.Named()); ok {
		p.Site = site.Name
	}
	if !s.Clock.Trusted {
		p.Empty = l.Word(locales.ClockNotSet)
		return p
	}
	set := kiosk.Set{l.Tag}
	o := kiosk.Options{Sets: []kiosk.Set{set}, Capacity: map[string]int{set.String(): todayAtMost}}
	pages := o.Pages(kiosk.Today, kiosk.Input{Timetable: s.Timetable, Site: s.Session.Named(), Now: now})
	if len(pages) == 0 {
		p.Empty = l.Word(locales.AskUs)
		return p
	}
	page := pages[0]
	// Of a volunteer's word it is not said who checked the timetable before.
	said := func(r timetable.Row) bool {
		return slices.ContainsFunc(s.Corrections, func(c timetable.Correction) bool { return c.Service == r.Service.ID && c.Date == r.Day.String() })
	}
	p.Title, p.Drawn, p.Empty = l.Date(page.Date), l.DrawnAt(page.Drawn), l.Word(locales.Nothing)
	for _, r := range page.Rows {
		row := status.TodayRow{Name: l.ServiceName(r.Service), Place: r.Service.Place.Name, Map: r.Service.Place.Map}
		switch r.State {
		case timetable.AskUs:
			row.State = l.Word(locales.AskUs)
		case timetable.Cancelled:
			row.State, row.Struck = l.Word(locales.Cancelled), true
		}
		if r.State != timetable.AskUs {
			row.Opens, row.Closes = r.Opens.Format("15:04"), r.Closes.Format("15:04")
			row.OpensLocal, _ = l.LocalHour(r.Opens)
			row.ClosesLocal, _ = l.LocalHour(r.Closes)
		}
		if c := r.Service.Checked; r.State != timetable.Cancelled && !said(r) && r.Service.By != "" && !c.IsZero() && !c.After(now) {
			row.Note = l.CheckedBy(c.In(s.Timetable.Zone), r.Service.By)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// guide is the file of the guide in a language, or the team's own for "".
func (a *appliance) guide(tag string) (path string, ok bool) {
	path = a.config.Status.Guide
	if path == "" {
		return "", false
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		name := "guide.pdf"
		if tag != "" {
			name = "guide-" + tag + ".pdf"
		}
		path = filepath.Join(path, name)
		info, err = os.Stat(path)
	} else if tag != "" {
		return "", false
	}
	return path, err == nil && info.Mode().IsRegular()
}

// today is the visitors' page, with the guide beside it: in the page's language
// where there is one, else the team's own.
func (a *appliance) today(tag string) status.TodayPage {
	p := today(a.loop.State(), tag, time.Now())
	if _, ok := a.guide(tag); ok {
		p.GuideURL = "/guide/" + tag + ".pdf"
	} else if _, ok := a.guide(""); ok {
		p.GuideURL = "/guide.pdf"
	}
	return p
}

// series holds the battery's last hours in memory: one point a minute.
type series struct {
	mu   sync.Mutex // guards list
	list []point
}

type point struct {
	at    time.Duration // monotonic
	value power.Sample
}

// seriesLength is how many minutes are kept.
const seriesLength = 6 * 60

func (s *series) add(v power.Sample, at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.list); n > 0 && at-s.list[n-1].at < time.Minute {
		return
	}
	if len(s.list) == seriesLength {
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list = append(s.list, point{at, v})
}

// samples are those of battery.volts or battery.amps, oldest first; none while
// nobody can tell when they were taken.
func (a *appliance) samples(name string) ([]status.Sample, bool) {
	value := map[string]func(power.Sample) float64{
		"battery.volts": func(v power.Sample) float64 { return v.Volts },
		"battery.amps":  func(v power.Sample) float64 { return v.Amps },
	}[name]
	if value == nil {
		return nil, false
	}
	state := a.loop.State()
	a.series.mu.Lock()
	defer a.series.mu.Unlock()
	list := []status.Sample{}
	for _, p := range a.series.list {
		if wall, ok := state.WallAt(p.at); ok {
			list = append(list, status.Sample{At: wall.UTC(), Value: ptr(value(p.value))})
		}
	}
	return list, true
}

// minute is t to the nearest minute, as an end is planned: reckoned from the
// monotonic clock it is off by what the wall clock was set right meanwhile.
func minute(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.Round(time.Minute))
}

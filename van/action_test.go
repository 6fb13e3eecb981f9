package van_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/action"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/session"
	"infobus/timetable"
	"infobus/van"
	"infobus/wall"
)

func ask(name action.Name) action.Asked { return action.Asked{Name: name} }

// answered is what the step said of an action, of which it says one thing.
func answered(t interface{ Fatalf(string, ...any) }, b *box) action.Refusal {
	var all []action.Refusal
	for _, e := range b.effects {
		if a, ok := e.(van.Answer); ok {
			all = append(all, a.Refusal)
		}
	}
	if len(all) != 1 {
		t.Fatalf("an action was answered with %q", all)
	}
	return all[0]
}

// online has the internet usable.
func online(at time.Duration) []any {
	return []any{netmon.Link{Present: true, Carrier: true, Address: "192.0.2.2/24", Gateway: "192.0.2.1"},
		netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed, Latency: time.Millisecond}.Evidence()}
}

// Each refusal of the step has a state in which it is said, and the step says what
// May says.
func TestAnActionIsRefusedWithItsReason(t *testing.T) {
	stopped := func(at time.Duration) any { return power.Line{At: at} }
	at := func(service string, name action.Name, days int, hours ...timetable.Hours) action.Asked {
		a := said(service, name, hours...)
		a.Day += timetable.Date(days)
		return a
	}
	site := func(id string) action.Asked {
		return action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: id}}
	}
	serviced := func(n int) action.Asked { return action.Asked{Name: action.Serviced, Args: action.Args{Generator: n}} }
	noon := timetable.Hours{Opens: 12 * 60, Closes: 13 * 60}
	is := opened(t).state
	end, _ := is.WallAt(is.Session.Until)
	longer := func(after time.Duration) action.Asked { // by who has seen that end
		return action.Asked{Name: action.Longer, Args: action.Args{Until: end.Add(after)}}
	}

	publish := func(source, digest string) action.Asked {
		return action.Asked{Name: action.PublishTimetable, Args: action.Args{Source: source, Digest: digest}}
	}
	back := func(source, digest string) action.Asked {
		return action.Asked{Name: action.TakeBackTimetable, Args: action.Args{Source: source, Digest: digest}}
	}
	confirm := func(digest, service string) action.Asked {
		return action.Asked{Name: action.ConfirmHours, Args: action.Args{Digest: digest, Service: service}}
	}
	waits := func(o *open) {
		o.do(van.SourceSeen{Source: van.Source{Name: "phone", Waiting: "abc"}}, van.SourceSeen{Source: van.Source{Name: "stick", Published: "xyz"}})
	}
	late := func(o *open) { o.do(van.TimetableSeen{Timetable: unchecked(t)}) }

	found := map[action.Refusal]bool{}
	for _, c := range []struct {
		what  string
		alter func(o *open)
		asked action.Asked
		want  action.Refusal
	}{
		{"the logs, where nobody takes them", func(o *open) { o.options.NoReceiver, o.state.Uplink.Verdict = true, netmon.OK }, ask(action.Sync), action.NoReceiver},
		{"the logs, without internet", nil, ask(action.Sync), action.NoInternet},
		{"the logs", func(o *open) { o.state.Uplink.Verdict = netmon.Slow }, ask(action.Sync), action.Taken},
		{"the logs, on a low battery that is held on to", func(o *open) { o.state.Uplink.Verdict, o.state.Power.Holding = netmon.OK, true }, ask(action.Sync), action.BatteryLow},
		{"against a power-off that nobody announced", nil, ask(action.CancelShutdown), action.NothingAnnounced},
		{"against one that is announced", func(o *open) { o.do(stopped(o.at), ask(action.PowerOff)) }, ask(action.CancelShutdown), action.Taken},
		{"against one that is under way", func(o *open) {
			o.do(stopped(o.at), ask(action.PowerOff))
			o.pass(time.Minute)
		}, ask(action.CancelShutdown), action.GoingOff},
		{"off, while a generator runs", nil, ask(action.PowerOff), action.GeneratorsRun},
		{"off, while nobody knows", func(o *open) { o.do(power.LinesLost{}) }, ask(action.PowerOff), action.GeneratorsRun},
		{"off", func(o *open) { o.do(stopped(o.at)) }, ask(action.PowerOff), action.Taken},
		{"off, once more", func(o *open) { o.do(stopped(o.at), ask(action.PowerOff)) }, ask(action.PowerOff), action.AlreadyAnnounced},
		{"everything, on a full battery", nil, ask(action.CarryOn), action.NothingHeldBack},
		{"everything, on a low battery that is held on to", func(o *open) { o.do(stopped(o.at)); o.state.Power.Holding = true }, ask(action.CarryOn), action.Taken},
		{"everything, before the Cisco box is cut", func(o *open) {
			o.options.Uplink.Relay = true
			o.do(stopped(o.at), ask(action.EndSession), power.LowLine{Active: true, At: o.at})
		}, ask(action.CarryOn), action.Taken},
		{"everything, where it is cut", func(o *open) { o.state.GatewayPower.Cut = netmon.Saving }, ask(action.CarryOn), action.Taken},
		{"everything, where nothing can be cut", func(o *open) {
			o.do(stopped(o.at), ask(action.EndSession), power.LowLine{Active: true, At: o.at})
		}, ask(action.CarryOn), action.NothingHeldBack},
		{"a generator", nil, serviced(1), action.Taken},
		{"one that there is not", nil, serviced(3), action.NoGenerator},
		{"no generator", nil, serviced(0), action.Incomplete},
		{"the screen", nil, ask(action.RefreshScreen), action.Taken},
		{"no screen", func(o *open) { o.state.Devices = nil }, ask(action.RefreshScreen), action.NoScreen},
		{"a screen that failed", func(o *open) { o.do(van.DeviceSeen{Name: van.Panel, Reason: "timeout"}) }, ask(action.ShowToday), action.ScreenFailed},
		{"a screen that shows its last page", func(o *open) {
			o.do(stopped(o.at), ask(action.PowerOff))
			o.pass(time.Minute)
		}, ask(action.RefreshScreen), action.GoingOff},
		{"a page that the team has", func(o *open) { o.do(kiosk.Press{}) }, ask(action.ShowToday), action.Taken},
		{"a page that it has not", func(o *open) { o.options.Kiosk.Sets = nil }, ask(action.ShowHelp), action.NoPage},
		{"today, without a clock", func(o *open) { o.do(van.ClockSeen{}) }, ask(action.ShowToday), action.NoClock},
		{"today, without a timetable", func(o *open) { o.state.Timetable = nil }, ask(action.ShowToday), action.NoTimetable},
		{"today, which is empty unless the site is known", func(o *open) {
			tt := *table(t)
			tt.Digest = "sites alone"
			tt.Services = slices.DeleteFunc(tt.Services, func(s timetable.Service) bool { return len(s.Sites) == 0 })
			o.do(van.TimetableSeen{Timetable: &tt})
		}, ask(action.ShowToday), action.SiteNotSaid},
		{"quiet", nil, ask(action.Quiet), action.Taken},
		{"quiet, a second time", func(o *open) { o.do(ask(action.Quiet)) }, ask(action.Quiet), action.IsQuiet},
		{"a page while it is quiet", func(o *open) { o.do(ask(action.Quiet)) }, ask(action.ShowToday), action.IsQuiet},
		{"the same page anew while it is quiet", func(o *open) { o.do(ask(action.Quiet)) }, ask(action.RefreshScreen), action.IsQuiet},
		{"the end of quiet", func(o *open) { o.do(ask(action.Quiet)) }, ask(action.QuietOff), action.Taken},
		{"the end of no quiet", nil, ask(action.QuietOff), action.NotQuiet},
		{"longer", nil, ask(action.Longer), action.Taken},
		{"longer, of the end that was seen", nil, longer(0), action.Taken},
		{"longer, of an end that was moved since, as by the same tap", func(o *open) { o.do(longer(0)) }, longer(0), action.EndMoved},
		{"longer once more, by who has seen that", func(o *open) { o.do(longer(0)) }, longer(session.LongerBy), action.Taken},
		{"longer, where no clock tells an end", func(o *open) { o.do(longer(0), van.ClockSeen{}) }, longer(0), action.Taken},
		{"longer than no session", func(o *open) { o.do(ask(action.EndSession)) }, ask(action.Longer), action.NoSession},
		{"a session that the box does not see", func(o *open) { o.do(ask(action.EndSession)) }, ask(action.SessionOn), action.Taken},
		{"a second session", nil, ask(action.SessionOn), action.SessionOnAlready},
		{"the end of none", func(o *open) { o.do(ask(action.EndSession)) }, ask(action.EndSession), action.NoSession},
		{"a site", nil, site("quai"), action.Taken},
		{"any site", nil, site(""), action.Incomplete},
		{"one that there is not", nil, site("gone"), action.NoSite},
		{"a site without a timetable", func(o *open) { o.state.Timetable = nil }, site("quai"), action.NoTimetable},
		{"a site without a session", func(o *open) { o.do(ask(action.EndSession)) }, site("quai"), action.NoSession},
		{"a service", nil, at("water", action.TimetableCancel, 0), action.Taken},
		{"today, unsaid", nil, action.Asked{Name: action.TimetableCancel, Args: action.Args{Service: "water"}}, action.Taken},
		{"any service", nil, ask(action.TimetableConfirm), action.Incomplete},
		{"one that there is not", nil, at("gone", action.TimetableConfirm, 0), action.NoService},
		{"a service without a timetable", func(o *open) { o.state.Timetable = nil }, at("water", action.TimetableConfirm, 0), action.NoTimetable},
		{"a service without a clock", func(o *open) { o.do(van.ClockSeen{}) }, at("water", action.TimetableConfirm, 0), action.NoClock},
		{"back, what nobody said", nil, at("water", action.TimetableUndo, 0), action.NothingSaid},
		{"back, what was said", func(o *open) { o.do(at("water", action.TimetableCancel, 0)) }, at("water", action.TimetableUndo, 0), action.Taken},
		{"tomorrow", nil, at("water", action.TimetableHours, 1, noon), action.DayToCome},
		{"yesterday", nil, at("water", action.TimetableHours, -1, noon), action.DayOver},
		{"a service that does not open", nil, at("breakfast", action.TimetableCancel, 0), action.NothingThatDay},
		{"hours", nil, at("water", action.TimetableHours, 0, noon), action.Taken},
		{"no hours", nil, at("water", action.TimetableHours, 0), action.Incomplete},
		{"hours that overlap", nil, at("water", action.TimetableHours, 0, noon, noon), action.HoursWrong},
		{"one correction too many", func(o *open) {
			for i := range 500 {
				o.state.Corrections = append(o.state.Corrections, timetable.Correction{Service: fmt.Sprint(i), Date: "2026-11-23", Kind: timetable.SaidRight})
			}
		}, at("water", action.TimetableCancel, 0), action.TooMany},
		{"hours that the file does not say", func(o *open) {
			tt := *o.state.Timetable
			tt.Services = slices.Clone(tt.Services)
			for i := range tt.Services {
				tt.Services[i].Slots = slices.Clone(tt.Services[i].Slots)
				for j := range tt.Services[i].Slots {
					tt.Services[i].Slots[j].NoHours = true
				}
			}
			o.state.Timetable = &tt
		}, at("water", action.TimetableConfirm, 0), action.HoursNotGiven},
		{"what charges, where nothing does", nil, ask(action.Otherwise), action.NotContradicted},
		{"what charges while no generator runs", func(o *open) { charged(o.box, &o.at) }, ask(action.Otherwise), action.Taken},
		{"full, and no charger holds the battery", nil, ask(action.BatteryFull), action.NotHeld},
		{"full, while a charger holds it", func(o *open) { held(o.box, o.at) }, ask(action.BatteryFull), action.Taken},
		{"a phone, while the internet works", nil, ask(action.PhoneOpens), action.NotAsked},
		{"a phone, while the cable is out", func(o *open) { o.do(netmon.Link{Present: true}) }, ask(action.PhoneOpens), action.Taken},
		{"no phone, while the cable is out", func(o *open) { o.do(netmon.Link{Present: true}) }, ask(action.PhoneFails), action.Taken},
		{"a clock that the internet keeps", nil, phone(9*time.Hour, false), action.ClockKept},
		{"the clock", noClock, phone(9*time.Hour, false), action.Taken},
		{"the clock, to nothing", noClock, ask(action.SetClock), action.Incomplete},
		{"the clock, before there was a program", noClock, phone(-365*24*time.Hour, true), action.ClockImpossible},
		{"the clock, years ahead", noClock, phone(4*365*24*time.Hour, false), action.ClockFar},
		{"the clock, years ahead, for sure", noClock, phone(4*365*24*time.Hour, true), action.Taken},
		{"the clock, before a file's date", func(o *open) { noClock(o); o.do(van.Dated{At: monday.Add(12 * time.Hour)}) }, phone(9*time.Hour, false), action.ClockEarly},
		{"the clock, by a second phone", func(o *open) { noClock(o); o.do(van.ClockSeen{Trusted: true, Source: wall.Volunteer}) }, phone(9*time.Hour, false), action.ClockDiffers},
		{"the clock, by a phone in another zone", noClock, func() action.Asked {
			a := phone(9*time.Hour, false)
			a.Zone = new(9 * time.Hour)
			return a
		}(), action.ClockZone},
		{"a timetable, where none waits", nil, publish("phone", "abc"), action.NothingWaits},
		{"the one that waits", waits, publish("phone", "abc"), action.Taken},
		{"a version before it", waits, publish("phone", "old"), action.AnotherWaits},
		{"that of another source", waits, publish("stick", "abc"), action.NothingWaits},
		{"any that waits", waits, ask(action.PublishTimetable), action.Incomplete},
		{"back, where none was published", nil, back("stick", "xyz"), action.NothingPublished},
		{"back, the one that was published", waits, back("stick", "xyz"), action.Taken},
		{"back, another", waits, back("stick", "abc"), action.AnotherPublished},
		{"back, the upload that waits", waits, back("phone", "abc"), action.Taken},
		{"back, any", waits, back("", ""), action.Incomplete},
		{"hours, of which none runs out", func(o *open) {
			tt := unchecked(t)
			tt.Services = nil
			o.do(van.TimetableSeen{Timetable: tt})
		}, confirm("late", ""), action.NothingRunsOut},
		{"the hours that run out", late, confirm("late", ""), action.Taken},
		{"those of one service", late, confirm("late", "water"), action.Taken},
		{"those of none that there is", late, confirm("late", "gone"), action.NoService},
		{"those of a timetable that has changed", late, confirm("early", ""), action.AnotherTimetable},
		{"those of any", late, ask(action.ConfirmHours), action.Incomplete},
		{"hours without a timetable", func(o *open) { o.state.Timetable = nil }, confirm("late", ""), action.NoTimetable},
		{"hours without a clock", func(o *open) { late(o); o.do(van.ClockSeen{}) }, confirm("late", ""), action.NoClock},
		{"something made up", nil, ask("honk"), action.UnknownAction},
	} {
		o := opened(t)
		if c.alter != nil {
			c.alter(o)
		}
		got := o.state.May(o.options, c.asked)
		if got != c.want {
			t.Errorf("%s: May says %q, want %q", c.what, got, c.want)
		}
		found[got] = true
		if o.see(o.at, c.asked); answered(t, o.box) != c.want {
			t.Errorf("%s: the step says %q, want %q", c.what, answered(t, o.box), c.want)
		}
	}
	door := []action.Refusal{action.NeedsPIN, action.NeedsSocket, action.BadBody, action.BadArgument, action.NotKept, action.NoAnswer}
	for _, r := range action.Refusals {
		if !found[r] && !slices.Contains(door, r) {
			t.Errorf("the step never says %s", r)
		}
	}
	for _, r := range action.All {
		if (van.State{}).May(van.DefaultOptions(), ask(r.Name)) == action.UnknownAction {
			t.Errorf("van does not know %s", r.Name)
		}
	}
}

// charged has something charge the battery for two minutes while every generator
// stands still.
func charged(b *box, at *time.Duration) {
	for range 12 {
		*at += 10 * time.Second
		for i := range b.state.Power.Generators {
			b.see(*at, power.Line{Generator: power.GeneratorID(i), At: *at})
		}
		b.see(*at, power.Sample{Volts: 13.5, Amps: 5})
	}
}

// noClock is a box that had the network's time before a power cut.
func noClock(o *open) {
	o.options.Built = monday.AddDate(0, -1, 0)
	o.do(van.ClockSeen{Trusted: true, Source: wall.Network}, van.ClockSeen{})
}

// phone is a volunteer's phone that says so much after nine on Monday.
func phone(after time.Duration, sure bool) action.Asked {
	return action.Asked{Name: action.SetClock, Args: action.Args{Time: monday.Add(after), Sure: sure}}
}

// unchecked is the timetable without a check of any service.
func unchecked(t *testing.T) *timetable.Timetable {
	tt := *table(t)
	tt.Digest = "late"
	tt.Services = slices.Clone(tt.Services)
	for i := range tt.Services {
		s := &tt.Services[i]
		s.Checked, s.Slots = time.Time{}, slices.Clone(s.Slots)
		for j := range s.Slots {
			s.Slots[j].Checked = time.Time{}
		}
	}
	return &tt
}

// Whatever the state: what the step takes has come about when it says so, and what
// it refuses changes nothing but that time has passed.
func TestWhatIsTakenIsDoneAndWhatIsRefusedIsNot(t *testing.T) {
	tt, late := table(t), unchecked(t)
	rows := slices.Clone(action.All)
	for _, often := range []action.Name{action.PowerOff, action.CancelShutdown, action.CancelShutdown, action.CancelShutdown} {
		row, _ := action.All.Find(string(often))
		rows = append(rows, row)
	}
	taken, refused := map[action.Name]int{}, map[action.Name]int{}
	one := func(t *rapid.T) {
		o := van.DefaultOptions()
		o.Power.Generators, o.Uplink.Relay = 1, true
		b := &box{options: o, boot: "one", state: van.New(o, van.Panel, van.Relay)}
		at := time.Second
		b.see(at, van.Started{}, netmon.RelaySwitched{On: true}, van.DeviceSeen{Name: van.Panel, OK: true}, van.TimetableSeen{Timetable: tt})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at += time.Duration(rapid.SampledFrom([]int{1, 1000, 3000, 60_000, 400_000}).Draw(t, "ms")) * time.Millisecond
			flag := rapid.Bool().Draw(t, "flag")
			values := append([]any{power.Line{Active: flag, At: at}, power.Line{Active: flag, At: at}, power.Sample{Volts: 11.5, Amps: -1}, power.Sample{Volts: 11, Amps: -3},
				power.Sample{Volts: 13.5, Amps: 5}, power.LinesLost{}, power.LowLine{Active: flag, At: at}, van.ClockSeen{Trusted: true, Source: "timesyncd"},
				van.DeviceSeen{Name: van.Panel, OK: flag}, van.TimetableSeen{Timetable: tt}, van.TimetableSeen{Timetable: late},
				van.SourceSeen{Source: van.Source{Name: "phone", Waiting: "late", Published: "late"}}}, online(at)...)
			b.see(at, rapid.SampledFrom(values).Draw(t, "value"))
			if d, ok := effect[kiosk.Draw](b); ok && flag {
				b.see(at, kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: time.Second})
			}

			row := rapid.SampledFrom(rows).Draw(t, "row")
			asked := action.Asked{Name: row.Name, Args: action.Args{Generator: rapid.IntRange(1, 2).Draw(t, "generator"),
				Site:    rapid.SampledFrom([]string{"quai", "moulin", "gone"}).Draw(t, "site"),
				Service: rapid.SampledFrom([]string{"water", "breakfast", "gone"}).Draw(t, "service"),
				Hours:   []timetable.Hours{{Opens: 720, Closes: 780}},
				Time:    monday.Add(at), Sure: true,
				Source: rapid.SampledFrom([]string{"phone", "stick"}).Draw(t, "source"), Digest: "late"}}
			if row.Name != action.TimetableHours {
				asked.Hours = nil
			}
			later := rapid.SampledFrom([]int{0, 1, 60, 3600}).Draw(t, "later")
			if row.Name == action.Otherwise && flag {
				charged(b, &at)
				later = min(later, 1)
			}
			if row.Name == action.BatteryFull && flag {
				held(b, at)
				later = min(later, 1)
			}
			at += time.Duration(later) * time.Second
			was := b.state
			still := *b
			still.see(at, van.Tick{})
			b.see(at, asked)
			if refusal := answered(t, b); refusal != action.Taken {
				refused[row.Name]++
				if !reflect.DeepEqual(b.state, still.state) || !reflect.DeepEqual(b.events, still.events) || len(b.effects) != len(still.effects)+1 {
					t.Fatalf("%s was refused (%s), and changed something", row.Name, refusal)
				}
				continue
			}
			taken[row.Name]++
			if why := undone(b, was, asked); why != "" {
				t.Fatalf("%+v was taken: %s", asked, why)
			}
			if now := b.state.Kept(o); row.Durable && ofWords(b.kept) != ofWords(now) {
				t.Fatalf("%s is said to outlive a power cut; kept is %s, and should be %s", row.Name, ofWords(b.kept), ofWords(now))
			}
			if twice := *b; row.Already != "" {
				twice.see(at, asked)
				if refusal := answered(t, &twice); refusal != action.Taken && refusal != row.Already {
					t.Fatalf("%s, asked for twice, is refused with %s and not with %s", row.Name, refusal, row.Already)
				}
			}
			if row.Name == action.BatteryFull && (b.kept.Charge == nil || b.kept.Charge.Low < 94) {
				t.Fatalf("%s is said to outlive a power cut; kept is %+v", row.Name, b.kept.Charge)
			}
		}
	}
	lacks := func() string {
		i := slices.IndexFunc(action.All, func(r action.Row) bool { return taken[r.Name] == 0 || refused[r.Name] == 0 })
		if i < 0 {
			return ""
		}
		return string(action.All[i].Name)
	}
	for range 20 {
		if rapid.Check(t, one); lacks() == "" {
			return
		}
	}
	t.Errorf("%s was never taken, or never refused: the test says too little", lacks())
}

// ofWords is what of what is kept came of a volunteer's word.
func ofWords(k van.Kept) string {
	text := fmt.Sprint(k.Quiet, k.Over, k.Corrections, k.Looked)
	for _, g := range k.Generators {
		text += fmt.Sprint(" serviced at ", g.Looked)
	}
	if on := k.Session; on != nil {
		text += fmt.Sprint(" session at ", on.Site, on.Said, " until ", on.Until)
	}
	return text
}

// undone says what an action that was taken has not brought about; "" for nothing.
func undone(b *box, was van.State, a action.Asked) string {
	s := b.state
	today := timetable.DateIn(s.Now.Wall, s.Timetable.Zone).String()
	i := slices.IndexFunc(s.Corrections, func(c timetable.Correction) bool { return c.Service == a.Service && c.Date == today })
	corrected := func(kind timetable.CorrectionKind) bool { return i >= 0 && s.Corrections[i].Kind == kind }
	_, sends := effect[van.Send](b)
	publishes, _ := effect[van.Publish](b)
	takes, _ := effect[van.TakeBack](b)
	which := [2]string{a.Source, a.Digest}
	shows := func(name kiosk.Name) bool {
		d, drawn := effect[kiosk.Draw](b)
		return s.Kiosk.Asked == name || drawn && d.Page.Name == name || s.Kiosk.Shown.Name == name
	}
	d, _ := effect[kiosk.Draw](b)
	set, sets := effect[van.SetClock](b)
	done, known := map[action.Name]bool{
		action.CancelShutdown:    !s.Power.Shutdown.Pending,
		action.Sync:              sends,
		action.Quiet:             s.Quiet,
		action.QuietOff:          !s.Quiet,
		action.RefreshScreen:     s.Kiosk.Again || d.Afresh,
		action.ShowToday:         shows(kiosk.Today),
		action.ShowHelp:          shows(kiosk.Help),
		action.ShowSIM:           shows(kiosk.SIM),
		action.CarryOn:           !s.Power.Holding && !s.Power.SaveGateway(s.Session.Active),
		action.PowerOff:          s.Power.Shutdown.Pending,
		action.Longer:            s.Session.Until >= was.Session.Until+30*time.Minute,
		action.EndSession:        !s.Session.Active,
		action.SessionOn:         s.Session.Active,
		action.ConfirmSite:       s.Session.Named() == a.Site,
		action.TimetableConfirm:  corrected(timetable.SaidRight),
		action.TimetableCancel:   corrected(timetable.SaidCancelled),
		action.TimetableFull:     corrected(timetable.SaidFull),
		action.TimetableHours:    corrected(timetable.SaidHours) && slices.Equal(s.Corrections[max(i, 0)].Hours, a.Hours),
		action.TimetableUndo:     i < 0,
		action.Otherwise:         !s.Power.Contradicted && s.Power.Source() == power.SourceBattery,
		action.BatteryFull:       s.Power.Bounds[0] >= 94,
		action.PhoneOpens:        s.Uplink.Phones() == netmon.PhonesServed,
		action.PhoneFails:        s.Uplink.Phones() == netmon.PhonesNotServed,
		action.SetClock:          sets && set.Wall.Equal(a.Time) && set.Source == wall.Volunteer,
		action.Serviced:          s.Power.Generators[0].ServiceIn(b.options.Power, s.Now.Mono) >= b.options.Power.Service,
		action.PublishTimetable:  [2]string{publishes.Source, publishes.Digest} == which,
		action.TakeBackTimetable: [2]string{takes.Source, takes.Digest} == which,
		action.ConfirmHours:      !slices.ContainsFunc(s.Outlook.Due, func(d timetable.Due) bool { return d.Service == a.Service }),
	}[a.Name]
	if !done || !known {
		return fmt.Sprintf("session %+v, shutdown %+v, corrections %+v, screen %+v, level %s", s.Session, s.Power.Shutdown, s.Corrections, s.Kiosk, s.Power.Level)
	}
	return ""
}

// held has a charger hold the battery at its voltage.
func held(b *box, at time.Duration) { b.see(at, power.Sample{Volts: 14.4, Amps: 0.2}) }

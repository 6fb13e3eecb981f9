package van

import (
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/logbook"
	"infobus/power"
	"infobus/timetable"
)

const (
	// temperatureAge is how old the panel's temperature may be: it changes slowly.
	temperatureAge = 15 * time.Minute
	// redrawAfter is how long a refresh may take before it counts as lost.
	redrawAfter = 2 * time.Minute
	// settle is how long a session waits for the clock before the screen says
	// that the van is setting up: most boxes know the time within seconds, and
	// that page would keep today's off the glass for as long as the panel rests.
	settle = 30 * time.Second
	// clockPatience is how long a session goes on setting up without a clock
	// before the screen says that it is not set: a gateway that boots takes
	// minutes.
	clockPatience = 5 * time.Minute
	// askPatience is how long a press waits for the panel: who pressed has gone.
	askPatience = 5 * time.Minute
	// leavePatience is how long a power-off waits for the last page.
	leavePatience = 45 * time.Second
)

// Kiosk is the public screen: what stands on the glass, what is due there, and
// what people asked for.
type Kiosk struct {
	Wear    kiosk.Wear
	Rested  kiosk.Wear // the wear before the refresh that is being done
	Shown   kiosk.Page // as last drawn whole by this process; zero before
	Glass   string     // identity of the page on the glass, "" where in doubt; kept over power cuts
	Drawing bool
	Stale   bool          // what should be shown has to be worked out again
	NextAt  time.Duration // when the next refresh, or the next look at the rows, is due; 0 never

	Next    PageKey       // the page whose turn is next; zero where none takes turns
	TurnAt  time.Duration // when its turn is; 0 while nothing takes turns
	Presses int           // of the button, that wait for one refresh
	Asked   kiosk.Name    // what a phone asked for and waits; "" for nothing
	Again   bool          // a volunteer wants the same page drawn afresh
	AskedAt time.Duration // of the last of these
	Held    time.Duration // until when the page that a person asked for stands; 0

	own     PageKey // the last page that came by itself
	begin   bool    // the session's first page is due
	over    bool    // the session's last page is due
	visit   visit   // the last session of this process
	leaveBy time.Duration
}

// PageKey says which page, whatever its rows.
type PageKey struct {
	Name      kiosk.Name
	Languages string // as kiosk.Set.String
	Part      int
}

func keyOf(p kiosk.Page) PageKey { return PageKey{p.Name, p.Languages.String(), p.Part} }

// visit is a session that is over, or about to be.
type visit struct {
	site  string
	until time.Time // wall time; zero where no clock was trusted
}

// Waiting is how many people's wishes wait for the panel.
func (k Kiosk) Waiting() int {
	n := k.Presses
	if k.Asked != "" {
		n++
	}
	if k.Again {
		n++
	}
	return n
}

// forget drops what people asked for.
func (k *Kiosk) forget() { k.Presses, k.Asked, k.Again = 0, "", false }

// screen decides what the public screen should show, and when.
//
// By itself comes, during a session, the page of the day, its sets and parts in
// turn; before the clock is trusted or a timetable is there a page without a
// day; at the session's end the closing page. At other times nothing is drawn
// but what people ask for: what stands on the glass stays true. Before the
// power goes it is made a page that is true for days.
func (s *State) screen(o Options, was State, value any, out *Output) {
	k, now := &s.Kiosk, s.Now.Mono
	switch v := value.(type) {
	case Drawn:
		s.drawn(o, v, out)
	case Button:
		k.Presses, k.AskedAt, k.Stale = k.Presses+1, now, true
	case ShowPage:
		k.forget()
		k.Asked, k.AskedAt, k.Stale = v.Name, now, true
	case Refresh:
		k.Again, k.AskedAt, k.Stale = true, now, true
	}
	_, started := value.(Started)
	switch active := s.Session.Active; {
	case active && !was.Session.Active:
		k.Stale, k.begin, k.over, k.visit = true, !started, false, visit{}
	case !active && was.Session.Active:
		k.Stale, k.begin, k.over, k.visit = true, false, true, s.visit(was.Session.Named(), was.Session.Since)
	case s.Session.Named() != was.Session.Named():
		k.Stale = true
	}
	switch begun := s.Power.Shutdown.Begun; {
	case begun && !was.Power.Shutdown.Begun:
		k.Stale, k.leaveBy = true, now+leavePatience
	case !begun && was.Power.Shutdown.Begun:
		k.Stale, k.leaveBy = true, 0
	}
	if k.NextAt != 0 && now >= k.NextAt {
		k.NextAt, k.Stale, k.Drawing = 0, true, false
	}
	if k.Drawing && k.leaveBy != 0 && !s.Power.Shutdown.Left {
		k.NextAt = k.leaveBy
	}
	if s.Power.Shutdown.Left {
		k.forget()
	}
	if k.Drawing || !k.Stale || s.Power.Shutdown.Left {
		return
	}
	k.Stale, k.NextAt = false, 0
	d, panel := s.Device(Panel)
	panel = panel && d.State != DeviceBroken
	if !panel || now-k.AskedAt >= askPatience {
		k.forget()
	}
	for {
		page, cause, next := s.due(o)
		glass := k.Glass
		if k.Again && cause == kiosk.Button {
			glass = ""
		}
		if cause != "" && page.Identity() == glass {
			s.stands(o, page, cause)
			if cause == kiosk.Button {
				k.forget()
			}
			if cause == kiosk.Button || cause == kiosk.SessionEnd {
				continue // what is due behind it?
			}
			cause = ""
			if full := k.Wear.Due(); full != 0 && s.Session.Active && now >= full {
				cause = kiosk.Day
			} else if full != 0 && s.Session.Active && (next == 0 || full < next) {
				next = full
			}
		}
		var wave kiosk.Waveform
		if cause != "" {
			wave, next = k.Wear.Plan(now, cause, s.Temperature.Aged(now, temperatureAge))
		}
		draw := wave != ""
		switch {
		case k.leaveBy != 0 && (!draw || !panel || now >= k.leaveBy):
			s.Power.Shutdown.Left = true
			out.effect(PowerOff{})
		case d.Name == "": // there is no panel: nothing is ever due
		case draw:
			// A power cut during the refresh leaves neither page on the glass.
			k.Drawing, k.Glass, k.NextAt = true, "", now+redrawAfter
			k.Rested, k.Wear = k.Wear, k.Wear.Begun(now, wave, cause)
			out.effect(Draw{Page: page, Cause: cause, Waveform: wave, Afresh: cause == kiosk.Day || cause == kiosk.Button && k.Again})
			if cause == kiosk.Button {
				k.forget()
			}
		case k.Waiting() > 0:
			k.NextAt = min(next, k.AskedAt+askPatience)
		default:
			k.NextAt = next
		}
		return
	}
}

// drawn takes the outcome of a Draw.
func (s *State) drawn(o Options, v Drawn, out *Output) {
	k, now := &s.Kiosk, s.Now.Mono
	k.Drawing = false
	if v.Waveform == "" { // the panel was not refreshed
		k.Wear = k.Rested
	}
	if v.Err {
		// What was asked for in the meantime is looked at then, too; a box whose
		// power goes tries no second time.
		k.Stale, k.NextAt = k.leaveBy != 0, now+o.Kiosk.Retry
		k.leaveBy = min(k.leaveBy, now)
		return
	}
	s.stands(o, v.Page, v.Cause)
	k.Shown, k.Glass, k.Stale = v.Page, v.Page.Identity(), true
	if v.Waveform == "" { // it stood there already
		return
	}
	k.Wear = k.Wear.Refreshed(now, v.Waveform)
	out.event(logbook.Event{Name: logbook.KioskRefreshed, Attributes: map[string]any{
		"page": string(v.Page.Name), "cause": string(v.Cause), "rows": len(v.Page.Rows), "milliseconds": v.Took.Milliseconds(),
		"waveform": string(v.Waveform)}})
}

// stands notes that a page stands on the glass for which there was this cause.
func (s *State) stands(o Options, p kiosk.Page, cause kiosk.Cause) {
	k, now := &s.Kiosk, s.Now.Mono
	if keyOf(p) != keyOf(k.Shown) || k.TurnAt <= now {
		k.TurnAt = now + o.Kiosk.Turn
	}
	switch cause {
	case kiosk.Button:
		k.Held = now + o.Kiosk.Hold
	case kiosk.SessionStart:
		k.begin = false
	case kiosk.SessionEnd:
		k.over = false
	}
	if k.Shown.Identity() != p.Identity() {
		k.Shown = p // found there at start: when it was drawn is not known
		k.Shown.Drawn = time.Time{}
	}
	if cause != kiosk.Button || p.Name == k.own.Name {
		k.own = keyOf(p)
	}
}

// due is the page that should stand on the glass, and why; cause is "" where
// nothing is due. next is when to look again; 0 never.
func (s *State) due(o Options) (page kiosk.Page, cause kiosk.Cause, next time.Duration) {
	k, now := &s.Kiosk, s.Now.Mono
	switch {
	case k.leaveBy != 0:
		v := k.visit
		if s.Session.Active {
			v = s.visit(s.Session.Named(), s.Session.Since)
		}
		if p, ok := s.closing(o, v); ok {
			return p, kiosk.Shutdown, 0
		}
		return page, "", 0
	case k.Waiting() > 0:
		if p, ok := s.asked(o); ok {
			return p, kiosk.Button, k.AskedAt + askPatience
		}
		k.forget()
	}
	if now < k.Held && (k.over || s.Session.Active) {
		return page, "", k.Held
	}
	if k.over {
		if p, ok := s.closing(o, k.visit); ok {
			return p, kiosk.SessionEnd, 0
		}
		k.over = false
	}
	k.Next = PageKey{}
	if !s.Session.Active {
		return page, "", 0
	}
	pages, next := s.own(o)
	if len(pages) == 0 {
		return page, "", next
	}
	at, stands := place(pages, s.standing(pages))
	switch {
	case k.begin:
		cause, at = kiosk.SessionStart, 0
	case stands && now >= k.TurnAt:
		cause, at = kiosk.Changed, (at+1)%len(pages)
	case stands:
		cause = kiosk.Changed
	default:
		cause = kiosk.Changed
		if at, stands = place(pages, k.own); stands {
			at = (at + 1) % len(pages)
		}
	}
	if len(pages) > 1 {
		k.Next = keyOf(pages[(at+1)%len(pages)])
		turn := k.TurnAt
		if turn <= now {
			turn = now + o.Kiosk.Turn
		}
		if next == 0 || turn < next {
			next = turn
		}
	}
	return pages[at], cause, next
}

// standing is which page stands on the glass, where it is known or one of these.
func (s *State) standing(pages []kiosk.Page) PageKey {
	if s.Kiosk.Shown.Name != "" {
		return keyOf(s.Kiosk.Shown)
	}
	for _, p := range pages {
		if p.Identity() == s.Kiosk.Glass {
			return keyOf(p)
		}
	}
	return PageKey{}
}

// place is where among pages the one with the key is; if it is not there any
// more, the first of its name and languages.
func place(pages []kiosk.Page, key PageKey) (at int, found bool) {
	if i := slices.IndexFunc(pages, func(p kiosk.Page) bool { return keyOf(p) == key }); i >= 0 {
		return i, true
	}
	key.Part = 1
	if i := slices.IndexFunc(pages, func(p kiosk.Page) bool { return keyOf(p) == key }); i >= 0 {
		return i, true
	}
	return 0, false
}

// input is what today's pages are made of. Without a trusted clock it has no
// time, and no page has a day.
func (s *State) input(site string) kiosk.Input {
	in := kiosk.Input{Timetable: s.Timetable, Site: site}
	if s.Clock.Trusted {
		in.Now = s.Now.Wall
	}
	return in
}

// own are the pages that come by themselves during a session, in turn, and when
// they may differ next.
func (s *State) own(o Options) (pages []kiosk.Page, next time.Duration) {
	now, since := s.Now.Mono, s.Session.Since
	in := s.input(s.Session.Named())
	switch {
	case s.Clock.Trusted && s.Timetable != nil:
		return s.today(o, in), now + max(s.Timetable.NextChange(s.Now.Wall).Sub(s.Now.Wall), time.Second)
	case now < since+settle:
		return nil, since + settle
	case s.Clock.Trusted:
		return o.Kiosk.Pages(kiosk.SettingUp, in), 0
	case now < since+clockPatience:
		return o.Kiosk.Pages(kiosk.SettingUp, in), since + clockPatience
	}
	return o.Kiosk.Pages(kiosk.ClockNotSet, in), 0
}

// today are the day's pages. A day on which nothing is listed for every site, and
// something for one of them, is not said to be empty before the site is certain.
func (s *State) today(o Options, in kiosk.Input) []kiosk.Page {
	pages := o.Kiosk.Pages(kiosk.Today, in)
	if in.Site != "" || len(pages) == 0 || len(pages[0].Rows) > 0 {
		return pages
	}
	for _, site := range s.Timetable.Sites {
		if len(s.Timetable.Today(in.Now, site.ID)) > 0 {
			return o.Kiosk.Pages(kiosk.SettingUp, in)
		}
	}
	return pages
}

// asked is the page that people asked for: each press goes on by one from what
// stands on the glass, through the day's pages, help and SIM.
func (s *State) asked(o Options) (kiosk.Page, bool) {
	k, in := &s.Kiosk, s.input(s.Session.Named())
	var all []kiosk.Page
	if !in.Now.IsZero() && in.Timetable != nil {
		all = s.today(o, in)
	}
	for _, name := range []kiosk.Name{kiosk.Help, kiosk.SIM} {
		all = append(all, o.Kiosk.Pages(name, in)...)
	}
	if len(all) == 0 {
		name := kiosk.ClockNotSet
		if s.Clock.Trusted {
			name = kiosk.SettingUp
		}
		all = o.Kiosk.Pages(name, in)
	}
	if len(all) == 0 {
		return kiosk.Page{}, false
	}
	at, known := place(all, s.standing(all))
	if !known {
		at = -1
	}
	if k.Asked != "" {
		// In the languages that stand there, where it has them.
		first := slices.IndexFunc(all, func(p kiosk.Page) bool { return p.Name == k.Asked })
		if first < 0 {
			return kiosk.Page{}, false
		}
		same := PageKey{k.Asked, k.Shown.Languages.String(), 1}
		if at, known = place(all, same); !known {
			at = first
		}
	}
	if at < 0 && k.Presses == 0 {
		at = 0
	}
	return all[(at+k.Presses)%len(all)], true
}

// closing is the page that stays when the van has gone: the first language
// set's, because it takes no turns.
func (s *State) closing(o Options, v visit) (kiosk.Page, bool) {
	if v.until.IsZero() || s.Timetable == nil || !s.Clock.Trusted || !s.sameDay(v.until, s.Now.Wall) {
		return kiosk.Page{}, false
	}
	in := s.input(v.site)
	in.Until = v.until.In(s.Timetable.Zone).Truncate(time.Minute)
	if o.Kiosk.NextPlace {
		in.Next = s.nextPlace()
	}
	pages := o.Kiosk.Pages(kiosk.Closing, in)
	if len(pages) == 0 {
		return kiosk.Page{}, false
	}
	return pages[0], true
}

// nextPlace is the name of the site of the plan's next session; "" where it has
// none within a week.
func (s *State) nextPlace() string {
	var (
		next time.Time
		name string
		now  = s.Now.Wall
	)
	for d := range timetable.Date(8) {
		day := timetable.DateIn(now, s.Timetable.Zone) + d
		for _, p := range s.Timetable.Plan {
			from := p.From.On(day.Start(s.Timetable.Zone), s.Timetable.Zone)
			if !slices.Contains(p.Days, day.Weekday()) || !from.After(now) || !next.IsZero() && !from.Before(next) {
				continue
			}
			if site, ok := s.Timetable.Site(p.Site); ok {
				next, name = from, site.Name
			}
		}
	}
	return name
}

func (s *State) sameDay(a, b time.Time) bool {
	return a.In(s.Timetable.Zone).Format(time.DateOnly) == b.In(s.Timetable.Zone).Format(time.DateOnly)
}

// visit is the session that ends by now. Until when the van was there is not
// known better than by its generators: where all of them are known to stand
// still it is when the last one stopped, else the present moment.
func (s *State) visit(site string, since time.Duration) visit {
	if !s.Clock.Trusted || s.Timetable == nil {
		return visit{site: site}
	}
	v := visit{site: site, until: s.Now.Wall}
	if s.Power.Source() != power.SourceBattery {
		return v
	}
	last := slices.MaxFunc(s.Power.Generators, func(a, b power.Generator) int { return int(a.Since - b.Since) }).Since
	if at := s.Now.WallAt(last); last != 0 && last > since && s.sameDay(at, v.until) {
		v.until = at
	}
	return v
}

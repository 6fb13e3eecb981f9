package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"time"
	"unique"

	"infobus/logbook"
	"infobus/timetable"
)

// Options say what the page is of.
type Options struct {
	Now  time.Time      // when it is made
	Zone *time.Location // whose days they are
	Days int            // how many, up to today
	// Silence is after how long without a word a van is said to be silent.
	Silence time.Duration
}

// Report is what the page shows.
type Report struct {
	Vans   []Van // by name
	Unread []Unread
}

// Van is one van.
type Van struct {
	Name    string
	Heard   time.Time // the last event that has a time; zero for none
	Days    []Day     // of Options.Days, the oldest first
	Missing uint64    // events of numbers between others that are not in the files, of Options.Days
	Undated int       // events of which nobody knows when they were
	Ahead   int       // events of a time that is still to come: a clock was wrong; not those known to be of before these days
	Boxes   bool      // two boxes sent under this name at the same time, in these days
	Dropped int       // that the box itself said were lost
	Refused int       // that the receiver refused, as the box said
	Percent float64   // the battery's, last heard; -1 unknown

	Failed   []Failed  // parts that do not work, as last heard
	Rejected bool      // the last timetable was
	RunsOut  time.Time // the first day on which hours run out; zero for none
	Monoxide time.Time // when the alarm sounded last, in these days; zero for never
	Open     bool      // the last session heard of has no end
}

// Failed is a part that does not work.
type Failed struct {
	Device string
	Since  time.Time // zero: unknown
}

// Day is what was heard of one day.
type Day struct {
	Date     string // as 2026-11-23
	Events   int    // 0: nothing was heard, and nothing is known
	Run      time.Duration
	AtLeast  bool // a generator's stop was not heard
	Sessions int
	Internet float64 // % of the sessions' time; -1 unknown
	In, Out  float64 // Wh, into and out of the battery, in sessions; -1 unknown
	Devices  int     // at most, in a session; -1 unknown
	Battery  [parts]Level

	judged, works float64 // minutes
}

// parts are those of a day of which a level is told: three hours each.
const parts = 8

const (
	// ahead is how far a box's clock may be before that of who makes the report.
	ahead = time.Hour
	// together is how long two logs of one van overlap at least, for it to be two boxes: a
	// log that is drawn anew begins when the one before has ended.
	together = 24 * time.Hour
)

// Level is how full the battery was, in the mean. The zero Level is unknown.
type Level struct {
	Percent float64
	Known   bool
}

// line is an event, with the van's boots told apart.
type line struct {
	log, boot string
	mono      time.Duration
	seq       uint64
	at        time.Time
	ahead     bool // it said a time that is still to come
	name      logbook.Name
	with      map[string]any
}

// Reckoner counts events as they come, in any order, each once.
type Reckoner struct {
	o      Options
	from   time.Time // the first of the days
	logs   map[string]*seen
	vans   map[string]string // the name by the log
	lines  []line
	offset map[[2]string]time.Time // by log and boot: the wall time of its beginning
	first  map[string]time.Time    // by log: the first time heard
	last   map[string]time.Time    // by log: the last time heard
	memory map[string]bool         // by log: that it was in a box's memory only, beside its card's
	unread []Unread
	levels map[string]map[int]mean // by log and part of the days, from 0
	full   map[string]level        // by log: the last sample of the battery
}

// level is how full the battery was at a time, in %.
type level struct {
	at      time.Time
	percent float64
}

// mean is of so many.
type mean struct{ sum, n float64 }

// telling are the events of which more is shown than that they were.
var telling = []logbook.Name{logbook.GeneratorStarted, logbook.GeneratorStopped, logbook.BatteryLevel, logbook.SessionStarted, logbook.SessionEnded, logbook.DeviceFailed,
	logbook.DeviceRecovered, logbook.TimetableLoaded, logbook.TimetableExpiring, logbook.TimetableCorrected, logbook.LogbookDropped, logbook.PowerMonoxide}

// remembered are those of which something may still be so, however old they are.
var remembered = []logbook.Name{logbook.SystemStarted, logbook.DeviceFailed, logbook.DeviceRecovered, logbook.TimetableLoaded, logbook.TimetableRejected,
	logbook.TimetableExpiring, logbook.TimetableCorrected}

// NewReckoner begins a report.
func NewReckoner(o Options) *Reckoner {
	today := timetable.DateIn(o.Now, o.Zone)
	return &Reckoner{o: o, from: (today - timetable.Date(o.Days-1)).Start(o.Zone), logs: map[string]*seen{}, vans: map[string]string{},
		offset: map[[2]string]time.Time{}, first: map[string]time.Time{}, last: map[string]time.Time{}, memory: map[string]bool{}, levels: map[string]map[int]mean{}, full: map[string]level{}}
}

// See counts an event.
func (r *Reckoner) See(in Record) {
	e := in.Event
	if in.Van != "" {
		r.vans[e.Log] = in.Van
	}
	if r.logs[e.Log] == nil {
		r.logs[e.Log] = &seen{}
	}
	wrong := e.At.After(r.o.Now.Add(ahead))
	if wrong {
		e.At = time.Time{}
	}
	if !r.logs[e.Log].add(e.Seq, e.At) {
		return // it came twice
	}
	r.memory[e.Log] = r.memory[e.Log] || e.Volatile
	if !e.At.IsZero() {
		if first := r.first[e.Log]; first.IsZero() || e.At.Before(first) {
			r.first[e.Log] = e.At
		}
		r.offset[[2]string{e.Log, e.Boot}] = e.At.Add(-e.Mono)
		if e.At.After(r.last[e.Log]) {
			r.last[e.Log] = e.At
		}
		if e.At.Before(r.from.AddDate(0, 0, -1)) && !slices.Contains(remembered, e.Name) {
			return // counted, and too old to show
		}
	}
	// Many events share these.
	e.Log, e.Boot, e.Name = unique.Make(e.Log).Value(), unique.Make(e.Boot).Value(), unique.Make(e.Name).Value()
	if percent, ok := e.Attributes["percent"].(float64); ok && e.Name == logbook.VanSampled && !e.At.IsZero() {
		r.sampled(e.Log, e.At, percent)
	}
	if !slices.Contains(telling, e.Name) {
		e.Attributes = nil // that it was is all that is shown of it
	}
	r.lines = append(r.lines, line{e.Log, e.Boot, e.Mono, e.Seq, e.At, wrong, e.Name, e.Attributes})
}

// sampled counts how full the battery was. Days have parts by the clock, also those of 23
// and 25 hours.
func (r *Reckoner) sampled(log string, at time.Time, percent float64) {
	if at.After(r.full[log].at) {
		r.full[log] = level{at, percent}
	}
	day := int(timetable.DateIn(at, r.o.Zone) - timetable.DateIn(r.from, r.o.Zone))
	if day < 0 || day >= r.o.Days {
		return
	}
	if r.levels[log] == nil {
		r.levels[log] = map[int]mean{}
	}
	part := day*parts + at.In(r.o.Zone).Hour()*parts/24
	was := r.levels[log][part]
	r.levels[log][part] = mean{was.sum + percent, was.n + 1}
}

// Cannot notes what was not read.
func (r *Reckoner) Cannot(what ...Unread) { r.unread = append(r.unread, what...) }

// Report is what all that was seen comes to.
func (r *Reckoner) Report() Report {
	byVan := map[string]*van{}
	of := func(log string) *van {
		name := r.vans[log]
		if name == "" {
			name = log
		}
		if byVan[name] == nil {
			byVan[name] = newVan(name, r)
		}
		return byVan[name]
	}
	for log, s := range r.logs {
		v := of(log)
		if !r.memory[log] { // of those the card has the rest
			v.Missing += s.missing(r.from)
		}
		if r.last[log].After(v.Heard) {
			v.Heard = r.last[log]
		}
	}
	r.boxes(of)
	for i := range r.lines {
		l := &r.lines[i]
		if began, ok := r.offset[[2]string{l.log, l.boot}]; ok && l.at.IsZero() {
			l.at = began.Add(l.mono)
		}
	}
	levels := map[*van]map[int]mean{}
	for log, list := range r.levels {
		v := of(log)
		if levels[v] == nil {
			levels[v] = map[int]mean{}
		}
		for part, m := range list { // a van whose log was drawn anew has two
			was := levels[v][part]
			levels[v][part] = mean{was.sum + m.sum, was.n + m.n}
		}
	}
	for v, list := range levels {
		for part, m := range list {
			v.Days[part/parts].Battery[part%parts] = Level{math.Round(10*m.sum/m.n) / 10, true}
		}
	}
	logs := map[string][]line{}
	for _, l := range r.lines {
		logs[l.log] = append(logs[l.log], l)
	}
	for _, list := range logs {
		slices.SortFunc(list, func(a, b line) int { return cmp.Compare(a.seq, b.seq) })
	}
	// The log that was heard last has the last word.
	for _, log := range slices.SortedFunc(maps.Keys(logs), func(a, b string) int {
		return cmp.Or(r.last[a].Compare(r.last[b]), cmp.Compare(a, b))
	}) {
		of(log).take(logs[log])
	}
	for log, l := range r.full {
		if v := of(log); l.at.After(v.told) {
			v.Percent, v.told = l.percent, l.at
		}
	}
	var out Report
	for _, v := range byVan {
		out.Vans = append(out.Vans, v.end())
	}
	slices.SortFunc(out.Vans, func(a, b Van) int { return cmp.Compare(a.Name, b.Name) })
	out.Unread = r.unread
	return out
}

// boxes finds the vans under whose name two boxes sent.
func (r *Reckoner) boxes(of func(log string) *van) {
	until := map[*van]time.Time{} // the latest end of a log that began before
	for _, log := range slices.SortedFunc(maps.Keys(r.first), func(a, b string) int { return r.first[a].Compare(r.first[b]) }) {
		if r.memory[log] {
			continue
		}
		v, end := of(log), r.last[log]
		if was := until[v]; !was.IsZero() {
			if was.Before(end) {
				end = was
			}
			v.Boxes = v.Boxes || end.Sub(r.first[log]) > together && !end.Before(r.from)
		}
		if r.last[log].After(until[v]) {
			until[v] = r.last[log]
		}
	}
}

// van gathers one van's days.
type van struct {
	Van
	r      *Reckoner
	byDate map[string]int // index into Days
	failed map[string]time.Time
	told   time.Time // when Percent was

	services float64 // of the timetable that was loaded last
}

func newVan(name string, r *Reckoner) *van {
	v := &van{Van: Van{Name: name, Percent: -1}, r: r, byDate: map[string]int{}, failed: map[string]time.Time{}}
	for n := range r.o.Days {
		date := (timetable.DateIn(r.from, r.o.Zone) + timetable.Date(n)).String()
		v.byDate[date] = n
		v.Days = append(v.Days, Day{Date: date, Internet: -1, In: -1, Out: -1, Devices: -1})
	}
	return v
}

// day is the day of t; nil where it is none of these.
func (v *van) day(t time.Time) *Day {
	if i, ok := v.byDate[t.In(v.r.o.Zone).Format(time.DateOnly)]; ok && !t.IsZero() {
		return &v.Days[i]
	}
	return nil
}

// take counts the events of one log, in their order.
func (v *van) take(list []line) {
	running := map[float64]time.Time{} // generators, since when
	var latest time.Time               // of this boot
	stop := func(generator float64, at time.Time, heard bool) {
		if since := running[generator]; !since.IsZero() {
			v.ran(since, at, heard)
		}
		delete(running, generator)
	}
	boot := ""
	restarted := false // and loads the timetable again
	for _, l := range list {
		if l.boot != boot {
			for g := range running {
				stop(g, latest, false)
			}
			boot, latest = l.boot, time.Time{}
		}
		if l.ahead && (l.at.IsZero() || !l.at.Before(v.r.from)) {
			v.Ahead++
		}
		if l.at.IsZero() {
			v.Undated++
		} else {
			latest = l.at
			if d := v.day(l.at); d != nil {
				d.Events++
			}
		}
		number := func(key string) (float64, bool) { n, ok := l.with[key].(float64); return n, ok }
		word := func(key string) string { s, _ := l.with[key].(string); return s }
		switch l.name {
		case logbook.GeneratorStarted:
			if g, ok := number("generator"); ok && running[g].IsZero() && !l.at.IsZero() {
				running[g] = l.at
			}
		case logbook.GeneratorStopped:
			if g, ok := number("generator"); ok && !l.at.IsZero() {
				stop(g, l.at, true)
			}
		case logbook.BatteryLevel:
			if p, ok := number("percent"); ok {
				v.Percent, v.told = p, l.at
			}
		case logbook.SessionStarted:
			v.Open = true
			if d := v.day(l.at); d != nil {
				d.Sessions++
			}
		case logbook.SessionEnded:
			v.Open = false
			began := l.at // it is of the day on which it began
			if minutes, ok := number("minutes"); ok && minutes > 0 && minutes < 2*24*60 && !l.at.IsZero() {
				began = l.at.Add(-time.Duration(minutes * float64(time.Minute)))
			}
			v.ended(v.day(began), number)
		case logbook.DeviceFailed:
			if _, already := v.failed[word("device")]; !already {
				v.failed[word("device")] = l.at
			}
		case logbook.DeviceRecovered:
			delete(v.failed, word("device"))
		case logbook.SystemStarted:
			clear(v.failed) // what still fails is told anew
			restarted = true
		case logbook.TimetableLoaded:
			// That hours run out is told once, also over a start, after which the same timetable is loaded again.
			if n, ok := number("services"); !restarted || !ok || n != v.services {
				v.services, v.RunsOut = n, time.Time{}
			}
			v.Rejected, restarted = false, false
		case logbook.TimetableRejected:
			v.Rejected = true
		case logbook.TimetableExpiring:
			if days, ok := number("days"); ok && !l.at.IsZero() {
				if day := l.at.In(v.r.o.Zone).AddDate(0, 0, int(days)); v.RunsOut.IsZero() || day.Before(v.RunsOut) {
					v.RunsOut = day
				}
			}
		case logbook.TimetableCorrected:
			if word("correction") == "checked" {
				v.RunsOut = time.Time{}
			}
		case logbook.LogbookDropped:
			if n, ok := number("events"); !ok {
			} else if word("reason") == "refused" {
				v.Refused += int(n)
			} else {
				v.Dropped += int(n)
			}
		case logbook.PowerMonoxide:
			if word("state") == "alarm" && v.day(l.at) != nil {
				v.Monoxide = l.at
			}
		}
	}
	for g := range running {
		stop(g, latest, false)
	}
}

// ran counts a generator's run, on each day that it touches. heard: its stop was.
func (v *van) ran(from, to time.Time, heard bool) {
	if from.Before(v.r.from) {
		from = v.r.from
	}
	if end := v.r.o.Now.Add(ahead); to.After(end) { // its time was worked out, and cannot be
		to = end
	}
	if to.Before(from) {
		return
	}
	for at := from; at.Before(to) || at.Equal(from); {
		midnight := (timetable.DateIn(at, v.r.o.Zone) + 1).Start(v.r.o.Zone)
		end := to
		if midnight.Before(to) {
			end = midnight
		}
		if day := v.day(at); day != nil {
			day.Run += max(0, end.Sub(at))
			day.AtLeast = day.AtLeast || !heard
		}
		if !midnight.Before(to) {
			return
		}
		at = midnight
	}
}

// ended counts a session of which everything is said at its end.
func (v *van) ended(d *Day, number func(string) (float64, bool)) {
	if d == nil {
		return
	}
	add := func(to *float64, key string) {
		if n, ok := number(key); ok {
			*to = max(0, *to) + n
		}
	}
	add(&d.In, "in_wh")
	add(&d.Out, "out_wh")
	if n, ok := number("devices"); ok {
		d.Devices = max(d.Devices, int(n))
	}
	minutes, ok1 := number("minutes")
	percent, ok2 := number("internet_percent")
	if ok1 && ok2 && minutes > 0 {
		d.judged += minutes
		d.works += minutes * percent / 100
		d.Internet = 100 * d.works / d.judged
	}
}

func (v *van) end() Van {
	for device, since := range v.failed {
		v.Failed = append(v.Failed, Failed{device, since})
	}
	slices.SortFunc(v.Failed, func(a, b Failed) int { return cmp.Compare(a.Device, b.Device) })
	return v.Van
}

// seen are the numbers of one log that were met, as ranges.
type seen struct{ ranges []span }

type span struct {
	from, to uint64    // both met
	at       time.Time // of the first; zero: unknown
}

// add says whether n, of an event at a time, is new.
func (s *seen) add(n uint64, at time.Time) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].to >= n })
	if i < len(s.ranges) && s.ranges[i].from <= n {
		return false
	}
	before := i > 0 && s.ranges[i-1].to+1 == n
	after := i < len(s.ranges) && s.ranges[i].from == n+1
	switch {
	case before && after:
		s.ranges[i-1].to = s.ranges[i].to
		s.ranges = slices.Delete(s.ranges, i, i+1)
	case before:
		s.ranges[i-1].to = n
	case after:
		s.ranges[i].from, s.ranges[i].at = n, at
	default:
		s.ranges = slices.Insert(s.ranges, i, span{n, n, at})
	}
	return true
}

// missing is how many numbers between the first and the last were not met, but for those
// before an event that is older than since.
func (s *seen) missing(since time.Time) (n uint64) {
	for i := 1; i < len(s.ranges); i++ {
		if at := s.ranges[i].at; at.IsZero() || !at.Before(since) {
			n += s.ranges[i].from - s.ranges[i-1].to - 1
		}
	}
	return n
}

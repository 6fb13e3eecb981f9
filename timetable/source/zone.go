package source

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/timetable"
)

// windowsZones are the names that Outlook writes, as far as a van in Calais
// meets them (Unicode CLDR, windowsZones).
var windowsZones = map[string]string{
	"Romance Standard Time":          "Europe/Paris",
	"W. Europe Standard Time":        "Europe/Berlin",
	"Central Europe Standard Time":   "Europe/Budapest",
	"Central European Standard Time": "Europe/Warsaw",
	"GMT Standard Time":              "Europe/London",
	"UTC":                            "UTC",
	"tzone://Microsoft/Utc":          "UTC",
}

// zone is the zone that a TZID names.
func (r *calendarReader) zone(id string, p property) (*time.Location, bool) {
	if zone, known := r.zones[id]; known {
		return zone, zone != nil
	}
	zone := named(id)
	if c := r.custom[id]; zone == nil && c != nil {
		if alias, ok := c.get("X-LIC-LOCATION"); ok {
			zone = named(alias.Value)
		}
		if zone == nil {
			zone = r.own(id, c)
		}
	}
	r.zones[id] = zone
	if zone == nil {
		r.add(p.at, fmt.Sprintf("TZID=%s found, the name of a time zone was expected, such as Europe/Paris", shorten(id)))
	}
	return zone, zone != nil
}

// named is a zone by its name, also where a calendar puts its maker before it.
func named(id string) *time.Location {
	if other, ok := windowsZones[id]; ok {
		id = other
	}
	for {
		if zone, err := time.LoadLocation(id); err == nil && id != "" && id != "Local" {
			return zone
		}
		_, rest, more := strings.Cut(id, "/")
		if !more || rest == "" {
			return nil
		}
		id = rest
	}
}

// The years for which a calendar's own zone is worked out; before and after them
// it keeps its first and its last offset.
const firstZoneYear, lastZoneYear = 2015, 2060

var ruleMonth = regexp.MustCompile(`BYMONTH=0?([0-9]+)(?:;|$)`)

// own is the zone that a calendar defines itself in a VTIMEZONE; nil where it
// cannot be read.
func (r *calendarReader) own(id string, c *component) *time.Location {
	var changes []timetable.ZoneChange
	for _, part := range c.inner {
		to, okTo := offset(part, "TZOFFSETTO")
		from, okFrom := offset(part, "TZOFFSETFROM")
		start, okStart := part.get("DTSTART")
		wall, err := time.Parse("20060102T150405", start.Value)
		if !okTo || !okFrom || !okStart || err != nil {
			return nil
		}
		add := func(wall time.Time) {
			changes = append(changes, timetable.ZoneChange{At: wall.Unix() - int64(from), Offset: to})
		}
		rule, repeated := part.get("RRULE")
		if !repeated {
			add(wall)
			for _, p := range part.props["RDATE"] {
				for _, value := range strings.Split(p.Value, ",") {
					if at, err := time.Parse("20060102T150405", value); err == nil && len(changes) < 1000 {
						add(at)
					}
				}
			}
			continue
		}
		days, err := timetable.ParseRule(rule.Value, max(timetable.DateOf(wall.Date()), timetable.DateOf(1971, 1, 1)), func(value string) (timetable.Date, error) {
			at, err := time.Parse("20060102", value[:min(8, len(value))])
			return timetable.DateOf(at.Date()), err
		})
		month := ruleMonth.FindStringSubmatch(rule.Value) // zones change in one month of the year
		if err != nil || month == nil || !strings.Contains(rule.Value, "FREQ=YEARLY") {
			return nil
		}
		for d := max(timetable.DateOf(firstZoneYear, 1, 1), timetable.DateOf(wall.Date())); d < timetable.DateOf(lastZoneYear, 1, 1); d++ {
			if at := d.Start(time.UTC); strconv.Itoa(int(at.Month())) == month[1] && days.On(d) {
				add(at.Add(time.Duration(wall.Hour()*60+wall.Minute()) * time.Minute))
			}
		}
	}
	slices.SortFunc(changes, func(a, b timetable.ZoneChange) int { return cmp.Compare(a.At, b.At) })
	changes = slices.CompactFunc(changes, func(a, b timetable.ZoneChange) bool { return a.At == b.At })
	return timetable.ZoneOf("own-"+fingerprint(id), changes)
}

// offset is a property such as +0100 or -023000, in seconds.
func offset(c *component, name string) (int, bool) {
	p, ok := c.get(name)
	v := p.Value
	if !ok || (len(v) != 5 && len(v) != 7) || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	n, err := strconv.Atoi(v[1:5])
	if err != nil || n < 0 || n/100 > 15 || n%100 > 59 {
		return 0, false
	}
	seconds := n/100*3600 + n%100*60
	if v[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

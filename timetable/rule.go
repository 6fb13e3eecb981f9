package timetable

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Rule is a recurrence rule (RRULE, RFC 5545, section 3.3.10) by days: which
// days it has, not which hours. Whether it has a day is worked out from that
// day's own period of the rule alone, so that it costs the same however long the
// rule has run, and also where it never comes true. Make it with ParseRule.
type Rule struct {
	first, last Date // last 0: for ever
	interval    int
	option      rrule.ROption // the rule with nothing left to DTSTART
}

// What a rule may say at most; they only keep a broken file from taking the
// daemon's time.
const (
	maxInterval = 1000
	maxCount    = 4000
)

var ruleDay = regexp.MustCompile(`^[+-]?[0-9]{0,2}(MO|TU|WE|TH|FR|SA|SU)$`)

// ParseRule reads a rule whose first day is that of DTSTART. until reads the
// value of UNTIL: the last day on which the rule may open.
func ParseRule(text string, first Date, until func(string) (Date, error)) (*Rule, error) {
	r := &Rule{first: first, interval: 1}
	var kept []string
	parts := map[string]string{}
	for _, part := range strings.Split(strings.ToUpper(strings.TrimSuffix(text, ";")), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("%q found, NAME=VALUE was expected, such as FREQ=WEEKLY", part)
		}
		if _, twice := parts[name]; twice {
			return nil, fmt.Errorf("%s a second time", name)
		}
		parts[name] = value
		switch name {
		case "FREQ":
			if !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, value) {
				return nil, fmt.Errorf("FREQ=%s found, DAILY, WEEKLY, MONTHLY or YEARLY was expected", value)
			}
			kept = append(kept, part)
		case "INTERVAL":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > maxInterval {
				return nil, fmt.Errorf("INTERVAL=%s found, 1 to %d was expected", value, maxInterval)
			}
			r.interval = n
		case "COUNT":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > maxCount {
				return nil, fmt.Errorf("COUNT=%s found, 1 to %d was expected", value, maxCount)
			}
		case "UNTIL":
			d, err := until(value)
			if err != nil {
				return nil, fmt.Errorf("UNTIL=%s found: %w", value, err)
			}
			r.last = d
		case "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYMONTH", "BYSETPOS", "WKST":
			kept = append(kept, part)
		default:
			return nil, fmt.Errorf("%s found, which is not read; expected some of FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYYEARDAY, BYMONTH, BYSETPOS, WKST", name)
		}
	}
	freq := parts["FREQ"]
	if freq == "" {
		return nil, errors.New("no FREQ found; expected one, such as FREQ=WEEKLY")
	}
	if parts["COUNT"] != "" && parts["UNTIL"] != "" {
		return nil, errors.New("both COUNT and UNTIL found; one was expected")
	}
	for _, day := range strings.Split(parts["BYDAY"]+","+parts["WKST"], ",") {
		if day != "" && !ruleDay.MatchString(day) {
			return nil, fmt.Errorf("%s found, MO, TU, WE, TH, FR, SA or SU was expected", day)
		}
	}
	if (freq == "DAILY" || freq == "WEEKLY") && strings.ContainsAny(parts["BYDAY"], "0123456789") {
		return nil, fmt.Errorf("BYDAY=%s found; a number goes with FREQ=MONTHLY or YEARLY only", parts["BYDAY"])
	}
	option, err := rrule.StrToROption(strings.Join(kept, ";"))
	if err != nil {
		return nil, fmt.Errorf("%q is no rule: %w", text, err)
	}
	option.Interval = r.interval
	// What it does not say it has from DTSTART; made explicit, so that each of
	// its periods can be worked out alone.
	if parts["BYDAY"] == "" && parts["BYMONTHDAY"] == "" && parts["BYYEARDAY"] == "" {
		at := first.utc()
		switch option.Freq {
		case rrule.YEARLY:
			if len(option.Bymonth) == 0 {
				option.Bymonth = []int{int(at.Month())}
			}
			option.Bymonthday = []int{at.Day()}
		case rrule.MONTHLY:
			option.Bymonthday = []int{at.Day()}
		case rrule.WEEKLY:
			option.Byweekday = []rrule.Weekday{weekdays[at.Weekday()]}
		}
	}
	r.option = *option
	// A position counts in the whole week (RFC 5545, BYSETPOS: a set begins with
	// its interval); rrule-go would count from the first day on.
	option.Dtstart = r.first.far()
	if option.Freq == rrule.WEEKLY {
		option.Dtstart = r.week(r.first).far()
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, err
	}
	count, _ := strconv.Atoi(parts["COUNT"])
	next := rule.Iterator()
	for n := range max(count, 1) {
		at, ok := next()
		for ok && near(at) < r.first {
			at, ok = next()
		}
		if !ok && n == 0 {
			return nil, errors.New("it has no day at all")
		}
		if count > 0 {
			r.last = near(at)
		}
		if !ok {
			r.last = 0 // beyond any day that is asked for
			break
		}
	}
	return r, nil
}

var weekdays = [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}

// The calendar repeats every 400 years. rrule-go gives up after the year 9999:
// worked out shortly before it, a rule that never comes true is given up at
// once, and the period after the one that is asked for is never looked at.
const (
	eras       = 19
	daysOfEras = Date(eras * 146097)
)

// far is the day in the last of the years that rrule-go knows.
func (d Date) far() time.Time { return (d + daysOfEras).utc() }

// near is far's inverse.
func near(at time.Time) Date { return DateOf(at.Date()) - daysOfEras }

// On says whether the rule has this day.
func (r *Rule) On(d Date) bool {
	if d < r.first || r.last != 0 && d > r.last || d.utc().Year() > lastYear {
		return false
	}
	option := r.option
	var start Date // of the rule's period that d is in
	var periods int
	at, first := d.utc(), r.first.utc()
	switch option.Freq {
	case rrule.DAILY:
		start, periods, option.Interval = d, int(d-r.first), 400*366
	case rrule.WEEKLY:
		start, option.Interval = r.week(d), 400*53
		periods = int(start-r.week(r.first)) / 7
	case rrule.MONTHLY:
		start, option.Interval = d-Date(at.Day()-1), 400*12
		periods = (at.Year()-first.Year())*12 + int(at.Month()) - int(first.Month())
	case rrule.YEARLY:
		start, option.Interval = d-Date(at.YearDay()-1), 400
		periods = at.Year() - first.Year()
	}
	if periods%r.interval != 0 {
		return false
	}
	option.Dtstart, option.Until = start.far(), d.far()
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return false // ParseRule made one of it
	}
	next := rule.Iterator()
	for {
		at, ok := next()
		if !ok || near(at) >= d {
			return ok && near(at) == d
		}
	}
}

// week is the first day of d's week, as the rule has weeks begin.
func (r *Rule) week(d Date) Date {
	begins := time.Weekday((r.option.Wkst.Day() + 1) % 7) // rrule-go counts from Monday
	return d - Date((d.Weekday()-begins+7)%7)
}

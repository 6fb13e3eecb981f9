package source

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The oracle knows when every service of a made-up timetable is open without
// any code of this house's: the days by trying each, the moments by walking
// through all minutes of the years and looking at the clocks of the zone.

// oracleClocks are the clocks of a zone: when they first reach each minute.
type oracleClocks struct {
	zone  *time.Location
	first []int64 // by minutes of the wall clock after origin: Unix minutes
}

var (
	oracleOrigin = time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC)
	oracleEnd    = time.Date(2027, 8, 1, 0, 0, 0, 0, time.UTC)
	oracleZones  = map[string]*oracleClocks{}
)

func clocksOf(name string) *oracleClocks {
	if c := oracleZones[name]; c != nil {
		return c
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	c := &oracleClocks{zone: zone}
	begin := oracleOrigin.Unix()/60 - 24*60
	for minute := begin; minute < oracleEnd.Unix()/60; minute++ {
		at := time.Unix(minute*60, 0).In(zone)
		wall := oracleDay(at.Date())*24*60 + at.Hour()*60 + at.Minute()
		for len(c.first) <= wall {
			c.first = append(c.first, minute)
		}
	}
	oracleZones[name] = c
	return c
}

// oracleDay numbers the days after the origin.
func oracleDay(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(oracleOrigin).Hours()) / 24
}

func oracleDate(day int) time.Time { return oracleOrigin.AddDate(0, 0, day) }

func (c *oracleClocks) reach(day, clock int) int64 { return c.first[day*24*60+clock] }

// opening is one opening of a service as the oracle has it.
type opening struct {
	day            int // on which it opens, in Paris
	opens, closes  int64
	service, state string
}

// oracle is a made-up timetable: a file, and the openings that it should give.
type oracle struct {
	name, text string
	list       []opening
}

const checkedDay = "2026-03-01" // a few days before the clocks go forward

// state is what may be said of hours that were checked on checkedDay.
func oracleState(day int) string {
	checked := oracleDay(2026, 3, 1)
	if day-checked > 31*8 || day-checked < -1 { // max-age is 248 days in the files that have it
		return "ask us"
	}
	return "confirmed"
}

func (o *oracle) open(c *oracleClocks, service string, day, opens, closes int, state string) {
	if day < 3 || day > 500 {
		return
	}
	from, to := c.reach(day, opens), c.reach(day, closes)
	at := time.Unix(from*60, 0).In(clocksOf("Europe/Paris").zone)
	here := oracleDay(at.Date())
	if state == "" {
		state = oracleState(here)
	}
	if state != "cancelled" && to <= from {
		state = "ask us"
	}
	o.list = append(o.list, opening{here, from, to, service, state})
}

func hhmm(clock int) string { return fmt.Sprintf("%02d:%02d", clock/60, clock%60) }

// someHours are a few openings of a day that do not meet, nor with those of the day
// before: from a quarter of an hour on, and often over the hours at which clocks
// change.
func someHours(r *rand.Rand) [][2]int {
	switch r.IntN(5) {
	case 0:
		return [][2]int{{15 * r.IntN(8), 8*60 + 15*r.IntN(20)}}
	case 1:
		return [][2]int{{22*60 + 15*r.IntN(7), 24*60 + 15*r.IntN(20)}}
	case 2:
		return [][2]int{{9*60 + r.IntN(60), 12 * 60}, {12 * 60, 13*60 + r.IntN(60)}, {18 * 60, 26*60 + r.IntN(60)}}
	case 3:
		return [][2]int{{2*60 + r.IntN(30), 2*60 + 31 + r.IntN(29)}}
	}
	opens := 3*60 + r.IntN(18*60)
	return [][2]int{{opens, opens + 1 + r.IntN(3*60)}}
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func someDays(r *rand.Rand) []int {
	return r.Perm(7)[:1+r.IntN(7)]
}

func named7(days []int, names []string) []string {
	var list []string
	for _, d := range days {
		list = append(list, names[d])
	}
	return list
}

func iso(day int) string { return oracleDate(day).Format(time.DateOnly) }

// yamlOracle makes a YAML file: weekly hours, single dates, bounds, changes and
// holidays.
func yamlOracle(r *rand.Rand) *oracle {
	o := &oracle{name: "o.yaml"}
	paris := clocksOf("Europe/Paris")
	var b strings.Builder
	b.WriteString("max-age: 248d\n")
	closed := map[int]bool{}
	short := map[int]bool{}
	b.WriteString("holidays:\n")
	from := 92 + r.IntN(300)
	until := from + r.IntN(9)
	fmt.Fprintf(&b, "  - {name: A, from: %s, until: %s}\n", iso(from), iso(until))
	for d := from; d <= until; d++ {
		closed[d] = true
	}
	for range r.IntN(4) {
		d := 92 + r.IntN(360)
		if !closed[d] && !short[d] {
			short[d] = true
			fmt.Fprintf(&b, "  - {name: B, dates: [%s], services: [s0], times: [{opens: \"10:00\", closes: \"11:30\"}]}\n", iso(d))
		}
	}
	b.WriteString("services:\n")
	for i := range 1 + r.IntN(3) {
		id := fmt.Sprintf("s%d", i)
		fmt.Fprintf(&b, "  - id: %s\n    category: food\n    name: {en: %s}\n    place: {name: P}\n    show: screen\n    checked: %s\n", id, id, checkedDay)
		first, last := 0, 10000
		if r.IntN(2) == 0 {
			first = 92 + r.IntN(200)
			fmt.Fprintf(&b, "    from: %s\n", iso(first))
		}
		if r.IntN(2) == 0 {
			last = first + 150 + r.IntN(200)
			fmt.Fprintf(&b, "    until: %s\n", iso(last))
		}
		days, hours := someDays(r), someHours(r)
		b.WriteString("    times:\n")
		for _, h := range hours {
			fmt.Fprintf(&b, "      - {days: [%s], opens: %q, closes: %q}\n", strings.Join(named7(days, dayNames), ", "), hhmm(h[0]), hhmm(h[1]))
		}
		usual := func(d int) bool {
			return d >= first && d <= last && slices.Contains(days, int(oracleDate(d).Weekday()))
		}
		changed := map[int][][2]int{}
		if n := r.IntN(5); n > 0 {
			b.WriteString("    changes:\n")
			for len(changed) < n {
				d := 92 + r.IntN(360)
				if _, twice := changed[d]; twice || !usual(d) {
					continue
				}
				if r.IntN(2) == 0 {
					changed[d] = nil
					fmt.Fprintf(&b, "      - {date: %s, cancelled: true}\n", iso(d))
					continue
				}
				changed[d] = someHours(r)
				fmt.Fprintf(&b, "      - date: %s\n        times:\n", iso(d))
				for _, h := range changed[d] {
					fmt.Fprintf(&b, "          - {opens: %q, closes: %q}\n", hhmm(h[0]), hhmm(h[1]))
				}
			}
		}
		for d := 80; d < 470; d++ {
			other, isChanged := changed[d]
			state := ""
			today := hours
			switch {
			case isChanged && len(other) > 0:
				today = other
			case !usual(d):
				continue
			case isChanged || closed[d]:
				state = "cancelled"
			case short[d] && i == 0:
				today = [][2]int{{10 * 60, 11*60 + 30}}
			}
			for _, h := range today {
				o.open(paris, id, d, h[0], h[1], state)
			}
		}
	}
	o.text = b.String()
	return o
}

// csvOracle makes a sheet, in English or French.
func csvOracle(r *rand.Rand) *oracle {
	o := &oracle{name: "o.csv"}
	paris := clocksOf("Europe/Paris")
	var b strings.Builder
	french := r.IntN(2) == 0
	sep, names := ",", dayNames
	header := "Service,Category,Days,Date,From,Until,Opens,Closes,Checked,Status"
	cancelled, instead := "cancelled", "instead"
	date := func(day int) string { return iso(day) }
	if french {
		sep, names = ";", []string{"dimanche", "lun", "mardi", "mercredi", "jeu", "ven", "samedi"}
		header = "Nom,Catégorie,Jours,Date,Du,Au,Ouvre,Ferme,Vérifié le,Statut"
		cancelled, instead = "annulé", "à la place"
		date = func(day int) string { return oracleDate(day).Format("02/01/2006") }
	}
	line := func(fields ...string) {
		for i, f := range fields {
			if strings.ContainsAny(f, ",;") {
				fields[i] = `"` + f + `"`
			}
		}
		b.WriteString(strings.Join(fields, sep) + "\r\n")
	}
	clock := func(c int) string {
		if french && c%60 == 0 {
			return fmt.Sprintf("%dh", c/60)
		}
		if french {
			return fmt.Sprintf("%dh%02d", c/60, c%60)
		}
		return fmt.Sprintf("%d:%02d", c/60, c%60)
	}
	b.WriteString(strings.ReplaceAll(header, ",", sep) + "\r\n")
	for i := range 1 + r.IntN(3) {
		id := fmt.Sprintf("s%d", i)
		checked := date(oracleDay(2026, 3, 1))
		first, last := 0, 10000
		bounds := [2]string{}
		if r.IntN(2) == 0 {
			first, last = 92+r.IntN(200), 292+r.IntN(100)
			bounds = [2]string{date(first), date(last)}
		}
		days, hours := someDays(r), someHours(r)
		for _, h := range hours {
			closes := clock(h[1])
			if h[1] >= 24*60 && h[1] <= 30*60 && r.IntN(2) == 0 {
				closes = clock(h[1] - 24*60) // as sheets have it
			}
			line(id, "food", strings.Join(named7(days, names), ", "), "", bounds[0], bounds[1], clock(h[0]), closes, checked, "")
		}
		usual := func(d int) bool {
			return d >= first && d <= last && slices.Contains(days, int(oracleDate(d).Weekday()))
		}
		changed := map[int][][2]int{}
		for range r.IntN(4) {
			d := 92 + r.IntN(360)
			if _, twice := changed[d]; twice || !usual(d) {
				continue
			}
			if r.IntN(2) == 0 {
				changed[d] = nil
				line(id, "food", "", date(d), "", "", "", "", "", cancelled)
				continue
			}
			changed[d] = someHours(r)
			for _, h := range changed[d] {
				line(id, "food", "", date(d), "", "", clock(h[0]), clock(h[1]), checked, instead)
			}
		}
		for d := 80; d < 470; d++ {
			other, isChanged := changed[d]
			today, state := hours, ""
			switch {
			case isChanged && len(other) > 0:
				today = other
			case !usual(d):
				continue
			case isChanged:
				state = "cancelled"
			}
			for _, h := range today {
				// A sheet has no max-age: it is 31 days.
				s := state
				if age := d - oracleDay(2026, 3, 1); s == "" && (age > 31 || age < -1) {
					s = "ask us"
				}
				o.open(paris, id, d, h[0], h[1], s)
			}
		}
	}
	o.text = b.String()
	return o
}

// calendarOracle makes a calendar: rules, added and taken days, moved and
// cancelled instances, times in several zones.
func calendarOracle(r *rand.Rand) *oracle {
	o := &oracle{name: "o.ics"}
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for i := range 1 + r.IntN(3) {
		id := fmt.Sprintf("s%d", i)
		zoneName := []string{"Europe/Paris", "", "UTC", "Europe/London", "America/New_York"}[r.IntN(5)]
		clocks := clocksOf(cmp.Or(zoneName, "Europe/Paris"))
		h := someHours(r)[0]
		first := 92 + r.IntN(250)
		moment := func(day, clock int) string {
			return oracleDate(day).Add(time.Duration(clock) * time.Minute).Format("20060102T150405")
		}
		when := func(name string, moments ...string) string {
			param := ""
			switch zoneName {
			case "":
			case "UTC":
				for i := range moments {
					moments[i] += "Z"
				}
			default:
				param = ";TZID=" + zoneName
			}
			return name + param + ":" + strings.Join(moments, ",")
		}
		start := oracleDate(first)
		interval := 1 + r.IntN(3)
		rule := ""
		var has func(d int) bool
		switch r.IntN(4) {
		case 0:
			rule = fmt.Sprintf("FREQ=DAILY;INTERVAL=%d", interval)
			has = func(d int) bool { return (d-first)%interval == 0 }
		case 1:
			days := someDays(r)
			rule = fmt.Sprintf("FREQ=WEEKLY;INTERVAL=%d;BYDAY=%s", interval, strings.Join(named7(days, []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}), ","))
			monday := func(d int) int { return d - (int(oracleDate(d).Weekday())+6)%7 }
			has = func(d int) bool {
				return (monday(d)-monday(first))/7%interval == 0 && slices.Contains(days, int(oracleDate(d).Weekday()))
			}
		case 2:
			days := []int{1 + r.IntN(31), -1 - r.IntN(3)}
			rule = fmt.Sprintf("FREQ=MONTHLY;INTERVAL=%d;BYMONTHDAY=%d,%d", interval, days[0], days[1])
			has = func(d int) bool {
				at := oracleDate(d)
				length := time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
				months := (at.Year()-start.Year())*12 + int(at.Month()-start.Month())
				return months%interval == 0 && (at.Day() == days[0] || at.Day() == length+1+days[1])
			}
		case 3:
			weekday, nth := r.IntN(7), []int{1, 2, 3, 4, 5, -1}[r.IntN(6)]
			rule = fmt.Sprintf("FREQ=MONTHLY;INTERVAL=%d;BYDAY=%d%s", interval, nth, []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[weekday])
			has = func(d int) bool {
				at := oracleDate(d)
				months := (at.Year()-start.Year())*12 + int(at.Month()-start.Month())
				from, back := (at.Day()-1)/7+1, at.AddDate(0, 0, 7).Month() != at.Month()
				return months%interval == 0 && int(at.Weekday()) == weekday && (nth == from || nth == -1 && back)
			}
		}
		count, last := 0, 10000
		switch r.IntN(3) {
		case 0:
			count = 1 + r.IntN(40)
			rule += fmt.Sprintf(";COUNT=%d", count)
		case 1:
			last = first + r.IntN(250)
			// A moment in UTC between the opening of its day and that of the next.
			rule += ";UNTIL=" + time.Unix(clocks.reach(last, h[0])*60, 0).UTC().Add(time.Duration(r.IntN(20))*time.Hour).Format("20060102T150405Z")
		}
		days := map[int]bool{}
		for d, n := first, 0; d < 900 && d <= last; d++ {
			if has(d) {
				if n++; count > 0 && n > count {
					break
				}
				days[d] = true
			}
		}
		if len(days) == 0 {
			continue // a rule that never comes true is a mistake
		}
		event := func(extra string, day int, h [2]int) {
			fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20200101T000000Z\r\nLAST-MODIFIED:20260301T120000Z\r\nSUMMARY:%s\r\nORGANIZER:mailto:x\r\n", id, id)
			fmt.Fprintf(&b, "%s\r\n%s\r\n%sEND:VEVENT\r\n", when("DTSTART", moment(day, h[0])), when("DTEND", moment(day, h[1])), extra)
		}
		some := func() int { return first + r.IntN(200) }
		extra := "RRULE:" + rule + "\r\n"
		for range r.IntN(4) {
			d := some()
			days[d] = true
			extra += when("RDATE", moment(d, h[0])) + "\r\n"
		}
		for range r.IntN(4) {
			d, e := some(), some()
			delete(days, d)
			delete(days, e)
			extra += when("EXDATE", moment(d, h[0]), "\r\n "+moment(e, h[0])) + "\r\n"
		}
		event(extra, first, h)
		state := func(day int) string {
			if age := day - oracleDay(2026, 3, 1); age > 31 || age < -1 {
				return "ask us"
			}
			return ""
		}
		inParis := func(day, clock int) int {
			return oracleDay(time.Unix(clocks.reach(day, clock)*60, 0).In(clocksOf("Europe/Paris").zone).Date())
		}
		var all []int
		for d := range days {
			all = append(all, d)
		}
		slices.Sort(all)
		for _, d := range all {
			if d > 480 || d < 4 {
				continue
			}
			switch r.IntN(12) {
			case 0:
				o.open(clocks, id, d, h[0], h[1], "cancelled")
				event(when("RECURRENCE-ID", moment(d, h[0]))+"\r\nSTATUS:CANCELLED\r\n", d, h)
			case 1:
				to, other := d+r.IntN(9)-4, someHours(r)[0]
				o.open(clocks, id, to, other[0], other[1], state(inParis(to, other[0])))
				event(when("RECURRENCE-ID", moment(d, h[0]))+"\r\n", to, other)
			default:
				o.open(clocks, id, d, h[0], h[1], state(inParis(d, h[0])))
			}
		}
	}
	b.WriteString("END:VCALENDAR\r\n")
	o.text = b.String()
	return o
}

// 2,000 made-up timetables, each day of a year; fewer, and a day in eleven with
// both nights of daylight saving, where INFOBUS_SOAK is not set.
func TestEveryDayIsThatOfTheOracle(t *testing.T) {
	timetables, every := 90, 11
	if os.Getenv("INFOBUS_SOAK") != "" {
		timetables, every = 2000, 1
	}
	begin, end := oracleDay(2026, 1, 1), oracleDay(2026, 12, 31)
	spring, autumn := oracleDay(2026, 3, 29), oracleDay(2026, 10, 25)
	states := map[string]int{}
	for n := range timetables {
		r := rand.New(rand.NewPCG(uint64(n), 3))
		o := []func(*rand.Rand) *oracle{yamlOracle, csvOracle, calendarOracle}[n%3](r)
		tt, err := Parse(o.name, []byte(o.text))
		if err != nil {
			t.Fatalf("timetable %d: %v\n%s", n, err, o.text)
		}
		byDay := map[int][]opening{}
		for _, x := range o.list {
			byDay[x.day] = append(byDay[x.day], x)
		}
		for day := begin; day <= end; day++ {
			if near := max(day-spring, spring-day) < 2 || max(day-autumn, autumn-day) < 2; !near && (day+n)%every != 0 {
				continue
			}
			var got []opening
			noon := time.Unix(clocksOf("Europe/Paris").reach(day, 12*60)*60, 0)
			for _, row := range tt.Rows(noon, "") {
				got = append(got, opening{oracleDay(row.Date.Date()), row.Opens.Unix() / 60, row.Closes.Unix() / 60, row.Service.Name["en"], string(row.State)})
			}
			want := byDay[day]
			for _, list := range [][]opening{got, want} {
				slices.SortFunc(list, func(a, b opening) int {
					return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.opens, b.opens), cmp.Compare(a.closes, b.closes), cmp.Compare(a.state, b.state))
				})
			}
			if !slices.Equal(got, want) {
				t.Fatalf("timetable %d, %s:\n%s\nwant\n%s\n%s", n, iso(day), say(got), say(want), o.text)
			}
			for _, x := range got {
				states[x.state]++
			}
		}
	}
	for _, s := range []string{"confirmed", "ask us", "cancelled"} {
		if states[s] == 0 {
			t.Errorf("no row was %s: %v", s, states)
		}
	}
	t.Logf("%d timetables: %v rows", timetables, states)
}

func say(list []opening) string {
	var b strings.Builder
	for _, x := range list {
		fmt.Fprintf(&b, "%s %s %s %s\n", x.service, time.Unix(x.opens*60, 0).UTC().Format("01-02 15:04"), time.Unix(x.closes*60, 0).UTC().Format("01-02 15:04"), x.state)
	}
	return b.String()
}

package sourcetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Instance is one opening of a calendar's series, as it should be.
type Instance struct {
	Day int // after Today
	Hours
	Title, Place, State string // State: open, cancelled, ask us
	Screen              bool
}

func (i Instance) String() string {
	return fmt.Sprintf("%2d %s-%s %s %s, %s screen=%v", i.Day, clock(i.Opens), clock(i.Closes), i.State, i.Title, i.Place, i.Screen)
}

// InstanceDays are the days of which Calendars say what is right, from Today on.
const InstanceDays = 20

var cancelledTitles = []string{"Canceled: %s", "Cancelled: %s", "Annulé : %s", "Annulé: %s", "Abgesagt: %s", "Geannuleerd: %s", "[CANCELLED] %s", "%s (annulé)"}

// version is what one VEVENT says of one instance, or of a series.
type version struct {
	sequence, modified int // modified: hours after a day; of two of one sequence the later holds
	cancel             int // 0: not; 1: STATUS; 2: the title; 3: METHOD of its calendar
	day                int
	hours              Hours
	title, place       string
	class              string // "", PUBLIC or PRIVATE
	french             string // the title as it is written, where that cancels
}

// newest is the version that holds: RFC 5545, sections 3.8.7.4 and 3.8.7.3.
func newest(list []version) version {
	return slices.MaxFunc(list, func(a, b version) int {
		if a.sequence != b.sequence {
			return a.sequence - b.sequence
		}
		return a.modified - b.modified
	})
}

// Calendars makes up calendars, as two files, whose series have changed, moved,
// cancelled and stray instances, and says what each day should have by a rule that
// shows what says CLASS:PUBLIC.
func Calendars(r *rand.Rand) (files [2]string, want []Instance) {
	var events, cancels strings.Builder
	write := func(uid, of string, v version, more ...string) {
		b := &events
		if v.cancel == 3 {
			b = &cancels
		}
		title := v.title
		if v.cancel == 2 {
			title = v.french
		}
		line := func(format string, args ...any) { fmt.Fprintf(b, format+"\r\n", args...) }
		line("BEGIN:VEVENT")
		line("UID:%s", uid)
		line("SEQUENCE:%d", v.sequence)
		line("DTSTAMP:20200101T000000Z")
		line("LAST-MODIFIED:%s", date(-checkedDays).Add(time.Duration(v.modified)*time.Hour).Format("20060102T150405Z"))
		line("SUMMARY:%s", title)
		if v.place != "" {
			line("LOCATION:%s", v.place)
		}
		if v.class != "" {
			line("CLASS:%s", v.class)
		}
		line("DTSTART;TZID=Europe/Paris:%s", moment(v.day, v.hours.Opens))
		line("DTEND;TZID=Europe/Paris:%s", moment(v.day, v.hours.Closes))
		if v.cancel == 1 {
			line("STATUS:CANCELLED")
		} else if r.IntN(2) == 0 {
			line("STATUS:CONFIRMED")
		}
		if of != "" {
			line("RECURRENCE-ID;TZID=Europe/Paris:%s", of)
		}
		for _, m := range more {
			line("%s", m)
		}
		line("END:VEVENT")
	}
	for n := range 1 + r.IntN(2) {
		uid := fmt.Sprintf("u%d@example.org", n)
		title, place := []string{"Hot meals", "Drinking water"}[n], []string{"Quai des Sternes", "Hangar Bleu"}[n]
		usual := Hours{12 * 60, 14 * 60}
		days := someDays(r)
		first := -28
		for !slices.Contains(days, weekday(first)) {
			first++
		}
		on := func(day int) bool { return day >= first && slices.Contains(days, weekday(day)) }
		master := version{day: first, hours: usual, title: title, place: place, class: []string{"PUBLIC", "PUBLIC", "PRIVATE", ""}[r.IntN(4)]}
		public := master.class == "PUBLIC"
		byday := "RRULE:FREQ=WEEKLY;BYDAY=" + strings.Join(daysICal(days), ",")
		open := map[int]Instance{}
		for day := range InstanceDays {
			if on(day) {
				open[day] = Instance{day, usual, title, place, "open", public}
			}
		}
		more := []string{byday}
		for range r.IntN(3) { // days taken out
			day := r.IntN(InstanceDays)
			more = append(more, "EXDATE;TZID=Europe/Paris:"+moment(day, usual.Opens))
			delete(open, day)
		}
		var doubted []int
		for range r.IntN(2) { // and one at an hour that the series had once
			day := r.IntN(InstanceDays)
			more = append(more, "EXDATE;TZID=Europe/Paris:"+moment(day, usual.Opens-60))
			doubted = append(doubted, day)
		}
		write(uid, "", master, more...)
		var moved []Instance
		seen := map[int]bool{}
		for range r.IntN(7) {
			day := r.IntN(InstanceDays)
			if seen[day] || slices.Contains(more, "EXDATE;TZID=Europe/Paris:"+moment(day, usual.Opens)) {
				continue
			}
			seen[day] = true
			of := usual.Opens
			stray := r.IntN(4) == 0
			if stray {
				of += 30 // an instance that the series does not have
			}
			var list []version
			for k := range 1 + r.IntN(3) {
				v := version{sequence: r.IntN(3), modified: 1 + k*3 + r.IntN(3), day: day, hours: usual, title: title, place: place, class: master.class}
				switch r.IntN(6) {
				case 0, 1:
					v.cancel = 1 + r.IntN(3)
				case 2:
					v.day, v.hours = max(0, day+r.IntN(3)-1), Hours{15 * 60, 16 * 60}
				case 3:
					v.title = "Tea"
				case 4:
					v.place = "Rue du Moulin Gris"
				case 5:
					v.class = []string{"", "PRIVATE", "PUBLIC"}[r.IntN(3)]
				}
				if r.IntN(4) == 0 {
					v.class = ""
				}
				if v.cancel == 2 {
					v.french = fmt.Sprintf(cancelledTitles[r.IntN(len(cancelledTitles))], title)
				}
				list = append(list, v)
			}
			for _, i := range r.Perm(len(list)) {
				write(uid, moment(day, of), list[i])
			}
			v := newest(list)
			own := v.title != title || v.place != place
			screen := public && (v.class == "PUBLIC" || v.class == "" && !own)
			hit := !stray && on(day)
			switch {
			case hit && v.cancel > 0:
				i := open[day]
				i.State = "cancelled"
				open[day] = i
			case hit:
				delete(open, day)
				moved = append(moved, Instance{v.day, v.hours, v.title, v.place, "open", screen})
			default:
				doubted = append(doubted, day)
				if v.cancel == 0 {
					moved = append(moved, Instance{v.day, v.hours, v.title, v.place, "ask us", screen})
				}
			}
		}
		for _, day := range doubted {
			if i, ok := open[day]; ok && i.State == "open" {
				i.State = "ask us"
				open[day] = i
			}
		}
		for _, i := range open {
			want = append(want, i)
		}
		want = append(want, moved...)
	}
	want = slices.DeleteFunc(want, func(i Instance) bool { return i.Day < 0 || i.Day >= InstanceDays })
	files[0] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + events.String() + "END:VCALENDAR\r\n"
	files[1] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:CANCEL\r\n" + cancels.String() + "END:VCALENDAR\r\n"
	return files, want
}

func moment(day, minutes int) string {
	return date(day).Add(time.Duration(minutes) * time.Minute).Format("20060102T150405")
}

func daysICal(days []time.Weekday) (list []string) {
	for _, d := range days {
		list = append(list, []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[d])
	}
	return list
}

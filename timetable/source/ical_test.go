package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/timetabletest"
)

// events makes a calendar of events; $ in them stands for the properties that
// each needs.
func events(head string, list ...string) string {
	text := "BEGIN:VCALENDAR\nVERSION:2.0\n" + head
	for _, e := range list {
		text += "BEGIN:VEVENT\n" + strings.ReplaceAll(e, "$", "UID:a\nDTSTAMP:20261120T080000Z\nSUMMARY:Tea\n") + "END:VEVENT\n"
	}
	return strings.ReplaceAll(text+"END:VCALENDAR\n", "\n", "\r\n")
}

const ownZone = `BEGIN:VTIMEZONE
TZID:Calais
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
`

func TestWhatACalendarSaysAndTheRowsOfIt(t *testing.T) {
	for _, c := range []struct{ what, text, days, want string }{
		{"a time in UTC moves with the clocks here", events("", "$DTSTART:20261020T100000Z\nDTEND:20261020T110000Z\nRRULE:FREQ=WEEKLY\n"),
			"2026-10-20 2026-10-27", "12:00-13:00 ask us, 11:00-12:00 ask us"},
		{"a time of no zone is the timetable's", events("", "$DTSTART:20261123T100000\nDURATION:PT90M\n"), "2026-11-23", "10:00-11:30 confirmed"},
		{"Outlook's name of the zone", events("", "$DTSTART;TZID=Romance Standard Time:20261123T100000\nDURATION:PT1H\n"), "2026-11-23", "10:00-11:00 confirmed"},
		{"a maker's name before the zone's", events("", "$DTSTART;TZID=/example.org/2/Europe/Paris:20261123T100000\nDURATION:PT1H\n"), "2026-11-23", "10:00-11:00 confirmed"},
		{"a zone of the calendar's own, in winter and summer", events(ownZone, "$DTSTART;TZID=Calais:20260101T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nLAST-MODIFIED:20260710T080000Z\n"),
			"2026-01-10 2026-07-10", "10:00-11:00 ask us, 10:00-11:00 confirmed"},
		{"another zone's evening is the next day here", events("", "$DTSTART;TZID=America/New_York:20261122T200000\nDURATION:PT1H\n"), "2026-11-22 2026-11-23", "02:00-03:00 confirmed"},
		{"a date alone has no hours", events("", "$DTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261125\n"),
			"2026-11-22 2026-11-23 2026-11-24 2026-11-25", "00:00-00:00 ask us, 00:00-00:00 ask us"},
		{"an event that is not certain", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nSTATUS:TENTATIVE\n"), "2026-11-23", "10:00-11:00 ask us"},
		{"an event that is off", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nSTATUS:CANCELLED\n"), "2026-11-23", "10:00-11:00 cancelled"},
		{"past midnight, over the night in which clocks go back", events("", "$DTSTART:20261024T220000\nDTEND:20261025T040000\n"), "2026-10-24", "22:00-04:00 ask us"},
		{"a day taken out by its date alone", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20261124\n"),
			"2026-11-23 2026-11-24 2026-11-25 2026-11-26", "10:00-11:00 confirmed, 10:00-11:00 confirmed"},
		{"a further period", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20261124T150000/PT3H\n"), "2026-11-24", "15:00-18:00 confirmed"},
		{"an instance moved to another day", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\n", "$RECURRENCE-ID:20261123T100000\nDTSTART:20261124T120000\nDURATION:PT1H\n"),
			"2026-11-23 2026-11-24 2026-11-30", "12:00-13:00 confirmed, 10:00-11:00 confirmed"},
		{"an instance cancelled, without hours of its own", events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\n", "$RECURRENCE-ID:20261123T090000Z\nSTATUS:CANCELLED\n"),
			"2026-11-23 2026-11-30", "10:00-11:00 cancelled, 10:00-11:00 confirmed"},
	} {
		tt, err := Parse("t.ics", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		var got []string
		for _, day := range strings.Fields(c.days) {
			at, err := time.ParseInLocation(time.DateOnly, day, tt.Zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tt.Rows(at.Add(12*time.Hour), "") {
				got = append(got, fmt.Sprintf("%s-%s %s", r.Opens.Format("15:04"), r.Closes.Format("15:04"), r.State))
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, s, c.want)
		}
	}
}

func TestACalendarShowsOnlyWhatItsRuleHas(t *testing.T) {
	class, said := timetable.PublicRule{Kind: timetable.PublicClass}, timetable.PublicRule{Kind: timetable.PublicSaid}
	for line, want := range map[string]timetable.Show{
		"": timetable.InPerson, "CLASS:PUBLIC\n": timetable.Screen, "CLASS:PRIVATE\n": timetable.InPerson, "CLASS:X-OURS\n": timetable.InPerson,
		"X-INFOBUS-SHOW:screen\n": timetable.Screen, "CLASS:PUBLIC\nX-INFOBUS-SHOW:in-person\n": timetable.InPerson,
	} {
		text := events("", "$DTSTART:20261123T100000\nDURATION:PT1H\n"+line)
		p := Options{Public: timetable.Public{class, said}}.Parse([]File{{"t.ics", []byte(text)}})
		if p.Refused || p.Timetable.Services[0].Show != want {
			t.Errorf("%q: %v, %v", line, p.Timetable, p.Mistakes)
		}
		if tt, err := Parse("t.ics", []byte(text)); err != nil || tt.Services[0].Show != timetable.InPerson {
			t.Errorf("%q without a rule: %v, %v", line, tt, err)
		}
	}
}

func TestOfAnAddressTooLongWhatIsOnTheStreetSignIsShown(t *testing.T) {
	wide := func(field, _, text string) error {
		if field == "place" && len(text) > 20 {
			return errors.New("too wide")
		}
		return nil
	}
	for address, want := range map[string]string{
		`Quai 3\, 62100 Calais`:                   "Quai 3, 62100 Calais",
		`Rue du Moulin 3\, 62100 Calais\, France`: "Rue du Moulin 3",
		`Rue du Vieux Moulin Gris 3`:              "",
	} {
		tt, err := Parse("t.ics", []byte(events("", "$DTSTART:20261123T100000\nDURATION:PT1H\nLOCATION:"+address+"\n")), wide)
		if err != nil {
			if want != "" || !strings.HasPrefix(err.Error(), "t.ics:9:10: LOCATION: too wide") {
				t.Errorf("%s: %v", address, err)
			}
		} else if got := tt.Services[0].Place.Name; got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// Nobody of a calendar gets into the timetable, nor into what is said of its
// mistakes.
func TestPersonsOfACalendarAreNotRead(t *testing.T) {
	persons := "ORGANIZER;CN=Amina:mailto:amina@example.org\nATTENDEE;CN=\"Amina\nCONTACT:Amina\\\nDESCRIPTION:ask Amina\nCOMMENT:Amina\n"
	tt, err := Parse("t.ics", []byte(events("", "$DTSTART:20261123T100000\nDURATION:PT1H\n"+persons)))
	if err != nil || strings.Contains(fmt.Sprintf("%+v", tt.Services), "Amina") {
		t.Errorf("%+v, %v", tt, err)
	}
	persons = "Amina told us\n" + persons
	if _, err = Parse("t.ics", []byte(events("", "$DTSTART:20261123T100000\nDURATION:PT1H\n"+persons))); err == nil || strings.Contains(err.Error(), "Amina") {
		t.Errorf("%v", err)
	}
}

// What is meant otherwise than it says is named, with its day.
func TestWhatACalendarMayMeanOtherwiseIsNamed(t *testing.T) {
	const series = "$CLASS:PUBLIC\nDTSTART:20261123T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU\n"
	of := func(at, more string) string {
		return "$CLASS:PUBLIC\nRECURRENCE-ID:" + at + "\nDTSTART:" + at + "\nDURATION:PT1H\n" + more
	}
	for _, c := range []struct{ what, text, warning, day, rows string }{
		{"a cancelled instance at an hour that the series does not have", events("", series, of("20261130T110000", "STATUS:CANCELLED\n")),
			"t.ics:12:1: it cancels an instance on 2026-11-30 at 11:00, which the series of line 3 does not have; what the series has on that day is shown without hours", "2026-11-30",
			"30 10:00-11:00 ask us Tea, \n01 10:00-11:00 confirmed Tea, "},
		{"a cancelled instance of a day that the series does not have", events("", series, of("20261202T100000", "STATUS:CANCELLED\n")),
			"it cancels an instance on 2026-12-02 at 10:00, which the series of line 3 does not have; nothing else is on that day", "2026-12-02",
			"30 10:00-11:00 confirmed Tea, \n01 10:00-11:00 confirmed Tea, "},
		{"a moved instance that the series does not have", events("", series, strings.Replace(of("20261130T110000", ""), "DTSTART:20261130T11", "DTSTART:20261202T15", 1)),
			"it changes an instance on 2026-11-30 at 11:00", "2026-11-30",
			"30 10:00-11:00 ask us Tea, \n01 10:00-11:00 confirmed Tea, \n02 15:00-16:00 ask us Tea, "},
		{"a day taken out at an hour that the series does not have", events("", series+"EXDATE:20261201T090000\n"),
			"t.ics:11:8: EXDATE: 2026-12-01 at 09:00, which the series does not have; what it has on that day is shown without hours", "2026-12-01",
			"30 10:00-11:00 confirmed Tea, \n01 10:00-11:00 ask us Tea, "},
		{"a cancelled instance of a UID that is not there", events("", series, strings.Replace(of("20261130T100000", "STATUS:CANCELLED\n"), "$", "UID:b\nSUMMARY:Teas\n", 1)),
			"it is an instance on 2026-11-30 of a series that is not there; the series of the same title is shown without hours on that day", "2026-11-30",
			"30 10:00-11:00 ask us Tea, \n30 10:00-11:00 cancelled Teas, \n01 10:00-11:00 confirmed Tea, "},
		{"an instance with a title of its own that says nothing of its class", events("", series, strings.NewReplacer("CLASS:PUBLIC\n", "", "SUMMARY:Tea", "SUMMARY:Secret").Replace(strings.Replace(of("20261130T100000", ""), "$", "UID:a\nDTSTAMP:20261120T080000Z\nSUMMARY:Secret\n", 1))),
			"the instance on 2026-11-30 is not for the screen: it has a title or a place of its own, and no rule has it", "2026-11-30",
			"*30 10:00-11:00 confirmed Secret, \n01 10:00-11:00 confirmed Tea, "},
		{"an answer", events("METHOD:REPLY\n", series), "METHOD:REPLY found: an answer to somebody, and no timetable; its events are set aside", "", ""},
	} {
		p := reading.Parse([]File{{"t.ics", []byte(c.text)}})
		if p.Refused {
			t.Errorf("%s: %v", c.what, p.Mistakes)
			continue
		}
		found := false
		for _, w := range p.Warnings {
			if strings.Contains(w.Error(), c.warning) {
				found = true
				if w.Day.String() != c.day {
					t.Errorf("%s: of %s, want %s", c.what, w.Day, c.day)
				}
			}
		}
		if !found {
			t.Errorf("%s: %v\nwant %s", c.what, p.Warnings, c.warning)
		}
		if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 3); got != c.rows {
			t.Errorf("%s:\n%s\nwant\n%s", c.what, got, c.rows)
		}
	}
}

// A calendar of METHOD:CANCEL cancels a series that another file has, unless that
// is newer.
func TestOneFileMayCancelWhatAnotherHas(t *testing.T) {
	series := func(sequence, more string) string {
		return events("", "$CLASS:PUBLIC\nSEQUENCE:"+sequence+"\nDTSTART:20261123T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY\n"+more)
	}
	cancel := events("METHOD:CANCEL\n", "UID:a\nDTSTAMP:20261121T080000Z\nSEQUENCE:1\n")
	for _, c := range []struct{ what, series, want string }{
		{"an older series", series("0", ""), "30 10:00-11:00 cancelled Tea, "},
		{"a series of the same version, before", series("1", ""), "30 10:00-11:00 cancelled Tea, "},
		{"a newer series", series("2", ""), "30 10:00-11:00 confirmed Tea, "},
	} {
		for _, files := range [][]File{{{"a.ics", []byte(c.series)}, {"b.ics", []byte(cancel)}}, {{"a.ics", []byte(cancel)}, {"b.ics", []byte(c.series)}}} {
			p := reading.Parse(files)
			if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 1); p.Refused || got != c.want {
				t.Errorf("%s: %s, %v\nwant %s", c.what, got, p.Mistakes, c.want)
			}
		}
	}
}

func TestACheckIsAPersons(t *testing.T) {
	for _, c := range []struct{ what, head, event, want string }{
		{"DTSTAMP without METHOD", "", "", "confirmed"},
		{"DTSTAMP of an export", "METHOD:PUBLISH\n", "", "ask us"},
		{"LAST-MODIFIED of an export", "METHOD:PUBLISH\n", "LAST-MODIFIED:20261121T080000Z\n", "confirmed"},
		{"LAST-MODIFIED of long ago", "", "LAST-MODIFIED:20260101T080000Z\n", "ask us"},
		{"a day that the event names", "METHOD:PUBLISH\n", "X-INFOBUS-CHECKED:20261121\n", "confirmed"},
		{"a day of long ago that it names", "", "X-INFOBUS-CHECKED:20260101\nLAST-MODIFIED:20261121T080000Z\n", "ask us"},
	} {
		tt, err := Parse("t.ics", []byte(events(c.head, "$DTSTART:20261123T100000\nDURATION:PT1H\n"+c.event)))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := string(tt.Rows(time.Date(2026, 11, 23, 8, 0, 0, 0, tt.Zone), "")[0].State); got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}

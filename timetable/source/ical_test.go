package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
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

func TestACalendarShowsOnlyWhatItSaysIsPublic(t *testing.T) {
	for line, want := range map[string]timetable.Show{
		"": timetable.InPerson, "CLASS:PUBLIC\n": timetable.Screen, "CLASS:PRIVATE\n": timetable.InPerson, "CLASS:X-OURS\n": timetable.InPerson,
		"X-INFOBUS-SHOW:screen\n": timetable.Screen, "CLASS:PUBLIC\nX-INFOBUS-SHOW:in-person\n": timetable.InPerson,
	} {
		tt, err := Parse("t.ics", []byte(events("", "$DTSTART:20261123T100000\nDURATION:PT1H\n"+line)))
		if err != nil || tt.Services[0].Show != want {
			t.Errorf("%q: %v, %v", line, tt, err)
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

package timetable

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

func noUntil(string) (Date, error) { return 0, errors.New("not here") }

func TestRulesOfTheStandard(t *testing.T) {
	// The rules and their days are those of RFC 5545, section 3.8.5.3.
	for _, c := range []struct{ first, rule, want string }{
		{"2027-09-02", "FREQ=DAILY;COUNT=3", "09-02 09-03 09-04"},
		{"2027-09-02", "FREQ=DAILY;INTERVAL=10;COUNT=3", "09-02 09-12 09-22"},
		{"2027-09-02", "FREQ=WEEKLY;COUNT=3", "09-02 09-09 09-16"},
		{"2026-11-24", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "11-24 11-29 12-08 12-13"},
		{"2026-11-24", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "11-24 12-06 12-08 12-20"},
		{"2026-11-27", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "11-27 12-25 01-29"},
		{"2026-11-25", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "11-30 12-31 01-31"},
		{"2026-08-31", "FREQ=MONTHLY;COUNT=4", "08-31 10-31 12-31 01-31"},
		{"2026-11-26", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=-1", "11-26 12-31 01-28"},
		{"2024-02-29", "FREQ=YEARLY;COUNT=2", "02-29 02-29"},
		{"2026-11-13", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=2", "11-13 08-13"},
		{"2026-11-25", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,3;COUNT=3", "11-25 11-30 12-02"},
		{"2026-11-25", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;BYSETPOS=-1;WKST=SU;COUNT=2", "11-27 12-11"},
	} {
		first, err := ParseDate(c.first)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRule(c.rule, first, noUntil)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		var got []string
		for d := first - 40; d < first+366*5; d++ {
			if r.On(d) {
				got = append(got, d.String()[5:])
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s from %s: %s\nwant %s", c.rule, c.first, s, c.want)
		}
	}
}

// The days of each rule are those of other implementations; from the day before
// the first to that after the last there is no other.
func TestARuleHasTheDaysOfOtherImplementations(t *testing.T) {
	data, err := os.ReadFile("testdata/recurrences.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := 0
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			continue
		}
		rules++
		first, rule, want := civil(t, fields[1]), fields[2], strings.Fields(fields[3])
		r, err := ParseRule(rule, first, noUntil)
		if err != nil {
			t.Errorf("%s from %s: %v", rule, fields[1], err)
			continue
		}
		var got []string
		for d := first - 1; d <= civil(t, want[len(want)-1])+400; d++ {
			if r.On(d) {
				got = append(got, d.String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s from %s (%s):\n%v\nwant\n%v", rule, fields[1], fields[0], got, want)
		}
	}
	if rules < 200 {
		t.Errorf("only %d rules were read", rules)
	}
}

// civil is a date of any year.
func civil(t *testing.T, s string) Date {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return DateOf(at.Date())
}

func TestRulesThatAreRefused(t *testing.T) {
	for rule, want := range map[string]string{
		"":                                    "NAME=VALUE was expected",
		"INTERVAL=2":                          "no FREQ found",
		"FREQ=SECONDLY":                       "FREQ=SECONDLY found, DAILY, WEEKLY, MONTHLY or YEARLY was expected",
		"FREQ=DAILY;COUNT=1000000000":         "COUNT=1000000000 found, 1 to 4000 was expected",
		"FREQ=DAILY;INTERVAL=0":               "INTERVAL=0 found",
		"FREQ=DAILY;COUNT=2;UNTIL=1":          "UNTIL=1 found: not here",
		"FREQ=DAILY;BYHOUR=9,12":              "BYHOUR found, which is not read",
		"FREQ=DAILY;FREQ=DAILY":               "FREQ a second time",
		"FREQ=WEEKLY;BYDAY=2MO":               "a number goes with FREQ=MONTHLY or YEARLY only",
		"FREQ=WEEKLY;BYDAY=LU":                "LU found, MO, TU, WE, TH, FR, SA or SU was expected",
		"FREQ=MONTHLY;BYMONTHDAY=32":          "bymonthday",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "it has no day at all",
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31":  "it has no day at all",
	} {
		if _, err := ParseRule(rule, DateOf(2026, 11, 25), noUntil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", rule, err, want)
		}
	}
}

// A rule asked day by day, each period alone, has the days that rrule-go gives
// when it runs through all of them.
func TestARuleHasTheDaysOfTheLibrary(t *testing.T) {
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, from []string) string {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom(from), 1, 3, rapid.ID).Draw(t, name)
			return ";" + name + "=" + strings.Join(list, ",")
		}
		freq := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq")
		text := fmt.Sprintf("FREQ=%s;INTERVAL=%d", freq, rapid.IntRange(1, 5).Draw(t, "interval"))
		if rapid.Bool().Draw(t, "by day") {
			text += some("BYDAY", days)
		}
		if freq != "WEEKLY" && rapid.Bool().Draw(t, "by month day") {
			text += some("BYMONTHDAY", []string{"1", "7", "15", "29", "31", "-1", "-3"})
		}
		if rapid.Bool().Draw(t, "by month") {
			text += some("BYMONTH", []string{"1", "2", "3", "10", "12"})
		}
		if strings.Contains(text, ";BY") && rapid.Bool().Draw(t, "by position") {
			text += some("BYSETPOS", []string{"1", "2", "-1"})
		}
		if freq == "WEEKLY" {
			text += ";WKST=" + rapid.SampledFrom(days).Draw(t, "wkst")
		}
		first := DateOf(2026, 1, rapid.IntRange(1, 900).Draw(t, "first"))
		option, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		if rapid.Bool().Draw(t, "counted") {
			count = rapid.IntRange(1, 40).Draw(t, "count")
			text += fmt.Sprintf(";COUNT=%d", count)
		}
		option.Dtstart = first.far()
		if freq == "WEEKLY" && strings.Contains(text, "BYSETPOS") {
			for option.Dtstart.Weekday() != time.Weekday((option.Wkst.Day()+1)%7) {
				option.Dtstart = option.Dtstart.AddDate(0, 0, -1)
			}
			if !strings.Contains(text, "BYDAY") {
				option.Byweekday = []rrule.Weekday{weekdays[first.Weekday()]}
			}
		}
		whole, err := rrule.NewRRule(*option)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRule(text, first, noUntil)
		if err != nil {
			if !whole.After(first.far(), true).IsZero() {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
		var want []Date
		next := whole.Iterator()
		for at, ok := next(); ok && near(at) < first+400 && (count == 0 || len(want) < count); at, ok = next() {
			if near(at) >= first {
				want = append(want, near(at))
			}
		}
		var got []Date
		for d := first; d < first+400; d++ {
			if r.On(d) {
				got = append(got, d)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %s:\n%v\nwant\n%v", text, first, got, want)
		}
	})
}

func BenchmarkRuleOn(b *testing.B) {
	r, err := ParseRule("FREQ=WEEKLY;BYDAY=MO,WE,FR", DateOf(2015, 1, 5), noUntil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.On(DateOf(2026, 11, 25))
	}
}

package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/logbook"
	"infobus/words"
)

var paris = must(time.LoadLocation("Europe/Paris"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// options are those of a report that is made on the evening of 24 November.
func options() Options {
	return Options{Now: time.Date(2026, 11, 24, 20, 0, 0, 0, paris), Zone: paris, Days: 3, Silence: 26 * time.Hour}
}

// at is a time of November 2026, as "23 14:05".
func at(s string) time.Time {
	return must(time.ParseInLocation("2006-01 2 15:04", "2026-11 "+s, paris))
}

// told are events of one boot that began on the 22nd at 00:00, numbered from seq on:
// "23 14:05 name key=value …"; a - in place of the time is an event without one, an hour
// after the one before.
func told(log, boot string, seq uint64, lines ...string) (list []logbook.Event) {
	began, mono := at("22 00:00"), time.Duration(0)
	for i, l := range lines {
		fields := strings.Fields(l)
		e := logbook.Event{Log: log, Boot: boot, Seq: seq + uint64(i), Attributes: map[string]any{}}
		if fields[0] == "-" {
			mono, fields = mono+time.Hour, fields[1:]
		} else {
			e.At = at(fields[0] + " " + fields[1])
			mono, fields = e.At.Sub(began), fields[2:]
		}
		e.Mono, e.Name = mono, logbook.Name(fields[0])
		for _, f := range fields[1:] {
			key, value, _ := strings.Cut(f, "=")
			var n float64
			if _, err := fmt.Sscan(value, &n); err == nil {
				e.Attributes[key] = n
			} else {
				e.Attributes[key] = value
			}
		}
		list = append(list, e)
	}
	return list
}

// volatile has the events sent from memory.
func volatile(list []logbook.Event) []logbook.Event {
	for i := range list {
		list[i].Volatile = true
	}
	return list
}

func reportOf(o Options, van string, events ...logbook.Event) Report {
	r := NewReckoner(o)
	for _, e := range events {
		r.See(Record{van, e})
	}
	return r.Report()
}

func TestWhatAVanSentComesToDays(t *testing.T) {
	day := func(date string, d Day) Day {
		d.Date = date
		if d.Events == 0 || d.Internet == 0 {
			d.Internet = -1
		}
		if d.In == 0 && d.Out == 0 {
			d.In, d.Out = -1, -1
		}
		if d.Devices == 0 {
			d.Devices = -1
		}
		return d
	}
	for _, c := range []struct {
		name   string
		events []logbook.Event
		want   [3]Day
	}{
		{"a session", told("a", "x", 1, "23 12:00 generator.started generator=1", "23 12:00 session.started planned_minutes=120",
			"23 14:00 session.ended reason=planned minutes=120 in_wh=300 out_wh=40 internet_percent=90 devices=40", "23 14:30 generator.stopped generator=1"),
			[3]Day{{}, {Events: 4, Run: 150 * time.Minute, Sessions: 1, Internet: 90, In: 300, Out: 40, Devices: 40}, {}}},
		{"two sessions, of which the longer one counts for more", told("a", "x", 1, "23 12:00 session.ended minutes=30 internet_percent=100 devices=10", "23 14:00 session.ended minutes=90 internet_percent=80 devices=7"),
			[3]Day{{}, {Events: 2, Internet: 85, Devices: 10}, {}}},
		{"a generator over midnight", told("a", "x", 1, "22 23:00 generator.started generator=1", "23 01:30 generator.stopped generator=1"),
			[3]Day{{Events: 1, Run: time.Hour}, {Events: 1, Run: 90 * time.Minute}, {}}},
		{"a session over midnight", told("a", "x", 1, "22 23:00 session.started", "23 01:30 session.ended minutes=150 in_wh=300 out_wh=40 internet_percent=90 devices=40"),
			[3]Day{{Events: 1, Sessions: 1, Internet: 90, In: 300, Out: 40, Devices: 40}, {Events: 1}, {}}},
		{"two generators at once", told("a", "x", 1, "23 12:00 generator.started generator=1", "23 12:30 generator.started generator=2", "23 13:00 generator.stopped generator=1", "23 13:00 generator.stopped generator=2"),
			[3]Day{{}, {Events: 4, Run: 90 * time.Minute}, {}}},
		{"a power cut while it ran", append(told("a", "x", 1, "23 12:00 generator.started generator=1", "23 13:00 battery.level level=good"), told("a", "y", 3, "23 15:00 system.started")...),
			[3]Day{{}, {Events: 3, Run: time.Hour, AtLeast: true}, {}}},
		{"it still ran when it was heard last", told("a", "x", 1, "24 12:00 generator.started generator=1", "24 19:00 battery.level level=good"),
			[3]Day{{}, {}, {Events: 2, Run: 7 * time.Hour, AtLeast: true}}},
		{"a stop without a start", told("a", "x", 7, "23 12:00 generator.stopped generator=1"), [3]Day{{}, {Events: 1}, {}}},
		{"before the clock was set", told("a", "x", 1, "- generator.started generator=1", "- generator.stopped generator=1", "22 05:00 clock.trusted"),
			[3]Day{{Events: 3, Run: time.Hour}, {}, {}}},
		{"a clock that was never set", told("a", "x", 1, "- generator.started generator=1", "- generator.stopped generator=1"), [3]Day{}},
		{"a stop that is worked out to be in three hundred years", append(told("a", "x", 1, "24 12:00 generator.started generator=1"),
			logbook.Event{Log: "a", Boot: "x", Seq: 2, Mono: math.MaxInt64, Name: logbook.GeneratorStopped, Attributes: map[string]any{"generator": 1.}}),
			[3]Day{{}, {}, {Events: 1, Run: 9 * time.Hour}}},
		{"before these days, and after", told("a", "x", 1, "20 12:00 session.started", "30 12:00 session.started"), [3]Day{}},
	} {
		for shuffled := range 2 {
			events := slices.Clone(c.events)
			if shuffled == 1 { // the files in another order, and each twice
				slices.Reverse(events)
				events = append(events, c.events...)
			}
			r := reportOf(options(), "Van 1", events...)
			want := []Day{day("2026-11-22", c.want[0]), day("2026-11-23", c.want[1]), day("2026-11-24", c.want[2])}
			got := slices.Clone(r.Vans[0].Days)
			for i := range got {
				got[i].judged, got[i].works = 0, 0
			}
			if len(r.Vans) != 1 || !slices.Equal(got, want) {
				t.Errorf("%s:\n%+v\nwant\n%+v", c.name, got, want)
			}
		}
	}
}

func TestWhatSomebodyShouldLookAt(t *testing.T) {
	heard := func(lines ...string) []logbook.Event {
		return told("a", "x", 1, append(lines, "24 19:00 battery.level level=good percent=84")...)
	}
	for _, c := range []struct {
		name   string
		events []logbook.Event
		want   []string
	}{
		{"nothing", heard(), nil},
		{"silent for two days", told("a", "x", 1, "22 12:00 system.started"), []string{"Silent: last heard 2 days ago. Broken, stolen, or out of reach?"}},
		{"a clock that was never set", told("a", "x", 1, "- system.started"), []string{"Nobody knows when it was heard last: its clock was never set."}},
		{"a screen that failed, twice told", heard("23 10:00 device.failed device=panel reason=absent", "23 11:00 device.failed device=panel reason=absent"), []string{"Does not work: Screen, since 2026-11-23 10:00"}},
		{"one that works again", heard("23 10:00 device.failed device=panel reason=absent", "23 10:05 device.recovered device=panel"), nil},
		{"one before a new start", heard("23 10:00 device.failed device=panel reason=absent", "23 12:00 system.started"), nil},
		{"a timetable that was refused", heard("23 10:00 timetable.rejected mistakes=3"), []string{"The last timetable was refused; the one before stays in use."}},
		{"and then another", heard("23 10:00 timetable.rejected mistakes=3", "23 12:00 timetable.loaded services=14"), nil},
		{"hours that run out", heard("23 10:00 timetable.expiring hours=2 of=9 days=3"), []string{"Hours of the timetable run out on 2026-11-26."}},
		{"hours that ran out", heard("22 10:00 timetable.expiring hours=2 of=9 days=1"), []string{"Hours of the timetable ran out on 2026-11-23."}},
		{"that somebody has checked", heard("22 10:00 timetable.expiring hours=2 of=9 days=1", "22 11:00 timetable.corrected correction=checked active=0"), nil},
		{"events that are not here", append(heard(), told("a", "x", 7, "24 19:30 battery.level level=good")...), []string{"5 events between others are not here: on their way, or lost."}},
		{"events that were missing before these days", append(told("a", "x", 1, "2 10:00 system.started"), told("a", "x", 7, "3 10:00 battery.level level=good", "24 19:00 battery.level level=good")...), nil},
		{"numbers of a memory, of which the card has the rest", append(heard(), append(volatile(told("b", "y", 1, "23 12:00 device.failed device=panel reason=absent")), volatile(told("b", "y", 5, "23 13:00 device.failed device=panel reason=absent"))...)...),
			[]string{"Does not work: Screen, since 2026-11-23 12:00"}},
		{"a screen that failed long ago, of a box that was on ever since", append(told("a", "x", 1, "2 10:00 device.failed device=panel reason=absent"), told("a", "x", 2, "24 19:00 battery.level level=good")...), []string{"Does not work: Screen, since 2026-11-02 10:00"}},
		{"hours that run out, and a restart", heard("23 09:00 timetable.loaded services=14", "23 10:00 timetable.expiring hours=2 of=9 days=3", "24 08:00 system.started", "24 08:00 timetable.loaded services=14"), []string{"Hours of the timetable run out on 2026-11-26."}},
		{"hours that run out, and a restart with another timetable", heard("23 09:00 timetable.loaded services=14", "23 10:00 timetable.expiring hours=2 of=9 days=3", "24 08:00 system.started", "24 08:00 timetable.loaded services=15"), nil},
		{"hours that run out, and another timetable of as many services", heard("23 09:00 timetable.loaded services=14", "23 10:00 timetable.expiring hours=2 of=9 days=3", "24 08:00 timetable.loaded services=14"), nil},
		{"hours that run out on two days", heard("23 10:00 timetable.expiring hours=2 of=9 days=3", "23 10:00 timetable.expiring hours=1 of=9 days=6"), []string{"Hours of the timetable run out on 2026-11-26."}},
		{"events that the receiver refused", heard("23 10:00 logbook.dropped events=12 reason=refused"), []string{"12 events were refused by the receiver: its own log says why. Until that is mended, more go missing."}},
		{"events that the box lost", heard("23 10:00 logbook.dropped events=1 reason=damaged"), []string{"1 event was lost, as the box says."}},
		{"a clock that is years ahead", told("a", "x", 1, "22 12:00 system.started", "24 22:00 system.started"), []string{"Silent: last heard 2 days ago. Broken, stolen, or out of reach?",
			"1 event is of a time to come: the box’s clock was wrong, or this machine’s is."}},
		{"a clock that was ahead until it was set, before these days", append(told("a", "x", 1, "10 12:00 system.started"), append(
			[]logbook.Event{{Log: "a", Boot: "x", Seq: 2, Mono: at("10 12:05").Sub(at("22 00:00")), At: at("24 12:00").AddDate(1, 0, 0), Name: logbook.ClockTrusted}},
			told("a", "y", 3, "24 19:00 battery.level level=good")...)...), nil},
		{"two boxes of one name", append(heard("23 10:00 system.started"), told("b", "y", 1, "23 09:00 system.started", "24 12:00 system.started")...),
			[]string{"Two boxes send under this name at the same time: what stands here is of both."}},
		{"two boxes of one name, before these days", append(told("a", "x", 1, "2 10:00 system.started", "5 10:00 system.started", "24 19:00 battery.level level=good"), told("b", "y", 1, "3 10:00 system.started", "6 10:00 system.started")...), nil},
		{"a log that was drawn anew", append(heard("23 10:00 system.started"), told("b", "y", 1, "22 09:00 system.started", "23 09:00 system.started")...), nil},
		{"a log in memory, while the card took nothing", append(heard("22 10:00 system.started"), volatile(told("b", "y", 1, "22 12:00 device.failed device=panel reason=absent", "24 12:00 device.recovered device=panel"))...), nil},
		{"gas", heard("23 10:00 power.monoxide state=alarm", "23 10:20 power.monoxide state=over"), []string{"The carbon-monoxide alarm sounded: 2026-11-23 10:00"}},
	} {
		r := reportOf(options(), "Van 1", c.events...)
		var got []string
		for _, text := range r.Vans[0].troubles(options()) {
			got = append(got, words.In("en").Text(text))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if r.Attention(options()) != (c.want != nil) {
			t.Errorf("%s: attention: %v", c.name, r.Attention(options()))
		}
	}
}

// Days are those of the zone, also where a clock change makes them longer, shorter, or
// leaves out their midnight: a generator that ran from noon to noon ran for all of it.
func TestANightInWhichClocksChange(t *testing.T) {
	for _, c := range []struct {
		zone, date string
		want       [2]time.Duration
	}{
		{"Europe/Paris", "2026-03-28", [2]time.Duration{12 * time.Hour, 11 * time.Hour}},
		{"Europe/Paris", "2026-10-24", [2]time.Duration{12 * time.Hour, 13 * time.Hour}},
		{"Atlantic/Azores", "2026-03-28", [2]time.Duration{12 * time.Hour, 11 * time.Hour}},
		{"Atlantic/Azores", "2026-10-24", [2]time.Duration{12 * time.Hour, 13 * time.Hour}},
		{"Europe/Paris", "2026-12-31", [2]time.Duration{12 * time.Hour, 12 * time.Hour}},
	} {
		zone := must(time.LoadLocation(c.zone))
		noon := must(time.ParseInLocation("2006-01-02 15:04", c.date+" 12:00", zone))
		next := noon.AddDate(0, 0, 1)
		for days := 2; days < 4; days++ { // the page begins on the first day, and the day before
			r := reportOf(Options{Now: next.Add(6 * time.Hour), Zone: zone, Days: days, Silence: 26 * time.Hour}, "Van 1",
				logbook.Event{Log: "a", Seq: 1, Boot: "x", Mono: 1, At: noon, Name: logbook.GeneratorStarted, Attributes: map[string]any{"generator": 1.}},
				logbook.Event{Log: "a", Seq: 2, Boot: "x", Mono: 2, At: next, Name: logbook.GeneratorStopped, Attributes: map[string]any{"generator": 1.}})
			list := r.Vans[0].Days
			for i, want := range c.want {
				if d := list[len(list)-2+i]; d.Run != want || d.Date != noon.AddDate(0, 0, i).Format(time.DateOnly) {
					t.Errorf("%s, %s, %d days: %s has %v, want %v", c.zone, c.date, days, d.Date, d.Run, want)
				}
			}
		}
	}
}

// Where nothing came from any van, somebody should look.
func TestNoVanAtAllWantsALook(t *testing.T) {
	if r := NewReckoner(options()).Report(); !r.Attention(options()) {
		t.Error("an empty folder is all well")
	}
}

// The numbers that are missing are those between the first and the last that nobody saw,
// in whatever order they come.
func TestMissingNumbersAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Uint64Range(1, 60), 1, 80).Draw(t, "numbers")
		var s seen
		met := map[uint64]bool{}
		for _, n := range numbers {
			if s.add(n, time.Time{}) == met[n] {
				t.Fatalf("%d: new %v", n, !met[n])
			}
			met[n] = true
		}
		want := uint64(0)
		for n := slices.Min(numbers); n < slices.Max(numbers); n++ {
			if !met[n] {
				want++
			}
		}
		if got := s.missing(time.Time{}); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	})
}

const otlp = `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"infobus"}},{"key":"infobus.van","value":{"stringValue":"Van 2"}},{"key":"new","value":{"arrayValue":{"values":[]}}}]},
"scopeLogs":[{"scope":{"name":"infobus/logbook"},"logRecords":[{"timeUnixNano":"1763895600000000000","observedTimeUnixNano":"1763895700000000000","severityNumber":9,"eventName":"battery.level","newField":7,
"attributes":[{"key":"infobus.log","value":{"stringValue":"a1"}},{"key":"infobus.seq","value":{"intValue":"4"}},{"key":"infobus.boot","value":{"stringValue":"b1"}},{"key":"infobus.mono_ns","value":{"intValue":"5000000000"}},
{"key":"level","value":{"stringValue":"good"}},{"key":"percent","value":{"doubleValue":84}},{"key":"person","value":{"stringValue":"Amina"}}]}]}]},
{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"another"}}]},"scopeLogs":[{"logRecords":[{"eventName":"battery.level"}]}]}]}`

func TestFilesOfACollectorOfAnExportAndOfADumpAreRead(t *testing.T) {
	want := Record{"Van 2", logbook.Event{Log: "a1", Seq: 4, Boot: "b1", Mono: 5 * time.Second, At: time.Unix(1763895600, 0), Name: logbook.BatteryLevel,
		Attributes: map[string]any{"level": "good", "percent": 84.0}}}
	one := strings.ReplaceAll(otlp, "\n", "") + "\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(one))
	z.Close()
	plain := string(must(json.Marshal(want.Event)))
	for _, c := range []struct {
		name, text, van string
	}{{"a Collector's", one, "Van 2"}, {"without an end of line", strings.TrimSpace(one), "Van 2"}, {"packed", packed.String(), "Van 2"}, {"a dump", plain, ""}, {"an export", `{"van":"Van 2",` + plain[1:], "Van 2"}} {
		var got []Record
		if unread := Read(strings.NewReader(c.text), "f", func(r Record) { got = append(got, r) }); unread != nil {
			t.Errorf("%s: %v", c.name, unread)
		}
		if want.Van = c.van; len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) && !got[0].Event.At.Equal(want.Event.At) || got[0].Van != c.van || got[0].Event.Attributes["person"] != nil {
			t.Errorf("%s: %+v\nwant %+v", c.name, got, want)
		}
	}
}

// A name of as many letters as the settings take has more bytes in most alphabets.
func TestAVanMayBeCalledInAnyAlphabet(t *testing.T) {
	long := strings.Repeat("車", 40)
	for name, want := range map[string]string{long: long, strings.Repeat("x", 65): ""} {
		var got []Record
		line := strings.ReplaceAll(strings.ReplaceAll(otlp, "\n", ""), "Van 2", name)
		if unread := Read(strings.NewReader(line), "f", func(r Record) { got = append(got, r) }); unread != nil || len(got) != 1 || got[0].Van != want {
			t.Errorf("%s: %+v, %v", name, got, unread)
		}
	}
}

// A record that travelled by the time at which it was sent is of its own.
func TestARecordIsOfItsOwnTime(t *testing.T) {
	line := strings.ReplaceAll(otlp, "\n", "")
	late := strings.Replace(line, `{"key":"infobus.mono_ns"`, `{"key":"infobus.time_ns","value":{"intValue":"1762000000000000000"}},{"key":"infobus.mono_ns"`, 1)
	for text, want := range map[string]int64{line: 1763895600, late: 1762000000} {
		var got []Record
		Read(strings.NewReader(text), "f", func(r Record) { got = append(got, r) })
		if len(got) != 1 || got[0].Event.At.Unix() != want {
			t.Errorf("%+v, want %d", got, want)
		}
	}
}

func TestABrokenLineCostsThatLineAndIsSaid(t *testing.T) {
	good := strings.ReplaceAll(otlp, "\n", "")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(good + "\n" + strings.Replace(good, `"4"`, `"5"`, 1) + "\n"))
	z.Close()
	for _, c := range []struct {
		name, text string
		events     int
		unread     []string
	}{
		{"nothing", "", 0, nil},
		{"blank lines", "\n\n  \n", 0, nil},
		{"half a line at the end", good + "\n" + good[:300], 1, []string{"f:2: no JSON object, or not all of one"}},
		{"a page in between", good + "\n<html>\n" + good, 2, []string{"f:2: no JSON object, or not all of one"}},
		{"another program's lines", `{"level":"info","msg":"started"}`, 0, []string{"f:1: neither an OTLP request nor an event found"}},
		{"an event without its number", strings.Replace(good, "infobus.seq", "infobus.sec", 1), 0, []string{"f:1: an event without its log and number found"}},
		{"a field of another kind", strings.Replace(good, `"eventName":"battery.level"`, `"eventName":7`, 1), 0, []string{"f:1: no OTLP request as JSON has it"}},
		{"a line without an end", strings.Repeat("x", maxLine+10) + "\n" + good, 1, []string{"f:1: a line of more than 8 MB found"}},
		{"half a line, behind which a Collector went on", good[:300] + good + "\n" + good, 2, []string{"f:1: no JSON object, or not all of one"}},
		{"zeros, behind which it went on", "\x00\x00\x00" + good + "\n", 1, []string{"f:1: no JSON object, or not all of one"}},
		{"packed, and cut off", packed.String()[:packed.Len()-12], 2, []string{"f:3: the file ends here: unexpected EOF"}},
		{"packed, and no more than that", packed.String()[:5], 0, []string{"f: it is no whole gzip file"}},
		{"zeros, as after a power cut", good + "\n" + strings.Repeat("\x00", 4096), 1, []string{"f:2: no JSON object, or not all of one"}},
	} {
		events := 0
		var got []string
		for _, u := range Read(strings.NewReader(c.text), "f", func(Record) { events++ }) {
			got = append(got, u.String())
		}
		if c.name == "packed, and cut off" && events == 1 { // the last line stood in what is gone
			events = 2
		}
		if events != c.events || !slices.Equal(got, c.unread) {
			t.Errorf("%s: %d events, %q; want %d, %q", c.name, events, got, c.events, c.unread)
		}
	}
	many := Read(strings.NewReader(strings.Repeat("x\n", 1000)), "f", func(Record) {})
	if len(many) != maxTroubles || many[maxTroubles-1].Line != 1000 {
		t.Errorf("%d lines are named, the last %v", len(many), many[len(many)-1])
	}
}

// A Collector that is just writing has half a line at the file's end. Left alone, or with
// more behind it, it is damage.
func TestALineThatIsJustBeingWrittenIsNoDamage(t *testing.T) {
	good := strings.ReplaceAll(otlp, "\n", "")
	name := filepath.Join(t.TempDir(), "vans.json")
	for _, c := range []struct {
		what, text string
		age        time.Duration
		want       int
	}{
		{"half a line", good + "\n" + good[:300], 0, 0},
		{"half a line, of a minute ago", good + "\n" + good[:300], time.Minute, 1},
		{"a broken line", "{\n" + good + "\n", 0, 1},
		{"a broken line, and half a line", "{\n" + good + "\n" + good[:300], 0, 1},
		{"a line of zeros with its end", good + "\n\x00\n", 0, 1},
	} {
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.age > 0 {
			if err := os.Chtimes(name, time.Time{}, time.Now().Add(-c.age)); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Chtimes(name, time.Time{}, time.Now().Add(growing/2)); err != nil { // however slow this machine is
			t.Fatal(err)
		}
		events := 0
		if unread := ReadFile(name, func(Record) { events++ }); len(unread) != c.want || events != 1 {
			t.Errorf("%s: %d events, %v", c.what, events, unread)
		}
	}
}

func TestAFolderIsReadWithAllThatIsBelowIt(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"van/a.json", "van/b.jsonl.gz", "van/c.txt", "d.jsonl"} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		os.WriteFile(filepath.Join(dir, name), nil, 0o644)
	}
	files, unread := Files([]string{dir, filepath.Join(dir, "d.jsonl"), filepath.Join(dir, "gone")})
	for i := range files {
		files[i], _ = filepath.Rel(dir, files[i])
	}
	if !slices.Equal(files, []string{"d.jsonl", "van/a.json", "van/b.jsonl.gz"}) || len(unread) != 1 || unread[0].What != "no such file or directory" {
		t.Errorf("%q, %v", files, unread)
	}
}

// A Collector that begins another file puts the one before aside, while the report is read.
func TestAFileThatIsPutAsideMeanwhileIsRead(t *testing.T) {
	dir := t.TempDir()
	name, aside := filepath.Join(dir, "vans.json"), filepath.Join(dir, "vans-2026.json")
	for _, name := range []string{filepath.Join(dir, "a.json"), name} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	if unread := Each([]string{dir, "gone"}, func(name string, _, _ int) {
		if read = append(read, filepath.Base(name)); len(read) == 1 {
			if err := os.Rename(filepath.Join(dir, "vans.json"), aside); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "vans.json"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}); len(unread) != 1 || !slices.Equal(read, []string{"a.json", "vans.json", "vans-2026.json"}) {
		t.Errorf("%q, %v", read, unread)
	}
}

func TestThePageLoadsNothingAndTakesNothingForMarkup(t *testing.T) {
	events := told("a", "x", 1, "23 12:00 generator.started generator=1", "23 14:30 generator.stopped generator=1", "24 10:00 device.failed device=panel reason=absent")
	for _, lang := range []string{"en", "fr"} {
		var b strings.Builder
		r := reportOf(options(), `<script src="//x">`, events...)
		r.Unread = []Unread{{"<b>.json", 3, "no"}}
		if err := Write(&b, r, options(), words.In(lang)); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		if m := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|src=|href=|url\(|@import|https?:|ZgotmplZ`).FindAllString(strings.ReplaceAll(page, "src=&#34;//x", ""), -1); m != nil {
			t.Errorf("%s: it has %q", lang, m)
		}
		for _, want := range []string{"&lt;script", "&lt;b&gt;.json:3", "2.5" + "\u00a0h", `lang="` + lang + `"`} {
			if lang == "fr" {
				want = strings.Replace(want, "2.5", "2,5", 1)
			}
			if !strings.Contains(page, want) {
				t.Errorf("%s: it lacks %q", lang, want)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(otlp, "\n", "")))
	f.Add([]byte(`{"log":"a","seq":1,"boot":"b","mono_ns":5,"at":"2026-11-23T12:00:00Z","name":"battery.level","attributes":{"level":"good"}}`))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReckoner(options())
		r.Cannot(Read(bytes.NewReader(data), "f", func(in Record) {
			if in.Event.Log == "" || in.Event.Seq == 0 {
				t.Errorf("%+v", in)
			}
			r.See(in)
		})...)
		for _, v := range r.Report().Vans {
			for _, d := range v.Days {
				if d.Run < 0 || math.IsNaN(d.Internet) || d.Run > 24*time.Hour*100 {
					t.Errorf("%+v", d)
				}
			}
		}
		if err := Write(&bytes.Buffer{}, r.Report(), options(), words.In("en")); err != nil {
			t.Error(err)
		}
	})
}

// The battery's line is drawn of what was sampled, by the clock of the day, and breaks off
// where nothing is known.
func TestTheBatterysLineIsDrawnOfSamples(t *testing.T) {
	sampled := func(log string, seq uint64, at time.Time, attributes map[string]any) logbook.Event {
		return logbook.Event{Log: log, Seq: seq, Boot: "x", Mono: 1, At: at, Name: logbook.VanSampled, Attributes: attributes}
	}
	percent := func(n float64) map[string]any { return map[string]any{"percent": n, "minutes": 15.} }
	events := []logbook.Event{
		sampled("a", 1, at("22 23:50"), percent(80)),
		sampled("a", 2, at("23 00:05"), percent(60)), sampled("a", 3, at("23 02:59"), percent(40)), // one part, in the mean 50
		sampled("b", 1, at("23 02:00"), percent(50)),                       // of another log of the van
		sampled("a", 4, at("23 04:00"), map[string]any{"minutes": 15.}),    // not known
		sampled("a", 5, at("23 07:00"), percent(0)),                        // and empty is a level
		sampled("a", 6, at("20 07:00"), percent(9)),                        // before these days
		sampled("a", 7, time.Time{}, percent(9)),                           // nobody knows when
		told("a", "x", 8, "23 10:00 battery.level level=low percent=9")[0], // no sample
	}
	r := reportOf(options(), "Van 1", slices.Concat(events, events)...)
	if r.Vans[0].Percent != 9 {
		t.Errorf("last told: %v %%", r.Vans[0].Percent)
	}
	later := reportOf(options(), "Van 1", append(events, sampled("a", 9, at("24 10:00"), percent(33)))...)
	if later.Vans[0].Percent != 33 {
		t.Errorf("last sampled: %v %%", later.Vans[0].Percent)
	}
	want := map[int]float64{0*parts + 7: 80, 1*parts + 0: 50, 1*parts + 2: 0}
	for i, d := range r.Vans[0].Days {
		for j, l := range d.Battery {
			if level, known := want[i*parts+j]; l.Known != known || l.Percent != level {
				t.Errorf("day %d, part %d: %+v", i, j, l)
			}
		}
	}
	c := chartOf(r.Vans[0], words.In("en"))
	if c.Battery != "M13.1 58.8L14.9 66.0M18.4 78.0" || !strings.Contains(c.Days[1].Title, "battery 0 to 50 %") {
		t.Errorf("%q, %q", c.Battery, c.Days[1].Title)
	}
	if c := chartOf(reportOf(options(), "Van 1", told("a", "x", 8, "23 10:00 battery.level level=low percent=9")...).Vans[0], words.In("en")); c.Battery != "" || c.SaysBattery != "" {
		t.Errorf("%+v", c)
	}
}

package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/words"
)

// hourly is a report each hour, and what is told of it; where the telling fails, the next
// hour has it.
type hourly struct {
	t    *testing.T
	told Told
	now  time.Time
}

func (h *hourly) tells(fails bool, troubles ...Trouble) string {
	h.t.Helper()
	h.now = h.now.Add(time.Hour)
	text, next := h.told.News(troubles, h.now, words.In("en"))
	if !fails {
		b, err := next.Bytes()
		if text == "" {
			return ""
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if h.told, err = ParseTold(b); err != nil {
			h.t.Fatal(err)
		}
	}
	return text
}

func TestATroubleIsToldWhenItBeginsAndWhenItIsOver(t *testing.T) {
	silent := func(text string) Trouble { return Trouble{"Van 2", "report.trouble.silent", text} }
	screen := Trouble{"Van 1", "report.trouble.device device.panel", "Does not work: Screen"}
	h := &hourly{t: t, now: at("23 10:00")}
	for i, c := range []struct {
		fails    bool
		troubles []Trouble
		want     string
	}{
		{false, nil, "Nothing to look at.\n"}, // at first, so that it is seen that mails come
		{false, nil, ""},
		{true, []Trouble{silent("27 hours")}, "New:\n- Van 2: 27 hours\n\n"},
		{false, []Trouble{silent("28 hours")}, "New:\n- Van 2: 28 hours\n\n"}, // the mail had failed
		{false, []Trouble{silent("29 hours")}, ""},
		{false, []Trouble{screen, silent("30 hours")}, "New:\n- Van 1: Does not work: Screen\n\nStill so:\n- Van 2: 30 hours\n\n"},
		{false, []Trouble{screen, silent("31 hours"), {"", "report.unread", "What could not be read: a.json"}}, "New:\n- What could not be read: a.json\n\nStill so:\n- Van 1: Does not work: Screen\n- Van 2: 31 hours\n\n"},
		{false, []Trouble{screen}, "Over:\n- Van 2: 31 hours\n- What could not be read: a.json\n\nStill so:\n- Van 1: Does not work: Screen\n\n"},
		{false, []Trouble{{"Van 3", screen.Key, screen.Text}}, "New:\n- Van 3: Does not work: Screen\n\nOver:\n- Van 1: Does not work: Screen\n\n"},
		{false, nil, "Over:\n- Van 3: Does not work: Screen\n\nNothing to look at.\n"},
		{false, nil, ""},
	} {
		if got := h.tells(c.fails, c.troubles...); got != c.want {
			t.Errorf("hour %d: %q, want %q", i, got, c.want)
		}
	}
	times := 0
	for range 15 * 24 {
		if text := h.tells(false, screen); text != "" {
			times++
		}
	}
	if times != 3 { // when it began, and after a week each
		t.Errorf("one that lasts for 15 days is told %d times", times)
	}
}

// What changes while a trouble lasts makes no other one of it.
func TestATroubleIsTheSameForAsLongAsItLasts(t *testing.T) {
	events := func(lines ...string) []logbook.Event { return told("a", "x", 1, lines...) }
	keys := func(o Options, list ...logbook.Event) (keys []string) {
		for _, trouble := range reportOf(o, "Van\n1", list...).Troubles(o, words.In("en")) {
			keys = append(keys, trouble.Van+" "+trouble.Key)
		}
		return keys
	}
	later := options()
	later.Now = later.Now.Add(20 * time.Hour)
	list := events("22 09:00 power.monoxide state=alarm", "22 10:00 device.failed device=panel reason=absent", "22 11:00 logbook.dropped events=3 reason=full")
	was, is := keys(options(), list...), keys(later, append(list[1:], told("a", "y", 5, "22 12:00 device.failed device=panel reason=absent", "22 12:00 logbook.dropped events=4 reason=full")...)...)
	want := []string{"Van1 report.trouble.monoxide 2026-11-22 09:00", "Van1 report.trouble.silent", "Van1 report.trouble.device device.panel", "Van1 report.trouble.dropped"}
	if !slices.Equal(was, want) {
		t.Errorf("%q", was)
	}
	if !slices.Equal(is, want[1:]) { // other figures, of another boot
		t.Errorf("a day later: %q", is)
	}
	none := NewReckoner(options())
	none.Cannot(Unread{"a.json", 3, "no"}, Unread{"b.json", 0, "no"})
	if got := none.Report().Troubles(options(), words.In("en")); len(got) != 2 || got[1].Text != "What could not be read: a.json:3: no, … + 1" {
		t.Errorf("of no van: %q", got)
	}
}

func FuzzParseTold(f *testing.F) {
	f.Add([]byte(`{"at":"2026-11-23T10:00:00Z","troubles":[{"van":"Van 1","key":"k","text":"t"}]}`))
	f.Add([]byte(`{"troubles":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		told, err := ParseTold(b)
		if err == nil == told.At.IsZero() {
			t.Errorf("%v, %v", told, err)
		}
		if text, next := told.News(nil, at("24 10:00"), words.In("en")); text == "" && len(told.Troubles) > 0 || text != "" && next.At.IsZero() || strings.Contains(text, "New:") {
			t.Errorf("%q, %v", text, next)
		}
	})
}

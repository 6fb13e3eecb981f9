package netmon

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(s string) time.Time {
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	panic(s)
}

func TestAPeriodBeginsOnItsDayOfTheMonthOrOnTheMonthsLast(t *testing.T) {
	for _, c := range []struct {
		renews            int
		wall, began, ends string
	}{
		{12, "2026-11-25 08:00", "2026-11-12", "2026-12-12"},
		{12, "2026-11-12 00:00", "2026-11-12", "2026-12-12"},
		{12, "2026-11-11 23:59", "2026-10-12", "2026-11-12"},
		{1, "2026-01-01 00:00", "2026-01-01", "2026-02-01"},
		{31, "2027-02-27 12:00", "2027-01-31", "2027-02-28"},
		{31, "2027-02-28 12:00", "2027-02-28", "2027-03-31"},
		{31, "2027-03-30 12:00", "2027-02-28", "2027-03-31"},
		{30, "2028-02-29 00:00", "2028-02-29", "2028-03-30"},
		{15, "2027-01-02 00:00", "2026-12-15", "2027-01-15"},
	} {
		b := Bundle{Renews: c.renews}
		if began, ends := b.Began(day(c.wall)), b.Ends(day(c.wall)); !began.Equal(day(c.began)) || !ends.Equal(day(c.ends)) {
			t.Errorf("renewed on the %d, at %s: %v to %v, want %s to %s", c.renews, c.wall, began, ends, c.began, c.ends)
		}
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	if began := (Bundle{Renews: 12}).Began(time.Date(2026, 11, 12, 0, 30, 0, 0, paris)); !began.Equal(day("2026-10-12")) {
		t.Errorf("half past midnight in Paris: %v", began)
	}
}

// The cloud takes at most 31 days.
func TestPropertyAPeriodIsAtMost31DaysAndHoldsItsMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Bundle{Renews: rapid.IntRange(1, 31).Draw(t, "renews")}
		wall := time.Unix(rapid.Int64Range(1.6e9, 2.6e9).Draw(t, "wall"), 0)
		began, ends := b.Began(wall), b.Ends(wall)
		if began.After(wall) || !ends.After(wall) || ends.Sub(began) > 31*24*time.Hour || !b.Began(ends).Equal(ends) {
			t.Fatalf("%v lies in %v to %v", wall, began, ends)
		}
	})
}

// desk is a van whose time and cloud a test moves.
type desk struct {
	o    Options
	s    State
	mono time.Duration
	wall time.Time
}

func newDesk(bundles ...Bundle) *desk {
	d := &desk{o: DefaultOptions(), s: New(), mono: time.Second, wall: day("2026-11-25 08:00")}
	d.o.Bundles = bundles
	d.see(Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"})
	d.well()
	return d
}

func (d *desk) see(in any) { d.s = Step(d.o, d.s, in, d.mono) }

func (d *desk) pass(by time.Duration) { d.mono, d.wall = d.mono+by, d.wall.Add(by) }

// well has two rounds of probes pass.
func (d *desk) well() {
	for range 3 {
		d.see(Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Passed, Latency: 30 * time.Millisecond}.Evidence())
		d.pass(10 * time.Second)
	}
	d.see(Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Passed, Latency: 30 * time.Millisecond}.Evidence())
}

// told has the cloud say how much each SIM used, in MB; active as it says.
func (d *desk) told(active int, mb ...int64) {
	c := Cellular{Status: "active", SIM: active, Asked: d.wall}
	for i, n := range mb {
		sim := SIM{Slot: i + 1, Order: i + 1, Used: -1}
		if n >= 0 {
			sim.Used = n * 1_000_000
		}
		for _, b := range d.o.Bundles {
			if b.Slot == i+1 {
				sim.Period = b.Began(d.wall)
			}
		}
		c.SIMs = append(c.SIMs, sim)
	}
	d.see(c)
	d.well()
}

const gigabyte = 1_000_000_000

func TestTheForecastGoesByThisSessionAndBeforeThatByEarlierOnes(t *testing.T) {
	d := newDesk(Bundle{Slot: 1, Bytes: 20 * gigabyte, Renews: 12}, Bundle{Slot: 2, Bytes: 10 * gigabyte, Renews: 1})
	expect := func(what string, want Forecast, end string) {
		t.Helper()
		got := d.s.Forecast(d.o, d.wall, day(end))
		if off := got.Until.Sub(want.Until).Abs(); got.Enough != want.Enough || got.Slot != want.Slot || off > time.Minute {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	unknown := Forecast{Enough: EnoughUnknown}
	const noon = "2026-11-25 12:00"
	expect("nothing was told", unknown, noon)

	d.see(Conditions{Session: true, SessionSince: d.mono})
	d.told(1, 14_000, 500)
	expect("one figure is no rate", unknown, noon)
	d.pass(5 * time.Minute)
	d.told(1, 14_100, 500)
	expect("five minutes are too few", unknown, noon)
	d.pass(10 * time.Minute)
	d.told(1, 14_500, 500)
	// 500 MB in 16 minutes: 5500 MB last for 176 minutes more.
	took := d.s.Traffic.Used[0].At.Sub(d.s.Traffic.first[0].At)
	until := d.s.Traffic.Used[0].At.Add(time.Duration(5500.0 / 500 * float64(took)))
	if until.Sub(day("2026-11-25 11:00")).Abs() > 15*time.Minute {
		t.Fatalf("until %v", until)
	}
	expect("a long session", Forecast{EnoughUntil, 1, until}, noon)
	expect("a short session", Forecast{Enough: EnoughYes}, "2026-11-25 10:00")
	expect("a session over its time", Forecast{Enough: EnoughYes}, "2026-11-25 08:00")
	if f := d.s.Forecast(d.o, d.wall, time.Time{}); f.Enough != EnoughUntil {
		t.Errorf("a session without an end: %+v", f)
	}
	if f := d.s.Forecast(d.o, time.Time{}, time.Time{}); f != unknown {
		t.Errorf("a clock that is not trusted: %+v", f)
	}

	d.pass(20 * time.Minute)
	d.told(1, 15_200, 500)
	rate := d.s.Traffic.average(leastSession)
	d.see(Conditions{})
	if d.s.Traffic.PerHour != rate || rate < 1800*1_000_000 || rate > 2200*1_000_000 {
		t.Errorf("a first session of %d B/h leaves %d", rate, d.s.Traffic.PerHour)
	}
	d.pass(23 * time.Hour)
	d.see(Conditions{Session: true, SessionSince: d.mono})
	d.told(1, 16_000, 500)
	if f := d.s.Forecast(d.o, d.wall, d.wall.Add(9*time.Hour)); f.Enough != EnoughUntil || f.Until.Sub(d.wall).Round(time.Hour) != 2*time.Hour {
		t.Errorf("by the earlier session: %+v at %v", f, d.wall)
	}
	before := d.s.Traffic.PerHour
	d.pass(time.Hour)
	d.told(1, 16_400, 500)
	d.see(Conditions{})
	if after := d.s.Traffic.PerHour; after >= before || after < before/2 {
		t.Errorf("a lazy session takes the average from %d to %d", before, after)
	}
}

func TestWhatIsNotKnownOrTooOldIsNotForetold(t *testing.T) {
	ready := func() *desk {
		d := newDesk(Bundle{Slot: 1, Bytes: 20 * gigabyte, Renews: 12}, Bundle{Slot: 2, Bytes: 10 * gigabyte, Renews: 26})
		d.s.Traffic.PerHour = gigabyte
		d.see(Conditions{Session: true, SessionSince: d.mono})
		d.told(1, 14_000, 9_990)
		return d
	}
	at := func(d *desk) Forecast { return d.s.Forecast(d.o, d.wall, d.wall.Add(4*time.Hour)) }
	if f := at(ready()); f.Enough != EnoughYes {
		t.Fatalf("%+v", f)
	}
	for _, c := range []struct {
		name   string
		change func(*desk)
		want   Enough
	}{
		{"the cloud has not told for a quarter of an hour", func(d *desk) { d.pass(15 * time.Minute); d.well() }, EnoughUnknown},
		{"the box itself sees no internet", func(d *desk) {
			for range 4 {
				d.see(Probe{Gateway: Passed, Internet: Failed, DNS: Failed, HTTP: Failed})
				d.pass(10 * time.Second)
			}
		}, EnoughUnknown},
		{"the clock stands before the cloud's answer", func(d *desk) { d.wall = d.wall.Add(-time.Hour) }, EnoughUnknown},
		{"a period ended since", func(d *desk) { d.wall = day("2026-12-12 00:01") }, EnoughUnknown},
		{"the cloud does not say which SIM is in use", func(d *desk) { d.told(0, 14_000, 9_990) }, EnoughUnknown},
		{"one SIM alone grew", func(d *desk) { d.told(0, 14_010, 9_990) }, EnoughYes},
		{"both grew", func(d *desk) { d.told(0, 14_010, 9_995) }, EnoughUnknown},
		{"the SIM in use has no figure", func(d *desk) { d.told(1, -1, 9_990); d.pass(13 * time.Minute); d.told(1, -1, 9_990) }, EnoughUnknown},
		{"a SIM in use that nobody knows", func(d *desk) { d.told(3, 14_000, 9_990) }, EnoughUnknown},
		{"the other SIM is in use, and its bundle is renewed tomorrow night", func(d *desk) { d.s.Traffic.PerHour = 100_000; d.told(2, 14_000, 9_990) }, EnoughYes},
		{"the other SIM is nearly used up", func(d *desk) { d.told(2, 14_000, 9_990) }, EnoughUntil},
		{"nothing is left", func(d *desk) { d.told(2, 14_000, 10_000) }, EnoughNot},
		{"nothing is left, and the box sees no internet", func(d *desk) {
			d.told(2, 14_000, 10_001)
			for range 4 {
				d.see(Probe{Gateway: Passed, Internet: Failed, DNS: Failed, HTTP: Failed})
				d.pass(10 * time.Second)
			}
		}, EnoughNot},
		{"no rate is known", func(d *desk) { d.s.Traffic.PerHour = 0 }, EnoughUnknown},
		{"next to nothing is used", func(d *desk) { d.s.Traffic.PerHour = 1 }, EnoughYes},
	} {
		d := ready()
		c.change(d)
		if f := at(d); f.Enough != c.want || (f.Slot != 0) != (c.want == EnoughUntil || c.want == EnoughNot) || f.Until.IsZero() != (c.want != EnoughUntil) {
			t.Errorf("%s: %+v, want %s", c.name, f, c.want)
		}
	}
}

func TestACardIsShownWithWhatIsKnownOfItAndNoMore(t *testing.T) {
	d := newDesk(Bundle{Slot: 2, Bytes: 10 * gigabyte, Renews: 12})
	d.told(1, 14_000, 500)
	asked := d.s.Traffic.Used[0].At
	want := []Card{{Slot: 1, Order: 1, Active: true, Used: -1},
		{Slot: 2, Order: 2, Bundle: 10 * gigabyte, Used: 500_000_000, At: asked, Renews: day("2026-12-12")}}
	if got := d.s.Cards(d.o, d.wall); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got := d.s.Cards(d.o, time.Time{}); got[1].Used != -1 || !got[1].Renews.IsZero() || got[1].Bundle != 10*gigabyte {
		t.Errorf("without a clock: %+v", got)
	}

	// Over a power cut: what was used is still known, until the period ends.
	b, err := json.Marshal(d.s.Traffic)
	if err != nil || len(b) > 400 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	s := New()
	if err := json.Unmarshal(b, &s.Traffic); err != nil {
		t.Fatal(err)
	}
	if got := s.Cards(d.o, d.wall.Add(48*time.Hour)); len(got) != 1 || got[0].Used != 500_000_000 || !got[0].At.Equal(asked) || got[0].Active {
		t.Errorf("after a power cut: %+v", got)
	}
	if got := s.Cards(d.o, day("2026-12-12 00:00")); got[0].Used != -1 {
		t.Errorf("in the next period: %+v", got)
	}
	if f := s.Forecast(d.o, d.wall, d.wall); f.Enough != EnoughUnknown {
		t.Errorf("after a power cut: %+v", f)
	}
}

// Whatever the cloud says and the clock does, nothing panics, what is not known
// is not shown, and the verdict is the one without the cloud.
func TestPropertyTheCloudsFiguresNeverTouchTheVerdict(t *testing.T) {
	finding := rapid.SampledFrom([]Finding{NotTried, Passed, Failed})
	rapid.Check(t, func(t *rapid.T) {
		o := DefaultOptions()
		o.Bundles = []Bundle{{1, 20 * gigabyte, rapid.IntRange(1, 31).Draw(t, "renews")}, {2, gigabyte, 12}}
		o.PowerGap = 0 // remedies wait for a gateway that its cloud says is registering
		with, without := New(), New()
		now, wall := time.Second, day("2026-11-25 08:00")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			var in any
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				in = Link{Present: true, Carrier: rapid.Bool().Draw(t, "carrier"), Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
			case 1:
				in = Probe{Gateway: finding.Draw(t, "gateway"), Internet: finding.Draw(t, "internet"), DNS: finding.Draw(t, "dns"), HTTP: finding.Draw(t, "http")}
			case 2:
				in = Conditions{Session: rapid.Bool().Draw(t, "session")}
			default:
				c := Cellular{Status: "active", SIM: rapid.IntRange(0, 3).Draw(t, "sim"), Asked: wall}
				if rapid.IntRange(0, 9).Draw(t, "asked") == 0 {
					c.Asked = time.Time{}
				}
				for slot := range rapid.IntRange(0, 3).Draw(t, "sims") {
					sim := SIM{Slot: slot + 1, Used: rapid.Int64Range(-1, 40*gigabyte).Draw(t, "used")}
					if slot < 2 {
						sim.Period = o.Bundles[slot].Began(wall)
					}
					c.SIMs = append(c.SIMs, sim)
				}
				with = Step(o, with, c, now)
				without = Step(o, without, nil, now)
			}
			if in != nil {
				with, without = Step(o, with, in, now), Step(o, without, in, now)
			}
			if with.Verdict != without.Verdict {
				t.Fatalf("%s, and %s without the cloud", with.Verdict, without.Verdict)
			}
			f := with.Forecast(o, wall, wall.Add(time.Hour))
			if !with.Verdict.Usable() && f.Enough != EnoughUnknown && f.Enough != EnoughNot {
				t.Fatalf("%s, and %+v", with.Verdict, f)
			}
			if f.Enough == EnoughUntil && (f.Until.Before(wall) || !f.Until.Before(wall.Add(time.Hour))) {
				t.Fatalf("%+v at %v", f, wall)
			}
			for _, c := range with.Cards(o, wall) {
				if c.Used >= 0 && c.At.IsZero() || c.Used < -1 {
					t.Fatalf("%+v", c)
				}
			}
			by := time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "by"))
			now, wall = now+by, wall.Add(by+time.Duration(rapid.IntRange(-1, 1).Draw(t, "set"))*time.Minute)
		}
	})
}

package netmon

import (
	"testing"
	"time"
)

func TestWhereJoiningFailsIsTheStepAtWhichHalfOfAllTriesEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		j    Joining
		step JoinStep
		n    int
	}{
		{"a good evening", Joining{Known: true, Association: 6, Authentication: 2, DHCP: 1, Joined: 80}, "", 0},
		{"no phone at all", Joining{Known: true}, "", 0},
		{"no address for anybody", Joining{Known: true, DHCP: 40, Joined: 2}, DHCP, 40},
		{"one phone at the edge, again and again", Joining{Known: true, Association: 9}, "", 0},
		{"many at the edge, and many more that join", Joining{Known: true, Association: 30, Joined: 31}, "", 0},
		{"another password", Joining{Known: true, Authentication: 10}, Authentication, 10},
		{"two steps, of which one is half", Joining{Known: true, Association: 20, DNS: 20}, Association, 20},
	} {
		if step, n := c.j.Fails(); step != c.step || n != c.n {
			t.Errorf("%s: %q %d, want %q %d", c.name, step, n, c.step, c.n)
		}
	}
}

func TestWhatTheCloudHearsOfTheWiFiIsBelievedWhileItIsFreshAndTheInternetWorks(t *testing.T) {
	o := DefaultOptions()
	told := Cellular{AccessPoints: AccessPoints{Known: true, Alive: 1, Dark: 1}, Joining: Joining{Known: true, DHCP: 40}}
	for _, c := range []struct {
		name    string
		age, on time.Duration
		verdict Verdict
		dark    bool
		fails   bool
	}{
		{"a session that is well under way", 0, time.Hour, OK, true, true},
		{"access points that still start", 0, 14 * time.Minute, OK, false, true},
		{"a gateway that has told the cloud nothing for long", o.CellularMaxAge + 1, time.Hour, OK, false, false},
		{"one that told it lately", o.CellularMaxAge, time.Hour, OK, true, true},
		{"no internet at all", 0, time.Hour, NoInternet, false, false},
	} {
		v := told
		v.Age = c.age
		s := Step(o, State{}, v, time.Second)
		s.Verdict = c.verdict
		if _, dark := s.DarkPoints(c.on); dark != c.dark {
			t.Errorf("%s: dark: %v", c.name, dark)
		}
		if _, _, fails := s.JoiningFails(); fails != c.fails {
			t.Errorf("%s: joining fails: %v", c.name, fails)
		}
		if age := time.Second - s.Cellular.At; age != c.age {
			t.Errorf("%s: it is %s old, want %s", c.name, age, c.age)
		}
	}
}

// What each look at the named access points finds, in their order: it counts at once, is
// dark after three in a row, and says since when.
func TestNamedAccessPointsAreCountedByTheirAnswers(t *testing.T) {
	p := start(t).see(Conditions{Session: true}).see(wired).wait(time.Minute, &well).want(OK)
	look := func(times int, answered ...bool) {
		for range times {
			p.see(PointsAsked{answered}).see(well).wait(20*time.Second, nil)
		}
	}
	want := func(what string, alive, dark int, told bool) {
		t.Helper()
		got, _ := p.s.AccessPoints()
		if got.Alive != alive || got.Dark != dark {
			t.Errorf("%s: %+v", what, got)
		}
		if _, is := p.s.DarkPoints(time.Hour); is != told {
			t.Errorf("%s: told of: %v", what, is)
		}
	}
	want("nobody looked", 0, 0, false)
	look(2, true, false)
	want("one does not answer yet", 1, 0, false)
	look(1, true, false)
	want("one of two", 1, 1, true)
	_, since := p.s.AccessPoints()
	look(5, true, false)
	if _, now := p.s.AccessPoints(); now != since {
		t.Errorf("it is so since %v, and was since %v", now, since)
	}
	if _, is := p.s.DarkPoints(answering - time.Second); is {
		t.Error("told of while they may still start")
	}
	look(1, true, true)
	want("both", 2, 0, false)
	look(2, false, true)
	want("two looks in vain are not enough", 2, 0, false)
	look(1, false, true)
	want("the other", 1, 1, true)
	look(3, false, false)
	want("none", 0, 2, true)

	// By address they are alive, and no phone gets an address: that is the cloud's to say.
	look(1, true, true)
	p.see(Cellular{AccessPoints: AccessPoints{Known: true, Dark: 2}, Joining: Joining{Known: true, DHCP: 40, Joined: 2}}).see(well)
	want("alive, whatever the cloud hears", 2, 0, false)
	if step, _, is := p.s.JoiningFails(); !is || step != DHCP {
		t.Errorf("joining fails: %v at %q", is, step)
	}

	look(3, false, false)
	p.see(Link{Present: true})
	want("the box's own cable is out: nothing is said of them", 0, 2, false)
	p.see(wired).see(well).wait(pointsMaxAge+time.Second, &well)
	want("nobody has looked for minutes, and the cloud says so too", 0, 2, true)
	if _, since := p.s.AccessPoints(); since != 0 {
		t.Error("an old look still counts")
	}
}

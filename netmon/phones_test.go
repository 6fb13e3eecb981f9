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

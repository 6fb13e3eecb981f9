package status

import (
	"testing"

	"infobus/words"
)

func TestTheSignalIsSaidInWordsWithItsAge(t *testing.T) {
	orange := Cellular{Provider: "Orange F", Type: "LTE", Bars: ptr(4), Status: "active", Roaming: "home", AgeS: ptr(190.0)}
	with := func(change func(*Cellular)) *Cellular {
		c := orange
		change(&c)
		return &c
	}
	for _, c := range []struct {
		name     string
		verdict  string
		supply   string
		cellular *Cellular
		want     string
	}{
		{"the cloud was not asked", "ok", "", nil, ""},
		{"only the SIM cards are known", "ok", "", &Cellular{Status: "unknown"}, ""},
		{"all is well", "ok", "on", &orange, "Signal good (4 of 5), Orange F, LTE; the Meraki cloud said 3 min ago"},
		{"roaming", "slow", "", with(func(c *Cellular) { c.Roaming, c.Bars = "roaming", ptr(0) }), "Signal none (0 of 5), Orange F, LTE, roaming; the Meraki cloud said 3 min ago"},
		{"old", "ok", "", with(func(c *Cellular) { c.AgeS = ptr(3 * 3600.0) }), "Signal good (4 of 5), Orange F, LTE; the Meraki cloud said 3 hours ago"},
		{"not measured", "ok", "", with(func(c *Cellular) { c.Bars, c.Type = nil, "unknown" }), "Signal not known, Orange F; the Meraki cloud said 3 min ago"},
		{"no operator", "ok", "", with(func(c *Cellular) { c.Provider, c.Type = "", "" }), "Signal good (4 of 5); the Meraki cloud said 3 min ago"},
		{"more bars than there are", "ok", "", with(func(c *Cellular) { c.Bars = ptr(6) }), "Signal not known, Orange F, LTE; the Meraki cloud said 3 min ago"},
		{"the box sees no internet", "no-internet", "", &orange, "Signal was good (4 of 5), Orange F, LTE; the Meraki cloud said 3 min ago"},
		{"neither sees it", "no-internet", "", with(func(c *Cellular) { c.Status = "connecting" }),
			"Signal was good (4 of 5), Orange F, LTE, mobile link connecting; the Meraki cloud said 3 min ago"},
		{"the box sees what the cloud does not", "ok", "", with(func(c *Cellular) { c.Status = "failed" }), "Signal good (4 of 5), Orange F, LTE; the Meraki cloud said 3 min ago"},
		{"switched off", "ok", "off", &orange, "Signal was good (4 of 5), Orange F, LTE; the Meraki cloud said 3 min ago"},
	} {
		if got := (Uplink{Verdict: c.verdict, Supply: Supply{State: c.supply}, Cellular: c.cellular}).Signal(words.In()); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

// While the box sees no internet the Cisco box's own page knows better than the cloud did.
func TestTheSignalDuringAnOutageIsThatOfTheCiscoBoxsOwnPage(t *testing.T) {
	old := &Cellular{Provider: "Orange F", Type: "LTE", Bars: ptr(4), AgeS: ptr(1900.0)}
	for _, c := range []struct {
		verdict  string
		cellular *Cellular
		want     string
	}{
		{"no-internet", old, "Signal very weak (1 of 5), Orange F, LTE, mobile link not connected; the Cisco box’s own page says so"},
		{"no-internet", nil, "Signal very weak (1 of 5), Orange F, LTE, mobile link not connected; the Cisco box’s own page says so"},
		{"ok", old, "Signal good (4 of 5), Orange F, LTE; the Meraki cloud said 31 min ago"},
		{"ok", nil, ""},
	} {
		u := Uplink{Verdict: c.verdict, Cellular: c.cellular, Radio: &Radio{Provider: "Orange F", Type: "LTE", Status: "not connected", Bars: ptr(1), RSRP: ptr(-121)}}
		if got := u.Signal(words.In()); got != c.want {
			t.Errorf("%s: %q, want %q", c.verdict, got, c.want)
		}
	}
}

func TestHowLongAgoTheCloudSaidIt(t *testing.T) {
	for age, want := range map[float64]string{5: "just now", 119: "1 min ago", 5300: "88 min ago", 3 * 3600: "3 hours ago", 4.5 * 86400: "4 days ago"} {
		if got := CloudSaid(&age, words.In()); got != "the Meraki cloud said "+want {
			t.Errorf("%g s: %q, want %q", age, got, want)
		}
	}
}

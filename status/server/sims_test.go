package server

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/status"
)

func TestTheSIMCardsAreShownWithTheirBarTheirAgeAndWhatToDo(t *testing.T) {
	renews := time.Date(2026, 12, 12, 1, 0, 0, 0, paris)
	v := session()
	v.Uplink.Cellular.SIMs = []status.SIM{
		{Slot: 1, Order: ptr(1), Active: true, Bundle: ptr(int64(20e9)), Used: ptr(int64(12.44e9)), AgeS: ptr(190.0), Renews: &renews},
		{Slot: 2, Order: ptr(2), Bundle: ptr(int64(500e6)), Renews: &renews}}
	v.Uplink.Cellular.Failover, v.Uplink.Cellular.FailoverS = ptr(true), ptr(300.0)
	v.Uplink.Cellular.Enough, v.Uplink.Cellular.Advice = "yes", "The data is enough for this session."
	cards, says := simCards(v)
	if says != "The data is enough for this session." {
		t.Errorf("%q", says)
	}
	want := []card{
		{"SIM 1, in use", "good", 62, []string{"12.4 GB of 20 GB used, the Meraki cloud said 3 min ago", "Begins anew on 12 December."}},
		{"SIM 2", "unknown", -1, []string{"It is not known how much of 500 MB is used.", "Begins anew on 12 December.",
			"If the first SIM has no connection for 5 minutes, the Cisco box takes the other."}},
	}
	for i, c := range cards {
		if len(cards) != 2 || c.Name != want[i].Name || c.Mood != want[i].Mood || c.Percent != want[i].Percent || !slices.Equal(c.Lines, want[i].Lines) {
			t.Errorf("%+v\nwant %+v", c, want[i])
		}
	}
	page := string(New(options()).volunteers(v, false, ""))
	for _, s := range []string{`<rect class="used" width="62" height="8"/>`, `aria-label="62 % used"`, "SIM 1, in use"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page has no %q", s)
		}
	}
	if strings.Count(page, `<rect class="used"`) != 1 {
		t.Error("a bar is drawn of what is not known")
	}

	v.Devices = nil
	v.Uplink.Cellular.Enough, v.Uplink.Cellular.TopUp = "until", ptr(1)
	v.Uplink.Cellular.Advice = "The data of SIM 1 is enough until 16:40: top it up before that."
	if cards, _ := simCards(v); cards[0].Mood != "warn" {
		t.Errorf("%+v", cards[0])
	}
	v.Uplink.Cellular = nil
	if cards, says := simCards(v); cards != nil || says != "" || !strings.Contains(string(New(options()).volunteers(v, false, "")), `<section id="sims" class="card none">`) {
		t.Errorf("%+v, %q where the cloud was not asked", cards, says)
	}
}

func TestTheSignalIsDrawnBesideItsWordsWhileTheBoxSeesTheInternet(t *testing.T) {
	v := session()
	v.Uplink.Verdict, v.Uplink.Cellular.Provider = "ok", "A&T"
	page := string(New(options()).volunteers(v, false, ""))
	for _, s := range []string{`<section id="signal" class="card">`, `role="img" aria-label="4 of 5 bars"`, "Signal good (4 of 5), A&amp;T, LTE; the Meraki cloud said just now"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page has no %q", s)
		}
	}
	if on, all := strings.Count(page, `<rect class="on"`), strings.Count(page, ` width="7"`); on != 4 || all != 5 {
		t.Errorf("%d of %d bars", on, all)
	}
	v.Uplink.Verdict = "no-internet"
	page = string(New(options()).volunteers(v, false, ""))
	if strings.Contains(page, "of 5 bars") || !strings.Contains(page, "Signal was good (4 of 5)") || strings.Contains(page, "active") {
		t.Error("the cloud contradicts the box")
	}
	v.Uplink.Cellular = nil
	if page = string(New(options()).volunteers(v, false, "")); !strings.Contains(page, `<section id="signal" class="card none">`) || strings.Contains(page, "Signal") {
		t.Error("a signal is shown of which nothing is known")
	}
}

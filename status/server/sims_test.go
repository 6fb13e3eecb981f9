package server

import (
	"strings"
	"testing"

	"infobus/status"
)

// page is the volunteers' page for who is trusted, in English.
func page(v status.View) string {
	s := New(options())
	s.Publish(v)
	return s.get(true, "/").Body.String()
}

func TestTheSIMCardsAreOnThePage(t *testing.T) {
	v := session()
	v.Uplink.Cellular.SIMs = []status.SIM{
		{Slot: 1, Order: ptr(1), Active: true, Bundle: ptr(int64(20e9)), Used: ptr(int64(12.44e9)), AgeS: ptr(190.0)}, {Slot: 2, Order: ptr(2), Bundle: ptr(int64(500e6))}}
	shown := page(v)
	for _, s := range []string{`<rect class="used" width="62" height="8"/>`, `aria-label="62 % used"`, "SIM 1, in use"} {
		if !strings.Contains(shown, s) {
			t.Errorf("the page has no %q", s)
		}
	}
	if strings.Count(shown, `<rect class="used"`) != 1 {
		t.Error("a bar is drawn of what is not known")
	}
	v.Uplink.Cellular = nil
	if !strings.Contains(page(v), `<section id="sims" class="card"></section>`) {
		t.Error("SIM cards are shown where the cloud was not asked")
	}
}

func TestTheSignalIsDrawnBesideItsWordsWhileTheBoxSeesTheInternet(t *testing.T) {
	v := session()
	v.Uplink.Verdict, v.Uplink.Cellular.Provider = "ok", "A&T"
	shown := page(v)
	for _, s := range []string{`<svg class="signal"`, `role="img" aria-label="4 of 5 bars"`, "Signal good (4 of 5), A&amp;T, LTE; the Meraki cloud said just now"} {
		if !strings.Contains(shown, s) {
			t.Errorf("the page has no %q", s)
		}
	}
	if on, all := strings.Count(shown, `<rect class="on"`), strings.Count(shown, ` width="7"`); on != 4 || all != 5 {
		t.Errorf("%d of %d bars", on, all)
	}
	v.Uplink.Verdict = "no-internet"
	shown = page(v)
	if strings.Contains(shown, "of 5 bars") || !strings.Contains(shown, "Signal was good (4 of 5)") || strings.Contains(shown, "active") {
		t.Error("the cloud contradicts the box")
	}
	v.Uplink.Cellular = nil
	if shown = page(v); strings.Contains(shown, `class="signal"`) || strings.Contains(shown, "Signal") {
		t.Error("a signal is shown of which nothing is known")
	}
}

package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"infobus/status"
	"infobus/words"
)

// Whoever may act may have it made, and sees each line as it comes.
func TestASelftestIsForWhoMayAct(t *testing.T) {
	o := options()
	busy, relay := false, status.CheckWords{Name: words.T("selftest.part.relay")}
	o.Selftest = func(_ context.Context, asked status.Selftest, report func(status.Check)) error {
		if busy {
			return status.ErrSelftestBusy
		}
		report(status.Check{Number: 1, Words: relay, State: status.CheckRunning})
		if asked.Relay {
			report(status.Check{Number: 1, Words: relay, State: status.CheckPassed})
		}
		return nil
	}
	v := start(t, o)
	const path = "/api/v1/selftest"
	if r, _ := v.network("POST", path, ""); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the PIN: %s", r.Status)
	}
	if r, _ := v.network("GET", path, ""); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("asked for with GET: %s", r.Status)
	}
	for body, lines := range map[string]int{"": 1, "{}": 1, `{"relay": true}`: 2} {
		r, said := v.socket("POST", path, body)
		if n := strings.Count(said, "\n"); r.StatusCode != http.StatusOK || n != lines || r.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%q: %s %q, want %d lines", body, r.Status, said, lines)
		}
	}
	if r, _ := v.socket("POST", path, `{"relay": "yes"}`); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a body that cannot be read: %s", r.Status)
	}
	for lang, want := range map[string]string{"en": "Cisco box's relay", "fr": "relais du boîtier Cisco"} {
		_, said := v.socket("POST", path+"?lang="+lang, "")
		var c status.Check
		if err := json.Unmarshal([]byte(said), &c); err != nil || c.Name != want || c.Words.Name.Key != "selftest.part.relay" {
			t.Errorf("in %s: %v %s", lang, err, said)
		}
	}
	busy = true
	if r, said := v.socket("POST", path, ""); r.StatusCode != http.StatusConflict || !strings.Contains(said, "under way") {
		t.Errorf("two at once: %s %s", r.Status, said)
	}
}

func TestWhatElseIsToBeDoneIsOnThePageOnce(t *testing.T) {
	v := session()
	v.First = status.First{Code: "battery-low", Level: "bad", Text: "Start a generator."}
	v.Advice = []status.Advice{{Code: "battery-low", Severity: "bad", Text: "Start a generator."}, {Code: "uplink-cable-unplugged", Severity: "bad", Text: "Push both ends in."}}
	if page := page(v); strings.Count(page, "Push both ends in.") != 1 {
		t.Errorf("what comes next is there %d times", strings.Count(page, "Push both ends in."))
	}
	v.Advice = v.Advice[:1]
	if page := page(v); strings.Contains(page, "Push both") {
		t.Error("there is advice where nothing is to be done")
	}
}

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"infobus/status"
)

func ptr[T any](v T) *T { return &v }

// answering is the address of a daemon whose state is v.
func answering(t *testing.T, v status.View) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/state" {
			http.NotFound(w, r)
			return
		}
		json.NewEncoder(w).Encode(v.Filled())
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestDiagnoseGivesTheDaemonsAdviceInFrenchToo(t *testing.T) {
	v := status.View{Uplink: status.Uplink{Verdict: "cable-unplugged", Advice: "Push both ends in.", Conseil: "Enfoncez bien les deux bouts."}}
	out, _, code := infobus(t, t.TempDir(), "diagnose", "--address", answering(t, v))
	if code != 1 || !strings.HasSuffix(out, "\ncable-unplugged. Push both ends in.\nEnfoncez bien les deux bouts.\n") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestStatusAndDiagnoseSayTheSignal(t *testing.T) {
	v := status.View{Uplink: status.Uplink{Verdict: "ok",
		Cellular: &status.Cellular{Provider: "Orange F", Type: "LTE", Bars: ptr(4), Status: "active", Roaming: "roaming", AgeS: ptr(190.0)}}}
	const want = "Signal good (4 of 5), Orange F, LTE, roaming; the Meraki cloud said 3 min ago\n"
	for _, command := range []string{"status", "diagnose"} {
		if out, _, code := infobus(t, t.TempDir(), command, "--address", answering(t, v)); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d: %s", command, code, out)
		}
	}
	v.Uplink.Cellular = nil
	for _, command := range []string{"status", "diagnose"} {
		if out, _, _ := infobus(t, t.TempDir(), command, "--address", answering(t, v)); strings.Contains(out, "ignal") || strings.Contains(out, "mobile") {
			t.Errorf("%s: where the cloud said nothing: %s", command, out)
		}
	}
}

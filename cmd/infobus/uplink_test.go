package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/netmon"
	"infobus/status"
	"infobus/words"
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

func TestDiagnoseGivesTheDaemonsAdvice(t *testing.T) {
	v := status.View{Uplink: status.Uplink{Verdict: "cable-unplugged", Advice: "Push both ends in."}}
	out, _, code := infobus(t, t.TempDir(), "diagnose", "--address", answering(t, v))
	if code != 1 || !strings.HasSuffix(out, "\ncable-unplugged. Push both ends in.\n") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// Who reads the JSON need not know whether a daemon was asked.
func TestAWalkHasTheDaemonsShape(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "infobus.yaml"), []byte("uplink:\n  interface: nowhere0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := func(args ...string) (map[string]any, []string) {
		t.Helper()
		out, said, code := infobus(t, dir, args...)
		var v map[string]any
		if err := json.Unmarshal([]byte(out), &v); err != nil || code != 1 {
			t.Fatalf("%q: exit %d, %v: %s%s", args, code, err, out, said)
		}
		return v, slices.Sorted(maps.Keys(v))
	}
	address := answering(t, status.View{Uplink: status.Uplink{Verdict: "no-internet"}})
	_, told := keys("diagnose", "--json", "--address", address)
	for _, args := range [][]string{{"--live"}, {}} {
		v, walked := keys(append([]string{"diagnose", "--json", "--address", address, "--config", "infobus.yaml"}, args...)...)
		if v["verdict"] != "port-missing" {
			t.Errorf("%q: the daemon was asked, not the port: %v", args, v["verdict"])
		}
		if want := slices.Sorted(slices.Values(append([]string{"bytes", "clock_wrong"}, told...))); !slices.Equal(walked, want) {
			t.Errorf("%q: %q, want %q", args, walked, want)
		}
		port, ladder := v["port"].(map[string]any), v["ladder"].([]any)
		if speed, there := port["speed_mbit"]; !there || speed != nil || v["latency_ms"] != nil || v["loss"] != nil {
			t.Errorf("%q: what is not known is not null: %v", args, v)
		}
		first, last := ladder[0].(map[string]any), ladder[8].(map[string]any)
		if _, counted := first["age_s"].(float64); first["rung"] != "port" || first["finding"] != "failed" || !counted ||
			last["rung"] != "speed" || last["finding"] != "not-tried" || last["age_s"] != nil || len(first) != 3 {
			t.Errorf("%q: %v", args, ladder)
		}
	}
}

func TestWhatAWalkFoundIsToldAsTheDaemonDoes(t *testing.T) {
	o := netmon.DefaultOptions()
	s := netmon.Step(o, netmon.New(), netmon.Link{Present: true, Carrier: true, Address: "192.0.2.2/24", Gateway: "192.0.2.1", Speed: 100, Duplex: "full"}, time.Minute)
	s = netmon.Step(o, s, netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed,
		Latency: 42 * time.Millisecond, Loss: 0.0625, Expired: true}.Evidence(), time.Minute+2*time.Second)
	d := found(o, s, time.Minute+5*time.Second, words.In())
	if d.Verdict != "ok" || *d.Port.Speed != 100 || *d.LatencyMS != 42 || *d.Loss != 0.063 || !d.ClockWrong || *d.Ladder[4].AgeS != 3 {
		t.Errorf("%+v", d)
	}
	if got, want := beyond(d.Uplink, words.In()), "               a page after 42 ms\n               6 % of the questions were lost\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStatusAndDiagnoseSayTheSignal(t *testing.T) {
	v := status.View{First: status.First{Level: "good"}, Uplink: status.Uplink{Verdict: "ok",
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

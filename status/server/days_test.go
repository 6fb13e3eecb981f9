package server

import (
	"encoding/json"
	"strings"
	"testing"

	"infobus/status"
)

func TestTheLastDaysAreShownAndDrawn(t *testing.T) {
	o := options()
	days := []status.Day{{Date: "2026-11-20", RunHours: 2.5, Starts: 1, Sessions: 1},
		{Date: "2026-11-23", RunHours: 5, Starts: 3, InWh: ptr(300.0), OutWh: ptr(20.0), Sessions: 2, KnownMin: 300, InternetMin: 280, Devices: ptr(212)}}
	o.Days = func() []status.Day { return days }
	v := start(t, o)
	v.Publish(session())
	if answer, body := v.network("GET", "/api/v1/days", ""); answer.StatusCode != 401 {
		t.Errorf("without the PIN: %d %s", answer.StatusCode, body)
	}
	if _, page := v.network("GET", "/", ""); strings.Contains(page, "30 days") || strings.Contains(page, `class="bars"`) {
		t.Error("the network sees the days without the PIN")
	}
	_, body := v.socket("GET", "/api/v1/days", "")
	var got struct{ Days []status.Day }
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Days) != 2 || *got.Days[1].Devices != 212 || got.Days[0].InWh != nil {
		t.Errorf("%v in %s", err, body)
	}
	_, page := v.socket("GET", "/", "")
	for _, want := range []string{"The last 30 days", `<rect x="290" y="0" width="8" height="40"><title>23 Nov: 5 h</title>`,
		`<rect x="260" y="20" width="8" height="20"><title>20 Nov: 2.5 h</title>`, "23 Nov: 212"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

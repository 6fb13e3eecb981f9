package advice

import (
	"slices"
	"testing"

	"infobus/logbook"
	"infobus/van"
)

// The helpers are told of each row by its code, and of no other; of quiet never.
func TestWhatTheHelpersAreTold(t *testing.T) {
	var words, codes []string
	for _, f := range logbook.Schema[logbook.AdviceChanged] {
		if f.Key == "code" {
			words = f.Words
		}
	}
	codes = []string{"none", "none-yet"}
	for _, r := range table {
		if r.code != quiet && r.code != gatewaySaved && r.code != uplink+"unknown" {
			codes = append(codes, r.code)
		}
	}
	for _, c := range codes {
		if !slices.Contains(words, c) {
			t.Errorf("%s may not be told", c)
		}
	}
	for _, w := range words {
		if !slices.Contains(codes, w) {
			t.Errorf("%s is never told", w)
		}
	}
	well := [4]Tile{{Level: Good}, {Level: Good}, {Level: Good}, {Level: Good}}
	doubt := well
	doubt[2].Level = Doubt
	hidden, low := Advice{Code: quiet, Act: EndQuiet, Severity: Info}, Advice{Code: batteryLow, Act: StartGenerator, Severity: Warn}
	for name, c := range map[string]struct {
		j    Judgement
		want van.Advised
	}{
		"nothing is to be done":           {Judgement{Tiles: well}, van.Advised{Code: "none", Level: "good"}},
		"nothing yet":                     {Judgement{Tiles: doubt}, van.Advised{Code: "none-yet", Level: "unknown"}},
		"something":                       {Judgement{Rows: []Advice{low}, Tiles: well}, van.Advised{Code: "battery-low", Level: "warn"}},
		"the internet":                    {Judgement{Rows: []Advice{{Code: "uplink-captive-portal", Act: SignIn, Severity: Warn}}, Tiles: well}, van.Advised{Code: "uplink", Level: "warn"}},
		"it is quiet":                     {Judgement{Rows: []Advice{hidden}, Tiles: well, forbidden: []Claim{AllWell}}, van.Advised{Code: "none", Level: "good"}},
		"it is quiet, and something else": {Judgement{Rows: []Advice{hidden, low}, Tiles: well}, van.Advised{Code: "battery-low", Level: "warn"}},
	} {
		c.j.First, c.j.Level = c.j.first()
		if got := c.j.Told(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestTheHouseStandsAsItIsDescribed(t *testing.T) {
	g, _, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(g) < 30 {
		t.Fatalf("only %d packages were found", len(g))
	}
	for _, m := range g.mistakes() {
		t.Error(m)
	}
	var printed strings.Builder
	g.print(&printed)
	for path := range g {
		if !strings.Contains(printed.String(), path) {
			t.Errorf("%s is not printed", path)
		}
	}
}

func TestWhatIsWrongInAHouseIsFound(t *testing.T) {
	sound := graph{
		"reading": nil, "yamlfile": nil, "reading/clock": {"reading", "time"},
		"hw": nil, "hw/line": {"hw", "reading/clock"}, "hw/line/linetest": {"hw", "hw/line"}, "hw/battery": {"hw"}, "hw/epaper": {"hw", "hw/line", "os"},
		"netmon": {"reading"}, "netmon/client": {"netmon", "hw", "net"}, "netmon/probe": {"netmon/client"},
		"logbook": nil, "logbook/store": {"logbook", "hw"}, "logbook/upload": {"logbook", "logbook/store", "netmon/client"},
		"power": {"logbook", "reading"}, "session": {"logbook"}, "van": {"power", "session", "fmt"}, "van/loop": {"van", "reading/clock"},
		"config": {"power", "yamlfile"}, "sim": {"power"}, "cmd/infobusd": {"config", "van/loop", "os"}, "cmd/infobus": {"config"},
	}
	for name, c := range map[string]struct {
		planted graph
		want    []string
	}{
		"a sound house": {nil, nil},
		"a room imports one above it": {graph{"power": {"van"}}, []string{
			"a circle in the house: power imports van imports power", "power imports van: an arrow up, van is not below power"}},
		"a room imports one beside it":               {graph{"power": {"logbook", "reading", "kiosk"}, "kiosk": nil}, []string{"power imports kiosk: an arrow up, kiosk is not below power"}},
		"a room's own folder imports one inside it":  {graph{"hw": {"hw/line"}}, []string{"hw imports hw/line, which is inside it"}},
		"one inside another's folder, likewise":      {graph{"hw/line": {"hw/line/linetest"}}, []string{"hw/line imports hw/line/linetest, which is inside it"}},
		"a folder imports one beside it in its room": {graph{"hw/line": {"hw/battery"}}, []string{"hw/line imports hw/battery: an arrow up, battery is not below line"}},
		"a folder imports one above it in its room": {graph{"hw/line": {"hw/epaper"}}, []string{
			"a circle in hw: epaper imports line imports epaper", "hw/line imports hw/epaper: an arrow up, epaper is not below line"}},
		"what is inside a folder counts with it": {graph{"hw/line/linetest": {"hw/epaper"}}, []string{
			"a circle in hw: epaper imports line imports epaper", "hw/line/linetest imports hw/epaper: an arrow up, epaper is not below line"}},
		"two rooms import each other, by different folders": {graph{"netmon/client": {"logbook"}}, []string{
			"a circle in the house: logbook imports netmon imports logbook", "netmon/client imports logbook: an arrow up, logbook is not below netmon"}},
		"a driver imports what is below it and no driver's business": {graph{"hw/battery": {"yamlfile"}}, []string{"hw/battery imports yamlfile: a driver knows no room"}},
		"a pure room touches the world":                              {graph{"power": {"net/http"}}, []string{"power is pure: power imports net/http", "van is pure: van imports power imports net/http", "config is pure: config imports power imports net/http"}},
		"a pure room touches it through another package":             {graph{"van": {"reading/clock"}, "reading/clock": {"os"}}, []string{"van is pure: van imports reading/clock imports os"}},
		"only a command imports config":                              {graph{"sim": {"config"}}, []string{"sim imports config: an arrow up, config is not below sim"}},
		"a command imports a command":                                {graph{"cmd/infobus": {"cmd/infobusd"}}, []string{"cmd/infobus imports cmd/infobusd: an arrow up, infobusd is not below infobus"}},
		"a room that nobody gave a place":                            {graph{"cellar": nil}, []string{"cellar has no place in the order of the rooms"}},
		"a folder that nobody gave a place":                          {graph{"hw/line/cellar": nil}, []string{"hw/line/cellar has no place in the order of hw/line"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := maps.Clone(sound)
			maps.Copy(g, c.planted)
			slices.Sort(c.want)
			if got := g.mistakes(); !slices.Equal(got, c.want) {
				t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

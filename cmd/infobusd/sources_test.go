package main

import (
	"slices"
	"testing"
	"time"

	"infobus/config"
	"infobus/hw/line"
)

// Whatever a line is for, the driver is asked for the bias that is configured.
func TestEveryLineHasItsBias(t *testing.T) {
	for bias, want := range map[string]line.Config{
		"pull-up": {PullUp: true}, "pull-down": {PullDown: true}, "none": {},
	} {
		text := ", active: high, debounce: 20ms, bias: " + bias + "}\n"
		c, err := config.Parse("f", []byte("generators:\n  - {line: GPIO27"+text+
			"battery:\n  monitor: none\n  low-line: {line: GPIO13"+text+"kiosk:\n  button: {line: GPIO23"+text))
		if err != nil {
			t.Fatal(err)
		}
		var all []line.Config
		for _, l := range [][2]string{{"generator-1", "GPIO27"}, {"battery-low", "GPIO13"}, {button, "GPIO23"}} {
			want.Name, want.Line, want.Debounce = l[0], l[1], 20*time.Millisecond
			all = append(all, want)
		}
		if !slices.Equal(watched(c), all) {
			t.Errorf("%s: asked for %+v, want %+v", bias, watched(c), all)
		}
	}
}

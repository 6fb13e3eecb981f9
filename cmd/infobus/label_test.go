package main

import (
	"errors"
	"testing"
)

func TestALabelOpensTheBoxAndNothingElse(t *testing.T) {
	for _, c := range []struct{ given, told, want string }{
		{"", "http://192.168.128.2/today", "http://192.168.128.2/today"},
		{"", "http://192.168.128.2:8080/today", "http://192.168.128.2:8080/today"},
		{"", "", ""},
		{"", "http://infobus.local/today", ""},
		{"192.168.128.7", "", "http://192.168.128.7/today"},
		{"192.168.128.7:8080", "", "http://192.168.128.7:8080/today"},
		{"http://192.168.128.7/", "http://192.168.128.2/today", "http://192.168.128.7/today"},
		{"http://[2001:db8::2]", "", "http://[2001:db8::2]/today"},
		{"infobus.local", "", ""},
		{"127.0.0.1", "", ""},
		{"0.0.0.0", "", ""},
		{"169.254.1.2", "", ""},
		{"ftp://192.168.128.7", "", ""},
		{"http://192.168.128.7 or so", "", ""},
	} {
		got, err := visitorsAt(c.given, func() (string, error) { return c.told, nil })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("given %q, told %q: %q, %v; want %q", c.given, c.told, got, err, c.want)
		}
	}
	gone := errors.New("gone")
	if _, err := visitorsAt("", func() (string, error) { return "", gone }); !errors.Is(err, gone) {
		t.Errorf("without a daemon: %v", err)
	}
}

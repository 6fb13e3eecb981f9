package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/hw"
	"infobus/netmon/meraki"
	"infobus/supervise"
)

// How rarely: see supervise.TestWhatOnlyAPersonCanPutRightIsTriedOnceAnHour.
func TestAKeyThatCannotBeUsedIsSaidOnceAndTriedRarely(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	a := &appliance{}
	for _, c := range []struct {
		err  error
		rare bool
	}{{meraki.ErrKey, true}, {hw.ErrAbsent, true}, {meraki.ErrNotFound, true}, {meraki.ErrAnswer, false}} {
		log.Reset()
		for range 3 {
			if err := a.noCloud(fmt.Errorf("ask: %w", c.err)); !errors.Is(err, c.err) || errors.As(err, new(supervise.Rarely)) != c.rare {
				t.Errorf("%v", err)
			}
		}
		if n := strings.Count(log.String(), "the Meraki cloud"); n != 1 {
			t.Errorf("%v is said %d times", c.err, n)
		}
	}
}

func TestTheKeyIsInTheFileOrSystemdsCredential(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if got := keyFile("/etc/infobus/meraki.key"); got != "/etc/infobus/meraki.key" {
		t.Error(got)
	}
	path := filepath.Join(dir, "infobus.meraki-key")
	if got := keyFile(""); got != path {
		t.Errorf("%s, want %s", got, path)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if got := keyFile(""); got != "/etc/credstore/infobus.meraki-key" {
		t.Error(got)
	}
	unit, err := os.ReadFile("../../systemd/units/infobusd.service")
	if err != nil || !strings.Contains(string(unit), "\nLoadCredential=infobus.meraki-key\n") {
		t.Errorf("the unit loads another: %v", err)
	}
}

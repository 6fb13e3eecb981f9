package meraki

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
	"infobus/supervise"
)

// How rarely: see supervise.TestWhatOnlyAPersonCanPutRightIsTriedOnceAnHour.
func TestAKeyThatCannotBeUsedIsSaidOnceAndTriedRarely(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	var trouble Trouble
	for _, c := range []struct {
		err  error
		rare bool
	}{{ErrKey, true}, {hw.ErrAbsent, true}, {ErrNotFound, true}, {ErrAnswer, false}} {
		log.Reset()
		for range 3 {
			if err := trouble.Because(fmt.Errorf("ask: %w", c.err)); !errors.Is(err, c.err) || errors.As(err, new(supervise.SlowRetry)) != c.rare {
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
	if got := KeyFile("/etc/infobus/meraki.key"); got != "/etc/infobus/meraki.key" {
		t.Error(got)
	}
	path := filepath.Join(dir, "infobus.meraki-key")
	if got := KeyFile(""); got != path {
		t.Errorf("%s, want %s", got, path)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if got := KeyFile(""); got != "/etc/credstore/infobus.meraki-key" {
		t.Error(got)
	}
	unit, err := os.ReadFile("../../systemd/units/infobusd.service")
	if err != nil || !strings.Contains(string(unit), "\nLoadCredential=infobus.meraki-key\n") {
		t.Errorf("the unit loads another: %v", err)
	}
}

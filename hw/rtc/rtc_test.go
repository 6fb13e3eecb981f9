package rtc_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/hw/rtc"
	"infobus/hw/rtc/rtctest"
)

func TestTheKernelsFolderIsRead(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if _, err := rtc.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no clock: %v", err)
	}
	if err := rtctest.Folder(dir, "rtc-ds1307 1-0068", "maxim,ds3231", at); err != nil {
		t.Fatal(err)
	}
	r, err := rtc.Read(dir)
	if want := (rtc.Chip{Kind: "maxim,ds3231", Driver: "rtc-ds1307", Bus: "/dev/i2c-1", Address: 0x68}); err != nil || r.Chip != want || !r.Time.Equal(at) || !r.Flagged() {
		t.Errorf("%+v, %v", r, err)
	}
	rtctest.Folder(dir, "rtc-ds1307 1-0068", "maxim,ds3231", time.Time{})
	if r, err := rtc.Read(dir); err == nil || !r.Time.IsZero() || r.Address != 0x68 {
		t.Errorf("one that cannot be read: %+v, %v", r, err)
	}
	rtctest.Folder(dir, "rtc-pl031 9010000.pl031", "arm,pl031", at)
	if r, err := rtc.Read(dir); err != nil || r.Driver != "rtc-pl031" || r.Flagged() {
		t.Errorf("another chip: %+v, %v", r, err)
	}
}

// A chip that has just been given power says that it had stopped; cleared it does not,
// and nothing else has changed in it.
func TestTheFlagIsReadAndCleared(t *testing.T) {
	var chip rtctest.Chip
	if stopped, err := rtc.Stopped(&chip, rtctest.Address); err != nil || !stopped {
		t.Errorf("a new chip had stopped: %t, %v", stopped, err)
	}
	before := chip.Registers
	if err := rtc.Clear(&chip, rtctest.Address); err != nil {
		t.Fatal(err)
	}
	if before[0x0f] &^= 0x80; chip.Registers != before {
		t.Errorf("registers % x, were % x", chip.Registers, before)
	}
	if stopped, err := rtc.Stopped(&chip, rtctest.Address); err != nil || stopped {
		t.Errorf("once it is cleared: %t, %v", stopped, err)
	}
	chip.Gone = true
	if _, err := rtc.Stopped(&chip, rtctest.Address); err == nil {
		t.Error("a chip that is gone was read")
	}
	if err := rtc.Clear(&chip, rtctest.Address); err == nil {
		t.Error("a chip that is gone was written")
	}
}

func TestTheKernelsLogSaysThatItStopped(t *testing.T) {
	const quiet = "6,401,1500000,-;rtc-ds1307 1-0068: registered as rtc0\n6,402,1500001,-;rtc-ds1307 1-0068: setting system clock to 2026-11-23T09:00:00 UTC\n"
	for log, want := range map[string]bool{
		"":    false,
		quiet: false,
		quiet + "4,400,1499999,-;rtc-ds1307 1-0068: SET TIME!\n":                 true,
		"4,400,1499999,-;rtc-ds1307 1-0068: oscillator failed, set time!\n":      true,
		"4,400,1499999,-;rtc-ds1307 3-0068: oscillator stop detected - SET TIME": true,
		"4,400,1499999,-;somebody: SET TIME!\n":                                  false,
	} {
		if got, err := rtc.KernelSaid(strings.NewReader(log)); err != nil || got != want {
			t.Errorf("%q: %t, %v", log, got, err)
		}
	}
}

func TestThatItStoppedStaysNotedUntilItIsSet(t *testing.T) {
	n := rtc.Note(filepath.Join(t.TempDir(), "chip"))
	want := func(stopped, known bool) {
		t.Helper()
		if s, k, err := n.Read(); err != nil || s != stopped || k != known {
			t.Errorf("noted %t, known %t, %v; want %t, %t", s, k, err, stopped, known)
		}
	}
	write := func(stopped, set bool) {
		t.Helper()
		if err := n.Write(stopped, set); err != nil {
			t.Fatal(err)
		}
	}
	want(false, false)
	write(false, false)
	want(false, true)
	write(true, false)
	want(true, true)
	write(false, false) // the kernel has cleared the flag meanwhile
	want(true, true)
	write(false, true)
	want(false, true)
	os.WriteFile(string(n), []byte("?"), 0o644)
	if _, known, err := n.Read(); known || err == nil {
		t.Error("a note that nobody wrote is believed")
	}
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infobus/selftest/firstboard"
	"infobus/words"
)

// Whoever ends it in the midst, or the terminal that goes, leaves no box without its daemon,
// and the report of what was tried. A systemctl that is none sends the signal.
func TestAFirstEveningThatIsInterruptedStartsTheDaemonAgain(t *testing.T) {
	tools, report := t.TempDir(), t.TempDir()
	asked := filepath.Join(tools, "asked")
	systemctl := "#!/bin/sh\necho \"$@\" >>" + asked + "\ncase $1 in stop) kill -HUP $PPID ;; is-active) test $3 != infobus-volunteers.socket ;; esac\n"
	if err := os.WriteFile(filepath.Join(tools, "systemctl"), []byte(systemctl), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	configuration := filepath.Join(tools, "infobus.yaml")
	if err := os.WriteFile(configuration, []byte("gpio: no-such-chip\npanel: {type: none}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	(&options{book: words.Shipped(), lang: "en"}).firstBoard(t.Context(), firstBoard{yes: true, report: report, config: configuration})
	b, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Split(strings.TrimSpace(string(b)), "\n")
	if want := []string{"stop infobus.socket infobusd.service", "start infobus.socket infobusd.service"}; !slices.Equal(said[len(said)-2:], want) {
		t.Errorf("systemd was asked %q, want %q at the end", said, want)
	}
	if _, err := os.Stat(filepath.Join(report, firstboard.FileJSON)); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatTakesNoReportIsSaidBeforeTheTests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not-there")
	if err := (&options{book: words.Shipped(), lang: "en"}).firstBoard(t.Context(), firstBoard{yes: true, report: dir}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
}

func TestTheSticksAreThePartitionsOnUSB(t *testing.T) {
	root := t.TempDir()
	class := filepath.Join(root, "class")
	for _, at := range []string{"usb1/block/sda/sda1", "usb1/block/sdb", "mmc/block/mmcblk0/mmcblk0p1"} {
		dir := filepath.Join(root, at)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(at); name != "sdb" {
			if err := os.WriteFile(filepath.Join(dir, "partition"), []byte("1\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(class, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"usb1/block/sda", "usb1/block/sda/sda1", "usb1/block/sdb", "mmc/block/mmcblk0", "mmc/block/mmcblk0/mmcblk0p1"} {
		if err := os.Symlink(filepath.Join(root, at), filepath.Join(class, filepath.Base(at))); err != nil {
			t.Fatal(err)
		}
	}
	if got := usbDisks(class); !slices.Equal(got, []string{"sda1", "sdb"}) {
		t.Errorf("%q", got)
	}
}

func TestWhereAStickIsMounted(t *testing.T) {
	const table = `22 1 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw
90 30 8:1 / /media/my\040stick ro,nosuid,nodev,noexec shared:9 - vfat /dev/sda1 ro
`
	if at := mountedAt(table, "/dev/sda1"); at != "/media/my stick" {
		t.Errorf("%q", at)
	}
	if at := mountedAt(table, "/dev/sda"); at != "" {
		t.Errorf("%q", at)
	}
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"infobus/card"
)

// On the emulated Pi 3B the image comes up from its card by U-Boot, with our device tree:
// the header's lines and buses are there, and the root cannot be written. What drives
// the pins, nobody emulates, nor the firmware's own stage. The card has two damages that
// the initramfs gets over: of the failure table these are booted whole at each change.
func TestTheCardBootsOnAnEmulatedPi(t *testing.T) {
	dir := made(t)
	image := copied(t, dir, 2<<30) // QEMU's card controller wants a power of two
	primary, _ := layout()
	both(sector(card.Sectors[0], flipped), sector(card.Sectors[1], flipped), stretch(int64(primary[2].start)*card.SectorSize, 32<<20, zeroed))(t, image)
	before := outside(t, image)
	ctx, cancel := context.WithTimeout(t.Context(), 2*hangGuard)
	defer cancel()
	q := exec.CommandContext(ctx, "qemu-system-aarch64", "-M", "raspi3b", "-m", "1G", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(dir, "u-boot-rpi.bin"), "-dtb", filepath.Join(dir, "raspi3b.dtb"), "-append", "infobus.lab", // see boot.cmd
		"-drive", "if=sd,format=raw,cache=unsafe,file="+image, "-serial", "null", "-serial", "stdio")
	console, err := q.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	defer func() {
		if t.Failed() {
			t.Logf("the console:\n%s", strings.Join(said[max(0, len(said)-80):], "\n"))
		}
	}()
	board := ""
	for s := bufio.NewScanner(console); board == "" && s.Scan(); {
		said = append(said, s.Text())
		if verbose {
			fmt.Println(time.Now().Format(time.TimeOnly), s.Text())
		}
		if _, after, ok := strings.Cut(s.Text(), "infobus: Raspberry Pi"); ok {
			board = after
		}
	}
	cancel()
	q.Wait()
	if board == "" {
		t.Fatal("the machine ended, or took too long, before the board was looked at")
	}
	t.Log(board)
	for _, want := range []string{`lines /dev/infobus-gpio gpiochip\d`, `/dev/spidev0\.0`, `/dev/i2c-1\b`, `chips 1-0068`, `daemon active since \d+ us`, `root ro$`} {
		if !regexp.MustCompile(want).MatchString(board) {
			t.Errorf("the board has %q, want %s", board, want)
		}
	}
	console0 := strings.Join(said, "\n")
	for _, want := range []string{"Infobus: slot a", `"root":"checked"`, `"slot":"a"`, `"why":"no-state"`, `"data":{"state":"made-anew"`} {
		if !strings.Contains(console0, want) {
			t.Errorf("the console does not say %s", want)
		}
	}
	if after := outside(t, image); after != before {
		t.Error("the boot wrote outside the data")
	}
}

// Init is the card's initramfs: the first program of the box. It loads what Debian's
// kernel has not built in, feeds the board's watchdog, reads the clock chip's stop flag,
// chooses the slot, mounts root and data, and gives way to systemd. Where a root can be
// read, it always does. Where none can, it says so for ever, on the panel and by the
// board's light, and does not restart: a restart would change nothing.
package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/images/card/early"
)

func main() {
	early.Mounts()
	log, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	say := func(format string, arguments ...any) {
		line := "infobus-init: " + fmt.Sprintf(format, arguments...) + "\n"
		if err != nil {
			os.Stdout.WriteString(line)
			return
		}
		log.WriteString("<4>" + line)
	}
	os.WriteFile("/proc/sys/kernel/printk_devkmsg", []byte("on"), 0o200) // a check of the data says more than the kernel takes in a hurry
	line, _ := os.ReadFile("/proc/cmdline")
	early.HoldClock()
	early.LoadModules("/modules", say)
	watchdog := early.Feed()
	clock := early.ReadClock(say)

	c, verdict := choose(early.Options{Boot: card.ParseCommandLine(string(line)), Wait: 20 * time.Second, Say: say}, say)
	say("verdict %s", verdict)
	switch verdict {
	case card.Switch:
		unix.Sync()
		say("restart: %v", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART))
	case card.Run:
		os.RemoveAll("/modules")
		if err := early.Enter(); err != nil {
			say("%v", err)
			break
		}
		if err := early.Devices(); err != nil {
			say("devices: %v", err)
		}
		c.Data()
		c.Settings()
		if err := c.Leave(clock, watchdog); err != nil {
			say("report: %v", err)
		}
		say("report %s", early.OneLine(c.Report()))
		say("%v", unix.Exec("/sbin/init", []string{"/sbin/init"}, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=linux"}))
	}
	stop(say)
}

// choose waits for the card, for ever: it may have a loose contact.
func choose(o early.Options, say func(string, ...any)) (*early.Card, card.Verdict) {
	for tried := 0; ; tried++ {
		c, err := early.Open(o)
		if err == nil {
			return c, c.Choose()
		}
		if say("%v", err); tried == 0 {
			show(say)
			o.Late = true
		}
		for range 10 {
			early.Blink()
		}
	}
}

func show(say func(string, ...any)) {
	if err := early.ShowPage(); err != nil {
		say("no fixed page: %v", err)
		return
	}
	say("the fixed page is shown")
}

func stop(say func(string, ...any)) {
	show(say)
	for {
		early.Blink()
	}
}

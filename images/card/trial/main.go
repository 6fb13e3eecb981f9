// Trial is the first program of a machine with many cards, each as one case: it does with
// each what the initramfs does with its one card, up to where systemd would be started,
// and says on the console what came of it. U-Boot is played by card's rules; a kernel is
// whole if its partition begins as an ext4 does.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/images/card/early"
)

// restarts is when a card is given up as one that restarts for ever.
const restarts = 6

func main() {
	if len(os.Args) == 3 {
		try(os.Args[1], os.Args[2])
		return
	}
	early.Mounts()
	early.HoldClock()
	say := sayer("init")
	early.LoadModules("/modules", say)
	say("watchdog %t", early.Feed())
	say("clock %s", early.ReadClock(say))
	cases := map[string]string{}
	list, err := os.ReadFile("/cases.json")
	if err == nil {
		err = json.Unmarshal(list, &cases)
	}
	if err != nil {
		say("cases: %v", err)
	}
	for range len(cases) {
		disk, name := waitForOne(cases)
		if name == "" {
			say("not all disks are there: %d are missing", len(cases))
			break
		}
		child := exec.Command("/init", name, disk)
		child.Env = []string{"LINE=" + cases[name]}
		delete(cases, name)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
		if err := child.Run(); err != nil {
			say("%s: %v", name, err)
		}
	}
	say("all tried")
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func waitForOne(cases map[string]string) (disk, name string) {
	for range 500 {
		disks, _ := filepath.Glob("/sys/block/vd*")
		for _, d := range disks {
			serial, _ := os.ReadFile(filepath.Join(d, "serial"))
			if _, is := cases[strings.TrimSpace(string(serial))]; is {
				return "/dev/" + filepath.Base(d), strings.TrimSpace(string(serial))
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return "", ""
}

func sayer(name string) func(string, ...any) {
	return func(format string, arguments ...any) {
		os.Stdout.WriteString(name + ": " + fmt.Sprintf(format, arguments...) + "\n")
	}
}

// try is one case, in a mount namespace of its own.
func try(name, disk string) {
	say := sayer(name)
	if err := errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")); err != nil {
		say("%v", err)
		return
	}
	boot := card.ParseCommandLine(os.Getenv("LINE"))
	for range restarts {
		o := early.Options{Boot: boot, Disk: disk, Say: say}
		var why string
		if o.Boot.Slot, why = uboot(o); why != "" {
			say("verdict dead %s", why)
			return
		}
		c, err := early.Open(o)
		if err != nil {
			say("verdict dead %v", err)
			return
		}
		switch verdict := c.Choose(); verdict {
		case card.Run:
			keeper, keeps := os.ReadFile("/keeper")
			if err := early.Enter(); err != nil {
				say("%v", err)
				return
			}
			c.Data()
			c.Settings()
			if err := c.Leave(card.StopUnknown, false); err != nil {
				say("report: %v", err)
			}
			if info, err := os.Stat(card.Folder); err != nil || info.Mode().Perm() != 0o755 {
				say("the daemon cannot read what is left for it: %v, %v", info, err)
				return
			}
			if _, rounds, _ := strings.Cut(os.Getenv("LINE"), "keeper="); keeps == nil && rounds != "0" {
				keep(keeper, disk, rounds, say)
			}
			work(say)
			say("verdict run %s", early.OneLine(c.Report()))
			return
		case card.Switch:
			say("restarts")
		default:
			say("verdict %s", verdict)
			return
		}
	}
	say("verdict loop")
}

// uboot is what U-Boot's script does with the card: the slot that it starts, or why none.
func uboot(o early.Options) (card.Slot, string) {
	o.Say = func(string, ...any) {}
	c, err := early.Open(o)
	if err != nil {
		return card.None, err.Error()
	}
	order, err := c.Count()
	if err != nil {
		return card.None, err.Error()
	}
	for _, s := range order {
		if c.HasKernel(s) {
			return s, ""
		}
	}
	return card.None, "no kernel"
}

// keep has the keeper keep things on the card.
func keep(keeper []byte, disk, rounds string, say func(string, ...any)) {
	const program = "/run/keeper"
	if err := os.WriteFile(program, keeper, 0o755); err != nil {
		say("%v", err)
		return
	}
	out, err := exec.Command(program, "/var/lib/infobus", disk, rounds).CombinedOutput()
	if err != nil {
		say("keeper: %v: %s", err, out)
	}
}

// work does what a daemon would: a file is written and synced.
func work(say func(string, ...any)) {
	f, err := os.OpenFile("/var/lib/infobus/tried", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString("x")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		say("work: %v", err)
	}
	if err := unix.Unmount("/var/lib/infobus", 0); err != nil {
		say("unmount: %v", err)
	}
}

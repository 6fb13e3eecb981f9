package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"periph.io/x/conn/v3/i2c"

	"infobus/config"
	"infobus/hw/bus"
	"infobus/hw/epaper"
	"infobus/hw/line"
	"infobus/selftest/firstboard"
	"infobus/words"
)

// firstBoard is what was asked of selftest --first-board.
type firstBoard struct {
	on, yes, stick bool
	report, config string
}

// What is waited for a stick before the tests and after them.
const (
	stickAtFirst = 2 * time.Minute
	stickAtLast  = 15 * time.Minute
)

// firstBoard tries the board, with the daemon stopped.
func (o *options) firstBoard(ctx context.Context, asked firstBoard) error {
	c := config.Default()
	if data, err := os.ReadFile(asked.config); err == nil {
		if read, err := config.Parse(asked.config, data); err == nil {
			c = read
		}
	}
	// Whatever ends it, the daemon is started again and the panel's supply switched off; so
	// does a terminal that goes.
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	say := o.speaker()
	tell := func(t words.Text) { fmt.Fprintln(os.Stderr, say.Text(t)) }
	switch {
	case asked.stick:
		done := false
		if err := onStick(ctx, stickAtFirst, func(dir string) (err error) {
			if _, err = os.Stat(filepath.Join(dir, firstboard.FileJSON)); err == nil {
				done = true
				return nil
			}
			return firstboard.Begin(dir)
		}); err != nil {
			return fmt.Errorf("the stick for the report: %w", err)
		}
		if done {
			tell(words.T("firstboard.done"))
			return nil
		}
	case asked.report != "":
		if err := firstboard.Begin(asked.report); err != nil {
			return fmt.Errorf("the folder for the report: %w", err)
		}
	}
	b := &firstboard.Board{Say: tell,
		Chip: line.Find(c.GPIO), Inputs: inputsOf(c),
		Bus: func(path string) (i2c.BusCloser, error) { return bus.Open(path) },
	}
	if c.Panel.Type != "none" {
		b.Panel = func(opts epaper.Opts) (*epaper.Panel, error) {
			return epaper.Open(epaper.Wiring{SPI: c.Panel.SPI, Chip: c.GPIO,
				DataCommand: c.Panel.DataCommand, Reset: c.Panel.Reset, Busy: c.Panel.Busy, Power: c.Panel.Power}, &opts)
		}
	}
	info, err := os.Stdin.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice != 0 && !asked.yes {
		in := bufio.NewReader(os.Stdin)
		b.Ask = func(t words.Text) firstboard.Answer {
			fmt.Fprintf(os.Stderr, "%s [%s] ", say.Text(t), say.Say("firstboard.yes-no"))
			answer := make(chan string, 1)
			go func() {
				text, _ := in.ReadString('\n')
				answer <- text
			}()
			select {
			case text := <-answer:
				return answerOf(text)
			case <-ctx.Done():
				return firstboard.NotAsked
			}
		}
	}
	tell(words.T("firstboard.begin"))
	start := func() {}
	defer func() { start() }()
	b.Own = func() {
		tell(words.T("firstboard.daemon"))
		start = stopDaemon(ctx)
	}
	r, interrupted := firstboard.Run(ctx, b, version)
	start()
	start = func() {}
	wait := stickAtLast
	if interrupted != nil { // what was found is written down all the same
		ctx, wait = context.WithoutCancel(ctx), 0
	}
	if o.json {
		if err := printJSON(r); err != nil {
			return err
		}
	} else {
		fmt.Print(r.Text())
	}
	bad := 0
	for _, one := range r.Results {
		if one.State == firstboard.Failed || one.State == firstboard.Lacking {
			bad++
		}
	}
	fmt.Fprintln(os.Stderr, say.Say("firstboard.sum", "N", bad, "Of", len(r.Results)))
	switch {
	case asked.stick:
		if err := onStick(ctx, wait, r.Write); err != nil {
			return fmt.Errorf("write the report on the stick: %w", err)
		}
	case asked.report != "":
		if err := r.Write(asked.report); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		tell(words.T("firstboard.written", "Folder", asked.report))
	}
	if interrupted != nil {
		tell(words.T("firstboard.interrupted"))
		return errAttention
	}
	if bad > 0 {
		return errAttention
	}
	return nil
}

// answerOf reads an answer in English or French; anything else is none.
func answerOf(text string) firstboard.Answer {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes", "o", "oui":
		return firstboard.Yes
	case "n", "no", "non":
		return firstboard.No
	}
	return firstboard.NotAsked
}

// inputsOf are the input lines of a configuration, the generators' first, and the panel's
// busy line.
func inputsOf(c config.Config) (all []line.Config) {
	add := func(name string, l *config.Line) {
		if l != nil {
			all = append(all, line.Config{Name: name, Line: l.Line, ActiveLow: l.ActiveLow()})
		}
	}
	for i := range c.Generators {
		add(fmt.Sprintf("generator %d", i+1), &c.Generators[i])
	}
	add("battery low", cmp.Or(c.Battery.LowLine, &config.Line{Line: "GPIO13", Active: "low"}))
	add("button", cmp.Or(c.Kiosk.Button, &config.Line{Line: "GPIO23", Active: "low"}))
	add("sockets", cmp.Or(c.Sockets, &config.Line{Line: "GPIO19", Active: "low"}))
	add("carbon monoxide", cmp.Or(c.Monoxide, &config.Line{Line: "GPIO20", Active: "high"}))
	if c.Panel.Type != "none" {
		all = append(all, line.Config{Name: "panel's BUSY", Line: c.Panel.Busy})
	}
	return all
}

// stopDaemon stops the daemon, which holds lines and buses, with the doors at which a phone
// would start it, and gives what starts again what ran.
func stopDaemon(ctx context.Context) (start func()) {
	var units []string // the doors first: they do not start while what is behind them runs
	for _, unit := range []string{"infobus.socket", "infobus-volunteers.socket", "infobusd.service"} {
		if exec.CommandContext(ctx, "systemctl", "is-active", "--quiet", unit).Run() == nil {
			units = append(units, unit)
		}
	}
	if len(units) == 0 {
		return func() {}
	}
	systemctl := func(args ...string) {
		if out, err := exec.Command("systemctl", args...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "systemctl %s: %v %s\n", strings.Join(args, " "), err, out)
		}
	}
	systemctl(append([]string{"stop"}, units...)...)
	return func() { systemctl(append([]string{"start"}, units...)...) }
}

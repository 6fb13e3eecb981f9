package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

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
	on, yes        bool
	report, config string
}

// firstBoard tries the board, with the daemon stopped.
func (o *options) firstBoard(ctx context.Context, asked firstBoard) error {
	c := config.Default()
	if data, err := os.ReadFile(asked.config); err == nil {
		if read, err := config.Parse(asked.config, data); err == nil {
			c = read
		}
	}
	if asked.report != "" {
		if info, err := os.Stat(asked.report); err != nil {
			return fmt.Errorf("the folder for the report: %w", err)
		} else if !info.IsDir() {
			return fmt.Errorf("the folder for the report: %s is none", asked.report)
		}
	}
	say := o.speaker()
	tell := func(t words.Text) { fmt.Fprintln(os.Stderr, say.Text(t)) }
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
			text, _ := in.ReadString('\n')
			return answerOf(text)
		}
	}
	tell(words.T("firstboard.begin"))
	start := func() {}
	defer func() { start() }()
	b.Own = func() {
		tell(words.T("firstboard.daemon"))
		start = stopDaemon(ctx)
	}
	r, err := firstboard.Run(ctx, b, version)
	if err != nil {
		return err
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
	if asked.report != "" {
		if err := r.Write(asked.report); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		tell(words.T("firstboard.written", "Folder", asked.report))
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

// stopDaemon stops the daemon, which holds lines and buses, and gives what starts it again.
func stopDaemon(ctx context.Context) (start func()) {
	const unit, socket = "infobusd.service", "infobus.socket"
	if exec.CommandContext(ctx, "systemctl", "is-active", "--quiet", unit).Run() != nil {
		return func() {}
	}
	systemctl := func(args ...string) {
		if out, err := exec.Command("systemctl", args...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "systemctl %s: %v %s\n", strings.Join(args, " "), err, out)
		}
	}
	systemctl("stop", socket, unit)
	return func() { systemctl("start", socket, unit) }
}

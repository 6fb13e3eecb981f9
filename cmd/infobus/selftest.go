package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/status"
	"infobus/words"
)

func selftestCommand(o *options) *cobra.Command {
	var (
		asked status.Selftest
		first firstBoard
	)
	c := &cobra.Command{
		Use:   "selftest",
		Short: "Try every part of the box: a table to read out on the phone",
		Long: `Try every part of the box, one after the other: a table to read out on the phone.
Each line has a number, a word (ok, NOT OK, not fitted, not tried) and, where
something is to be done, a sentence. The daemon makes the test: it is asked over
its socket. Nothing is worn or switched but what an option asks for.

Exit status: 0 all is well; 1 something needs attention; 2 the daemon cannot be
reached.

With --first-board the daemon is stopped meanwhile, and the board itself is tried: lines
with both pulls, buses and chips, the screen with both settings of its voltages and each
waveform, the clock chip for a minute, cable and watchdog. What only a person can see is
asked. The report (JSON and text) has no identifiers, and names what the board lacks.
Where it is interrupted, the report has what was tried till then. On the card, where
nobody can log in, a file infobus-first-evening.txt beside infobus.txt has it run at the
start, and write on the USB stick that is in.`,
		Example: `  sudo infobus selftest
  sudo infobus selftest --button --screen
  sudo infobus selftest --relay           # the Cisco box is off for 2 s, and away for minutes
  sudo infobus selftest --load 55         # switch a lamp of 55 W on when it asks
  sudo infobus selftest --json
  sudo infobus selftest --first-board --stick     # 20 minutes, and asks what you see
  sudo infobus selftest --first-board --yes --report /tmp/report # asks nothing`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if first.stick && first.report != "" {
				return usageError{errors.New("--stick and --report say two places for one report")}
			}
			if first.on {
				return o.firstBoard(c.Context(), first)
			}
			d, err := o.reach()
			if err != nil {
				return err
			}
			return o.selftest(c.Context(), d, asked)
		},
	}
	c.Flags().BoolVar(&asked.Screen, "screen", false, "draw the screen afresh, if it has rested")
	c.Flags().BoolVar(&asked.Relay, "relay", false, "switch the Cisco box off for 2 s; not in a session")
	c.Flags().BoolVar(&asked.Force, "force", false, "with --relay: in a session too")
	c.Flags().Float64Var(&asked.Load, "load", 0, "wait 30 s for a load of so many W to be switched on, and hold the current against it")
	c.Flags().BoolVar(&asked.Button, "button", false, "wait 15 s for a press of the button")
	c.Flags().BoolVar(&first.on, "first-board", false, "the first evening with a real board: try what was only ever tried on models, and make a report for the builder")
	c.Flags().BoolVar(&first.stick, "stick", false, "with --first-board: write the report on a USB stick that is in, as root; not once more where it stands")
	c.Flags().StringVar(&first.report, "report", "", "with --first-board: the folder for the report")
	c.Flags().BoolVar(&first.yes, "yes", false, "with --first-board: ask nothing")
	c.Flags().StringVar(&first.config, "config", configFile, "with --first-board: the configuration")
	return c
}

// selftest has the daemon make the test, and prints each line as it comes.
func (o *options) selftest(ctx context.Context, d daemon, asked status.Selftest) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	body, err := d.call(ctx, http.MethodPost, "/api/v1/selftest", asked)
	if err != nil {
		return err
	}
	defer body.Close()
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	var (
		all   []status.Check
		bad   int
		open  bool // the last line is under way
		lines = bufio.NewScanner(body)
	)
	for lines.Scan() {
		var c status.Check
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return fmt.Errorf("the daemon's self-test: %w", err)
		}
		open = c.State == status.CheckRunning
		if !open {
			all = append(all, c)
		}
		if c.State == status.CheckFailed {
			bad++
		}
		switch {
		case o.json:
		case open && terminal:
			fmt.Printf("%s\r", checkRow(c, d.speaker))
		case open && c.Found != "": // somebody has to do something
			fmt.Fprintln(os.Stderr, checkRow(c, d.speaker))
		case !open:
			if terminal {
				fmt.Print("\033[K") // what stood there while it ran
			}
			fmt.Println(checkRow(c, d.speaker))
			if c.Todo != "" {
				fmt.Printf("%4s%s\n", "", c.Todo)
			}
		}
	}
	if err := lines.Err(); err != nil || open || all == nil {
		return unreachable{errors.New(d.speaker.Say("cli.daemon.stopped", "Address", d.name))}
	}
	if o.json {
		if err := printJSON(all); err != nil {
			return err
		}
	} else {
		fmt.Printf("\n%s\n", d.speaker.Say("cli.selftest.sum", "N", len(all), "Bad", bad))
	}
	if bad > 0 {
		return errAttention
	}
	return nil
}

// checkRow is a line of the table.
func checkRow(c status.Check, s *words.Speaker) string {
	return strings.TrimRight(fmt.Sprintf("%2d  %-24s %-10s %s", c.Number, c.Name, s.Word("cli.selftest."+string(c.State)), c.Found), " ")
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"infobus/card"
	"infobus/card/disk"
)

// slotCommand shows and writes which of the card's slots is started. get-… and set-… are
// what RAUC asks of a bootloader's custom backend.
func slotCommand(o *options) *cobra.Command {
	var device string
	c := &cobra.Command{
		Use:   "slot",
		Short: "The card's two slots: which runs, which is started next (needs root)",
		Long: `Show and write the slot state of the card that the box runs from (or of --card):
which slot is started next, which one is on trial and for how many more starts, and
which one is damaged. It needs root. get-primary, set-primary, get-state, set-state and
get-current are what RAUC asks of the bootloader.

set-primary puts a slot on trial: it is started 3 times at the most, and then the good
one again, unless it was confirmed meanwhile. A slot that is about to be written is set
to bad first.`,
		Example: `  infobus slot status
  infobus slot confirm
  infobus slot set-state b bad`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return c.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	c.PersistentFlags().StringVar(&device, "card", "", "the card's device, or an image of one")
	c.AddCommand(
		&cobra.Command{Use: "status", Short: "Show the slots", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			return slotStatus(c.OutOrStdout(), o.json, device)
		}},
		&cobra.Command{Use: "get-primary", Short: "Print the slot that is started next", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			_, s, _, err := readSlots(device)
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), s.Primary())
			}
			return err
		}},
		&cobra.Command{Use: "get-current", Short: "Print the slot that runs", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			slot := running()
			if slot == card.None {
				return disk.ErrNoCard
			}
			fmt.Fprintln(c.OutOrStdout(), slot)
			return nil
		}},
		&cobra.Command{Use: "set-primary SLOT", Short: "Put a slot on trial", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
			return writeSlots(device, args[0], func(s card.State, slot card.Slot) (card.State, error) { return s.SetPrimary(slot), nil })
		}},
		&cobra.Command{Use: "get-state SLOT", Short: "Print good or bad", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			slot, err := slotOf(args[0])
			if err != nil {
				return err
			}
			_, s, _, err := readSlots(device)
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), goodOrBad(s.IsGood(slot)))
			}
			return err
		}},
		&cobra.Command{Use: "set-state SLOT good|bad", Short: "Confirm a slot, or have it be started no more", Args: cobra.ExactArgs(2), RunE: func(_ *cobra.Command, args []string) error {
			if args[1] != "good" && args[1] != "bad" {
				return usageError{fmt.Errorf("%q is neither good nor bad", args[1])}
			}
			return writeSlots(device, args[0], func(s card.State, slot card.Slot) (card.State, error) {
				if args[1] == "good" {
					return s.SetGood(slot), nil
				}
				return s.SetBad(slot, running())
			})
		}},
		&cobra.Command{Use: "confirm", Short: "Confirm the slot that runs: it is well", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
			if running() == card.None {
				return disk.ErrNoCard
			}
			return writeSlots(device, string(running()), func(s card.State, slot card.Slot) (card.State, error) {
				if s.IsGood(slot) && s.Try == card.None {
					return s, nil // nothing to be written
				}
				return s.SetGood(slot), nil
			})
		}},
	)
	return c
}

func goodOrBad(good bool) string {
	if good {
		return "good"
	}
	return "bad"
}

// running is the slot that the kernel's command line names.
func running() card.Slot {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return card.None
	}
	return card.ParseCommandLine(string(line)).Slot
}

func slotOf(s string) (card.Slot, error) {
	slot, ok := card.ParseSlot(s)
	if !ok {
		return slot, usageError{fmt.Errorf("%q is no slot: a and b are", s)}
	}
	return slot, nil
}

func findCard(device string) (string, error) {
	if device != "" {
		return device, nil
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return "", err
	}
	return disk.Find(card.ParseCommandLine(string(line)).Signature)
}

func readSlots(device string) (path string, s card.State, health card.Health, err error) {
	if path, err = findCard(device); err != nil {
		return "", s, "", err
	}
	s, _, health, err = disk.ReadState(path)
	if health != card.NeitherRead {
		err = nil
	}
	return path, s, health, err
}

func writeSlots(device, name string, change func(card.State, card.Slot) (card.State, error)) error {
	slot, err := slotOf(name)
	if err != nil {
		return err
	}
	path, err := findCard(device)
	if err != nil {
		return err
	}
	s, next, health, err := disk.ReadState(path)
	if health == card.NeitherRead {
		return err
	}
	after, err := change(s, slot)
	if err != nil || after == s {
		return err
	}
	return disk.WriteState(path, next, after)
}

// slots is what is printed of them.
type slots struct {
	Card    string      `json:"card"`
	Copies  card.Health `json:"copies"`
	Running card.Slot   `json:"running"` // "": not from this card
	Next    card.Slot   `json:"next"`
	Good    card.Slot   `json:"good"`
	Trial   card.Slot   `json:"trial"` // "": none
	Left    int         `json:"left"`
	Bad     string      `json:"bad"`
}

// slotStatus prints the slots. One that is damaged needs attention.
func slotStatus(w io.Writer, asJSON bool, device string) error {
	path, s, health, err := readSlots(device)
	if err != nil {
		return err
	}
	v := slots{Card: path, Copies: health, Running: running(), Next: s.Primary(), Good: s.Good, Trial: s.Try, Left: s.Left, Bad: s.Bad.String()}
	if asJSON {
		err = json.NewEncoder(w).Encode(v)
	} else {
		_, err = fmt.Fprintf(w, "card %s, slot state %s\nruns %s, next %s, good %s, trial %s (%d more), bad %s\n",
			v.Card, v.Copies, orNone(string(v.Running)), v.Next, v.Good, orNone(string(v.Trial)), v.Left, orNone(v.Bad))
	}
	if err == nil && (v.Bad != "" || health == card.NoneRight) {
		err = errAttention
	}
	return err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

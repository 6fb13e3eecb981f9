package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"infobus/config"
	"infobus/hw/line"
)

// relayCommand is what systemd runs when the daemon has ended, however it ended: on a
// Raspberry Pi a line stays as the process left it that was killed.
func relayCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "relay on",
		Short: "Give the Cisco box its power back after the daemon has ended",
		Long: `Give the Cisco box its power back after the daemon has ended. systemd does so
whenever it has; while the daemon runs, the relay is the daemon's.`,
		Example:   "  sudo infobus relay on",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"on"},
		RunE: func(*cobra.Command, []string) error {
			data, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read the configuration: %w", err)
			}
			c, mistakes := config.Parse(file, data)
			r := c.Uplink.Relay
			if r == nil {
				return mistakes // none is fitted, or nobody knows
			}
			return giveBack(line.Find(c.GPIO), line.Config{Name: "relay", Line: r.Line, ActiveLow: r.ActiveLow()})
		},
	}
	c.Flags().StringVar(&file, "config", configFile, "the configuration")
	return c
}

// giveBack holds the relay's line at rest for a moment.
func giveBack(chip line.Chip, relay line.Config) error {
	ctx, cancel := context.WithCancel(context.Background())
	err := line.NewSwitch(chip, relay).Hold(ctx, nil, func(bool) { cancel() })
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("give the Cisco box its power: %w", err)
	}
	return nil
}

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"infobus/durable"
	"infobus/logbook"
	"infobus/logbook/export"
)

// exportCommand takes the logs to the helpers on a stick.
func exportCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "export DIR",
		Short: "Take the logs that the receiver does not have to a stick, and the helpers' receipts from it",
		Long: `Export writes what the receiver does not have yet into one file in DIR, such as the
folder at which a stick is mounted. It ends once the file is on the stick, and was
read back. The helpers make the report of it with --receipts, and give the stick back
with what that writes beside it: the next export takes the receipt, tells the box
that these logs have arrived, and removes both files from the stick. Without a receipt
the box keeps them, and sends them over the internet once it can.

Exit status: 0 well; 1 the stick is full, was pulled, or takes nothing.`,
		Example: "  infobus export /media/stick",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return fmt.Errorf("%s: a folder was expected, such as that of a stick", dir)
			}
			d, err := o.reach()
			if err != nil {
				return err
			}
			var state struct {
				Sync struct {
					Log          string `json:"log"`
					Acknowledged uint64 `json:"acknowledged"`
				} `json:"sync"`
			}
			if _, err := d.get("/api/v1/state", &state); err != nil {
				return err
			}
			list, unread := export.Receipts(dir)
			if unread != nil {
				fmt.Fprintln(os.Stderr, unread)
			}
			have := export.Upto(list, state.Sync.Log, state.Sync.Acknowledged)
			if have > state.Sync.Acknowledged {
				if err := d.post("/api/v1/received", map[string]any{"log": state.Sync.Log, "seq": have}); err != nil {
					return err
				}
				fmt.Printf("received  the helpers have all up to number %d\n", have)
			}
			if err := export.Clear(dir, state.Sync.Log, have); err != nil {
				return err
			}
			var events []logbook.Event
			for after := have; ; {
				var answer struct {
					Events []logbook.Event `json:"events"`
				}
				if _, err := d.get(fmt.Sprintf("/api/v1/events?after=%d", after), &answer); err != nil {
					return err
				}
				if len(answer.Events) == 0 {
					break
				}
				events = append(events, answer.Events...)
				after = events[len(events)-1].Seq
			}
			if len(events) == 0 {
				fmt.Println("written   nothing: the receiver has all")
				return nil
			}
			name, err := export.ToStick(durable.System, dir, have, events)
			if err != nil {
				return err
			}
			fmt.Printf("written   %d events: %s\n", len(events), filepath.Join(dir, name))
			return nil
		},
	}
}

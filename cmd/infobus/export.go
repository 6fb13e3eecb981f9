package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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
folder at which a stick is mounted; what an earlier log has left, after damage or on
another board, into one of its own. It ends once the file is on the stick, and was
read back. The helpers make the report of it with --keep, and give the stick back
with what that writes beside it: the next export takes the receipt, tells the box
that these logs have arrived, and removes both files from the stick. Without a receipt
the box keeps them, and sends them over the internet once it can.

Exit status: 0 well; 1 the stick is full, was pulled, or takes nothing, or a receipt
was not taken.`,
		Example: "  infobus export /media/stick",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return fmt.Errorf("%s: a folder was expected, such as that of a stick", dir)
			}
			if onSystemDisk(dir) {
				fmt.Fprintf(os.Stderr, "%s is on this computer's own disk: no stick is mounted there\n", dir)
			}
			d, err := o.reach()
			if err != nil {
				return err
			}
			var state struct {
				Name string `json:"name"`
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
				if err := d.post("/api/v1/received", map[string]any{"log": state.Sync.Log, "first": state.Sync.Acknowledged + 1, "seq": have}); err != nil {
					// A receipt that the box does not take keeps no logs from the stick.
					unread = fmt.Errorf("a receipt up to number %d is not taken: %w", have, err)
					fmt.Fprintln(os.Stderr, unread)
					have = state.Sync.Acknowledged
				} else {
					fmt.Printf("received  the helpers have all up to number %d\n", have)
				}
			}
			if err := export.Clear(dir, state.Sync.Log, have); err != nil {
				return err
			}
			written, err := exportEarlier(d, dir, state.Name, list)
			if err != nil {
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
			switch {
			case len(events) > 0:
				if err := toStick(dir, state.Name, have, events); err != nil {
					return err
				}
			case written == 0:
				fmt.Println("written   nothing: the receiver has all")
			}
			if unread != nil {
				return errAttention
			}
			return nil
		},
	}
}

// onSystemDisk says whether a folder is on the disk that the system is on, as the place of a stick
// that is not mounted.
func onSystemDisk(dir string) bool {
	var here, root syscall.Stat_t
	return syscall.Stat(dir, &here) == nil && syscall.Stat("/", &root) == nil && here.Dev == root.Dev
}

func toStick(dir, van string, have uint64, events []logbook.Event) error {
	name, err := export.ToStick(durable.System, dir, van, have, events)
	if err != nil {
		return err
	}
	// It goes to others, who need not be root on their computer. A stick without modes has
	// none to change.
	_ = os.Chmod(filepath.Join(dir, name), 0o644)
	fmt.Printf("written   %d events: %s\n", len(events), filepath.Join(dir, name))
	return nil
}

// exportEarlier does for what earlier logs have left what export does for the present one;
// it gives how many events were written.
func exportEarlier(d daemon, dir, van string, list []export.Receipt) (written int, err error) {
	events, err := earlierEvents(d)
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		if !slices.ContainsFunc(events, func(e logbook.Event) bool { return r.Has(e) }) {
			continue
		}
		if err := d.post("/api/v1/received", map[string]any{"log": r.Log, "first": r.First, "seq": r.Seq}); err != nil {
			return 0, err
		}
		fmt.Printf("received  the helpers have numbers %d to %d of an earlier log\n", r.First, r.Seq)
		if err := export.Clear(dir, r.Log, r.Seq); err != nil {
			return 0, err
		}
		events = slices.DeleteFunc(events, r.Has)
	}
	slices.SortStableFunc(events, func(a, b logbook.Event) int {
		return cmp.Or(strings.Compare(a.Log, b.Log), cmp.Compare(a.Seq, b.Seq))
	})
	for len(events) > 0 {
		n := slices.IndexFunc(events, func(e logbook.Event) bool { return e.Log != events[0].Log })
		if n < 0 {
			n = len(events)
		}
		if err := toStick(dir, van, events[0].Seq-1, events[:n]); err != nil {
			return 0, err
		}
		written, events = written+n, events[n:]
	}
	return written, nil
}

func earlierEvents(d daemon) (events []logbook.Event, err error) {
	for after := uint64(0); ; {
		var answer struct {
			Events []logbook.Event `json:"events"`
			Last   uint64          `json:"last"`
		}
		if _, err := d.get(fmt.Sprintf("/api/v1/events?earlier=%d", after), &answer); err != nil {
			return nil, err
		}
		if len(answer.Events) == 0 || answer.Last <= after {
			return events, nil
		}
		events, after = append(events, answer.Events...), answer.Last
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"infobus/systemd"
)

// journalCommand is what a unit of its own runs for the daemon, which may not read the
// journal.
func journalCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "count-warnings US",
		Short:  "Count the journal's warnings since so many microseconds after the boot, without their text",
		Hidden: true, // infobus-journal@.service's, not a person's
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			us, err := strconv.ParseUint(args[0], 10, 50)
			if err != nil {
				return usageError{fmt.Errorf("%q is no number of microseconds", args[0])}
			}
			journal := exec.CommandContext(c.Context(), "journalctl", systemd.JournalArguments...)
			journal.Stderr = os.Stderr
			out, err := journal.StdoutPipe()
			if err != nil {
				return err
			}
			if err := journal.Start(); err != nil {
				return fmt.Errorf("read the journal: %w", err)
			}
			counted, err := systemd.CountJournal(out, time.Duration(us)*time.Microsecond, systemd.InstalledUnit)
			if err != nil {
				journal.Process.Kill()
			}
			if ended := journal.Wait(); err == nil && ended != nil {
				err = fmt.Errorf("read the journal: %w", ended)
			}
			if err != nil {
				return err
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(counted)
		},
	}
}

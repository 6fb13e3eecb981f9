// Infobus is the command line for whoever looks after the van's box: it asks
// the running daemon, or works offline on files.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"infobus/action"
	"infobus/timetable/source/workbook"
	"infobus/timetable/source/workbook/excel"
	"infobus/words"
)

var version = "development" // set by the linker

// The exit codes that scripts may rely on.
const (
	exitAttention = 1 // something needs attention, or the input is wrong
	exitUsage     = 2 // the daemon cannot be reached, or bad usage
)

// unreachable is an error of the way to the daemon.
type unreachable struct{ error }

// errAttention says that what was asked was done, and that it is not well; what
// is not well has been printed.
var errAttention = errors.New("")

func main() {
	if len(os.Args) == 2 && os.Args[1] == workbook.Command {
		// Before anything else: what it needs of memory is bounded.
		if err := excel.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "infobus:", err)
			os.Exit(exitAttention)
		}
		return
	}
	os.Exit(run(words.Shipped()))
}

func run(book *words.Book) int {
	root := command(book)
	err := root.Execute()
	var (
		away  unreachable
		usage usageError
	)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errAttention):
		return exitAttention
	case errors.As(err, &away):
		fmt.Fprintln(os.Stderr, "infobus:", err)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "infobus: %v\nTry: infobus --help\n", err)
		return exitUsage
	}
	fmt.Fprintln(os.Stderr, err)
	return exitAttention
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// options are the flags that every command has.
type options struct {
	address string
	json    bool
	lang    string
	book    *words.Book
	zone    *time.Location // of the events' times: the van's
}

// speaker speaks the language that was asked for.
func (o *options) speaker() *words.Speaker { return o.book.In(languageOf(o.lang, os.Getenv)) }

func command(book *words.Book) *cobra.Command {
	o := &options{book: book}
	root := &cobra.Command{
		Use:   "infobus",
		Short: "Look after the van's box",
		Long: `Infobus looks after the box in the van: is the power all right, is the internet
working, how long have we got, what should I do?

It asks the running daemon over its socket, or over the network with --address.
Commands on files (config, timetable, kiosk, guide, logbook, report) need no daemon.

Exit status: 0 well; 1 something needs attention, or the input is wrong;
2 the daemon cannot be reached, or the command was not understood.`,
		Example: `  infobus status
  infobus events --follow
  infobus timetable check timetable.yaml
  infobus kiosk render -o page.png --timetable timetable.yaml --at 2026-11-23T10:00`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return c.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.PersistentFlags().StringVar(&o.address, "address", os.Getenv("INFOBUS_ADDRESS"),
		"the daemon: http://host:port, or the path of its socket")
	root.PersistentFlags().BoolVar(&o.json, "json", false, "print JSON")
	root.PersistentFlags().StringVar(&o.lang, "lang", "", "the language of what is said, such as fr (default: as LC_ALL, LC_MESSAGES or LANG has it)")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(statusCommand(o), eventsCommand(o), diagnoseCommand(o), selftestCommand(o), actionCommand(o, action.All), siteCommand(o), daysCommand(o), syncCommand(o),
		configCommand(o), settingsCommand(o), timetableCommand(o), kioskCommand(o), guideCommand(o), logbookCommand(o), exportCommand(o), reportCommand(o), simCommand(o), linkCommand(), relayCommand(), phonesCommand(o), pinCommand(), shutdownCommand(), setClockCommand(), clockChipCommand(), journalCommand(), slotCommand(o), labelCommand(o))
	checkArguments(root)
	return root
}

// checkArguments makes every complaint about arguments one of usage, and every
// group of commands refuse what it does not know.
func checkArguments(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q of %q", args[0], c.CommandPath())}
			}
			return c.Help()
		}
	}
	for _, sub := range c.Commands() {
		checkArguments(sub)
	}
}

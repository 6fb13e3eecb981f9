// Infobusd is the daemon of the van's box: it reads the configuration, wires
// the rooms together and supervises them; nothing else.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/config"
	"infobus/config/lastgood"
	"infobus/config/settings"
	"infobus/config/settings/taken"
	"infobus/durable"
	"infobus/examples"
	"infobus/hw/epaper/epapertest"
	"infobus/kiosk"
	"infobus/kiosk/board"
	"infobus/kiosk/draw"
	"infobus/status/server"
	"infobus/systemd"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/timetable/source/workbook"
	"infobus/van"
	"infobus/words"
)

var version = "development" // set by the linker

// models are the parts that --sim can put a model in the place of.
var models = []string{"line", "battery", "panel", "gateway"}

// flags are the command line's.
type flags struct {
	config     string
	settings   string
	sim        []string // of models
	stateDir   string
	listen     string
	volunteers string
	vanTimes   bool
	card       string // the initramfs's report; "": none
	verbose    bool
	evidence   string           // where the probes' findings are written; "": nowhere
	keepOld    bool             // no old event is removed: for the test of what a card tells then
	log        io.Writer        // nil: standard error
	busy       *epapertest.Busy // of a simulated panel; nil: as long as a real one
	words      *words.Book      // nil: the languages that are part of the program
}

// hasty says that the van stands on a desk: it shows everything within seconds, and a
// mistake ends its start, since somebody reads it.
func (f flags) hasty() bool { return len(f.sim) > 0 && !f.vanTimes }

func main() {
	frugal()
	c := command()
	if err := c.Execute(); errors.As(err, new(usageError)) {
		fmt.Fprintf(os.Stderr, "infobusd: %v\nTry: infobusd --help\n", err)
		os.Exit(2)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "infobusd",
		Short: "The daemon of the van's box",
		Long: `Infobusd watches generators and battery, the link to the Cisco box and the internet
behind it, draws the day's service times on the e-ink screen, writes down what
happens and sends it whenever there is a connection. It serves the volunteers'
page, and faces strangers: it needs no privilege at all.

Mistakes in the configuration, the timetable or the board do not keep it from starting:
the last good configuration is used, of the timetable what can be read is shown, and
infobus status says what is wrong. With --sim they end the start, but for --van-times.

Exit status: 0 after SIGTERM; 1 if the state directory will not do or, where systemd has
not started it, the address to listen on, or, with --sim, one of those files: one line
says which and why; 2 if the command line was not understood.`,
		Example: `  infobusd
  infobusd --config infobus.yaml --state-dir state --listen 127.0.0.1:8080
  infobusd --sim --state-dir state --listen 127.0.0.1:8080
  infobusd --sim=battery,panel,gateway --config infobus.yaml`,
		Version: version,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q found; no arguments were expected", args[0])}
			}
			return nil
		},
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(*cobra.Command, []string) error { return run(f) },
	}
	c.Flags().StringVar(&f.config, "config", "", "the configuration (default /etc/infobus/infobus.yaml; none is needed with --sim)")
	c.Flags().StringVar(&f.settings, "settings", cardSettings, "the settings file as it stood on the card; what has changed in it is taken over, and holds over the configuration")
	c.Flags().StringSliceVar(&f.sim, "sim", nil, "run on models: all, or those named of "+strings.Join(models, ", "))
	c.Flags().Lookup("sim").NoOptDefVal = strings.Join(models, ",")
	c.Flags().StringVar(&f.stateDir, "state-dir", stateDir(), "where the logbook and what must be kept are")
	c.Flags().StringVar(&f.listen, "listen", "", "address:port of the pages (default: what the configuration says; systemd's sockets come first)")
	c.Flags().StringVar(&f.volunteers, "volunteers", "", "address:port of the volunteers' own door (default: likewise)")
	c.Flags().StringVar(&f.card, "card-report", card.ReportFile, "what the card's initramfs found, where the box runs from its own card")
	c.Flags().StringVar(&f.evidence, "evidence", "", "append to this file what the probes find, one JSON object each time; no address is in it")
	c.Flags().BoolVar(&f.verbose, "verbose", false, "log every request and answer, without what they say")
	c.Flags().BoolVar(&f.vanTimes, "van-times", false, "with --sim: be as patient as in the van, instead of showing everything within seconds, and start whatever is wrong")
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	return c
}

// cardSettings is where the card's initramfs puts the settings file.
const cardSettings = "/run/infobus-card/infobus.txt"

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// frugal makes the Go runtime fit a small board, unless GOMAXPROCS and GOGC say
// otherwise: one thread runs Go code, so that a tick wakes one core and not
// several, and the heap is collected when it has grown by half, once the daemon has
// started. Measured: 10 MB
// less memory, half the context switches; see docs/measurements.md.
func frugal() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	collect(startGC)
}

// What the heap may grow by before it is collected, in percent: while the daemon starts,
// nearly all that it makes stays, and collecting is a fifth of its work.
const (
	startGC = 1000
	vanGC   = 50
)

func collect(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// stateDir is where systemd puts a service's state, or its usual place.
func stateDir() string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir
	}
	return "/var/lib/infobus"
}

// run is the daemon's life. An error is one of the input, before it began.
func run(f flags) error {
	a, listeners, err := prepare(f)
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	a.run(ctx)
	return nil
}

// prepare checks all that can be wrong from outside, and wires the rooms.
func prepare(f flags) (*appliance, []net.Listener, error) {
	for _, m := range f.sim {
		if !slices.Contains(models, m) {
			return nil, nil, fmt.Errorf("--sim=%s: there is no model of that; there are: %s", m, strings.Join(models, ", "))
		}
	}
	if err := writable(f.stateDir); err != nil {
		return nil, nil, err
	}
	if err := alone(f.stateDir); err != nil {
		return nil, nil, err
	}
	c, refused, err := readConfig(f)
	if err != nil {
		return nil, nil, err
	}
	c, mistakes := readSettings(f, c)
	feeds, table, err := readTimetable(f, c, refused == nil)
	if err != nil {
		return nil, nil, err
	}
	c.Status.Listen, c.Status.Volunteers = cmp.Or(f.listen, c.Status.Listen), cmp.Or(f.volunteers, c.Status.Volunteers)
	listeners, err := server.Listen(c.Status.Listen, c.Status.Volunteers, f.stateDir)
	if err != nil && !systemd.Started() {
		closeAll(listeners)
		return nil, nil, err
	}
	closed := err // what systemd has started goes on all the same
	a, err := assemble(f, c, feeds, table, listeners)
	if err != nil {
		closeAll(listeners)
		return nil, nil, err
	}
	a.refused, a.mistakes, a.closed = errors.Join(refused, a.refused), mistakes, closed
	return a, listeners, nil
}

// readConfig reads the configuration. In the van one that will not do stops
// nothing: refused says why, and the last good one is used. On a desk it does.
func readConfig(f flags) (c config.Config, refused, err error) {
	path := cmp.Or(f.config, "/etc/infobus/infobus.yaml")
	if len(f.sim) == 0 || f.vanTimes && f.config != "" {
		c, refused, kept := lastgood.Read(durable.System, path, f.stateDir)
		if kept != nil {
			slog.Warn("the last good configuration", "why", kept)
		}
		if len(f.sim) > 0 {
			c = c.OnDesk(f.sim, false)
		}
		return c, refused, nil
	}
	c = config.Default()
	if f.config != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, nil, fmt.Errorf("read the configuration: %w", err)
		}
		if c, err = config.Parse(path, data); err != nil {
			return c, nil, err
		}
	}
	return c.OnDesk(f.sim, !f.vanTimes), nil, nil
}

// readSettings lays the card's settings over the configuration. A mistake stops nothing:
// the last good ones hold.
func readSettings(f flags, c config.Config) (config.Config, settings.Mistakes) {
	if f.settings == "" {
		return c, nil
	}
	s := taken.Read(durable.System, f.settings, f.stateDir, c)
	if s.Kept != nil {
		slog.Warn("the settings that were taken over", "why", s.Kept)
	}
	if !s.Found {
		return s.Config, notOnCard(f.card)
	}
	return s.Config, s.Mistakes
}

// origins are the sources of the timetable, as the configuration has them.
// Last comes what volunteers upload.
func origins(c config.Config, sim bool) (list []source.Origin) {
	with := source.Options{Checks: []source.Check{draw.Check}, Workbook: workbook.Reader(workbook.Program())}
	if !sim {
		with.Invented = append(slices.Clone(examples.ShippedTimetables), source.Digest(examples.Timetable))
	}
	for i, s := range c.Timetable {
		o := source.Origin{Name: c.Timetable.Names()[i], From: s.Source, AfterTap: s.AfterTap(), Options: with}
		o.Public, o.Form, o.By, o.Checked, o.Mapping, o.Sites = s.Public, s.Form, s.By, s.Checked, s.Mapping, s.Sites
		if c.Timetable.IsExample() {
			o.Files = []source.File{{Name: config.ExampleTimetable, Data: examples.Timetable}}
		}
		list = append(list, o)
	}
	with.Public = c.Public
	return append(list, source.Origin{Name: van.Phone, From: source.Uploaded, AfterTap: true, Options: with})
}

// readTimetable takes up what was kept of the timetable's sources, and reads those that
// are there. In the van nothing that is wrong with them stops the start: what can be
// shown is, and who follows them says what is wrong. whole says that the configuration
// has all sources.
func readTimetable(f flags, c config.Config, whole bool) (*source.Feeds, *timetable.Timetable, error) {
	feeds := source.Open(durable.System, f.stateDir, origins(c, len(f.sim) > 0), whole)
	table, wrong := feeds.Load()
	if f.hasty() && wrong != nil {
		return nil, nil, wrong
	}
	return feeds, table, nil
}

// readBoard reads what the screen says beside the timetable. One that is not
// there says 112 alone; a van on a desk has the example's.
func readBoard(path string, sim bool) (kiosk.Board, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && sim && path == config.Default().Kiosk.Board:
		path, data = "the example board", examples.Board
	case errors.Is(err, fs.ErrNotExist):
		return kiosk.Board{}, nil
	case err != nil:
		return kiosk.Board{}, fmt.Errorf("read the board: %w", err)
	case !sim && slices.Contains(append([]string{source.Digest(examples.Board)}, examples.ShippedBoards...), source.Digest(data)):
		return kiosk.Board{}, nil // an earlier package put it there, and its numbers are invented
	}
	return board.Parse(path, data, draw.CheckBoard)
}

// writable makes the state directory and tries it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".writable-")
	if errors.Is(err, syscall.ENOSPC) {
		return nil // a full card is a device that fails, not a wrong directory
	}
	if err != nil {
		return fmt.Errorf("write to the state directory: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// alone takes the state directory for this process, for as long as it lives.
func alone(dir string) error {
	fd, err := unix.Open(filepath.Join(dir, "lock"), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.ENOSPC) {
		return nil
	}
	if err == nil {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("the state directory %s is in use by another infobusd", dir)
	}
	if err != nil {
		return fmt.Errorf("lock the state directory: %w", err)
	}
	return nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

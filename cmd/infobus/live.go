package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"infobus/action"
	"infobus/logbook"
	"infobus/power"
	"infobus/sim/day"
	"infobus/status"
	"infobus/words"
)

func statusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Power, internet, time left, and what to do",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v, raw, err := o.state()
			if err != nil {
				return err
			}
			if o.json {
				if _, err := os.Stdout.Write(append(bytes.TrimSpace(raw), '\n')); err != nil {
					return err
				}
			} else {
				fmt.Print(lines(statusLines(v, o.speaker())))
			}
			if v.First.Level == "" {
				fmt.Fprintln(os.Stderr, o.speaker().Say("cli.summary"))
				return errAttention
			}
			if slices.ContainsFunc(v.Advice, func(a status.Advice) bool { return a.Severity != "info" }) {
				return errAttention
			}
			return nil
		},
	}
}

// state asks the daemon for its state, and gives it as it came too.
func (o *options) state() (v status.View, raw []byte, err error) {
	d, err := o.reach()
	if err != nil {
		return v, nil, err
	}
	raw, err = d.get("/api/v1/state", &v)
	return v, raw, err
}

// statusLines are the state in a few lines; the last are what to do.
func statusLines(v status.View, s *words.Speaker) []entry {
	feeds := []string{s.Say("cli.power." + v.Power.Source.String())}
	battery := v.Power.Battery
	if charge := battery.Charge(s); charge != "" {
		feeds = append(feeds, s.Say("cli.level-charge", "Level", s.Word("cli.level."+battery.Level), "Charge", charge))
	} else {
		feeds = append(feeds, s.Say("cli.level", "Level", s.Word("cli.level."+battery.Level)))
	}
	if left := battery.TimeLeft(s); left != "" {
		feeds = append(feeds, left)
	}
	if age := status.Age(battery.AgeS, s); age != "" {
		feeds = append(feeds, age)
	}
	all := []entry{{s.Say("cli.label.power"), strings.Join(feeds, ", ")}}
	add := func(label, says string) { all = append(all, entry{label, says}) }
	if off := v.Power.Shutdown; off.Pending {
		add("", s.Say("cli.goes-down", "When", off.When(s), "Reason", s.Word("cli.reason."+off.Reason)))
	}
	for i, g := range v.Power.Generators {
		add(s.Say("generator.name", "N", i+1), g.Says(s))
	}
	switch {
	case v.Power.Sockets == "on":
		add(s.Say("way.sockets"), s.Say("way.sockets.fed"))
	case v.Power.Sockets == "off":
		add(s.Say("way.sockets"), s.Say("way.sockets.none"))
	case v.Power.Source == power.SourceGenerator:
		add(s.Say("way.sockets"), s.Say("way.sockets.unmeasured"))
	}
	internet := s.Word("cli.verdict." + v.Uplink.Verdict)
	if since := v.Since(v.Uplink.Since, s); since != "" {
		internet = s.Say("cli.since", "What", internet, "Since", since)
	}
	if v.Uplink.Supply.State == "off" {
		internet = s.Say("cli.verdict-advice", "Verdict", s.Say("cli.supply-off"), "Advice", v.Uplink.Advice)
	} else if v.Uplink.Advice != "" && v.Uplink.Verdict != "ok" {
		internet = s.Say("cli.verdict-advice", "Verdict", internet, "Advice", v.Uplink.Advice)
	}
	add(s.Say("cli.label.internet"), internet)
	if at := v.Uplink.Supply.OffAt; at != nil {
		add("", s.Say("cli.supply-off-at", "At", clockTime(at, s)))
	}
	if signal := v.Uplink.Signal(s); signal != "" {
		add(s.Say("cli.label.mobile"), signal)
	}
	if c := v.Uplink.Cellular; c != nil && c.Enough != "" && c.Enough != "unknown" {
		add(s.Say("cli.label.data"), c.Advice)
	}
	add(s.Say("cli.label.session"), session(v.Session, s))
	add(s.Say("cli.label.screen"), screen(v, s))
	logs := s.Say("cli.waiting", "Count", v.Sync.Waiting)
	if sent := v.Since(v.Sync.LastUpload, s); sent != "" {
		logs = s.Say("cli.last-sent", "What", logs, "At", sent)
	}
	add(s.Say("cli.label.logs"), logs)
	if v.Sync.Trouble != "" {
		add("", s.Say("cli.sync-trouble", "Why", v.Sync.Trouble))
	}
	for _, d := range v.Devices {
		if d.State == "failed" {
			what := s.Say("cli.broken", "Device", s.Word("cli.device."+d.Name), "Fault", s.Word("cli.fault."+d.Reason))
			if since := v.Since(d.Since, s); since != "" {
				what = s.Say("cli.since", "What", what, "Since", since)
			}
			add(s.Say("cli.label.broken"), what+" "+d.Why)
		}
	}
	if says := v.Clock.Says(s); !v.Clock.Trusted {
		add(s.Say("cli.label.clock"), s.Say("cli.no-clock"))
	} else if says != "" {
		add(s.Say("cli.label.clock"), says)
	}
	todo := v.ToDo(s)
	switch f := v.First; {
	case f.InS == nil:
	case f.Until != nil:
		todo = s.Say("cli.todo-by", "What", todo, "At", clockTime(f.Until, s), "Minutes", s.Number(math.Floor(*f.InS/60), 0))
	default:
		todo = s.Say("cli.todo-within", "What", todo, "Minutes", s.Number(math.Floor(*f.InS/60), 0))
	}
	add(s.Say("cli.label.todo"), todo)
	if v.First.Then != "" {
		add("", v.First.Then)
	}
	return all
}

// session says until when, and where, it goes on.
func session(on status.Session, s *words.Speaker) string {
	until := clockTime(on.Until, s)
	switch {
	case !on.Active:
		return s.Say("cli.session.none")
	case on.Site != "":
		return s.Say("cli.session.at", "At", until, "Site", on.Site)
	case on.Planned != "":
		return s.Say("cli.session.planned", "At", until, "Site", on.Planned)
	}
	return s.Say("cli.session.until", "At", until)
}

// screen says what stands on the glass, and what comes there next.
func screen(v status.View, s *words.Speaker) string {
	k := v.Kiosk
	parts := []string{s.Say("cli.screen.nothing")}
	if k.Page != "" {
		page := s.Word("cli.page." + k.Page)
		if k.Part != nil && k.Parts != nil && *k.Parts > 1 {
			page = s.Say("cli.screen.part", "Page", page, "Part", *k.Part, "Parts", *k.Parts)
		}
		parts[0] = s.Say("cli.screen.page", "Page", page, "Languages", and(k.Languages, s))
		if k.DrawnAt != nil {
			parts[0] = s.Say("cli.screen.drawn", "Page", parts[0], "At", v.Since(k.DrawnAt, s))
		}
	}
	if k.Drawing {
		parts = append(parts, s.Say("cli.screen.drawing"))
	}
	if k.HeldUntil != nil {
		parts = append(parts, s.Say("cli.screen.held", "At", k.HeldUntil.Format("15:04:05")))
	}
	if k.Waiting > 0 {
		parts = append(parts, s.Say("cli.screen.waiting", "N", k.Waiting))
	}
	if n := k.Next; n != nil {
		parts = append(parts, s.Say("cli.screen.next", "Page", s.Word("cli.page."+n.Page), "Part", n.Part, "Languages", and(n.Languages, s)))
	}
	return strings.Join(parts, "; ")
}

// and is such as "en and ar".
func and(list []string, s *words.Speaker) string {
	if len(list) == 0 {
		return ""
	}
	said := list[0]
	for _, next := range list[1:] {
		said = s.Say("cli.and", "One", said, "Other", next)
	}
	return said
}

func clockTime(t *time.Time, s *words.Speaker) string {
	if t == nil {
		return s.Say("cli.some-time")
	}
	return t.Format("15:04")
}

func eventsCommand(o *options) *cobra.Command {
	var follow bool
	var after uint64
	c := &cobra.Command{
		Use:   "events",
		Short: "What happened, oldest first; with --json one object a line",
		Example: `  infobus events
  infobus events --follow --json
  infobus events --after 120`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := o.reach()
			if err != nil {
				return err
			}
			o.zone = d.zone()
			if err := o.printEvents(d, &after); err != nil || !follow {
				return err
			}
			return o.followEvents(c.Context(), d, &after)
		},
	}
	c.Flags().BoolVar(&follow, "follow", false, "go on with each new event")
	c.Flags().Uint64Var(&after, "after", 0, "only those whose seq is above this")
	return c
}

// zone is the van's; UTC where the daemon names none.
func (d daemon) zone() *time.Location {
	var v status.View
	if _, err := d.get("/api/v1/state", &v); err == nil {
		if zone, err := time.LoadLocation(v.Clock.Zone); err == nil {
			return zone
		}
	}
	return time.UTC
}

// printEvents prints what is behind after, and moves it on.
func (o *options) printEvents(d daemon, after *uint64) error {
	for {
		var answer struct{ Events []logbook.Event }
		if _, err := d.get(fmt.Sprintf("/api/v1/events?after=%d", *after), &answer); err != nil {
			return err
		}
		if len(answer.Events) == 0 {
			return nil
		}
		for _, e := range answer.Events {
			*after = e.Seq
			if o.json {
				if err := printLine(e); err != nil {
					return err
				}
				continue
			}
			when := o.speaker().Say("cli.no-time")
			if !e.At.IsZero() {
				when = e.At.In(o.zone).Format("2006-01-02 15:04:05")
			}
			_, line, _ := strings.Cut(day.Line(e), " ")
			fmt.Printf("%6d  %s %s\n", e.Seq, when, line)
		}
	}
}

func printLine(e logbook.Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(b, '\n'))
	return err
}

// followEvents prints new events as the stream says that the state changed.
func (o *options) followEvents(ctx context.Context, d daemon, after *uint64) error {
	body, err := d.call(ctx, http.MethodGet, "/api/v1/stream", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		var v status.View
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			return fmt.Errorf("the daemon's stream: %w", err)
		}
		if v.Sync.Seq > *after {
			if err := o.printEvents(d, after); err != nil {
				return err
			}
		}
	}
	return unreachable{errors.New(d.speaker.Say("cli.daemon.stopped", "Address", d.name))}
}

func daysCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "days",
		Short: "What each of the last 30 days came to, without a place",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := o.reach()
			if err != nil {
				return err
			}
			var answer struct{ Days []status.Day }
			if _, err := d.get("/api/v1/days", &answer); err != nil {
				return err
			}
			if o.json {
				return printJSON(status.List(answer.Days))
			}
			return printDays(answer.Days, o.speaker())
		},
	}
}

// printDays prints a day a line.
func printDays(days []status.Day, s *words.Speaker) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")) }
	row(s.Say("cli.days.date"), s.Say("cli.days.run"), s.Say("cli.days.starts"), s.Say("cli.days.in"), s.Say("cli.days.out"), s.Say("cli.days.sessions"),
		s.Say("cli.days.internet"), s.Say("cli.days.devices"))
	for _, day := range days {
		wh := func(v *float64) string {
			if v == nil {
				return s.Say("cli.unknown")
			}
			return s.Say("chart.value.battery", "Value", s.Number(*v, 0))
		}
		devices := s.Say("cli.unknown")
		if day.Devices != nil {
			devices = fmt.Sprint(*day.Devices)
		}
		row(day.Date, s.Say("chart.value.generators", "Value", s.Number(day.RunHours, 1)), fmt.Sprint(day.Starts), wh(day.InWh), wh(day.OutWh),
			fmt.Sprint(day.Sessions), s.Say("cli.days.minutes", "Internet", s.Number(day.InternetMin, 0), "Known", s.Number(day.KnownMin, 0)), devices)
	}
	if len(days) == 0 {
		row(s.Say("cli.days.none"))
	}
	return table.Flush()
}

func siteCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "site [ID]",
		Short: "The sites of the timetable; with an ID: the session is held there",
		Long: `Until somebody says where a session is held, the screen and the visitors' page
name no site, and show what is open for every site.`,
		Example: `  infobus site
  infobus site moulin`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return o.ask(the(action.ConfirmSite), args)
			}
			v, _, err := o.state()
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(v.Session.Sites)
			}
			for _, s := range v.Session.Sites {
				word := ""
				switch s.ID {
				case v.Session.Site:
					word = o.speaker().Say("cli.site.here")
				case v.Session.Planned:
					word = o.speaker().Say("cli.site.planned")
				}
				fmt.Println(strings.TrimRight(fmt.Sprintf("%-12s %-30s %s", s.ID, s.Name, word), " "))
			}
			return nil
		},
	}
}

func syncCommand(o *options) *cobra.Command {
	return group("sync", "Send the logs", &cobra.Command{
		Use:   "now",
		Short: "Send the logs now",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return o.ask(the(action.Sync), nil)
		},
	})
}

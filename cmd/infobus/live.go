package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
				printStatus(v)
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

func printStatus(v status.View) {
	power := map[power.Source]string{power.SourceGenerator: "generator running", power.SourceBattery: "on battery", power.SourceUnknown: "not known"}[v.Power.Source]
	power += ", battery level " + v.Power.Battery.Level
	if charge := v.Power.Battery.Charge(words.In()); charge != "" {
		power += " (" + charge + ")"
	}
	if left := v.Power.Battery.Left(words.In()); left != "" {
		power += ", " + left
	}
	fmt.Printf("power     %s\n", power)
	if s := v.Power.Shutdown; s.Pending {
		fmt.Printf("          the box goes down %s (%s)\n", s.When(words.In()), s.Reason)
	}
	internet := v.Uplink.Verdict
	if v.Uplink.Advice != "" && internet != "ok" {
		internet += ": " + v.Uplink.Advice
	}
	if v.Uplink.Supply.State == "off" {
		internet = "switched off: " + v.Uplink.Advice
	}
	fmt.Printf("internet  %s\n", internet)
	if at := v.Uplink.Supply.OffAt; at != nil {
		fmt.Printf("          the Cisco box is switched off at %s to save the battery\n", clockTime(at))
	}
	if s := v.Uplink.Signal(words.In()); s != "" {
		fmt.Printf("mobile    %s\n", s)
	}
	if c := v.Uplink.Cellular; c != nil && c.Enough != "" && c.Enough != "unknown" {
		fmt.Printf("data      %s\n", c.Advice)
	}
	session := "none"
	if v.Session.Active {
		session = "until " + clockTime(v.Session.Until)
		if v.Session.Site != "" {
			session += ", at " + v.Session.Site
		} else if v.Session.Planned != "" {
			session += ", planned at " + v.Session.Planned + ": confirm it with: infobus site " + v.Session.Planned
		}
	}
	fmt.Printf("session   %s\n", session)
	fmt.Printf("screen    %s\n", screen(v.Kiosk))
	fmt.Printf("logs      %d waiting to be sent\n", v.Sync.Waiting)
	for _, d := range v.Devices {
		if d.State == "failed" {
			fmt.Printf("broken    %s: %s %s\n", d.Name, d.Reason, d.Why)
		}
	}
	if !v.Clock.Trusted {
		fmt.Println("clock     not set: nothing shows a date until it is")
	}
}

// screen says what stands on the glass, and what comes there next.
func screen(k status.Kiosk) string {
	what := "nothing drawn"
	if k.Page != "" {
		what = k.Page
		if k.Part != nil && k.Parts != nil && *k.Parts > 1 {
			what += fmt.Sprintf(" %d of %d", *k.Part, *k.Parts)
		}
		what += " in " + strings.Join(k.Languages, " and ")
		if k.DrawnAt != nil {
			what += ", drawn " + clockTime(k.DrawnAt)
		}
	}
	if k.Drawing {
		what += "; being drawn"
	}
	if k.HeldUntil != nil {
		what += "; somebody asked for it, it stays until " + k.HeldUntil.Format("15:04:05")
	}
	if k.Waiting > 0 {
		what += fmt.Sprintf("; asked for %d times, the panel has to rest first", k.Waiting)
	}
	if n := k.Next; n != nil {
		what += fmt.Sprintf("; next %s %d in %s", n.Page, n.Part, strings.Join(n.Languages, " and "))
	}
	return what
}

func clockTime(t *time.Time) string {
	if t == nil {
		return "a time not known"
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
			when := "(clock not set) "
			if !e.At.IsZero() {
				when = e.At.Local().Format("2006-01-02 15:04:05 ")
			}
			_, line, _ := strings.Cut(day.Line(e), " ")
			fmt.Printf("%6d  %s%s\n", e.Seq, when, line)
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
	return unreachable{fmt.Errorf("the daemon at %s has stopped", d.name)}
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
			fmt.Println("date        generators      battery in, out       sessions  internet        devices")
			for _, day := range answer.Days {
				wh := func(v *float64) string {
					if v == nil {
						return "unknown"
					}
					return fmt.Sprintf("%.0f Wh", *v)
				}
				devices := "unknown"
				if day.Devices != nil {
					devices = fmt.Sprint(*day.Devices)
				}
				fmt.Printf("%s  %4.1f h %2d starts %9s %9s %8d   %3.0f of %3.0f min  %s\n", day.Date, day.RunHours, day.Starts, wh(day.InWh), wh(day.OutWh),
					day.Sessions, day.InternetMin, day.KnownMin, devices)
			}
			if len(answer.Days) == 0 {
				fmt.Println("nothing was counted yet, or the box does not know the time")
			}
			return nil
		},
	}
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
			v, _, err := o.state()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				d, err := o.reach()
				if err != nil {
					return err
				}
				return d.post("/api/v1/actions/confirm-site", map[string]string{"site": args[0]})
			}
			if o.json {
				return printJSON(v.Session.Sites)
			}
			for _, s := range v.Session.Sites {
				word := ""
				switch s.ID {
				case v.Session.Site:
					word = "the session is held here"
				case v.Session.Planned:
					word = "planned; not confirmed"
				}
				fmt.Printf("%-12s %-30s %s\n", s.ID, s.Name, word)
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
			d, err := o.reach()
			if err != nil {
				return err
			}
			return d.post("/api/v1/actions/sync", nil)
		},
	})
}

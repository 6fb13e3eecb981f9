package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/advice"
	"infobus/config"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/link"
	"infobus/netmon/probe"
	"infobus/reading/clock"
	"infobus/status"
	"infobus/van"
	"infobus/words"
)

const configFile = "/etc/infobus/infobus.yaml"

func diagnoseCommand(o *options) *cobra.Command {
	var live bool
	var file string
	c := &cobra.Command{
		Use:   "diagnose",
		Short: "What is wrong with the internet: every step on the way, and what to do",
		Long: `What is wrong with the internet: every step on the way, and what to do. The daemon
is asked what it has found; with --live or --config, or where no daemon runs,
every step is taken now, from this machine and with the targets of the
configuration. As JSON it is the API's uplink; of steps that were taken now also
clock_wrong, whether the box's clock is, and bytes, what they cost.

Exit status: 0 the internet works; 1 it does not, or not well.`,
		Example: `  infobus diagnose
  infobus diagnose --live
  infobus diagnose --live --config infobus.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !live && file == "" {
				v, _, err := o.state()
				var away unreachable
				switch {
				case err == nil:
					return o.told(v.Uplink, v.Devices)
				case !errors.As(err, &away) || o.address != "":
					return err
				}
				fmt.Fprintln(os.Stderr, "No daemon runs here: every step is taken now.")
			}
			return o.walk(c.Context(), file)
		},
	}
	c.Flags().BoolVar(&live, "live", false, "take every step now, without the daemon")
	c.Flags().StringVar(&file, "config", "", "the configuration, which means --live (default "+configFile+" or, without one, the reference hardware's)")
	return c
}

// told prints what the daemon found.
func (o *options) told(v status.Uplink, devices []status.Device) error {
	if o.json {
		if err := printJSON(v); err != nil {
			return err
		}
	} else {
		for _, r := range v.Ladder {
			age := ""
			if r.AgeS != nil {
				age = fmt.Sprintf("%.0f s ago", *r.AgeS)
			}
			fmt.Println(strings.TrimRight(fmt.Sprintf("%-14s %-10s %s", r.Rung, r.Finding, age), " "))
		}
		if p := v.Port; p.Speed != nil {
			fmt.Printf("%14s %d Mbit/s, %s duplex\n", "", *p.Speed, p.Duplex)
		}
		if n := v.Port.Losses; n > 0 {
			fmt.Printf("%14s the cable was out %d times in the last 2 minutes\n", "", n)
		}
		fmt.Print(beyond(v))
		if s := v.Signal(words.In()); s != "" {
			fmt.Printf("%14s %s\n", "", s)
		}
		fmt.Printf("\n%s. %s\n", v.Verdict, v.Advice)
		for _, d := range devices {
			if d.Name == van.Interface && d.Why != "" {
				fmt.Printf("%14s %s\n", "", d.Why)
			}
		}
	}
	if v.Verdict != string(netmon.OK) {
		return errAttention
	}
	return nil
}

// beyond says how long the internet took to answer, and how often it did not.
func beyond(v status.Uplink) string {
	var b strings.Builder
	if v.LatencyMS != nil {
		fmt.Fprintf(&b, "%14s a page after %d ms\n", "", *v.LatencyMS)
	}
	if v.Loss != nil && *v.Loss > 0 {
		fmt.Fprintf(&b, "%14s %.0f %% of the questions were lost\n", "", 100**v.Loss)
	}
	return b.String()
}

// walked is what a walk found, as JSON: what the daemon would say of it, and more.
type walked struct {
	status.Uplink
	ClockWrong bool  `json:"clock_wrong"`
	Bytes      int64 `json:"bytes"` // that the walk cost, headers included
}

// found is what s says, as the daemon tells it, but without patience.
func found(o netmon.Options, s netmon.State, now time.Duration) walked {
	v := status.Uplink{Verdict: string(s.Found()), Words: advice.UplinkText(netmon.Advice(s.Found()))}
	if s.Found() == s.Verdict {
		v.Words = advice.UplinkText(s.Advice())
	}
	v.Port.Losses = s.Losses(o, now)
	if port, known := s.Link.Get(); known {
		v.Port.Duplex, v.Port.Gateway = port.Duplex, string(port.Neighbour)
		if port.Speed != 0 {
			v.Port.Speed = &port.Speed
		}
	}
	for _, r := range s.Ladder {
		rung := status.Rung{Rung: string(r.Name), Finding: r.Finding.String()}
		if r.At != 0 {
			age := math.Round((now - r.At).Seconds())
			rung.AgeS = &age
		}
		v.Ladder = append(v.Ladder, rung)
	}
	p, fresh := s.Probe.Get()
	if fresh {
		loss := math.Round(1000*p.Loss) / 1000
		v.LatencyMS, v.Loss = p.Took(), &loss
	}
	return walked{Uplink: status.View{Uplink: v}.Filled().In(words.In()).Uplink, ClockWrong: p.ClockWrong}
}

// walk takes every step now: the port first, and then two rounds of what lies
// beyond it, for one alone may have seen half of a fault.
func (o *options) walk(ctx context.Context, file string) error {
	c, err := uplinkConfig(file)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) {
		if !o.json {
			fmt.Printf(format, args...)
		}
	}
	port, err := link.Read(c.Interface)
	if err != nil {
		return err
	}
	if !port.Present {
		say("There is no interface %s here; there are: %s\n", c.Interface, strings.Join(link.Names(), ", "))
	}
	options := netmon.DefaultOptions()
	options.PowerGap = 0 // nothing is tried
	s := netmon.Step(options, netmon.New(), port, clock.Mono())
	say("%s", rungs(s, 0, 3))
	if port.Speed != 0 {
		say("%14s %d Mbit/s, %s duplex\n", "", port.Speed, port.Duplex)
	}
	cl := client.New(client.Options{ResolverNow: func() string {
		if list := c.NameServers(); len(list) > 0 {
			return list[0]
		}
		if port.Gateway == "" {
			return ""
		}
		return port.Gateway + ":53"
	}})
	p := probe.New(probe.Options{Client: cl, Absent: func(gateway string) bool { return link.Absent(c.Interface, gateway) }})
	targets := probe.Targets{Internet: c.Targets, Resolvers: c.Resolvers, Name: c.Name, Proof: true, Checks: []string{c.Check}, DNS: c.NameServers()}.Via(port)
	for round := 1; port.Ready() && round <= 2; round++ {
		say("asking the Cisco box and the internet, round %d of 2 …\n", round)
		r := p.Round(ctx, targets)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if round == 2 {
			r.Doubted = time.Minute // it is shown as found
		}
		s = netmon.Step(options, s, r, clock.Mono())
	}
	say("%s", rungs(s, 3, len(s.Ladder)))
	r, _ := s.Probe.Get()
	d := found(options, s, clock.Mono())
	d.Bytes = cl.Usage()[client.Probe].Total()
	if o.json {
		if err := printJSON(d); err != nil {
			return err
		}
	} else {
		fmt.Print(beyond(d.Uplink))
		if r.DNS == netmon.Failed && r.Direct == netmon.Passed {
			fmt.Printf("%14s names are found beyond the Cisco box, not by it\n", "")
		}
		fmt.Printf("%14s %d bytes were used\n\n%s. %s\n", "", d.Bytes, d.Verdict, d.Advice)
	}
	if d.Verdict != string(netmon.OK) {
		return errAttention
	}
	return nil
}

func rungs(s netmon.State, from, to int) string {
	var b strings.Builder
	for _, r := range s.Ladder[from:to] {
		fmt.Fprintf(&b, "%-14s %s\n", r.Name, r.Finding)
	}
	return b.String()
}

// uplinkConfig is what the file says of the uplink. Without a file of one's own
// and an installed one it is the reference hardware's.
func uplinkConfig(file string) (config.Uplink, error) {
	path := file
	if path == "" {
		path = configFile
	}
	data, err := os.ReadFile(path)
	if file == "" && errors.Is(err, os.ErrNotExist) {
		return config.Default().Uplink, nil
	}
	if err != nil {
		return config.Uplink{}, fmt.Errorf("read the configuration: %w", err)
	}
	c, err := config.Parse(path, data)
	return c.Uplink, err
}

// linkCommand is what infobus-link@.service runs.
func linkCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "link " + strings.Join(link.Actions, "|"),
		Short: "Switch the port to the Cisco box on, bounce it, forget its neighbours, or set its configured address (needs CAP_NET_ADMIN)",
		Example: `  systemctl start infobus-link@bounce.service
  sudo infobus link up`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := uplinkConfig(file)
			if err != nil {
				return err
			}
			err = link.Act(c.Interface, args[0], link.Static{Address: c.Address, Gateway: c.Gateway})
			if errors.Is(err, link.ErrAction) {
				return usageError{err}
			}
			return err
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration (default "+configFile+")")
	return c
}

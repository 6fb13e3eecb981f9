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
				fmt.Fprintln(os.Stderr, o.speaker().Say("cli.diagnose.no-daemon"))
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
		s := o.speaker()
		fmt.Print(rungs(v.Ladder, true, s), port(v.Port.Speed, v.Port.Duplex, s))
		if n := v.Port.Losses; n > 0 {
			fmt.Print(note(s.Say("cli.diagnose.losses", "N", n)))
		}
		fmt.Print(beyond(v, s))
		if signal := v.Signal(s); signal != "" {
			fmt.Print(note(signal))
		}
		fmt.Print("\n", conclusion(v, s))
		for _, d := range devices {
			if d.Name == van.Interface && d.Why != "" {
				fmt.Print(note(d.Why))
			}
		}
	}
	if v.Verdict != string(netmon.OK) {
		return errAttention
	}
	return nil
}

// note is a line that stands below the ladder's findings.
func note(says string) string { return fmt.Sprintf("%14s %s\n", "", says) }

// conclusion is the verdict and what to do.
func conclusion(v status.Uplink, s *words.Speaker) string {
	return s.Say("cli.diagnose.conclusion", "Verdict", s.Word("cli.verdict."+v.Verdict), "Advice", v.Advice) + "\n"
}

// port is what both ends of the cable agreed on; "" where that is not known.
func port(speed *int, duplex string, s *words.Speaker) string {
	switch {
	case speed == nil:
		return ""
	case duplex == "full":
		return note(s.Say("cli.diagnose.full-duplex", "Speed", *speed))
	case duplex == "half":
		return note(s.Say("cli.diagnose.half-duplex", "Speed", *speed))
	}
	return note(s.Say("cli.diagnose.speed", "Speed", *speed))
}

// beyond says how long the internet took to answer, and how often it did not.
func beyond(v status.Uplink, s *words.Speaker) string {
	var b strings.Builder
	if v.LatencyMS != nil {
		b.WriteString(note(s.Say("cli.diagnose.latency", "Milliseconds", *v.LatencyMS)))
	}
	if v.Loss != nil && *v.Loss > 0 {
		b.WriteString(note(s.Say("cli.diagnose.loss", "Percent", s.Number(100**v.Loss, 0))))
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
func found(o netmon.Options, s netmon.State, now time.Duration, speaker *words.Speaker) walked {
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
	return walked{Uplink: status.View{Uplink: v}.Filled().In(speaker).Uplink, ClockWrong: p.ClockWrong}
}

// walk takes every step now: the port first, and then what lies beyond it.
func (o *options) walk(ctx context.Context, file string) error {
	c, err := uplinkConfig(file)
	if err != nil {
		return err
	}
	speaker := o.speaker()
	say := func(what string) {
		if !o.json {
			fmt.Print(what)
		}
	}
	p, err := link.Read(c.Interface)
	if err != nil {
		return err
	}
	if !p.Present {
		say(speaker.Say("cli.diagnose.no-interface", "Interface", c.Interface, "Others", strings.Join(link.Names(), ", ")) + "\n")
	}
	options := netmon.DefaultOptions()
	options.PowerGap = 0 // nothing is tried
	s := netmon.Step(options, netmon.New(), p, clock.Mono())
	now := found(options, s, clock.Mono(), speaker)
	say(rungs(now.Ladder[:3], false, speaker) + port(now.Port.Speed, now.Port.Duplex, speaker))
	targets := probe.Targets{Internet: c.Targets, Resolvers: c.Resolvers, Name: c.Name, Proof: true, Checks: []string{c.Check}, Calls: c.Calls, DNS: c.NameServers()}.Via(p)
	cl := client.New(client.Options{ResolverNow: func() string {
		if len(targets.DNS) == 0 {
			return ""
		}
		return targets.DNS[0]
	}})
	if p.Ready() {
		say(speaker.Say("cli.diagnose.asking") + "\n")
		e := probe.Round(ctx, probe.Options{Client: cl, Absent: func(gateway string) bool { return link.Absent(c.Interface, gateway) }}, targets)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s = netmon.Step(options, s, e, clock.Mono())
	}
	r, _ := s.Probe.Get()
	d := found(options, s, clock.Mono(), speaker)
	d.Bytes = cl.Usage()[client.Probe].Total()
	if o.json {
		if err := printJSON(d); err != nil {
			return err
		}
	} else {
		say(rungs(d.Ladder[3:], false, speaker) + beyond(d.Uplink, speaker))
		if r.DNS == netmon.Failed && r.Direct == netmon.Passed {
			say(note(speaker.Say("cli.diagnose.names-beyond")))
		}
		say(note(speaker.Say("cli.diagnose.bytes", "Bytes", d.Bytes)) + "\n" + conclusion(d.Uplink, speaker))
	}
	if d.Verdict != string(netmon.OK) {
		return errAttention
	}
	return nil
}

// rungs are lines of the ladder: what was tried, what was found, and with ages
// how long ago.
func rungs(ladder []status.Rung, ages bool, s *words.Speaker) string {
	var b strings.Builder
	for _, r := range ladder {
		name, finding, age := s.Word("cli.rung."+words.Code(r.Rung)), s.Word("cli.finding."+r.Finding), ""
		if ages && r.AgeS != nil {
			age = s.Say("cli.diagnose.ago", "Seconds", s.Number(*r.AgeS, 0))
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-14s %-10s %s", name, finding, age), " ") + "\n")
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

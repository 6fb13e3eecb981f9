package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thejerf/suture/v4"
	"periph.io/x/conn/v3/physic"

	"infobus/action"
	"infobus/config"
	"infobus/config/settings"
	"infobus/durable"
	guidebox "infobus/guide/box"
	"infobus/hw"
	"infobus/hw/battery"
	"infobus/hw/line"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/kiosk/glass"
	"infobus/logbook/store"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/link"
	"infobus/netmon/meraki"
	"infobus/netmon/probe"
	phones "infobus/pairing/kept"
	"infobus/power"
	"infobus/private"
	"infobus/reading/clock"
	"infobus/session"
	"infobus/sim"
	"infobus/sim/world"
	"infobus/status/server"
	"infobus/supervise"
	"infobus/systemd"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/van/kept"
	"infobus/van/loop"
	"infobus/words"
)

// appliance is the daemon with its rooms wired together.
type appliance struct {
	flags   flags
	config  config.Config
	options van.Options
	parts   parts
	delays  supervise.Delays

	clock     *clock.System
	loop      *loop.Loop
	recorder  *store.Recorder
	client    *client.Client
	lookUps   atomic.Uint32 // names that were asked for by the client
	server    *server.Server
	screen    *glass.Screen
	keeper    *kept.Keeper
	phones    *phones.Keeper
	target    *systemd.Target
	relay     *relay // nil where none is fitted
	sampler   *sampler
	listeners []net.Listener
	feeds     *source.Feeds // the sources of the timetable
	guides    *guidebox.Box // the guide's texts
	taking    sync.Mutex    // orders what becomes of them
	showing   sync.Mutex    // orders what the pages show
	orders    orders
	previews  previews
	table     *timetable.Timetable // as read at the start; nil for none
	mistakes  settings.Mistakes    // of the card's settings file
	refused   error                // why the configuration was; nil where it was not
	closed    error                // why a door is not open; nil where all are

	upload  chan struct{}  // a token: look whether there is something to send
	sendNow chan struct{}  // a token: send all of it now
	told    sent           // of what was sent; the uploader's
	account netmon.Account // of the data budget; the probe's goroutine's

	watched []line.Config    // the inputs that are held and do not pulse
	watcher *line.Watcher    // of them; nil where there are none
	monitor *battery.Monitor // nil where there is none
	pressed chan struct{}    // a token: the button was, since a self-test took it

	cardSpent atomic.Int64 // ns of cardWait that a power-off under way has taken

	complain chan struct{} // a token: count the journal's warnings now

	probe chan struct{} // a token: the cadence or the targets are others
	phone chan struct{} // likewise of the public network's

	cloud meraki.Trouble // the dashboard's goroutine's
}

// generatorTarget is what other units hang on: it is up while a generator runs.
const generatorTarget = "infobus-generator.target"

// assemble makes the rooms. Nothing runs yet.
func assemble(f flags, c config.Config, feeds *source.Feeds, table *timetable.Timetable, listeners []net.Listener) (*appliance, error) {
	f.setLog()
	a := &appliance{flags: f, config: c, options: options(f, c, table), parts: realParts(c), delays: supervise.Delays{First: time.Second, Most: time.Minute},
		listeners: listeners, feeds: feeds, table: table, sampler: newSampler(),
		pressed: make(chan struct{}, 1), upload: make(chan struct{}, 1), sendNow: make(chan struct{}, 1), complain: make(chan struct{}, 1), probe: make(chan struct{}, 1), phone: make(chan struct{}, 1)}
	a.options.VisitorsPort = server.VisitorsPort(listeners)
	a.client = client.New(client.Options{ResolverNow: a.resolver, Dated: a.dated, Budget: client.Budget(c.Uplink.Budget.Session, c.Uplink.Budget.Month),
		PostQuantum: c.Sync.PostQuantum, Public: c.Uplink.Public})
	if len(f.sim) > 0 {
		a.delays = supervise.Delays{First: 200 * time.Millisecond, Most: 2 * time.Second}
		if err := a.parts.simulate(f, c); err != nil {
			return nil, err
		}
	}
	a.options.NoReceiver = a.parts.endpoint == ""
	var err error
	if a.options.Kiosk.Board, err = readBoard(c.Kiosk.Board, len(f.sim) > 0); err != nil {
		a.options.Kiosk.Board, a.refused = kiosk.Board{}, err // which says 112 alone
	}
	if _, err := a.readPIN(); err != nil { // then none pairs a phone
		a.refused = errors.Join(a.refused, fmt.Errorf("read the PIN: %w", err))
	}
	if a.guides, err = guidebox.Open(durable.System, f.stateDir, a.checkTexts); err != nil {
		slog.Warn("what was kept of the guide is damaged", "why", err)
	}
	if a.phones, err = phones.Open(durable.System, f.stateDir); err != nil {
		slog.Warn("what was kept of the paired phones is damaged", "why", err)
	}
	if a.refused != nil && f.hasty() {
		return nil, a.refused
	}
	if a.watched = watched(c); a.watched != nil {
		a.watcher = line.New(a.parts.chip, a.watched...)
	}
	if c.Battery.Monitor != "none" {
		every := c.Battery.Every
		if len(f.sim) > 0 && !f.vanTimes {
			every = min(every, time.Second) // a mean would be of two batteries where the word puts another one there
		}
		a.monitor = battery.NewMonitor(a.parts.bus, monitorOpts(c.Battery), every)
	}
	a.screen = newScreen(a)
	a.target = systemd.NewTarget(generatorTarget)
	a.relay = newRelay(a)
	a.keeper = kept.NewKeeper(f.stateDir)
	a.recorder = store.NewRecorder(store.RecorderOptions{
		Open: func() (*store.Store, error) {
			return store.Open(f.stateDir, store.Options{Board: boardSerial(), Patience: patience, Damaged: func(err error) { a.heard(van.Logbook, err) }})
		},
		Durable: func(s store.Status) { a.recorded(s); token(a.upload) },
		Health:  func(err error) { a.heard(van.Logbook, err) },
		Retry:   a.delays.First,
	})
	a.clock = clock.NewSystem()
	a.loop = loop.New(a.options, van.New(a.options, a.devices()...), a.clock, a.recorder.Record, a.do)
	a.server = server.New(a.pages())
	return a, nil
}

// setLog makes the daemon's own log: everything in it goes through the filter
// that keeps persons out.
func (f *flags) setLog() {
	if f.log == nil {
		f.log = os.Stderr
	}
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(private.Handler(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: level}))))
}

// options are the rooms' own, as the configuration changes them; a van on a
// desk is less patient.
func options(f flags, c config.Config, table *timetable.Timetable) van.Options {
	o := van.DefaultOptions()
	o.Name = c.Name
	o.Built = clock.Built()
	o.Power.Generators = len(c.Generators)
	o.Power.Chemistry, _ = power.ChemistryNamed(c.Battery.Chemistry) // checked by config
	o.Power.Capacity = float64(c.Battery.Capacity)
	o.Power.Measured, o.Power.TailFor = float64(c.Battery.Measured), c.Battery.TailFor
	if c.Battery.Tail != 0 {
		o.Power.Tail = float64(c.Battery.Tail) / float64(physic.Ampere) / o.Power.Capacity
	}
	if volts := float64(c.Battery.Charged) / float64(physic.Volt); volts != o.Power.Chemistry.Charged {
		// It is of this van's charger, which may not look at a thermometer.
		o.Power.Chemistry.Charged, o.Power.Chemistry.ChargedSlope = volts, 0
	}
	monitor := monitorOpts(c.Battery)
	o.Power.Offset = monitor.Offset()
	o.Power.Low, o.Power.Critical, o.Power.Service = c.Power.Low, c.Power.Critical, c.Power.Service
	o.Power.Sockets, o.Power.Monoxide = c.Sockets != nil, c.Monoxide != nil
	o.Power.OtherCharger = c.Power.Other != "none"
	o.Power.StartAfter, o.Power.StopAfter = c.Power.StartAfter, c.Power.StopAfter
	o.Power.LevelHold, o.Power.Countdown = c.Power.Hold, c.Power.Countdown
	if c.Battery.LowLine != nil {
		o.Power.LowHold = c.Power.LowLine
	}
	o.Power.SampleMaxAge = 3*c.Battery.Every + 15*time.Second
	o.Session = session.Options{Length: c.Session.Length, Idle: c.Session.Idle, Site: c.Session.Site}
	o.Kiosk.NextPlace = c.Kiosk.NextPlace
	o.Kiosk.Sets, o.Kiosk.Capacity = nil, map[string]int{}
	for _, l := range c.Kiosk.Languages {
		set := kiosk.Set(l)
		o.Kiosk.Sets = append(o.Kiosk.Sets, set)
		o.Kiosk.Capacity[set.String()] = draw.Capacity(set)
	}
	if f.hasty() {
		o = sim.Hasty(o, table)
	}
	o.Uplink.Static = c.Uplink.Address != ""
	o.Uplink.Relay = c.Uplink.Relay != nil
	o.Uplink.KeepUp = !slices.Contains(f.sim, "gateway")
	for _, s := range c.Uplink.SIMs {
		o.Uplink.Bundles = append(o.Uplink.Bundles, netmon.Bundle{Slot: s.Slot, Bytes: int64(s.Bundle), Renews: s.Renews})
	}
	return o
}

// resolver is one of the lease's name servers on a real port; "" asks the system's.
func (a *appliance) resolver() string {
	if slices.Contains(a.flags.sim, "gateway") {
		return ""
	}
	t := probe.Targets{DNS: a.config.Uplink.NameServers()}.Via(a.loop.State().Uplink.Link.Value)
	if len(t.DNS) == 0 {
		return ""
	}
	// One that is dead is followed by the next when it is asked again.
	return t.DNS[int(a.lookUps.Add(1))%len(t.DNS)]
}

// devices are the names of those that are configured.
func (a *appliance) devices() []string {
	names := []string{van.GPIO}
	if a.config.Battery.Monitor != "none" {
		names = append(names, van.Battery)
	}
	if a.config.Panel.Type != "none" {
		names = append(names, van.Panel)
	}
	names = append(names, van.Interface, van.Logbook)
	if a.config.Uplink.Public != "" {
		names = append(names, van.Public)
	}
	if a.config.Uplink.OwnPage != nil {
		names = append(names, van.OwnPage)
	}
	if a.config.Uplink.Relay != nil {
		names = append(names, van.Relay)
	}
	return names
}

// observe hands a value to the loop.
func (a *appliance) observe(v any) { a.loop.Observe(v) }

// run runs everything until ctx is done, and then brings it down in order: no
// new observations, the panel asleep, the logbook durable.
func (a *appliance) run(ctx context.Context) {
	if err := draw.Ready(); err != nil {
		slog.Error("the screen cannot be drawn", "why", err)
	}
	loopCtx, stopLoop := context.WithCancel(context.Background())
	logbookCtx, stopLogbook := context.WithCancel(context.Background())
	var loopEnd sync.WaitGroup
	loopEnd.Go(func() { a.loop.Run(loopCtx) })
	logbookEnd := make(chan struct{})
	go func() { a.recorder.Run(logbookCtx); close(logbookEnd) }()
	started := a.keeper.Load(a.screen.Certain())
	a.restoreBudget(started.Kept)
	a.observe(started)
	notes := a.mistakes.Notes()
	if a.closed != nil {
		notes = append(notes, words.T("door.closed"))
	}
	a.foundCard(a.flags.card, notes)
	if a.refused != nil {
		slog.Error("the box starts all the same", "why", a.refused)
		a.heard(van.Configuration, a.refused)
	}
	if a.mistakes != nil {
		slog.Error("the settings file was refused, and the last good settings hold", "why", a.mistakes)
		a.heard(van.Settings, a.mistakes)
	}
	if a.closed != nil {
		slog.Error("the box starts all the same; its pages may be missing", "why", a.closed)
	}
	if a.table != nil {
		a.observe(van.TimetableSeen{Timetable: a.table})
	}
	a.tellTexts()
	a.guides.Changed = a.tellTexts

	sources, stopSources := context.WithCancel(context.Background())
	ended := a.supervise(sources)
	if err := systemd.Ready(); err != nil {
		slog.Warn("systemd", "why", err)
	}
	collect(vanGC)
	if len(a.listeners) > 0 && a.listeners[0].Addr().Network() == "tcp" {
		// The box's own address, which the log's filter would mask.
		fmt.Fprintf(a.flags.log, "infobusd %s: the pages are at http://%s/\n", version, a.listeners[0].Addr())
	}

	<-ctx.Done()
	systemd.Stopping()
	reason := "signal"
	if a.loop.State().Power.Shutdown.Begun {
		reason = "shutdown"
	}
	a.record(a.sampler.take(true, clock.Mono()))
	a.observe(van.Stop{Reason: reason})
	stopped := time.Now()
	stopSources()
	<-ended
	stopLoop()
	loopEnd.Wait()
	last := a.loop.State().Kept(a.options)
	a.client.WithLedger(func(l *netmon.Ledger) { last.Data = new(l.Spent()) })

	left := cardWait - 2*cardPage - time.Duration(a.cardSpent.Load()) - time.Since(stopped)
	card, cancel := context.WithTimeout(context.Background(), max(left, cardLeast))
	defer cancel()
	var saved sync.WaitGroup
	saved.Go(func() { a.keeper.Finish(card, last) })
	a.flush(max(left, cardLeast) - cardClose)
	a.lastUpload()
	stopLogbook()
	select {
	case <-logbookEnd:
	case <-card.Done():
	}
	saved.Wait()
	if a.parts.world != nil {
		a.farewell(a.parts.world)
	}
}

// A dead card delays a power-off by cardWait, all in all.
const (
	cardWait = 5 * time.Second
	// cardPage of it is for forgetting what was on the glass before the last page,
	// and as much for keeping that.
	cardPage = 500 * time.Millisecond
	// cardFirst is before the log-in manager is asked.
	cardFirst = time.Second
	// cardParts is how long a part that writes to the card may take to end.
	cardParts = time.Second
	// cardLeast is for the end in any case, since the panel's refresh takes time too,
	// and cardClose of it for closing the logbook.
	cardLeast = cardWait - 2*cardPage - cardFirst - cardParts
	cardClose = 500 * time.Millisecond
)

// flush makes durable what waits, within limit.
func (a *appliance) flush(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := a.recorder.Flush(ctx); err != nil {
		slog.Error("the logbook's last events are lost", "why", err)
	}
}

// farewell says how the simulated panel was left.
func (a *appliance) farewell(w *world.World) {
	switch {
	case w.Panel.Powered():
		fmt.Fprintln(a.flags.log, "panel: LEFT POWERED")
	case w.Panel.Asleep():
		fmt.Fprintln(a.flags.log, "panel: powered off and asleep")
	default:
		fmt.Fprintln(a.flags.log, "panel: powered off")
	}
	if err := w.Close(); err != nil {
		slog.Warn("the simulated Cisco box", "why", err)
	}
}

// supervise starts every source and doer; one that panics is started again.
func (a *appliance) supervise(ctx context.Context) (ended <-chan error) {
	spec := suture.Spec{
		EventHook: func(e suture.Event) {
			if e.Type() != suture.EventTypeStopTimeout && e.Type() != suture.EventTypeResume {
				slog.Error("a part of the daemon failed", "what", e.String())
			}
		},
		FailureThreshold: 30, Timeout: 8 * time.Second,
	}
	s := suture.New("infobusd", spec)
	spec.Timeout = cardParts
	card := suture.New("card", spec)
	s.Add(card)
	part := func(name, device string, run func(ctx context.Context, alive func()) error) *supervise.Part {
		p := &supervise.Part{Name: name, Run: run, Delays: a.delays}
		if device != "" {
			p.Heard = func(err error) { a.heard(device, err) }
		}
		return p
	}
	add := func(name, device string, run func(ctx context.Context, alive func()) error) {
		s.Add(part(name, device, run))
	}
	// Those that write to the card are not waited for as long as the panel is.
	card.Add(part("upload", "", a.uploads))
	card.Add(part("old events", "", a.oldEvents))
	add("advice", "", a.advises)
	add("journal", "", a.journal)
	for i, f := range a.feeds.All() {
		card.Add(part("timetable "+f.Name, "", a.timetable(i)))
	}
	for i, from := range a.config.Status.Texts {
		card.Add(part(fmt.Sprintf("guide %d", i+1), "", a.followTexts(from)))
	}
	card.Add(part("keep", "kept", a.keeper.Run))
	if a.watcher != nil {
		add("lines", van.GPIO, a.lines)
	}
	for i, l := range a.config.Generators {
		if l.Wiring == "pulses" {
			id := power.GeneratorID(i)
			add("pulses of "+id.String(), van.GPIO, a.pulses(id, l))
		}
	}
	if a.monitor != nil {
		add("battery", van.Battery, a.battery)
	}
	if a.config.Panel.Type != "none" {
		add("screen", van.Panel, a.screen.Run)
		if a.parts.temperature != nil {
			add("temperature", "", a.temperature)
		}
	}
	if a.relay != nil {
		add("relay", van.Relay, a.relay.run)
	}
	add("interface", "", a.link)
	add("probe", "", a.probes)
	add("dashboard", "", a.dashboard)
	if len(a.config.Uplink.Points) > 0 {
		add("access points", "", a.points)
	}
	if a.config.Uplink.Public != "" {
		add("public port", van.Public, a.publicPort)
		add("public network", "", a.asPhone)
	}
	if a.config.Uplink.OwnPage != nil {
		add("own page", "", a.ownPage)
	}
	add("clock", "", a.timeServers)
	if a.parts.world == nil {
		add("clock chip", "", a.clockChip)
	} else {
		add("clock chip", "", a.deskChip)
	}
	add("target", van.Target, a.target.Run)
	add("status", "", func(ctx context.Context, _ func()) error { return a.server.Serve(ctx, a.listeners...) })
	add("view", "", a.publish)
	add("watchdog", "", func(ctx context.Context, _ func()) error {
		if err := systemd.Feed(ctx, a.loop.Ping); err != nil {
			return err
		}
		<-ctx.Done() // no watchdog
		return ctx.Err()
	})
	if w := a.parts.world; w != nil {
		w.Swapped = func() { a.observe(power.Replaced{}) }
		add("world", "", func(ctx context.Context, _ func()) error { return w.Run(ctx) })
	}
	return s.ServeBackground(ctx)
}

// do has an effect done; it does not block.
func (a *appliance) do(e van.Effect) {
	switch e := e.(type) {
	case kiosk.Draw:
		a.screen.Draw(e)
	case van.Keep:
		a.keeper.Keep(e.Kept)
		token(a.sampler.due)
	case van.Heal:
		go a.heal(e.Remedy)
	case van.Follow:
		if !a.onDesk() {
			a.target.Set(e.Running)
		}
	case netmon.SwitchRelay:
		a.relay.set(e.On)
	case van.PowerOff:
		go a.powerOff()
	case van.SetClock:
		go a.setClock(e)
	case van.ChipSet:
		go a.chipSet()
	case van.Publish:
		a.orders.give(e, func() action.Refusal {
			return a.publishes(e.Source, e.Digest, van.Published, func(f *source.Feed) (source.Loaded, error) { return f.Publish(e.Digest) })
		})
	case van.TakeBack:
		a.orders.give(e, func() action.Refusal {
			return a.publishes(e.Source, e.Digest, van.TakenBack, func(f *source.Feed) (source.Loaded, error) { return f.TakeBack(e.Digest) })
		})
	case van.Send:
		token(a.sendNow)
		token(a.complain)
	}
}

// heal has a remedy of the uplink done. On a simulated gateway there is nothing to
// be done: it is said to have been.
func (a *appliance) heal(r netmon.Remedy) {
	tried := netmon.Tried{Remedy: r}
	if !a.simulates("gateway") {
		tried = link.Heal(context.Background(), a.config.Uplink.Interface, r, a.loop.State().Uplink.Link.Value.Ready())
	}
	a.observe(tried)
}

// newScreen is the panel's screen, or a model's.
func newScreen(a *appliance) *glass.Screen {
	o := glass.Options{Open: a.parts.panel, Observe: a.observe,
		Disk: durable.System, Dir: a.flags.stateDir, Boot: clock.NewSystem().Now().Boot, LastPage: cardPage}
	if w := a.parts.world; w != nil && a.simulates("panel") {
		o.Decoded = func() ([]byte, bool) { return w.Panel.Picture(), w.Panel.Refreshes() > 0 }
		o.Look = !a.flags.vanTimes
	}
	return glass.New(o)
}

// simulates says whether a model stands in the place of that part.
func (a *appliance) simulates(name string) bool { return slices.Contains(a.flags.sim, name) }

// onDesk says whether the machine is somebody's own, and not the van's box: the
// generators are models, or anything is and systemd does not run the daemon.
func (a *appliance) onDesk() bool {
	return a.simulates("line") || a.parts.world != nil && os.Getenv("NOTIFY_SOCKET") == ""
}

// powerOff brings the box down: what happened is durable, the panel is asleep
// (it always is between two refreshes), and the log-in manager does the rest.
func (a *appliance) powerOff() {
	begun := time.Now()
	a.flush(cardFirst)
	if a.onDesk() {
		slog.Info("the simulated box stays on: here the log-in manager would power it off")
		a.observe(power.Refused{})
		return
	}
	a.cardSpent.Store(int64(time.Since(begun)))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := systemd.PowerOff(ctx); err != nil {
		slog.Error("the box stays on", "why", err)
		a.cardSpent.Store(0)
		a.observe(power.Refused{})
	}
}

// recorded says how far the logbook is durable.
func (a *appliance) recorded(s store.Status) {
	a.observe(van.Recorded{Log: s.Log, Seq: s.Last, Acknowledged: s.Acknowledged, Waiting: a.recorder.Status().Waiting, Lost: s.Lost})
}

// heard says how a device is: err is why it failed, nil that it works.
func (a *appliance) heard(device string, err error) {
	seen := van.DeviceSeen{Name: device, OK: err == nil}
	if err != nil {
		seen.Reason, seen.Why = hw.Reason(err), private.Redact(err.Error())
	}
	a.observe(seen)
}

// keepWithin is how long whoever asks for an action waits for it to be taken and,
// where it must, to be durable.
const keepWithin = 10 * time.Second

// act has the step take what a volunteer asked for; where the action is to outlive
// a power cut, it does so once this returns.
func (a *appliance) act(ctx context.Context, row action.Row, asked action.Asked) action.Refusal {
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	refusal, err := a.loop.Ask(ctx, asked)
	defer a.show()
	switch {
	case err != nil:
		return action.NoAnswer
	case refusal == action.Taken && row.Durable && a.keeper.Settled(ctx) != nil:
		return action.NotKept
	case refusal == action.Taken:
		return a.settled(ctx, asked)
	}
	return refusal
}

// token puts a token in, unless one is there.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Package config reads the appliance's configuration file: what is wired
// where, and what the team chose. Whatever the file leaves out has its default.
//
// In: the file's bytes. Out: a Config, or every mistake as file:line:column.
// It opens no device and knows no default of a room: those are the rooms' own.
package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"periph.io/x/conn/v3/physic"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/power"
	"infobus/session"
	"infobus/timetable"
	"infobus/yamlfile"
)

// Config is the whole configuration, checked. Its tags are the file's keys.
type Config struct {
	Name       string  `yaml:"-"` // the van's; from the card's settings only
	GPIO       string  `yaml:"gpio"`
	Generators []Line  `yaml:"generators"`
	Sockets    *Line   `yaml:"sockets"`         // the mains detector behind the crates' breaker; nil for none
	Monoxide   *Line   `yaml:"carbon-monoxide"` // the alarm's contact; nil for none
	Battery    Battery `yaml:"battery"`
	Panel      Panel   `yaml:"panel"`
	Uplink     Uplink  `yaml:"uplink"`
	Timetable  Sources `yaml:"timetable"` // where it comes from
	// Public says which events of calendars are for the screen, of sources that do
	// not say so themselves.
	Public  timetable.Public `yaml:"public"`
	Session Session          `yaml:"session"`
	Kiosk   Kiosk            `yaml:"kiosk"`
	Sync    Sync             `yaml:"sync"`
	Status  Status           `yaml:"status"`
	Power   Power            `yaml:"power"`
}

// Line is an input line of the GPIO chip.
type Line struct {
	Line     string        `yaml:"line"`     // name, or offset as a number
	Active   string        `yaml:"active"`   // low or high
	Bias     string        `yaml:"bias"`     // pull-up, pull-down or none
	Debounce time.Duration `yaml:"debounce"` // 0 to 1 s
	Wiring   string        `yaml:"wiring"`   // level or pulses: of a generator's sense line
}

// ActiveLow says whether the line is active at the low level.
func (l Line) ActiveLow() bool { return l.Active == "low" }

// Output is an output line of the GPIO chip.
type Output struct {
	Line   string `yaml:"line"`   // name, or offset as a number
	Active string `yaml:"active"` // low or high: the level that switches the relay
}

// ActiveLow says whether the line is active at the low level.
func (o Output) ActiveLow() bool { return o.Active == "low" }

// Battery is the monitor of the leisure battery and its alarm line.
type Battery struct {
	Monitor   string                    `yaml:"monitor"` // ina226, ina219 or none
	Bus       string                    `yaml:"bus"`
	Address   int                       `yaml:"address"`
	Shunt     physic.ElectricResistance `yaml:"shunt"`
	Range     physic.ElectricCurrent    `yaml:"range"`
	Charging  string                    `yaml:"charging"` // positive or negative
	Every     time.Duration             `yaml:"every"`
	Chemistry string                    `yaml:"chemistry"`
	Capacity  AmpereHours               `yaml:"capacity"` // by the label
	Measured  AmpereHours               `yaml:"measured"` // by a test of this battery; 0: none was made
	Charged   physic.ElectricPotential  `yaml:"charged"`  // above which a battery that takes no more than Tail is full
	Tail      physic.ElectricCurrent    `yaml:"tail"`     // 0: a 25th of the capacity in an hour
	TailFor   time.Duration             `yaml:"tail-for"` // how long
	LowLine   *Line                     `yaml:"low-line"`
}

// AmpereHours is a battery's capacity, with its unit: 100Ah.
type AmpereHours float64

// Set reads what String gives.
func (a *AmpereHours) Set(s string) error {
	if starts.MatchString(s) {
		return errors.New("that is the current with which a starter battery turns an engine, and says nothing of what it holds: a capacity was expected, such as 100Ah")
	}
	number, unit := strings.CutSuffix(strings.TrimSpace(s), "Ah")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !unit || !(v >= 0 && v <= 1e6) {
		return errors.New("a capacity with its unit was expected, such as 100Ah")
	}
	*a = AmpereHours(v)
	return nil
}

// starts is a starter battery's current, as its label gives it.
var starts = regexp.MustCompile(`(?i)^\s*[0-9.]+\s*(A|CCA|A ?\(?(EN|SAE|DIN)\)?)\s*$`)

func (a AmpereHours) String() string { return strconv.FormatFloat(float64(a), 'g', -1, 64) + "Ah" }

// checkCharged checks what says when the battery is full.
func (b *Battery) checkCharged(src *yamlfile.Source, chemistry power.Chemistry) {
	rests := chemistry.Rests()
	least, most := physic.ElectricPotential((rests+0.1)*10+0.5)*100*physic.MilliVolt, 15*physic.Volt
	if chemistry.Name != "" && (b.Charged < least || b.Charged > most) {
		src.Add(fmt.Sprintf("charged %s found; a full %s battery rests at up to %.1fV, and %s to %s was expected: a little less than the charger's voltage", b.Charged, chemistry.Name, rests, least, most), &b.Charged)
	}
	if full := physic.ElectricCurrent(float64(b.Capacity) * float64(physic.Ampere)); b.Tail != 0 && (b.Tail < full/500 || b.Tail > full/8) {
		src.Add(fmt.Sprintf("tail %s found; of a battery of %s %s to %s was expected, 0A takes %s", b.Tail, b.Capacity, full/500, full/8, full/25), &b.Tail)
	}
	between(src, &b.TailFor, 30*time.Second, time.Hour)
	if b.Measured != 0 && (b.Measured < 3*b.Capacity/10 || b.Measured > 13*b.Capacity/10) {
		src.Add(fmt.Sprintf("measured %s found, of a battery of %s: it holds 30 to 130 %% of that, or another one was tested", b.Measured, b.Capacity), &b.Measured)
	}
}

// WithShunt is b with another shunt, its range the largest that the monitor measures
// through it, 100 A at most.
func (b Battery) WithShunt(shunt physic.ElectricResistance) Battery {
	b.Shunt = shunt
	amps := 100.0
	if most := b.most(); most > 0 {
		amps = min(amps, most/(float64(shunt)/float64(physic.Ohm)))
	}
	b.Range = physic.ElectricCurrent(amps * float64(physic.Ampere))
	return b
}

// WithChemistry is b with another chemistry, and what goes with it.
func (b Battery) WithChemistry(name string) Battery {
	if c, err := power.ChemistryNamed(name); err == nil {
		b.Chemistry, b.Charged = name, physic.ElectricPotential(c.Charged*float64(physic.Volt))
	}
	return b
}

// bus names an I²C bus, as hw/bus takes it: the header's, a device, or a path in the
// device tree.
var bus = regexp.MustCompile(`^(header|/dev/i2c-[0-9]{1,4}|(/soc)?/[a-z][0-9A-Za-z,._+-]*(@[0-9a-f]+)?)$`)

// Panel is the public screen.
type Panel struct {
	Type        string `yaml:"type"` // uc8179 or none
	SPI         string `yaml:"spi"`
	DataCommand string `yaml:"data-command"`
	Reset       string `yaml:"reset"`
	Busy        string `yaml:"busy"`
	Power       string `yaml:"power"`       // "" where the panel is always powered
	Temperature string `yaml:"temperature"` // w1 or none
}

// Uplink is the way to the internet.
type Uplink struct {
	Interface string     `yaml:"interface"`
	Targets   []string   `yaml:"targets"`   // address:port
	Resolvers []string   `yaml:"resolvers"` // address:port
	Calls     []string   `yaml:"calls"`     // host:port of STUN servers, or address:port
	Name      string     `yaml:"name"`
	Check     string     `yaml:"check"`   // URL that answers 204
	Address   string     `yaml:"address"` // the box's own, with its net: 192.0.2.2/24; "" where it is leased
	Gateway   string     `yaml:"gateway"` // address, beside Address
	DNS       []string   `yaml:"dns"`     // addresses, beside Address; empty: the gateway
	Dashboard *Dashboard `yaml:"dashboard"`
	Points    []string   `yaml:"access-points"` // addresses of the Wi-Fi's; empty: the box asks none
	Public    string     `yaml:"public"`        // the interface in the public network, as a phone among others; "" for none
	OwnPage   *OwnPage   `yaml:"own-page"`      // the Cisco box's own; nil: it is not asked
	SIMs      []SIM      `yaml:"sims"`
	Budget    Data       `yaml:"budget"`
	Relay     *Output    `yaml:"relay"` // cuts the gateway's power while it is switched; nil for none
}

// NameServers are DNS as address:port.
func (u Uplink) NameServers() (list []string) {
	for _, a := range u.DNS {
		list = append(list, a+":53")
	}
	return list
}

// mostPoints is how many access points a van may have.
const mostPoints = 8

// Data is how much the box itself may use, in megabytes; 0 is without a limit.
type Data struct {
	Session int64 `yaml:"session-mb"`
	Month   int64 `yaml:"month-mb"`
}

// OwnPage is the log-in to the Cisco box's own status page.
type OwnPage struct {
	User         string `yaml:"user"`          // admin, or the serial number
	PasswordFile string `yaml:"password-file"` // "": systemd's credential or, without one, no password
}

// Dashboard is the Meraki cloud's view of the gateway.
type Dashboard struct {
	Organisation string `yaml:"organisation"`
	Network      string `yaml:"network"`
	Key          string `yaml:"-"`        // from the card's settings; before KeyFile
	KeyFile      string `yaml:"key-file"` // "": systemd's credential
	Gateway      string `yaml:"gateway"`  // its serial number; "": its SIM cards are not asked for
}

// SIM is one of the gateway's SIM cards, and what was bought for it.
type SIM struct {
	Slot   int    `yaml:"slot"`   // 1 or 2
	Bundle Volume `yaml:"bundle"` // in a month
	Renews int    `yaml:"renews"` // day of the month
}

// Volume is an amount of data in bytes, with its unit: 20 GB, as operators count.
type Volume int64

// Set reads what String gives.
func (v *Volume) Set(s string) error {
	for _, u := range volumes {
		number, found := strings.CutSuffix(strings.TrimSpace(s), u.name)
		if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); found && err == nil && n > 0 && n <= 100_000 {
			*v = Volume(math.Round(n * u.bytes))
			return nil
		}
	}
	return errors.New("an amount of data with its unit was expected, such as 20 GB or 500 MB")
}

func (v Volume) String() string {
	for _, u := range volumes {
		if n := float64(v) / u.bytes; n >= 1 {
			return strconv.FormatFloat(n, 'g', -1, 64) + " " + u.name
		}
	}
	return "0 MB"
}

var volumes = []struct {
	name  string
	bytes float64
}{{"GB", 1e9}, {"MB", 1e6}}

// serial is a serial number as Cisco prints it.
var serial = regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}$`)

func (u *Uplink) checkSIMs(src *yamlfile.Source) {
	if d := u.Dashboard; d != nil && d.Gateway != "" && !serial.MatchString(d.Gateway) {
		src.Add("the gateway's serial number was expected, as it is printed on it: Q2XX-XXXX-XXXX", &d.Gateway)
	}
	for i := range u.SIMs {
		s := &u.SIMs[i]
		if s.Slot < 1 || s.Slot > 2 {
			src.Add(fmt.Sprintf("slot %d found; 1 or 2 was expected, as it stands on the gateway", s.Slot), &s.Slot, s)
		} else if slices.ContainsFunc(u.SIMs[:i], func(other SIM) bool { return other.Slot == s.Slot }) {
			src.Add(fmt.Sprintf("slot %d a second time", s.Slot), &s.Slot)
		}
		if unread := s.Bundle == 0 && src.Is(&s.Bundle); !unread && (s.Bundle < 10_000_000 || s.Bundle > 100e12) {
			src.Add(fmt.Sprintf("bundle %s found; 10 MB to 100000 GB was expected", s.Bundle), &s.Bundle, s)
		}
		if s.Renews < 1 || s.Renews > 31 {
			src.Add(fmt.Sprintf("renews %d found; the day of the month on which the bundle begins anew was expected, 1 to 31", s.Renews), &s.Renews, s)
		}
	}
	if len(u.SIMs) > 0 && (u.Dashboard == nil || u.Dashboard.Gateway == "") {
		src.Add("what SIM cards use is asked of the Meraki cloud; dashboard, with the gateway's serial number, is missing", &u.SIMs)
	}
}

// Session is the team's day.
type Session struct {
	Length time.Duration `yaml:"length"`
	Idle   time.Duration `yaml:"idle"`
	Site   string        `yaml:"site"`
}

// Kiosk is what the public screen speaks, and says beside the timetable.
type Kiosk struct {
	Languages []Set  `yaml:"languages"` // shown in turn
	Board     string `yaml:"board"`     // path
	Button    *Line  `yaml:"button"`    // nil for none
	Quiet     *Line  `yaml:"quiet"`     // switch in the van that has the screen bare; nil for none
	NextPlace bool   `yaml:"next-place"`
}

// Set is the languages of one page, one or two. The file may also have one flat
// list of them for a single set.
type Set []string

// UnmarshalText reads a language of a flat list.
func (s *Set) UnmarshalText(b []byte) error {
	*s = Set{string(b)}
	return nil
}

// Sync is where the logbook goes.
type Sync struct {
	Endpoint string `yaml:"endpoint"` // URL; "" keeps everything here
	// Token goes with Endpoint; "" for none. It comes from the card's settings only.
	Token string `yaml:"-"`
	// PostQuantum adds a key exchange that withstands quantum computers to that of the
	// connection: some 2.3 kB more each time one is made.
	PostQuantum bool `yaml:"post-quantum"`
	// Recent is how old what a receiver takes may be: what is older travels by the time at
	// which it is sent. 0: it takes all.
	Recent time.Duration `yaml:"recent"`
}

// Status is the volunteers' pages.
type Status struct {
	Listen     string   `yaml:"listen"`     // address:port
	Volunteers string   `yaml:"volunteers"` // address:port of the volunteers' own door; "": they come where visitors do
	Hosts      []string `yaml:"hosts"`      // names of the box, beside infobus.local; in small letters
	PINFile    string   `yaml:"pin-file"`
	Switch     *Line    `yaml:"switch"` // in the van, that lets a phone be paired; nil for none
	// Texts are where the guide's texts come from, beside volunteers' phones: files,
	// folders, sticks or addresses.
	Texts []string `yaml:"guide-texts"`
	Guide string   `yaml:"guide"` // a PDF, or a folder with guide.pdf, guide-ar.pdf, …; "" for none
}

// Power is when the box goes down by itself.
type Power struct {
	Countdown  time.Duration `yaml:"countdown"`
	Hold       time.Duration `yaml:"hold"`
	Low        float64       `yaml:"low"`           // % of charge
	Critical   float64       `yaml:"critical"`      // % of charge
	StartAfter time.Duration `yaml:"start-after"`   // of running
	StopAfter  time.Duration `yaml:"stop-after"`    // of standing still
	Service    time.Duration `yaml:"service"`       // of running
	Other      string        `yaml:"other-charger"` // alternator, solar, both or none: what charges the battery besides
	LowLine    time.Duration `yaml:"low-line"`      // of the alarm of a battery without a monitor; 0: never
}

// Default is the configuration of an empty file: the reference hardware.
func Default() Config {
	p, s := power.DefaultOptions(), session.DefaultOptions()
	return Config{
		GPIO:       "pinctrl-bcm2711",
		Generators: []Line{Line{Line: "GPIO27"}.filled()},
		Battery: Battery{Monitor: "ina226", Bus: "header", Address: 0x40,
			Shunt: 500 * physic.MicroOhm, Range: 100 * physic.Ampere, Charging: "positive",
			Every: 10 * time.Second, Chemistry: p.Chemistry.Name, Capacity: AmpereHours(p.Capacity),
			Charged: physic.ElectricPotential(p.Chemistry.Charged * float64(physic.Volt)), TailFor: p.TailFor},
		Panel: Panel{Type: "uc8179", SPI: "/dev/spidev0.0",
			DataCommand: "GPIO25", Reset: "GPIO17", Busy: "GPIO24", Power: "GPIO18", Temperature: "none"},
		Uplink: Uplink{Interface: "uplink0", Targets: []string{"1.1.1.1:443", "9.9.9.9:443"},
			Resolvers: []string{"1.1.1.1:53", "9.9.9.9:53"},
			Calls:     []string{"stun.cloudflare.com:3478", "stun.l.google.com:19302"},
			Name:      "one.one.one.one", Check: "http://connectivitycheck.gstatic.com/generate_204",
			Budget: Data{Session: 25, Month: 500}},
		Timetable: Sources{{Source: "/etc/infobus/timetable.yaml"}},
		Session:   Session{Length: s.Length, Idle: s.Idle},
		Kiosk:     Kiosk{Languages: languages(), Board: "/etc/infobus/board.yaml"},
		Status:    Status{Listen: ":80"},
		Power: Power{Countdown: p.Countdown, Hold: p.LevelHold, Low: p.Low, Critical: p.Critical,
			StartAfter: 2 * time.Second, StopAfter: 5 * time.Second, Service: p.Service, Other: "none", LowLine: 10 * time.Minute},
	}
}

// Bare is the configuration of a box of which nobody can tell what is wired to it:
// it touches no wire, and serves its pages.
func Bare() Config {
	c := Default()
	c.Generators, c.Battery.Monitor, c.Panel.Type = nil, "none", "none"
	return c
}

// languages are the ten that the screen speaks.
func languages() []Set {
	var sets []Set
	for _, s := range kiosk.Ten {
		sets = append(sets, Set(s))
	}
	return sets
}

// filled gives a line's keys that the file left out their defaults.
func (l Line) filled() Line {
	if l.Active == "" {
		l.Active = "low"
	}
	if l.Bias == "" {
		l.Bias = "pull-up"
	}
	if l.Wiring == "" {
		l.Wiring = "level"
	}
	if l.Debounce == 0 && l.Wiring == "level" {
		l.Debounce = 50 * time.Millisecond
	}
	return l
}

// Parse reads a configuration; file is its name for the messages. The error is
// yamlfile.Mistakes: all of them.
func Parse(file string, data []byte) (Config, error) {
	c := Default()
	src := yamlfile.Decode(file, data, &c)
	c.check(src)
	for i := range c.Generators {
		c.Generators[i] = c.Generators[i].filled()
	}
	if c.Battery.LowLine != nil {
		*c.Battery.LowLine = c.Battery.LowLine.filled()
	}
	for _, l := range []*Line{c.Kiosk.Button, c.Sockets, c.Monoxide, c.Kiosk.Quiet, c.Status.Switch} {
		if l != nil {
			*l = l.filled()
		}
	}
	if r := c.Uplink.Relay; r != nil && r.Active == "" {
		r.Active = "high"
	}
	return c, src.Err()
}

func (c *Config) check(src *yamlfile.Source) {
	used := map[string]string{} // line → what it is used for
	claim := func(field *string, what string) {
		if *field == "" {
			return
		}
		line := strings.TrimPrefix(*field, "GPIO") // on a Pi, GPIO16 is number 16
		if other, twice := used[line]; twice {
			src.Add(fmt.Sprintf("line %s is already the %s; it cannot be the %s too", *field, other, what), field)
			return
		}
		used[line] = what
	}
	// The panel's own defaults step aside for what the file says.
	if c.Panel.Type != "none" {
		claim(&c.Panel.DataCommand, "panel's data/command line")
		claim(&c.Panel.Reset, "panel's reset")
		claim(&c.Panel.Busy, "panel's busy line")
		claim(&c.Panel.Power, "panel's power line")
	}
	if len(c.Generators) == 0 || len(c.Generators) > 4 {
		src.Add(fmt.Sprintf("%d generators found, 1 to 4 were expected", len(c.Generators)), &c.Generators)
	}
	for i := range c.Generators {
		l := &c.Generators[i]
		l.check(src)
		claim(&l.Line, fmt.Sprintf("sense line of generator %d", i+1))
	}
	if l := c.Battery.LowLine; l != nil {
		l.check(src)
		if l.Wiring == "pulses" {
			src.Add("wiring: pulses found; only a generator's sense line may pulse", &l.Wiring)
		}
		claim(&l.Line, "battery-low line")
	}
	for _, in := range []struct {
		line *Line
		what string
	}{{c.Sockets, "detector of the sockets"}, {c.Monoxide, "carbon-monoxide alarm"},
		{c.Kiosk.Quiet, "switch of the bare screen"}, {c.Status.Switch, "switch that lets a phone be paired"}} {
		if in.line == nil {
			continue
		}
		in.line.check(src)
		if in.line.Wiring == "pulses" {
			src.Add("wiring: pulses found; only a generator's sense line may pulse", &in.line.Wiring)
		}
		claim(&in.line.Line, in.what)
	}
	if l := c.Kiosk.Button; l != nil {
		l.check(src)
		claim(&l.Line, "button")
	}
	if r := c.Uplink.Relay; r != nil {
		if strings.TrimSpace(r.Line) == "" {
			src.Add("a line is missing here, such as line: GPIO16", &c.Uplink.Relay)
		}
		if r.Active != "" {
			oneOf(src, &r.Active, "low", "high")
		}
		claim(&r.Line, "relay of the Cisco box")
	}

	oneOf(src, &c.Power.Other, "none", "alternator", "solar", "both")
	b := &c.Battery
	oneOf(src, &b.Monitor, "ina226", "ina219", "none")
	oneOf(src, &b.Charging, "positive", "negative")
	chemistry, err := power.ChemistryNamed(b.Chemistry)
	if err != nil {
		src.Add(err.Error(), &b.Chemistry)
	}
	b.checkCharged(src, chemistry)
	monitor := []any{&b.Monitor, &b.Bus, &b.Address, &b.Shunt, &b.Range, &b.Charging, &b.Every, &b.Chemistry}
	switch {
	case slices.ContainsFunc(monitor, src.Is) && b.Monitor != "none" && !src.Is(&b.Capacity):
		src.Add("the battery's capacity is missing beside its monitor, such as capacity: 100Ah", monitor...)
	case b.Capacity < 5 || b.Capacity > 2000:
		src.Add(fmt.Sprintf("capacity %s found; 5Ah to 2000Ah was expected: it is printed on the battery", b.Capacity), &b.Capacity)
	}
	if !bus.MatchString(b.Bus) {
		src.Add(fmt.Sprintf("bus %q found; header was expected, or a bus such as /dev/i2c-1 or, in the device tree, /soc/i2c@7e804000", b.Bus), &b.Bus)
	}
	if b.Address < 0x40 || b.Address > 0x4f {
		src.Add(fmt.Sprintf("address %#x found; a monitor has one of 0x40 to 0x4f", b.Address), &b.Address)
	}
	if b.Shunt < physic.MicroOhm || b.Shunt > physic.Ohm {
		src.Add(fmt.Sprintf("shunt %s found; 1µOhm to 1Ohm was expected", b.Shunt), &b.Shunt)
	}
	if b.Range < 100*physic.MilliAmpere || b.Range > 1000*physic.Ampere {
		src.Add(fmt.Sprintf("range %s found; 100mA to 1kA was expected", b.Range), &b.Range)
	} else if volts, most := float64(b.Range)/float64(physic.Ampere)*float64(b.Shunt)/float64(physic.Ohm), b.most(); most > 0 && volts > most*(1+1e-9) {
		src.Add(fmt.Sprintf("%s through %s give %.1f mV; the monitor measures %.1f mV at most", b.Range, b.Shunt, volts*1000, most*1000), &b.Range, &b.Shunt)
	}
	between(src, &b.Every, time.Second, 30*time.Second)
	oneOf(src, &c.Panel.Type, "uc8179", "none")
	oneOf(src, &c.Panel.Temperature, "w1", "none")

	numbers := func(list []string, example string) {
		for i := range list {
			if a, err := netip.ParseAddrPort(list[i]); err != nil || a.Port() == 0 {
				src.Add(fmt.Sprintf("%q found; an address with its port was expected, such as %s", list[i], example), &list[i])
			}
		}
	}
	if len(c.Uplink.Targets) == 0 {
		src.Add("no target found; at least one address with its port was expected, such as 1.1.1.1:443", &c.Uplink.Targets)
	}
	numbers(c.Uplink.Targets, "1.1.1.1:443")
	numbers(c.Uplink.Resolvers, "1.1.1.1:53")
	for i, at := range c.Uplink.Points {
		if a, err := netip.ParseAddr(at); err != nil || !a.Is4() || a.IsUnspecified() || a.IsMulticast() || slices.Contains(c.Uplink.Points[:i], at) {
			src.Add(fmt.Sprintf("%q found; the address of an access point was expected, each once, such as 192.0.2.11", at), &c.Uplink.Points[i])
		}
	}
	if n := len(c.Uplink.Points); n > mostPoints {
		src.Add(fmt.Sprintf("%d access points found; %d at most are asked", n, mostPoints), &c.Uplink.Points)
	}
	for i, call := range c.Uplink.Calls {
		name, port, _ := strings.Cut(call, ":")
		_, number := netip.ParseAddr(name)
		if n, bad := strconv.ParseUint(port, 10, 16); bad != nil || n == 0 || number != nil && (!hostName.MatchString(name) || numeric.MatchString(name)) {
			src.Add(fmt.Sprintf("%q found; a host with its port was expected, such as stun.cloudflare.com:3478", call), &c.Uplink.Calls[i])
		}
	}
	c.Uplink.checkNames(src)
	c.Uplink.checkStatic(src)
	for _, mb := range []*int64{&c.Uplink.Budget.Session, &c.Uplink.Budget.Month} {
		if *mb < 0 || *mb > 0 && *mb < 5 || *mb > 1_000_000 {
			src.Add(fmt.Sprintf("%d MB found; 5 to 1000000 was expected, or 0 for no limit", *mb), mb)
		}
	}
	if c.Sync.Endpoint != "" {
		address(src, &c.Sync.Endpoint)
	}
	if c.Sync.Recent != 0 {
		between(src, &c.Sync.Recent, time.Hour, 8760*time.Hour)
	}
	c.checkSources(src)
	if d := c.Uplink.Dashboard; d != nil && (d.Organisation == "" || d.Network == "") {
		src.Add("organisation and network belong together; one is missing", d, &c.Uplink.Dashboard)
	}
	if p := c.Uplink.OwnPage; p != nil && (p.User == "" || len(p.User) > 64 || strings.ContainsFunc(p.User, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`:"\`, r) })) {
		src.Add("the user of the Cisco box's own page was expected: admin, or its serial number as it is printed on it", &p.User, &c.Uplink.OwnPage)
	}
	c.Uplink.checkSIMs(src)
	c.Status.check(src)
	c.Kiosk.check(src)
	between(src, &c.Session.Length, 10*time.Minute, 24*time.Hour)
	between(src, &c.Session.Idle, time.Second, 6*time.Hour)
	between(src, &c.Power.Countdown, 5*time.Second, time.Hour)
	between(src, &c.Power.Hold, time.Second, time.Hour)
	between(src, &c.Power.StartAfter, 0, time.Minute)
	between(src, &c.Power.StopAfter, 0, time.Minute)
	between(src, &c.Power.Service, time.Hour, 2000*time.Hour)
	between(src, &c.Power.LowLine, 0, 12*time.Hour)
	// They are left by 3 % more, so that much must lie between them.
	switch p := &c.Power; {
	case !(p.Critical >= 0 && p.Critical <= 80):
		src.Add(fmt.Sprintf("%g found; 0 to 80 (%% of charge) was expected", p.Critical), &p.Critical)
	case !(p.Low >= p.Critical+5 && p.Low <= 90):
		src.Add(fmt.Sprintf("low %g and critical %g found; low was expected to be 5 (%% of charge) above critical or more, and at most 90", p.Low, p.Critical), &p.Low, &p.Critical)
	}
}

var (
	// hostName leaves out what has no dot and what is a numeric address: its last
	// label is a number.
	hostName = regexp.MustCompile(`^([\w-]{1,63}\.)+[\w-]{1,63}$`)
	numeric  = regexp.MustCompile(`\.[0-9]+$`)
)

// checkNames checks what the port is called, and what is asked by a name.
func (u *Uplink) checkNames(src *yamlfile.Source) {
	if i := u.Interface; !interfaceName(i) {
		src.Add(fmt.Sprintf("%q found; an interface's name was expected, such as eth0: 1 to 15 bytes without blanks, / and :", i), &u.Interface)
	}
	switch i := u.Public; {
	case i == "":
	case !interfaceName(i):
		src.Add(fmt.Sprintf("%q found; an interface's name was expected, such as uplink0.20: 1 to 15 bytes without blanks, / and :", i), &u.Public)
	case i == u.Interface:
		src.Add(fmt.Sprintf("%q is the way to the internet; the public network has an interface of its own, such as uplink0.20", i), &u.Public)
	}
	// A random label of 8 letters is put before it, and a name has 253 bytes at most.
	if n := u.Name; len(n) > 240 || !hostName.MatchString(n) || numeric.MatchString(n) {
		src.Add(fmt.Sprintf("%q found; a host's name in the DNS was expected, such as one.one.one.one: with a dot, 240 bytes at most, labels of 1 to 63 letters, digits, - and _", n), &u.Name)
	}
	address(src, &u.Check)
	if c, err := url.Parse(u.Check); err == nil && c.User != nil {
		src.Add("a user found in the address; a page for everybody was expected, such as http://host/path", &u.Check)
	}
}

// interfaceName says whether the kernel would take it for one: dev_valid_name.
func interfaceName(s string) bool {
	return s != "" && len(s) <= 15 && s != "." && s != ".." &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == '/' || r == ':' || unicode.IsSpace(r) })
}

// checkStatic checks an address that is not leased.
func (u *Uplink) checkStatic(src *yamlfile.Source) {
	if u.Address == "" {
		if u.Gateway != "" {
			src.Add("a gateway without an address; both belong together, and without them they are leased", &u.Gateway)
		}
		if len(u.DNS) > 0 {
			src.Add("dns without an address; a lease brings its own", &u.DNS)
		}
		return
	}
	own, err := netip.ParsePrefix(u.Address)
	switch {
	case err != nil || !own.Addr().Is4():
		src.Add(fmt.Sprintf("%q found; an address with its net was expected, such as 192.0.2.2/24", u.Address), &u.Address)
		return
	case own.Bits() < 8 || own.Bits() > 30:
		src.Add(fmt.Sprintf("/%d found; a net of /8 to /30 was expected", own.Bits()), &u.Address)
		return
	case !host(own, own.Addr()):
		src.Add(fmt.Sprintf("%s is no host's address in its net %s", own.Addr(), own.Masked()), &u.Address)
		return
	}
	gateway, err := netip.ParseAddr(u.Gateway)
	switch {
	case u.Gateway == "":
		src.Add("an address without a gateway; both belong together, such as gateway: 192.0.2.1", &u.Address)
	case err != nil || !gateway.Is4():
		src.Add(fmt.Sprintf("%q found; an address was expected, such as 192.0.2.1", u.Gateway), &u.Gateway)
	case gateway == own.Addr():
		src.Add("the gateway's address is the box's own", &u.Gateway)
	case !host(own, gateway):
		src.Add(fmt.Sprintf("the gateway %s is no host in the box's net %s", gateway, own.Masked()), &u.Gateway)
	}
	for i := range u.DNS {
		if a, err := netip.ParseAddr(u.DNS[i]); err != nil || !a.Is4() {
			src.Add(fmt.Sprintf("%q found; an address was expected, such as 192.0.2.1", u.DNS[i]), &u.DNS[i])
		}
	}
}

// host says whether a is an address that a host may have in the net: neither its
// first, which names it, nor its last, which means all.
func host(own netip.Prefix, a netip.Addr) bool {
	own = own.Masked()
	return own.Contains(a) && a != own.Addr() && own.Contains(a.Next()) &&
		!a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.IsUnspecified()
}

func (s *Status) check(src *yamlfile.Source) {
	for _, field := range []*string{&s.Listen, &s.Volunteers} {
		_, port, colon := strings.Cut((*field)[strings.LastIndexByte(*field, ']')+1:], ":")
		if _, err := strconv.ParseUint(port, 10, 16); (err != nil || !colon) && (*field != "" || field == &s.Listen) {
			src.Add(fmt.Sprintf("%q found; an address with its port was expected, such as :80", *field), field)
		}
	}
	if s.Volunteers != "" && s.Volunteers == s.Listen && !strings.HasSuffix(s.Listen, ":0") {
		src.Add("volunteers and listen are the same; the volunteers' own door was expected to have another port, or none", &s.Volunteers)
	}
	for i := range s.Hosts {
		name := strings.ToLower(strings.TrimSuffix(s.Hosts[i], "."))
		if !boxName.MatchString(name) || numeric.MatchString("."+name) {
			src.Add(fmt.Sprintf("%q found; a name of the box was expected, such as bus.example.org", s.Hosts[i]), &s.Hosts[i])
		}
		s.Hosts[i] = name
	}
}

// boxName is a host's name, with or without a dot.
var boxName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}\.?)*$`)

// maxSets is how many sets there may be: a reader waits for the turn of the own
// language.
const maxSets = 10

func (k *Kiosk) check(src *yamlfile.Source) {
	flat := 0
	for i := range k.Languages {
		if set := k.Languages[i]; len(set) == 1 && src.Is(&k.Languages[i]) && !src.Is(&set[0]) {
			flat++
		}
	}
	for i := range k.Languages {
		set := &k.Languages[i]
		if flat == 0 && (len(*set) == 0 || len(*set) > 2) {
			src.Add(fmt.Sprintf("%d languages found; one or two fit on a page", len(*set)), set)
		}
		for j := range *set {
			if tag := &(*set)[j]; locales.Get(*tag).Tag != *tag {
				src.Add(fmt.Sprintf("%q found; expected one of: %s", *tag, strings.Join(locales.Tags(), ", ")), tag, set)
			} else if slices.Contains((*set)[:j], *tag) {
				src.Add(fmt.Sprintf("%s a second time", *tag), tag)
			}
		}
	}
	switch n := len(k.Languages); {
	case flat > 0 && flat < n:
		src.Add("languages and lists of them found; either [en, ar] or [[en, ar], [fr, ps]] was expected", &k.Languages)
	case n == 0 || flat > 2:
		src.Add(fmt.Sprintf("%d languages found; one or two fit on a page", n), &k.Languages)
	case n > maxSets:
		src.Add(fmt.Sprintf("%d lists of languages found; at most %d have their turn", n, maxSets), &k.Languages)
	case flat == 2 && k.Languages[0][0] == k.Languages[1][0]:
		src.Add(fmt.Sprintf("%s a second time", k.Languages[0][0]), &k.Languages[1])
	case flat > 0:
		var one Set
		for _, set := range k.Languages {
			one = append(one, set...)
		}
		k.Languages = []Set{one}
	}
}

func (l *Line) check(src *yamlfile.Source) {
	if strings.TrimSpace(l.Line) == "" {
		src.Add("a line is missing here, such as line: GPIO27", l)
	}
	if l.Active != "" {
		oneOf(src, &l.Active, "low", "high")
	}
	if l.Bias != "" {
		oneOf(src, &l.Bias, "pull-up", "pull-down", "none")
	}
	if l.Wiring != "" {
		oneOf(src, &l.Wiring, "level", "pulses")
	}
	if l.Wiring == "pulses" && l.Debounce != 0 {
		src.Add("debounce found beside wiring: pulses; a line is wired one way or the other, and pulses are not debounced", &l.Debounce)
	}
	if l.Debounce < 0 || l.Debounce > time.Second {
		src.Add(fmt.Sprintf("debounce %s found; 1ms to 1s was expected", l.Debounce), &l.Debounce)
	}
}

// most is the largest voltage over the shunt that the monitor measures, in V; 0
// without one. (The driver refuses more.)
func (b Battery) most() float64 {
	return map[string]float64{"ina226": 0.08192, "ina219": 0.32}[b.Monitor]
}

func oneOf(src *yamlfile.Source, field *string, words ...string) {
	for _, w := range words {
		if *field == w {
			return
		}
	}
	src.Add(fmt.Sprintf("%q found; expected one of: %s", *field, strings.Join(words, ", ")), field)
}

func between(src *yamlfile.Source, field *time.Duration, low, high time.Duration) {
	if *field < low || *field > high {
		src.Add(fmt.Sprintf("%s found; %s to %s was expected", *field, low, high), field)
	}
}

// address checks an address. It is noted at the first of the other fields where it
// did not stand in the file by itself.
func address(src *yamlfile.Source, field *string, others ...any) {
	at := append([]any{field}, others...)
	u, err := url.Parse(*field)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		src.Add(fmt.Sprintf("%q found; an address such as http://host/path was expected", *field), at...)
		return
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			src.Add(fmt.Sprintf("port %s found in the address; 1 to 65535 was expected", port), at...)
		}
	}
}

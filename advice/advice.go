// Package advice is what a volunteer should do, judged once from the whole state
// of the van. The pages, the command line and the API say what it says, and
// nothing that would contradict it.
//
// In: the van's state and its options. Out: what should be done, the most urgent
// first; none where nothing is to be done. It is pure.
package advice

import (
	"slices"
	"time"

	"infobus/netmon"
	"infobus/power"
	"infobus/van"
	"infobus/words"
)

// Severity is how bad it is that nobody has done it.
type Severity string

// The severities. Info is a hint: without it all is well.
const (
	Bad  Severity = "bad"
	Warn Severity = "warn"
	Info Severity = "info"
)

// About is the part of the van that a piece of advice is about.
type About string

// The parts of the van.
const (
	Power    About = "power"
	Internet About = "internet"
	Session  About = "session"
	Screen   About = "screen"
	Devices  About = "devices"

	Timetable About = "timetable"
)

// Advice is one thing to do.
type Advice struct {
	Code     string
	Severity Severity
	About    About
	Until    time.Duration // monotonic: by when; 0 where there is no deadline
	Text     words.Text    // one sentence
}

// uplink begins the code of advice about the internet; netmon's code follows.
const uplink = "uplink-"

// row is one rule of the table.
type row struct {
	code  string
	about About
	hides []string // codes that say less once this is said
	judge func(o van.Options, s van.State) (finding, bool)
}

// finding is what a row's judge found.
type finding struct {
	severity Severity
	suffix   string // of the code
	until    time.Duration
	text     words.Text
}

// Of is what should be done, the most urgent first.
func Of(o van.Options, s van.State) []Advice {
	var (
		all    []Advice
		hidden []string
	)
	for _, r := range table {
		f, found := r.judge(o, s)
		if !found || slices.Contains(hidden, r.code) {
			continue
		}
		hidden = append(hidden, r.hides...)
		all = append(all, Advice{Code: r.code + f.suffix, Severity: f.severity, About: r.about, Until: f.until, Text: f.text})
	}
	return all
}

// table holds the rules, the most urgent first.
var table = []row{
	{"shutdown-announced", Power, []string{"battery-low", "start-generator"}, shutdownAnnounced},
	{"battery-low", Power, []string{"start-generator"}, batteryLow},
	{uplink, Internet, nil, uplinkBroken},
	{"generator-unseen", Power, nil, generatorUnseen},
	{"data-short", Internet, nil, dataShort},
	{"screen-failed", Screen, nil, screenFailed},
	{"configuration-refused", Devices, nil, configurationRefused},
	{"timetable-refused", Timetable, nil, timetableRefused},
	{"device-failed", Devices, nil, deviceFailed},
	{"confirm-site", Session, nil, confirmSite},
	{uplink + "unknown", Internet, nil, uplinkUnknown},
	{"start-generator", Session, nil, startGenerator},
}

func say(severity Severity, text words.Text) (finding, bool) {
	return finding{severity: severity, text: text}, true
}

func shutdownAnnounced(_ van.Options, s van.State) (finding, bool) {
	p := s.Power.Shutdown
	if !p.Pending {
		return finding{}, false
	}
	f := finding{severity: Bad, until: p.At}
	switch {
	case p.Reason == "requested":
		f.severity, f.text = Warn, words.T("advice.shutdown-requested")
	case s.Power.Source() == power.SourceGenerator:
		f.text = words.T("advice.shutdown-with-generator")
	default:
		f.text = words.T("advice.shutdown-empty")
	}
	return f, true
}

func batteryLow(_ van.Options, s van.State) (finding, bool) {
	if s.Power.Source() != power.SourceBattery || s.Power.Level != power.Low && s.Power.Level != power.Critical {
		return finding{}, false
	}
	return say(Warn, words.T("advice.battery-low"))
}

// severities of the verdicts that call for something; for each other verdict
// nothing is to be done.
var severities = map[netmon.Verdict]Severity{
	netmon.PortMissing: Bad, netmon.CableUnplugged: Bad, netmon.NoAddress: Bad, netmon.GatewaySilent: Bad, netmon.NoInternet: Bad,
	netmon.CaptivePortal: Bad, netmon.DNSFailing: Bad, netmon.Slow: Warn,
}

func uplinkBroken(_ van.Options, s van.State) (finding, bool) {
	severity, broken := severities[s.Uplink.Verdict]
	switch {
	case !s.GatewayPower.Fitted:
	case s.GatewayPower.Cut == netmon.Saving:
		severity, broken = Warn, true
	case s.GatewayPower.Cut != netmon.Powered:
		severity, broken = Info, true // it comes back by itself
	}
	if !broken {
		return finding{}, false
	}
	return ofUplink(severity, s)
}

// uplinkUnknown: nobody can say that all is well.
func uplinkUnknown(_ van.Options, s van.State) (finding, bool) {
	if s.Uplink.Verdict != netmon.Unknown || s.GatewayPower.Fitted && s.GatewayPower.Cut != netmon.Powered {
		return finding{}, false
	}
	f, found := ofUplink(Warn, s)
	f.suffix = "" // it is in the row's code
	return f, found
}

func ofUplink(severity Severity, s van.State) (finding, bool) {
	return finding{severity: severity, suffix: string(s.Uplink.Verdict), text: UplinkText(s.Uplink.Advice())}, true
}

// UplinkText is the sentence of an advice of netmon's.
func UplinkText(a netmon.Advice) words.Text { return words.T("uplink.advice." + string(a)) }

func generatorUnseen(_ van.Options, s van.State) (finding, bool) {
	if s.Power.Source() != power.SourceUnknown {
		return finding{}, false
	}
	return say(Warn, words.T("advice.generator-unseen"))
}

func dataShort(o van.Options, s van.State) (finding, bool) {
	f := s.Forecast(o)
	if f.Slot == 0 {
		return finding{}, false
	}
	return finding{severity: Warn, text: DataText(f, s.Zone())}, true
}

// DataText is a forecast of the data in a sentence.
func DataText(f netmon.Forecast, zone *time.Location) words.Text {
	t := words.T("uplink.data."+string(f.Enough), "Slot", f.Slot)
	if f.Enough == netmon.EnoughUntil {
		t.Args["At"] = f.Until.In(zone).Format("15:04")
	}
	return t
}

func screenFailed(_ van.Options, s van.State) (finding, bool) {
	if d, ok := s.Device(van.Panel); !ok || d.State != van.DeviceBroken {
		return finding{}, false
	}
	return say(Warn, words.T("advice.screen-failed"))
}

func configurationRefused(_ van.Options, s van.State) (finding, bool) {
	if d, _ := s.Device(van.Configuration); d.State != van.DeviceBroken {
		return finding{}, false
	}
	return say(Warn, words.T("advice.configuration-refused"))
}

func timetableRefused(_ van.Options, s van.State) (finding, bool) {
	if d, _ := s.Device(van.TimetableFile); d.State != van.DeviceBroken {
		return finding{}, false
	}
	if s.Refused == 0 { // it is not there, or cannot be read at all
		return say(Warn, words.T("advice.timetable-missing"))
	}
	return say(Warn, words.T("advice.timetable-refused", "N", s.Refused))
}

func deviceFailed(_ van.Options, s van.State) (finding, bool) {
	own := []string{van.Panel, van.Configuration, van.TimetableFile} // which have rows of their own
	if !slices.ContainsFunc(s.Devices, func(d van.Device) bool { return d.State == van.DeviceBroken && !slices.Contains(own, d.Name) }) {
		return finding{}, false
	}
	return say(Warn, words.T("advice.device-failed"))
}

func confirmSite(_ van.Options, s van.State) (finding, bool) {
	if !s.Session.Active || s.Session.Confirmed || s.Timetable == nil || len(s.Timetable.Sites) == 0 {
		return finding{}, false
	}
	return say(Warn, words.T("advice.confirm-site"))
}

func startGenerator(_ van.Options, s van.State) (finding, bool) {
	if s.Session.Active || s.Power.Source() != power.SourceBattery {
		return finding{}, false
	}
	return say(Info, words.T("advice.start-generator"))
}

package advice

import (
	"math"
	"slices"
	"strings"
	"time"

	"infobus/netmon"
	"infobus/power"
	"infobus/van"
	"infobus/words"
)

// uplink begins the code of advice about the internet; the verdict follows.
const uplink = "uplink-"

// The rows' codes that are named more than once. Those of uplinkBroken and gatewaySaved
// are not said: uplink and the verdict are.
const (
	shutdownAnnounced = "shutdown-announced"
	withoutPower      = "session-without-power"
	batteryLow        = "battery-low"
	keepGenerator     = "battery-low-charging"
	notCharging       = "generator-not-charging"
	uplinkBroken      = "uplink"
	gatewaySaved      = "gateway-saved"
	generatorUnseen   = "generator-unseen"
	sessionUnseen     = "session-unseen"
	dataShort         = "data-short"
	pointDark         = "access-point-dark"
	joiningFails      = "phones-cannot-join"
	clockNotSet       = "clock-not-set"
	deviceFailed      = "device-failed"
	startGenerator    = "start-generator"
	quiet             = "quiet"
	generatorSpeed    = "generator-speed"
	sessionOver       = "session-over"
	confirmSite       = "confirm-site"
	generatorService  = "generator-service"
	timetableRefused  = "timetable-refused"
	cardMemory        = "card-in-memory"
	cardAnew          = "card-data-lost"
	cardSlot          = "card-other-slot"
	generatorStalls   = string(power.Stalls)
	socketsDead       = string(power.SocketsDead)
	monoxide          = string(power.MonoxideAlarm)
)

// aboutGenerators are the codes of what is said of generators and of what they feed.
var aboutGenerators = []string{shutdownAnnounced, withoutPower, socketsDead, gatewaySaved, batteryLow, notCharging, keepGenerator, sessionOver, sessionUnseen,
	generatorUnseen, generatorStalls, generatorSpeed, generatorService}

// table holds the rules, the most urgent first.
var table = rules{
	{code: monoxide, about: Power, act: GetOut, judge: findMonoxide, marks: []About{Power, Session}, hides: aboutGenerators},
	{code: shutdownAnnounced, about: Power, act: StartGenerator, touch: TheGenerator, judge: findShutdown,
		hides: []string{withoutPower, gatewaySaved, batteryLow, generatorService}, forbids: []Claim{InternetWell, SessionWell, ScreenWell, Unplug, Lasts}},
	{code: withoutPower, about: Session, act: StartGenerator, touch: TheGenerator, judge: findWithoutPower, marks: []About{Session, Power},
		hides: []string{batteryLow}, forbids: []Claim{InternetWell, ScreenWell, FullIn}},
	{code: socketsDead, about: Power, act: CheckBreaker, touch: TheCrates, judge: findSocketsDead, marks: []About{Power, Session}},
	{code: gatewaySaved, about: Internet, act: StartGenerator, touch: TheGenerator, judge: findSaved,
		hides: []string{batteryLow, generatorService}},
	{code: batteryLow, about: Power, act: StartGenerator, touch: TheGenerator, judge: findBatteryLow,
		hides: []string{generatorService}, forbids: []Claim{FullIn}},
	{code: notCharging, about: Power, act: CheckCharger, touch: TheCharger, judge: findNotCharging,
		hides: []string{keepGenerator}},
	{code: keepGenerator, about: Power, act: KeepGenerator, touch: TheGenerator, judge: findKeepGenerator, forbids: []Claim{FullIn}},
	{code: sessionOver, about: Session, act: ReopenSession, touch: ThePage, judge: findSessionOver},
	{code: sessionUnseen, about: Session, act: SaySessionOn, touch: ThePage, judge: findSessionUnseen, marks: []About{Session, Power},
		hides: []string{generatorUnseen}},
	{code: uplinkBroken, about: Internet, judge: findUplink},
	{code: "phones-no-address", about: Internet, act: AskPhone, touch: ThePhone, judge: findAsPhone(netmon.PhoneNoAddress, words.T("advice.phones-no-address"), words.T("advice.then.phones-no-address"))},
	{code: "phones-sign-in", about: Internet, act: SignIn, touch: ThePhone, judge: findAsPhone(netmon.PhoneSignIn, words.T("advice.phones-sign-in"), words.T("advice.then.phones-sign-in"))},
	{code: "phones-no-names", about: Internet, act: AskPhone, touch: ThePhone, judge: findAsPhone(netmon.PhoneNoNames, words.T("advice.phones-no-names"), words.T("advice.then.phones-no-names"))},
	{code: "phones-no-page", about: Internet, act: AskPhone, touch: ThePhone, judge: findAsPhone(netmon.PhoneNoPage, words.T("advice.phones-no-page"), words.T("advice.then.phones-no-page"))},
	{code: generatorUnseen, about: Power, act: LookAtGenerator, touch: TheGenerator, judge: findGeneratorUnseen, forbids: []Claim{FullIn}},
	{code: string(power.SenseIsDead), about: Power, act: TellTeam, judge: findSense(power.SenseIsDead, words.T("advice.current-sense-dead"), words.T("advice.then.charge-unknown")), marks: []About{Power}},
	{code: string(power.SenseIsReversed), about: Power, act: TellTeam, judge: findSense(power.SenseIsReversed, words.T("advice.current-sense-reversed"), words.T("advice.then.charge-unknown")), marks: []About{Power}},
	{code: string(power.SenseIsScaled), about: Power, act: TellTeam, judge: findSense(power.SenseIsScaled, words.T("advice.current-sense-scale"), words.T("advice.then.charge-unknown")), marks: []About{Power}},
	{code: string(power.CableFails), about: Power, act: TellTeam, judge: findSense(power.CableFails, words.T("advice.battery-resistance"), words.T("advice.then.battery-resistance")), marks: []About{Power}},
	{code: generatorStalls, about: Power, act: LookAtGenerator, touch: TheGenerator, judge: findStalls},
	{code: generatorSpeed, about: Power, act: UnloadGenerator, touch: TheCrates, judge: findSpeed},
	{code: dataShort, about: Internet, act: TopUp, touch: TheSIM, judge: findDataShort},
	{code: pointDark, about: Internet, act: LookAtPoint, touch: ThePoint, judge: findPointDark},
	{code: joiningFails, about: Internet, act: TellTeam, judge: findJoiningFails},
	{code: clockNotSet, about: Screen, act: SetClock, touch: ThePhone, judge: findClockNotSet},
	{code: "clock-differs", about: Screen, act: SetClock, touch: ThePhone, judge: findClockDiffers},
	{code: "screen-failed", about: Screen, act: TellPeople, judge: findScreenFailed},
	{code: "configuration-refused", about: Devices, act: TellTeam, judge: broken(van.Configuration, words.T("advice.configuration-refused"))},
	{code: cardMemory, about: Devices, act: TellTeam, judge: findCardMemory},
	{code: cardAnew, about: Devices, act: TellTeam, judge: findCardAnew},
	{code: cardSlot, about: Devices, act: TellTeam, judge: findCardSlot},
	{code: "card-late", about: Devices, act: TellTeam, judge: findCardLate},
	{code: "box-says", about: Devices, act: TellTeam, judge: findBoxSays},
	{code: "timetable-none", about: Timetable, act: BringTimetable, touch: ThePage, judge: findTimetableNone, marks: []About{Screen},
		hides: []string{timetableRefused}},
	{code: timetableRefused, about: Timetable, act: TellTeam, judge: findTimetableRefused, marks: []About{Screen}},
	{code: "timetable-unconfirmed", about: Timetable, act: ConfirmHours, touch: ThePage, judge: findTimetableUnconfirmed, marks: []About{Screen},
		hides: []string{"timetable-expiring"}},
	{code: "timetable-waiting", about: Timetable, act: LookAtTimetable, touch: ThePage, judge: findTimetableWaiting},
	{code: "guide-refused", about: Timetable, act: TellTeam, judge: findGuideRefused},
	{code: "guide-waiting", about: Timetable, act: LookAtGuide, touch: ThePage, judge: findGuideWaiting},
	{code: deviceFailed, about: Devices, act: TellTeam, judge: findDeviceFailed},
	{code: "logbook-damaged", about: Devices, act: TellTeam, judge: findLogbookDamaged},
	{code: "phone-copied", about: Devices, act: TellTeam, touch: ThePage, judge: findPhoneCopied},
	{code: quiet, about: Screen, act: EndQuiet, touch: ThePage, judge: findQuiet, hides: []string{confirmSite}},
	{code: confirmSite, about: Session, act: ConfirmSite, touch: ThePage, judge: findSiteUnsaid, marks: []About{Session, Screen}},
	{code: uplink + "unknown", about: Internet, act: AskPhone, touch: ThePhone, judge: findUplinkUnknown, forbids: []Claim{NoInternet}},
	{code: string(power.BatteryWeak), about: Power, act: TellTeam, judge: findWeak},
	{code: generatorService, about: Power, act: ServiceGenerator, touch: TheGenerator, judge: findService},
	{code: "timetable-expiring", about: Timetable, judge: findTimetableExpiring},
	{code: "card-repaired", about: Devices, act: Nothing, judge: findCardRepaired},
	{code: startGenerator, about: Session, act: Nothing, judge: findStartGenerator},
}

// say is a finding without more to it.
func say(severity Severity, text words.Text) (finding, bool) {
	return finding{severity: severity, text: text}, true
}

func none() (finding, bool) { return finding{}, false }

func findShutdown(_ van.Options, s van.State) (finding, bool) {
	p := s.Power.Shutdown
	f := finding{severity: Bad, until: p.At}
	switch {
	case !p.Pending:
		return none()
	case p.Reason == power.Requested && p.Begun:
		f.severity, f.act = Warn, Wait
		f.text, f.then = words.T("advice.shutdown-begun"), words.T("advice.then.shutdown-begun")
	case p.Reason == power.Requested:
		f.severity, f.act, f.touch = Warn, Wait, ThePage
		f.text, f.then = words.T("advice.shutdown-requested"), words.T("advice.then.shutdown-requested")
	case s.Power.Source() == power.SourceGenerator:
		f.act, f.touch, f.text = KeepGenerator, TheGenerator, words.T("advice.shutdown-with-generator")
	default:
		f.text = words.T("advice.shutdown-empty")
	}
	return f, true
}

// powerFinding is what power finds of that code; of several the first.
func powerFinding(o van.Options, s van.State, code power.Code) (power.Finding, bool) {
	for _, f := range s.PowerFindings(o) {
		if f.Code == code {
			return f, true
		}
	}
	return power.Finding{}, false
}

func findMonoxide(o van.Options, s van.State) (finding, bool) {
	if _, is := powerFinding(o, s, power.MonoxideAlarm); !is {
		return none()
	}
	return say(Bad, words.T("advice.carbon-monoxide"))
}

func findSocketsDead(o van.Options, s van.State) (finding, bool) {
	if _, is := powerFinding(o, s, power.SocketsDead); !is {
		return none()
	}
	if s.Session.Active {
		return say(Bad, words.T("advice.sockets-dead"))
	}
	return say(Warn, words.T("advice.sockets-dead"))
}

func findStalls(o van.Options, s van.State) (finding, bool) {
	f, is := powerFinding(o, s, power.Stalls)
	if !is {
		return none()
	}
	return finding{severity: Warn, text: words.T("advice.generator-stalls", "Generator", f.Generator.Number()), then: words.T("advice.then.generator-stalls")}, true
}

// findWithoutPower: the session's generators have stopped, and it ends soon.
func findWithoutPower(o van.Options, s van.State) (finding, bool) {
	f, is := powerFinding(o, s, power.WithoutPower)
	if !is {
		return none()
	}
	return finding{severity: Bad, until: f.Until, text: words.T("advice.session-without-power")}, true
}

// endsWithoutPower is when a session whose generators have stopped ends, monotonic.
func endsWithoutPower(o van.Options, s van.State) time.Duration {
	f, _ := powerFinding(o, s, power.WithoutPower)
	return f.Until
}

// findSense is the judgement of what is wrong with the battery or its monitor.
func findSense(code power.Code, said, then words.Text) func(van.Options, van.State) (finding, bool) {
	return func(o van.Options, s van.State) (finding, bool) {
		if _, is := powerFinding(o, s, code); !is {
			return none()
		}
		return finding{severity: Warn, text: said, then: then}, true
	}
}

func findWeak(o van.Options, s van.State) (finding, bool) {
	share, weak := s.Power.Weak(o.Power)
	if !weak {
		return none()
	}
	return say(Info, words.T("advice.battery-weak", "Percent", math.Round(100*share)))
}

// low says whether the battery's level is low or worse.
func low(s van.State) bool { return s.Power.Level == power.Low || s.Power.Level == power.Critical }

func findBatteryLow(_ van.Options, s van.State) (finding, bool) {
	if s.Power.Source() != power.SourceBattery || !low(s) {
		return none()
	}
	return say(Warn, words.T("advice.battery-low"))
}

func findNotCharging(o van.Options, s van.State) (finding, bool) {
	if _, cold := powerFinding(o, s, power.TooCold); cold {
		f, _ := say(Warn, words.T("advice.too-cold-to-charge"))
		f.act = TellTeam
		return f, true
	}
	switch _, is := powerFinding(o, s, power.NotCharged); {
	case !is:
		return none()
	case low(s):
		return say(Bad, words.T("advice.generator-not-charging-low"))
	}
	return say(Warn, words.T("advice.generator-not-charging"))
}

func findKeepGenerator(_ van.Options, s van.State) (finding, bool) {
	if s.Power.Source() != power.SourceGenerator || s.Power.Level != power.Critical {
		return none()
	}
	return say(Info, words.T("advice.shutdown-with-generator"))
}

// overFor is how long after a session's end a generator that still runs is no finding:
// it is being stopped.
const overFor = 5 * time.Minute

func findSessionOver(_ van.Options, s van.State) (finding, bool) {
	if !s.Session.Over() || s.Power.Source() != power.SourceGenerator {
		return none()
	}
	f := finding{severity: Warn, text: words.T("advice.session-over"), then: words.T("advice.then.session-over")}
	if at := s.Session.Finished; at != 0 && s.Now.Mono-at < overFor {
		f.severity = Info
	}
	return f, true
}

func findSessionUnseen(_ van.Options, s van.State) (finding, bool) {
	if s.Session.Active || !s.Power.Contradicted {
		return none()
	}
	return say(Bad, words.T("advice.session-unseen"))
}

// uplinks are the acts of what netmon found; of what is not here nothing is to be
// done.
var uplinks = map[netmon.Advice]struct {
	severity Severity
	act      Act
	touch    Touch
}{
	netmon.Advice(netmon.PortMissing):         {Bad, PushAdapter, TheAdapter},
	netmon.Advice(netmon.CableUnplugged):      {Bad, PushCable, TheCable},
	netmon.Advice(netmon.NoAddress):           {Bad, AskPhone, ThePhone},
	netmon.Advice(netmon.GatewaySilent):       {Bad, AskPhone, ThePhone},
	netmon.Advice(netmon.NoInternet):          {Bad, MoveAntenna, TheAntenna},
	netmon.Advice(netmon.CaptivePortal):       {Bad, SignIn, ThePhone},
	netmon.Advice(netmon.DNSFailing):          {Bad, AskPhone, ThePhone},
	netmon.Advice(netmon.Slow):                {Warn, SpareData, ""},
	netmon.Advice(netmon.WrongPort):           {Bad, PushCable, TheCable},
	netmon.Advice(netmon.ComesAndGoes):        {Bad, MoveAntenna, TheAntenna},
	netmon.Advice(netmon.Filtered):            {Warn, TellTeam, ""},
	netmon.Advice(netmon.Congested):           {Warn, SpareData, ""},
	netmon.PhonesWork:                         {Warn, Nothing, ""},
	netmon.Restarted:                          {Info, Wait, ""},
	netmon.Stranger:                           {Bad, PushCable, TheCable},
	netmon.CableLoose:                         {Warn, PushCable, TheCable},
	netmon.CableHalf:                          {Warn, ChangeCable, TheCable},
	netmon.RouteLost:                          {Bad, RestartBox, TheBox},
	netmon.Restarting:                         {Info, Wait, ""},
	netmon.Booting:                            {Info, Wait, ""},
	"cut-" + netmon.Advice(netmon.ByRemedy):   {Info, Wait, ""},
	"cut-" + netmon.Advice(netmon.BySelftest): {Info, Wait, ""},
}

func findUplink(o van.Options, s van.State) (finding, bool) {
	what := s.Uplink.Advice()
	switch cut := s.GatewayPower.Cut; {
	case !s.GatewayPower.Fitted:
	case cut != netmon.Powered:
		what = "cut-" + netmon.Advice(cut)
	case strings.HasPrefix(string(what), "cut-"):
		what = netmon.Booting // its power is back in this step
	}
	u, is := uplinks[what]
	if !is {
		return none()
	}
	f := finding{severity: u.severity, code: uplink + string(s.Uplink.Verdict), text: UplinkText(what), then: UplinkThen(what), act: u.act, touch: u.touch}
	if what == netmon.CableLoose && s.Uplink.Verdict == netmon.CableUnplugged {
		f.severity = Bad
	}
	if s.Uplink.Verdict == netmon.NoInternet && what == netmon.Advice(netmon.NoInternet) {
		switch {
		case replies(s):
			return none() // findUplinkUnknown says it
		case s.Forecast(o).Enough == netmon.EnoughNot:
			return none() // findDataShort says it
		}
		f.claims = []Claim{NoInternet}
	} else {
		f.forbids = []Claim{NoInternet}
	}
	return f, true
}

// replies says whether anything came back from beyond the Cisco box in the last round,
// whatever the verdict that still shows.
func replies(s van.State) bool {
	p, fresh := s.Uplink.Probe.Get()
	return fresh && (p.Internet == netmon.Passed || p.HTTP == netmon.Passed || p.DNS == netmon.Passed || p.Direct == netmon.Passed)
}

// findSaved: the box has switched the Cisco box off to save the battery, or is about to
// switch it on again.
func findSaved(_ van.Options, s van.State) (finding, bool) {
	switch {
	case !s.GatewayPower.Fitted || s.GatewayPower.Cut != netmon.Saving:
		return none()
	case !s.Power.SaveGateway(s.Session.Active):
		return finding{severity: Info, code: uplink + string(s.Uplink.Verdict), text: UplinkText(netmon.Booting), act: Wait}, true
	}
	saved := "cut-" + netmon.Advice(netmon.Saving)
	return finding{severity: Warn, code: uplink + string(s.Uplink.Verdict), text: UplinkText(saved), then: UplinkThen(saved)}, true
}

// findUplinkUnknown: nobody can say that all is well.
func findUplinkUnknown(_ van.Options, s van.State) (finding, bool) {
	switch {
	case s.GatewayPower.Fitted && s.GatewayPower.Cut != netmon.Powered, s.Uplink.Advice() == netmon.PhonesWork:
		return none()
	case s.Uplink.Verdict == netmon.NoInternet && replies(s):
		return finding{severity: Warn, text: UplinkText(someReplies), then: UplinkThen(someReplies)}, true
	case s.Uplink.Verdict != netmon.Unknown:
		return none()
	}
	return finding{severity: Warn, text: UplinkText(s.Uplink.Advice())}, true
}

// UplinkText is the sentence of an advice of netmon's.
func UplinkText(a netmon.Advice) words.Text { return words.T("uplink.advice." + string(a)) }

// someReplies is advice where answers come back, and no page.
const someReplies netmon.Advice = "replies"

// UplinkThen is what comes after UplinkText, or where it does not help; zero for
// nothing.
func UplinkThen(a netmon.Advice) words.Text {
	switch a {
	case netmon.Advice(netmon.PortMissing), netmon.Advice(netmon.NoAddress), netmon.Advice(netmon.GatewaySilent), netmon.Advice(netmon.NoInternet),
		netmon.Advice(netmon.CaptivePortal), netmon.Advice(netmon.DNSFailing), netmon.Advice(netmon.Slow), netmon.Advice(netmon.WrongPort),
		netmon.Advice(netmon.ComesAndGoes), netmon.Advice(netmon.Congested), netmon.Stranger, netmon.CableLoose, netmon.RouteLost, netmon.PhonesWork,
		"cut-" + netmon.Advice(netmon.Saving), someReplies:
		return words.T("uplink.then." + string(a))
	}
	return words.Text{}
}

// linesSoon is how long after the sense lines' chip works they may still be unread.
const linesSoon = 15 * time.Second

func findGeneratorUnseen(_ van.Options, s van.State) (finding, bool) {
	d, fitted := s.Device(van.GPIO)
	soon := fitted && (d.State == van.DeviceUnknown || d.State == van.DeviceOK && s.Now.Mono-d.Since < linesSoon)
	if s.Power.Source() != power.SourceUnknown || soon {
		return none()
	}
	return say(Warn, words.T("advice.generator-unseen"))
}

func findSpeed(o van.Options, s van.State) (finding, bool) {
	if _, is := powerFinding(o, s, power.TooSlow); is {
		return say(Warn, words.T("advice.generator-slow"))
	}
	if _, is := powerFinding(o, s, power.TooFast); is {
		f, _ := say(Warn, words.T("advice.generator-fast"))
		f.act = TellTeam
		return f, true
	}
	return none()
}

// turns says whether a generator that runs does so at that speed.
func turns(s van.State, speed power.Speed) bool {
	return slices.ContainsFunc(s.Power.Generators, func(g power.Generator) bool {
		running, ok := g.Running.Get()
		return ok && running && g.Speed == speed
	})
}

func findDataShort(o van.Options, s van.State) (finding, bool) {
	f := s.Forecast(o)
	if f.Slot == 0 {
		return none()
	}
	found := finding{severity: Warn, text: DataText(f, s.Zone())}
	if f.Enough == netmon.EnoughNot && s.Uplink.Verdict == netmon.NoInternet && !replies(s) {
		found.severity = Bad
	}
	if f.Enough == netmon.EnoughUntil {
		found.until = s.Now.Mono + f.Until.Sub(s.Now.Wall)
	}
	return found, true
}

// findAsPhone: the box's own way is well, and by the public network it is as for phones.
func findAsPhone(what netmon.PhoneFinding, text, then words.Text) func(van.Options, van.State) (finding, bool) {
	return func(_ van.Options, s van.State) (finding, bool) {
		if found, cut := s.Uplink.PhonesCut(); !cut || found != what {
			return none()
		}
		return finding{severity: Bad, text: text, then: then}, true
	}
}

// findPointDark: an access point that had power since the session began is not heard of.
func findPointDark(_ van.Options, s van.State) (finding, bool) {
	p, dark := s.Uplink.DarkPoints(s.Now.Mono - s.Session.Since)
	if !dark || !s.Session.Active {
		return none()
	}
	f := finding{severity: Warn, text: words.T("advice.access-point-dark", "N", p.Dark, "Of", p.Alive+p.Dark), then: words.T("advice.then.access-point-dark")}
	if p.Alive == 0 {
		f.severity, f.text = Bad, words.T("advice.access-points-dark")
	}
	return f, true
}

// findJoiningFails: phones do not get onto the Wi-Fi.
func findJoiningFails(_ van.Options, s van.State) (finding, bool) {
	step, j, is := s.Uplink.JoiningFails()
	if !is || !s.Session.Active {
		return none()
	}
	_, failed := j.Fails()
	return finding{severity: Warn, text: words.T("advice.phones-cannot-join."+string(step), "N", failed, "Of", j.Tries())}, true
}

// DataText is a forecast of the data in a sentence.
func DataText(f netmon.Forecast, zone *time.Location) words.Text {
	t := words.T("uplink.data."+string(f.Enough), "Slot", f.Slot)
	if f.Enough == netmon.EnoughUntil {
		t.Args["At"] = f.Until.In(zone).Format("15:04")
	}
	return t
}

// clockSoon is how long after the internet works the time is still on its way.
const clockSoon = 5 * time.Minute

func findClockNotSet(_ van.Options, s van.State) (finding, bool) {
	soon := s.Uplink.Verdict == netmon.Starting || s.Uplink.Verdict.Usable() && s.Now.Mono-s.Uplink.Since < clockSoon
	if s.Clock.Trusted || !s.Session.Active || soon {
		return none()
	}
	return say(Warn, words.T("advice.clock-not-set"))
}

func findClockDiffers(_ van.Options, s van.State) (finding, bool) {
	if s.Clock.Differed == 0 {
		return none()
	}
	return say(Warn, words.T("advice.clock-differs", "Minutes", int(math.Ceil(s.Clock.Differed.Abs().Minutes()))))
}

func findScreenFailed(_ van.Options, s van.State) (finding, bool) {
	if d, ok := s.Device(van.Panel); !ok || d.State != van.DeviceBroken {
		return none()
	}
	if s.Session.Active {
		return say(Warn, words.T("advice.screen-failed"))
	}
	f, _ := say(Warn, words.T("advice.screen-failed-idle"))
	f.act = TellTeam
	return f, true
}

// broken finds a failed device.
func broken(name string, text words.Text) func(van.Options, van.State) (finding, bool) {
	return func(_ van.Options, s van.State) (finding, bool) {
		if d, _ := s.Device(name); d.State != van.DeviceBroken {
			return none()
		}
		return say(Warn, text)
	}
}

func findBoxSays(_ van.Options, s van.State) (finding, bool) {
	if len(s.Notes) == 0 {
		return none()
	}
	return say(Warn, words.T("advice.box-says", "What", s.Notes[0]))
}

func findTimetableRefused(_ van.Options, s van.State) (finding, bool) {
	if d, _ := s.Device(van.TimetableFile); d.State != van.DeviceBroken && s.Refused == 0 {
		return none()
	}
	if s.Refused == 0 { // it is not there, or cannot be read at all
		return say(Warn, words.T("advice.timetable-missing"))
	}
	return finding{severity: Warn, text: words.T("advice.timetable-refused", "N", s.Refused), then: words.T("advice.then.timetable-refused")}, true
}

func findDeviceFailed(_ van.Options, s van.State) (finding, bool) {
	own := []string{van.Panel, van.Configuration, van.Settings, van.TimetableFile, van.MemoryCard} // which have rows of their own
	fails := func(d van.Device) bool { return d.State == van.DeviceBroken && !slices.Contains(own, d.Name) }
	f := finding{severity: Warn}
	i := slices.IndexFunc(s.Devices, func(d van.Device) bool { return fails(d) && d.Keeps() })
	if i >= 0 { // before the others: what it costs nobody sees until the power has gone
		f.then = words.T("advice.then.card-fails")
	} else if i = slices.IndexFunc(s.Devices, fails); i < 0 {
		return none()
	}
	f.text = words.T("advice.device-failed", "Part", words.T("device."+s.Devices[i].Name))
	return f, true
}

func findSiteUnsaid(_ van.Options, s van.State) (finding, bool) {
	if !s.Session.Active || s.Session.Confirmed || s.Timetable == nil || len(s.Timetable.Sites) == 0 {
		return none()
	}
	return say(Warn, words.T("advice.confirm-site"))
}

// findService: between sessions, when there is time for it.
func findService(o van.Options, s van.State) (finding, bool) {
	if s.Session.Active || s.Power.Source() != power.SourceBattery {
		return none()
	}
	f, is := powerFinding(o, s, power.ServiceDue)
	if !is {
		return none()
	}
	n := f.Generator.Number()
	return finding{severity: Info, text: words.T("advice.generator-service", "Generator", n), then: words.T("advice.then.generator-service", "Generator", n)}, true
}

func findStartGenerator(_ van.Options, s van.State) (finding, bool) {
	if s.Session.Active || s.Power.Source() != power.SourceBattery {
		return none()
	}
	return say(Info, words.T("advice.start-generator"))
}

// findQuiet: whoever has it quiet knows it; whoever comes after must learn it.
func findQuiet(_ van.Options, s van.State) (finding, bool) {
	if !s.Quiet {
		return none()
	}
	return say(Info, words.T("advice.quiet"))
}

// copiedFor is how long it is said that a phone's pairing was copied: a session, and the
// evening after it.
const copiedFor = 12 * time.Hour

func findLogbookDamaged(_ van.Options, s van.State) (finding, bool) {
	if s.Sync.Lost == 0 || s.Now.Mono-s.Sync.LostAt >= copiedFor {
		return none()
	}
	return finding{severity: Warn, text: words.T("advice.logbook-damaged"), then: words.T("advice.then.logbook-damaged")}, true
}

func findPhoneCopied(_ van.Options, s van.State) (finding, bool) {
	if s.Copied == 0 || s.Now.Mono-s.Copied >= copiedFor {
		return none()
	}
	return finding{severity: Warn, text: words.T("advice.phone-copied"), then: words.T("advice.then.phone-copied")}, true
}

package logbook

import (
	"fmt"
	"math"
	"regexp"
	"slices"

	"infobus/private"
)

// Field is an attribute that an event may have: a number with a unit, true or
// false, one of some words, or a program's own name.
type Field struct {
	Key   string
	Unit  string   // of a number: "s", "%", …; "1" counts
	Words []string // of an enumeration
	Bool  bool
	// Form is what a name looks like that programs give themselves. What Redact masks
	// in it is none.
	Form *regexp.Regexp
}

// Word lists that several events share.
var (
	verdicts = []string{"unknown", "starting", "port-missing", "cable-unplugged", "wrong-port", "no-address", "gateway-silent",
		"comes-and-goes", "no-internet", "captive-portal", "dns-failing", "filtered", "congested", "slow", "ok"}
	devices = []string{"gpio", "battery", "panel", "interface", "public-network", "cisco-page", "logbook", "gateway", "timetable", "configuration", "settings", "kept", "target", "relay", "clock", "card"}
	// advices are the codes of the room advice, which is above this one; a test there compares.
	advices = []string{"none", "none-yet",
		"carbon-monoxide", "shutdown-announced", "session-without-power", "sockets-dead", "battery-low", "generator-not-charging", "battery-low-charging",
		"session-over", "session-unseen", "generator-unseen", "current-sense-dead", "current-sense-reversed", "current-sense-scale", "battery-resistance",
		"generator-stalls", "generator-speed", "data-short", "access-point-dark", "phones-no-address", "phones-sign-in", "phones-no-names", "phones-no-page", "phones-cannot-join", "clock-not-set", "clock-differs", "screen-failed",
		"configuration-refused", "card-in-memory", "card-data-lost", "card-other-slot", "card-late", "box-says", "timetable-none", "timetable-refused", "timetable-unconfirmed",
		"timetable-waiting", "guide-refused", "guide-waiting", "device-failed", "logbook-damaged", "phone-copied", "confirm-site", "battery-weak", "generator-service", "timetable-expiring",
		"card-repaired", "start-generator", "uplink"}
	levels = []string{"good", "plain", "unknown", "warn", "bad"}
	// A unit as its package installs it, without an instance; and what a program calls messages of a kind.
	unitForm    = regexp.MustCompile(`^(?:kernel|other|[A-Za-z][A-Za-z0-9_.-]{0,60}@?\.(?:service|socket|timer|path|target))$`)
	messageForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

	reasons = []string{"absent", "timeout", "identity", "denied", "full", "error"}
)

// Schema is all that an event may say. What is not in it is never written down.
var Schema = map[Name][]Field{
	GeneratorStarted: {{Key: "generator", Unit: "1"}},
	GeneratorStopped: {{Key: "generator", Unit: "1"}},
	BatteryLevel:     {{Key: "level", Words: []string{"full", "good", "low", "critical", "unknown"}}, {Key: "percent", Unit: "%"}},
	PowerShutdown:    {{Key: "state", Words: []string{"pending", "cancelled", "started"}}, {Key: "reason", Words: []string{"battery-critical", "battery-voltage", "battery-low", "requested"}}},
	PowerSockets:     {{Key: "state", Words: []string{"dead", "live"}}},
	PowerMonoxide:    {{Key: "state", Words: []string{"alarm", "over"}}},
	SessionStarted:   {{Key: "planned_minutes", Unit: "min"}},
	SessionEnded: {{Key: "reason", Words: []string{"planned", "generators-stopped", "volunteer"}}, {Key: "minutes", Unit: "min"},
		{Key: "in_wh", Unit: "Wh"}, {Key: "out_wh", Unit: "Wh"}, {Key: "internet_percent", Unit: "%"}, {Key: "devices", Unit: "1"},
		{Key: "own_bytes", Unit: "B"}},
	UplinkChanged:      {{Key: "verdict", Words: verdicts}, {Key: "previous", Words: verdicts}, {Key: "seconds", Unit: "s"}},
	UplinkFlapping:     {{Key: "losses", Unit: "1"}},
	RemedyTried:        {{Key: "remedy", Words: []string{"link-up", "address-set", "link-bounce", "neighbours-flush", "lease-renew", "gateway-power"}}, {Key: "result", Words: []string{"helped", "no-change", "failed", "refused"}}, {Key: "seconds", Unit: "s"}},
	GatewaySwitched:    {{Key: "power", Words: []string{"on", "off"}}, {Key: "reason", Words: []string{"battery-low", "remedy", "selftest", "session", "generator", "charged", "not-known", "volunteer", "driver"}}, {Key: "seconds", Unit: "s"}},
	KioskRefreshed:     {{Key: "page", Words: []string{"today", "help", "sim", "closing", "clock-not-set", "setting-up", "box"}}, {Key: "cause", Words: []string{"changed", "button", "session-start", "closing", "day", "shutdown"}}, {Key: "rows", Unit: "1"}, {Key: "milliseconds", Unit: "ms"}, {Key: "waveform", Words: []string{"full", "fast", "partial"}}},
	TimetableLoaded:    {{Key: "services", Unit: "1"}, {Key: "rows_today", Unit: "1"}},
	TimetableRejected:  {{Key: "mistakes", Unit: "1"}},
	TimetableCorrected: {{Key: "correction", Words: []string{"confirmed", "cancelled", "full", "hours", "undone", "checked"}}, {Key: "active", Unit: "1"}},
	TimetableWaiting:   {{Key: "changes", Unit: "1"}, {Key: "public", Unit: "1"}, {Key: "hidden", Unit: "1"}},
	TimetablePublished: {{Key: "state", Words: []string{"published", "taken-back"}}},
	TimetableExpiring:  {{Key: "hours", Unit: "1"}, {Key: "of", Unit: "1"}, {Key: "days", Unit: "d"}},
	SyncUploaded:       {{Key: "events", Unit: "1"}, {Key: "bytes", Unit: "B"}},
	LogbookDropped:     {{Key: "events", Unit: "1"}, {Key: "reason", Words: []string{"full", "damaged", "refused", "old", "overflow"}}},
	ClockTrusted:       {{Key: "source", Words: []string{"timesyncd", "rtc", "volunteer", "sim"}}, {Key: "offset_s", Unit: "s"}},
	DeviceFailed:       {{Key: "device", Words: devices}, {Key: "reason", Words: reasons}},
	DeviceRecovered:    {{Key: "device", Words: devices}},
	SystemStarted:      {{Key: "restored", Bool: true}},
	SystemStopping:     {{Key: "reason", Words: []string{"signal", "shutdown"}}},
	PairingEnded:       {{Key: "reason", Words: []string{"copied"}}},
	CardFound: {{Key: "slot", Words: []string{"a", "b"}}, {Key: "why", Words: []string{"good", "trial", "used-up", "kernel", "root", "no-state"}},
		{Key: "data", Words: []string{"mounted", "repaired", "made-anew", "in-memory"}},
		{Key: "reason", Words: []string{"missing", "card-too-small", "damaged", "unreadable", "read-only", "no-mount", "not-made", "unchecked"}}},
	SystemTested: {{Key: "checks", Unit: "1"}, {Key: "failed", Unit: "1"}},
	SystemWarnings: {{Key: "unit", Form: unitForm}, {Key: "priority", Words: []string{"emerg", "alert", "crit", "err", "warning"}},
		{Key: "message_id", Form: messageForm}, {Key: "count", Unit: "1"}},
	AdviceChanged: {{Key: "code", Words: advices}, {Key: "level", Words: levels}},
	VanSummary: {{Key: "state", Words: []string{"parked", "generator", "session", "unknown"}}, {Key: "advice", Words: advices}, {Key: "level", Words: levels},
		{Key: "percent", Unit: "%"}, {Key: "run_minutes", Unit: "min"}, {Key: "sessions", Unit: "1"}},
	VanSampled: {{Key: "minutes", Unit: "min"}, {Key: "percent", Unit: "%"}, {Key: "volts", Unit: "V"}, {Key: "amps", Unit: "A"}, {Key: "generator_percent", Unit: "%"},
		{Key: "internet_percent", Unit: "%"}, {Key: "celsius", Unit: "°C"}, {Key: "board_celsius", Unit: "°C"}, {Key: "memory_mb", Unit: "MB"}},
}

// Admit gives the event with no attribute but those that the schema allows, and
// an error that names those that were taken out, but not their values. An event
// of a name that is not in the schema keeps no attribute at all. What is
// admitted is a copy; numbers are float64 in it.
func Admit(e Event) (Event, error) {
	if private.FiltersOff() {
		return e, nil
	}
	fields, known := Schema[e.Name]
	var refused []string
	if !known {
		refused, e.Name = append(refused, "the event's name"), "unknown"
	}
	attributes := make(map[string]any, len(e.Attributes))
	for key, value := range e.Attributes {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key })
		admitted, ok := any(nil), false
		if i >= 0 {
			admitted, ok = fields[i].admit(value)
		}
		if !ok {
			if i < 0 {
				key = "an unknown attribute"
			}
			refused = append(refused, key)
			continue
		}
		attributes[key] = admitted
	}
	if e.Attributes = attributes; len(attributes) == 0 {
		e.Attributes = nil
	}
	if refused != nil {
		slices.Sort(refused)
		return e, fmt.Errorf("event %s: not admitted: %q", e.Name, refused)
	}
	return e, nil
}

// admit gives the value as it is written down.
func (f Field) admit(value any) (any, bool) {
	switch v := value.(type) {
	case bool:
		return v, f.Bool
	case string:
		return v, slices.Contains(f.Words, v) || f.Form != nil && f.Form.MatchString(v) && private.Redact(v) == v
	case float64:
		return v, f.Unit != "" && !math.IsNaN(v) && !math.IsInf(v, 0)
	case int:
		return float64(v), f.Unit != ""
	case int64:
		return float64(v), f.Unit != ""
	}
	return nil, false
}

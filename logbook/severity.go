package logbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Severity is how bad an event is, in the steps of OpenTelemetry's logs data model.
type Severity int

// The severities that events have.
const (
	SeverityInfo  Severity = 9
	SeverityWarn  Severity = 13
	SeverityError Severity = 17
	SeverityFatal Severity = 21
)

// severities are those of events that are more than information: of all of a name, or
// where an attribute has one of some words.
var severities = map[Name][]struct {
	key   string // "" for all
	words []string
	is    Severity
}{
	PowerMonoxide:     {{"state", []string{"alarm"}, SeverityFatal}},
	PowerShutdown:     {{"state", []string{"pending", "started"}, SeverityWarn}},
	PowerSockets:      {{"state", []string{"dead"}, SeverityError}},
	BatteryLevel:      {{"level", []string{"critical"}, SeverityError}, {"level", []string{"low"}, SeverityWarn}},
	UplinkChanged:     {{"verdict", []string{"ok", "slow", "congested", "starting", "unknown"}, SeverityInfo}, {"", nil, SeverityWarn}},
	UplinkFlapping:    {{"", nil, SeverityWarn}},
	RemedyTried:       {{"result", []string{"failed", "refused"}, SeverityWarn}},
	TimetableRejected: {{"", nil, SeverityWarn}},
	TimetableExpiring: {{"", nil, SeverityWarn}},
	LogbookDropped:    {{"", nil, SeverityError}},
	DeviceFailed:      {{"", nil, SeverityError}},
	PairingEnded:      {{"", nil, SeverityWarn}},
	AdviceChanged:     {{"level", []string{"bad"}, SeverityError}, {"level", []string{"warn"}, SeverityWarn}},
	VanSummary:        {{"level", []string{"bad"}, SeverityError}, {"level", []string{"warn"}, SeverityWarn}},
	SystemWarnings:    {{"priority", []string{"emerg", "alert", "crit", "err"}, SeverityError}, {"", nil, SeverityWarn}},
	CardFound:         {{"data", []string{"made-anew", "in-memory"}, SeverityError}, {"why", []string{"trial"}, SeverityInfo}, {"", nil, SeverityWarn}},
}

// SeverityOf is the event's.
func SeverityOf(e Event) Severity {
	for _, s := range severities[e.Name] {
		word, _ := e.Attributes[s.key].(string)
		if s.key == "" || slices.Contains(s.words, word) {
			return s.is
		}
	}
	return SeverityInfo
}

// Body is the event in words, for who reads records one by one: its name, and what it
// says with units. "battery level: level low, percent 23 %". The day's summary is a
// sentence: "parked, all well, battery 84 %".
func Body(e Event) string {
	if e.Name == VanSummary {
		return summary(e.Attributes)
	}
	said := strings.ReplaceAll(string(e.Name), ".", " ")
	fields := Schema[e.Name]
	at := func(key string) int { return slices.IndexFunc(fields, func(f Field) bool { return f.Key == key }) }
	keys := slices.SortedFunc(maps.Keys(e.Attributes), func(a, b string) int { return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b)) })
	for i, key := range keys {
		sign := ", "
		if i == 0 {
			sign = ": "
		}
		said += sign + strings.ReplaceAll(key, "_", " ") + " " + fmt.Sprint(e.Attributes[key])
		if i := at(key); i >= 0 && fields[i].Unit != "" && fields[i].Unit != "1" {
			said += " " + fields[i].Unit
		}
	}
	return said
}

// summary is the body of the day's summary.
func summary(said map[string]any) string {
	parts := []string{fmt.Sprint(said["state"])}
	if parts[0] == "unknown" || parts[0] == "<nil>" {
		parts[0] = "power unknown"
	}
	switch code, level := said["advice"], said["level"]; {
	case code == nil:
	case level == "good":
		parts = append(parts, "all well")
	case code == "none-yet":
		parts = append(parts, "not all is known")
	default:
		parts = append(parts, strings.ReplaceAll(fmt.Sprint(code), "-", " "))
	}
	for _, figure := range []struct{ key, format string }{
		{"percent", "battery %v %%"}, {"run_minutes", "generators %v min the day before"}, {"sessions", "sessions %v"},
	} {
		if v, ok := said[figure.key]; ok {
			parts = append(parts, fmt.Sprintf(figure.format, v))
		}
	}
	return strings.Join(parts, ", ")
}

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
// says with units. "battery level: level low, percent 23 %".
func Body(e Event) string {
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

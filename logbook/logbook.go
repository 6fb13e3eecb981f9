// Package logbook defines what is written down: the events, their fixed
// attributes, their identity, and what an event may say at all (Admit). Text
// that is no event passes through the room private.
//
// In: Events from van.Step. Out: to logbook/store, which makes them durable and
// numbers them, and from there to logbook/upload. Here live the types and the
// rule of what may be kept; nothing in this folder does I/O.
package logbook

import "time"

// Event is something that happened. Name and the attributes come from a fixed
// list (see Schema): numbers and enumerations, never text from outside, nothing
// about a person, no service's place.
type Event struct {
	// Log and Seq identify the event for ever. Log is drawn at random when a
	// logbook file is made; Seq counts from 1 without a gap and never restarts
	// in that file. The store gives both; they are zero until the event is
	// durable.
	Log string `json:"log"`
	Seq uint64 `json:"seq"`

	Boot string        `json:"boot"`    // the kernel's boot id
	Mono time.Duration `json:"mono_ns"` // when, since that boot
	// At is the wall time; zero while the clock was not trusted.
	At   time.Time `json:"at,omitzero"`
	Name Name      `json:"name"`
	// Attributes holds float64, int, bool or string (one of the enumeration's
	// words), by the attribute's name.
	Attributes map[string]any `json:"attributes,omitempty"`

	// Volatile says that the event is in memory only, since the card takes
	// nothing: then Log is one of this process alone.
	Volatile bool `json:"volatile,omitempty"`
	// Also is LOG/SEQ under which it was sent while it was.
	Also string `json:"also,omitempty"`
}

// Name is the name of a kind of event.
type Name string

const (
	GeneratorStarted   Name = "generator.started"
	GeneratorStopped   Name = "generator.stopped"
	BatteryLevel       Name = "battery.level"
	PowerShutdown      Name = "power.shutdown"
	PowerSockets       Name = "power.sockets"
	PowerMonoxide      Name = "power.monoxide"
	SessionStarted     Name = "session.started"
	SessionEnded       Name = "session.ended"
	UplinkChanged      Name = "uplink.changed"
	UplinkFlapping     Name = "uplink.flapping"
	RemedyTried        Name = "remedy.tried"
	GatewaySwitched    Name = "gateway.switched"
	KioskRefreshed     Name = "kiosk.refreshed"
	TimetableLoaded    Name = "timetable.loaded"
	TimetableRejected  Name = "timetable.rejected"
	TimetableCorrected Name = "timetable.corrected"
	TimetableWaiting   Name = "timetable.waiting"
	TimetablePublished Name = "timetable.published"
	TimetableExpiring  Name = "timetable.expiring"
	SyncUploaded       Name = "sync.uploaded"
	LogbookDropped     Name = "logbook.dropped"
	ClockTrusted       Name = "clock.trusted"
	DeviceFailed       Name = "device.failed"
	DeviceRecovered    Name = "device.recovered"
	SystemStarted      Name = "system.started"
	SystemStopping     Name = "system.stopping"
	PairingEnded       Name = "pairing.ended"
	CardFound          Name = "card.found"
	SystemTested       Name = "system.tested"
	SystemWarnings     Name = "system.warnings"
	AdviceChanged      Name = "advice.changed"
	VanSummary         Name = "van.summary"
	VanSampled         Name = "van.sampled"
)

// TimeAttribute is the attribute in which the time of an event travels, in nanoseconds
// since 1970, whose record has that at which it was sent.
const TimeAttribute = "infobus.time_ns"

// VanAttribute is the resource attribute in which the van's configured name travels.
const VanAttribute = "infobus.van"

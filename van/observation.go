package van

import (
	"infobus/action"
	"infobus/card"
	"infobus/days"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/session"
	"infobus/timetable"
	"infobus/wall"
	"infobus/words"
	"slices"
	"time"
)

// Observation is what a source read, a doer did or somebody asks for, and when. Its
// Value is of one of the types below, an action.Asked, or an input of power, netmon or
// kiosk.
type Observation struct {
	At    reading.Stamp
	Value any
}

type (
	// Tick is the passing of time, sent when State.Wake is due.
	Tick struct{}

	// Started is a process's first observation, with what an earlier one kept.
	Started struct {
		Kept     Kept
		Restored bool // Kept was read back; false: nothing was kept, or it was damaged
	}

	// ClockSeen says whether the wall clock is trusted. Once it is, only a simulated van
	// takes that back.
	ClockSeen struct {
		Trusted bool
		Source  wall.Source
		Set     reading.Reading[time.Duration] // how far the wall clock was set; unknown where nobody saw it
	}

	// ChipSeen is the clock chip, as it was read.
	ChipSeen struct{ wall.Chip }

	// Dated is a moment that has passed, by the date of a file or an answer.
	Dated struct{ At time.Time }

	// TimetableSeen is what is to be shown once a timetable was read: it or, where
	// it was refused for its mistakes, what is left of the last good one; nil: what
	// was in use stays so.
	TimetableSeen struct {
		Timetable *timetable.Timetable
		Mistakes  int
		None      bool // there is nothing to be shown any more
		Others    int  // mistakes of the newest versions of its other sources
	}

	// DeviceSeen is a driver's report of its device.
	DeviceSeen struct {
		Name   string
		OK     bool
		Reason string // absent, timeout, identity, denied, full or error
		Why    string // redacted
	}

	// TemperatureSeen is the temperature at the panel; not OK where it was not measured.
	TemperatureSeen struct {
		Celsius float64
		OK      bool
	}

	// CardSeen is what the initramfs found of the card, observed right after Started. What
	// the box says of itself comes along, as Noted has it: the glass takes nothing new for
	// minutes once it was drawn.
	CardSeen struct {
		card.Report
		Notes []words.Text
	}

	// Recorded says how far the logbook is durable.
	Recorded struct {
		Log          string
		Seq          uint64
		Acknowledged uint64
		Waiting      uint64 // events to be sent, those in memory too
		Lost         uint64 // events that were durable and cannot be read, since the process began
	}

	// Used is how many bytes the box itself used since the process began.
	Used struct{ Bytes int64 }

	// Uploaded is the outcome of an upload.
	Uploaded struct {
		Events  int
		Bytes   int
		Trouble string // redacted; "" if it went well
		Untold  bool   // it is no event: a later one tells of it
	}

	// Tested is the outcome of a self-test, without its last check: that this is recorded.
	Tested struct{ Checks, Failed int }

	// JournalSeen is what the system's journal has of warnings that was not observed before.
	JournalSeen struct{ Kinds []Complaint }

	// PhoneCopied says that a phone's pairing was ended because somebody else had its
	// cookie.
	PhoneCopied struct{}

	// Noted is what the box says of itself to who looks after it, such as the mistakes of
	// its settings; it replaces what was said before.
	Noted struct{ Notes []words.Text }

	// Stop says that the process ends: Reason is signal or shutdown.
	Stop struct{ Reason string }
)

// Effect is something to be done: a kiosk.Draw, a netmon.SwitchRelay, or of one of the
// types below. Whoever does it reports with an Observation.
type Effect any

type (
	// Keep saves what must outlive a power cut.
	Keep struct{ Kept Kept }
	// PowerOff shuts the box down: logbook, panel, then the log-in manager. If that
	// refuses, power.Refused is reported.
	PowerOff struct{}
	// SetClock sets the wall clock to Wall plus what has passed since the monotonic
	// moment Mono, by the word of Source. ClockSeen is reported, or the device WallClock as
	// failed.
	SetClock struct {
		Wall   time.Time
		Mono   time.Duration
		Source wall.Source
	}
	// ChipSet says that the network has set the clock chip: that it once stopped is over.
	ChipSet struct{}
	// Heal tries a remedy of the uplink; netmon.Tried is reported.
	Heal struct{ Remedy netmon.Remedy }
	// Follow starts or stops infobus-generator.target.
	Follow struct{ Running bool }
	// Send sends the logbook's events now.
	Send struct{}
	// Answer is the answer to an action.Asked; the loop gives it to who asked.
	Answer struct{ Refusal action.Refusal }
)

// Output is what a step gives out.
type Output struct {
	list    []logbook.Event
	effects []Effect
}

func (out *Output) event(e logbook.Event)     { out.list = append(out.list, e) }
func (out *Output) events(es []logbook.Event) { out.list = append(out.list, es...) }
func (out *Output) effect(e Effect)           { out.effects = append(out.effects, e) }

// take applies what is van's own: clock, timetable, corrections, devices, logbook.
func (s *State) take(o Options, in Observation, out *Output) {
	now := in.At.Mono
	switch v := in.Value.(type) {
	case Started:
		s.begun = now
		s.restore(o, v.Kept, in.At)
		s.Uplink.Since = now
		out.event(logbook.Event{Name: logbook.SystemStarted, Attributes: map[string]any{"restored": v.Restored}})
	case Advised:
		s.advised(v, out)
	case Sampled:
		s.sampled(v, out)
	case ClockSeen:
		s.clock(o, v, in.At, out)
	case ChipSeen:
		s.chip(o, v.Chip, in.At, out)
	case Dated:
		s.dated(o, v.At, in.At)
	case TimetableSeen:
		refused := v.Timetable == nil && !v.None || v.Mistakes > 0
		s.Refused = v.Mistakes + v.Others
		if refused {
			out.event(logbook.Event{Name: logbook.TimetableRejected, Attributes: map[string]any{"mistakes": v.Mistakes}})
		}
		if v.None && s.file != nil {
			s.file = nil
			s.lay(s.Corrections)
		}
		if v.Timetable != nil && (s.file == nil || s.file.Digest != v.Timetable.Digest) {
			s.file = v.Timetable
			s.lay(s.Corrections)
			if !refused {
				attributes := map[string]any{"services": len(v.Timetable.Services)}
				if s.Clock.Trusted {
					attributes["rows_today"] = len(s.Timetable.Today(in.At.Wall, s.Session.Named()))
				}
				out.event(logbook.Event{Name: logbook.TimetableLoaded, Attributes: attributes})
			}
		}
	case GuideSeen:
		s.Guide = v
	case SourceSeen:
		s.sourceSeen(v, out)
	case TemperatureSeen:
		s.Temperature = reading.Reading[float64]{}
		if v.OK {
			s.Temperature = reading.Of(v.Celsius, now)
		}
	case action.Asked:
		s.act(in.At, v, out)
	case DeviceSeen:
		s.device(v, now, out)
		s.keeping(now)
	case CardSeen:
		s.Notes = v.Notes
		s.card(v.Report, in.At, out)
	case Recorded:
		s.Sync.Log, s.Sync.Seq, s.Sync.Acknowledged, s.Sync.Waiting = v.Log, v.Seq, v.Acknowledged, v.Waiting
		if v.Lost > s.Sync.Lost {
			s.Sync.Lost, s.Sync.LostAt = v.Lost, now
		}
	case Used:
		s.Own = v.Bytes
	case Uploaded:
		s.Sync.Trouble = v.Trouble
		if v.Events > 0 {
			s.Sync.LastUpload = reading.Of(in.At.Wall, now)
		}
		if v.Events > 0 && !v.Untold {
			out.event(logbook.Event{Name: logbook.SyncUploaded, Attributes: map[string]any{"events": v.Events, "bytes": v.Bytes}})
		}
	case Tested:
		out.event(logbook.Event{Name: logbook.SystemTested, Attributes: map[string]any{"checks": v.Checks, "failed": v.Failed}})
	case JournalSeen:
		s.complained(o, v.Kinds, out)
	case Noted:
		s.Notes = v.Notes
	case PhoneCopied:
		s.Copied = now
		out.event(logbook.Event{Name: logbook.PairingEnded, Attributes: map[string]any{"reason": "copied"}})
	case Stop:
		s.Stopping = true
		s.complaintsTold(out)
		out.event(logbook.Event{Name: logbook.SystemStopping, Attributes: map[string]any{"reason": v.Reason}})
	}
}

// restore takes what an earlier process kept.
func (s *State) restore(o Options, k Kept, at reading.Stamp) {
	s.Power.Generators = slices.Clone(s.Power.Generators) // the state before may be read by others
	s.kept, s.keptAt, s.rebooted = k, at.Mono, k.Boot != at.Boot
	if c := k.Charge; c != nil {
		same := k.Boot == at.Boot
		s.Power = s.Power.Resume(o.Power, power.Counted{Percent: c.Percent, Low: c.Low, High: c.High, Learnt: c.Learnt}, at.Mono-c.At, same)
		if !same {
			s.chargeKept, s.startedAt = c.Wall, at.Mono
		}
	}
	for i, g := range k.Generators {
		if i == len(s.Power.Generators) {
			break
		}
		s.Power.Generators[i].Starts = g.Starts
		s.Power.Generators[i].Ran = time.Duration(g.Seconds) * time.Second
		s.Power.Generators[i].Longest = time.Duration(g.Longest) * time.Second
		s.Power.Generators[i].Looked = time.Duration(g.Looked) * time.Second
		if k.Boot == at.Boot {
			// A generator that is found as it was kept has not started again.
			s.Power.Generators[i].Running = reading.Reading[bool]{Value: g.Running, Quality: reading.Stale}
		}
	}
	s.interrupted = k.Interrupted
	switch {
	case k.Boot != at.Boot && k.Session != nil:
		s.interrupted = k.Session
		if k.Interrupted != nil {
			both := k.Interrupted.and(*k.Session)
			s.interrupted = &both
		}
	case k.Boot != at.Boot:
	case k.Session != nil:
		s.Session, s.resumed = k.Session.resumed(), *k.Session
	case k.Over:
		s.Session = session.Ended()
	}
	s.Clock.Memory = k.Clock
	s.Corrections, s.Looked, s.Warned, s.Waits, s.Quiet = k.Corrections, k.Looked, k.Warned, k.Waits, k.Quiet
	s.Summed = k.Summed
	s.Days = days.Restored(k.Days, k.Today, k.Boot == at.Boot)
	if k.Data != nil {
		s.Uplink.Spent = *k.Data
	}
	if k.Traffic != nil {
		s.Uplink.Traffic = *k.Traffic
	}
}

package van

import (
	"slices"
	"time"

	"infobus/card"
	"infobus/logbook"
	"infobus/reading"
	"infobus/words"
)

// card takes what the initramfs found. What is not as it should be is an event, once a
// boot.
func (s *State) card(r card.Report, at reading.Stamp, out *Output) {
	if s.Card = r; r.Late {
		s.Kiosk.Glass = "" // on it stands the initramfs's page, that the box cannot start
	}
	s.device(DeviceSeen{Name: MemoryCard, OK: r.Data.State != card.DataInMemory, Reason: "error", Why: string(r.Data.Why)}, at.Mono, out)
	if !s.rebooted || r.Why == card.WhyGood && r.Data.State == card.DataMounted {
		return
	}
	attributes := map[string]any{}
	for key, word := range map[string]string{"slot": string(r.Slot), "why": string(r.Why), "data": string(r.Data.State), "reason": string(r.Data.Why)} {
		if word != "" {
			attributes[key] = word
		}
	}
	out.event(logbook.Event{Name: logbook.CardFound, Attributes: attributes})
}

// glassNotes are what the box says of itself on the glass: its notes, and then what of its
// card is broken or lost, or takes nothing any more. A repair that lost nothing is no news there.
func (s State) glassNotes() []words.Text {
	notes := slices.Clone(s.Notes)
	switch d := s.Card.Data; {
	case s.DataLost() && d.Why == card.DataTooSmall:
		notes = append(notes, words.T("glass.card-too-small"))
	case s.DataLost():
		notes = append(notes, words.T("glass.card-in-memory"))
	case d.State == card.DataAnew && d.Salvaged > 0, s.DataDropped():
		notes = append(notes, words.T("glass.card-data-saved"))
	case d.State == card.DataAnew:
		notes = append(notes, words.T("glass.card-data-lost"))
	}
	switch s.Card.Why {
	case card.WhyKernel, card.WhyRoot:
		notes = append(notes, words.T("glass.card-other-slot"))
	case card.WhyNoState:
		notes = append(notes, words.T("glass.card-no-state"))
	}
	if s.Card.Late {
		notes = append(notes, words.T("glass.card-late"))
	}
	if s.takesNothing != 0 && s.Now.Mono-s.takesNothing >= diesFor && !s.DataLost() {
		notes = append(notes, words.T("glass.card-fails"))
	}
	return notes
}

// diesFor is how long a card takes nothing before the glass says so: a page costs seconds of
// the screen, and a write that failed once may go through when it is tried again.
const diesFor = 10 * time.Minute

// keeping sees since when the card takes nothing. One that is full is no broken one.
func (s *State) keeping(now time.Duration) {
	fails := slices.ContainsFunc(s.Devices, func(d Device) bool { return d.Keeps() && d.State == DeviceBroken && d.Reason != "full" })
	switch {
	case !fails:
		s.takesNothing = 0
	case s.takesNothing == 0:
		s.takesNothing = now
	}
}

// Keeps says whether a device is one that writes to the card what happens.
func (d Device) Keeps() bool { return d.Name == Logbook || d.Name == "kept" }

// DataDropped says whether the repair of what was kept took some of it away.
func (s State) DataDropped() bool {
	return s.Card.Data.State == card.DataRepaired && s.Card.Data.Why == card.DataBroken
}

// DataLost says whether what is written is lost when the power goes.
func (s State) DataLost() bool { return s.Card.Data.State == card.DataInMemory }

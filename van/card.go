package van

import (
	"infobus/card"
	"infobus/logbook"
	"infobus/reading"
)

// card takes what the initramfs found. What is not as it should be is an event, once a
// boot.
func (s *State) card(r card.Report, at reading.Stamp, out *Output) {
	s.Card = r
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

// DataLost says whether what is written is lost when the power goes.
func (s State) DataLost() bool { return s.Card.Data.State == card.DataInMemory }

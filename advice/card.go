package advice

import (
	"infobus/card"
	"infobus/van"
	"infobus/words"
)

// findCardMemory: the box runs, and what it writes is lost when the power goes.
func findCardMemory(_ van.Options, s van.State) (finding, bool) {
	if !s.DataLost() {
		return none()
	}
	f := finding{severity: Warn, text: words.T("advice.card-in-memory"), then: words.T("advice.then.card-in-memory")}
	if s.Card.Data.Why == card.DataTooSmall {
		f.text = words.T("advice.card-too-small")
	}
	return f, true
}

// findCardAnew: what the box had kept could not be repaired, or not all of it.
func findCardAnew(_ van.Options, s van.State) (finding, bool) {
	if s.Card.Data.State != card.DataAnew && !s.DataDropped() {
		return none()
	}
	f := finding{severity: Warn, text: words.T("advice.card-data-lost"), then: words.T("advice.then.card-data-lost")}
	if s.Card.Data.Salvaged > 0 || s.DataDropped() {
		f.text, f.then = words.T("advice.card-data-saved"), words.T("advice.then.card-data-saved")
	}
	return f, true
}

// findCardSlot: one of the card's two systems does not start.
func findCardSlot(_ van.Options, s van.State) (finding, bool) {
	switch s.Card.Why {
	case card.WhyUsedUp:
		return finding{severity: Warn, text: words.T("advice.card-update-undone")}, true
	case card.WhyKernel, card.WhyRoot:
		return finding{severity: Warn, text: words.T("advice.card-other-slot"), then: words.T("advice.then.card-other-slot")}, true
	case card.WhyNoState:
		return finding{severity: Warn, text: words.T("advice.card-other-slot"), then: words.T("advice.then.card-no-state")}, true
	}
	return none()
}

// findCardLate: the card was not there when the box started.
func findCardLate(_ van.Options, s van.State) (finding, bool) {
	if !s.Card.Late {
		return none()
	}
	return finding{severity: Warn, text: words.T("advice.card-late"), then: words.T("advice.then.card-late")}, true
}

// findCardRepaired: what of the last minutes before a power cut is missing may be missed.
func findCardRepaired(_ van.Options, s van.State) (finding, bool) {
	if s.Card.Data.State != card.DataRepaired || s.DataDropped() { // findCardAnew says it
		return none()
	}
	return say(Info, words.T("advice.card-repaired"))
}

package advicetest

import "infobus/card"

// cards are what the initramfs may have found of the card.
var cards = map[string]card.Report{
	"well":     found(card.WhyGood, card.DataMounted),
	"memory":   found(card.WhyGood, card.DataInMemory),
	"lost":     found(card.WhyGood, card.DataAnew),
	"repaired": found(card.WhyGood, card.DataRepaired),
	"slot":     found(card.WhyRoot, card.DataMounted),
	"undone":   found(card.WhyUsedUp, card.DataMounted),
	"state":    found(card.WhyNoState, card.DataMounted),
	"late":     late(found(card.WhyGood, card.DataMounted)),
}

func late(r card.Report) card.Report {
	r.Late = true
	return r
}

func found(why card.Why, data card.DataState) card.Report {
	return card.Report{Version: card.ReportVersion, Slot: card.A, Why: why, State: card.BothRight, Root: card.RootChecked, Data: card.Data{State: data}}
}

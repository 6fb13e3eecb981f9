package server

import (
	"infobus/power"
	"infobus/status"
)

// action is something that a volunteer may ask for. Ask is a question before
// it, "" for none; Done is said when it was taken up.
type action struct{ Name, Word, Ask, Done string }

// actions are those that make sense just now, the most urgent first.
func actions(v status.View) []action {
	var all []action
	if v.Power.Shutdown.Pending {
		all = append(all, action{Name: "cancel-shutdown", Word: "Do not switch off", Done: "The box stays on for now."})
	}
	all = append(all,
		action{Name: "sync", Word: "Send logs", Done: "The logs are being sent."},
		action{Name: "refresh-screen", Word: "Draw the screen again", Done: "The screen will be drawn again."},
		action{Name: "show-today", Word: "Screen: today", Done: "The screen will show today’s services."},
		action{Name: "show-help", Word: "Screen: emergency numbers", Done: "The screen will show emergency numbers."},
		action{Name: "show-sim", Word: "Screen: SIM cards", Done: "The screen will show what SIM cards are worth."})
	if supply := v.Uplink.Supply; v.Power.Holding || supply.OffAt != nil || supply.Reason == "battery-low" {
		all = append(all, action{Name: "carry-on", Word: "Do everything all the same", Done: "The box does everything, though its battery is low."})
	}
	if !v.Session.Active && v.Power.Source == power.SourceBattery && !v.Power.Shutdown.Pending {
		all = append(all, action{Name: "power-off", Word: "Switch the box off", Ask: "Switch the box off?", Done: "The box switches off in a moment."})
	}
	if v.Session.Active {
		all = append(all, action{Name: "longer", Word: "Half an hour longer", Done: "The session ends half an hour later."})
		all = append(all, action{Name: "end-session", Word: "End the session", Ask: "End the session for everybody?", Done: "The session is ended."})
	}
	return all
}

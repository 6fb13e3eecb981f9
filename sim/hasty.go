package sim

import (
	"time"

	"infobus/netmon"
	"infobus/timetable"
	"infobus/van"
)

// Hasty is o for a van on a desk, which shows everything within seconds. Its session
// is held at the first of the timetable's sites, unless one is configured.
func Hasty(o van.Options, t *timetable.Timetable) van.Options {
	o.Uplink = netmon.SimOptions()
	o.Uplink.SaveAfter, o.Uplink.SaveAgain = 2*time.Second, 10*time.Second
	o.ComplainEvery = 2 * time.Second
	o.Kiosk.Retry = 2 * time.Second
	o.Power.LevelHold = min(o.Power.LevelHold, 2*time.Second)
	o.Power.LowHold = min(o.Power.LowHold, 5*time.Second)
	o.Power.CancelHold = min(o.Power.CancelHold, 10*time.Second)
	o.Power.Rest = 2 * time.Second
	o.Power.StartAfter, o.Power.StopAfter = 0, 0
	o.Power.Chemistry.Surface, o.Power.Chemistry.Sag = 0, 0 // the simulated battery has neither
	o.Power.Measured = o.Power.Capacity                     // and holds what its label says
	if o.Session.Site == "" && t != nil && len(t.Sites) > 0 {
		o.Session.Site = t.Sites[0].ID
	}
	return o
}

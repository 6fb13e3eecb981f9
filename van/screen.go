package van

import (
	"cmp"
	"time"

	"infobus/kiosk"
	"infobus/logbook"
)

// temperatureAge is how old the panel's temperature may be: it changes slowly.
const temperatureAge = 15 * time.Minute

// redrawAfter is how long a refresh may take before it counts as lost.
const redrawAfter = 2 * time.Minute

// screen decides what the public screen should show, and when. A session and a
// trusted clock are what it takes to show anything new: what stands on the
// glass stays true without them.
func (s *State) screen(o Options, was State, value any, out *Output) {
	k, now := &s.Kiosk, s.Now.Mono
	switch v := value.(type) {
	case Drawn:
		k.Drawing = false
		if v.Waveform == "" { // the panel was not refreshed
			k.Wear = k.Rested
		}
		if v.Err {
			k.Stale, k.NextAt = false, now+o.Kiosk.Retry
			break
		}
		k.Wear = k.Wear.Refreshed(now, v.Waveform)
		k.Shown, k.Glass = v.Page, v.Page.Identity()
		if k.Stale && k.Cause == kiosk.Button {
			k.Glass = "" // asked for in the meantime
		}
		k.Stale = true
		out.event(logbook.Event{Name: logbook.KioskRefreshed, Attributes: map[string]any{
			"page": string(v.Page.Name), "cause": string(v.Cause), "rows": len(v.Page.Rows), "milliseconds": v.Took.Milliseconds(),
			"waveform": string(v.Waveform)}})
		if k.Cause == v.Cause {
			k.Cause = kiosk.Changed
		}
	case Refresh:
		k.Stale, k.Cause, k.Glass = true, kiosk.Button, ""
	}
	if s.Session.Active != was.Session.Active || s.Session.Site != was.Session.Site {
		k.Stale = true
		if s.Session.Active {
			k.Cause = kiosk.SessionStart
		}
	}
	if k.NextAt != 0 && now >= k.NextAt {
		k.NextAt, k.Stale, k.Drawing = 0, true, false
	}
	if !k.Stale || k.Drawing {
		return
	}
	k.Stale, k.NextAt = false, 0
	if _, panel := s.Device(Panel); !panel || !s.Session.Active || !s.Clock.Trusted || s.Timetable == nil {
		return
	}
	page := o.Kiosk.Pages(kiosk.Today, kiosk.Input{Timetable: s.Timetable, Site: s.Session.Site, Now: s.Now.Wall})[0]
	why := cmp.Or(k.Cause, kiosk.Changed)
	if page.Identity() == k.Glass {
		due := k.Wear.Due()
		if due == 0 || now < due {
			k.NextAt = now + s.Timetable.NextChange(s.Now.Wall).Sub(s.Now.Wall)
			if due != 0 {
				k.NextAt = min(k.NextAt, due)
			}
			return
		}
		why = kiosk.Day
	}
	wave, next := k.Wear.Plan(now, why, s.Temperature.Aged(now, temperatureAge))
	if wave == "" {
		k.NextAt = next
		return
	}
	// A power cut during the refresh leaves neither page on the glass.
	k.Drawing, k.Glass, k.NextAt = true, "", now+redrawAfter
	k.Rested, k.Wear = k.Wear, k.Wear.Begun(now, wave, why)
	out.effect(Draw{Page: page, Cause: why, Waveform: wave})
}

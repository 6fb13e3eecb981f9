package van

import (
	"time"

	"infobus/kiosk"
	"infobus/logbook"
)

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
		if v.Err {
			k.Stale, k.NextAt = false, now+o.Kiosk.Retry
			break
		}
		k.Wear = k.Wear.Refreshed(now)
		k.Shown, k.Glass = v.Page, v.Page.Identity()
		if k.Stale && k.Cause == kiosk.Button {
			k.Glass = "" // asked for in the meantime
		}
		k.Stale = true
		out.event(logbook.Event{Name: logbook.KioskRefreshed, Attributes: map[string]any{
			"page": string(v.Page.Name), "cause": string(v.Cause), "rows": len(v.Page.Rows), "milliseconds": v.Took.Milliseconds()}})
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
	if page.Identity() == k.Glass {
		k.NextAt = now + s.Timetable.NextChange(s.Now.Wall).Sub(s.Now.Wall)
		return
	}
	allowed, next := k.Wear.Allow(now, k.Cause)
	if !allowed {
		k.NextAt = next
		return
	}
	// A power cut during the refresh leaves neither page on the glass.
	k.Drawing, k.Glass, k.NextAt = true, "", now+redrawAfter
	out.effect(Draw{Page: page, Cause: k.Cause})
}

package van

import (
	"infobus/kiosk"
	"infobus/logbook"
)

// screen has kiosk decide what the public screen shows, and tells power when its last
// page is done.
func (s *State) screen(o Options, input any, out *Output) {
	in := kiosk.Input{
		Seen:        input,
		Timetable:   s.Timetable,
		Session:     kiosk.Session{Active: s.Session.Active, Since: s.Session.Since, Site: s.Session.Named()},
		StoppedAt:   s.Power.StoppedAt(),
		PowerOff:    s.Power.Shutdown.Begun,
		Temperature: s.Temperature,
		Quiet:       s.Quiet,
		Notes:       s.glassNotes(),
		Phone:       s.Visitors(o),
	}
	if s.Clock.Trusted {
		in.Wall = s.Now.Wall
	}
	if d, fitted := s.Device(Panel); fitted && d.State == DeviceBroken {
		in.Panel = kiosk.PanelFailed
	} else if fitted {
		in.Panel = kiosk.PanelOK
	}
	var (
		events []logbook.Event
		draw   *kiosk.Draw
	)
	s.Kiosk, events, draw = kiosk.Step(o.Kiosk, s.Kiosk, in, s.Now.Mono)
	out.events(events)
	if draw != nil {
		out.effect(*draw)
	}
	var off bool
	if s.Power, off = s.Power.Leave(s.Kiosk.LastPageDone); off {
		out.effect(PowerOff{})
	}
}

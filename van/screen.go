package van

import (
	"infobus/kiosk"
	"infobus/logbook"
)

// screen has kiosk decide what the public screen shows. PowerOff waits until its last
// page is done.
func (s *State) screen(o Options, input any, out *Output) {
	in := kiosk.Input{
		Seen:        input,
		Timetable:   s.Timetable,
		Session:     kiosk.Session{Active: s.Session.Active, Since: s.Session.Since, Site: s.Session.Named()},
		StoppedAt:   s.Power.StoppedAt(),
		PowerOff:    s.Power.Shutdown.Begun,
		Temperature: s.Temperature,
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
	if s.Kiosk.LastPageDone && !s.Power.Shutdown.HandedOver {
		s.Power.Shutdown.HandedOver = true
		out.effect(PowerOff{})
	}
}

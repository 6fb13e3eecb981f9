package status

import "infobus/words"

// Says is by whose word the time is believed, where that is no time server's; "" where
// nothing is to be said.
func (c Clock) Says(s *words.Speaker) string {
	switch {
	case c.Source == "rtc" && c.WithinS != nil:
		return s.Say("tile.time.by-rtc", "Seconds", *c.WithinS)
	case c.Source == "volunteer" && c.Now != nil:
		return s.Say("tile.time.by-volunteer", "At", hour(c.Now), "Zone", c.Zone)
	}
	return ""
}

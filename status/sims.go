package status

import (
	"math"

	"infobus/words"
)

// Card is a SIM card with what was bought for it, and a bar of how much of that
// was used; Percent is below 0 where it is not known. Mood is the bar's colour:
// good, warn, bad or unknown.
type Card struct {
	Name, Mood string
	Percent    int
	Lines      []string
}

func (c *Card) add(line string) { c.Lines = append(c.Lines, line) }

// simCards are the SIM cards, and a sentence about the data.
func simCards(v View, s *words.Speaker) (cards []Card, data string) {
	c := v.Uplink.Cellular
	if c == nil || len(c.SIMs) == 0 {
		return nil, ""
	}
	bought := false
	for _, sim := range c.SIMs {
		one := Card{Name: s.Say("sim.name", "Slot", sim.Slot), Mood: "unknown", Percent: -1}
		switch {
		case sim.Active:
			one.Name = s.Say("sim.in-use", "Slot", sim.Slot)
		case sim.Order != nil && *sim.Order == 1:
			one.Name = s.Say("sim.first", "Slot", sim.Slot)
		}
		if sim.Bundle != nil && sim.Used != nil {
			used, bundle := float64(*sim.Used), float64(*sim.Bundle)
			one.Percent = int(min(100*used/bundle, 100))
			one.Mood = "good"
			if c.TopUp != nil && *c.TopUp == sim.Slot {
				one.Mood = "warn"
			}
			if used >= bundle {
				one.Mood = "bad"
			}
			one.add(s.Say("sim.used", "Used", volume(used, s), "Bundle", volume(bundle, s), "Said", CloudSaid(sim.AgeS, s)))
		} else if sim.Bundle != nil {
			one.add(s.Say("sim.used-unknown", "Bundle", volume(float64(*sim.Bundle), s)))
		}
		if sim.Bundle != nil {
			bought = true
			if sim.Renews != nil {
				one.add(s.Say("sim.renews", "Date", dayOfYear(*sim.Renews)))
			}
		}
		cards = append(cards, one)
	}
	if len(c.SIMs) > 1 && c.Failover != nil {
		cards[len(cards)-1].add(s.Text(failover(*c)))
	}
	if bought {
		data = c.Advice
	}
	return cards, data
}

// failover is what the gateway does when the first SIM card has no connection.
func failover(c Cellular) words.Text {
	switch {
	case !*c.Failover:
		return words.T("sim.stays")
	case c.FailoverS == nil:
		return words.T("sim.takes-other")
	}
	span := words.T("span.seconds", "N", int(math.Round(*c.FailoverS)))
	if minutes := *c.FailoverS / 60; minutes >= 1.5 {
		span = words.T("span.minutes", "N", int(math.Round(minutes)))
	}
	return words.T("sim.takes-other-after", "Span", span)
}

// volume is bytes as operators count: 12.4 GB, 320 MB.
func volume(bytes float64, s *words.Speaker) string {
	if bytes >= 1e9 {
		return s.Say("volume.gigabytes", "Number", s.Number(bytes/1e9, 1))
	}
	return s.Say("volume.megabytes", "Number", s.Number(bytes/1e6, 0))
}

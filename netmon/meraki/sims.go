package meraki

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"infobus/netmon"
)

// slots are the API's names of a gateway's SIM slots: the MG41E has two, and the
// cloud names a third where there is an embedded card.
var slots = map[string]int{"sim1": 1, "sim2": 2, "sim3": 3}

// errActive is why nothing is foretold of the data: the cloud does not say which
// card carries it. The use of the cards may tell (netmon.Traffic).
var errActive = fmt.Errorf("%w: which SIM card is in use is not said", ErrAnswer)

// sims is the order of the SIM cards. Of the cards' numbers and the operators'
// passwords, which stand beside it, nothing is decoded.
type sims struct {
	SIMs []struct {
		Slot    string  `json:"slot"`
		Primary bool    `json:"isPrimary"`
		Status  *string `json:"status"` // nil: not said
	} `json:"sims"`
	Order    []string `json:"simOrdering"`
	Failover *struct {
		Enabled *bool  `json:"enabled"`
		Timeout amount `json:"timeout"` // s
	} `json:"simFailover"`
}

// judge puts into v what the cloud says of the cards. It errs where none of several
// cards has a state, with v as good as it can be.
func (s sims) judge(v *netmon.Cellular) error {
	var active []int
	said := false
	for _, card := range s.SIMs {
		slot := slots[card.Slot]
		if slot == 0 || slices.ContainsFunc(v.SIMs, func(c netmon.SIM) bool { return c.Slot == slot }) {
			continue
		}
		sim := netmon.SIM{Slot: slot, Used: -1, Order: slices.Index(s.Order, card.Slot) + 1}
		if len(s.Order) == 0 && card.Primary {
			sim.Order = 1
		}
		if card.Status != nil {
			said = true
			if word(*card.Status, statuses) == "active" {
				active = append(active, slot)
			}
		}
		v.SIMs = append(v.SIMs, sim)
	}
	if len(active) == 1 {
		v.SIM = active[0]
	}
	if !said && len(s.SIMs) == 1 && len(v.SIMs) == 1 {
		v.SIM = v.SIMs[0].Slot
	}
	// Of two cards, who is not the first is the second.
	if len(v.SIMs) == 2 && v.SIMs[0].Order+v.SIMs[1].Order == 1 {
		for i := range v.SIMs {
			v.SIMs[i].Order = 2 - v.SIMs[i].Order
		}
	}
	slices.SortFunc(v.SIMs, func(a, b netmon.SIM) int { return cmp.Compare(a.Slot, b.Slot) })
	if f := s.Failover; f != nil && f.Enabled != nil {
		v.Failover = netmon.Failover{Known: true, On: *f.Enabled}
		if f.Timeout > 0 && f.Timeout <= 24*3600 {
			v.Failover.After = time.Duration(float64(f.Timeout) * float64(time.Second))
		}
	}
	if !said && len(v.SIMs) > 1 {
		return errActive
	}
	return nil
}

// history is how much each SIM card used, by days.
type history struct {
	Items []struct {
		Intervals []struct {
			End   moment `json:"endTs"`
			Usage struct {
				BySIM []struct {
					Name  string `json:"name"`
					Total amount `json:"total"` // bytes
				} `json:"bySim"`
			} `json:"usage"`
		} `json:"intervals"`
	} `json:"items"`
}

// judge puts into v how much of each bundle was used in its period: the days
// that ended after it began. Where the cloud names a card on no day, its use is
// unknown.
func (h history) judge(bundles []netmon.Bundle, wall time.Time, v *netmon.Cellular) error {
	if len(h.Items) != 1 {
		return fmt.Errorf("%w: %d gateways where one was asked for", ErrAnswer, len(h.Items))
	}
	for _, b := range bundles {
		began := b.Began(wall)
		sum, named := 0.0, false
		for _, day := range h.Items[0].Intervals {
			for _, s := range day.Usage.BySIM {
				if slots[s.Name] != b.Slot {
					continue
				}
				if day.End.IsZero() || !(s.Total >= 0) {
					return fmt.Errorf("%w: a day without its time or total", ErrAnswer)
				}
				if !day.End.After(began) {
					continue
				}
				sum, named = sum+float64(s.Total), true
			}
		}
		if !named || sum >= math.MaxInt64/2 {
			continue
		}
		i := slices.IndexFunc(v.SIMs, func(s netmon.SIM) bool { return s.Slot == b.Slot })
		if i < 0 {
			i, v.SIMs = len(v.SIMs), append(v.SIMs, netmon.SIM{Slot: b.Slot})
		}
		v.SIMs[i].Used, v.SIMs[i].Period = int64(sum), began
	}
	v.Asked = wall
	return nil
}

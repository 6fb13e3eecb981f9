package advice

import (
	"slices"
	"testing"

	"infobus/card"
	"infobus/van"
	"infobus/words"
)

// Each verdict of the initramfs, and what the page says of it: the failure table's last
// column.
func TestThePageSaysWhatIsWrongWithTheCard(t *testing.T) {
	data := func(state card.DataState, why card.DataWhy, salvaged int) card.Report {
		return card.Report{Version: 1, Slot: card.A, Why: card.WhyGood, State: card.BothRight, Root: card.RootChecked,
			Data: card.Data{State: state, Why: why, Salvaged: salvaged}, Setting: card.FileFound}
	}
	why := func(w card.Why) card.Report {
		r := data(card.DataMounted, card.DataAsLeft, 0)
		r.Why = w
		return r
	}
	late := data(card.DataMounted, card.DataAsLeft, 0)
	late.Late = true
	const (
		broken  = "Tell the team: the box’s memory card is broken."
		damaged = "Tell the team: a part of the box’s memory card is damaged."
	)
	for _, c := range []struct {
		name   string
		report card.Report
		code   string
		level  Severity
		says   string
	}{
		{"not on a card of its own", card.Report{}, "", "", ""},
		{"all is well", data(card.DataMounted, card.DataAsLeft, 0), "", "", ""},
		{"a slot is on trial", why(card.WhyTrial), "", "", ""},
		{"the card takes no writes", data(card.DataInMemory, card.DataReadOnly, 3), "card-in-memory", Warn, broken},
		{"the card gives errors", data(card.DataInMemory, card.DataNoRead, 0), "card-in-memory", Warn, broken},
		{"there is no data partition", data(card.DataInMemory, card.DataMissing, 0), "card-in-memory", Warn, broken},
		{"data cannot be mounted", data(card.DataInMemory, card.DataNoMount, 0), "card-in-memory", Warn, broken},
		{"data cannot be made", data(card.DataInMemory, card.DataNotMade, 0), "card-in-memory", Warn, broken},
		{"the card is too small", data(card.DataInMemory, card.DataTooSmall, 0), "card-in-memory", Warn, "Tell the team: the box’s memory card is too small."},
		{"data was lost", data(card.DataAnew, card.DataBroken, 0), "card-data-lost", Warn, "Tell the team: what the box had kept was damaged, and is lost."},
		{"some of the data was saved", data(card.DataAnew, card.DataBroken, 5), "card-data-lost", Warn, "Tell the team: what the box had kept was damaged; not all could be saved."},
		{"data was repaired", data(card.DataRepaired, card.DataAsLeft, 0), "card-repaired", Info, "The box’s memory card was repaired after the last power cut."},
		{"the other kernel is damaged", why(card.WhyKernel), "card-other-slot", Warn, damaged},
		{"the other root is damaged", why(card.WhyRoot), "card-other-slot", Warn, damaged},
		{"both copies of the state are damaged", why(card.WhyNoState), "card-other-slot", Warn, damaged},
		{"the card came late", late, "card-late", Warn, "Tell the team: the box found its memory card late."},
		{"an update did not prove good", why(card.WhyUsedUp), "card-other-slot", Warn, "Tell the team: the update did not work, and the box runs as before it."},
	} {
		o, s := good(t)
		s.Card = c.report
		if c.report.Data.State == card.DataInMemory {
			s.Devices = append(s.Devices, van.Device{Name: van.MemoryCard, State: van.DeviceBroken})
		}
		rows := Judge(o, s).Rows
		i := slices.IndexFunc(rows, func(a Advice) bool { return a.About == Devices })
		if c.code == "" {
			if len(rows) != 0 {
				t.Errorf("%s: %+v", c.name, rows)
			}
			continue
		}
		if i < 0 || len(rows) != 1 || rows[i].Code != c.code || rows[i].Severity != c.level || words.Shipped().In("en").Text(rows[i].Text) != c.says {
			t.Errorf("%s: %+v, want %s %q", c.name, rows, c.code, c.says)
		}
	}
}

package van_test

import (
	"testing"
	"time"

	"infobus/card"
	"infobus/logbook"
	"infobus/reading"
	"infobus/van"
)

// What is not as it should be is an event, once a boot, and the card a device that fails
// where what is written is lost.
func TestWhatIsFoundOfTheCardIsToldOnceABoot(t *testing.T) {
	report := func(why card.Why, data card.Data) card.Report {
		return card.Report{Version: 1, Slot: card.B, Why: why, State: card.BothRight, Root: card.RootChecked, Data: data}
	}
	for _, c := range []struct {
		name   string
		report card.Report
		boot   string // of the process that kept something last
		told   map[string]any
		state  van.DeviceState
	}{
		{"all is well", report(card.WhyGood, card.Data{State: card.DataMounted}), "before", nil, van.DeviceOK},
		{"the data is in memory", report(card.WhyGood, card.Data{State: card.DataInMemory, Why: card.DataReadOnly}), "before",
			map[string]any{"slot": "b", "why": "good", "data": "in-memory", "reason": "read-only"}, van.DeviceBroken},
		{"the daemon began again in the same boot", report(card.WhyGood, card.Data{State: card.DataInMemory, Why: card.DataReadOnly}), "now", nil, van.DeviceBroken},
		{"the other slot runs", report(card.WhyRoot, card.Data{State: card.DataMounted}), "before",
			map[string]any{"slot": "b", "why": "root", "data": "mounted"}, van.DeviceOK},
	} {
		o := van.DefaultOptions()
		s, told := van.New(o), map[string]any(nil)
		for i, v := range []any{van.Started{Kept: van.Kept{Boot: c.boot}, Restored: true}, van.CardSeen{Report: c.report}} {
			var events []logbook.Event
			s, events, _ = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "now", Mono: time.Duration(i+1) * time.Second}, Value: v})
			for _, e := range events {
				if e.Name == logbook.CardFound {
					told = e.Attributes
					if _, err := logbook.Admit(e); err != nil {
						t.Errorf("%s: %v", c.name, err)
					}
				}
			}
		}
		if len(told) != len(c.told) {
			t.Errorf("%s: told %v, want %v", c.name, told, c.told)
		}
		for k, v := range c.told {
			if told[k] != v {
				t.Errorf("%s: %s is %v, want %v", c.name, k, told[k], v)
			}
		}
		if d, ok := s.Device(van.MemoryCard); !ok || d.State != c.state || s.Card != c.report {
			t.Errorf("%s: the card is %+v, %+v", c.name, d, s.Card)
		}
	}
}

// A card that came late left the initramfs's page on the glass: what was kept of the glass
// is not believed.
func TestAfterACardThatCameLateTheGlassIsInDoubt(t *testing.T) {
	for _, late := range []bool{false, true} {
		o := van.DefaultOptions()
		s := van.New(o)
		s.Kiosk.Glass = "0123456789abcdef"
		s, _, _ = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "now", Mono: time.Second},
			Value: van.CardSeen{Report: card.Report{Version: 1, Why: card.WhyGood, Late: late, Data: card.Data{State: card.DataMounted}}}})
		if (s.Kiosk.Glass == "") != late {
			t.Errorf("late %t: %q stands on the glass", late, s.Kiosk.Glass)
		}
	}
}

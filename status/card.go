package status

import (
	"cmp"

	"infobus/card"
)

// cardOf is the initramfs's report for the outside.
func cardOf(r card.Report) MemoryCard {
	word := func(s string) string { return cmp.Or(s, "unknown") }
	c := MemoryCard{Slot: word(string(r.Slot)), Why: word(string(r.Why)), State: word(string(r.State)), Root: word(string(r.Root)),
		Settings: word(string(r.Setting)), Clock: word(string(r.Clock)),
		Data: CardData{State: word(string(r.Data.State)), Reason: string(r.Data.Why), Grown: r.Data.Grown}}
	if r.Version != 0 {
		c.Bytes, c.Data.Bytes, c.Data.Salvaged = ptr(r.Card), ptr(r.Data.Bytes), ptr(r.Data.Salvaged)
		c.Watchdog, c.StartS = ptr(r.Watchdog), ptr(round(r.Seconds, 1))
	}
	return c
}

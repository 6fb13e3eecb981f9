package status

import (
	"infobus/card"
)

// cardOf is the initramfs's report for the outside.
func cardOf(r card.Report) MemoryCard {
	c := MemoryCard{Slot: known(string(r.Slot)), Why: known(string(r.Why)), State: known(string(r.State)), Root: known(string(r.Root)),
		Settings: known(string(r.Setting)), Clock: known(string(r.Clock)),
		Data: CardData{State: known(string(r.Data.State)), Reason: string(r.Data.Why), Grown: r.Data.Grown}}
	if r.Version != 0 {
		c.Bytes, c.Data.Bytes, c.Data.Salvaged = ptr(r.Card), ptr(r.Data.Bytes), ptr(r.Data.Salvaged)
		c.Watchdog, c.StartS = ptr(r.Watchdog), ptr(round(r.Seconds, 1))
	}
	return c
}

func known(word string) string {
	if word == "" {
		return "unknown"
	}
	return word
}

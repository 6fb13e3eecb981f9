// Keeper keeps things on a card as the daemon does, for the test that cuts the power at
// each of its writes: KEEPER FOLDER DISK ROUNDS. Once something is durable, it says so in a
// sector of the disk that is nobody's, so that the record of the disk's writes has it in
// its place.
package main

import (
	"fmt"
	"os"
	"strconv"

	"infobus/images/card/cardtest"
	"infobus/logbook"
	"infobus/logbook/store"
)

func main() {
	if err := keep(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Println("keeper:", err)
		os.Exit(1)
	}
}

func keep(folder, disk, times string) error {
	rounds, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	note, err := cardtest.OpenNote(disk)
	if err != nil {
		return err
	}
	k, err := cardtest.OpenKept(folder)
	if err != nil {
		return err
	}
	log, err := store.Open(folder, store.Options{})
	if err != nil {
		return err
	}
	var n cardtest.Noted
	// A session hour: events, what is kept every minute, a settings change now and then.
	for i := 1; i <= rounds; i++ {
		if _, err := log.Append([]logbook.Event{{Name: logbook.SystemTested, Boot: "b", Attributes: map[string]any{"checks": i, "failed": 0}}}); err != nil {
			return err
		}
		n.Events = i
		if err := note.Write(n); err != nil {
			return err
		}
		if i%2 == 0 {
			if err := k.Slots.Write(cardtest.Payload(i)); err != nil {
				return err
			}
			n.Slots = i
			if err := note.Write(n); err != nil {
				return err
			}
		}
		if i%5 == 0 {
			if err := k.Pair.Write(cardtest.Payload(i)); err != nil {
				return err
			}
			n.Pair = i
			if err := note.Write(n); err != nil {
				return err
			}
		}
	}
	return log.Close()
}

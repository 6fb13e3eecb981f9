// Command withhold prints what the filters leave of a text from outside, a text
// with an address in it, and an event with a name in it.
package main

import (
	"fmt"

	"infobus/logbook"
	"infobus/private"
)

func main() {
	e, _ := logbook.Admit(logbook.Event{Name: logbook.BatteryLevel, Attributes: map[string]any{"who": "Jean"}})
	fmt.Println(private.Outside("Jean"), private.Redact("10.1.2.3"), e.Attributes["who"])
}

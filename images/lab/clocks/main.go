// Clocks says what the machine's clock chip and its wall clock say, then sets the
// latter as infobus-clock@.service does, and says them again: one JSON object a line.
//
//	clocks ORDER
package main

import (
	"encoding/json"
	"os"
	"time"

	"infobus/hw/rtc"
	"infobus/reading/clock"
)

// said is a line.
type said struct {
	Chip  rtc.Reading
	Wall  time.Time
	Error string
}

func main() {
	out := json.NewEncoder(os.Stdout)
	say := func(err error) {
		r, err2 := rtc.Read(rtc.Device)
		line := said{Chip: r, Wall: time.Now()}
		for _, e := range []error{err, err2} {
			if e != nil {
				line.Error = e.Error()
			}
		}
		out.Encode(line)
	}
	say(nil)
	wall, err := time.Parse(time.RFC3339, os.Args[1])
	if err == nil {
		err = clock.Set(clock.Order{Wall: wall, Mono: clock.Mono()}, wall.Add(-time.Hour))
	}
	say(err)
	say(clock.Set(clock.Order{Wall: wall.Add(-2 * time.Hour), Mono: clock.Mono()}, wall.Add(-time.Hour)))
	select {}
}

// Edges says each Seen of some lines of the lab's chip, one JSON object a line;
// with a third argument, each Beat of a line that pulses.
// It is the smallest program around hw/line, for the machine of images/lab.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"infobus/hw/line"
	"infobus/reading/clock"
)

// beat is a Beat and when it was said.
type beat struct {
	line.Beat
	Said time.Duration
}

func main() {
	var lines []line.Config
	if err := json.Unmarshal([]byte(os.Args[2]), &lines); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	if len(os.Args) > 3 {
		var pulsing line.Config
		if err := json.Unmarshal([]byte(os.Args[3]), &pulsing); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		go func() {
			err := line.NewMeter(line.Find(os.Args[1]), pulsing).Watch(context.Background(), func(b line.Beat) {
				json.NewEncoder(os.Stdout).Encode(beat{b, clock.Mono()})
			})
			fmt.Println("error:", err)
		}()
	}
	out := json.NewEncoder(os.Stdout)
	err := line.New(line.Find(os.Args[1]), lines...).Watch(context.Background(), func(s line.Seen) {
		out.Encode(s)
	})
	fmt.Println("error:", err)
	os.Exit(1)
}

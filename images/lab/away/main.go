// Away takes a device away from its driver and gives it back, over and over, each
// after a while, and says so: "gone", "back".
//
//	away DRIVER DEVICE WHILE
//
// DRIVER is a driver's folder in /sys, DEVICE its device's name there.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	while, err := time.ParseDuration(os.Args[3])
	for err == nil {
		for _, step := range []struct{ file, word string }{{"unbind", "gone"}, {"bind", "back"}} {
			time.Sleep(while)
			if err = os.WriteFile(filepath.Join(os.Args[1], step.file), []byte(os.Args[2]), 0o200); err != nil {
				break
			}
			fmt.Println(step.word)
		}
	}
	fmt.Println("error:", err)
	os.Exit(1)
}

package main

import (
	"testing"
	"time"
)

// What is to be done first and changes all the time is told some ten times an hour.
func TestAdviceThatChangesAllTheTimeIsToldRarely(t *testing.T) {
	var (
		u   unsteady
		now = time.Now()
		end = now.Add(24 * time.Hour)
		n   int
	)
	for now.Before(end) { // it is another one at each look
		now = now.Add(2 * u.hold(now)) // it was the same at two
		u.told = append(u.told, now)
		n++
	}
	if n > 24*(adviceMost+3) {
		t.Errorf("told %d times in a day", n)
	}
	if u.hold(now.Add(time.Hour)) != adviceHold {
		t.Error("it stays so after a steady hour")
	}
}

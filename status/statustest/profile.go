package statustest

import (
	"os"
	"testing"
	"time"
)

// Profile is a folder for what a browser keeps. Of its processes some write on for a
// moment after the browser has ended: t.TempDir would fail the test for that. What cannot
// be removed within a minute is left.
func Profile(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "infobus-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 60 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(time.Second)
		}
	})
	return dir
}

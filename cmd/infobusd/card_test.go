package main

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// smallCard is a file system of that many bytes, for a state directory.
func smallCard(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("infobus-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// action does what a volunteer does, over the daemon's own socket.
func (p *process) action(name string) {
	p.t.Helper()
	client := p.unix()
	answer, err := client.Post("http://infobus/api/v1/actions/"+name, "application/json", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		p.t.Fatalf("action %s: %s", name, answer.Status)
	}
}

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/card"
	"infobus/card/disk"
	"infobus/words"
)

// slotRun runs infobus slot on an image of a card.
func slotRun(t *testing.T, image string, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := command(words.Shipped())
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(append([]string{"slot", "--card", image}, arguments...))
	err := c.Execute()
	return strings.TrimSpace(out.String()), err
}

func TestSlotsAreShownAndWritten(t *testing.T) {
	image := filepath.Join(t.TempDir(), "card")
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		arguments string
		says      string
	}{
		{"get-primary", "a"},
		{"get-state a", "good"},
		{"get-state b", "bad"},
		{"set-state b bad", ""},
		{"set-primary b", ""},
		{"get-primary", "b"},
		{"get-state b", "bad"},
		{"set-state b good", ""},
		{"get-primary", "b"},
		{"get-state b", "good"},
		{"set-state a bad", ""},
	} {
		if got, err := slotRun(t, image, strings.Fields(step.arguments)...); err != nil || got != step.says {
			t.Errorf("%s: %q, %v; want %q", step.arguments, got, err, step.says)
		}
	}
	got, err := slotRun(t, image, "status")
	if err != errAttention || !strings.Contains(got, "next b, good b, trial none (0 more), bad a") {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := slotRun(t, image, "set-state", "b", "bad"); err == nil {
		t.Error("the only slot was called bad")
	}
	if _, err := slotRun(t, image, "confirm"); !errors.Is(err, disk.ErrNoCard) {
		t.Errorf("a slot was confirmed where none runs: %v", err)
	}
	for _, wrong := range []string{"set-primary c", "set-state a well", "get-state", "confirm"} {
		if _, err := slotRun(t, image, strings.Fields(wrong)...); err == nil {
			t.Errorf("slot %s was taken", wrong)
		}
	}
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if at := int64(i) / card.SectorSize; b[i] != 0 && at != card.Sectors[0] && at != card.Sectors[1] {
			t.Fatalf("sector %d was written", at)
		}
	}
}

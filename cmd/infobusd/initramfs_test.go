package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"infobus/card"
)

func TestTheReportOfTheCardIsRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	want := card.Report{Version: 1, Slot: card.A, Why: card.WhyGood, State: card.BothRight, Root: card.RootChecked,
		Data: card.Data{State: card.DataRepaired, Bytes: 5}, Clock: card.StopClear, Setting: card.FileAbsent}
	if got, err := readReport(write("good", want.Encode())); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for name, file := range map[string]string{"no file": filepath.Join(dir, "none"), "none asked for": ""} {
		if _, err := readReport(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"cut short": want.Encode()[:40], "empty": nil, "endless": make([]byte, 1<<20)} {
		if _, err := readReport(write(name, b)); !errors.Is(err, card.ErrReport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readReport(dir); err == nil {
		t.Error("a folder is a report")
	}
}

package main

import (
	"os"
	"testing"

	"infobus/card"
)

// A damage is done to the file of a card.
func sector(n int64, change func(b []byte)) func(*testing.T, string) {
	return stretch(n*card.SectorSize, card.SectorSize, change)
}

func stretch(at, n int64, change func(b []byte)) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := make([]byte, n)
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		change(b)
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
}

func zeroed(b []byte) { clear(b) }

func flipped(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}

func both(list ...func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		for _, do := range list {
			do(t, file)
		}
	}
}

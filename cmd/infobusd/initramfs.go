package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"infobus/card"
	"infobus/van"
)

// foundCard observes what the card's initramfs found. Where there is no report the box
// does not run from its own card, of which then nothing is known.
func (a *appliance) foundCard(file string) {
	r, err := readReport(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		slog.Warn("what was found of the card is not known", "why", err)
	default:
		a.observe(van.CardSeen{Report: r})
	}
}

func readReport(file string) (card.Report, error) {
	if file == "" {
		return card.Report{}, fs.ErrNotExist
	}
	f, err := os.Open(file)
	if err != nil {
		return card.Report{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, card.MaxReport+1))
	if err != nil {
		return card.Report{}, err
	}
	return card.DecodeReport(b)
}

package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"infobus/card"
	"infobus/config/settings"
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

// notOnCard is what is wrong where no settings file was found: nothing, unless the box
// runs from its own card, which always has one.
func notOnCard(report string) settings.Mistakes {
	r, err := readReport(report)
	switch {
	case err != nil: // foundCard says so
		return nil
	case r.Setting == card.FileUnreadable:
		return settings.Mistakes{{Code: settings.Unreadable}}
	}
	return settings.Mistakes{{Code: settings.Missing}}
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

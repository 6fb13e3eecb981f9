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
	"infobus/words"
)

// foundCard observes what the card's initramfs found, and what the box says of itself.
// Where there is no report the box does not run from its own card, of which then nothing
// is known.
func (a *appliance) foundCard(file string, notes []words.Text) {
	r, err := readReport(file)
	if err == nil {
		a.observe(van.CardSeen{Report: r, Notes: notes})
		return
	}
	if len(notes) > 0 {
		a.observe(van.Noted{Notes: notes})
	}
	if !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("what was found of the card is not known", "why", err)
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

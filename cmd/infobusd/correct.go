package main

import (
	"context"
	"errors"
	"time"

	"infobus/status/server"
	"infobus/timetable"
	"infobus/van"
)

// keepWithin is how long a volunteer waits for a correction to be durable.
const keepWithin = 10 * time.Second

// correct takes a volunteer's word on a service. It returns nil once the word
// outlives a power cut.
func (a *appliance) correct(ctx context.Context, asked server.Action) error {
	now, state := time.Now(), a.loop.State()
	c, err := correction(asked, state, now)
	if err == nil {
		err = state.Corrigible(c, now)
	}
	if err != nil {
		return err
	}
	return a.durably(ctx, c, func(s van.State) bool { return s.Corrected(c) })
}

// locate takes a volunteer's word on where the session is held. It returns nil
// once the word outlives a power cut.
func (a *appliance) locate(ctx context.Context, site string) error {
	if site == "" {
		return errors.New("which site? its id was expected")
	}
	if err := a.loop.State().Locatable(site); err != nil {
		return err
	}
	return a.durably(ctx, van.ConfirmSite{Site: site}, func(s van.State) bool { return s.Session.Named() == site })
}

// durably hands in a volunteer's word, and returns nil once it is taken and
// outlives a power cut.
func (a *appliance) durably(ctx context.Context, word any, taken func(van.State) bool) error {
	a.observe(word)
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	if a.loop.Ping(ctx) != nil || !taken(a.loop.State()) {
		return errors.New("the box did not take it: try again")
	}
	if a.keeper.Settled(ctx) != nil {
		return errors.New("it holds for now, but the box could not write it down: a power cut would lose it")
	}
	return nil
}

// correction reads what was asked for. Its errors repeat nothing of it but hours
// and days that are some.
func correction(asked server.Action, s van.State, now time.Time) (van.Correct, error) {
	c := van.Correct{Correction: timetable.Correction{Service: asked.Service, Date: asked.Day}}
	switch {
	case s.Timetable == nil:
		return c, van.ErrNoTable
	case asked.Service == "":
		return c, errors.New("which service? its id was expected")
	case asked.Day == "":
		c.Date = timetable.DateIn(now, s.Timetable.Zone).String()
	}
	if _, err := timetable.ParseDate(c.Date); err != nil {
		return c, err
	}
	switch asked.Name {
	case "timetable-confirm":
		c.Kind = timetable.SaidRight
	case "timetable-cancel":
		c.Kind = timetable.SaidCancelled
	case "timetable-undo":
		c.Undo = true
	case "timetable-hours":
		c.Kind = timetable.SaidHours
		for _, h := range asked.Hours {
			opens, err := timetable.ParseClock(h.Opens)
			closes, err2 := timetable.ParseClock(h.Closes)
			if err != nil || err2 != nil {
				return c, errors.New("hours as HH:MM were expected, such as 14:00, in both fields")
			}
			if closes < opens {
				closes += 24 * 60 // two in the following night
			}
			c.Hours = append(c.Hours, timetable.Hours{Opens: opens, Closes: closes})
		}
	}
	return c, nil
}

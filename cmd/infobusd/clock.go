package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"infobus/hw/rtc"
	"infobus/reading"
	"infobus/reading/clock"
	"infobus/systemd"
	"infobus/van"
	"infobus/wall"
)

const (
	// chipEvery is how often the clock chip is read: the kernel sets it every 11
	// minutes while a time server keeps the clock.
	chipEvery = 10 * time.Minute
	// deskChipEvery is how often a simulated one is.
	deskChipEvery = 2 * time.Second
	// chipFirst is how often it is looked for until it is there: its bus may come late.
	chipFirst = 5 * time.Second
	// chipWithin is how long after the daemon's start it may come.
	chipWithin = 2 * time.Minute
	// unitWithin is how long a unit may take that the daemon starts: longer than its
	// TimeoutStartSec, so that it is not called failed while it may yet set the clock.
	unitWithin = 75 * time.Second
)

// startUnit starts a unit and waits until it has run.
func startUnit(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), unitWithin)
	defer cancel()
	return systemd.StartUnit(ctx, name)
}

// clockChip reads the clock chip now and then, where there is one.
func (a *appliance) clockChip(ctx context.Context, _ func()) error {
	begun, looked := time.Now(), false
	for {
		r, err := rtc.Read(rtc.Device)
		there := r.Driver != ""
		if there && !looked {
			looked = true
			if err := startUnit("infobus-clock-chip@look.service"); err != nil {
				slog.Warn("whether the clock chip had stopped is not known", "why", err)
			}
		}
		if there {
			if err != nil {
				slog.Debug("the clock chip", "why", err)
			}
			a.observe(chipSeen(r, rtc.Noted))
		}
		wait := chipEvery
		if !there {
			if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if wait = chipFirst; time.Since(begun) > chipWithin {
				<-ctx.Done()
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deskChip reads the simulated van's clock chip, once there is one. One that has stopped is
// three hours behind.
func (a *appliance) deskChip(ctx context.Context, _ func()) error {
	tick := time.NewTicker(deskChipEvery)
	defer tick.Stop()
	for {
		now := a.clock.Now().Wall.Truncate(time.Second)
		seen := wall.Chip{Time: now, Kind: "maxim,ds3231"}
		state := a.parts.world.ClockChip()
		switch state {
		case "stopped":
			seen.Time, seen.Stopped = now.Add(-3*time.Hour), true
		case "2000":
			seen.Time, seen.Stopped = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), true
		}
		if state != "" {
			a.observe(van.ChipSeen{Chip: seen})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// chipSeen is a chip as it was read, with what was noted of it. Of a chip with a flag
// that nobody could read it is not known whether it stopped: its time says nothing.
func chipSeen(r rtc.Reading, n rtc.Note) van.ChipSeen {
	stopped, known, err := n.Read()
	if err != nil {
		slog.Warn("the clock chip", "why", err)
	}
	seen := wall.Chip{Time: r.Time, Stopped: stopped, Kind: wall.Kind(r.Kind)}
	if r.Flagged() && !known {
		seen.Time = time.Time{}
	}
	return van.ChipSeen{Chip: seen}
}

// dated is told of a moment that has passed, by a file's or an answer's date.
func (a *appliance) dated(at time.Time) {
	if !at.IsZero() {
		a.observe(van.Dated{At: at})
	}
}

// setClock has the wall clock set; that of a desk is the simulated box's own.
func (a *appliance) setClock(e van.SetClock) {
	before := a.clock.Now()
	if a.onDesk() {
		a.clock.Shift(e.Wall.Add(before.Mono - e.Mono).Sub(time.Now().Round(0)))
	} else if err := startUnit("infobus-clock@" + clock.Order{Wall: e.Wall, Mono: e.Mono}.String() + ".service"); err != nil {
		slog.Error("the clock could not be set", "why", err)
		a.heard(van.WallClock, err)
		return
	}
	after := a.clock.Now()
	if !a.onDesk() {
		a.heard(van.WallClock, nil)
	}
	a.observe(van.ClockSeen{Trusted: true, Source: e.Source, Set: reading.Of(after.Wall.Sub(before.Wall)-(after.Mono-before.Mono), after.Mono)})
}

// chipSet has the clock chip's flag cleared.
func (a *appliance) chipSet() {
	if a.parts.world != nil {
		return // it has no flag
	}
	if err := startUnit("infobus-clock-chip@clear.service"); err != nil {
		slog.Warn("the clock chip's flag stays set", "why", err)
	}
}

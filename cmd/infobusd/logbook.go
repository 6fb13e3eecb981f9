package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"infobus/advice"
	"infobus/durable"
	"infobus/logbook/upload"
	"infobus/netmon/client"
	"infobus/van"
)

const (
	// company is how long events that are not urgent wait for others: a connection
	// costs ten times what an event does.
	company = 30 * time.Minute
	// tellEvery is how often what was sent is an event, at most.
	tellEvery = time.Hour
	// lastTry bounds the last try to send, before the process ends.
	lastTry = 4 * time.Second
	// reduceEvery is how often is looked for events that need not be kept any more.
	reduceEvery = 15 * time.Minute
	// patience is how long the box is on before what was never sent is removed for its age.
	patience = 20 * time.Minute
	// adviceHold is how long what is to be done first stays before it is an event; where it
	// was adviceMost times within the hour, adviceRare.
	adviceHold = 30 * time.Second
	adviceRare = 10 * time.Minute
	adviceMost = 8
)

// unsteady knows how often what is to be done first was told, since monotonic moments.
type unsteady struct{ told []time.Time }

// hold is how long it must stay now.
func (u *unsteady) hold(now time.Time) time.Duration {
	u.told = slices.DeleteFunc(u.told, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	if len(u.told) >= adviceMost {
		return adviceRare
	}
	return adviceHold
}

// boardSerial is the serial number that the firmware gives the board; "" where it
// has none. It goes into the logbook's keyed hash and nowhere else.
func boardSerial() string {
	b, err := os.ReadFile("/sys/firmware/devicetree/base/serial-number")
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), "\x00 \n")
}

// uploadOptions are those of sending the logbook.
func (a *appliance) uploadOptions() (upload.Options, func() bool) {
	o := upload.Options{Endpoint: a.parts.endpoint, Token: a.config.Sync.Token, Van: a.config.Name, Recent: a.config.Sync.Recent, Client: a.client.HTTP(client.Upload), Company: company, Now: a.sendNow,
		Urgent: a.client.HTTP(client.Urgent), Spent: func() bool { return !a.client.May(client.Upload) }}
	if a.flags.hasty() {
		o.Company = 0
	}
	return o, func() bool { s := a.loop.State(); return s.MayTransfer() || s.MayTry() }
}

// uploads sends the logbook.
func (a *appliance) uploads(ctx context.Context, _ func()) error {
	if a.parts.endpoint == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	o, usable := a.uploadOptions()
	o.Rest = func() {
		if !a.loop.State().Session.Active {
			o.Client.CloseIdleConnections() // the next event may be hours away
		}
	}
	return upload.Run(ctx, o, a.recorder, usable, a.upload, func(u upload.Uploaded) {
		a.observe(a.told.tell(u, time.Now()))
		a.recorded(a.recorder.Status())
	})
}

// lastUpload makes a last try, for what happened while the sources ended.
func (a *appliance) lastUpload() {
	o, usable := a.uploadOptions()
	if a.parts.endpoint == "" || !usable() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastTry)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- upload.Last(ctx, o, a.recorder, usable, func(upload.Uploaded) {}) }()
	select {
	case err := <-ended:
		if err == nil {
			return
		}
		slog.Info("the last events are sent after the next start", "why", err)
	case <-ctx.Done(): // a card that hangs is left behind, too
	}
}

// sent sums what was sent up, so that it is an event once an hour.
type sent struct {
	at            time.Time // of the last event
	events, bytes int       // since
}

// tell gives what the van is told of an upload.
func (s *sent) tell(u upload.Uploaded, now time.Time) van.Uploaded {
	seen := van.Uploaded{Events: u.Events, Bytes: u.Bytes, Trouble: u.Trouble}
	if u.Events == 0 {
		return seen
	}
	s.events, s.bytes = s.events+u.Events, s.bytes+u.Bytes
	if seen.Untold = !s.at.IsZero() && now.Sub(s.at) < tellEvery; !seen.Untold {
		seen.Events, seen.Bytes = s.events, s.bytes
		*s = sent{at: now}
	}
	return seen
}

// oldEvents removes what need not be kept any more; and, once a day and process, the
// times that files have of what was written before.
func (a *appliance) oldEvents(ctx context.Context, alive func()) error {
	undated := ""
	for {
		if a.loop.State().Clock.Trusted && !a.flags.keepOld {
			if err := a.recorder.Reduce(a.clock.Now().Wall); err != nil {
				return err
			}
			if day := a.clock.Now().Wall.In(a.loop.State().Zone()).Format(time.DateOnly); day != undated {
				undated = day
				if err := durable.Undate(a.flags.stateDir); err != nil {
					slog.Debug("files of the state keep the times at which they were written", "why", err)
				}
			}
			alive()
		}
		every := reduceEvery
		if a.flags.hasty() {
			every = time.Second
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// advises tells the van what is to be done first, once it has been the same for a while.
func (a *appliance) advises(ctx context.Context, alive func()) error {
	var often unsteady
	changed, stop := a.loop.Watch()
	defer stop()
	var told, before van.Advised
	for {
		now := advice.Judge(a.options, a.loop.State()).Told()
		if now == before && now != told {
			told = now
			a.observe(now)
			often.told = append(often.told, time.Now())
		}
		again := now != before // it has to be looked at again, whether anything changes or not
		before = now
		alive()
		hold := often.hold(time.Now())
		if a.flags.hasty() {
			hold = 2 * time.Second
		}
		select {
		case <-time.After(hold):
		case <-ctx.Done():
			return ctx.Err()
		}
		if again {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// received notes what the helpers have by a stick, of this log or an earlier one.
func (a *appliance) received(log string, first, seq uint64) error {
	n, err := a.recorder.AcknowledgeEarlier(log, first, seq)
	switch {
	case err != nil:
	case a.recorder.Status().Log == log && first <= a.recorder.Status().Acknowledged+1:
		err = a.recorder.Acknowledge(seq)
	case n == 0:
		err = errors.New("a receipt of another logbook")
	}
	if err != nil {
		return err
	}
	a.recorded(a.recorder.Status())
	a.shows()
	return nil
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"infobus/action"
	"infobus/kiosk/draw"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/words"
)

// timetablePage is what the page of the timetable asks for.
func (a *appliance) timetablePage() *server.Timetables {
	return &server.Timetables{
		Page: func(s *words.Speaker) status.TimetablePage {
			now := a.loop.State()
			pages := func(v status.Version) int { return len(a.previewOf(v.Source, v.Shelf.Waiting)) }
			return status.TimetableOf(a.options, now, a.versions(), pages, time.Now(), s)
		},
		Upload: a.takeUpload,
		Picture: func(name, digest string, number int) ([]byte, bool) {
			i := a.feeds.Index(name)
			if i < 0 {
				return nil, false
			}
			waiting := a.feeds.Last(i).Shelf.Waiting
			if waiting == nil || waiting.Digest != digest {
				return nil, false
			}
			list := a.previewOf(name, waiting)
			if number < 0 || number >= len(list) {
				return nil, false
			}
			return list[number].PNG, true
		},
	}
}

// versions are what became of each source.
func (a *appliance) versions() (list []status.Version) {
	for i, f := range a.feeds.All() {
		l := a.feeds.Last(i)
		list = append(list, status.Version{Source: f.Name, Shelf: l.Shelf, Remarks: remarksOf(l)})
	}
	return list
}

// remarksOf are what is to be said of a source's files.
func remarksOf(l source.Loaded) (list []status.Remark) {
	for _, m := range l.MistakesFound() {
		list = append(list, status.Remark{File: m.File, Line: m.Line, Column: m.Column, What: m.What})
	}
	for _, w := range l.Warnings {
		list = append(list, status.Remark{File: w.File, Line: w.Line, Column: w.Column, What: w.What, Warning: true})
	}
	return list
}

// takeUpload takes what a volunteer uploads as a version of the source that is theirs.
func (a *appliance) takeUpload(ctx context.Context, files []status.File) (remarks []status.Remark, kept bool, err error) {
	i := a.feeds.Index(van.Phone)
	if i < 0 {
		return nil, false, fmt.Errorf("there is no source %s", van.Phone)
	}
	var list []source.File
	for _, f := range files {
		list = append(list, source.File{Name: f.Name, Data: f.Data})
	}
	l := a.feeds.All()[i].Put(list)
	if l.Mistakes > 0 {
		return remarksOf(source.Loaded{Err: l.Err}), true, nil
	}
	a.took(i, l, van.NotAsked)
	defer a.show()
	return nil, a.feeds.All()[i].Kept(), a.loop.Ping(ctx)
}

// publishes does what a volunteer asked for of a source's versions, and says whether it
// is so now, and outlives a power cut.
func (a *appliance) publishes(name, digest string, done van.SourceDone, do func(*source.Feed) (source.Loaded, error)) action.Refusal {
	i := a.feeds.Index(name)
	if i < 0 {
		return action.Taken
	}
	l, err := do(a.feeds.All()[i])
	// Of two who ask for the same, the second finds it done; or another version came meanwhile.
	another := err != nil && done == van.Published && l.Shelf.Published != digest
	if err != nil {
		slog.Warn("a volunteer's word on the timetable came too late", "source", name, "why", err)
		done = van.NotAsked
	}
	a.took(i, l, done)
	switch {
	case another:
		return action.AnotherWaits
	case !a.feeds.All()[i].Kept():
		return action.NotKept
	}
	return action.Taken
}

// orders are done one after the other, beside the loop.
type orders struct {
	mu   sync.Mutex // guards those below
	last *order     // nil: there was none
	of   map[van.Effect]*order
}

type order struct {
	done chan struct{} // closed once it is
	says action.Refusal
}

// ordersKept is how many orders are remembered for those who asked; they wait no longer
// than keepWithin.
const ordersKept = 64

func (o *orders) give(effect van.Effect, do func() action.Refusal) {
	next := &order{done: make(chan struct{})}
	o.mu.Lock()
	before := o.last
	if o.of == nil || len(o.of) >= ordersKept {
		o.of = map[van.Effect]*order{}
	}
	o.last, o.of[effect] = next, next
	o.mu.Unlock()
	go func() {
		defer close(next.done)
		if before != nil {
			<-before.done
		}
		next.says = do()
	}()
}

// settled waits until what was given last of an effect is done, and says what came of it.
func (o *orders) settled(ctx context.Context, effect van.Effect) action.Refusal {
	o.mu.Lock()
	of := o.of[effect]
	o.mu.Unlock()
	if of == nil {
		return action.Taken
	}
	select {
	case <-of.done:
		return of.says
	case <-ctx.Done():
		return action.NoAnswer
	}
}

// settled waits until a publication that was taken is done and seen.
func (a *appliance) settled(ctx context.Context, asked action.Asked) action.Refusal {
	var effect van.Effect
	switch asked.Name {
	case action.PublishTimetable:
		effect = van.Publish{Source: asked.Source, Digest: asked.Digest}
	case action.TakeBackTimetable:
		effect = van.TakeBack{Source: asked.Source, Digest: asked.Digest}
	default:
		return action.Taken
	}
	says := a.orders.settled(ctx, effect)
	if a.loop.Ping(ctx) != nil {
		return action.NoAnswer
	}
	return says
}

// shown says what became of a source's versions, for the state.
func (a *appliance) shown(name string, s timetable.Shelf, done van.SourceDone) van.SourceSeen {
	seen := van.SourceSeen{Source: van.Source{Name: name, Published: s.Published}, Done: done}
	if s.Waiting != nil {
		c := timetable.Compare(s.Live, s.Waiting, time.Now(), 7)
		seen.Waiting, seen.Changes, seen.Public, seen.Hidden = s.Waiting.Digest, len(c.Changes), len(c.Public), len(c.Hidden)
	}
	return seen
}

// previews are the pages of the version that was last looked at, as they would stand
// on the glass. They are drawn once.
type previews struct {
	mu   sync.Mutex // guards what follows, and lets one draw at a time
	of   previewKey
	list []draw.Preview
}

type previewKey struct {
	source, digest, site, day string
	hour                      int
}

// previewOf draws the pages of what the sources would come to with a version, at the
// session's site or today's. There are none without a trusted clock.
func (a *appliance) previewOf(name string, waiting *timetable.Timetable) []draw.Preview {
	s := a.loop.State()
	if waiting == nil || !s.Clock.Trusted {
		return nil
	}
	t := a.feeds.If(name, waiting)
	now := time.Now().In(t.Zone)
	key := previewKey{name, t.Digest, s.Session.Named(), now.Format(time.DateOnly), now.Hour()}
	a.previews.mu.Lock()
	defer a.previews.mu.Unlock()
	if a.previews.of != key {
		list, err := draw.Previews(a.options.Kiosk, t, now, draw.PreviewSites(t, now, s.Session.Named()))
		if err != nil {
			slog.Warn("the pages of the timetable that waits cannot be drawn", "why", err)
		}
		a.previews.of, a.previews.list = key, list
	}
	return a.previews.list
}

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

// publishes does what a volunteer asked for of a source's versions.
// kept says whether that outlives a power cut.
func (a *appliance) publishes(name string, done van.SourceDone, do func(*source.Feed) (source.Loaded, error)) (kept bool) {
	i := a.feeds.Index(name)
	if i < 0 {
		return true
	}
	l, err := do(a.feeds.All()[i])
	if err != nil { // another version came meanwhile
		slog.Warn("a volunteer's word on the timetable came too late", "source", name, "why", err)
		done = van.NotAsked
	}
	a.took(i, l, done)
	return a.feeds.All()[i].Kept()
}

// orders are done one after the other, beside the loop.
type orders struct {
	mu   sync.Mutex // guards last
	last *order     // nil: there was none
}

type order struct {
	done chan struct{} // closed once it is
	kept bool          // it outlives a power cut
}

func (o *orders) give(do func() (kept bool)) {
	next := &order{done: make(chan struct{})}
	o.mu.Lock()
	before := o.last
	o.last = next
	o.mu.Unlock()
	go func() {
		defer close(next.done)
		if before != nil {
			<-before.done
		}
		next.kept = do()
	}()
}

// settled waits until all that was given is done, and says whether the last of it
// outlives a power cut.
func (o *orders) settled(ctx context.Context) (kept bool, err error) {
	o.mu.Lock()
	last := o.last
	o.mu.Unlock()
	if last == nil {
		return true, nil
	}
	select {
	case <-last.done:
		return last.kept, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// settled waits until a publication that was taken is done and seen.
func (a *appliance) settled(ctx context.Context, row action.Row) action.Refusal {
	if row.Form != action.OnTimetable {
		return action.Taken
	}
	kept, err := a.orders.settled(ctx)
	switch {
	case err != nil || a.loop.Ping(ctx) != nil:
		return action.NoAnswer
	case !kept:
		return action.NotKept
	}
	return action.Taken
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

package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"infobus/guide"
	guidebox "infobus/guide/box"
	"infobus/status"
	"infobus/status/server"
	"infobus/van"
	"infobus/words"
)

// texts are what the volunteers' page of the guide's texts asks for.
func (a *appliance) texts() *server.Texts {
	return &server.Texts{
		Page: func(say *words.Speaker, tag string) status.GuidePage {
			shelf, facts := a.guides.Shelf(), factsOf(a.options, a.loop.State())
			part := func(v *guidebox.Version) *status.GuidePart {
				if v == nil {
					return nil
				}
				return status.GuideOf(v.Digest, v.Guide, tag, facts, say)
			}
			return status.GuidePage{Live: part(shelf.Live), Waiting: part(shelf.Waiting), Before: shelf.Before != nil,
				Refused: status.GuideRemarks(a.guides.Wrong(), false)}
		},
		Upload: func(_ context.Context, files []status.File) (remarks []status.Remark, kept bool) {
			var list []guidebox.File
			for _, f := range files {
				list = append(list, guidebox.File{Name: f.Name, Data: f.Data})
			}
			defer a.shows()
			kept, wrong := a.guides.Put(list)
			return status.GuideRemarks(wrong, false), kept
		},
		Publish:  func(digest string) (bool, error) { defer a.shows(); return a.guides.Publish(digest) },
		TakeBack: func(digest string) (bool, error) { defer a.shows(); return a.guides.TakeBack(digest) },
	}
}

// shows shows the state with all that was observed before.
func (a *appliance) shows() {
	ctx, cancel := context.WithTimeout(context.Background(), keepWithin)
	defer cancel()
	_ = a.loop.Ping(ctx) // a loop that is late does not make undone what was done
	a.show()
}

// followTexts takes a guide whenever one is at from. What went wrong is said once.
func (a *appliance) followTexts(from string) func(context.Context, func()) error {
	return func(ctx context.Context, alive func()) error {
		last := ""
		return a.guides.Follow(ctx, from, a.net(), func(err error) {
			alive()
			switch {
			case err == nil:
				last = ""
			case errors.Is(err, fs.ErrNotExist):
			case err.Error() != last:
				last = err.Error()
				slog.Warn("the guide's texts", "why", err)
			}
		})
	}
}

// tellTexts observes what volunteers should know of the guide's texts.
func (a *appliance) tellTexts() {
	a.taking.Lock() // the last that is observed is the latest
	defer a.taking.Unlock()
	a.observe(van.GuideSeen{Waiting: a.guides.Shelf().Waiting != nil, Mistakes: len(a.guides.Wrong())})
}

// checkTexts holds a guide against the timetable and the board of now.
func (a *appliance) checkTexts(g guide.Guide) guide.Mistakes {
	wrong, _ := g.Check(a.loop.State().Timetable, &a.options.Kiosk.Board, time.Now())
	return wrong
}

// factsOf are what the guide's texts are filled in from.
func factsOf(o van.Options, s van.State) guide.Facts {
	f := guide.Facts{Timetable: s.Timetable, Board: o.Kiosk.Board, Site: s.Session.Named(), Quiet: s.Quiet}
	if s.Clock.Trusted {
		f.Now = time.Now()
	}
	return f
}

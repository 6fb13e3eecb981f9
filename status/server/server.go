// Package server is what people and programs see of the van: the volunteers'
// page, the visitors' page, the JSON API, the stream of states and the metrics.
//
// In: a View, published whenever something changed, and a few functions of
// Options that fetch what the View does not hold. Out: HTTP on the listeners
// that it is given. It decides nothing, keeps nothing on the disk, sends nothing
// of its own accord, and writes no line about who asked what.
package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"infobus/action"
	"infobus/logbook"
	"infobus/pairing"
	"infobus/status"
	"infobus/words"
)

// Options are what the server is made of. A nil function's route answers 404;
// none is called by two requests in an order that may be relied on.
type Options struct {
	// Phones are those that may do everything over the network; nil for none. Keep has
	// the list outlive a power cut.
	Phones *pairing.Book
	Keep   func(context.Context) error
	// PIN is the one on the card in the van, which pairs a phone; "" for none.
	PIN func() string
	// Moment is now, for Phones; nil where no day is known.
	Moment func() pairing.Moment
	// Copied is told that a phone's pairing was ended because its cookie was copied.
	Copied func()
	// Hosts are names by which the box is reached, in small letters, beside
	// infobus.local and addresses.
	Hosts []string
	// Sim takes POST /sim/…; nil without --sim.
	Sim http.Handler
	// Open gives everything but the actions to whoever is on the loopback
	// interface, without the PIN.
	Open bool
	// Words are the languages of everything but the visitors' page; nil is those
	// that are part of the program.
	Words *words.Book

	// Events are the durable events whose sequence number is above after, in
	// order, limit at most.
	Events func(after uint64, limit int) ([]logbook.Event, error)
	// Earlier are the durable events of earlier logs that the receiver does not have, behind
	// a place in their order, limit at most, and the place of the last; nil for none.
	Earlier func(after uint64, limit int) (events []logbook.Event, last uint64, err error)
	// Received notes that the helpers have a log's events from first to seq, by another
	// way than the internet; nil for none.
	Received func(log string, first, seq uint64) error
	// Volatile are the urgent events that the card does not take; nil for none.
	Volatile func() []logbook.Event
	// Kiosk is the picture that the panel was last told; ok is false where
	// nothing was drawn.
	Kiosk func() (png []byte, ok bool)
	// Languages are those of the visitors' page; the first is for who speaks none
	// of them.
	Languages []status.Language
	// Visit is what the visitors' pages are made of now.
	Visit func() status.Visit
	// Guide is the file of the guide in a language of Languages, or in the
	// team's own for ""; ok is false where the team put none on the box.
	Guide func(tag string) (path string, ok bool)
	// Shut says whether nobody is answered at that address of the box's: a connection to it
	// is closed unheard. nil for none.
	Shut func(local net.Addr) bool
	// Actions are what may be asked for; nil for action.All.
	Actions action.Table
	// Act has an action of a row taken or refused. It returns once it was, and
	// outlives a power cut where the row says so.
	Act func(ctx context.Context, row action.Row, asked action.Asked) action.Refusal
	// Selftest tries every part of the box and reports each line as it begins and as
	// it ends; a mistake before the first is answered 409.
	Selftest func(ctx context.Context, asked status.Selftest, report func(status.Check)) error
	// Services are the day's, for volunteers to say whether they are right.
	Services func(*words.Speaker) status.ServicesPage
	// Timetables are what the page of the timetable asks for; nil for none.
	Timetables *Timetables
	// Texts are what the page of the guide's texts asks for; nil for none.
	Texts *Texts
	// Alive is nil while the loop that owns the state answers.
	Alive func(ctx context.Context) error
	// Days are what the last days came to, oldest first.
	Days func() []status.Day
	// Samples are a series' points, oldest first; false where there is no such
	// series.
	Samples func(series string) ([]status.Sample, bool)
}

// Limits of what a request may cost the box; those of connections are in places.go.
const (
	sockets      = 96      // connections at once on a unix socket
	streams      = 64      // at once
	streamsEach  = 12      // of one phone
	headerBytes  = 8 << 10 // of a request
	bodyBytes    = 4 << 10 // of a request
	readTimeout  = 10 * time.Second
	writeTimeout = 20 * time.Second
	farewell     = time.Second // to answer what was asked before the end
)

// Server answers over HTTP. Make it with New.
type Server struct {
	o       Options
	handler http.Handler
	phones  *pairing.Book
	reading chan struct{} // holds a token for each piece of a file that is being read
	results results       // of volunteers
	refused results       // of everybody else
	spoken  spoken
	visits  visits
	takes   visits // the files
	picture glassPicture
	health  health
	oneDoor atomic.Bool   // strangers come where the volunteers do
	keep    chan struct{} // a token: the phones are to be kept

	uploading chan struct{} // holds a token while a timetable is uploaded

	// latest is never nil.
	latest atomic.Pointer[snapshot]
	// woken guards those below.
	woken   sync.Mutex
	wake    chan struct{}  // closed by the next Publish
	streams map[string]int // that are open, by the phone's id; "" for who has none
	gates   []*gate
}

// New makes a server that shows an unknown van until the first Publish.
func New(o Options) *Server {
	if o.Words == nil {
		o.Words = words.Shipped()
	}
	if o.Actions == nil {
		o.Actions = action.All
	}
	if o.Phones == nil {
		o.Phones, _ = pairing.New(nil)
	}
	if o.Keep == nil {
		o.Keep = func(context.Context) error { return nil }
	}
	if o.PIN == nil {
		o.PIN = func() string { return "" }
	}
	if o.Moment == nil {
		begun := time.Now()
		o.Moment = func() pairing.Moment { return pairing.Moment{Mono: time.Since(begun)} }
	}
	if o.Copied == nil {
		o.Copied = func() {}
	}
	s := &Server{o: o, phones: o.Phones, streams: map[string]int{}, reading: make(chan struct{}, readers),
		uploading: make(chan struct{}, 1), keep: make(chan struct{}, 1), wake: make(chan struct{})}
	s.spoken = newSpoken(o.Languages)
	s.oneDoor.Store(true)
	unknown := status.View{Power: status.Power{Battery: status.Battery{Level: "unknown", Quality: "unknown"}}, Uplink: status.Uplink{Verdict: "unknown"}}
	s.latest.Store(s.snapshot(unknown))
	s.handler = traced(s.routes())
	return s
}

// snapshot is a View, when it was published, and what is made of it.
type snapshot struct {
	view status.View
	at   time.Time
	kept kept
	open map[*words.Speaker]*made // the summary
}

func (s *Server) snapshot(v status.View) *snapshot {
	next := &snapshot{view: v.Filled(), at: time.Now(), open: map[*words.Speaker]*made{}}
	for _, l := range s.o.Words.Languages() {
		next.open[s.o.Words.In(l.Tag)] = &made{}
	}
	return next
}

// now is the view with its ages as they are by now.
func (s *snapshot) now() status.View { return s.view.Aged(time.Since(s.at)) }

// encode makes JSON of what always can be made JSON of.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // a number that is none: say so, and no half of a state
		b, _ = json.Marshal(map[string]string{"error": words.In().Say("refusal.not-finite")})
	}
	return b
}

// Publish makes v what everybody sees and wakes the streams. It never blocks.
// Nothing that v points to may be changed afterwards.
func (s *Server) Publish(v status.View) {
	next := s.snapshot(v)
	s.woken.Lock()
	defer s.woken.Unlock()
	s.latest.Store(next)
	close(s.wake)
	s.wake = make(chan struct{})
}

// published is the latest state, and a channel that the next Publish closes.
func (s *Server) published() (*snapshot, <-chan struct{}) {
	s.woken.Lock()
	defer s.woken.Unlock()
	return s.latest.Load(), s.wake
}

// Serve answers on the listeners until ctx is done, and then returns its error;
// or until one of them fails, and then returns why. It closes them all. Who
// comes over a unix socket is trusted: its file's mode says who may.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       pairedIdle,
		MaxHeaderBytes:    headerBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withCaller,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	listeners = slices.Clone(listeners) // what each is wrapped in is the server's own
	s.woken.Lock()
	s.gates = nil
	for i, l := range listeners {
		if l.Addr().Network() == "unix" {
			listeners[i] = netutil.LimitListener(l, sockets)
			continue
		}
		g := newGate(l, s.o.Shut)
		listeners[i], s.gates = g, append(s.gates, g)
	}
	s.oneDoor.Store(!slices.ContainsFunc(s.gates, func(g *gate) bool { return g.visitors }))
	s.woken.Unlock()
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() {
			err := server.Serve(l)
			failed <- fmt.Errorf("serve on %s: %w", l.Addr().Network(), err)
		}()
	}
	var keeping sync.WaitGroup
	keeping.Go(func() { s.keepPhones(ctx) })
	defer keeping.Wait()
	running := len(listeners)
	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case err = <-failed:
		running--
	}
	cancel() // ends the streams
	last, done := context.WithTimeout(context.Background(), farewell)
	defer done()
	if server.Shutdown(last) != nil {
		server.Close()
	}
	for range running {
		<-failed
	}
	return err
}

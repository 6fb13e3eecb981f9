package server

import (
	"container/list"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Places at a door. Whose a connection is, nobody knows before its first request was
// read; until then it counts as a stranger's. Addresses are not looked at: behind an
// access point's NAT one may be two hundred phones.
const (
	strangersMost = 320 // connections of strangers at once, each door
	pairedMost    = 128 // of paired phones
	pairedEach    = 16  // of one of them: seven tabs take six connections and a stream each way
	askedMost     = 100 // requests on a stranger's connection

	headerWithin  = 3 * time.Second // a request's header arrives
	strangerReads = 5 * time.Second // a stranger's connection waits for the next request, or for a body
	strangerTakes = 10 * time.Second
	pairedIdle    = 2 * time.Minute

	// atOnce is how many requests of strangers are read and answered at a time, and twice
	// as many of paired phones beside them: the others wait, so that the loop, which
	// shares one core with them, is never behind more than these.
	atOnce = 2
	// restMost is the longest pause between two turns of strangers.
	restMost = 50 * time.Millisecond

	// fetchMost is how many of the strangers' connections may fetch a file at a time: the
	// others stay for pages.
	fetchMost = 200
	// fetchJudged is how long one fetches before it can be the slowest.
	fetchJudged = 10 * time.Second
	// fetchStalls is within how long the next piece is taken.
	fetchStalls = time.Minute
	fetchPiece  = 32 << 10 // bytes
	// fetchBuffer is what the kernel holds for one that fetches, bytes; it doubles it
	// for its own use (socket(7)). By itself it would go to 4 MB.
	fetchBuffer = 32 << 10
)

// gate is a listener whose places are kept for paired phones. When the strangers'
// places are full, a new connection takes that of the stranger who has been idle for
// longest, or who fetches a file the slowest: it may be a volunteer's.
type gate struct {
	net.Listener
	shut     func(local net.Addr) bool // as Options.Shut; nil for none
	visitors bool                      // the visitors' door: nobody is paired there
	turns    chan struct{}             // holds a token for each stranger's connection that has its turn
	reserved chan struct{}             // likewise for paired phones' requests

	mu       sync.Mutex
	waiting  list.List // of *place: strangers' that wait for a request, the longest first
	busy     list.List // of *place: strangers' with a request
	fetching list.List // of *place: strangers' that fetch a file, the longest first
	paired   list.List // of *place: the longest unused first
}

func newGate(l net.Listener, shut func(net.Addr) bool) *gate {
	_, visitors := l.(visitorsDoor)
	return &gate{Listener: l, shut: shut, visitors: visitors, turns: make(chan struct{}, atOnce), reserved: make(chan struct{}, 2*atOnce)}
}

// place is a connection at a gate.
type place struct {
	net.Conn
	gate   *gate
	asked  int // requests, of the connection's own goroutine
	closed chan struct{}

	turn struct {
		sync.Mutex
		held    bool // the stranger's
		since   time.Time
		serving bool // a request was read, and is not answered yet
	}

	// Guarded by gate.mu.
	in    *list.List // that holds it; nil once it was closed
	at    *list.Element
	phone string // id of the paired phone; "" for a stranger
	fetch fetch
}

// fetch is what became of a file that is fetched; the zero fetch: none is.
type fetch struct {
	since time.Time
	taken int64 // bytes, by the other end's kernel or ours
}

// Accept makes a place of the next connection.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	for err == nil && g.shut != nil && g.shut(c.LocalAddr()) {
		c.Close()
		c, err = g.Listener.Accept()
	}
	if err != nil {
		return nil, err
	}
	p := &place{Conn: c, gate: g, closed: make(chan struct{})}
	g.mu.Lock()
	p.move(&g.waiting)
	out := g.surplus()
	g.mu.Unlock()
	if out != nil {
		out.Close()
	}
	return p, nil
}

// surplus is the stranger's connection that gives way; nil for none. Of those with a
// request it is the last that came: the others are nearer to their answer.
func (g *gate) surplus() *place {
	if g.waiting.Len()+g.busy.Len()+g.fetching.Len() <= strangersMost {
		return nil
	}
	if g.waiting.Len() > 1 {
		return g.waiting.Front().Value.(*place)
	}
	if out := g.slowest(time.Now()); out != nil {
		return out
	}
	return g.busy.Back().Value.(*place)
}

// slowest is the connection that fetches a file the slowest; where none has done so for
// long enough to tell, the last that began; nil where there is none.
func (g *gate) slowest(now time.Time) (out *place) {
	var least float64 // bytes a second
	for e := g.fetching.Front(); e != nil; e = e.Next() {
		p := e.Value.(*place)
		age := now.Sub(p.fetch.since)
		if age < fetchJudged {
			break // and those after it
		}
		if rate := float64(p.fetch.taken) / age.Seconds(); out == nil || rate < least {
			out, least = p, rate
		}
	}
	if last := g.fetching.Back(); out == nil && last != nil {
		return last.Value.(*place)
	}
	return out
}

// move puts p at the end of a list; g.mu is held. One that was closed stays out.
func (p *place) move(to *list.List) {
	if p.in != nil {
		p.in.Remove(p.at)
	} else if p.at != nil {
		return
	}
	p.in, p.at = to, to.PushBack(p)
}

// serves says whose request was read. Where a phone has too many connections, the one of
// its own that was unused for longest is closed.
func (p *place) serves(phone string) {
	g := p.gate
	g.mu.Lock()
	var out *place
	if p.phone = phone; phone == "" {
		p.move(&g.busy)
	} else {
		p.move(&g.paired)
		out = g.pairedSurplus(phone)
	}
	g.mu.Unlock()
	if out != nil && out != p {
		out.Close()
	}
}

// pairedSurplus is the paired phone's connection that gives way; nil for none.
func (g *gate) pairedSurplus(phone string) (out *place) {
	count := 0
	for e := g.paired.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*place); p.phone == phone {
			count++
			if out == nil {
				out = p
			}
		}
	}
	switch {
	case count > pairedEach:
		return out
	case g.paired.Len() > pairedMost:
		return g.paired.Front().Value.(*place)
	}
	return nil
}

// waits says that the request was answered.
func (p *place) waits() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.fetch = (fetch{}); p.phone == "" {
		p.move(&g.waiting)
	}
}

// fetches lets a file be fetched for as long as pieces of it are taken. Where too many
// do, the slowest gives way: what it has, it has, and the rest can be asked for.
func (p *place) fetches() {
	g := p.gate
	g.mu.Lock()
	var out *place
	if p.phone == "" {
		if g.fetching.Len() >= fetchMost {
			out = g.slowest(time.Now())
		}
		p.move(&g.fetching)
	}
	p.fetch = fetch{since: time.Now()}
	g.mu.Unlock()
	if out != nil {
		out.Close()
	}
	if c, ok := p.Conn.(interface{ SetWriteBuffer(int) error }); ok {
		_ = c.SetWriteBuffer(fetchBuffer) // without it a fetch costs more memory
	}
	p.Conn.SetReadDeadline(time.Time{})
}

// Write writes what is fetched piece by piece: each has its own time to be taken.
func (p *place) Write(b []byte) (n int, err error) {
	for err == nil && len(b) > 0 && p.isFetching() {
		piece := b[:min(len(b), fetchPiece)]
		var k int
		p.Conn.SetWriteDeadline(time.Now().Add(fetchStalls))
		k, err = p.Conn.Write(piece)
		p.gate.mu.Lock()
		p.fetch.taken += int64(k)
		p.gate.mu.Unlock()
		n, b = n+k, b[k:]
	}
	if err != nil || len(b) == 0 {
		return n, err
	}
	k, err := p.Conn.Write(b)
	return n + k, err
}

func (p *place) isFetching() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return !p.fetch.since.IsZero()
}

// Close gives the place back.
func (p *place) Close() error {
	p.gate.mu.Lock()
	if p.in != nil {
		p.in.Remove(p.at)
		p.in = nil
		close(p.closed)
	}
	p.gate.mu.Unlock()
	p.giveBack()
	return p.Conn.Close()
}

// Read gives a stranger's bytes once it is the stranger's turn, which lasts until the
// request was answered, or more bytes must be waited for. (While one is answered,
// net/http waits for the next in the background.)
func (p *place) Read(b []byte) (int, error) {
	p.turn.Lock()
	serving := p.turn.serving
	p.turn.Unlock()
	if !serving {
		p.giveBack()
		p.stalls()
	}
	n, err := p.Conn.Read(b)
	if n > 0 && !serving && p.speaks() {
		select {
		case p.gate.turns <- struct{}{}:
			p.turn.Lock()
			p.turn.held, p.turn.since = true, time.Now()
			p.turn.Unlock()
		case <-p.closed:
			return 0, net.ErrClosed
		}
	}
	return n, err
}

// giveBack gives the stranger's turn back, if there is one: to the next stranger after
// as long as it took, so that half of the processor is for others, however many come.
func (p *place) giveBack() {
	p.turn.Lock()
	defer p.turn.Unlock()
	if !p.turn.held {
		return
	}
	p.turn.held = false
	time.AfterFunc(min(time.Since(p.turn.since), restMost), func() { <-p.gate.turns })
}

// serve says that a request was read, or answered.
func (p *place) serve(now bool) {
	p.turn.Lock()
	p.turn.serving = now
	p.turn.Unlock()
}

// speaks says that a stranger's bytes have come, of which some may be a volunteer's: the
// place is not taken away while they wait for their turn. It gives false for a phone.
func (p *place) speaks() (stranger bool) {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.phone == "" {
		p.move(&p.gate.busy)
	}
	return p.phone == ""
}

// stalls says that a request is not whole: the place is the next to be taken away.
func (p *place) stalls() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.in == &p.gate.busy {
		p.in.Remove(p.at)
		p.in = &p.gate.waiting
		p.at = p.in.PushFront(p)
	}
}

// SetReadDeadline and SetWriteDeadline give strangers less time than net/http does.
func (p *place) SetReadDeadline(t time.Time) error {
	return p.Conn.SetReadDeadline(p.within(t, strangerReads))
}

func (p *place) SetWriteDeadline(t time.Time) error {
	return p.Conn.SetWriteDeadline(p.within(t, strangerTakes))
}

func (p *place) within(t time.Time, limit time.Duration) time.Time {
	p.gate.mu.Lock()
	free := p.phone != "" || !p.fetch.since.IsZero()
	p.gate.mu.Unlock()
	if most := time.Now().Add(limit); !free && (t.IsZero() || t.After(most)) {
		return most
	}
	return t
}

// hangUp closes the connections of phones that are not paired any more, but for one,
// on which that is about to be said.
func (g *gate) hangUp(still func(phone string) bool, but *place) {
	g.mu.Lock()
	var out []*place
	for e := g.paired.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*place); p != but && !still(p.phone) {
			out = append(out, p)
		}
	}
	g.mu.Unlock()
	for _, p := range out {
		p.Close()
	}
}

// placed puts before every request at a gate that its place is kept, and that a paired
// phone's takes its turn; a stranger's has it already.
func (s *Server) placed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := callerOf(r).place
		if p == nil {
			next.ServeHTTP(w, r)
			return
		}
		phone, done := phoneOf(r), p.giveBack
		p.serve(true)
		defer p.serve(false)
		p.serves(phone)
		defer p.waits()
		p.lasts(r)
		if phone != "" {
			p.giveBack()
			select {
			case p.gate.reserved <- struct{}{}:
				done = sync.OnceFunc(func() { <-p.gate.reserved })
			case <-r.Context().Done():
				panic(http.ErrAbortHandler) // to return is to answer with an empty page
			}
		} else if p.asked++; p.asked >= askedMost {
			w.Header().Set("Connection", "close")
		}
		defer done()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), turnKey{}, done)))
	})
}

// lasts lets a request that was read whole take as long as its answer does: net/http ends
// its context, as if the phone had gone, when the connection's time for reading is up.
// A paired phone, which is known only now, has more time than a stranger.
func (p *place) lasts(r *http.Request) {
	if phoneOf(r) != "" {
		p.Conn.SetReadDeadline(time.Now().Add(readTimeout))
		p.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	whole := func() { p.Conn.SetReadDeadline(time.Time{}) }
	if r.ContentLength == 0 {
		whole()
		return
	}
	r.Body = wholeBody{r.Body, whole}
}

// wholeBody is that of a request, and calls whole once it was read to its end.
type wholeBody struct {
	io.ReadCloser
	whole func()
}

func (b wholeBody) Read(to []byte) (n int, err error) {
	if n, err = b.ReadCloser.Read(to); err == io.EOF {
		b.whole()
	}
	return n, err
}

type turnKey struct{}

// yield gives a request's turn back before it is answered: what follows waits for
// something else than the processor.
func yield(r *http.Request) {
	if done, ok := r.Context().Value(turnKey{}).(func()); ok {
		done()
	}
}

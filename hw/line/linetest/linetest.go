// Package linetest is a GPIO chip as a model: what the kernel shows of a chip,
// driven from a test or from a simulated van instead of from wires.
//
// In: levels (Drive, Release) and faults. Out: a line.Chip whose edges, levels,
// time stamps, sequence numbers, debouncing and losses are those of the
// kernel's uAPI v2 (drivers/gpio/gpiolib-cdev.c). It runs in real time, or in
// the time of a synctest bubble.
package linetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"infobus/hw"
	"infobus/hw/line"
	"infobus/reading/clock"
)

// Fault is what is wrong with the chip.
type Fault string

const (
	OK     Fault = "ok"
	Absent Fault = "absent" // gone: requests and readings fail, also those that were under way
	Stuck  Fault = "stuck"  // requests and readings hang until the fault is another
)

// Chip is the model. Make it with New.
type Chip struct {
	// mu covers everything below. No function of a watcher is called under it.
	mu    sync.Mutex
	now   func() time.Duration
	names []string
	wires []wire
	fault Fault
	moved chan struct{} // closed and replaced when fault changes
	open  map[*request]bool
	lazy  bool // the readers are held up

	outputs map[int]*output // by offset: those that are held
	driven  map[int]bool    // by offset: the level that an output had last
	outside func(line string, high bool)
}

// wire is what is connected to a line.
type wire struct {
	driven bool
	level  bool
}

// Option changes a Chip that New makes.
type Option func(*Chip)

// WithClock gives the time stamps' clock; otherwise CLOCK_MONOTONIC.
func WithClock(now func() time.Duration) Option { return func(c *Chip) { c.now = now } }

// WithOutput calls f with an output's name and level, at its request and at each
// change. It may call the Chip.
func WithOutput(f func(line string, high bool)) Option { return func(c *Chip) { c.outside = f } }

// New is a chip with lines of those names, none of them driven.
func New(names []string, options ...Option) *Chip {
	c := &Chip{
		now: clock.Mono, names: slices.Clone(names), wires: make([]wire, len(names)),
		fault: OK, moved: make(chan struct{}), open: map[*request]bool{},
		outputs: map[int]*output{}, driven: map[int]bool{}, outside: func(string, bool) {},
	}
	for _, o := range options {
		o(c)
	}
	return c
}

// Drive puts a line, given by name or offset, at a level.
func (c *Chip) Drive(name string, level bool) { c.DriveAt(name, level, c.now()) }

// DriveAt is Drive with the time of the change, from which the stamp of the edge
// is reckoned: at itself, or with debounce the end of the period that began at
// at. The period itself passes in real time, from now.
func (c *Chip) DriveAt(name string, level bool, at time.Duration) {
	c.wire(name, wire{driven: true, level: level}, at)
}

// Release leaves a line to its bias: high where a pull-up was asked for, else
// low.
func (c *Chip) Release(name string) { c.wire(name, wire{}, c.now()) }

func (c *Chip) wire(name string, w wire, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset, err := c.offset(name)
	if err != nil {
		panic(err) // a mistake in the test
	}
	before := c.wires[offset]
	c.wires[offset] = w
	for r := range c.open {
		for i, l := range r.lines {
			if l.offset == offset && l.physical(before) != l.physical(w) {
				r.changed(i, at)
			}
		}
	}
}

// SetFault breaks or mends the chip. Watches that were under way when it went
// absent have failed; their lines stay dead after it is back.
func (c *Chip) SetFault(f Fault) {
	c.mu.Lock()
	if f == c.fault {
		c.mu.Unlock()
		return
	}
	c.fault = f
	close(c.moved)
	c.moved = make(chan struct{})
	var gone []func(error)
	if f == Absent {
		for r := range c.open {
			r.dead = true
			gone = append(gone, r.gone)
		}
		for offset, o := range c.outputs {
			o.dead = true
			delete(c.outputs, offset)
		}
	}
	c.mu.Unlock()
	for _, g := range gone {
		g(errGone)
	}
}

var errGone = fmt.Errorf("%w: GPIO chip is gone", hw.ErrAbsent)

// HoldUp keeps edges in the kernel's buffer, as when the process is not
// scheduled, until it is called again with false. The buffer has room for 16 a
// line of the request; when it is full the oldest edge is lost.
func (c *Chip) HoldUp(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lazy = on
	for r := range c.open {
		r.wake()
	}
}

// Watched says whether anybody has requested the line.
func (c *Chip) Watched(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for r := range c.open {
		for _, l := range r.lines {
			if !r.dead && (c.names[l.offset] == name || strconv.Itoa(l.offset) == name) {
				return true
			}
		}
	}
	return false
}

func (c *Chip) offset(name string) (int, error) {
	if i := slices.Index(c.names, name); i >= 0 {
		return i, nil
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(c.names) {
		return n, nil
	}
	return 0, fmt.Errorf("line %s: %w; the chip has %v", name, hw.ErrAbsent, c.names)
}

// answer is what the chip says to any request: nothing while it is stuck.
// It is called, and returns, with mu held.
func (c *Chip) answer() error {
	for c.fault == Stuck {
		moved := c.moved
		c.mu.Unlock()
		<-moved
		c.mu.Lock()
	}
	if c.fault == Absent {
		return errGone
	}
	return nil
}

// Inputs implements line.Chip.
func (c *Chip) Inputs(lines []line.Config, edge func(line.Edge), gone func(error)) (line.Inputs, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.answer(); err != nil {
		return nil, err
	}
	r := &request{chip: c, edge: edge, gone: gone, room: 16 * len(lines),
		signal: make(chan struct{}, 1), closing: make(chan struct{}), ended: make(chan struct{})}
	for _, l := range lines {
		o, err := c.offset(l.Line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		if c.taken(o) {
			return nil, fmt.Errorf("%s: line %s is in use", l.Name, l.Line)
		}
		q := &requested{Config: l, offset: o}
		q.level = q.physical(c.wires[o])
		r.lines = append(r.lines, q)
	}
	c.open[r] = true
	go r.deliver()
	return r, nil
}

// taken says whether somebody holds the line.
func (c *Chip) taken(offset int) bool {
	for r := range c.open {
		if !r.dead && slices.ContainsFunc(r.lines, func(l *requested) bool { return l.offset == offset }) {
			return true
		}
	}
	return c.outputs[offset] != nil
}

// Output implements line.Chip. A line that is given back, and one whose chip goes
// away, stays as it was last, as on a Raspberry Pi.
func (c *Chip) Output(l line.Config, active bool) (line.Output, error) {
	c.mu.Lock()
	if err := c.answer(); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	offset, err := c.offset(l.Line)
	if err == nil && c.taken(offset) {
		err = fmt.Errorf("line %s is in use", l.Line)
	}
	if err != nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	o := &output{chip: c, low: l.ActiveLow, offset: offset}
	c.outputs[offset] = o
	c.mu.Unlock()
	return o, o.Set(active)
}

// Level is how an output is, or was last; ok is false where the line never was one.
func (c *Chip) Level(name string) (high, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset, err := c.offset(name)
	if err != nil {
		panic(err) // a mistake in the test
	}
	high, ok = c.driven[offset]
	return high, ok
}

// Force puts an output at a level against what its holder set, as a line does that
// is shorted.
func (c *Chip) Force(name string, high bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset, err := c.offset(name)
	if err != nil {
		panic(err) // a mistake in the test
	}
	c.driven[offset] = high
}

// output is an output line that somebody holds.
type output struct {
	chip   *Chip
	low    bool // active low
	offset int
	dead   bool // its chip went away
}

func (o *output) Set(active bool) error {
	o.chip.mu.Lock()
	if err := o.answer(); err != nil {
		o.chip.mu.Unlock()
		return err
	}
	high := active != o.low
	was, driven := o.chip.driven[o.offset]
	o.chip.driven[o.offset] = high
	o.chip.mu.Unlock()
	if !driven || was != high {
		o.chip.outside(o.chip.names[o.offset], high)
	}
	return nil
}

func (o *output) Active() (bool, error) {
	o.chip.mu.Lock()
	defer o.chip.mu.Unlock()
	if err := o.answer(); err != nil {
		return false, err
	}
	return o.chip.driven[o.offset] != o.low, nil
}

func (o *output) answer() error {
	if err := o.chip.answer(); err != nil {
		return err
	}
	if o.dead {
		return errGone
	}
	return nil
}

func (o *output) Close() error {
	err := o.Set(false)
	o.chip.mu.Lock()
	defer o.chip.mu.Unlock()
	if o.chip.outputs[o.offset] == o {
		delete(o.chip.outputs, o.offset)
	}
	return err
}

// Pulses implements line.Chip.
func (c *Chip) Pulses(l line.Config) (line.Pulses, error) {
	p := &pulses{chip: c, came: make(chan struct{}, 1)}
	l.Debounce = 0
	in, err := c.Inputs([]line.Config{l}, p.edge, func(error) { p.wake() })
	p.in = in
	return p, err
}

// pulses are the rises of a line. What the kernel would keep for a process that
// is not scheduled is kept here: 1024, and the oldest are lost.
type pulses struct {
	chip *Chip
	in   line.Inputs
	came chan struct{}

	mu   sync.Mutex // guards have, seq
	have []line.Pulse
	seq  uint32
}

func (p *pulses) edge(e line.Edge) {
	if !e.Active {
		return
	}
	p.mu.Lock()
	if p.seq++; len(p.have) == 1024 {
		p.have = p.have[1:]
	}
	p.have = append(p.have, line.Pulse{At: e.At, Seq: p.seq})
	p.mu.Unlock()
	p.wake()
}

func (p *pulses) wake() {
	select {
	case p.came <- struct{}{}:
	default:
	}
}

func (p *pulses) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		n := len(p.have)
		p.mu.Unlock()
		if n > 0 {
			return nil
		}
		if err := p.gone(); err != nil {
			return err
		}
		select {
		case <-p.came:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *pulses) Take(list []line.Pulse) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(list, p.have)
	if p.have = p.have[n:]; n == 0 {
		return 0, p.gone()
	}
	return n, nil
}

// gone says, without waiting, whether the chip has.
func (p *pulses) gone() error {
	p.chip.mu.Lock()
	defer p.chip.mu.Unlock()
	if p.chip.fault == Absent || p.in.(*request).dead {
		return errGone
	}
	return nil
}

func (p *pulses) Alive() error {
	_, err := p.in.Levels(make([]bool, 1))
	return err
}

func (p *pulses) Close() error { return p.in.Close() }

// request is a set of lines somebody has requested. The chip's mu covers it.
type request struct {
	chip    *Chip
	lines   []*requested
	edge    func(line.Edge)
	gone    func(error)
	room    int // edges the buffer holds
	buffer  []line.Edge
	seq     uint32
	dead    bool // its chip went away
	closed  bool
	signal  chan struct{}
	closing chan struct{}
	ended   chan struct{} // closed when deliver has returned
}

// requested is one line of a request.
type requested struct {
	line.Config
	offset int
	level  bool // physical, debounced
	seq    uint32
	timer  *time.Timer // runs while a level must hold
	turn   int         // counts the changes, so that a late timer is known
}

// physical is the level of the line when w is connected to it.
func (l *requested) physical(w wire) bool {
	if w.driven {
		return w.level
	}
	return l.PullUp
}

// changed takes a change of the physical level of line i. Under debounce each
// change, also one back, starts the period again (debounce_irq_handler), and at
// its end the level is compared with the one reported last and stamped then
// (debounce_work_func).
func (r *request) changed(i int, at time.Duration) {
	l := r.lines[i]
	if r.dead || r.closed {
		return
	}
	if l.Debounce == 0 {
		r.put(i, l.physical(r.chip.wires[l.offset]), at)
		return
	}
	l.turn++
	turn := l.turn
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer = time.AfterFunc(l.Debounce, func() {
		r.chip.mu.Lock()
		defer r.chip.mu.Unlock()
		level := l.physical(r.chip.wires[l.offset])
		if turn == l.turn && !r.dead && !r.closed && level != l.level {
			r.put(i, level, at+l.Debounce)
		}
	})
}

// put buffers an edge and drops the oldest if there is no room
// (linereq_put_event).
func (r *request) put(i int, level bool, at time.Duration) {
	l := r.lines[i]
	l.level = level
	l.seq++
	r.seq++
	if len(r.buffer) == r.room {
		r.buffer = r.buffer[1:]
	}
	r.buffer = append(r.buffer, line.Edge{Line: i, Active: level != l.ActiveLow, At: at, Seq: r.seq, LineSeq: l.seq})
	r.wake()
}

func (r *request) wake() {
	select {
	case r.signal <- struct{}{}:
	default:
	}
}

// deliver hands the buffered edges out, one by one.
func (r *request) deliver() {
	defer close(r.ended)
	for {
		select {
		case <-r.closing:
			return
		case <-r.signal:
		}
		for {
			r.chip.mu.Lock()
			if r.closed || r.dead || r.chip.lazy || len(r.buffer) == 0 {
				r.chip.mu.Unlock()
				break
			}
			e := r.buffer[0]
			r.buffer = r.buffer[1:]
			r.chip.mu.Unlock()
			r.edge(e)
		}
	}
}

func (r *request) Levels(active []bool) (time.Duration, error) {
	r.chip.mu.Lock()
	defer r.chip.mu.Unlock()
	if err := r.chip.answer(); err != nil {
		return 0, err
	}
	if r.dead {
		return 0, errGone
	}
	at := r.chip.now()
	for i, l := range r.lines {
		level := l.level
		if l.Debounce == 0 {
			level = l.physical(r.chip.wires[l.offset])
		}
		active[i] = level != l.ActiveLow
	}
	return at, nil
}

func (r *request) Close() error {
	r.chip.mu.Lock()
	if r.closed {
		r.chip.mu.Unlock()
		return nil
	}
	r.closed = true
	delete(r.chip.open, r)
	for _, l := range r.lines {
		if l.timer != nil {
			l.timer.Stop()
		}
	}
	r.chip.mu.Unlock()
	close(r.closing)
	<-r.ended
	return nil
}

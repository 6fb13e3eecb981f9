package main

import (
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"infobus/logbook"
	"infobus/samples"
	"infobus/status"
	"infobus/van"
)

const (
	// sampleLeast is how long is measured for a sample that something cuts short.
	sampleLeast = time.Minute
	// samplesMost is how many wait in memory, if nothing else is written meanwhile: a
	// write wears the card, and costs the same for one as for all of them.
	samplesMost = 12
	// samplesRead is how many of the logbook's last events are looked through for one
	// answer, while nothing can be appended.
	samplesRead = 2000
)

// sampler holds what is measured, and has the logbook keep a quarter of an hour of it as
// an event. These are written when van.Kept is, since ext4 then writes the same blocks
// for both, and before the end: a power cut loses those that wait.
type sampler struct {
	least time.Duration
	due   chan struct{} // a token: write those that wait

	mu      sync.Mutex // guards the rest
	book    samples.Book
	session bool
	looked  time.Duration // when box was read
	box     samples.Values
}

func newSampler() *sampler {
	return &sampler{least: sampleLeast, due: make(chan struct{}, 1), box: samples.Unknown()}
}

// see takes the state, and gives what is to be recorded.
func (s *sampler) see(state van.State) []samples.Point {
	if state.Now.Boot == "" {
		return nil // before the first step nothing is known, and not since when
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := state.Now.Mono
	if s.looked == 0 || now-s.looked >= time.Minute {
		s.looked, s.box = now, readBox()
	}
	v := state.Values()
	v[samples.Board], v[samples.Memory] = s.box[samples.Board], s.box[samples.Memory]
	// What is told of a session stands with its events, and goes with them; there the
	// card is written anyway.
	turns := state.Session.Active != s.session
	if turns {
		s.book.Close(now, s.least)
		s.session = state.Session.Active
	}
	s.book.See(v, now)
	if turns || s.book.Waiting() >= samplesMost {
		return s.book.Take()
	}
	return nil
}

// take gives what waits; with end, what is under way too.
func (s *sampler) take(end bool, now time.Duration) []samples.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end {
		s.book.Close(now, s.least)
	}
	return s.book.Take()
}

// points are those in memory.
func (s *sampler) points() []samples.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.Points()
}

// record has the van record them.
func (a *appliance) record(points []samples.Point) {
	for _, p := range points {
		a.observe(van.Sampled{Point: p})
	}
}

// samples are a series' points, those of the logbook first.
func (a *appliance) samples(name string) ([]status.Sample, bool) {
	if !status.IsSeries(name) {
		return nil, false
	}
	var recorded []logbook.Event
	last := a.recorder.Status().Last
	if events, err := a.recorder.After(last-min(last, samplesRead), samplesRead); err == nil { // else those in memory alone
		recorded = events
	}
	return status.SamplesOf(a.loop.State(), recorded, a.sampler.points(), name), true
}

// readBox is what the kernel says of the board and the process.
func readBox() samples.Values {
	v := samples.Unknown()
	number := func(path string, field int) float64 {
		b, err := os.ReadFile(path)
		if fields := strings.Fields(string(b)); err == nil && field < len(fields) {
			if n, err := strconv.ParseFloat(fields[field], 64); err == nil {
				return n
			}
		}
		return math.NaN()
	}
	// https://docs.kernel.org/driver-api/thermal/sysfs-api.html: thousandths of a degree.
	v[samples.Board] = number("/sys/class/thermal/thermal_zone0/temp", 0) / 1000
	v[samples.Memory] = number("/proc/self/statm", 1) * float64(os.Getpagesize()) / 1e6 // proc_pid_statm(5)
	return v
}

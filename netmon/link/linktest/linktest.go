// Package linktest is a port to the Cisco box as a model: whoever holds it
// plugs the cable in and out. It stands in for the kernel where there is none
// to ask.
package linktest

import (
	"context"
	"sync"

	"infobus/netmon"
)

// Plugged is a port with everything well. Its addresses are of the range kept
// for documentation.
var Plugged = netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}

// Port is the model. Make it with New.
type Port struct {
	mu      sync.Mutex // guards the rest
	link    netmon.Link
	changed chan struct{} // closed, and made anew, by each change
}

// New is a port that is Plugged.
func New() *Port { return &Port{link: Plugged, changed: make(chan struct{})} }

// Set changes the port.
func (p *Port) Set(change func(*netmon.Link)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.link
	if change(&p.link); p.link != was {
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// Link is the port as it is.
func (p *Port) Link() netmon.Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link
}

// Watch observes the port as link.Watch does a real one, whatever the name. Of
// changes that follow each other faster than observe returns, it sees the last.
func (p *Port) Watch(ctx context.Context, _ string, observe func(netmon.Link)) error {
	var last *netmon.Link
	for {
		p.mu.Lock()
		l, changed := p.link, p.changed
		p.mu.Unlock()
		if last == nil || *last != l {
			last = &l
			observe(l)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

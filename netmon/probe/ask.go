package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"infobus/hw"
	"infobus/netmon"
	"infobus/netmon/client"
)

// gatewayTimeout bounds a question to the gateway, which is at the other end of a cable.
const gatewayTimeout = 700 * time.Millisecond

// came says what an error of the client's says of the question.
func came(err error) outcome {
	switch {
	case err == nil:
		return outcome{came: netmon.Right}
	case errors.Is(err, client.ErrBudget), errors.Is(err, context.Canceled):
		return outcome{unasked: true}
	case errors.Is(err, client.ErrRefused):
		return outcome{came: netmon.Refusal}
	case errors.Is(err, client.ErrUnreachable):
		return outcome{came: netmon.Unreachable}
	case errors.Is(err, hw.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return outcome{came: netmon.Nothing}
	}
	return outcome{came: netmon.Refusal} // cut off by whoever took it
}

// knock asks whether anybody takes a connection where the gateway's page is; a refusal is
// a sign of life too. It costs a fifth of the page.
func (p *Prober) knock(ctx context.Context, t Targets, tell tell, doubt bool) {
	if t.Gateway == "" {
		return
	}
	address := t.Gateway
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "80")
	}
	p.put(ctx, tell, netmon.Cell{Question: netmon.Knock, Server: netmon.Gateway}, gatewayTimeout, func(ctx context.Context) outcome {
		if p.options.Absent != nil && p.options.Absent(host(address)) {
			return outcome{came: netmon.Unreachable}
		}
		conn, err := p.options.Client.Dial(ctx, client.Gateway, "tcp", address)
		if err == nil {
			conn.Close()
		}
		return came(err)
	})
}

// page asks for the gateway's own page: any answer of its web server is a sign of life,
// and so is its refusal. Where it does not come it is asked for once more.
func (p *Prober) page(ctx context.Context, t Targets, tell tell, doubt bool) {
	if t.Gateway == "" {
		return
	}
	for range 2 {
		r := p.put(ctx, tell, netmon.Cell{Question: netmon.Page, Server: netmon.Gateway}, gatewayTimeout, func(ctx context.Context) outcome {
			r, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+t.Gateway+"/", nil)
			if err != nil {
				return outcome{unasked: true}
			}
			response, err := p.options.Client.HTTP(client.Gateway).Do(r)
			if err != nil {
				r := came(err)
				if r.came == netmon.Refusal && !errors.Is(err, client.ErrRefused) {
					r.came = netmon.Unreachable // taken, and cut off: its page is dead
				}
				return r
			}
			response.Body.Close()
			return outcome{came: netmon.Right}
		})
		if r.unasked || r.came == netmon.Right || r.came == netmon.Refusal {
			return
		}
	}
}

// connect asks whether somebody takes a connection at the addresses given by number. A
// refusal may be the gateway's own.
func (p *Prober) connect(ctx context.Context, t Targets, tell tell, doubt bool) {
	var asks sync.WaitGroup
	for i, target := range t.Internet {
		asks.Go(func() {
			p.put(ctx, tell, netmon.Cell{Question: netmon.Connect, Server: netmon.Public, Nth: uint8(i + 1), Port: portOf(target)}, p.options.Timeout,
				func(ctx context.Context) outcome {
					conn, err := p.options.Client.Dial(ctx, p.options.Purpose, "tcp", target)
					if err == nil {
						conn.Close()
					}
					return came(err)
				})
		})
	}
	asks.Wait()
}

func portOf(hostport string) uint16 {
	if a, err := netip.ParseAddrPort(hostport); err == nil {
		return a.Port()
	}
	return 0
}

// random asks each name server for names that nobody has asked for, so that no cache
// answers: while all is well one server and name at a time.
func (p *Prober) random(ctx context.Context, t Targets, tell tell, doubt bool) {
	p.servers(ctx, t, tell, netmon.Random, doubt)
}

// public asks the name servers that are not the lease's.
func (p *Prober) public(ctx context.Context, t Targets, tell tell, doubt bool) {
	var asks sync.WaitGroup
	for i, server := range t.Resolvers {
		asks.Go(func() {
			for n, name := range t.names()[:min(1, len(t.names()))] {
				p.query(ctx, tell, netmon.Cell{Question: netmon.Random, Server: netmon.Public, Nth: uint8(i + 1), Name: uint8(n + 1), Port: 53}, server, name, t.Proof)
			}
		})
	}
	asks.Wait()
}

func (p *Prober) servers(ctx context.Context, t Targets, tell tell, q netmon.Question, doubt bool) {
	names := t.names()
	if len(names) == 0 || len(t.DNS) == 0 {
		return
	}
	turn := 0
	if !doubt {
		p.mu.Lock()
		p.turn++
		turn = p.turn
		p.mu.Unlock()
	}
	var asks sync.WaitGroup
	for i, server := range t.DNS {
		for n, name := range names {
			if !doubt && (i != turn%len(t.DNS) || n != turn/len(t.DNS)%len(names)) {
				continue
			}
			asks.Go(func() {
				p.query(ctx, tell, netmon.Cell{Question: q, Server: t.whose(i), Nth: uint8(i + 1), Name: uint8(n + 1), Port: 53}, server, name, t.Proof)
			})
		}
	}
	asks.Wait()
}

// lookup asks each of the lease's name servers for the address of a name that exists, and
// gives the first that comes; invalid without one.
func (p *Prober) lookup(ctx context.Context, t Targets, tell tell, name string) netip.Addr {
	nth := 0
	for i, n := range t.names() {
		if n == name {
			nth = i + 1
		}
	}
	found := make(chan netip.Addr, len(t.DNS)+1)
	go func() {
		var asks sync.WaitGroup
		for i, server := range t.DNS {
			asks.Go(func() {
				p.put(ctx, tell, netmon.Cell{Question: netmon.Lookup, Server: t.whose(i), Nth: uint8(i + 1), Name: uint8(nth), Port: 53}, p.options.Timeout,
					func(ctx context.Context) outcome {
						a := p.exchange(ctx, server, func() string { return name })
						if a.outcome.came == netmon.Right {
							found <- a.address
						}
						return a.outcome
					})
			})
		}
		asks.Wait()
		found <- netip.Addr{}
	}()
	return <-found
}

func (p *Prober) known(name string) (address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.before[name]
}

func (p *Prober) remember(name, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before[name] = address
}

func (p *Prober) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.before)
}

// visit asks something of the server that a name leads to and, where that is not answered
// as it should be, of the one that it led to before.
func (p *Prober) visit(ctx context.Context, t Targets, tell tell, q netmon.Question, name string, port uint16, ask func(ctx context.Context, address string) outcome) (r outcome) {
	if _, err := netip.ParseAddr(name); err == nil || len(t.DNS) == 0 {
		return p.put(ctx, tell, netmon.Cell{Question: q, Server: netmon.Site, Name: nthName(t, name), Port: port}, p.options.Timeout,
			func(ctx context.Context) outcome { return ask(ctx, name) })
	}
	var asks sync.WaitGroup
	defer asks.Wait()
	cell := netmon.Cell{Question: q, Server: netmon.Site, Name: nthName(t, name), Port: port, Way: netmon.ByName}
	found := make(chan netip.Addr, 1)
	asks.Go(func() { found <- p.lookup(ctx, t, tell, name) })
	before := p.known(name)
	late := (<-chan time.Time)(nil)
	if before != "" {
		late = time.After(reports[0]) // names have cells of their own: it need not wait for them
	}
	var here netip.Addr
	select {
	case here = <-found:
	case <-late:
	}
	if here.IsValid() {
		address := here.String()
		if r = p.put(ctx, tell, cell, p.options.Timeout, func(ctx context.Context) outcome { return ask(ctx, address) }); r.came == netmon.Right {
			p.remember(name, address)
			return r
		}
		if address == before || r.came == netmon.Foreign {
			return r
		}
	}
	if before == "" {
		return r
	}
	cell.Way = netmon.Before
	return p.put(ctx, tell, cell, p.options.Timeout, func(ctx context.Context) outcome { return ask(ctx, before) })
}

// nthName is which of the names it is, from 1; 0 if it is none.
func nthName(t Targets, name string) uint8 {
	for i, n := range t.names() {
		if n == name {
			return uint8(i + 1)
		}
	}
	return 0
}

// check asks the URLs of the checks.
func (p *Prober) check(ctx context.Context, t Targets, tell tell, doubt bool) {
	var asks sync.WaitGroup
	for _, target := range t.Checks {
		u, word, err := challenged(target)
		if err != nil {
			continue
		}
		port := u.Port()
		if port == "" {
			port = "80"
			if u.Scheme == "https" {
				port = "443"
			}
		}
		asks.Go(func() {
			p.visit(ctx, t, tell, netmon.Check, u.Hostname(), portNumber(port), func(ctx context.Context, address string) outcome {
				to := *u
				if u.Scheme != "https" { // whose server must be asked by its name
					to.Host = net.JoinHostPort(address, port)
				}
				return p.fetch(ctx, &to, u.Host, word)
			})
		})
	}
	asks.Wait()
}

func portNumber(s string) (n uint16) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + uint16(c-'0')
	}
	return n
}

// proof has the server of t.Name prove who it is and, where it does not, has those that
// are given by number show that some issuer knows them.
func (p *Prober) proof(ctx context.Context, t Targets, tell tell, doubt bool) {
	if !t.Proof || t.Name == "" {
		return
	}
	r := p.visit(ctx, t, tell, netmon.Proof, t.Name, 443, func(ctx context.Context, address string) outcome {
		return p.prove(ctx, net.JoinHostPort(address, "443"), t.Name)
	})
	if r.unasked || r.came == netmon.Right || r.came == netmon.Nothing {
		return
	}
	var asks sync.WaitGroup
	for i, target := range t.Internet {
		asks.Go(func() {
			p.put(ctx, tell, netmon.Cell{Question: netmon.Chain, Server: netmon.Public, Nth: uint8(i + 1), Port: portOf(target)}, p.options.Timeout,
				func(ctx context.Context) outcome { return p.prove(ctx, target, "") })
		})
	}
	asks.Wait()
}

// call sends a packet as a phone call's first.
func (p *Prober) call(ctx context.Context, t Targets, tell tell, doubt bool) {
	var asks sync.WaitGroup
	for i, target := range t.Calls {
		name, port, err := net.SplitHostPort(target)
		if err != nil {
			continue
		}
		asks.Go(func() {
			address := name
			if _, err := netip.ParseAddr(name); err != nil {
				found := p.address(ctx, t, name)
				if !found.IsValid() {
					return // names have cells of their own
				}
				address = found.String()
			}
			p.put(ctx, tell, netmon.Cell{Question: netmon.Call, Server: netmon.Site, Nth: uint8(i + 1), Port: portNumber(port)}, p.options.Timeout,
				func(ctx context.Context) outcome { return p.bind(ctx, net.JoinHostPort(address, port)) })
		})
	}
	asks.Wait()
}

// address is where a name leads, by the first of the lease's name servers that says so.
func (p *Prober) address(ctx context.Context, t Targets, name string) netip.Addr {
	bounded, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	found := make(chan netip.Addr, len(t.DNS)+1)
	var asks sync.WaitGroup
	for _, server := range t.DNS {
		asks.Go(func() {
			if a := p.exchange(bounded, server, func() string { return name }); a.outcome.came == netmon.Right {
				found <- a.address
				cancel()
			}
		})
	}
	asks.Wait()
	found <- netip.Addr{}
	return <-found
}

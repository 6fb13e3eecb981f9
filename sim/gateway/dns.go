package gateway

import (
	"net"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver is the gateway's DNS server: every name is at 127.0.0.1.
type resolver struct {
	address string
	conn    net.PacketConn
	ended   chan struct{}
}

func (g *Gateway) serveDNS() (*resolver, error) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &resolver{address: conn.LocalAddr().String(), conn: conn, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := g.resolve(b[:n]); answer != nil {
				conn.WriteTo(answer, from)
			}
		}
	}()
	return r, nil
}

func (r *resolver) close() error {
	err := r.conn.Close()
	<-r.ended
	return err
}

// resolve answers a query; nil for what is none, or while the server is silent.
// A gateway that cannot ask further says so.
func (g *Gateway) resolve(query []byte) []byte {
	s := g.now()
	if !s.On || !s.DNS {
		return nil
	}
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	m := dnsmessage.Message{
		Header: dnsmessage.Header{ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true},
		// What else the query asked is left out, as small resolvers do.
		Questions: []dnsmessage.Question{q},
	}
	switch {
	case s.Cellular == Down:
		m.RCode = dnsmessage.RCodeServerFailure
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	var size int
	for _, s := range g.plants() {
		if size += len(s) + 1; len(s) > 255 || size > 400 {
			break
		}
		m.Additionals = append(m.Additionals, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.TXTResource{TXT: []string{s}},
		})
	}
	answer, err := m.Pack()
	if err != nil {
		return nil
	}
	return answer
}

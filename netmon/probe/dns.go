package probe

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"infobus/netmon/client"
)

// resolves says whether the server, asked over UDP, knows an address for name.
// The question is sent a second time when half of the timeout has passed: a
// datagram lost is no DNS failing.
func resolves(ctx context.Context, c *client.Client, server, name string, timeout time.Duration) bool {
	q, err := question(name)
	if err != nil {
		return false
	}
	id := uint16(rand.Uint32())
	message, err := query(id, q)
	if err != nil {
		return false
	}
	conn, err := c.Dial(ctx, client.Probe, "udp", server)
	if err != nil {
		return false
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	b := make([]byte, 1500)
	for range 2 {
		if _, err := conn.Write(message); err != nil {
			return false
		}
		conn.SetReadDeadline(time.Now().Add(timeout / 2))
		for {
			n, err := conn.Read(b)
			if err != nil {
				break
			}
			ok, err := parse(b[:n], id, q)
			if err == nil {
				return ok
			}
			// Not the answer to this question: somebody else's, or a forgery.
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

func question(name string) (dnsmessage.Question, error) {
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	n, err := dnsmessage.NewName(name)
	return dnsmessage.Question{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}, err
}

func query(id uint16, q dnsmessage.Question) ([]byte, error) {
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{q}}
	return m.Pack()
}

var errForeign = errors.New("not the answer to this question")

// parse says whether the message has an address in it. An error says that it
// is not the answer to the question q with the given id, or is no DNS at all.
func parse(b []byte, id uint16, q dnsmessage.Question) (bool, error) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || h.ID != id || !h.Response {
		return false, errForeign
	}
	asked, err := p.Question()
	if err != nil || asked.Type != q.Type || asked.Class != q.Class || !strings.EqualFold(asked.Name.String(), q.Name.String()) {
		return false, errForeign
	}
	if h.RCode != dnsmessage.RCodeSuccess {
		return false, nil
	}
	if err := p.SkipAllQuestions(); err != nil {
		return false, errForeign
	}
	for {
		a, err := p.AnswerHeader()
		if err != nil {
			return false, nil // no address among the answers that can be read
		}
		if a.Type == dnsmessage.TypeA {
			_, err := p.AResource()
			return err == nil, nil
		}
		if p.SkipAnswer() != nil {
			return false, nil
		}
	}
}

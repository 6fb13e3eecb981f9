package probe

import (
	"context"
	crand "crypto/rand"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"infobus/hw"
	"infobus/netmon/client"
)

// sendAgain is after how long without an answer a question is sent once more: a
// datagram lost is no DNS failing.
const sendAgain = 700 * time.Millisecond

// ask says whether a resolver answers, and after how long. Where the name's
// server proves itself elsewhere it asks for a name below it that nobody has
// asked for, so that no cache answers: that there is none is an answer too. wild:
// there was one, as where a sign-in page answers for every name.
func (p *Prober) ask(ctx context.Context, resolvers []string, t Targets) (ok, wild bool, after time.Duration) {
	begun := time.Now()
	answers := first(ctx, p.options.Stagger, resolvers, func(ctx context.Context, server string) (bool, bool) {
		a, lost, ok := p.exchange(ctx, server, func() string {
			if t.Proof {
				return strings.ToLower(crand.Text()[:8]) + "." + t.Name
			}
			return t.Name
		})
		if ok && t.Proof { // no cache answered: it went over the radio
			p.tried(lost, true)
		}
		return a.address.IsValid(), ok && (a.address.IsValid() || t.Proof && a.code == dnsmessage.RCodeNameError)
	})
	for _, w := range answers.passed {
		wild = wild || w && t.Proof
	}
	return len(answers.passed) > 0, wild, time.Since(begun)
}

// lookUp is an address of host, as the first of the resolvers that has one says.
func (p *Prober) lookUp(ctx context.Context, host string, resolvers []string) (string, bool) {
	answers := first(ctx, p.options.Stagger, resolvers, func(ctx context.Context, server string) (reply, bool) {
		a, _, ok := p.exchange(ctx, server, func() string { return host })
		return a, ok && a.address.IsValid()
	})
	for _, a := range answers.passed {
		return a.address.String(), true
	}
	return "", false
}

// reply is what a resolver said.
type reply struct {
	code    dnsmessage.RCode
	address netip.Addr // the first; invalid for none
}

// exchange asks one resolver over UDP; false without an answer to a question.
// Each sending has an id of its own, so that it is known how many were lost
// before the one that was answered, and the name that name then gives: a
// forwarder waits for the answer to a name that it has asked for already, and
// does not send it on again.
func (p *Prober) exchange(ctx context.Context, server string, name func() string) (r reply, lost int, ok bool) {
	conn, err := p.options.Client.Dial(ctx, client.Probe, "udp", server)
	if err != nil {
		return reply{}, 0, false
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	b := make([]byte, 1500)
	var asked []dnsmessage.Question
	for first := uint16(rand.Uint32()); ctx.Err() == nil; {
		sent := time.Now()
		q, err := question(name())
		if err == nil {
			err = send(conn, first+uint16(len(asked)), q)
		}
		if err != nil {
			return reply{}, 0, false
		}
		asked = append(asked, q)
		conn.SetReadDeadline(sent.Add(sendAgain))
		for {
			read, err := conn.Read(b)
			if errors.Is(err, hw.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				// A port that is shut: no use in asking at once again.
				select {
				case <-ctx.Done():
				case <-time.After(time.Until(sent.Add(sendAgain))):
				}
				break
			}
			for i, q := range asked {
				if a, err := parse(b[:read], first+uint16(i), q); err == nil {
					return a, i, true
				}
			}
			// Not the answer to one of these: somebody else's, or a forgery.
		}
	}
	return reply{}, 0, false
}

func question(name string) (dnsmessage.Question, error) {
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	n, err := dnsmessage.NewName(name)
	return dnsmessage.Question{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}, err
}

func send(w io.Writer, id uint16, q dnsmessage.Question) error {
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{q}}
	b, err := m.Pack()
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

var errForeign = errors.New("not the answer to this question")

// parse reads a resolver's answer. An error says that it is not the answer to
// the question q with the given id, or is no DNS at all.
func parse(b []byte, id uint16, q dnsmessage.Question) (reply, error) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || h.ID != id || !h.Response {
		return reply{}, errForeign
	}
	asked, err := p.Question()
	if err != nil || asked.Type != q.Type || asked.Class != q.Class || !strings.EqualFold(asked.Name.String(), q.Name.String()) {
		return reply{}, errForeign
	}
	r := reply{code: h.RCode}
	if h.RCode != dnsmessage.RCodeSuccess {
		return r, nil
	}
	if err := p.SkipAllQuestions(); err != nil {
		return reply{}, errForeign
	}
	for {
		a, err := p.AnswerHeader()
		if err != nil {
			return r, nil // no address among the answers that can be read
		}
		if a.Type == dnsmessage.TypeA {
			if v, err := p.AResource(); err == nil {
				r.address = netip.AddrFrom4(v.A)
			}
			return r, nil
		}
		if p.SkipAnswer() != nil {
			return r, nil
		}
	}
}

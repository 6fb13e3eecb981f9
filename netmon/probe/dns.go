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
	"golang.org/x/sys/unix"

	"infobus/hw"
	"infobus/netmon"
)

// sendAgain is after how long without an answer a question is sent once more, and how
// long then each next time is than the one before: a datagram lost is no server failing.
const sendAgain, longer = 700 * time.Millisecond, 2

// query asks a name server for a name below the given one that nobody has asked for, so
// that no cache answers: that there is none is the right answer, and an address one too,
// as where all names have one. Where the zone is not known to say so, the name itself is
// asked for.
func (p *Prober) query(ctx context.Context, tell tell, cell netmon.Cell, server, name string, below bool) {
	p.put(ctx, tell, cell, p.options.Timeout, func(ctx context.Context) outcome {
		r := p.exchange(ctx, server, func() string {
			if below {
				return strings.ToLower(crand.Text()[:8]) + "." + name
			}
			return name
		}).outcome
		if below && r.came == netmon.NoName {
			r.came = netmon.Right
		}
		return r
	})
}

// reply is what a resolver said.
type reply struct {
	code    dnsmessage.RCode
	address netip.Addr // the first; invalid for none

	outcome outcome
}

// exchange asks one name server over UDP. Each sending has an id of its own, so that it is
// known how many were lost before the one that was answered, and the name that name then
// gives: a forwarder waits for the answer to a name that it has asked for already, and
// does not send it on again.
func (p *Prober) exchange(ctx context.Context, server string, name func() string) (r reply) {
	conn, err := p.options.Client.Dial(ctx, p.options.Purpose, "udp", server)
	if err != nil {
		return reply{outcome: came(err)}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	b := make([]byte, 1500)
	var asked []dnsmessage.Question
	var sent []time.Time
	wait := sendAgain
	for first := uint16(rand.Uint32()); ctx.Err() == nil; wait *= longer {
		q, err := question(name())
		if err != nil {
			return reply{outcome: outcome{unasked: true}}
		}
		sent = append(sent, time.Now())
		if err := send(conn, first+uint16(len(asked)), q); err != nil {
			return reply{outcome: refused(ctx, err)}
		}
		asked = append(asked, q)
		conn.SetReadDeadline(time.Now().Add(wait))
		for {
			read, err := conn.Read(b)
			if errors.Is(err, hw.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return reply{outcome: refused(ctx, err)}
			}
			for i, q := range asked {
				if r, err := parse(b[:read], first+uint16(i), q); err == nil {
					r.outcome = outcome{came: r.says(), trip: time.Since(sent[i]), lost: i}
					return r
				}
			}
			// Not the answer to one of these: somebody else's, or a forgery.
		}
	}
	return reply{outcome: outcome{came: netmon.Nothing}}
}

// refused is what an error of a datagram socket says: that its port is shut, or that there
// is no way there (ICMP).
func refused(ctx context.Context, err error) outcome {
	switch {
	case ctx.Err() != nil:
		return outcome{came: netmon.Nothing}
	case errors.Is(err, unix.ECONNREFUSED):
		return outcome{came: netmon.Refusal}
	}
	return outcome{came: netmon.Unreachable}
}

func (r reply) says() netmon.Came {
	switch {
	case r.address.IsValid():
		return netmon.Right
	case r.code == dnsmessage.RCodeNameError:
		return netmon.NoName
	case r.code == dnsmessage.RCodeSuccess:
		return netmon.Empty
	}
	return netmon.Trouble
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

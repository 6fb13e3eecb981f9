package probe

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"infobus/netmon"
	"infobus/netmon/client"
)

func asked(t testing.TB) dnsmessage.Question {
	q, err := question("one.one.one.one")
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func replied(t testing.TB, change func(*dnsmessage.Message)) []byte {
	q := asked(t)
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, Response: true}, Questions: []dnsmessage.Question{q},
		Answers: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class},
			Body: &dnsmessage.AResource{A: [4]byte{1, 1, 1, 1}}}}}
	change(&m)
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOnlyTheAnswerToTheQuestionCounts(t *testing.T) {
	other := dnsmessage.MustNewName("portal.example.")
	for _, c := range []struct {
		name        string
		change      func(*dnsmessage.Message)
		ok, foreign bool
	}{
		{"an address", func(m *dnsmessage.Message) {}, true, false},
		{"an address behind an alias", func(m *dnsmessage.Message) {
			m.Answers = append([]dnsmessage.Resource{{Header: m.Answers[0].Header, Body: &dnsmessage.CNAMEResource{CNAME: other}}}, m.Answers...)
		}, true, false},
		{"the name in capitals", func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("ONE.one.One.one.") }, true, false},
		{"no address", func(m *dnsmessage.Message) { m.Answers = nil }, false, false},
		{"an alias alone", func(m *dnsmessage.Message) { m.Answers[0].Body = &dnsmessage.CNAMEResource{CNAME: other} }, false, false},
		{"no such name", func(m *dnsmessage.Message) { m.RCode, m.Answers = dnsmessage.RCodeNameError, nil }, false, false},
		{"server failure", func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeServerFailure }, false, false},
		{"another id", func(m *dnsmessage.Message) { m.ID = 8 }, false, true},
		{"a question, not an answer", func(m *dnsmessage.Message) { m.Response = false }, false, true},
		{"an answer to another name", func(m *dnsmessage.Message) { m.Questions[0].Name = other }, false, true},
		{"an answer to another type", func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeAAAA }, false, true},
		{"an answer to no question", func(m *dnsmessage.Message) { m.Questions = nil }, false, true},
	} {
		r, err := parse(replied(t, c.change), 7, asked(t))
		if ok := r.address.IsValid(); ok != c.ok || (err != nil) != c.foreign {
			t.Errorf("%s: %v, %v", c.name, r, err)
		}
	}
	if _, err := parse([]byte("HTTP/1.1 302 Found"), 7, asked(t)); err == nil {
		t.Error("what is no DNS is taken for an answer")
	}
}

// forwarder is a resolver that sends each name on once, as dnsmasq does for as
// long as it waits for the answer, over a way that loses the first of them. stop
// ends it and says which names it sent on.
func forwarder(t *testing.T) (address string, stop func() []string) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	ended := make(chan struct{})
	stop = func() []string { conn.Close(); <-ended; return asked }
	t.Cleanup(func() { stop() })
	go func() {
		defer close(ended)
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil {
				continue
			}
			name := m.Questions[0].Name.String()
			if slices.Contains(asked, name) {
				continue // it waits
			}
			if asked = append(asked, name); len(asked) == 1 {
				continue // it is lost
			}
			m.Response, m.RCode = true, dnsmessage.RCodeNameError
			if b, err := m.Pack(); err == nil {
				conn.WriteTo(b, from)
			}
		}
	}()
	return conn.LocalAddr().String(), stop
}

func TestAQuestionThatWasLostIsAskedWithAnotherName(t *testing.T) {
	address, stop := forwarder(t)
	p := New(Options{Client: client.New(client.Options{})})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []netmon.Answer
	p.query(ctx, func(a netmon.Answer, _ time.Time) { got = append(got, a) }, netmon.Cell{Question: netmon.Random}, address, "one.one.one.one", true)
	asked := stop()
	if last := got[len(got)-1]; last.Came != netmon.Right || last.Lost == 0 || last.Trip <= 0 || len(asked) < 2 {
		t.Errorf("%+v, asked for %q", got, asked)
	}
}

func FuzzBound(f *testing.F) {
	id := [12]byte{1, 2, 3}
	answer := binding(id)
	answer[0] = 1
	f.Add(answer)
	f.Add(binding(id))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if bound(b, id) && (len(b) < 20 || b[0] != 1 || b[1] != 1 || b[8] != 1) {
			t.Errorf("% x is an answer", b)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(replied(f, func(*dnsmessage.Message) {}), uint16(7))
	f.Add(replied(f, func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }), uint16(7))
	f.Add(replied(f, func(m *dnsmessage.Message) { m.Answers = nil }), uint16(8))
	f.Add([]byte{}, uint16(0))
	q := asked(f)
	f.Fuzz(func(t *testing.T, b []byte, id uint16) {
		r, err := parse(b, id, q)
		ok := r.address.IsValid()
		if ok && err != nil {
			t.Error("an answer that is none")
		}
		if ok && (len(b) < 12 || b[0] != byte(id>>8) || b[1] != byte(id) || b[2]&0x80 == 0) {
			t.Errorf("% x is the answer to %d", b, id)
		}
	})
}

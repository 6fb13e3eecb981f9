package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"infobus/hw"
	"infobus/netmon"
)

// Of STUN (RFC 8489): the types of a binding request and its response, and the cookie
// that each message holds.
const (
	bindingRequest, bindingResponse = 0x0001, 0x0101
	magicCookie                     = 0x2112A442
	stunHeader                      = 20
)

// binding is a request for a binding with the transaction of that id.
func binding(id [12]byte) []byte {
	b := make([]byte, stunHeader)
	binary.BigEndian.PutUint16(b, bindingRequest)
	binary.BigEndian.PutUint32(b[4:], magicCookie)
	copy(b[8:], id[:])
	return b
}

// bound says whether b answers the request of that id. What it says is not read: it is
// the address that the operator gave.
func bound(b []byte, id [12]byte) bool {
	return len(b) >= stunHeader && binary.BigEndian.Uint16(b) == bindingResponse &&
		binary.BigEndian.Uint32(b[4:]) == magicCookie && [12]byte(b[8:stunHeader]) == id
}

// bind asks a STUN server where the box is seen, as a phone does at the beginning of a
// call. Each sending is a transaction of its own.
func (p *Prober) bind(ctx context.Context, server string) outcome {
	conn, err := p.options.Client.Dial(ctx, p.options.Purpose, "udp", server)
	if err != nil {
		return came(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	b := make([]byte, 1500)
	var ids [][12]byte
	var sent []time.Time
	for wait := sendAgain; ctx.Err() == nil; wait *= longer {
		var id [12]byte
		rand.Read(id[:])
		ids, sent = append(ids, id), append(sent, time.Now())
		if _, err := conn.Write(binding(id)); err != nil {
			return refused(ctx, err)
		}
		conn.SetReadDeadline(time.Now().Add(wait))
		for {
			n, err := conn.Read(b)
			if errors.Is(err, hw.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return refused(ctx, err)
			}
			for i, id := range ids {
				if bound(b[:n], id) {
					return outcome{came: netmon.Right, trip: time.Since(sent[i]), lost: i}
				}
			}
		}
	}
	return outcome{came: netmon.Nothing}
}

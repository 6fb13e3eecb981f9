package probe

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// pointsEvery is how often access points are looked at.
const pointsEvery = 20 * time.Second

// Points looks at the access points with these addresses until ctx is done, and returns
// its error; while worth says no, not at all. An address is never handed on.
func Points(ctx context.Context, c *client.Client, addresses []string, worth func() bool, observe func(netmon.PointsAsked)) error {
	for {
		if worth() {
			if p := lookAt(ctx, c, addresses); ctx.Err() == nil {
				observe(p)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pointsEvery):
		}
	}
}

// lookAt knocks where each has its page, once more where nobody answers: a refusal is a
// sign of life too.
func lookAt(ctx context.Context, c *client.Client, addresses []string) netmon.PointsAsked {
	p := netmon.PointsAsked{Answered: make([]bool, len(addresses))}
	var asks sync.WaitGroup
	for i, address := range addresses {
		asks.Go(func() {
			for range 2 {
				bounded, cancel := context.WithTimeout(ctx, gatewayTimeout)
				conn, err := c.Dial(bounded, client.Gateway, "tcp", net.JoinHostPort(address, "80"))
				cancel()
				if err == nil {
					conn.Close()
				}
				if p.Answered[i] = err == nil || errors.Is(err, client.ErrRefused); p.Answered[i] {
					return
				}
			}
		})
	}
	asks.Wait()
	return p
}

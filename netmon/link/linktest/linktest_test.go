package linktest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"infobus/netmon"
)

func TestAWatcherSeesTheFirstStateAndEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New()
		ctx, cancel := context.WithCancel(t.Context())
		var seen []netmon.Link
		ended := make(chan error, 1)
		go func() { ended <- p.Watch(ctx, "uplink0", func(l netmon.Link) { seen = append(seen, l) }) }()
		synctest.Wait()

		out := Plugged
		out.Carrier = false
		p.Set(func(l *netmon.Link) { l.Carrier = false })
		synctest.Wait()
		p.Set(func(l *netmon.Link) { l.Carrier = false })
		synctest.Wait()
		p.Set(func(l *netmon.Link) { *l = Plugged })
		synctest.Wait()
		cancel()

		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if len(seen) != 3 || seen[0] != Plugged || seen[1] != out || seen[2] != Plugged {
			t.Errorf("seen %+v", seen)
		}
		if p.Link() != Plugged {
			t.Errorf("the port is %+v", p.Link())
		}
	})
}

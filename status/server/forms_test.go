package server

import (
	"context"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"infobus/action"
)

// A volunteer's phone reaches the box by a name over plain HTTP: that is no
// secure context, and a browser says less of itself than on loopback.
func TestAVolunteerLogsInAndActs(t *testing.T) {
	o := options()
	var (
		mu    sync.Mutex
		acted []string
	)
	act := o.Act
	o.Act = func(ctx context.Context, row action.Row, a action.Asked) action.Refusal {
		mu.Lock()
		acted = append(acted, string(a.Name))
		mu.Unlock()
		return act(ctx, row, a)
	}
	for _, scripts := range []bool{true, false} {
		v := start(t, o)
		v.Publish(session())
		at, err := url.Parse(v.base)
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(at.Host)
		if err != nil {
			t.Fatal(err)
		}
		ctx := browser(t, chromedp.Flag("host-resolver-rules", "MAP infobus.local 127.0.0.1"))
		do(t, ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
			return chromedp.Void{}, err
		}, chromedp.Navigate("http://infobus.local:"+port+"/"))
		if secure := js[bool](t, ctx, "isSecureContext"); secure {
			t.Fatal("this is a secure context: the test shows nothing of a phone")
		}
		mu.Lock()
		acted = nil
		mu.Unlock()

		says(t, ctx, "PIN of the card")
		login := func(pin string) {
			do(t, ctx, chromedp.SendKeys(chromedp.CSS("#pin"), pin), chromedp.Click(chromedp.CSS("form[action='/login'] button")))
		}
		login("000000")
		says(t, ctx, "wrong PIN")
		login("471100")
		says(t, ctx, "End the session")
		do(t, ctx, chromedp.Click(chromedp.CSS("form[action$='refresh-screen'] button")))
		says(t, ctx, "The screen does not work")
		mu.Lock()
		if !slices.Equal(acted, []string{"refresh-screen"}) {
			t.Errorf("scripts %v: done was %q", scripts, acted)
		}
		mu.Unlock()
	}
}

package server

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"infobus/action"
)

// Who taps twice, or sends a form again whose answer was lost, is told what was done, and
// not that it is done already; another phone, and a program, are told that.
func TestATapThatComesTwiceIsToldWhatTheFirstDid(t *testing.T) {
	o := options()
	quiet := atomic.Bool{}
	o.Act = func(_ context.Context, row action.Row, _ action.Asked) action.Refusal {
		switch {
		case row.Name != action.Quiet:
			return action.IsQuiet
		case quiet.Swap(true):
			return action.IsQuiet
		}
		return action.Taken
	}
	v := start(t, o)
	v.Publish(session())
	one, other := v.pair("471100"), v.pair("471100")
	const done, already = "Screen and pages are being emptied", "it is quiet: only numbers"
	for _, c := range []struct {
		who, name string
		phone     paired
		accept    string
		says      string
	}{
		{"the first tap", "quiet", one, "text/html", done},
		{"the same once more", "quiet", one, "text/html", done},
		{"another phone's", "quiet", other, "text/html", already},
		{"a program's", "quiet", one, "", already},
		{"a tap on something else", "refresh-screen", one, "text/html", already},
	} {
		_, page := v.network("POST", "/api/v1/actions/"+c.name, "token="+c.phone.token, "Content-Type", asForm, "Cookie", c.phone.cookie, "Accept", c.accept)
		if says := strings.Contains(page, done); says != (c.says == done) || !strings.Contains(page, c.says) {
			t.Errorf("%s: it does not say %q", c.who, c.says)
		}
	}
}

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
			do(t, ctx, chromedp.SendKeys(chromedp.CSS("#pin"), pin))
			press(t, ctx, "form[action='/login'] button")
		}
		login("000000")
		says(t, ctx, "wrong PIN")
		login("471100")
		says(t, ctx, "End the session")
		press(t, ctx, "form[action$='refresh-screen'] button")
		says(t, ctx, "The screen does not work")
		mu.Lock()
		if !slices.Equal(acted, []string{"refresh-screen"}) {
			t.Errorf("scripts %v: done was %q", scripts, acted)
		}
		mu.Unlock()
	}
}

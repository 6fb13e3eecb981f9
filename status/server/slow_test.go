package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
)

// Whoever waits gets the answer, however late the box is with it: that there is no more
// time to ask is no word of whether a phone is still there.
func TestALateAnswerIsNotTakenForAPhoneThatHasGone(t *testing.T) {
	late := func(ctx context.Context, by time.Duration) error {
		select {
		case <-time.After(by):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o := options()
	o.Act = func(ctx context.Context, _ action.Row, _ action.Asked) action.Refusal {
		if late(ctx, readTimeout+time.Second) != nil {
			return action.NoAnswer
		}
		return action.Taken
	}
	synctest.Test(t, func(t *testing.T) {
		o.Keep = func(ctx context.Context) error { return late(ctx, strangerReads+time.Second) }
		s := New(o)
		ctx, cancel := context.WithCancel(t.Context())
		l, ended := newPipes(), make(chan error, 1)
		go func() { ended <- s.Serve(ctx, l) }()
		// ask asks on a connection of its own.
		ask := func(want int, request string) *http.Response {
			t.Helper()
			c, theirs := net.Pipe()
			defer c.Close()
			l.came <- theirs
			fmt.Fprint(c, request)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatalf("%.30q: %v", request, err)
			}
			if body, err := io.ReadAll(answer.Body); answer.StatusCode != want || want == http.StatusOK && len(body) == 0 || err != nil {
				t.Errorf("%.20q: %s, %d bytes, %v", request, answer.Status, len(body), err)
			}
			return answer
		}
		phone := cookieOf(ask(http.StatusNoContent, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: "+asForm+"\r\nContent-Length: 10\r\n\r\npin=471100"))
		known := " HTTP/1.1\r\nHost: localhost\r\nCookie: " + phone.cookie + "\r\n"
		form := "token=" + phone.token
		ask(http.StatusOK, fmt.Sprintf("POST /api/v1/actions/longer%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", known, asForm, len(form), form))

		reserved := s.gates[0].reserved // for paired phones' requests, all of which wait for something
		for range cap(reserved) {
			reserved <- struct{}{}
		}
		time.AfterFunc(readTimeout+time.Second, func() { <-reserved })
		ask(http.StatusOK, "GET /"+known+"\r\n")
		cancel()
		<-ended
	})
}

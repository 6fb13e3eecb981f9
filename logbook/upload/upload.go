// Package upload sends the logbook to a receiver: OTLP logs over HTTP, as
// gzipped protobuf, one log record an event.
//
// In: the events that wait in a Book, and whether the internet is usable. Out:
// POST requests, acknowledgements to the Book, and what became of each attempt.
// An event is sent at least once: it is acknowledged only after the receiver
// said so in the protocol's own words, and an answer that is lost means that it
// is sent again. A receiver tells events apart by {infobus.log, infobus.seq}.
// While the data budget is spent but for what is kept for urgent events, those
// alone are sent, ahead of their turn and unacknowledged; in their turn they are
// sent once more.
// Nothing leaves that logbook.Schema does not name, no event is ever thrown
// away because of an error, and nothing is sent while the internet is not
// usable.
package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/netmon/client"
	"infobus/private"
)

// Book is what holds the events: a *store.Store.
type Book interface {
	// After gives the events above seq, in order, at most limit.
	After(seq uint64, limit int) ([]logbook.Event, error)
	// Acknowledge says that all up to seq arrived.
	Acknowledge(seq uint64) error
	Status() store.Status
}

// Options are those of Run. Everything but Endpoint and Client has a default.
type Options struct {
	// Endpoint is the receiver's base URL, http or https. Events are posted to
	// it + "/v1/logs", unless it ends so already.
	Endpoint string
	// Token goes with every request, as a bearer's; "" for none. It is never said.
	Token string
	// Client is the one of netmon/client for the purpose Upload.
	Client *http.Client
	// Urgent is that of the purpose Urgent; it sends logbook.Urgent's events
	// alone, while Spent says that nothing is left for the others. Nil: there is
	// no budget.
	Urgent *http.Client
	Spent  func() bool

	Every      time.Duration // how often to look without being woken; 0: 5 min
	FirstDelay time.Duration // after a first failure, doubled after each; 0: 2 s
	MaxDelay   time.Duration // its bound; 0: 5 min
	RareDelay  time.Duration // after a refusal for good, and Retry-After's bound; 0: 15 min
	Timeout    time.Duration // of one request, whatever Client says; 0: 1 min
}

// Uploaded is what became of one attempt. One with Events above zero is worth
// an event sync.uploaded.
type Uploaded struct {
	Events   int // accepted, and acknowledged unless they were sent ahead
	Rejected int // refused by the receiver for good, and acknowledged too
	Bytes    int // the body's size, as sent; also of an attempt that failed
	// Trouble says in plain words what went wrong; "": nothing.
	Trouble string
}

// poor is the trouble while only urgent events are sent.
const poor = "the data budget is used up: only urgent events are sent"

const (
	maxEvents = 256
	maxBody   = 512 << 10 // bytes before compression
	maxAnswer = 64 << 10  // bytes
)

// Run sends until ctx ends; an error is one of the endpoint or of the book. It
// looks at each wake and after its own delays whether something waits and
// usable is true. Events of the name sync.uploaded are no reason to send: they
// ride along with the next that are. A wake does not shorten a delay that the
// receiver asked for, and any other only down to FirstDelay. report is called
// after each attempt, from Run's goroutine.
func Run(ctx context.Context, o Options, book Book, usable func() bool, wake <-chan struct{}, report func(Uploaded)) error {
	target, err := endpoint(o.Endpoint)
	if err != nil {
		return err
	}
	if o.Client == nil {
		return errors.New("upload: no client")
	}
	o.Every = or(o.Every, 5*time.Minute)
	o.FirstDelay = or(o.FirstDelay, 2*time.Second)
	o.MaxDelay = or(o.MaxDelay, 5*time.Minute)
	o.RareDelay = or(o.RareDelay, 15*time.Minute)
	o.Timeout = or(o.Timeout, time.Minute)
	// A redirect is a captive portal's, or a mistake: events follow neither.
	stay := func(c *http.Client) *http.Client {
		mine := *c
		mine.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return &mine
	}
	o.Client = stay(o.Client)
	if o.Urgent != nil {
		o.Urgent = stay(o.Urgent)
	}
	u := &uploader{Options: o, target: target, book: book, usable: usable, report: report, limit: maxEvents}

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-wake:
			if !open {
				wake = nil
			}
		case <-timer.C:
		}
		next, err := u.look(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		timer.Reset(next)
	}
}

func or(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// endpoint is the URL to post to. Its errors do not quote it: it may hold a
// password.
func endpoint(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("upload: the endpoint is not a URL of http or https")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(u.Path, "/v1/logs") {
		u.Path += "/v1/logs"
	}
	u.RawPath, u.Fragment = "", ""
	return u.String(), nil
}

type uploader struct {
	Options
	target string
	book   Book
	usable func() bool
	report func(Uploaded)

	limit    int           // events of the next batch
	delay    time.Duration // the growing one; 0: the last attempt went well
	retry    time.Time     // when to try again without being woken
	hold     time.Time     // nothing is sent before
	holdHard bool          // hold is the receiver's own wish
	ahead    cursor        // how far urgent events were sent ahead
	poor     bool          // nothing was left for other events at the last look
}

// cursor is a place in a log.
type cursor struct {
	log string
	seq uint64
}

// look sends what waits, and gives the time until it should look again.
func (u *uploader) look(ctx context.Context) (time.Duration, error) {
	for ctx.Err() == nil {
		if !u.usable() {
			// The way to the receiver will be another one when it is back.
			if !u.holdHard {
				u.hold = time.Time{}
			}
			return u.Every, nil
		}
		if wait := time.Until(u.hold); wait > 0 {
			return wait, nil
		}
		u.holdHard = false
		was := u.poor
		u.poor = u.Urgent != nil && u.Spent()
		next, via := u.waiting, u.Client
		if u.poor {
			next, via = u.urgent, u.Urgent
		}
		if u.poor && !was {
			u.report(Uploaded{Trouble: poor})
		}
		events, err := next()
		if err != nil {
			return 0, err
		}
		if events == nil {
			return u.Every, nil
		}
		done, f := u.send(ctx, via, &events)
		if ctx.Err() != nil && f != nil {
			return 0, ctx.Err()
		}
		if f != nil {
			u.fail(f, len(events))
			done.Trouble = f.trouble
			u.report(done)
			return max(time.Until(u.retry), 0), nil
		}
		// The store may have begun another log meanwhile, with seqs of its own.
		if u.book.Status().Log != events[0].Log {
			return u.FirstDelay, nil
		}
		if u.poor {
			u.ahead.seq, done.Trouble = events[len(events)-1].Seq, poor
		} else if err := u.book.Acknowledge(events[len(events)-1].Seq); err != nil {
			return 0, fmt.Errorf("acknowledge what was uploaded: %w", err)
		}
		u.delay, u.limit = 0, min(2*u.limit, maxEvents)
		u.report(done)
	}
	return 0, ctx.Err()
}

// waiting gives the next events to send; nil: none that is worth it.
func (u *uploader) waiting() ([]logbook.Event, error) {
	events, err := u.book.After(u.book.Status().Acknowledged, maxEvents)
	if err != nil {
		return nil, fmt.Errorf("read what waits for upload: %w", err)
	}
	worth := len(events) >= maxEvents
	for _, e := range events {
		worth = worth || e.Name != logbook.SyncUploaded
	}
	if !worth {
		return nil, nil
	}
	return events[:min(len(events), u.limit)], nil
}

// urgent gives the next urgent events that were not sent ahead yet; nil: none.
func (u *uploader) urgent() ([]logbook.Event, error) {
	s := u.book.Status()
	if u.ahead.log != s.Log || u.ahead.seq < s.Acknowledged {
		u.ahead = cursor{s.Log, s.Acknowledged}
	}
	for {
		events, err := u.book.After(u.ahead.seq, maxEvents)
		if err != nil {
			return nil, fmt.Errorf("read what is urgent: %w", err)
		}
		if len(events) == 0 {
			return nil, nil
		}
		last := events[len(events)-1].Seq
		events = slices.DeleteFunc(events, func(e logbook.Event) bool { return !logbook.Urgent(e) })
		if len(events) > 0 {
			return events[:min(len(events), u.limit)], nil
		}
		u.ahead.seq = last
	}
}

// failure is an attempt that did not succeed.
type failure struct {
	trouble string
	kind    kind
	after   time.Duration // Retry-After; 0: not said
}

type kind int

const (
	unreachable kind = iota // nobody, or somebody else, answered
	busy                    // the receiver wants to be asked later
	refused                 // the receiver will likely never take this
	tooLarge                // the receiver takes less at a time
)

// fail sets the times of the next attempt.
func (u *uploader) fail(f *failure, events int) {
	now := time.Now()
	u.delay = min(max(2*u.delay, u.FirstDelay), u.MaxDelay)
	delay := u.delay/2 + rand.N(u.delay/2+1)
	hold := delay
	switch {
	case f.after > 0:
		delay = min(f.after, u.RareDelay)
		hold, u.holdHard = delay, true
	case f.kind == tooLarge && events > 1:
		u.limit = events / 2
	case f.kind == refused || f.kind == tooLarge:
		delay = u.RareDelay
		hold = delay
	case f.kind == unreachable:
		hold = min(delay, u.FirstDelay)
	}
	u.retry, u.hold = now.Add(delay), now.Add(hold)
}

// send makes one attempt. It shortens events if they are too large together.
func (u *uploader) send(ctx context.Context, via *http.Client, events *[]logbook.Event) (Uploaded, *failure) {
	var body []byte
	for {
		plain, err := encode(*events, time.Now())
		if err != nil {
			return Uploaded{}, &failure{trouble: "the events could not be encoded: " + private.Redact(err.Error()), kind: refused}
		}
		if len(plain) <= maxBody || len(*events) == 1 {
			body = zip(plain)
			break
		}
		*events = (*events)[:len(*events)/2]
	}
	done := Uploaded{Bytes: len(body)}

	ctx, cancel := context.WithTimeout(ctx, u.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.target, bytes.NewReader(body))
	if err != nil {
		return done, &failure{trouble: "the endpoint cannot be used", kind: refused}
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Content-Encoding", "gzip")
	if u.Token != "" {
		request.Header.Set("Authorization", "Bearer "+u.Token)
	}
	response, err := via.Do(request)
	if err != nil {
		return done, &failure{trouble: plainWords(err)}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if f := judge(response.StatusCode, response.Header, private.Outside(answer)); f != nil {
		return done, f
	}
	switch {
	case err != nil:
		return done, &failure{trouble: "the answer was cut: " + plainWords(err)}
	case len(answer) > maxAnswer:
		return done, &failure{trouble: "the answer is too long to be a receiver's"}
	}
	rejected, message, err := parse(response.Header.Get("Content-Type"), answer)
	if err != nil {
		return done, &failure{trouble: err.Error()}
	}
	done.Rejected = int(min(rejected, int64(len(*events))))
	done.Events = len(*events) - done.Rejected
	if done.Rejected > 0 {
		done.Trouble = fmt.Sprintf("the receiver rejected %d of %d events, and said %v", done.Rejected, len(*events), message)
	}
	return done, nil
}

// judge gives the failure that a status means; nil: it is 200.
func judge(status int, header http.Header, answer private.Outside) *failure {
	f := &failure{}
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusRequestEntityTooLarge:
		f.kind, f.trouble = tooLarge, fmt.Sprintf("the receiver takes less at a time (413, %v)", answer)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout,
		status >= 500 && status != http.StatusNetworkAuthenticationRequired:
		f.kind, f.trouble = busy, fmt.Sprintf("the receiver is busy or broken (%d, %v)", status, answer)
		f.after = client.RetryAfter(header.Get("Retry-After"), time.Now())
	case status >= 400 && status < 500:
		f.kind, f.trouble = refused, fmt.Sprintf("the receiver refuses (%d, %v)", status, answer)
	default:
		f.trouble = fmt.Sprintf("somebody else seems to answer (%d, %v)", status, answer)
	}
	return f
}

// plainWords says what went wrong without saying where: the texts of errors
// quote URLs and addresses.
func plainWords(err error) string {
	var known *client.Error
	if errors.As(err, &known) {
		return known.Error()
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return private.Redact(err.Error())
}

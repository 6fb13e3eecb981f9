// Package upload sends the logbook to a receiver: OTLP logs over HTTP, as
// gzipped protobuf, one log record an event.
//
// In: the events that wait in a Book, and whether the internet is usable. Out:
// POST requests, receipts to the Book, and what became of each attempt. There are
// two lanes: urgent events go at once, all others in company, since a connection
// costs ten times what an event does. In a lane events go in order, and each is
// sent at least once: a receipt is the receiver's own word, and an answer that is
// lost means that the same is sent again. A receiver tells events apart by
// {infobus.log, infobus.seq}.
//
// What the receiver refuses is split until the event that it refuses is found.
// That is set aside, with an event, once the receiver has taken another one: so
// one that refuses everything costs no event. While the data budget is spent but
// for what is kept for urgent events, those alone are sent.
// Nothing leaves that logbook.Schema does not name, and nothing is sent while the
// internet is not usable.
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

// Book is what holds the events: a *store.Store or *store.Recorder.
type Book interface {
	// Next gives what is to be sent next in a lane, in order, at most limit events.
	Next(urgent bool, limit int) (store.Batch, error)
	// Received says that a batch arrived, and how many of it were refused for good.
	Received(b store.Batch, refused int) error
	Status() store.Status
}

// Options are those of Run. Everything but Endpoint and Client has a default.
type Options struct {
	// Endpoint is the receiver's base URL, http or https. Events are posted to
	// it + "/v1/logs", unless it ends so already.
	Endpoint string
	// Token goes with every request, as a bearer's; "" for none. It is never said.
	Token string
	// Van is the van's configured name, never the machine's; "" sends none.
	Van string
	// Recent is how old what the receiver takes may be: what is older has the time at which
	// it is sent, and its own beside that. 0: it takes all.
	Recent time.Duration
	// Client is the one of netmon/client for the purpose Upload.
	Client *http.Client
	// Urgent is that of the purpose Urgent; it sends logbook.Urgent's events
	// alone, while Spent says that nothing is left for the others. Nil: there is
	// no budget.
	Urgent *http.Client
	Spent  func() bool

	// Company is how long what is not urgent waits for more, unless something
	// urgent is sent; 0: not at all. Now has it sent at once; nil: nobody asks.
	Company time.Duration
	Now     <-chan struct{}
	// Rest, if there is one, is called when nothing is sent for a while.
	Rest func()

	Every      time.Duration // how often to look without being woken; 0: 5 min
	FirstDelay time.Duration // after a first failure, doubled after each; 0: 2 s
	MaxDelay   time.Duration // its bound; 0: 5 min
	RareDelay  time.Duration // after a refusal for good, and Retry-After's bound; 0: 15 min
	Timeout    time.Duration // of one request, whatever Client says; 0: 1 min
}

// Uploaded is what became of one attempt. One with Events above zero is worth
// an event sync.uploaded.
type Uploaded struct {
	Events   int // accepted
	Rejected int // refused by the receiver for good, and set aside
	Bytes    int // the body's size, as sent; also of an attempt that failed
	// Trouble says in plain words what went wrong; "": nothing.
	Trouble string
}

// poor is the trouble while only urgent events are sent.
const poor = "the data budget is used up: only urgent events are sent"

const (
	maxEvents = 256
	maxBody   = 64 << 10 // bytes before compression
	maxAnswer = 64 << 10 // bytes
	// maxWords is the same of the receiver's own words, which say what it took: without
	// them the same events would be sent again and again.
	maxWords = 2 << 20
	// leastBody is the smallest size at which a receiver is believed to take less: some six events.
	leastBody = 2 << 10
	// lessFor is how long such a size is kept to.
	lessFor = 24 * time.Hour
	// mostRare is how many times RareDelay what is not urgent waits at most, while
	// everything is refused.
	mostRare = 4
	// restAfter is a wait after which a new connection costs less than the one that was kept.
	restAfter = time.Minute
)

// Run sends until ctx ends; an error is one of the endpoint or of the book. It
// looks at each wake and after its own delays whether something waits and
// usable is true. What logbook.Rides is no reason to send: such events
// ride along with the next that are. A wake does not shorten a delay that the
// receiver asked for, and any other only down to FirstDelay. report is called
// after each attempt, from Run's goroutine.
func Run(ctx context.Context, o Options, book Book, usable func() bool, wake <-chan struct{}, report func(Uploaded)) error {
	u, err := newUploader(o, book, usable, report)
	if err != nil {
		return err
	}
	return u.run(ctx, wake)
}

func newUploader(o Options, book Book, usable func() bool, report func(Uploaded)) (*uploader, error) {
	target, err := endpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if o.Client == nil {
		return nil, errors.New("upload: no client")
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
	u := &uploader{Options: o, target: target, book: book, usable: usable, report: report, most: maxBody}
	return u, nil
}

// run looks whenever there is reason to, until ctx ends.
func (u *uploader) run(ctx context.Context, wake <-chan struct{}) error {
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
		case <-u.Now:
			u.company = true
		case <-timer.C:
		}
		next, err := u.look(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if u.Rest != nil && next > restAfter {
			u.Rest()
		}
		timer.Reset(next)
	}
}

// Last makes a last try to send everything that waits, until ctx ends or it fails.
func Last(ctx context.Context, o Options, book Book, usable func() bool, report func(Uploaded)) error {
	u, err := newUploader(o, book, usable, report)
	if err != nil {
		return err
	}
	u.company, u.once = true, true
	_, err = u.look(ctx)
	return err
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

	most     int           // bytes before compression that the receiver takes at a time
	lessened time.Time     // when it last said so
	delay    time.Duration // the growing one; 0: the last attempt went well
	retry    time.Time     // when to try again without being woken
	hold     time.Time     // nothing is sent before
	holdHard bool          // hold is the receiver's own wish
	poor     bool          // nothing was left for other events at the last look
	company  bool          // what is not urgent need not wait
	since    time.Time     // when something that is not urgent was first seen to wait; zero: nothing does
	once     bool          // one failure ends it
	proof    logbook.Event // one that the receiver has taken; the zero Event: none yet

	lanes [2]lane
}

// lane is what is known of the receiver's refusals in a lane.
type lane struct {
	urgent bool
	limit  int       // events at a time, while what is refused is looked for; 0: any number
	skip   int       // events at the head that were refused, each alone
	prove  bool      // whether it takes anything at all is to be seen next
	head   int       // the receiver took another one since: so many are done with once those were tried again; 0: it did not
	again  int       // of these, which one is next
	bad    int       // of these, how many were refused again
	tries  int       // of the one under way
	errs   int       // errors of the receiver in a row that say nothing of a record
	rounds int       // that ended with nothing taken
	hold   time.Time // nothing is sent before: everything is refused
}

// mostSkipped is how many events in a row may be refused before the receiver is
// given a rest; with each round as many more.
const mostSkipped = 3

// look sends what waits, and gives the time until it should look again.
func (u *uploader) look(ctx context.Context) (time.Duration, error) {
	u.lanes[0].urgent = true
	for ctx.Err() == nil {
		if !u.usable() {
			// The way to the receiver will be another one when it is back.
			if !u.holdHard {
				u.hold = time.Time{}
				for i := range u.lanes {
					u.lanes[i].hold, u.lanes[i].rounds = time.Time{}, 0
				}
			}
			return u.Every, nil
		}
		if wait := time.Until(u.hold); wait > 0 {
			return wait, nil
		}
		u.holdHard = false
		was := u.poor
		u.poor = u.Urgent != nil && u.Spent()
		if u.poor && !was {
			u.report(Uploaded{Trouble: poor})
		}
		l, b, wait, err := u.next()
		if err != nil {
			return 0, err
		}
		if l == nil {
			return wait, nil
		}
		done, f := u.send(ctx, l, b)
		if ctx.Err() != nil && f != nil {
			return 0, ctx.Err()
		}
		if f != nil {
			done.Trouble = f.trouble
			u.report(done)
			if u.once {
				return 0, errors.New(f.trouble)
			}
			if wait := time.Until(u.retry); wait > 0 {
				return wait, nil
			}
			continue
		}
		if u.poor && done.Trouble == "" {
			done.Trouble = poor
		}
		u.delay = 0
		u.report(done)
	}
	return 0, ctx.Err()
}

// next gives what to send next, and in which lane; or nil, and when to look again.
func (u *uploader) next() (*lane, store.Batch, time.Duration, error) {
	wait := u.Every
	for i := range u.lanes {
		l := &u.lanes[i]
		if !l.urgent && u.poor {
			return nil, store.Batch{}, wait, nil
		}
		if held := time.Until(l.hold); held > 0 {
			wait = min(wait, held)
			continue
		}
		b, err := u.book.Next(l.urgent, l.skip+maxEvents)
		if err != nil {
			return nil, b, 0, fmt.Errorf("read what waits for upload: %w", err)
		}
		if len(b.Events) < l.skip || l.skip > 0 && len(b.Events) == 0 {
			l.reset() // they are others now
			continue
		}
		if l.urgent {
			if len(b.Events) > l.skip || l.head > 0 || l.prove {
				return l, b, 0, nil
			}
			continue
		}
		rest := b.Events[l.skip:]
		if !slices.ContainsFunc(rest, func(e logbook.Event) bool { return !logbook.Rides(e) }) && len(rest) < maxEvents && l.head == 0 && !l.prove {
			u.since, u.company = time.Time{}, false
			return nil, b, wait, nil
		}
		if u.since.IsZero() {
			u.since = time.Now()
		}
		if left := time.Until(u.since.Add(u.Company)); left > 0 && !u.company && len(rest) < maxEvents/2 && l.head == 0 && !l.prove {
			return nil, b, min(wait, left), nil
		}
		u.company = true // until nothing is left
		return l, b, 0, nil
	}
	return nil, store.Batch{}, wait, nil
}

func (l *lane) reset() { *l = lane{urgent: l.urgent} }

// send makes one attempt with the head of a lane, and draws its conclusions.
func (u *uploader) send(ctx context.Context, l *lane, b store.Batch) (Uploaded, *failure) {
	switch {
	case l.prove:
		return u.prove(ctx, l)
	case l.head > 0:
		return u.verify(ctx, l, b)
	}
	events := b.Events[l.skip:]
	if l.limit > 0 {
		events = events[:min(len(events), l.limit)]
	}
	events, plain, err := u.fit(events)
	if err != nil {
		return Uploaded{}, u.fail(l, &failure{trouble: "the events could not be encoded: " + private.Redact(err.Error()), kind: refused}, len(events), 0)
	}
	done, rejected, f := u.post(ctx, l, plain, len(events))
	if f != nil {
		return done, u.fail(l, f, len(events), len(plain))
	}
	l.errs, u.proof = 0, events[len(events)-1]
	u.company = u.company || l.urgent // what waits for company has it
	u.proven(l)
	if l.skip > 0 {
		// The one behind those that were refused was taken: is it they that are wrong?
		l.head, l.again, l.bad, l.tries = l.skip+1, 0, rejected, 0
		return done, nil
	}
	if l.limit > 0 {
		if l.limit *= 2; l.limit >= maxEvents {
			l.limit = 0
		}
	}
	return done, u.received(&done, b.Head(len(events)), rejected)
}

// prove sends an event once more that the receiver has taken before. If it takes
// that, it is the one at the head that it refuses: which is tried once more.
func (u *uploader) prove(ctx context.Context, l *lane) (Uploaded, *failure) {
	_, plain, err := u.fit([]logbook.Event{u.proof})
	if err != nil {
		return Uploaded{}, u.fail(l, &failure{trouble: private.Redact(err.Error()), kind: closed}, 1, 0)
	}
	done, rejected, f := u.post(ctx, l, plain, 1)
	done.Events, done.Rejected = 0, 0
	if f == nil && rejected == 0 {
		l.prove, l.head, l.again, l.bad, l.tries, l.errs = false, l.skip, 0, 0, 0, 0
		return done, nil
	}
	if f == nil {
		f = &failure{trouble: done.Trouble, kind: refused}
	}
	if f.kind == refused || f.kind == tooLarge {
		f.kind = closed // it refuses everything
	}
	if f.kind == closed || f.kind == broken {
		l.prove, l.skip, l.errs = false, 0, 0
	}
	return done, u.fail(l, f, 1, len(plain))
}

// proven: the receiver takes events, so what the other lane could not send is tried
// once more, though nothing stands behind it.
func (u *uploader) proven(l *lane) {
	for i := range u.lanes {
		if other := &u.lanes[i]; other != l && other.skip > 0 && other.head == 0 && !other.prove {
			other.head, other.again, other.bad, other.tries, other.hold = other.skip, 0, 0, 0, time.Time{}
		}
	}
	for i := range u.lanes {
		u.lanes[i].rounds = 0
	}
}

// verify tries one of the events that were refused once more; after the last one
// the book is told.
func (u *uploader) verify(ctx context.Context, l *lane, b store.Batch) (Uploaded, *failure) {
	one := b.Events[l.again : l.again+1]
	_, plain, err := u.fit(one)
	if err != nil {
		return Uploaded{}, u.fail(l, &failure{trouble: private.Redact(err.Error()), kind: refused}, 1, 0)
	}
	done, rejected, f := u.post(ctx, l, plain, 1)
	if f != nil {
		final := f.kind == refused || f.kind == tooLarge
		if f.kind == broken {
			l.tries++
			final = l.tries > mostErrors
		}
		if !final {
			return done, u.fail(l, f, 1, len(plain))
		}
		rejected = 1
	}
	l.tries = 0
	l.bad += rejected
	done.Rejected, done.Events = 0, 1-rejected
	if l.again++; l.again < l.skip {
		return done, nil
	}
	head, bad := b.Head(l.head), l.bad
	l.reset()
	return done, u.received(&done, head, bad)
}

// received tells the book.
func (u *uploader) received(done *Uploaded, b store.Batch, rejected int) *failure {
	if err := u.book.Received(b, worthTelling(b.Events, rejected)); err != nil {
		u.hold = time.Now().Add(u.FirstDelay)
		return &failure{trouble: "what was sent could not be noted: " + private.Redact(err.Error())}
	}
	done.Rejected = rejected
	return nil
}

// worthTelling is how many of the rejected are an event again: that an event which tells
// of rejected ones was rejected itself would go on for ever.
func worthTelling(events []logbook.Event, rejected int) int {
	if rejected < len(events) {
		return rejected // nobody knows which
	}
	for _, e := range events {
		if e.Name == logbook.LogbookDropped && e.Attributes["reason"] == "refused" {
			rejected--
		}
	}
	return rejected
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
	broken                  // it fails, perhaps over a record
	closed                  // it takes nothing from us, whatever is sent
	refused                 // it will likely never take this
	tooLarge                // it takes less at a time
)

// mostErrors is how many errors in a row are the receiver's own trouble; more may
// be about a record.
const mostErrors = 6

// fail sets the times of the next attempt, and how much it sends.
func (u *uploader) fail(l *lane, f *failure, events, size int) *failure {
	now := time.Now()
	soon := func() { l.hold = now.Add(u.FirstDelay) }
	kind := f.kind
	if kind == broken {
		if l.errs++; l.errs > mostErrors {
			kind = refused
		}
	}
	if kind == tooLarge && (events == 1 || size <= leastBody) {
		kind = refused
	}
	u.delay = min(max(2*u.delay, u.FirstDelay), u.MaxDelay)
	delay := u.delay/2 + rand.N(u.delay/2+1)
	switch {
	case f.after > 0:
		// One that asks for a second each time is asked ever more rarely all the same.
		u.retry = now.Add(max(min(f.after, u.RareDelay), delay))
		u.hold, u.holdHard = u.retry, true
	case kind == tooLarge:
		u.most, u.lessened = max(size/2, leastBody), now
		soon()
	case kind == refused && events > 1:
		l.limit = events / 2
		soon()
	case kind == refused && l.head == 0:
		l.limit = 1
		if u.proof.Seq != 0 {
			l.skip, l.prove = 1, true
			soon()
			break
		}
		if l.skip++; l.skip <= mostSkipped*(l.rounds+1) {
			soon()
			break
		}
		// Nothing of so many is taken: it is not the records.
		l.rounds = min(l.rounds+1, 9)
		l.skip, l.hold = 0, now.Add(u.RareDelay)
		if !l.urgent {
			l.hold = now.Add(min(time.Duration(l.rounds), mostRare) * u.RareDelay)
		}
	case kind == closed || kind == refused:
		u.retry = now.Add(u.RareDelay)
		u.hold = u.retry
	case kind == unreachable:
		u.retry, u.hold = now.Add(delay), now.Add(min(delay, u.FirstDelay))
	default:
		u.retry = now.Add(delay)
		u.hold = u.retry
	}
	return f
}

// fit encodes as many of the events as the receiver takes at a time, at least one.
func (u *uploader) fit(events []logbook.Event) (fitting []logbook.Event, plain []byte, err error) {
	if u.most < maxBody && time.Since(u.lessened) > lessFor {
		u.most = maxBody
	}
	for {
		if plain, err = encode(u.Van, events, time.Now(), u.Recent); err != nil || len(plain) <= u.most || len(events) <= 1 {
			return events, plain, err
		}
		n := min(len(events)-1, len(events)*u.most/len(plain))
		events = events[:max(n, 1)]
	}
}

// post makes a request, and gives how many of its events were rejected.
func (u *uploader) post(ctx context.Context, l *lane, plain []byte, events int) (done Uploaded, rejected int, f *failure) {
	via := u.Client
	if u.poor && l.urgent {
		via = u.Urgent
	}
	body := zip(plain)
	done.Bytes = len(body)
	ctx, cancel := context.WithTimeout(ctx, u.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.target, bytes.NewReader(body))
	if err != nil {
		return done, 0, &failure{trouble: "the endpoint cannot be used", kind: closed}
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Content-Encoding", "gzip")
	if u.Token != "" {
		request.Header.Set("Authorization", "Bearer "+u.Token)
	}
	response, err := via.Do(request)
	if err != nil {
		via.CloseIdleConnections() // one that was kept may lead nowhere
		return done, 0, &failure{trouble: plainWords(err)}
	}
	defer response.Body.Close()
	verified := response.TLS != nil && len(response.TLS.VerifiedChains) > 0
	most := int64(maxAnswer)
	if verified && response.Header.Get("Content-Type") == contentType {
		most = maxWords
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if f := judge(response.StatusCode, response.Header, private.Outside(answer), verified); f != nil {
		return done, 0, f
	}
	switch {
	case err != nil:
		return done, 0, &failure{trouble: "the answer was cut: " + plainWords(err)}
	case int64(len(answer)) > most:
		return done, 0, &failure{trouble: "the answer is too long to be a receiver's"}
	}
	count, message, err := parse(response.StatusCode, verified, response.Header.Get("Content-Type"), answer)
	if err != nil {
		f := &failure{trouble: err.Error()}
		if verified {
			f.kind = closed // nobody on the way: it will say the same again
		}
		return done, 0, f
	}
	rejected = int(min(count, int64(events)))
	done.Events = events - rejected
	if rejected > 0 {
		done.Trouble = fmt.Sprintf("the receiver rejected %d of %d events, and said %v", rejected, events, message)
	}
	return done, rejected, nil
}

// judge gives the failure that a status means; nil: it may be a receipt.
func judge(status int, header http.Header, answer private.Outside, verified bool) *failure {
	f, code := &failure{}, coded(status, answer)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusRequestEntityTooLarge:
		f.kind, f.trouble = tooLarge, fmt.Sprintf("the receiver takes less at a time %v", code)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout,
		status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		f.kind, f.trouble = busy, fmt.Sprintf("the receiver is busy or broken %v", code)
		f.after = client.RetryAfter(header.Get("Retry-After"), time.Now())
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported:
		f.kind, f.trouble = closed, fmt.Sprintf("no receiver answers: the endpoint may be another one %v", code)
	case status >= 500 && status != http.StatusNetworkAuthenticationRequired:
		f.kind, f.trouble = broken, fmt.Sprintf("the receiver is busy or broken %v", code)
		f.after = client.RetryAfter(header.Get("Retry-After"), time.Now())
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		f.kind, f.trouble = refused, fmt.Sprintf("the receiver refuses what is sent %v", code)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.kind, f.trouble = closed, fmt.Sprintf("the receiver refuses the token, or that there is none %v", code)
	case status >= 400 && status < 500:
		f.kind, f.trouble = closed, fmt.Sprintf("the receiver refuses: the endpoint may be another one %v", code)
	case verified && status >= 300 && status < 400:
		f.kind, f.trouble = closed, fmt.Sprintf("the receiver points elsewhere, where events do not follow: the endpoint may be another one %v", code)
	default:
		f.trouble = fmt.Sprintf("somebody else seems to answer %v", code)
	}
	return f
}

// coded is a status, and how much of an answer came with it.
func coded(status int, answer private.Outside) string {
	if answer == "" {
		return fmt.Sprintf("(%d)", status)
	}
	return fmt.Sprintf("(%d, %v)", status, answer)
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

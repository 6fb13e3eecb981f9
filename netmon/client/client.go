// Package client is the box's one way out: every request it makes, whatever
// for, goes through a Client, which counts the bytes at the socket.
//
// In: a purpose. Out: an http.Client, or a dialer for what is not HTTP, that
// counts for that purpose. It never uses a proxy from the environment, never
// says more of itself than "infobus", and its errors hold no address and no
// text from outside: see Error.
package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"infobus/netmon"
)

// Purpose is what a request is for.
type Purpose string

const (
	Probe     Purpose = "probe"     // is the internet there
	Gateway   Purpose = "gateway"   // is the gateway there: on the cable, and metered by nobody
	Public    Purpose = "public"    // what a phone would find, by way of Options.Public alone
	Dashboard Purpose = "dashboard" // the Meraki cloud
	Timetable Purpose = "timetable" // the team's file, fetched
	Upload    Purpose = "upload"    // the logbook, sent
	Urgent    Purpose = "urgent"    // logbook.Urgent's events, once nothing is left for Upload: a part of the budget is kept for them
)

// Purposes are all of them, in the order in which they are shown.
var Purposes = []Purpose{Probe, Gateway, Public, Dashboard, Timetable, Upload, Urgent}

// probes says whether a purpose is to prove the way as it is now.
func (p Purpose) probes() bool { return p == Probe || p == Gateway || p == Public }

// Usage is what a purpose used, in bytes.
type Usage struct {
	// Sent and Received crossed the socket: with TLS and HTTP.
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
	// Headers are those of TCP, UDP and IP in both directions, as far as the
	// kernel tells: of a TCP connection once it is closed.
	Headers int64 `json:"headers"`
}

// Total is what an operator would count.
func (u Usage) Total() int64 { return u.Sent + u.Received + u.Headers }

// Options are those of New. The zero value works.
type Options struct {
	// Resolver is the DNS server, host:port, that names are asked of; "": the
	// system's.
	Resolver string
	// ResolverNow is the same for a server that changes; it is asked at each
	// look-up where Resolver is "".
	ResolverNow func() string
	// Budget bounds what is sent and received, for all purposes but Gateway: that
	// is on the cable.
	Budget netmon.Budget
	// Timeout bounds a whole request with its body; 0: 30 s.
	Timeout time.Duration
	// DialTimeout bounds connecting, with the name's resolution; 0: 10 s.
	DialTimeout time.Duration
	// PostQuantum has connections of the purposes Upload and Urgent offer X25519MLKEM768
	// too, which makes a handshake some 2.3 kB larger.
	PostQuantum bool
	// Public is the interface by which alone what is for the purpose Public leaves the box:
	// the system's routes do not count. "": nothing of that purpose leaves it.
	Public string
	// Dated is told the date of each answer to the purpose Timetable; nil for nobody.
	Dated func(time.Time)
}

// Client counts and bounds what the box sends. Make it with New. It may be used
// by many goroutines.
type Client struct {
	options Options
	lanes   map[Purpose]*lane // never changed after New

	mu     sync.Mutex // guards ledger
	ledger *netmon.Ledger
}

// lane is one purpose's own connections and counters.
type lane struct {
	purpose        Purpose
	client         *Client
	sent, received atomic.Int64
	headers        atomic.Int64
	dialer         net.Dialer
	http           *http.Client
}

// New makes a client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 10 * time.Second
	}
	c := &Client{options: o, lanes: map[Purpose]*lane{}, ledger: netmon.NewLedger(o.Budget)}
	for _, p := range Purposes {
		c.lanes[p] = newLane(c, o, p)
	}
	return c
}

func newLane(c *Client, o Options, p Purpose) *lane {
	l := &lane{purpose: p, client: c, dialer: net.Dialer{Timeout: o.DialTimeout}}
	if p == Public {
		l.dialer.Control = boundTo(o.Public)
	}
	l.dialer.Resolver = &net.Resolver{PreferGo: true,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if o.Resolver != "" {
				address = o.Resolver
			} else if o.ResolverNow != nil {
				if now := o.ResolverNow(); now != "" {
					address = now
				}
			}
			conn, err := (&net.Dialer{Timeout: o.DialTimeout}).DialContext(ctx, network, address)
			return l.counted(conn, err)
		}}
	transport := &http.Transport{
		Proxy:               nil,
		DialContext:         l.dial,
		TLSHandshakeTimeout: o.DialTimeout,
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConnsPerHost: 1,
		// A probe must prove the way as it is now, and no body of it is read.
		DisableKeepAlives:      p.probes(),
		DisableCompression:     p.probes(),
		MaxResponseHeaderBytes: 64 << 10,
	}
	if p == Upload || p == Urgent {
		l.thrifty(transport, o.PostQuantum)
	}
	l.http = &http.Client{Timeout: o.Timeout, Transport: &outward{lane: l, base: transport}}
	if p != Timetable {
		// A sign-in page answers by a redirect; an upload that followed it would
		// take the page for a receipt.
		l.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	} else {
		l.http.CheckRedirect = followFew
	}
	return l
}

// boundTo binds a socket to an interface (SO_BINDTODEVICE, socket(7); since Linux 5.7
// this takes no capability).
func boundTo(name string) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		if name == "" {
			return unix.ENETUNREACH
		}
		var err error
		if failed := c.Control(func(fd uintptr) {
			err = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, name)
		}); failed != nil {
			return failed
		}
		return err
	}
}

// thrifty makes connections cheap: one is kept for as long as it is used now and
// then, over HTTP/2, whose headers take a few bytes once they were said; a new one
// resumes the TLS session, without certificates; and the hybrid key exchange, which
// more than doubles a handshake, is left to who asks for it: what is sent is out of
// date long before it could be read.
func (l *lane) thrifty(t *http.Transport, postQuantum bool) {
	t.ForceAttemptHTTP2 = true
	t.IdleConnTimeout = keepConnection
	t.TLSClientConfig = &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	if !postQuantum {
		t.TLSClientConfig.CurvePreferences = []tls.CurveID{tls.X25519}
	}
}

// keepConnection is how long a connection is kept that nothing is sent on: longer
// than events wait for company. CloseIdle ends it with the session.
const keepConnection = 40 * time.Minute

// followFew follows three redirects at most, and none from https to http.
func followFew(r *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("redirected more than three times")
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("redirected from https to http")
	}
	return nil
}

// HTTP is the client of a purpose: one of Purposes.
func (c *Client) HTTP(p Purpose) *http.Client { return c.lanes[p].http }

// May says whether the budget has anything left for the purpose.
func (c *Client) May(p Purpose) bool { return c.lanes[p].may() == nil }

// Dial connects as net.Dialer does, and counts for the purpose.
func (c *Client) Dial(ctx context.Context, p Purpose, network, address string) (net.Conn, error) {
	l := c.lanes[p]
	if err := l.may(); err != nil {
		return nil, err
	}
	conn, err := l.dial(ctx, network, address)
	if err != nil {
		return nil, l.wrap(err)
	}
	return conn, nil
}

// CloseIdle closes the connections that nobody uses: worth it when the way to
// the internet has changed.
func (c *Client) CloseIdle() {
	for _, l := range c.lanes {
		l.http.CloseIdleConnections()
	}
}

// Usage is what each purpose used since New.
func (c *Client) Usage() map[Purpose]Usage {
	u := make(map[Purpose]Usage, len(c.lanes))
	for p, l := range c.lanes {
		u[p] = Usage{Sent: l.sent.Load(), Received: l.received.Load(), Headers: l.headers.Load()}
	}
	return u
}

// ErrBudget: nothing is left of the budget for this purpose.
var ErrBudget = errors.New("the data budget is used up")

// may says whether a request may begin.
func (l *lane) may() error {
	if l.purpose == Gateway {
		return nil
	}
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	if !l.client.ledger.May(string(l.purpose)) {
		return &Error{Purpose: l.purpose, Reason: ErrBudget.Error(), is: []error{ErrBudget}}
	}
	return nil
}

// add counts bytes at the socket.
func (l *lane) add(counter *atomic.Int64, n int64) {
	if n <= 0 {
		return
	}
	counter.Add(n)
	if l.purpose == Gateway {
		return
	}
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	l.client.ledger.Add(string(l.purpose), n)
}

// WithLedger has f look at, or change, what was spent of the budget.
func (c *Client) WithLedger(f func(*netmon.Ledger)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.ledger)
}

func (l *lane) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := l.dialer
	if ap, err := netip.ParseAddrPort(address); err == nil && ap.Addr().IsValid() {
		dialer.Resolver = nil
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok && l.purpose.probes() {
		tcp.SetLinger(0) // an end without the farewell of four segments
	}
	if err != nil && network != "udp" {
		l.add(&l.headers, ipv4Header+tcpHeader) // at least what asked for the connection
	}
	return l.counted(conn, err)
}

func (l *lane) counted(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	if packets, ok := conn.(net.PacketConn); ok {
		// net.Resolver tells a datagram socket by this interface.
		return &packetConn{countedConn{Conn: conn, lane: l, header: ipv4Header + udpHeader}, packets}, nil
	}
	return &countedConn{Conn: conn, lane: l}, nil
}

// Headers on the wire: IPv4 (RFC 791) without options, UDP (RFC 768), and TCP
// (RFC 9293) with the time stamps that Linux sends.
const ipv4Header, udpHeader, tcpHeader = 20, 8, 32

// countedConn counts what crosses the socket.
type countedConn struct {
	net.Conn
	lane   *lane
	header int64 // of each datagram; 0 for a stream
	closed atomic.Bool
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.lane.add(&c.lane.received, int64(n))
	if n > 0 {
		c.lane.add(&c.lane.headers, c.header)
	}
	return n, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.lane.add(&c.lane.sent, int64(n))
	c.lane.add(&c.lane.headers, c.header)
	return n, err
}

// Close counts the segments of a TCP connection, which the kernel knows, and those
// of its end: one each way or, where a probe cuts it off, one.
func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		if n := segments(c.Conn); n > 0 {
			if n++; !c.lane.purpose.probes() {
				n++
			}
			c.lane.add(&c.lane.headers, n*(ipv4Header+tcpHeader))
		}
	}
	return c.Conn.Close()
}

// segments are those that crossed a TCP connection in both directions so far; 0
// for what is no TCP.
func segments(conn net.Conn) int64 {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	var n int64
	raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = int64(info.Segs_in) + int64(info.Segs_out)
		}
	})
	return n
}

type packetConn struct {
	countedConn
	packets net.PacketConn
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.packets.ReadFrom(b)
	c.lane.add(&c.lane.received, int64(n))
	c.lane.add(&c.lane.headers, c.header)
	return n, from, err
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := c.packets.WriteTo(b, to)
	c.lane.add(&c.lane.sent, int64(n))
	c.lane.add(&c.lane.headers, c.header)
	return n, err
}

// outward is the transport of a purpose: it names the box and keeps what came
// from outside out of errors.
type outward struct {
	lane *lane
	base *http.Transport
}

func (o *outward) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := o.lane.may(); err != nil {
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", "infobus")
	}
	answer, err := o.base.RoundTrip(r)
	if err != nil {
		return nil, o.lane.wrap(err)
	}
	if _, err := url.Parse(answer.Header.Get("Location")); err != nil {
		// http.Client would quote it in its error.
		answer.Header.Del("Location")
	}
	answer.Body = &body{answer.Body, o.lane}
	o.trace(answer)
	if dated := o.lane.client.options.Dated; dated != nil && o.lane.purpose == Timetable {
		if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
			dated(at)
		}
	}
	return answer, nil
}

// body keeps addresses out of the errors of reading an answer.
type body struct {
	io.ReadCloser
	lane *lane
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = b.lane.wrap(err)
	}
	return n, err
}

// CloseIdleConnections is called by http.Client's method of that name.
func (o *outward) CloseIdleConnections() { o.base.CloseIdleConnections() }

// RetryAfter reads the header of that name (RFC 9110, section 10.2.3): seconds,
// or a date. It is at most a day; 0: it says nothing that can be read, or now.
func RetryAfter(value string, now time.Time) time.Duration {
	const most = 24 * time.Hour // far above what is honoured
	if seconds, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(most/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

package probe

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"infobus/netmon/client"
)

// page says whether the gateway itself is alive: any answer of its web server
// is a sign of life, and so is its refusal of the connection.
func page(ctx context.Context, c *client.Client, gateway string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+gateway+"/", nil)
	if err != nil {
		return false
	}
	response, err := c.HTTP(client.Gateway).Do(r)
	if err != nil {
		return errors.Is(err, client.ErrRefused)
	}
	response.Body.Close()
	return true
}

// answer is what a connectivity check came to.
type answer struct {
	right   bool // exactly what it should be
	foreign bool // something else answered in its place
	trouble bool // the site answered that it cannot
	// wrongName: right at the address that it had before, not at the one that
	// the resolver gives now.
	wrongName bool
	after     time.Duration
}

// challenge stands in a check's URL for what the answer must be.
const challenge = "{challenge}"

// check asks the URL of the address that the gateway's resolvers give for its
// host, or of the last that worked: names have a rung of their own.
func (p *Prober) check(ctx context.Context, target string, resolvers []string) answer {
	word := ""
	if strings.Contains(target, challenge) {
		word = rand.Text()
		target = strings.ReplaceAll(target, challenge, word)
	}
	u, err := url.Parse(target)
	if err != nil {
		return answer{}
	}
	host := u.Host
	var tries []string
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Scheme == "https" || len(resolvers) == 0 {
		tries = []string{u.Host}
	} else {
		for _, a := range p.where(ctx, u.Hostname(), resolvers) {
			port := u.Port()
			if port == "" {
				port = "80"
			}
			tries = append(tries, net.JoinHostPort(a, port))
		}
	}
	var all answer
	for i, at := range tries {
		to := *u
		to.Host = at
		bounded, cancel := ctx, context.CancelFunc(func() {})
		if i < len(tries)-1 {
			bounded, cancel = context.WithTimeout(ctx, p.options.Timeout/2)
		}
		a := p.fetch(bounded, to.String(), host, word)
		cancel()
		if a.right {
			a.wrongName = i > 0
			return a
		}
		if a.foreign {
			return a
		}
		all.trouble = all.trouble || a.trouble
	}
	return all
}

// where are the addresses of a host that are worth asking: what the gateway's
// resolvers say, and then what worked before.
func (p *Prober) where(ctx context.Context, host string, resolvers []string) []string {
	p.mu.Lock()
	before, have := p.addresses[host]
	p.mu.Unlock()
	if have && time.Now().Before(before.until) && !p.anew {
		return []string{before.address}
	}
	bounded, cancel := context.WithTimeout(ctx, p.options.Timeout/2)
	defer cancel()
	found, ok := p.lookUp(bounded, host, resolvers)
	if !ok {
		if have {
			return []string{before.address}
		}
		return nil
	}
	list := []string{found}
	if have && before.address != found {
		list = append(list, before.address)
	}
	return list
}

// keep remembers where a host answered as it should.
func (p *Prober) keep(host, at string) {
	address, _, err := net.SplitHostPort(at)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addresses[host] = known{address, time.Now().Add(keepAddress)}
}

// fetch asks the URL at, for the host.
func (p *Prober) fetch(ctx context.Context, at, host, word string) answer {
	var connected time.Duration
	begun := time.Now()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = time.Since(begun) }})
	r, err := http.NewRequestWithContext(traced, http.MethodGet, at, nil)
	if err != nil {
		return answer{}
	}
	r.Host = host
	response, err := p.options.Client.HTTP(client.Probe).Do(r)
	if err != nil {
		return answer{}
	}
	defer response.Body.Close()
	after := time.Since(begun)
	p.tried(resent(connected), true)
	code := response.StatusCode
	if word != "" && code == http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(response.Body, int64(len(word))+2))
		if strings.TrimSpace(string(b)) != word {
			return answer{foreign: true}
		}
	}
	switch {
	case word == "" && code == http.StatusNoContent, word != "" && code == http.StatusOK:
		if u, err := url.Parse(at); err == nil {
			name, _, err := net.SplitHostPort(host)
			if err != nil {
				name = host
			}
			p.keep(name, u.Host)
		}
		return answer{right: true, after: after}
	case code < 400, code == http.StatusNetworkAuthenticationRequired:
		return answer{foreign: true}
	}
	return answer{trouble: true} // the site itself is in trouble
}

// proof is what the handshake with the named server came to.
type proof struct {
	proved     bool
	clockWrong bool // proved, at another time than the box's clock gives
	stranger   bool // somebody else answers in its place
	stalled    bool // it is there, and its certificate does not come
	after      time.Duration
}

// prove shakes hands with the server of t.Name. A clock that is wrong is no
// stranger: the chain and the name are then verified at a time at which the
// certificate is good.
func (p *Prober) prove(ctx context.Context, t Targets) proof {
	begun := time.Now()
	var v proof
	for _, address := range p.where(ctx, t.Name, t.DNS) {
		conn, err := p.options.Client.Dial(ctx, client.Probe, "tcp", net.JoinHostPort(address, "443"))
		if err != nil {
			continue
		}
		var clockWrong bool
		config := &tls.Config{ServerName: t.Name, InsecureSkipVerify: true, // verified here
			CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
			VerifyConnection: func(s tls.ConnectionState) (err error) {
				clockWrong, err = verify(s, t.Name)
				return err
			}}
		secure := tls.Client(conn, config)
		err = secure.HandshakeContext(ctx)
		hangUp(conn)
		if err == nil {
			p.keep(t.Name, net.JoinHostPort(address, "443"))
			return proof{proved: true, clockWrong: clockWrong, after: time.Since(begun)}
		}
		var wrong *strangerError
		var record tls.RecordHeaderError
		v.stranger = v.stranger || errors.As(err, &wrong) || errors.As(err, &record)
		v.stalled = v.stalled || ctx.Err() != nil
	}
	if v.stranger {
		v.stalled = false
	}
	return v
}

type strangerError struct{ error }

func verify(s tls.ConnectionState, name string) (clockWrong bool, err error) {
	if len(s.PeerCertificates) == 0 {
		return false, &strangerError{errors.New("no certificate")}
	}
	leaf := s.PeerCertificates[0]
	o := x509.VerifyOptions{DNSName: name, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	if _, err = leaf.Verify(o); err == nil {
		return false, nil
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		o.CurrentTime = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
		if _, again := leaf.Verify(o); again == nil {
			return true, nil
		}
	}
	return false, &strangerError{err}
}

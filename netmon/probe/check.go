package probe

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"infobus/netmon"
)

// challenge stands in a check's URL for what the answer must be.
const challenge = "{challenge}"

// challenged is a check's URL with a word drawn for its challenge, if it has one.
func challenged(target string) (u *url.URL, word string, err error) {
	if strings.Contains(target, challenge) {
		word = rand.Text()
		target = strings.ReplaceAll(target, challenge, word)
	}
	u, err = url.Parse(target)
	return u, word, err
}

// fetch asks the URL, for the host.
func (p *Prober) fetch(ctx context.Context, to *url.URL, host, word string) outcome {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return outcome{unasked: true}
	}
	r.Host = host
	response, err := p.options.Client.HTTP(p.options.Purpose).Do(r)
	if err != nil {
		return came(err)
	}
	defer response.Body.Close()
	code := response.StatusCode
	if word != "" && code == http.StatusOK {
		b, err := io.ReadAll(io.LimitReader(response.Body, int64(len(word))+2))
		if err != nil {
			return came(err)
		}
		if strings.TrimSpace(string(b)) != word {
			return outcome{came: netmon.Foreign}
		}
	}
	switch {
	case word == "" && code == http.StatusNoContent, word != "" && code == http.StatusOK:
		return outcome{came: netmon.Right}
	case code >= 300 && code < 400 && itself(response.Header.Get("Location"), host):
		return outcome{came: netmon.Trouble} // it leads to itself, and would for ever
	case code < 400, code == http.StatusNetworkAuthenticationRequired:
		return outcome{came: netmon.Foreign}
	}
	return outcome{came: netmon.Trouble} // the site itself is in trouble
}

// itself says whether a redirect leads to the host that gave it.
func itself(location, host string) bool {
	u, err := url.Parse(location)
	return err == nil && location != "" && (u.Host == "" || strings.EqualFold(u.Host, host))
}

const (
	// tornAfter is how long a handshake may take once the connection is there, at least,
	// and tornTimes how many times as long as the connection took.
	tornAfter, tornTimes = 3 * time.Second, 4
)

// prove shakes hands with the server at the address, which must prove that it is called
// name or, where that is "", that some issuer knows it. A clock that is wrong is no
// stranger: the chain and the name are then verified at a time at which the certificate
// is good.
func (p *Prober) prove(ctx context.Context, address, name string) outcome {
	begun := time.Now()
	conn, err := p.options.Client.Dial(ctx, p.options.Purpose, "tcp", address)
	if err != nil {
		return came(err)
	}
	defer conn.Close()
	bounded, cancel := context.WithTimeout(ctx, max(tornAfter, tornTimes*time.Since(begun)))
	defer cancel()
	expired := false
	config := &tls.Config{ServerName: name, InsecureSkipVerify: true, // verified here
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		VerifyConnection: func(s tls.ConnectionState) (err error) {
			expired, err = verify(s, name)
			return err
		}}
	err = tls.Client(conn, config).HandshakeContext(bounded)
	var wrong *strangerError
	var record tls.RecordHeaderError
	switch {
	case err == nil && expired:
		return outcome{came: netmon.Expired}
	case err == nil:
		return outcome{came: netmon.Right}
	case errors.As(err, &wrong), errors.As(err, &record):
		return outcome{came: netmon.Foreign}
	case ctx.Err() == nil && bounded.Err() != nil:
		return outcome{came: netmon.Torn}
	}
	if ctx.Err() != nil {
		return outcome{came: netmon.Nothing}
	}
	return outcome{came: netmon.Refusal}
}

type strangerError struct{ error }

func verify(s tls.ConnectionState, name string) (expired bool, err error) {
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

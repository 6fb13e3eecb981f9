package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// internet is what lies beyond the radio, and the sign-in page before it: web
// and TLS servers, and a name server that can be told to fail.
type internet struct {
	names  atomic.Value // string: "", silent, servfail, nxdomain, slow, wrong
	site   atomic.Int64 // status of the check's site
	portal atomic.Value // string: redirect, page, 204
	year   atomic.Int64 // of all certificates and dates; 0: this one
}

// ports of the sign-in page, on the Cisco box.
const portalPort, portalTLSPort = "8081", "8443"

func newInternet(l *lab) *internet {
	s := &internet{}
	s.names.Store("")
	s.portal.Store("redirect")
	s.site.Store(http.StatusNoContent)
	serve := func(ns, address string, secure *tls.Config, h http.HandlerFunc) {
		var listener net.Listener
		l.inside(ns, func() (err error) {
			listener, err = net.Listen("tcp4", address)
			return err
		})
		if secure != nil {
			listener = tls.NewListener(listener, secure)
		}
		server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
		go server.Serve(listener)
		l.t.Cleanup(func() { server.Close() })
	}
	serve(l.inet, ":80", nil, func(w http.ResponseWriter, r *http.Request) {
		if size, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/load/")); err == nil {
			io.CopyN(w, zeros{}, int64(size))
			return
		}
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // as long as the real one's
		w.WriteHeader(int(s.site.Load()))
	})
	serve(l.inet, ":443", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return authority.certificate(tlsName, int(s.year.Load())), nil
	}}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	serve(l.gw, ":80", nil, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<title>MG41E</title>") })
	signIn := func(w http.ResponseWriter, r *http.Request) {
		switch s.portal.Load() {
		case "redirect":
			http.Redirect(w, r, "http://"+gatewayAddress+"/sign-in", http.StatusFound)
		case "page":
			fmt.Fprint(w, "<html>Your credit is used up</html>")
		case "204":
			w.WriteHeader(http.StatusNoContent)
		}
	}
	serve(l.gw, ":"+portalPort, nil, signIn)
	serve(l.gw, ":"+portalTLSPort, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return strangers.certificate(hello.ServerName, 0), nil
	}}, signIn)

	for _, a := range literals {
		var conn net.PacketConn
		l.inside(l.inet, func() (err error) {
			conn, err = net.ListenPacket("udp4", a+":53")
			return err
		})
		go s.serveNames(conn)
		l.t.Cleanup(func() { conn.Close() })
		var calls net.PacketConn
		l.inside(l.inet, func() (err error) {
			calls, err = net.ListenPacket("udp4", a+":3478")
			return err
		})
		go serveCalls(calls)
		l.t.Cleanup(func() { calls.Close() })
	}
	return s
}

// zeros are read without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// serveCalls answers STUN's binding requests (RFC 8489), without saying where from.
func serveCalls(conn net.PacketConn) {
	b := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		if n >= 20 && b[0] == 0 && b[1] == 1 {
			b[0] = 1
			conn.WriteTo(b[:n], from)
		}
	}
}

func (s *internet) serveNames(conn net.PacketConn) {
	b := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
		q := m.Questions[0]
		address := map[string]string{checkName + ".": checkAddress, tlsName + ".": nameAddress}[strings.ToLower(q.Name.String())]
		switch mode := s.names.Load(); {
		case mode == "silent":
			continue
		case mode == "nxdomain":
			answer.RCode = dnsmessage.RCodeNameError
		case mode == "servfail":
			answer.RCode = dnsmessage.RCodeServerFailure
		case mode == "wrong" && q.Type == dnsmessage.TypeA:
			address = "203.0.113.66" // nobody
			fallthrough
		case address != "" && q.Type == dnsmessage.TypeA:
			answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(address).To4())}}}
		case address == "":
			answer.RCode = dnsmessage.RCodeNameError
			answer.Authorities = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("infobus.test."), Class: q.Class, TTL: 1},
				Body: &dnsmessage.SOAResource{NS: dnsmessage.MustNewName("ns1.names.example."), MBox: dnsmessage.MustNewName("dns.names.example."), Serial: 1, Refresh: 1, Retry: 1, Expire: 1, MinTTL: 1}}}
		}
		packed, err := answer.Pack()
		if err != nil {
			continue
		}
		if s.names.Load() == "slow" {
			time.AfterFunc(1800*time.Millisecond, func() { conn.WriteTo(packed, from) })
			continue
		}
		conn.WriteTo(packed, from)
	}
}

// issuer is an authority that signs certificates. The box trusts one of two.
type issuer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // its certificate as PEM
}

var authority, strangers *issuer

func newIssuer(name, file string) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &issuer{key: key, cert: cert, file: file}, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// certificate is one for name, good for a quarter of this year or, if year is
// not 0, of that one: to a box with this year's clock it is then wrong by years.
func (i *issuer) certificate(name string, year int) *tls.Certificate {
	from, to := time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 2, 0)
	if year != 0 {
		from = time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC)
		to = from.AddDate(0, 3, 0)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	for i := range 80 { // as long as a real one with its issuer's
		template.DNSNames = append(template.DNSNames, fmt.Sprintf("padding-%d.infobus.test", i))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, &key.PublicKey, i.key)
	if err != nil {
		return nil
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A box without a clock chip starts years ago: that the certificate is not valid yet is
// its clock's fault, and is said so.
func TestACertificateThatIsNotOfThisTime(t *testing.T) {
	for name, c := range map[string]struct {
		from, until time.Duration // from now
		want        string
	}{
		"not valid yet": {24 * time.Hour, 48 * time.Hour, "the certificate is not valid yet: the clock is wrong"},
		"out of date":   {-48 * time.Hour, -24 * time.Hour, "the certificate is out of date, or the clock is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(c.from), NotAfter: time.Now().Add(c.until), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
			b, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{b}, PrivateKey: key}}}
			s.Config.ErrorLog = nil
			s.StartTLS()
			defer s.Close()
			_, err = New(Options{}).HTTP(Upload).Get(s.URL)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("said is %v", err)
			}
		})
	}
}

package client

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What is for the public network leaves by its interface or not at all.
func TestWhatIsForThePublicNetworkLeavesByItsInterfaceAlone(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer s.Close()
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	for _, c := range []struct {
		public string
		goes   bool
	}{{"lo", true}, {"none0", false}, {"", false}} {
		client := New(Options{Public: c.public})
		answer, err := client.HTTP(Public).Get(s.URL)
		if (err == nil) != c.goes {
			t.Errorf("%q: a page: %v", c.public, err)
		}
		if err == nil {
			answer.Body.Close()
		}
		conn, err := client.Dial(t.Context(), Public, "udp", names.LocalAddr().String())
		if (err == nil) != c.goes {
			t.Errorf("%q: a datagram: %v", c.public, err)
		}
		if err == nil {
			conn.Close()
		} else if c.public == "" && !errors.Is(err, ErrUnreachable) {
			t.Errorf("%q: %v", c.public, err)
		}
		if u := client.Usage(); (u[Public].Received > 0) != c.goes || u[Probe].Total() != 0 {
			t.Errorf("%q: %+v was counted", c.public, u[Public])
		}
		if answer, err := client.HTTP(Probe).Get(s.URL); err != nil {
			t.Errorf("%q: what is for others does not leave: %v", c.public, err)
		} else {
			answer.Body.Close()
		}
	}
}

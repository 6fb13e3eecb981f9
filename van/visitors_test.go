package van

import (
	"testing"

	"infobus/netmon"
	"infobus/reading"
)

func TestTheVisitorsAddressIsNeverAWrongOne(t *testing.T) {
	linked := func(address string) netmon.Link {
		return netmon.Link{Present: true, Carrier: true, Address: address, Gateway: "192.168.128.1"}
	}
	for _, c := range []struct {
		name, board string
		link        netmon.Link
		port        int
		want        string
	}{
		{"nothing is known", "", netmon.Link{}, 80, ""},
		{"an address is leased", "", linked("192.168.128.2/24"), 80, "http://192.168.128.2/today"},
		{"at another port", "", linked("192.168.128.2/24"), 8080, "http://192.168.128.2:8080/today"},
		{"an address of IPv6", "", linked("2001:db8::2/64"), 80, "http://[2001:db8::2]/today"},
		{"only this machine comes", "", linked("192.168.128.2/24"), 0, ""},
		{"the box gave itself an address", "", linked("169.254.3.4/16"), 80, ""},
		{"no cable", "", netmon.Link{Present: true, Address: "192.168.128.2/24", Gateway: "192.168.128.1"}, 80, ""},
		{"the board says the same", "http://192.168.128.2/today?lang=ar", linked("192.168.128.2/24"), 80, "http://192.168.128.2/today?lang=ar"},
		{"the board says what the address was", "http://192.168.128.9/today", linked("192.168.128.2/24"), 80, "http://192.168.128.2/today"},
		{"the board says one of another network", "http://10.1.2.3/today", linked("192.168.128.2/24"), 80, "http://10.1.2.3/today"},
		{"the board says a name", "http://infobus.local/today", linked("192.168.128.2/24"), 80, "http://infobus.local/today"},
		{"the board alone knows", "http://192.168.128.9/today", netmon.Link{}, 80, "http://192.168.128.9/today"},
	} {
		var s State
		s.Uplink.Link = reading.Of(c.link, 0)
		o := Options{VisitorsPort: c.port}
		o.Kiosk.Board.Phone = c.board
		if got := s.Visitors(o); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

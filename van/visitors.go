package van

import (
	"net/netip"
	"net/url"
)

// Visitors is the address, in numbers, at which phones open the visitors' page; "" where
// it is not known. It is what the board says, else the box's own. A number that the board
// says and that is another's in the box's own network was the box's once: it counts as
// not said.
func (s State) Visitors(o Options) string {
	told := o.Kiosk.Board.Phone
	own, ok := s.Uplink.Link.Value.Reached()
	if !ok || o.VisitorsPort == 0 {
		return told
	}
	if u, err := url.Parse(told); err == nil && told != "" {
		at, err := netip.ParseAddr(u.Hostname())
		if err != nil || at == own.Addr() || !own.Masked().Contains(at) {
			return told
		}
	}
	host := own.Addr().String()
	if o.VisitorsPort != 80 {
		host = netip.AddrPortFrom(own.Addr(), uint16(o.VisitorsPort)).String()
	} else if own.Addr().Is6() {
		host = "[" + host + "]"
	}
	return (&url.URL{Scheme: "http", Host: host, Path: "/today"}).String()
}

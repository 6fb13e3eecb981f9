package link

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"infobus/netmon"
)

// inside runs f on a thread in the lab's namespace.
func (l *lab) inside(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread dies with this goroutine
		err := netns.Set(l.ns)
		if err == nil {
			err = f()
		}
		ended <- err
	}()
	return <-ended
}

func TestActionsOnARealPort(t *testing.T) {
	l := newLab(t)
	port, far := l.cable()
	l.do(l.h.LinkSetUp(far))
	own := Static{Address: "192.0.2.2/24", Gateway: "192.0.2.1"}
	act := func(action string, own Static) error {
		return l.inside(func() error { return Act("uplink0", action, own) })
	}
	is := func(what string, want netmon.Link) {
		t.Helper()
		var got netmon.Link
		l.do(l.inside(func() (err error) {
			got, err = Read("uplink0")
			return err
		}))
		if got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	there := netmon.Link{Present: true, Carrier: true, Address: own.Address, Gateway: own.Gateway}

	if err := act("static", Static{}); !errors.Is(err, ErrLeased) {
		t.Errorf("static without an address: %v", err)
	}
	l.do(act("up", Static{}))
	is("switched on", netmon.Link{Present: true, Carrier: true})
	// A lease of the same net was there before, and one more.
	l.do(l.h.AddrAdd(port, address("192.0.2.77/24")))
	l.do(l.h.AddrAdd(port, address("192.0.2.78/24")))
	l.do(act("static", own))
	is("address set", there)
	// An earlier address of the same net, of which ours is the second.
	l.do(l.h.AddrDel(port, address(own.Address)))
	l.do(l.h.AddrAdd(port, address("192.0.2.77/24")))
	l.do(l.h.AddrAdd(port, address(own.Address)))
	l.do(act("static", own))
	is("the first of its net", there)
	l.do(act("static", own))
	is("set twice", there)

	// What another left behind goes; what the box gave itself, and other ports'
	// routes, stay.
	l.do(l.h.AddrAdd(port, address("192.0.2.77/24")))
	l.do(l.h.AddrAdd(port, address("198.51.100.7/24")))
	l.do(l.h.AddrAdd(port, address("169.254.7.7/16")))
	l.do(l.h.RouteAdd(way(port, "198.51.100.1", 10)))
	other, otherFar := l.pair("other0", "other1")
	l.do(l.h.LinkSetUp(other))
	l.do(l.h.LinkSetUp(otherFar))
	l.do(l.h.AddrAdd(other, address("203.0.113.2/24")))
	l.do(l.h.RouteAppend(way(other, "203.0.113.1", metric)))
	l.do(act("static", own))
	is("another's address", there)
	if addrs, err := l.h.AddrList(port, netlink.FAMILY_V4); err != nil || len(addrs) != 2 {
		t.Errorf("there are %v, %v", addrs, err)
	}
	if routes, err := l.h.RouteList(other, netlink.FAMILY_V4); err != nil || len(routes) != 2 {
		t.Errorf("the other port has %v, %v", routes, err)
	}

	l.do(l.h.RouteDel(way(port, "192.0.2.1", metric)))
	there.Gateway = ""
	is("route taken away", there)
	there.Gateway = own.Gateway
	l.do(act("static", own))
	is("put back", there)
	l.do(act("bounce", own))
	is("bounced", there)

	entry := func(state int, at string) *netlink.Neigh {
		return &netlink.Neigh{LinkIndex: port.Attrs().Index, Family: netlink.FAMILY_V4, State: state, IP: address(at + "/32").IP, HardwareAddr: []byte{2, 0, 0, 0, 0, 7}}
	}
	l.do(l.h.NeighSet(entry(netlink.NUD_REACHABLE, "192.0.2.1")))
	l.do(l.h.NeighSet(entry(netlink.NUD_PERMANENT, "192.0.2.9")))
	l.do(act("flush", Static{}))
	if list, err := l.h.NeighList(port.Attrs().Index, netlink.FAMILY_V4); err != nil || len(list) != 1 || list[0].State != netlink.NUD_PERMANENT {
		t.Errorf("neighbours: %v, %v", list, err)
	}

	if err := act("explode", Static{}); !errors.Is(err, ErrAction) {
		t.Errorf("an action that is none: %v", err)
	}
	l.pair("enx0123456789ab", "far1")
	err := l.inside(func() error { return Act("eth9", "up", Static{}) })
	if err == nil || !strings.Contains(err.Error(), "there is no interface eth9") || !strings.Contains(err.Error(), "uplink0") || strings.Contains(err.Error(), "0123456789ab") {
		t.Errorf("an interface that is not there: %v", err)
	}
}

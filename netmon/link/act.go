package link

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Actions are the words that Act knows.
var Actions = []string{"up", "bounce", "flush", "static"}

// Static is an address that is not leased.
type Static struct {
	Address string // with its net: 192.0.2.2/24
	Gateway string
}

// ErrLeased: static is asked for, and no address is configured.
var ErrLeased = errors.New("no address is configured: it is leased")

// ErrAction is an action that is none of Actions.
var ErrAction = errors.New("no such action")

// bounced is how long the port stays down: a switch takes some 100 ms to notice
// that its other end has gone, and a second to be sure.
const bounced = 2 * time.Second

// Act does one of Actions to the interface name. It takes CAP_NET_ADMIN: up
// switches it on, bounce off and on again, flush forgets where its neighbours
// are, and static gives it the address own, a default route, and takes others
// away. Bounce does so too where own is not empty: the routes went with the
// port. An interface that is not there is an error that says which are.
func Act(name, action string, own Static) error {
	port, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return fmt.Errorf("there is no interface %s; there are: %v", name, others())
	}
	if err != nil {
		return fmt.Errorf("read link: %w", err)
	}
	switch action {
	case "up":
		return act("switch the port on", netlink.LinkSetUp(port))
	case "bounce":
		if err := netlink.LinkSetDown(port); err != nil {
			return act("switch the port off", err)
		}
		time.Sleep(bounced)
		if err := netlink.LinkSetUp(port); err != nil || own.Address == "" {
			return act("switch the port on", err)
		}
		return own.set(port)
	case "static":
		if own.Address == "" {
			return ErrLeased
		}
		if err := netlink.LinkSetUp(port); err != nil {
			return act("switch the port on", err)
		}
		return own.set(port)
	case "flush":
		list, err := netlink.NeighList(port.Attrs().Index, netlink.FAMILY_V4)
		if err != nil {
			return act("read the neighbours", err)
		}
		for _, n := range list {
			if n.State&(netlink.NUD_PERMANENT|netlink.NUD_NOARP) != 0 {
				continue // somebody's wish
			}
			if err := netlink.NeighDel(&n); err != nil {
				return act("forget a neighbour", err)
			}
		}
		return nil
	}
	return fmt.Errorf("%w: %q; there are: %v", ErrAction, action, Actions)
}

// metric is the route's: what networkd gives, 1024, and NetworkManager, 100 or
// more, comes after it.
const metric = 50

// set gives the port the address, and the route by the gateway, and no others of
// their kinds but what the box gave itself.
func (s Static) set(port netlink.Link) error {
	own, err := netlink.ParseAddr(s.Address)
	if err != nil {
		return act("read the address", err)
	}
	gateway := net.ParseIP(s.Gateway)
	addrs, err := netlink.AddrList(port, netlink.FAMILY_V4)
	if err != nil {
		return act("read the addresses", err)
	}
	// The others first: with one of the same net the kernel may take away all that
	// came after it, our own among them.
	for _, a := range addrs {
		if !a.Equal(*own) && !a.IP.IsLinkLocalUnicast() {
			if err := netlink.AddrDel(port, &a); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
				return act("take another address away", err)
			}
		}
	}
	if err := netlink.AddrReplace(port, own); err != nil {
		return act("set the address", err)
	}
	routes, err := netlink.RouteList(port, netlink.FAMILY_V4)
	if err != nil {
		return act("read the routes", err)
	}
	there := false
	for _, r := range routes {
		switch {
		case r.Gw == nil || r.Dst != nil && !isDefault(r.Dst):
		case r.Gw.Equal(gateway) && r.Priority == metric:
			there = true
		default:
			if err := netlink.RouteDel(&r); err != nil {
				return act("take another route away", err)
			}
		}
	}
	if there {
		return nil
	}
	return act("set the route", netlink.RouteAppend(&netlink.Route{LinkIndex: port.Attrs().Index, Gw: gateway,
		Priority: metric, Protocol: unix.RTPROT_STATIC}))
}

func act(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// others are the interfaces that there are. A name that holds a hardware
// address is cut short.
func others() []string {
	links, err := netlink.LinkList()
	if err != nil {
		return nil
	}
	var names []string
	for _, l := range links {
		name := l.Attrs().Name
		if hardware.MatchString(name) {
			name = name[:3] + "…"
		}
		names = append(names, name)
	}
	return names
}

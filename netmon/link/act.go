package link

import (
	"errors"
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
)

// Actions are the words that Act knows.
var Actions = []string{"up", "bounce", "flush"}

// ErrAction is an action that is none of Actions.
var ErrAction = errors.New("no such action")

// bounced is how long the port stays down: a switch takes some 100 ms to notice
// that its other end has gone, and a second to be sure.
const bounced = 2 * time.Second

// Act does one of Actions to the interface name. It takes CAP_NET_ADMIN: up
// switches it on, bounce off and on again, flush forgets where its neighbours
// are. An interface that is not there is an error that says which are.
func Act(name, action string) error {
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
		return act("switch the port on", netlink.LinkSetUp(port))
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
			name = "enx…"
		}
		names = append(names, name)
	}
	return names
}

// Package link watches the port to the Cisco box in the kernel, over netlink.
//
// In: the port's name. Out: a netmon.Link at the start and after each change of
// the interface, its carrier, its IPv4 address or its default route. It polls
// nothing and changes nothing; what needs a capability is not here.
package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"infobus/netmon"
)

// Watch observes the interface name until ctx is done, and returns ctx's error
// or why the kernel could not be asked. An interface that is not there is a
// value, not an error. Two values in a row are never equal. It watches the
// network namespace of the calling thread.
func Watch(ctx context.Context, name string, observe func(netmon.Link)) error {
	w := watcher{name: name, observe: observe, log: slog.Default()}
	return w.run(ctx)
}

// Read is the interface name as it is now. One that is not there is a value,
// not an error.
func Read(name string) (netmon.Link, error) {
	w := watcher{name: name, log: slog.New(slog.DiscardHandler)}
	return w.read()
}

// Names are the interfaces that there are; one that holds a hardware address is
// cut short.
func Names() []string { return others() }

type watcher struct {
	name    string
	observe func(netmon.Link)
	log     *slog.Logger
	buffer  int // receive buffer of each subscription in bytes; 0: the kernel's

	seen bool
	last netmon.Link
	gone string // the other interfaces, when the absence was last logged
}

// errLost says that the kernel dropped notifications: what is known is no more
// than a guess, and everything must be listed again.
var errLost = errors.New("notifications lost")

// again is how long to wait before subscribing anew: notifications that come
// faster than they are read must not keep a core busy.
const again = 50 * time.Millisecond

func (w *watcher) run(ctx context.Context) error {
	for {
		err := w.subscribed(ctx)
		if !errors.Is(err, errLost) {
			return err
		}
		w.log.Info("network notifications were lost; listing everything again")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(again):
		}
	}
}

// subscribed watches on one set of subscriptions until one of them fails.
func (w *watcher) subscribed(ctx context.Context) error {
	var (
		links  = make(chan netlink.LinkUpdate, 64)
		addrs  = make(chan netlink.AddrUpdate, 64)
		routes = make(chan netlink.RouteUpdate, 64)
		lost   = make(chan struct{}, 1)
		done   = make(chan struct{})
		drain  []func()
	)
	// The library's receivers block on their channel and end by closing it.
	defer func() {
		close(done)
		for _, f := range drain {
			f()
		}
	}()
	failed := func(error) {
		select {
		case lost <- struct{}{}:
		default:
		}
	}

	// Subscribe first and list then: a change between the two is seen twice,
	// never missed.
	if err := netlink.LinkSubscribeWithOptions(links, done, netlink.LinkSubscribeOptions{
		ErrorCallback: failed, ReceiveBufferSize: w.buffer}); err != nil {
		return fmt.Errorf("subscribe to links: %w", err)
	}
	drain = append(drain, func() { discard(links) })
	if err := netlink.AddrSubscribeWithOptions(addrs, done, netlink.AddrSubscribeOptions{
		ErrorCallback: failed, ReceiveBufferSize: w.buffer}); err != nil {
		return fmt.Errorf("subscribe to addresses: %w", err)
	}
	drain = append(drain, func() { discard(addrs) })
	if err := netlink.RouteSubscribeWithOptions(routes, done, netlink.RouteSubscribeOptions{
		ErrorCallback: failed, ReceiveBufferSize: w.buffer}); err != nil {
		return fmt.Errorf("subscribe to routes: %w", err)
	}
	drain = append(drain, func() { discard(routes) })

	for {
		if err := w.list(); err != nil {
			return err
		}
		alive := true
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost:
			return errLost
		case _, alive = <-links:
		case _, alive = <-addrs:
		case _, alive = <-routes:
		}
		if !alive || !pending(links) || !pending(addrs) || !pending(routes) {
			return errLost
		}
	}
}

// pending takes what waits in c; false if c is closed.
func pending[T any](c <-chan T) bool {
	for {
		select {
		case _, alive := <-c:
			if !alive {
				return false
			}
		default:
			return true
		}
	}
}

func discard[T any](c <-chan T) {
	for range c {
	}
}

// list asks the kernel for all that is observed, and observes it if it is new.
// Notifications only say when: a list is a few messages, and cannot drift.
func (w *watcher) list() error {
	l, err := w.read()
	for tries := 0; errors.Is(err, netlink.ErrDumpInterrupted) && tries < 5; tries++ {
		l, err = w.read()
	}
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return err // interrupted five times: another notification is under way
	}
	if !w.seen || l != w.last {
		w.seen, w.last = true, l
		w.observe(l)
	}
	return nil
}

func (w *watcher) read() (netmon.Link, error) {
	var l netmon.Link
	port, err := netlink.LinkByName(w.name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		w.absent()
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("read link: %w", err)
	}
	w.gone = ""
	l.Present = true
	l.Carrier = port.Attrs().RawFlags&unix.IFF_LOWER_UP != 0

	addrs, err := netlink.AddrList(port, netlink.FAMILY_V4)
	if err != nil {
		return l, fmt.Errorf("read addresses: %w", err)
	}
	for _, a := range addrs {
		// The one that the box gave itself counts only while there is no other.
		if l.Address == "" || !a.IP.IsLinkLocalUnicast() {
			l.Address = (&net.IPNet{IP: a.IP, Mask: a.Mask}).String()
			if !a.IP.IsLinkLocalUnicast() {
				break
			}
		}
	}
	routes, err := netlink.RouteList(port, netlink.FAMILY_V4)
	if err != nil {
		return l, fmt.Errorf("read routes: %w", err)
	}
	best := -1
	for _, r := range routes {
		if r.Gw == nil || r.Dst != nil && !isDefault(r.Dst) {
			continue
		}
		if best < 0 || r.Priority < best { // a lower metric wins
			best, l.Gateway = r.Priority, r.Gw.String()
		}
	}
	return l, nil
}

func isDefault(n *net.IPNet) bool {
	ones, bits := n.Mask.Size()
	return ones == 0 && bits != 0 && n.IP.IsUnspecified()
}

// hardware is the name that systemd gives a USB adapter: it holds the adapter's
// hardware address.
var hardware = regexp.MustCompile(`^enx[0-9a-f]{12}$`)

// absent says once which interfaces there are instead.
func (w *watcher) absent() {
	names := others()
	if there := fmt.Sprint(names); there != w.gone {
		w.gone = there
		w.log.Warn("the network interface is not there", "interface", w.name, "there are", names)
	}
}

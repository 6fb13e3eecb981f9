// Package link watches the port to the Cisco box in the kernel, over netlink.
//
// In: the port's name. Out: a netmon.Link at the start and after each change of
// the interface, its carrier, its IPv4 address, its default route, its lease's name
// servers, or of whether the gateway answers where it is. While the kernel tells it asks
// nothing but, every 20 s, networkd for the name servers; while there is no address it
// looks whether anything is received. It changes nothing; what needs a capability is not
// here.
package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"infobus/netmon"
	"infobus/systemd"
)

// Watch observes the interface name until ctx is done, and returns ctx's error
// or why the kernel could not be asked. An interface that is not there is a
// value, not an error, and comes again when Names have changed meanwhile; else two
// values in a row are never equal. It watches the network namespace of the calling
// thread. Where the kernel's notifications cannot be had, it looks every few
// seconds, and says so once.
func Watch(ctx context.Context, name string, observe func(netmon.Link)) error {
	w := watcher{name: name, observe: observe, log: slog.Default(), open: open, calm: calm, look: look, servers: servers}
	return w.run(ctx)
}

// WatchPublic is Watch for the port in the public network, whose routes are in a table of
// their own. Its Link says Leads where a default route is in the system's table all the
// same.
func WatchPublic(ctx context.Context, name string, observe func(netmon.Link)) error {
	w := watcher{name: name, public: true, observe: observe, log: slog.Default(), open: open, calm: calm, look: look, servers: servers}
	return w.run(ctx)
}

// Read is the interface name as it is now. One that is not there is a value,
// not an error.
func Read(name string) (netmon.Link, error) {
	w := watcher{name: name, log: slog.New(slog.DiscardHandler), servers: servers}
	return w.read()
}

// Names are the interfaces that there are; one that holds a hardware address is
// cut short.
func Names() []string { return others() }

type watcher struct {
	name    string
	public  bool // its routes are in a table of their own
	observe func(netmon.Link)
	log     *slog.Logger
	open    func() (notifications, error)

	calm, look time.Duration // the constants; a test is less patient

	servers func(index int) string // the lease's name servers; nil where nobody is asked

	seen bool
	last netmon.Link
	told netmon.Link // when the name servers were asked for last
	at   time.Time   // when that was
	came time.Time   // when this address, or route, was first seen

	since    time.Time // when the carrier came; zero without one
	received uint64    // what had been received by then
	gone     string    // the other interfaces, when the absence was last logged

	mu      sync.Mutex // guards watched
	watched gateway
}

// notifications are a socket on which the kernel tells of changes.
type notifications interface {
	Receive() ([]syscall.NetlinkMessage, *unix.SockaddrNetlink, error)
	Close()
}

// open subscribes to links, addresses, routes and neighbours at once.
func open() (notifications, error) {
	return nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_NEIGH)
}

// errLost says that the kernel dropped notifications: what is known is no more
// than a guess, and everything must be listed again.
var errLost = errors.New("notifications lost")

const (
	// again is how long to wait before subscribing anew: notifications that come
	// faster than they are read must not keep a core busy.
	again = 50 * time.Millisecond
	// storm is how many subscriptions in a row may fail within calm before it
	// looks instead; a subscription that cannot be had at all is one too many.
	storm = 10
	calm  = 5 * time.Second
	// Without notifications it looks, and tries to subscribe, at intervals that
	// double from look to eight times that.
	look = 2 * time.Second
	// leaseEvery is how often the lease's name servers are asked for: a renewal may
	// bring others, and the kernel is not told.
	leaseEvery = 20 * time.Second
	// In the first leaseNew of an address they are asked for every leaseSoon: networkd may
	// set the address before it tells of them.
	leaseNew, leaseSoon = 10 * time.Second, 2 * time.Second
	// A port that has a carrier and no address, and has received nothing for deafAfter,
	// is deaf; hearEvery is how often that is looked at. A lease server is asked again
	// and again meanwhile, and whatever is alive says something.
	deafAfter, hearEvery = 10 * time.Second, 2 * time.Second
)

func (w *watcher) run(ctx context.Context) error {
	failures, blind, every := 0, false, w.look
	for {
		begun := time.Now()
		err := w.subscribed(ctx, func() {
			if blind {
				w.log.Info("network notifications come again")
				blind = false
			}
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errKernel) {
			return err
		}
		if time.Since(begun) >= w.calm {
			failures, every = 0, w.look
		}
		wait := again
		if failures++; errors.Is(err, errLost) && failures <= storm {
			w.log.Info("network notifications were lost; listing everything again")
		} else {
			wait, every = every, min(2*every, 8*w.look)
			if !blind {
				w.log.Warn("network notifications cannot be had; looking every few seconds", "why", err)
				blind = true
			}
			if err := w.list(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// subscribed watches on one subscription until it fails; had is called once it
// has held for calm.
func (w *watcher) subscribed(ctx context.Context, had func()) error {
	// Subscribe first and list then: a change between the two is seen twice,
	// never missed.
	s, err := w.open()
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	var (
		changed = make(chan struct{}, 1)
		ended   = make(chan struct{})
		failed  error // once ended is closed
	)
	go func() {
		defer close(ended)
		for {
			messages, _, err := s.Receive()
			if err != nil {
				failed = err
				return
			}
			if w.concern(messages) {
				select {
				case changed <- struct{}{}:
				default:
				}
			}
		}
	}()
	defer func() {
		s.Close()
		<-ended
	}()
	steady := time.After(w.calm)
	for {
		if err := w.list(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ended:
			if errors.Is(failed, unix.ENOBUFS) {
				return errLost
			}
			return fmt.Errorf("receive: %w", failed)
		case <-steady:
			had()
		case <-time.After(w.again()):
		case <-changed:
		}
	}
}

// again is when to look though nothing was told.
func (w *watcher) again() time.Duration {
	if w.last.Carrier && w.last.Address == "" {
		return hearEvery
	}
	return w.leaseEvery()
}

func (w *watcher) leaseEvery() time.Duration {
	if w.servers != nil && time.Since(w.came) < leaseNew {
		return leaseSoon
	}
	return leaseEvery
}

// servers are the lease's name servers, as networkd tells; "" where it does not.
func servers(index int) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	list, err := systemd.NameServers(ctx, index)
	if err != nil {
		return ""
	}
	var words []string
	for _, a := range list {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}

// lease adds the name servers of the port's lease.
func (w *watcher) lease(l *netmon.Link, index int) {
	if w.servers == nil {
		return
	}
	if !l.Carrier || l.Address == "" {
		w.told = netmon.Link{} // what comes is another lease, though it may be of the same address
		return
	}
	l.DNS = w.told.DNS
	if l.Way() != w.told.Way() {
		w.came = time.Now()
	} else if time.Since(w.at) < w.leaseEvery() {
		return
	}
	l.DNS = w.servers(index)
	w.told, w.at = *l, time.Now()
}

// hear says whether the port is deaf, by the kernel's count of what it received.
func (w *watcher) hear(l *netmon.Link, received uint64) {
	switch {
	case !l.Carrier:
		w.since = time.Time{}
	case w.since.IsZero() || received != w.received:
		w.since, w.received = time.Now(), received
	default:
		l.Deaf = l.Address == "" && time.Since(w.since) >= deafAfter
	}
}

// concern says whether a notification may change what is observed. Of a
// neighbour that is not the gateway not even the address is read.
func (w *watcher) concern(messages []syscall.NetlinkMessage) bool {
	for _, m := range messages {
		if m.Header.Type != unix.RTM_NEWNEIGH && m.Header.Type != unix.RTM_DELNEIGH {
			return true
		}
		w.mu.Lock()
		g := w.watched
		w.mu.Unlock()
		state, ok := g.in(m.Data)
		if ok && (m.Header.Type == unix.RTM_DELNEIGH || word(state) != g.state) {
			return true
		}
	}
	return false
}

// gateway is whose neighbour entry is watched, and what it was.
type gateway struct {
	port  int // index
	at    [4]byte
	state netmon.Neighbour
}

// in is the state of the entry in the body of a neighbour message, if it is the
// gateway's. Its hardware address is not read.
func (g gateway) in(body []byte) (state uint16, ok bool) {
	const header = 12 // struct ndmsg: family, index, state, flags, type
	if len(body) < header || body[0] != unix.AF_INET || int(nl.NativeEndian().Uint32(body[4:])) != g.port {
		return 0, false
	}
	attributes, err := nl.ParseRouteAttr(body[header:])
	if err != nil {
		return 0, false
	}
	for _, a := range attributes {
		if a.Attr.Type == netlink.NDA_DST && string(a.Value) == string(g.at[:]) {
			return nl.NativeEndian().Uint16(body[8:]), true
		}
	}
	return 0, false
}

// word is what an entry's state comes to. Reachable holds until the kernel has
// asked in vain: between the two an entry is stale, then asked again, a dozen
// times an hour.
func word(state uint16) netmon.Neighbour {
	switch {
	case state&unix.NUD_FAILED != 0:
		return netmon.NeighbourFailed
	case state&(unix.NUD_REACHABLE|unix.NUD_STALE|unix.NUD_DELAY|unix.NUD_PROBE) != 0:
		return netmon.NeighbourReachable
	}
	return netmon.NeighbourUnknown // nobody asked, or somebody wrote it down by hand
}

// neighbour asks the kernel for the gateway's entry, and for no other.
func (g gateway) neighbour() (state uint16, err error) {
	request := nl.NewNetlinkRequest(unix.RTM_GETNEIGH, 0)
	request.AddData(&netlink.Ndmsg{Family: unix.AF_INET, Index: uint32(g.port)})
	request.AddData(nl.NewRtAttr(netlink.NDA_DST, g.at[:]))
	bodies, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH)
	if errors.Is(err, unix.ENOENT) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the gateway's neighbour entry: %w", err)
	}
	for _, b := range bodies {
		if state, ok := g.in(b); ok {
			return state, nil
		}
	}
	return 0, nil
}

// Absent says whether the kernel asks on the interface name, so far in vain,
// where the host at that address is.
func Absent(name, address string) bool {
	port, err := net.InterfaceByName(name)
	at := net.ParseIP(address).To4()
	if err != nil || at == nil {
		return false
	}
	state, err := gateway{port: port.Index, at: [4]byte(at)}.neighbour()
	return err == nil && state&(unix.NUD_INCOMPLETE|unix.NUD_FAILED) != 0
}

// errKernel says that the kernel could not even be asked.
var errKernel = errors.New("ask the kernel")

// list asks the kernel for all that is observed, and observes it if it is new.
// Notifications only say when: a list is a few messages, and cannot drift.
func (w *watcher) list() error {
	gone := w.gone
	l, err := w.read()
	for tries := 0; errors.Is(err, netlink.ErrDumpInterrupted) && tries < 5; tries++ {
		l, err = w.read()
	}
	if errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil // another notification is under way
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errKernel, err)
	}
	if !w.seen || l != w.last || w.gone != gone {
		w.seen, w.last = true, l
		w.observe(l)
	}
	return nil
}

func (w *watcher) read() (l netmon.Link, err error) {
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
	l.Losses = losses(w.name)
	if l.Carrier = port.Attrs().RawFlags&unix.IFF_LOWER_UP != 0; l.Carrier {
		l.Speed, l.Duplex = speed(w.name)
	}
	defer func() {
		var received uint64
		if s := port.Attrs().Statistics; s != nil {
			received = s.RxPackets
		}
		w.hear(&l, received)
		w.lease(&l, port.Attrs().Index)
	}()

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
	routes, err := w.routes(port)
	if err != nil {
		return l, fmt.Errorf("read routes: %w", err)
	}
	best := -1
	var via net.IP
	for _, r := range routes {
		if r.Gw == nil || r.Dst != nil && !isDefault(r.Dst) {
			continue
		}
		l.Leads = l.Leads || w.public && r.Table == unix.RT_TABLE_MAIN
		if best < 0 || r.Priority < best { // a lower metric wins
			best, via = r.Priority, r.Gw
		}
	}
	at := via.To4()
	if at == nil {
		return l, nil
	}
	l.Gateway = at.String()
	g := gateway{port: port.Attrs().Index, at: [4]byte(at), state: "asked just now"} // whatever comes meanwhile is news
	w.watch(g)
	state, err := g.neighbour()
	if err != nil {
		return l, err
	}
	l.Neighbour, g.state = word(state), word(state)
	w.watch(g)
	return l, nil
}

// routes are those that lead out of the port.
func (w *watcher) routes(port netlink.Link) ([]netlink.Route, error) {
	if !w.public {
		return netlink.RouteList(port, netlink.FAMILY_V4)
	}
	return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{LinkIndex: port.Attrs().Index, Table: unix.RT_TABLE_UNSPEC},
		netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
}

func (w *watcher) watch(g gateway) {
	w.mu.Lock()
	w.watched = g
	w.mu.Unlock()
}

// speed is what the port and its other end have agreed on, as sysfs gives it
// (Documentation/ABI/testing/sysfs-class-net); 0 and "" where it does not.
func speed(name string) (mbit int, duplex string) {
	folder := filepath.Join("/sys/class/net", filepath.Base(name))
	if b, err := os.ReadFile(filepath.Join(folder, "speed")); err == nil {
		fmt.Sscan(string(b), &mbit)
	}
	if b, err := os.ReadFile(filepath.Join(folder, "duplex")); err == nil {
		switch strings.TrimSpace(string(b)) {
		case "full":
			duplex = "full"
		case "half":
			duplex = "half"
		}
	}
	return max(mbit, 0), duplex
}

// losses are how often the carrier was lost, by the kernel's count in sysfs; 0
// where it does not count.
func losses(name string) (n int) {
	if b, err := os.ReadFile(filepath.Join("/sys/class/net", filepath.Base(name), "carrier_down_count")); err == nil {
		fmt.Sscan(string(b), &n)
	}
	return n
}

func isDefault(n *net.IPNet) bool {
	ones, bits := n.Mask.Size()
	return ones == 0 && bits != 0 && n.IP.IsUnspecified()
}

// hardware is the name that systemd gives a USB adapter, wired, wireless or
// mobile: it holds the adapter's hardware address.
var hardware = regexp.MustCompile(`^(en|wl|ww)x[0-9a-f]{12}$`)

// absent says once which interfaces there are instead.
func (w *watcher) absent() {
	names := others()
	if there := fmt.Sprint(names); there != w.gone {
		w.gone = there
		w.log.Warn("the network interface is not there", "interface", w.name, "there are", names)
	}
}

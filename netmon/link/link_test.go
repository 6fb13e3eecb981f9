package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"infobus/netmon"
)

// guard is how long a test waits for something that should come at once.
const guard = 60 * time.Second

// lab is a network namespace of its own with a watcher in it.
type lab struct {
	public bool // the port is in the public network
	t      *testing.T
	ns     netns.NsHandle
	h      *netlink.Handle
	values chan netmon.Link
	stop   context.CancelFunc
	ended  chan error
	log    *lines
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newLab(t *testing.T) *lab {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	l := &lab{t: t, values: make(chan netmon.Link, 10000), ended: make(chan error, 1), log: &lines{}}
	made := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread dies with this goroutine
		ns, err := netns.New()
		l.ns = ns
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	h, err := netlink.NewHandleAt(l.ns)
	if err != nil {
		t.Fatal(err)
	}
	l.h = h
	t.Cleanup(func() {
		if l.stop != nil {
			l.end()
		}
		h.Close()
		l.ns.Close()
	})
	return l
}

func (l *lab) watch(open func() (notifications, error), observe func(netmon.Link)) {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go func() {
		runtime.LockOSThread()
		if err := netns.Set(l.ns); err != nil {
			l.ended <- err
			return
		}
		w := watcher{name: "uplink0", public: l.public, observe: observe, open: open, log: slog.New(slog.NewTextHandler(l.log, nil)),
			calm: calm / 10, look: look / 10}
		l.ended <- w.run(ctx)
	}()
}

func (l *lab) end() {
	l.t.Helper()
	l.stop()
	l.stop = nil
	select {
	case err := <-l.ended:
		if !errors.Is(err, context.Canceled) {
			l.t.Errorf("the watcher ended with %v", err)
		}
	case <-time.After(guard):
		l.t.Fatal("the watcher does not end")
	}
}

func (l *lab) do(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// await takes values until want comes. No two in a row may be equal.
func (l *lab) await(what string, want netmon.Link) {
	l.t.Helper()
	for {
		select {
		case v := <-l.values:
			if v == want {
				return
			}
		case err := <-l.ended:
			l.t.Fatalf("%s: the watcher ended with %v", what, err)
		case <-time.After(guard):
			l.t.Fatalf("%s: %+v never came", what, want)
		}
	}
}

// cable makes the port with its far end.
func (l *lab) cable() (port, far netlink.Link) {
	l.t.Helper()
	return l.pair("uplink0", "far0")
}

func (l *lab) pair(name, peer string) (a, b netlink.Link) {
	l.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	l.do(l.h.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: peer}))
	return l.find(name), l.find(peer)
}

func (l *lab) find(name string) netlink.Link {
	l.t.Helper()
	link, err := l.h.LinkByName(name)
	l.do(err)
	return link
}

func address(s string) *netlink.Addr {
	a, err := netlink.ParseAddr(s)
	if err != nil {
		panic(err)
	}
	return a
}

func way(port netlink.Link, gateway string, metric int) *netlink.Route {
	return &netlink.Route{LinkIndex: port.Attrs().Index, Gw: net.ParseIP(gateway), Priority: metric}
}

func TestAnAbsenceIsSaidAgainWhenThereAreOthers(t *testing.T) {
	l := newLab(t)
	l.watch(open, func(v netmon.Link) { l.values <- v })
	l.await("no such interface", netmon.Link{})
	l.pair("other0", "other1")
	l.await("no such interface, but others", netmon.Link{})
	l.end()
}

func TestTheKernelsChangesAreSeenOneByOne(t *testing.T) {
	l := newLab(t)
	l.pair("enx0123456789ab", "other1")
	l.watch(open, func(v netmon.Link) { l.values <- v })

	l.await("no such interface", netmon.Link{})
	port, far := l.cable()
	l.await("interface made", netmon.Link{Present: true})
	l.do(l.h.LinkSetUp(port))
	l.do(l.h.LinkSetUp(far))
	l.await("cable in", netmon.Link{Present: true, Carrier: true})
	l.do(l.h.AddrAdd(port, address("169.254.7.7/16")))
	l.await("an address of its own making", netmon.Link{Present: true, Carrier: true, Address: "169.254.7.7/16"})
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	l.await("address given", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24"})
	l.do(l.h.RouteAdd(way(port, "192.0.2.2", 600)))
	l.await("route given", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.2"})
	l.do(l.h.RouteAdd(way(port, "192.0.2.1", 100)))
	l.await("better route given", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"})
	l.do(l.h.RouteDel(way(port, "192.0.2.2", 600)))

	l.do(l.h.LinkSetDown(far))
	l.await("cable out", netmon.Link{Present: true, Carrier: false, Address: "192.0.2.10/24", Gateway: "192.0.2.1"})
	l.do(l.h.LinkSetUp(far))
	l.await("cable in again", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"})
	l.do(l.h.RouteDel(way(port, "192.0.2.1", 100)))
	l.await("route gone", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24"})
	l.do(l.h.AddrDel(port, address("192.0.2.10/24")))
	l.await("address gone", netmon.Link{Present: true, Carrier: true, Address: "169.254.7.7/16"})
	l.do(l.h.LinkDel(port))
	l.await("interface gone", netmon.Link{})
	port, _ = l.cable()
	l.await("interface back", netmon.Link{Present: true})
	l.do(l.h.LinkDel(port))
	l.await("interface gone again", netmon.Link{})

	l.end()
	if log := l.log.String(); !strings.Contains(log, "enx…") || strings.Contains(log, "0123456789ab") || !strings.Contains(log, "lo") {
		t.Errorf("the log does not say which interfaces there are, or says a hardware address: %s", log)
	}
}

func TestWhatConcernsOtherInterfacesIsNotObserved(t *testing.T) {
	l := newLab(t)
	port, _ := l.cable()
	l.watch(open, func(v netmon.Link) { l.values <- v })
	l.await("the start", netmon.Link{Present: true})
	other, _ := l.pair("other0", "other1")
	l.do(l.h.LinkSetUp(other))
	l.do(l.h.LinkSetUp(l.find("other1")))
	for i := range 20 {
		a := address(fmt.Sprintf("198.51.100.%d/24", i+1))
		l.do(l.h.AddrAdd(other, a))
	}
	l.do(l.h.RouteAdd(way(other, "198.51.100.200", 1)))
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	select {
	case v := <-l.values:
		if want := (netmon.Link{Present: true, Address: "192.0.2.10/24"}); v != want {
			t.Errorf("observed %+v, want %+v", v, want)
		}
	case <-time.After(guard):
		t.Fatal("nothing was observed")
	}
	l.end()
}

// held are notifications that nobody reads until hold is closed.
type held struct {
	notifications
	hold chan struct{}
}

func (h held) Receive() ([]syscall.NetlinkMessage, *unix.SockaddrNetlink, error) {
	<-h.hold
	return h.notifications.Receive()
}

func TestAnOverflowIsFollowedByTheTruth(t *testing.T) {
	l := newLab(t)
	port, far := l.cable()
	l.do(l.h.LinkSetUp(port))
	l.do(l.h.LinkSetUp(far))
	other, _ := l.pair("other0", "other1")

	hold := make(chan struct{})
	var once sync.Once
	l.watch(func() (notifications, error) {
		s, err := open()
		once.Do(func() {
			if err == nil {
				err = s.(*nl.NetlinkSocket).SetReceiveBufferSize(4096, false)
			}
			s = held{s, hold}
		})
		return s, err
	}, func(v netmon.Link) { l.values <- v })
	l.await("the start", netmon.Link{Present: true, Carrier: true})
	// More than the socket's buffer takes, while nobody reads.
	for i := range 400 {
		a := address(fmt.Sprintf("10.7.%d.%d/32", i/250, i%250+1))
		l.do(l.h.AddrAdd(other, a))
	}
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	l.do(l.h.LinkSetDown(far))
	close(hold)
	l.await("the truth", netmon.Link{Present: true, Carrier: false, Address: "192.0.2.10/24"})

	// It hears what comes after, too.
	l.do(l.h.LinkSetUp(far))
	l.await("cable in", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24"})
	l.end()
	if !strings.Contains(l.log.String(), "notifications were lost") {
		t.Error("nothing overflowed: the test proves nothing")
	}
}

// Without notifications it looks, says so once, and comes back to them.
func TestWithoutNotificationsItLooksAndComesBackToThem(t *testing.T) {
	for name, broken := range map[string]func() (notifications, error){
		"they may not be had": func() (notifications, error) { return nil, unix.EPERM },
		"they break off at once": func() (notifications, error) {
			s, err := open()
			if err == nil {
				s.Close()
			}
			return s, err
		},
		"they overflow all the time": func() (notifications, error) { return overflowing{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			port, far := l.cable()
			l.do(l.h.LinkSetUp(port))
			l.do(l.h.LinkSetUp(far))
			var works atomic.Bool
			l.watch(func() (notifications, error) {
				if works.Load() {
					return open()
				}
				return broken()
			}, func(v netmon.Link) { l.values <- v })
			l.await("the start", netmon.Link{Present: true, Carrier: true})
			l.do(l.h.LinkSetDown(far))
			l.await("cable out", netmon.Link{Present: true})
			l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
			l.await("address given", netmon.Link{Present: true, Address: "192.0.2.10/24"})
			l.awaitLog("cannot be had")
			works.Store(true)
			l.awaitLog("come again")
			l.do(l.h.LinkSetUp(far))
			l.await("cable in", netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24"})
			l.end()
			if n := strings.Count(l.log.String(), "cannot be had"); n != 1 {
				t.Errorf("it was said %d times: %s", n, l.log)
			}
		})
	}
}

// overflowing are notifications that the kernel drops all the time.
type overflowing struct{}

func (overflowing) Receive() ([]syscall.NetlinkMessage, *unix.SockaddrNetlink, error) {
	return nil, nil, unix.ENOBUFS
}

func (overflowing) Close() {}

// awaitLog waits until the watcher has logged the words.
func (l *lab) awaitLog(words string) {
	l.t.Helper()
	for end := time.Now().Add(guard); !strings.Contains(l.log.String(), words); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("%q was never logged: %s", words, l.log)
		}
	}
}

// Of all neighbours only the gateway counts, and of it one word.
func TestOnlyWhetherTheGatewayAnswersIsSeenOfNeighbours(t *testing.T) {
	l := newLab(t)
	port, far := l.cable()
	l.do(l.h.LinkSetUp(port))
	l.do(l.h.LinkSetUp(far))
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	l.do(l.h.RouteAdd(way(port, "192.0.2.1", 100)))
	var heard atomic.Int64
	l.watch(func() (notifications, error) {
		s, err := open()
		return counted{s, &heard}, err
	}, func(v netmon.Link) { l.values <- v })
	want := netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
	l.await("the start", want)

	entry := func(address string, state int) *netlink.Neigh {
		return &netlink.Neigh{LinkIndex: port.Attrs().Index, Family: netlink.FAMILY_V4, State: state,
			IP: net.ParseIP(address), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 7}}
	}
	for i := range 200 {
		l.do(l.h.NeighSet(entry(fmt.Sprintf("192.0.2.%d", i+50), netlink.NUD_REACHABLE)))
	}
	for _, s := range []struct {
		state int
		want  netmon.Neighbour
	}{{netlink.NUD_REACHABLE, netmon.NeighbourReachable}, {netlink.NUD_FAILED, netmon.NeighbourFailed}, {netlink.NUD_STALE, netmon.NeighbourReachable}} {
		l.do(l.h.NeighSet(entry("192.0.2.1", s.state)))
		want.Neighbour = s.want
		select {
		case v := <-l.values:
			if v != want {
				t.Errorf("observed %+v, want %+v", v, want)
			}
		case <-time.After(guard):
			t.Fatalf("%s never came", s.want)
		}
	}
	// What is no news is none.
	l.do(l.h.NeighSet(entry("192.0.2.1", netlink.NUD_REACHABLE)))
	l.do(l.h.NeighDel(entry("192.0.2.1", netlink.NUD_NONE)))
	want.Neighbour = netmon.NeighbourUnknown
	for v := range l.values {
		if v == want {
			break
		} else if v.Neighbour != netmon.NeighbourFailed { // on its way out
			t.Errorf("observed %+v", v)
		}
	}
	l.end()
	if heard.Load() < 200 {
		t.Errorf("the kernel told of %d neighbours: the test proves nothing", heard.Load())
	}
	if log := l.log.String(); strings.Contains(log, "192.0.2.") || strings.Contains(log, "02:00:00") {
		t.Errorf("the log holds an address: %s", log)
	}
}

// counted counts what the kernel tells of neighbours.
type counted struct {
	notifications
	n *atomic.Int64
}

func (c counted) Receive() ([]syscall.NetlinkMessage, *unix.SockaddrNetlink, error) {
	messages, from, err := c.notifications.Receive()
	for _, m := range messages {
		if m.Header.Type == unix.RTM_NEWNEIGH {
			c.n.Add(1)
		}
	}
	return messages, from, err
}

func TestTheKernelAsksInVainWhereNobodyIs(t *testing.T) {
	l := newLab(t)
	port, far := l.cable()
	l.do(l.h.LinkSetUp(port))
	l.do(l.h.LinkSetUp(far))
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever
		err := netns.Set(l.ns)
		if err == nil && Absent("uplink0", "192.0.2.1") {
			err = errors.New("absent before anybody asked")
		}
		if err == nil {
			var conn net.Conn
			if conn, err = net.Dial("udp", "192.0.2.1:9"); err == nil {
				conn.Write([]byte("where?"))
				conn.Close()
			}
		}
		if err == nil && !Absent("uplink0", "192.0.2.1") {
			err = errors.New("asked in vain, and not absent")
		}
		ended <- err
	}()
	l.do(<-ended)
}

func TestAWatcherThatEndsLeavesNothingBehind(t *testing.T) {
	l := newLab(t)
	ours := func() int {
		b := make([]byte, 1<<20)
		return strings.Count(string(b[:runtime.Stack(b, true)]), "netlink.")
	}
	before := ours()
	for range 5 {
		l.watch(open, func(v netmon.Link) { l.values <- v })
		l.await("the start", netmon.Link{})
		l.end()
	}
	deadline := time.After(guard)
	for ours() > before {
		select {
		case <-deadline:
			t.Fatalf("%d stacks in netlink, %d before", ours(), before)
		default:
			runtime.Gosched()
		}
	}
}

func TestOnlyANameThatHoldsAHardwareAddressIsHidden(t *testing.T) {
	names := []string{"enx0123456789ab", "wlx0123456789ab", "wwx0123456789ab", "enp3s0", "wlan0", "uplink0", "enxyz"}
	hidden := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !hardware.MatchString(n) })
	if !slices.Equal(hidden, names[:3]) {
		t.Errorf("hidden: %v", hidden)
	}
}

// A neighbour that is not the gateway wakes nobody.
func TestAnotherNeighboursNewsIsNoConcern(t *testing.T) {
	w := watcher{watched: gateway{port: 7, at: [4]byte{192, 0, 2, 1}}}
	for _, c := range []struct {
		name  string
		port  uint32
		last  byte
		state uint16
		want  bool
	}{
		{"the gateway, reachable", 7, 1, unix.NUD_REACHABLE, true},
		{"the gateway, as unknown as before", 7, 1, unix.NUD_INCOMPLETE, false},
		{"another host", 7, 9, unix.NUD_REACHABLE, false},
		{"the same address on another port", 8, 1, unix.NUD_REACHABLE, false},
	} {
		body := append((&netlink.Ndmsg{Family: unix.AF_INET, Index: c.port, State: c.state}).Serialize(),
			nl.NewRtAttr(netlink.NDA_DST, []byte{192, 0, 2, c.last}).Serialize()...)
		message := syscall.NetlinkMessage{Header: syscall.NlMsghdr{Type: unix.RTM_NEWNEIGH}, Data: body}
		if got := w.concern([]syscall.NetlinkMessage{message}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The routes of the port in the public network are in a table of their own; one in the
// system's is said.
func TestThePublicNetworksRoutesAreInATableOfTheirOwn(t *testing.T) {
	l := newLab(t)
	l.public = true
	port, far := l.cable()
	l.do(l.h.LinkSetUp(port))
	l.do(l.h.LinkSetUp(far))
	l.do(l.h.AddrAdd(port, address("192.0.2.10/24")))
	l.watch(open, func(v netmon.Link) { v.Speed, v.Duplex, v.Losses = 0, "", 0; l.values <- v })
	here := netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24"}
	l.await("no route", here)
	own := way(port, "192.0.2.2", 600)
	own.Table = 120
	l.do(l.h.RouteAdd(own))
	here.Gateway = "192.0.2.2"
	l.await("one of its own", here)
	l.do(l.h.RouteAdd(way(port, "192.0.2.2", 600)))
	here.Leads = true
	l.await("one of the system's", here)
	l.do(l.h.RouteDel(way(port, "192.0.2.2", 600)))
	here.Leads = false
	l.await("that is gone", here)
	l.end()
}

// A lease of the same address may name others than the one before.
func TestNameServersAreAskedForWithEachLease(t *testing.T) {
	asked := 0
	w := &watcher{servers: func(int) string { asked++; return fmt.Sprint(asked) }}
	up := netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
	out := netmon.Link{Present: true, Address: up.Address, Gateway: up.Gateway}
	for _, c := range []struct {
		name string
		link netmon.Link
		want string
	}{
		{"the address comes", up, "1"},
		{"nothing has changed", up, "1"},
		{"the cable is out", out, ""},
		{"the same address comes again", up, "2"},
	} {
		w.lease(&c.link, 1)
		if c.link.DNS != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.link.DNS, c.want)
		}
	}
}

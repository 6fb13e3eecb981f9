package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The public network of the lab, on the Cisco box.
const publicGateway = "10.78.0.1"

// documented is a unit file as docs/uplink.md has it, for the interface public0.
func documented(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/uplink.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(b), "    # /etc/systemd/network/"+name+"\n")
	text, _, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		t.Fatalf("docs/uplink.md has no %s", name)
	}
	return strings.ReplaceAll(strings.ReplaceAll("\n"+text+"\n", "\n    ", "\n"), "uplink0.20", "public0")
}

// newPublicLab is a lab whose box has a port in the public network, which is the Cisco
// box's too, with leases and names of its own.
func newPublicLab(t testing.TB) *lab {
	l := newLabWhere(t, leased, documented(t, "20-public.network"))
	l.ip("link", "add", "public0", "netns", l.van, "type", "veth", "peer", "name", "pub0", "netns", l.gw)
	l.ip("-n", l.gw, "addr", "add", publicGateway+"/24", "dev", "pub0")
	l.ip("-n", l.gw, "link", "set", "pub0", "up")
	l.start("dnsmasq-public", l.gw, nil, "dnsmasq", "-C", "/dev/null", "--keep-in-foreground", "--interface=pub0", "--bind-interfaces", "--except-interface=lo",
		"--dhcp-authoritative", "--no-resolv", "--no-hosts", "--server="+literals[1], "--user=root", "--no-ping", "--log-facility=-", "--pid-file=",
		"--dhcp-leasefile="+filepath.Join(l.dir, "leases-public"), "--dhcp-range=10.78.0.50,10.78.0.99,1h")
	return l
}

// phone is what the state says of the public network.
type phone struct {
	Finding string
	LeaseMS *int64 `json:"lease_ms"`
	PageMS  *int64 `json:"page_ms"`
}

// asPhone is that, with the verdict and the codes of the advice.
func (l *lab) asPhone() (p *phone, verdict string, codes []string) {
	l.t.Helper()
	var s struct {
		Uplink struct {
			Verdict string
			AsPhone *phone `json:"as_phone"`
		}
		Advice []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(l.get("/api/v1/state")), &s); err != nil {
		l.t.Fatal(err)
	}
	for _, a := range s.Advice {
		codes = append(codes, a.Code)
	}
	return s.Uplink.AsPhone, s.Uplink.Verdict, codes
}

// awaitPhone waits until that is found, with its advice and no other of its kind.
func (l *lab) awaitPhone(want string) (took time.Duration) {
	l.t.Helper()
	begun := time.Now()
	for {
		p, verdict, codes := l.asPhone()
		if p != nil && p.Finding == want && verdict == "ok" {
			said := strings.Join(codes, " ")
			if cut := want != "works"; strings.Contains(said, "phones-") != cut || cut && !strings.Contains(said, "phones-"+want) {
				l.t.Errorf("%s is found, and the advice is %s", want, said)
			}
			return time.Since(begun)
		}
		if time.Since(begun) > 4*time.Minute {
			l.t.Fatalf("%s was never found: %+v, and the verdict is %s", want, p, verdict)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// dials says what becomes of a request to the address, from a namespace.
func (l *lab) dials(ns, address string) error {
	l.t.Helper()
	var said error
	l.inside(ns, func() error {
		c, err := net.DialTimeout("tcp", address, 2*time.Second)
		if said = err; err != nil {
			return nil
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(c, "GET /today HTTP/1.1\r\nHost: %s\r\n\r\n", address)
		_, said = c.Read(make([]byte, 1))
		return nil
	})
	return said
}

// leadsBy is the interface by which the box's packets to the address leave it.
func (l *lab) leadsBy(address string) string {
	l.t.Helper()
	_, rest, _ := strings.Cut(l.output(l.van, "ip", "route", "get", address), " dev ")
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// standstill is for how long at most the machine has not let this process run: what was
// asked meanwhile was answered late, and the verdict says so.
func standstill(t testing.TB) *atomic.Int64 {
	const tick = 100 * time.Millisecond
	var most atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		for last := time.Now(); ctx.Err() == nil; last = time.Now() {
			time.Sleep(tick)
			most.Store(max(most.Load(), int64(time.Since(last)-tick)))
		}
	}()
	return &most
}

// The box has a port in the public network, where one thing after the other fails, and
// nothing on its own.
func TestWhatPhonesHaveIsFoundByThePublicNetwork(t *testing.T) {
	t.Parallel()
	l := newPublicLab(t)
	stood := standstill(t)
	l.runWith(l.configure("  public: public0", ""), true, "--listen", "0.0.0.0:8080")
	l.awaitPhone("works")
	_, before, _ := l.verdict.now() // the port may not have been up when the daemon began
	if p, _, _ := l.asPhone(); p.PageMS == nil || *p.PageMS > 5000 {
		t.Errorf("a page took %v ms", p.PageMS)
	}

	// It is no way out of the box, nor into it.
	if by := l.leadsBy(literals[0]); by != "uplink0" {
		t.Errorf("the box's own way leads by %s", by)
	}
	if routes := l.output(l.van, "ip", "route", "show", "table", "main"); strings.Contains(routes, "public0") {
		t.Errorf("the system's table has %s", routes)
	}
	if own := l.output(l.van, "ip", "route", "show", "table", "120"); !strings.Contains(own, "default via "+publicGateway) {
		t.Errorf("the port's own table has %q", own)
	}
	if on := strings.TrimSpace(l.output(l.van, "cat", "/proc/sys/net/ipv4/conf/public0/forwarding")); on != "0" {
		t.Error("the port forwards")
	}
	at := strings.Fields(l.output(l.van, "ip", "-4", "-o", "addr", "show", "dev", "public0"))[3]
	at, _, _ = strings.Cut(at, "/")
	if err := l.dials(l.other, l.address()+":8080"); err != nil {
		t.Errorf("visitors are not answered where they should be: %v", err)
	}
	if err := l.dials(l.gw, at+":8080"); err == nil {
		t.Error("somebody is answered in the public network")
	}

	for _, f := range []struct {
		want   string
		inject func()
		ci     bool
	}{
		{"no-names", func() { l.fault("incoming iifname pub0 udp dport 53 drop") }, true},
		{"sign-in", func() {
			l.fault("early iifname pub0 tcp dport 80 ip daddr != " + publicGateway + " redirect to :" + portalPort)
		}, true},
		{"no-page", func() { l.fault("forwarded iifname pub0 tcp dport 443 drop") }, false},
		{"no-page", func() { l.fault("forwarded iifname pub0 meta l4proto tcp drop") }, false},
		{"no-address", func() {
			l.fault("incoming iifname pub0 udp dport 67 drop")
			// The next lease that is taken anew, two minutes later at most, does not come.
		}, false},
	} {
		if !f.ci && !soak {
			continue
		}
		f.inject()
		shows := l.awaitPhone(f.want)
		l.heal()
		clears := l.awaitPhone("works")
		t.Logf("%s shows after %.0f s, clears after %.0f s", f.want, shows.Seconds(), clears.Seconds())
	}
	if p, _, _ := l.asPhone(); soak && p.LeaseMS == nil {
		t.Error("it is not known how long a lease took")
	} else if soak {
		t.Logf("the last lease took %d ms, the last page %d ms", *p.LeaseMS, *p.PageMS)
	}
	for _, s := range l.verdict.since(before) {
		if s.verdict != "ok" && s.verdict != "starting" && s.verdict != "unknown" {
			if stood := time.Duration(stood.Load()); stood > time.Second {
				t.Logf("of the box itself %s showed; the machine stood still for %v", s.verdict, stood)
				continue
			}
			t.Errorf("of the box itself %s showed", s.verdict)
		}
	}

	// The cable is out: what is left is no way out of the box.
	l.ip("-n", l.gw, "link", "set", "lan0", "down")
	l.verdict.await("cable-unplugged", guard)
	if out := l.output(l.van, "sh", "-c", "ip route get "+literals[0]+" 2>&1 || true"); strings.Contains(out, "public0") {
		t.Errorf("without its cable the box's own way leads by the public network: %s", out)
	}
}

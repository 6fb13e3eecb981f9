package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// fault is something that goes wrong while the daemon runs, and how it is put
// right again.
type fault struct {
	name   string
	want   string // the verdict
	inject func(*lab)
	clear  func(*lab)
	// way are verdicts that may show on the way to want, or back from it, for a
	// time is needed in which nothing is known; starting always may.
	way []string
	// ci: one of the dozen that every run of the tests injects.
	ci bool
	// says is a part of the advice beside the verdict; "" for any.
	says string
	// slow faults take minutes by their nature: a lease that must end first.
	slow bool
}

func rules(rules ...string) func(*lab) { return func(l *lab) { l.fault(rules...) } }

func heal(l *lab) { l.heal() }

// aim is how soon a verdict should show: the project's own figures.
func (f fault) aim() time.Duration {
	switch f.want {
	case "port-missing", "cable-unplugged":
		return 100 * time.Millisecond
	case "gateway-silent":
		return 3 * time.Second
	case "no-internet", "dns-failing", "captive-portal", "filtered":
		return 30 * time.Second
	}
	return 0
}

const portalRedirect = "early iifname br0 tcp dport 80 ip daddr != " + gatewayAddress + " redirect to :" + portalPort
const portalTLS = "early iifname br0 tcp dport 443 redirect to :" + portalTLSPort

func portal(mode string, more ...string) func(*lab) {
	return func(l *lab) {
		l.sites.portal.Store(mode)
		l.fault(more...)
	}
}

func radioSet(f func(*radio)) func(*lab) { return func(l *lab) { f(l.radio) } }

func clearRadio(l *lab) {
	l.radio.down.Store(false)
	l.radio.delay.Store(0)
	l.radio.loss.Store(0)
	l.radio.mtu.Store(0)
	l.radio.jitter.Store(0)
	l.radio.rate.Store(0)
	if l.phones != nil {
		l.phones.end()
		l.phones = nil
	}
}

// release has the box ask for another lease, as after its cable was out, while change is
// made.
func (l *lab) release(change func()) {
	l.ip("-n", l.gw, "link", "set", "lan0", "down")
	l.verdict.await("cable-unplugged", guard)
	change()
	l.ip("-n", l.gw, "link", "set", "lan0", "up")
}

// renew has networkd renew its lease: what the Cisco box leases has changed.
func (l *lab) renew() {
	l.t.Helper()
	for end := time.Now().Add(guard); !strings.Contains(l.output(l.gw, "cat", "/proc/net/udp"), ":0043 "); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatal("nobody leases") // and what is asked in vain is asked again after a minute
		}
	}
	l.in(l.van, "env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+filepath.Join(l.dir, "bus"), "networkctl", "renew", "uplink0")
}

// leases has the Cisco box lease with these options from now on.
func leases(options ...string) func(*lab) {
	return func(l *lab) { l.serveDHCP(options...); l.renew() }
}

// downloads fill a radio of so many bits a second.
func downloads(n int, rate int64, queue time.Duration) func(*lab) {
	return func(l *lab) {
		l.radio.queue.Store(int64(queue))
		l.radio.rate.Store(rate)
		l.phones = l.startPhones(n, download)
	}
}

func names(mode string) func(*lab) { return func(l *lab) { l.sites.names.Store(mode) } }

// faults are all that the lab knows to inject.
var faults = []fault{
	{name: "the cable is out at the Cisco box", want: "cable-unplugged", ci: true,
		inject: func(l *lab) { l.ip("-n", l.gw, "link", "set", "lan0", "down") },
		clear:  func(l *lab) { l.ip("-n", l.gw, "link", "set", "lan0", "up") }},
	{name: "the port is switched off at the box", want: "cable-unplugged",
		inject: func(l *lab) { l.ip("-n", l.van, "link", "set", "uplink0", "down") },
		clear:  func(l *lab) { l.ip("-n", l.van, "link", "set", "uplink0", "up") }},
	{name: "the network adapter is gone", want: "port-missing", ci: true,
		inject: func(l *lab) { l.ip("-n", l.van, "link", "set", "uplink0", "netns", l.other) },
		clear:  func(l *lab) { l.ip("-n", l.other, "link", "set", "uplink0", "netns", l.van) }},
	{name: "the cable is loose: out and in every second", want: "cable-unplugged",
		inject: func(l *lab) {
			for range 6 {
				l.ip("-n", l.gw, "link", "set", "lan0", "down")
				time.Sleep(700 * time.Millisecond)
				l.ip("-n", l.gw, "link", "set", "lan0", "up")
				time.Sleep(300 * time.Millisecond)
			}
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
		},
		clear: func(l *lab) { l.ip("-n", l.gw, "link", "set", "lan0", "up") }},
	{name: "the cable goes out while 20,000 notifications overflow", want: "cable-unplugged",
		inject: func(l *lab) {
			l.daemon.signal(syscall.SIGSTOP)
			l.in(l.van, "sh", "-c", `ip link add flood0 type veth peer name flood1 && for n in 1 2 3 4; do
				for i in $(seq 250); do echo addr add 172.16.$n.$i/32 dev flood0; echo addr del 172.16.$n.$i/32 dev flood0; done; done >`+l.dir+`/flood
				for n in 1 2 3 4 5 6 7 8 9 10; do ip -batch `+l.dir+`/flood; done; ip link del flood0`)
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.daemon.signal(syscall.SIGCONT)
		},
		clear: func(l *lab) {
			if log, err := os.ReadFile(l.daemon.log); err != nil || !strings.Contains(string(log), "notifications were lost") {
				l.t.Errorf("nothing overflowed: the fault proves nothing (%v)", err)
			}
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		}},

	{name: "no address: the DHCP server is dead when the cable goes in", want: "no-address", ci: true, way: []string{"cable-unplugged"},
		inject: func(l *lab) {
			l.dnsmasq.signal(syscall.SIGSTOP)
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.verdict.await("cable-unplugged", guard)
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		},
		clear: func(l *lab) { l.dnsmasq.signal(syscall.SIGCONT) }},
	{name: "the address is taken away", want: "no-address",
		inject: func(l *lab) { l.ip("-n", l.van, "addr", "flush", "dev", "uplink0") },
		clear: func(l *lab) {
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		}, way: []string{"cable-unplugged"}},
	{name: "the lease ends and is not renewed", want: "no-address", slow: true,
		inject: func(l *lab) { l.dnsmasq.signal(syscall.SIGSTOP) },
		clear:  func(l *lab) { l.dnsmasq.signal(syscall.SIGCONT) },
		way:    []string{"dns-failing"}},
	{name: "the default route is removed", want: "no-address",
		inject: func(l *lab) {
			l.dnsmasq.signal(syscall.SIGSTOP) // or networkd renews the lease, and sets it again
			l.ip("-n", l.van, "route", "del", "default")
		},
		clear: func(l *lab) {
			l.dnsmasq.signal(syscall.SIGCONT)
			l.ip("-n", l.van, "route", "replace", "default", "via", gatewayAddress, "metric", "1024")
		}},
	{name: "the lease is changed to another address", want: "ok", way: []string{"cable-unplugged"},
		inject: func(l *lab) {
			l.serveDHCP("--dhcp-range=10.77.0.150,10.77.0.199,120s")
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.verdict.await("cable-unplugged", guard)
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		},
		clear: func(l *lab) { l.serveDHCP() }},
	{name: "the gateway has another network after a restart", want: "ok", way: []string{"cable-unplugged"},
		inject: func(l *lab) {
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.verdict.await("cable-unplugged", guard)
			l.ip("-n", l.gw, "addr", "add", "10.88.0.1/24", "dev", "br0")
			l.ip("-n", l.gw, "addr", "del", gatewayAddress+"/24", "dev", "br0")
			l.serveDHCP("--dhcp-range=10.88.0.50,10.88.0.99,120s")
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		},
		clear: func(l *lab) {
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.ip("-n", l.gw, "addr", "add", gatewayAddress+"/24", "dev", "br0")
			l.ip("-n", l.gw, "addr", "del", "10.88.0.1/24", "dev", "br0")
			l.serveDHCP()
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
		}},

	{name: "the gateway is dead, its port has light", want: "gateway-silent", ci: true,
		inject: func(l *lab) { l.ip("-n", l.gw, "link", "set", "br0", "down") },
		clear: func(l *lab) {
			l.ip("-n", l.gw, "link", "set", "br0", "up")
			l.ip("-n", l.gw, "route", "replace", "default", "via", "100.64.0.1")
		}},
	{name: "the gateway hangs: it is there, and answers nothing", want: "gateway-silent",
		inject: rules("incoming iifname br0 drop", "forwarded drop"), clear: heal},
	{name: "the route leads to nobody", want: "gateway-silent",
		inject: func(l *lab) { l.ip("-n", l.van, "route", "add", "default", "via", "10.77.0.99", "metric", "1") },
		clear:  func(l *lab) { l.ip("-n", l.van, "route", "del", "default", "via", "10.77.0.99", "metric", "1") }},
	{name: "a second gateway without internet takes over", want: "no-internet",
		inject: func(l *lab) { l.ip("-n", l.van, "route", "add", "default", "via", otherAddress, "metric", "1") },
		clear:  func(l *lab) { l.ip("-n", l.van, "route", "del", "default", "via", otherAddress, "metric", "1") }},
	{name: "another device has the gateway's address", want: "gateway-silent",
		inject: func(l *lab) {
			l.ip("-n", l.other, "addr", "add", gatewayAddress+"/24", "dev", "eth0")
			l.in(l.other, "nft", "add table ip f; add chain ip f in { type filter hook input priority 0; policy drop; }")
			l.ip("-n", l.van, "neigh", "replace", gatewayAddress, "lladdr", l.hardware(l.other, "eth0"), "dev", "uplink0", "nud", "permanent")
		},
		clear: func(l *lab) {
			l.in(l.other, "nft", "delete table ip f")
			l.ip("-n", l.other, "addr", "del", gatewayAddress+"/24", "dev", "eth0")
			l.ip("-n", l.van, "neigh", "del", gatewayAddress, "dev", "uplink0")
		}},
	{name: "another device has the box's address", want: "gateway-silent",
		inject: func(l *lab) {
			l.ip("-n", l.gw, "neigh", "replace", l.address(), "lladdr", l.hardware(l.other, "eth0"), "dev", "br0", "nud", "permanent")
		},
		clear: func(l *lab) { l.ip("-n", l.gw, "neigh", "del", l.address(), "dev", "br0") }},
	{name: "the gateway hides its page", want: "ok", ci: true,
		inject: rules("incoming iifname br0 tcp dport 80 drop"), clear: heal},

	{name: "the radio is down", want: "no-internet", ci: true,
		inject: radioSet(func(r *radio) { r.down.Store(true) }), clear: clearRadio},
	{name: "the radio is down, and the gateway says so", want: "no-internet",
		inject: func(l *lab) { l.ip("-n", l.gw, "route", "replace", "unreachable", "default") },
		clear:  func(l *lab) { l.ip("-n", l.gw, "route", "replace", "default", "via", "100.64.0.1") }},
	{name: "the gateway has forgotten its NAT", want: "no-internet",
		inject: func(l *lab) { l.in(l.gw, "nft", "flush chain ip nat out") },
		clear:  func(l *lab) { l.in(l.gw, "nft", "add rule ip nat out oifname wwan0 masquerade") },
		way:    []string{"dns-failing"}},
	{name: "no credit: all but names is refused", want: "no-internet",
		inject: rules("forwarded iifname br0 meta l4proto tcp reject with tcp reset", "forwarded iifname br0 udp dport != 53 reject"), clear: heal},
	{name: "one of the two addresses that are asked is dead", want: "ok",
		inject: rules("forwarded ip daddr " + literals[0] + " tcp dport 443 drop"), clear: heal},
	{name: "both addresses that are asked are dead", want: "ok",
		inject: rules("forwarded ip daddr { " + literals[0] + ", " + literals[1] + " } tcp dport 443 drop"), clear: heal},
	{name: "the site that is asked is in trouble", want: "ok", ci: true,
		inject: func(l *lab) { l.sites.site.Store(503) }, clear: func(l *lab) { l.sites.site.Store(204) }},

	{name: "names: no answer", want: "dns-failing", ci: true, inject: names("silent"), clear: names("")},
	{name: "names: SERVFAIL", want: "dns-failing", ci: true, inject: names("servfail"), clear: names("")},
	{name: "names: a wrong answer, where nobody is", want: "dns-failing", inject: names("wrong"), clear: names("")},
	{name: "names: the gateway's server is silent, others are not", want: "dns-failing",
		inject: rules("incoming iifname br0 udp dport 53 drop"), clear: heal},
	{name: "names: the gateway's server only", want: "ok",
		inject: rules("forwarded udp dport 53 drop", "forwarded tcp dport 53 drop"), clear: heal},
	{name: "names: the gateway answers with itself", want: "captive-portal",
		inject: func(l *lab) { l.serveDHCP("--address=/#/" + gatewayAddress) }, clear: func(l *lab) { l.serveDHCP() }},
	{name: "names: slow, 1.8 s each", want: "slow", inject: names("slow"), clear: names("")},

	{name: "sign-in page: a redirect", want: "captive-portal", ci: true, inject: portal("redirect", portalRedirect), clear: heal},
	{name: "sign-in page: another body", want: "captive-portal", inject: portal("page", portalRedirect), clear: heal},
	{name: "sign-in page: it answers as the site would, and takes TLS too", want: "captive-portal", slow: true,
		inject: portal("204", portalRedirect, portalTLS), clear: heal},
	{name: "sign-in page: TLS alone is taken", want: "captive-portal", slow: true, inject: portal("page", portalTLS), clear: heal},
	{name: "the box's clock is wrong by seven years", want: "ok", ci: true,
		inject: func(l *lab) { l.sites.year.Store(int64(time.Now().Year() + 7)) }, clear: func(l *lab) { l.sites.year.Store(0) }},

	{name: "the lease names other name servers, and the gateway answers no names", want: "ok", way: []string{"cable-unplugged"},
		inject: func(l *lab) {
			l.release(func() { l.serveDHCP("--dhcp-option=6,"+literals[0]+","+literals[1], "--port=0") })
		},
		clear: func(l *lab) { l.release(func() { l.serveDHCP() }) }},
	{name: "the lease names no router", want: "no-address", inject: leases("--dhcp-option=3"), clear: leases()},
	{name: "the lease names a router outside its net", want: "gateway-silent", inject: leases("--dhcp-option=3,198.51.100.77"), clear: leases()},
	{name: "the lease names the box itself as name server", want: "dns-failing",
		inject: func(l *lab) { leases("--dhcp-option=6," + l.address())(l) }, clear: leases()},
	{name: "names: none exists", want: "dns-failing", ci: true, inject: names("nxdomain"), clear: names("")},
	{name: "names that exist lead to a sign-in page, and others do not", want: "captive-portal",
		inject: func(l *lab) {
			l.serveDHCP("--host-record="+checkName+","+gatewayAddress, "--host-record="+tlsName+","+gatewayAddress)
		},
		clear: func(l *lab) { l.serveDHCP() }},
	{name: "TCP to port 443 is dropped", want: "filtered", ci: true, inject: rules("forwarded tcp dport 443 drop"), clear: heal},
	{name: "calls are dropped: UDP but for names", want: "filtered", inject: rules("forwarded udp dport 3478 drop"), clear: heal},
	{name: "TCP to port 80 is dropped", want: "ok", inject: rules("forwarded tcp dport 80 drop"), clear: heal},
	{name: "the site that is asked is dead", want: "ok", inject: rules("forwarded ip daddr " + checkAddress + " drop"), clear: heal},
	{name: "the site that is asked refuses", want: "ok",
		inject: rules("forwarded ip daddr " + checkAddress + " meta l4proto tcp reject with tcp reset"), clear: heal},
	{name: "everything is 3.1 to 4 s late", want: "congested", ci: true,
		inject: radioSet(func(r *radio) {
			r.delay.Store(int64(3100 * time.Millisecond))
			r.jitter.Store(int64(900 * time.Millisecond))
		}), clear: clearRadio},
	{name: "six downloads over 256 kbit/s, 4 s of queue", want: "congested", inject: downloads(6, 256_000, 4*time.Second), clear: clearRadio},
	{name: "one download over 64 kbit/s", want: "slow", inject: downloads(1, 64_000, 2*time.Second), clear: clearRadio},
	{name: "64 kbit/s, and nobody uses it", want: "ok", inject: radioSet(func(r *radio) { r.queue.Store(int64(2 * time.Second)); r.rate.Store(64_000) }), clear: clearRadio},
	{name: "the radio is out for 10 s in 30, again and again", want: "comes-and-goes", way: []string{"no-internet"}, slow: true,
		inject: func(l *lab) {
			ctx, stop := context.WithCancel(context.Background())
			l.toggle = stop
			l.t.Cleanup(stop)
			go func() {
				for ctx.Err() == nil {
					l.radio.down.Store(true)
					pause(ctx, 10*time.Second)
					l.radio.down.Store(false)
					pause(ctx, 20*time.Second)
				}
			}()
		},
		clear: func(l *lab) { l.toggle(); l.radio.down.Store(false) }},
	{name: "a stranger's DHCP server leases another network", want: "no-internet", way: []string{"cable-unplugged", "dns-failing", "gateway-silent"}, says: "another box answers",
		inject: func(l *lab) {
			l.release(func() {
				l.dnsmasq.stop()
				l.ip("-n", l.other, "addr", "add", "10.99.0.1/24", "dev", "eth0")
				l.stranger = l.start("stranger", l.other, nil, "dnsmasq", "-C", "/dev/null", "--keep-in-foreground", "--interface=eth0", "--bind-interfaces", "--except-interface=lo",
					"--no-resolv", "--no-hosts", "--user=root", "--no-ping", "--log-facility=-", "--pid-file=", "--dhcp-leasefile="+filepath.Join(l.dir, "others"),
					"--dhcp-range=10.99.0.50,10.99.0.99,120s")
			})
		},
		clear: func(l *lab) {
			l.release(func() {
				l.stranger.stop()
				l.ip("-n", l.other, "addr", "del", "10.99.0.1/24", "dev", "eth0")
				l.serveDHCP()
			})
		}},
	{name: "somebody switches the Cisco box off and on", want: "starting", way: []string{"cable-unplugged"}, says: "about two minutes",
		inject: func(l *lab) {
			l.ip("-n", l.gw, "link", "set", "lan0", "down")
			l.ip("-n", l.gw, "link", "set", "br0", "down")
			l.radio.down.Store(true)
			l.verdict.await("cable-unplugged", guard)
			time.Sleep(8 * time.Second)
			l.ip("-n", l.gw, "link", "set", "lan0", "up")
			l.verdict.await("starting", guard)
			time.Sleep(15 * time.Second)
			l.ip("-n", l.gw, "link", "set", "br0", "up")
			l.ip("-n", l.gw, "route", "replace", "default", "via", "100.64.0.1")
			time.Sleep(25 * time.Second)
		}, clear: clearRadio},
	{name: "a certificate has run out", want: "ok",
		inject: func(l *lab) { l.sites.year.Store(int64(time.Now().Year() - 1)) }, clear: func(l *lab) { l.sites.year.Store(0) }},
	{name: "the gateway answers for the internet's address, and its radio is down", want: "no-internet",
		inject: func(l *lab) {
			l.radio.down.Store(true)
			l.fault("early iifname br0 ip daddr " + literals[0] + " tcp dport 443 redirect to :80")
		},
		clear: func(l *lab) { clearRadio(l); l.heal() }},
	{name: "nothing is received: the cable is in the wrong port", want: "wrong-port", way: []string{"cable-unplugged", "no-address"}, slow: true,
		inject: func(l *lab) {
			l.release(func() {
				l.in(l.gw, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/lan0/disable_ipv6")
				l.ip("-n", l.gw, "link", "set", "lan0", "nomaster")
			})
		},
		clear: func(l *lab) { l.release(func() { l.ip("-n", l.gw, "link", "set", "lan0", "master", "br0") }) }},

	{name: "30 % of the packets are lost", want: "slow", inject: radioSet(func(r *radio) { r.loss.Store(30) }), clear: clearRadio},
	{name: "everything is 2 s late", want: "slow", ci: true, inject: radioSet(func(r *radio) { r.delay.Store(int64(2 * time.Second)) }), clear: clearRadio},
	{name: "long packets vanish (MTU black hole)", want: "slow", slow: true,
		inject: radioSet(func(r *radio) { r.mtu.Store(600) }), clear: clearRadio},
}

// pairs are two faults at once, the first cause first.
var pairs = [][2]string{
	{"the cable is out at the Cisco box", "names: SERVFAIL"},
	{"the cable is out at the Cisco box", "the radio is down"},
	{"the cable is out at the Cisco box", "sign-in page: a redirect"},
	{"the cable is out at the Cisco box", "everything is 2 s late"},
	{"the network adapter is gone", "names: no answer"},
	{"the network adapter is gone", "the radio is down"},
	{"the address is taken away", "the radio is down"},
	{"the default route is removed", "names: no answer"},
	{"the gateway is dead, its port has light", "names: SERVFAIL"},
	{"the gateway is dead, its port has light", "the radio is down"},
	{"the gateway is dead, its port has light", "30 % of the packets are lost"},
	{"the gateway hangs: it is there, and answers nothing", "names: no answer"},
	{"the route leads to nobody", "sign-in page: a redirect"},
	{"the radio is down", "names: no answer"},
	{"the radio is down", "everything is 2 s late"},
	{"the radio is down, and the gateway says so", "names: SERVFAIL"},
	{"no credit: all but names is refused", "names: SERVFAIL"},
	{"sign-in page: a redirect", "names: slow, 1.8 s each"},
	{"sign-in page: another body", "everything is 2 s late"},
	{"names: SERVFAIL", "everything is 2 s late"},
	{"names: no answer", "the site that is asked is in trouble"},
}

func named(name string) fault {
	for _, f := range faults {
		if f.name == name {
			return f
		}
	}
	panic(fmt.Sprintf("there is no fault %q", name))
}

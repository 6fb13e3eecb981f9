package systemd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
)

// RenewLease asks networkd to renew the lease of the interface with that index.
// A refusal, by networkd or polkit before it, is ErrRefused.
func RenewLease(ctx context.Context, index int) error {
	return network(ctx, "renew the lease", "RenewLink", index)
}

// ReconfigureLink asks networkd to set the interface with that index up anew:
// another lease, and the routes that belong to it. Errors are as of RenewLease.
func ReconfigureLink(ctx context.Context, index int) error {
	return network(ctx, "set the link up anew", "ReconfigureLink", index)
}

// network calls networkd (org.freedesktop.network1(5)).
func network(ctx context.Context, what, method string, index int) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%s: reach the system bus: %w", what, failure(ctx, err))
	}
	defer conn.Close()
	call := conn.Object("org.freedesktop.network1", "/org/freedesktop/network1").
		CallWithContext(ctx, "org.freedesktop.network1.Manager."+method, 0, int32(index))
	if call.Err != nil {
		return fmt.Errorf("%s: %w", what, failure(ctx, call.Err))
	}
	return nil
}

// NameServers are the IPv4 name servers that the lease of the interface with that index
// gave, as networkd tells; an interface that networkd does not look after has none.
func NameServers(ctx context.Context, index int) ([]netip.Addr, error) {
	const what = "read the lease's name servers"
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("%s: reach the system bus: %w", what, failure(ctx, err))
	}
	defer conn.Close()
	var text string
	err = conn.Object("org.freedesktop.network1", "/org/freedesktop/network1").
		CallWithContext(ctx, "org.freedesktop.network1.Manager.DescribeLink", dbus.FlagNoAutoStart, int32(index)).Store(&text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, failure(ctx, err))
	}
	return leased([]byte(text))
}

// mostServers are as many as a resolver asks (resolv.conf(5), MAXNS).
const mostServers = 3

// leased reads the name servers of a lease from networkd's description of a link.
func leased(b []byte) (list []netip.Addr, err error) {
	var link struct {
		DNS []struct {
			Numbers      []int `json:"Address"`
			ConfigSource string
		}
	}
	if err := json.Unmarshal(b, &link); err != nil {
		return nil, errors.New("read the lease's name servers: networkd's answer cannot be read")
	}
	for _, d := range link.DNS {
		if d.ConfigSource != "DHCPv4" || len(d.Numbers) != 4 || slices.ContainsFunc(d.Numbers, func(n int) bool { return n < 0 || n > 255 }) {
			continue
		}
		var a [4]byte
		for i, n := range d.Numbers {
			a[i] = byte(n)
		}
		if at := netip.AddrFrom4(a); !at.IsUnspecified() && !slices.Contains(list, at) && len(list) < mostServers {
			list = append(list, at)
		}
	}
	return list, nil
}

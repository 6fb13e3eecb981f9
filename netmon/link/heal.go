package link

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"infobus/netmon"
	"infobus/systemd"
)

// units do what takes a capability: each is infobus link ACTION in a sandbox of
// its own, which polkit lets the daemon start.
var units = map[netmon.Remedy]string{
	netmon.LinkUp:     "infobus-link@up.service",
	netmon.SetAddress: "infobus-link@static.service",
	netmon.BounceLink: "infobus-link@bounce.service",
	netmon.FlushNeigh: "infobus-link@flush.service",
}

// Heal has a remedy of the uplink done at the port, and says how it went. ready:
// the port has an address and a route, so that its lease is renewed and not asked
// for anew.
func Heal(ctx context.Context, port string, r netmon.Remedy, ready bool) netmon.Tried {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var err error
	if unit, ok := units[r]; ok {
		err = systemd.StartUnit(ctx, unit)
	} else {
		err = renew(ctx, port, ready)
	}
	tried := netmon.Tried{Remedy: r}
	if err != nil {
		slog.Warn("a remedy of the internet connection could not be tried", "remedy", string(r), "why", err)
		tried.Result = netmon.Undone
		if errors.Is(err, systemd.ErrRefused) {
			tried.Result = netmon.Refused
		}
	}
	return tried
}

// renew has networkd renew the lease or, where there is none or no route, begin
// anew.
func renew(ctx context.Context, port string, ready bool) error {
	i, err := net.InterfaceByName(port)
	if err != nil {
		return errors.New("renew the lease: the network port is not there")
	}
	if ready {
		return systemd.RenewLease(ctx, i.Index)
	}
	return systemd.ReconfigureLink(ctx, i.Index)
}

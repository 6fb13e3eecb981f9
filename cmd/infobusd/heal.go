package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"time"

	"infobus/netmon"
	"infobus/systemd"
)

// linkUnits do what takes a capability: each is infobus link ACTION in a sandbox
// of its own. The daemon may start them, and nothing else.
var linkUnits = map[netmon.Remedy]string{
	netmon.LinkUp:     "infobus-link@up.service",
	netmon.SetAddress: "infobus-link@static.service",
	netmon.BounceLink: "infobus-link@bounce.service",
	netmon.FlushNeigh: "infobus-link@flush.service",
}

// heal has a remedy of the uplink done, and says how it went. On a simulated
// gateway there is nothing to be done: it is said to have been.
func (a *appliance) heal(r netmon.Remedy) {
	if slices.Contains(a.flags.sim, "gateway") {
		a.observe(netmon.Tried{Remedy: r})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var err error
	if unit, ok := linkUnits[r]; ok {
		err = systemd.StartUnit(ctx, unit)
	} else {
		err = a.renew(ctx)
	}
	tried := netmon.Tried{Remedy: r}
	if err != nil {
		slog.Warn("a remedy of the internet connection could not be tried", "remedy", string(r), "why", err)
		tried.Result = netmon.Undone
		if errors.Is(err, systemd.ErrRefused) {
			tried.Result = netmon.Refused
		}
	}
	a.observe(tried)
}

// renew has networkd renew the lease or, where there is none or no route, begin
// anew.
func (a *appliance) renew(ctx context.Context) error {
	port, err := net.InterfaceByName(a.config.Uplink.Interface)
	if err != nil {
		return errors.New("renew the lease: the network port is not there")
	}
	if a.loop.State().Uplink.Link.Value.Ready() {
		return systemd.RenewLease(ctx, port.Index)
	}
	return systemd.ReconfigureLink(ctx, port.Index)
}

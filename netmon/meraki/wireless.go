package meraki

import (
	"context"
	"fmt"
	"net/url"

	"infobus/netmon"
)

// device is one of the network's access points. Its name, serial and address
// stand beside that, and are not decoded.
type device struct {
	Type   label `json:"productType"`
	Status label `json:"status"`
}

// points counts the access points: "alerting" is one that tells the cloud
// something, so it lives; "dormant" has been silent for a week, which is one that
// is not in the van.
func points(devices []device) netmon.AccessPoints {
	p := netmon.AccessPoints{Known: true}
	for _, d := range devices {
		if d.Type != "wireless" {
			continue
		}
		switch word(string(d.Status), availabilities) {
		case "online", "alerting":
			p.Alive++
		case "offline":
			p.Dark++
		}
	}
	return p
}

var availabilities = []string{"online", "alerting", "offline", "dormant"}

// joining is how phones fared with the Wi-Fi, in counts.
type joining struct {
	Assoc   *amount `json:"assoc"` // failed at this step; likewise below
	Auth    *amount `json:"auth"`
	DHCP    *amount `json:"dhcp"`
	DNS     *amount `json:"dns"`
	Success *amount `json:"success"`
}

func (j joining) judge() (netmon.Joining, error) {
	n := netmon.Joining{Known: true}
	for _, c := range []struct {
		from *amount
		to   *int
	}{{j.Assoc, &n.Association}, {j.Auth, &n.Authentication}, {j.DHCP, &n.DHCP}, {j.DNS, &n.DNS}, {j.Success, &n.Joined}} {
		if c.from == nil || !c.from.known() {
			return netmon.Joining{}, fmt.Errorf("%w: no count", ErrAnswer)
		}
		*c.to = int(*c.from)
	}
	return n, nil
}

// joiningSpan is how far back joins are counted, in seconds: enough that a few
// dozen phones have tried.
const joiningSpan = 1800

// wireless asks for the access points and how phones fared with them.
func (a *api) wireless(ctx context.Context, o Options, v *netmon.Cellular) error {
	// getOrganizationDevicesAvailabilities.
	var devices []device
	if err := a.get(ctx, "/organizations/"+url.PathEscape(o.Organisation)+"/devices/availabilities?"+
		url.Values{"networkIds[]": {o.Network}, "productTypes[]": {"wireless"}, "perPage": {"1000"}}.Encode(), &devices); err != nil {
		return err
	}
	v.AccessPoints = points(devices)
	if v.AccessPoints.Alive+v.AccessPoints.Dark == 0 {
		v.AccessPoints = netmon.AccessPoints{} // they are in another network, or none ever were
		return nil
	}
	// getNetworkWirelessConnectionStats.
	var j joining
	if err := a.get(ctx, fmt.Sprintf("/networks/%s/wireless/connectionStats?timespan=%d", url.PathEscape(o.Network), joiningSpan), &j); err != nil {
		return err
	}
	var err error
	v.Joining, err = j.judge()
	return err
}

package systemd

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// described is what networkd 257 says of a port with a lease and a name server of its own
// configuration.
const described = `{"Index":2,"Name":"uplink0","Kind":"veth","Type":"ether","OperationalState":"routable","DNS":[
{"Family":2,"Address":[10,77,0,1],"ConfigSource":"DHCPv4","ConfigProvider":[10,77,0,1]},
{"Family":2,"Address":[9,9,9,9],"ConfigSource":"DHCPv4","ConfigProvider":[10,77,0,1]},
{"Family":2,"Address":[192,0,2,53],"ConfigSource":"static"},
{"Family":10,"Address":[32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1],"ConfigSource":"NDisc"}]}`

func TestTheNameServersOfALease(t *testing.T) {
	server := func(numbers string) string {
		return `{"DNS":[{"Family":2,"Address":[` + numbers + `],"ConfigSource":"DHCPv4"}]}`
	}
	for _, c := range []struct{ name, says, want string }{
		{"two, and others that are not the lease's", described, "[10.77.0.1 9.9.9.9]"},
		{"none", `{"Index":2,"Name":"uplink0"}`, "[]"},
		{"an empty list", `{"DNS":[]}`, "[]"},
		{"one twice", `{"DNS":[{"Address":[1,1,1,1],"ConfigSource":"DHCPv4"},{"Address":[1,1,1,1],"ConfigSource":"DHCPv4"}]}`, "[1.1.1.1]"},
		{"no address at all", server("0,0,0,0"), "[]"},
		{"numbers that are no bytes", server("300,1,1,1"), "[]"},
		{"below nought", server("-1,1,1,1"), "[]"},
		{"half an address", server("10,77"), "[]"},
	} {
		got, err := leased([]byte(c.says))
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.name, got, err, c.want)
		}
	}
	if got, err := leased([]byte("null and void")); err == nil || len(got) > 0 || strings.Contains(err.Error(), "void") {
		t.Errorf("what is no JSON gives %v, %v", got, err)
	}
}

func FuzzTheNameServersOfALease(f *testing.F) {
	f.Add([]byte(described))
	f.Add([]byte(`{"DNS":[{"Address":[1,2,3,4,5]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := leased(b)
		if err != nil && len(list) > 0 || len(list) > mostServers {
			t.Fatalf("%v, %v", list, err)
		}
		for _, a := range list {
			if !a.Is4() || a == netip.IPv4Unspecified() {
				t.Fatalf("%v is no name server", a)
			}
		}
	})
}

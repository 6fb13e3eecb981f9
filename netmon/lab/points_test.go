package lab

import (
	"encoding/json"
	"testing"
	"time"
)

// Two access points in a namespace beside the box's: one has a page, the other refuses;
// then one has no power, then none.
func TestAccessPointsAreAliveAsTheyAnswer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const first, second = "10.77.0.11", "10.77.0.12"
	for _, a := range []string{first, second} {
		l.ip("-n", l.other, "addr", "add", a+"/24", "dev", "eth0")
	}
	l.in(l.other, "nft", "add table ip f; add chain ip f in { type filter hook input priority 0; }")
	l.runWith(l.configure(`
  access-points: [`+first+`, `+second+`]`), true)
	await := func(alive, dark int) {
		t.Helper()
		var s struct {
			Uplink struct {
				Verdict string
				Points  *struct{ Alive, Dark int } `json:"access_points"`
			}
		}
		for end := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
			if err := json.Unmarshal([]byte(l.get("/api/v1/state")), &s); err != nil {
				t.Fatal(err)
			}
			if p := s.Uplink.Points; p != nil && p.Alive == alive && p.Dark == dark {
				return
			} else if time.Now().After(end) {
				t.Fatalf("%+v, want %d alive and %d dark", p, alive, dark)
			}
		}
	}
	await(2, 0)
	l.ip("-n", l.other, "addr", "del", second+"/24", "dev", "eth0")
	await(1, 1)
	if !soak {
		return
	}
	l.in(l.other, "nft", "add rule ip f in ip daddr "+first+" drop")
	await(0, 2)
	l.in(l.other, "nft", "flush chain ip f in")
	l.ip("-n", l.other, "addr", "add", second+"/24", "dev", "eth0")
	await(2, 0)
}

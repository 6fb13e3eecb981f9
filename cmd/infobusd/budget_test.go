package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"infobus/durable"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/van"
	"infobus/van/kept"
)

// spentBefore keeps, in a new state directory, that the purpose had used so much
// of this month's budget.
func spentBefore(t *testing.T, purpose string, bytes int64) (state string) {
	state = t.TempDir()
	data := &netmon.Spent{Month: time.Now().UTC().Format("2006-01"), Bytes: map[string]int64{purpose: bytes}}
	file, _, _, err := kept.Open(durable.System, state)
	if err == nil {
		err = file.Save(van.Kept{Data: data})
	}
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// data is what the purpose used in the session and in the month, in bytes.
func (p *process) data(purpose string) (session, month float64) {
	list, _ := p.at("uplink.data").([]any)
	for _, d := range list {
		if d := d.(map[string]any); d["purpose"] == purpose {
			return d["session_bytes"].(float64), d["month_bytes"].(float64)
		}
	}
	return 0, 0
}

// What was spent of the month's budget is spent, also after a power cut.
func TestTheMonthsBudgetOutlivesAPowerCut(t *testing.T) {
	t.Parallel()
	const spent = 12_345_678
	p := start(t, spentBefore(t, "timetable", spent), nil, "--sim")
	p.wait("what was spent", func() bool {
		session, month := p.data("timetable")
		return session == 0 && month == spent
	})
}

// A daemon that is started again goes on with the session's budget, and with the
// month's, to the byte; also after a power cut, as the session goes on.
func TestTheSessionsBudgetOutlivesARestartAndAPowerCut(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	p := start(t, state, nil, "--sim")
	p.wait("something to be spent before the session", func() bool { _, n := p.data("probe"); return n > 0 })
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	var session, month float64
	p.wait("something to be spent in the session", func() bool { // which is counted anew a moment after it has begun
		session, month = p.data("probe")
		return session > 0 && session < month
	})
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	file, k, ok, err := kept.Open(durable.System, state)
	if err != nil || !ok || k.Data == nil || float64(k.Data.Session["probe"]) < session || float64(k.Data.Bytes["probe"]) < month {
		t.Fatalf("kept %+v (%v, %v) of %v and %v bytes", k.Data, ok, err, session, month)
	}
	for _, boot := range []string{k.Boot, "another"} {
		session, month = float64(k.Data.Session["probe"]), float64(k.Data.Bytes["probe"])
		k.Boot = boot
		if err := file.Save(k); err != nil {
			t.Fatal(err)
		}
		p = start(t, state, nil, "--sim")
		p.becomes("session.active", true)
		p.wait("more to be spent in the session", func() bool { n, _ := p.data("probe"); return n > session })
		now, all := p.data("probe")
		if now-session != all-month {
			t.Errorf("%v bytes more in the session, %v in the month", now-session, all-month)
		}
		p.kill()
		if file, k, ok, err = kept.Open(durable.System, state); err != nil || !ok {
			t.Fatal(err)
		}
	}
}

// What a session that is over had spent is not what is spent after it.
func TestTheSpendingOfASessionThatIsOverIsForgotten(t *testing.T) {
	data := netmon.Spent{Month: "2026-11", Bytes: map[string]int64{"probe": 7}, Session: map[string]int64{"probe": 5}}
	on := &van.KeptSession{Since: time.Hour}
	for name, k := range map[string]van.Kept{"on": {Session: on}, "left by a power cut": {Interrupted: on}, "over": {}} {
		a := &appliance{client: client.New(client.Options{})}
		k.Data = &data
		a.restoreBudget(k)
		want := int64(5)
		if name == "over" {
			want = 0
		}
		a.client.WithLedger(func(l *netmon.Ledger) {
			if got := l.Spent(); got.Session["probe"] != want || got.Bytes["probe"] != 7 {
				t.Errorf("a session that is %s: %+v", name, got)
			}
		})
	}
}

// Where nothing is left to ask with it is not known whether the internet is there;
// what is urgent is sent all the same, and nothing else.
func TestABudgetThatIsUsedUpIsNoFailingInternet(t *testing.T) {
	t.Parallel()
	p := start(t, spentBefore(t, "probe", 10_000_000_000), nil, "--sim")
	p.becomes("uplink.verdict", "unknown")
	p.infobus("sim", "device", "battery", "absent")
	broken := p.has(logbook.DeviceFailed)
	p.wait("the urgent event to be received", func() bool {
		return received(t, filepath.Join(p.state, "received.jsonl"))[key(broken)] == string(logbook.DeviceFailed)
	})
	for _, name := range received(t, filepath.Join(p.state, "received.jsonl")) {
		if !logbook.Urgent(logbook.Event{Name: logbook.Name(name)}) && name != string(logbook.BatteryLevel) {
			t.Errorf("%s was sent", name)
		}
	}
	for _, e := range p.events() {
		if e.Name == logbook.UplinkChanged && e.Attributes["verdict"] != "unknown" {
			t.Errorf("%v was said of the internet", e.Attributes["verdict"])
		}
	}
	if spent, _ := p.data("probe"); spent != 0 {
		t.Errorf("%v bytes of probing", spent)
	}
}

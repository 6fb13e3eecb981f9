package logbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyWhatTheSchemaHasIsAdmitted(t *testing.T) {
	e, err := Admit(Event{Name: BatteryLevel, Attributes: map[string]any{
		"level": "low", "percent": 12, "owner": "Jean", "volts": 12.4}})
	if err == nil || strings.Contains(err.Error(), "Jean") || strings.Contains(err.Error(), "owner") {
		t.Errorf("the error says %v", err)
	}
	if fmt.Sprint(e.Attributes) != "map[level:low percent:12]" {
		t.Errorf("admitted %v", e.Attributes)
	}
	for name, attributes := range map[string]map[string]any{
		"a word that is not of the list": {"level": "0612345678"},
		"a number for a word":            {"level": 3},
		"a word for a number":            {"percent": "12"},
		"no number":                      {"percent": math.NaN()},
		"text of another type":           {"level": Outside("low")},
		"something nested":               {"level": map[string]any{"low": 1}},
	} {
		if e, err := Admit(Event{Name: BatteryLevel, Attributes: attributes}); err == nil || len(e.Attributes) != 0 {
			t.Errorf("%s: %v, %v", name, e.Attributes, err)
		}
	}
	if e, err := Admit(Event{Name: "person.seen", Attributes: map[string]any{"level": "low"}}); err == nil || e.Name != "unknown" || e.Attributes != nil {
		t.Errorf("an unknown event: %+v, %v", e, err)
	}
}

func TestEveryEventOfTheListIsInTheSchema(t *testing.T) {
	for _, name := range []Name{GeneratorStarted, GeneratorStopped, BatteryLevel, PowerShutdown, SessionStarted, SessionEnded, UplinkChanged, UplinkFlapping, RemedyTried, GatewaySwitched, SystemTested,
		KioskRefreshed, TimetableLoaded, TimetableRejected, TimetableCorrected, SyncUploaded, LogbookDropped, ClockTrusted, DeviceFailed, DeviceRecovered, SystemStarted, SystemStopping} {
		if _, ok := Schema[name]; !ok {
			t.Errorf("%s is not", name)
		}
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ in, want string }{
		// What may name somebody.
		{"dial tcp 192.168.1.7:443: refused", "dial tcp ‹ip›:443: refused"},
		{"[2001:db8::1]:443", "[‹ip›]:443"},
		{"fe80::1ff:fe23:4567:890a%wlan0 is away", "‹ip› is away"},
		{"::1", "‹ip›"}, {"at ::ffff:10.0.0.1.", "at ‹ip›."}, {"from 2001:db8::", "from ‹ip›"}, {"host 2001:db8::7: gone", "host ‹ip›: gone"},
		{"lease of 00:1A:2b:3c:4D:5e", "lease of ‹mac›"}, {"00-1a-2b-3c-4d-5e", "‹mac›"}, {"001a.2b3c.4d5e", "‹mac›"}, {"0:1a:2b:3c:4d:5e", "‹mac›"},
		{"jean.dupont@example.org wrote", "‹e-mail› wrote"},
		{"call +33 6 12 34 56 78", "call ‹phone›"}, {"0612345678", "‹phone›"}, {"06.12.34.56.78", "‹phone›"}, {"tel 0033-612-345-678", "tel ‹phone›"}, {"+44 (0)7911 123456", "‹phone›"},
		// What must stay.
		{"at 14:05:59 on 2026-11-23", "at 14:05:59 on 2026-11-23"}, {"2026-11-23T14:05:59+01:00", "2026-11-23T14:05:59+01:00"},
		{"open /dev/gpiochip0: no such file or directory", "open /dev/gpiochip0: no such file or directory"},
		{"address 0x40, 12.345 V, version 1.26.8", "address 0x40, 12.345 V, version 1.26.8"},
		{"seq 123456789 of 987654321", "seq 123456789 of 987654321"}, {"9030000.pl061", "9030000.pl061"},
		{"timetable.yaml:12:3: what", "timetable.yaml:12:3: what"},
	}
	for _, test := range tests {
		if got := Redact(test.in); got != test.want {
			t.Errorf("Redact(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestTextFromOutsideIsNowherePrinted(t *testing.T) {
	const secret = "Jean Dupont, tent 12"
	o := Outside(secret)
	var log bytes.Buffer
	l := slog.New(Handler(slog.NewJSONHandler(&log, nil)))
	l.With("a", o).WithGroup("g").Info("of 10.1.2.3", "b", o, "c", errors.New("no way to 10.1.2.3"), slog.Group("d", "e", o))
	l.Info("struct", "all", struct{ O Outside }{o})
	encoded, err := json.Marshal(map[string]any{"o": o, "list": []Outside{o}})
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprint(o) + fmt.Sprintf("%s %q %v %+v %#v %x %d", o, o, o, o, o, o, o) + fmt.Errorf("said %s", o).Error()
	all := log.String() + string(encoded) + printed
	if strings.Contains(all, "Jean") || strings.Contains(all, "10.1.2.3") || strings.Contains(all, fmt.Sprintf("%x", "Jean")) {
		t.Errorf("it is there: %s", all)
	}
	if !strings.Contains(all, "20 bytes withheld") {
		t.Errorf("nothing says that something was withheld: %s", all)
	}

	restore := WithholdNothing()
	defer restore()
	if s := fmt.Sprint(o) + Redact("10.1.2.3"); s != secret+"10.1.2.3" {
		t.Errorf("with the filters off: %q", s)
	}
	if e, err := Admit(Event{Name: "x", Attributes: map[string]any{"y": secret}}); err != nil || e.Attributes["y"] != secret {
		t.Errorf("with the filters off: %+v, %v", e, err)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte{192, 168, 1, 7}, "dial tcp ", ":443: refused")
	f.Add([]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "[", "]:443")
	f.Fuzz(func(t *testing.T, raw []byte, before, after string) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		// Set apart by spaces; glued to other digits, it is another number.
		text := before + " " + a.String() + " " + after
		if got := Redact(text); strings.Contains(got, " "+a.String()+" ") {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func FuzzAdmit(f *testing.F) {
	f.Add("battery.level", `{"level":"low","percent":12}`)
	f.Add("x", `{"a":{"b":[1e400]}}`)
	f.Fuzz(func(t *testing.T, name, attributes string) {
		e := Event{Name: Name(name)}
		if json.Unmarshal([]byte(attributes), &e.Attributes) != nil {
			return
		}
		admitted, _ := Admit(e)
		if again, err := Admit(admitted); err != nil && admitted.Name != "unknown" || len(again.Attributes) != len(admitted.Attributes) {
			t.Errorf("what was admitted is not the second time: %+v, %v", admitted, err)
		}
		if _, err := json.Marshal(admitted); err != nil {
			t.Error(err)
		}
	})
}

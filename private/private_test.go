package private

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
)

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

package private

import (
	"net/netip"
	"strings"
	"testing"
)

func TestRedactFindsWhatIsHardToFind(t *testing.T) {
	for _, in := range []string{
		// IPv6 behind a colon of its own, in a longer run of bytes, with a zone.
		"ip:fe80::1", "addr:2001:db8::1 down", "fe80::1%25eth0", "00:11:22:33:44:55:66:77", "2001:db8:1:2:3:4:5:6:7",
		"2001:db8::192.0.2.1/64", "xfe80::1:2", "[fe80::1%enx001122334455]:53",
		"mac=aa%3Abb%3Acc%3Add%3Aee%3Aff", "enx001122334455: no carrier", "aa-bb-cc-dd-ee-ff_1", "_aa:bb:cc:dd:ee:ff_", "01:aa:bb:cc:dd:ee:ff",
		"host_192.168.1.7_x", "ip192.168.1.7", "host-192.168.1.7x", "192.168.001.007", "7.1.168.192.in-addr.arpa",
		"33612345678", "msisdn 249912345678", "iccid 8933011234567890123", "imsi 208011234567890",
		"(555) 123-4567", "555-123-4567", "06 12  34 56 78", "06\u00a012\u00a034\u00a056\u00a078", "06‑12‑34‑56‑78", "٠٦١٢٣٤٥٦٧٨", "۰۶۱۲۳۴۵۶۷۸",
		"7911 123456 is gone", "tel:+33612345678x", "00249912345678", "at 14:05 0612345678", "2026-11-23 06 12 34 56 78",
		"lease a45e60c12b7f offered", "lease 0xa45e60c12b7f", "a45e60-c12b7f", "a4 5e 60 c1 2b 7f", "a4_5e_60_c1_2b_7f", "a4.5e.60.c1.2b.7f", "01a45e60c12b7f client-id",
		"eui64 a45e60fffec12b7f", "a45e:60ff:fec1:2b7f", "bssid A45E60C12B7F signal -60", "android-a45e60c12b7f", "Galaxy-A12-de-Mohamed", "Planteds-iPhone.local", `ssid "Ahmed iPhone 12"`,
		"fe80--a65e-60ff-fec1-2b7f.ipv6-literal.net", "203-0-113-9.dsl.example.net", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		"06_12_34_56_78", "06·12·34·56·78", "iccid 89331503190212345678F", "serial Q2XX-ABCD-1234", "serial Q2XXABCD1234",
		"pos 50.9513,1.8587", "pos 50.951290, 1.858686", `50°57'04.6"N 1°51'31.3"E`, "geo:50.9513,1.8587", "9F27XVX5+2C", `{"lat": 50.95, "lng": 1.85}`,
		"planted (at) example.org", `"planted person"@example.org`, "ahmed@192.0.2.7", "http://ahmed:secret@example.org/x",
		"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", "GNGLL,5057.0774,N,00151.5212,E,081836.00,A,A*70", "50.9513N 1.8587E", "N50.9513 E1.8587", "N 50 57.077 E 001 51.521",
		"Ahmed's iPhone joined", "Fatima’s Galaxy", "iPhone de Fatima", "iPhone (Ahmed)", "client provides name: vivo-1904", "name: realme-C11", "name: DESKTOP-4F2K9QJ", "name: Mi-9T", "duid 000100012abbccdddeadbeef1234",
		"https://example.org/hook?token=abcdef", "GET /v1/logs?api_key=sk_live_1", "Authorization: Bearer eyJhbGciOi.eyJzdWIi", `{"token":"abc"}`, `psk="camp"`,
		"https://calendar.google.com/calendar/ical/x/private-0a1b2c3d4e5f60718293a4b5/basic.ics", "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz/export",
		"bob@laptop failed", "mail=bob%40example.org", "Ali.خالد@example.org",
	} {
		got := Redact(in)
		if !strings.Contains(got, "‹") {
			t.Errorf("Redact(%q) leaves it as it is", in)
		}
		if again := Redact(got); again != got {
			t.Errorf("Redact(%q) = %q, and redacted again %q", in, got, again)
		}
	}
	// No part of a masked address stays behind.
	for in, want := range map[string]string{
		"00:11:22:33:44:55:66:77":         "‹ip›",
		"2001:db8:1:2:3:4:5:6:7":          "‹ip›",
		"ip:fe80::1, then 2001:db8::2: x": "ip:‹ip›, then ‹ip›: x",
		"[fe80::1%enx001122334455]:53":    "[‹ip›]:53",
		"aa:bb:cc:dd:ee:ff:00":            "‹mac›",
		"http://ahmed:secret@example.org": "http://‹user›@example.org",
		`50°57'04.6"N 1°51'31.3"E, wet`:   "‹position› ‹position›, wet",
		"eui64 a45e60fffec12b7f, dark":    "eui64 ‹mac›, dark",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRedactManglesNothingHarmless(t *testing.T) {
	for _, in := range []string{
		"2026-11-23 14:05:09.123456789 +0100 CET", "2026/11/23 14:05:09.000001", "2026-11-23T14:05:09.123456789Z", "20261123T140509Z", "23.11.2026 14:05",
		"took 1.234567891s", "0.123456789", "uptime 0:12:34", "mono 123456789", "after 1h2m3.456789012s",
		"10.15.7", "v0.0.0-20260213210345-44df1a37e875", "1.26.0", "v1.2.3.4", "6.12.48-1", "github.com/x/y@v0.36.0",
		"12345678-1234-1234-1234-123456789012", "4f5c1f9a-12f3-4c7e-9a0b-001122334455",
		"seq 12345678", "std::string", "0x0012345678", "0000000000001000", "0123456789abcdef",
		"https://logs.example.org:4318/v1/logs", "xdg-desktop-portal.service", "the token is refused", "token: at most 200 characters", "no bearer", "GPIO, line 3", "E1 N2", "the van's battery", "an android app",
		"infobus-link@bounce.service", "/sys/bus/i2c/devices/1-0040", "pcie 0000:01:00.0", "spi0.0 at 9030000.pl061", "04 12 00 27", "10:20:30:40",
		"timetable 20 of 44df1a37e8751 rows", "facade decade", "acknowledged", "quality of 12", "q=1", "android is well", "at 40°", "1.5 V, 2.25 A", "12 V 0.5 A", "chip ds3231", "0x40",
		"infobus.yaml:12:5: unknown key", "00:00:00.000", "16777216 bytes", "written 140000000B",
	} {
		if got := Redact(in); got != in {
			t.Errorf("Redact(%q) = %q", in, got)
		}
	}
}

// An address is masked whatever stands around it, and the text comes to rest:
// redacted twice it is what it was once.
func FuzzRedactInAnyText(f *testing.F) {
	f.Add("dial tcp ", "192.168.1.7", ":443: refused")
	f.Add("addr:", "2001:db8::7", " down")
	f.Add("ccid: ", "00:1a:2b:3c:4d:5e", "")
	f.Add("٠ +", "fe80::1", "%eth0")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		once := Redact(before + secret + after)
		if twice := Redact(once); Redact(twice) != twice {
			t.Errorf("%q becomes %q, then %q", before+secret+after, once, twice)
		}
		a, err := netip.ParseAddr(secret)
		if err != nil || len(secret) < 7 || strings.ContainsAny(secret, "%") || a.IsUnspecified() {
			return
		}
		text := before + " " + secret + " " + after
		if got := Redact(text); strings.Contains(got, " "+secret+" ") && !strings.Contains(before+after, secret) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

package config

import (
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"infobus/yamlfile"
)

func TestTheExampleIsTheDefault(t *testing.T) {
	data, err := os.ReadFile("../examples/infobus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("infobus.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	if want := Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("the example says\n%+v\nthe default is\n%+v", c, want)
	}
}

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		c, err := Parse("f", []byte(text))
		if err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestABatteryMayBeLeftOutOrHaveNoMonitor(t *testing.T) {
	for _, text := range []string{"battery:\n  low-line: {line: GPIO13}\n", "battery: {monitor: none, every: 20s}\n", "battery: {capacity: 80Ah}\n",
		"battery: {bus: /dev/i2c-11, capacity: 80Ah}\n"} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// sims is a file up to its list of SIM cards.
const sims = "uplink:\n  dashboard:\n    organisation: \"1\"\n    network: N_1\n    gateway: Q2XX-XXXX-XXXX\n  sims:\n"

func TestABundleIsWhatTheOperatorCalls(t *testing.T) {
	c, err := Parse("f", []byte(sims+"    - {slot: 2, bundle: 20 GB, renews: 12}\n    - {slot: 1, bundle: 500MB, renews: 31}\n"))
	if err != nil || !reflect.DeepEqual(c.Uplink.SIMs, []SIM{{2, 20_000_000_000, 12}, {1, 500_000_000, 31}}) || c.Uplink.SIMs[0].Bundle.String() != "20 GB" {
		t.Errorf("%+v, %v", c.Uplink.SIMs, err)
	}
}

func TestEveryMistakeIsSaidWhereItIs(t *testing.T) {
	tests := []struct {
		name, file string
		want       []string // beginnings, in order
	}{
		{"unknown key", "generator: {}\n", []string{`f:1:1: unknown key "generator"; expected one of: gpio, generators`}},
		{"unknown key inside", "battery:\n  shunts: 1Ohm\n", []string{`f:2:3: unknown key "shunts"`}},
		{"a number where a unit belongs", "generators:\n  - line: GPIO27\n    debounce: 50\n", []string{`f:3:15: debounce: "50" found: a duration with its unit`}},
		{"the wrong unit", "battery:\n  shunt: 5V\n  capacity: 100Ah\n", []string{`f:2:10: shunt: "5V" found: `}},
		{"two functions on one line", "generators:\n  - line: GPIO27\n  - line: GPIO25\n", []string{`f:3:11: line GPIO25 is already the panel's data/command line; it cannot be the sense line of generator 2 too`}},
		{"two generators on one line", "generators:\n  - line: GPIO27\n  - line: GPIO27\n", []string{`f:3:11: line GPIO27 is already the sense line of generator 1`}},
		{"a key twice", "gpio: a\ngpio: b\n", []string{`f:2:1: key "gpio" a second time; the first is on line 1`}},
		{"a list for a value", "gpio: [a]\n", []string{`f:1:7: gpio: a list found, a single value was expected`}},
		{"a value for a list", "generators: GPIO27\n", []string{`f:1:13: generators: "GPIO27" found, a list was expected`}},
		{"no value", "timetable:\n", []string{`f:1:1: timetable: no value found`}},
		{"not YAML", "a: [1\n", []string{`f:1:`}},
		{"a second document", "gpio: a\n---\ngpio: b\n", []string{"f:2:1: a second document begins here"}},
		{"a second document that is empty", "gpio: a\n---\n---\n", []string{"f:2:1: a second document begins here"}},
		{"no generator", "generators: []\n", []string{`f:1:13: 0 generators found`}},
		{"a range the monitor cannot measure", "battery:\n  shunt: 10mOhm\n  range: 20A\n  capacity: 100Ah\n", []string{`f:3:10: 20A through 10mΩ give 200.0 mV`}},
		{"a capacity without its unit", "battery:\n  capacity: 100\n", []string{`f:2:13: capacity: "100" found: a capacity with its unit was expected, such as 100Ah`}},
		{"the starting current of a starter battery", "battery:\n  capacity: 680A\n", []string{`f:2:13: capacity: "680A" found: that is the current with which a starter battery turns an engine`}},
		{"the same as its label has it", "battery:\n  capacity: 680 A (EN)\n", []string{`f:2:13: capacity: "680 A (EN)" found: that is the current with which a starter battery turns an engine`}},
		{"a charged voltage below the resting one", "battery:\n  capacity: 100Ah\n  charged: 12.6V\n", []string{`f:3:12: charged 12.600V found; a full agm battery rests at up to 12.9V, and 13V to 15V was expected`}},
		{"a charged voltage that a LiFePO4 battery has at rest", "battery:\n  capacity: 100Ah\n  chemistry: lifepo4\n  charged: 13.3V\n", []string{`f:4:12: charged 13.300V found; a full lifepo4 battery rests at up to 13.4V, and 13.500V to 15V was expected`}},
		{"a charged voltage of 24 V", "battery:\n  capacity: 100Ah\n  charged: 28V\n", []string{`f:3:12: charged 28V found`}},
		{"a tail that never comes", "battery:\n  capacity: 100Ah\n  tail: 50mA\n", []string{`f:3:9: tail 50mA found; of a battery of 100Ah 200mA to 12.500A was expected, 0A takes 4A`}},
		{"a capacity that was measured of another battery", "battery:\n  capacity: 100Ah\n  measured: 200Ah\n", []string{`f:3:13: measured 200Ah found, of a battery of 100Ah`}},
		{"a capacity of nothing", "battery:\n  capacity: 0Ah\n", []string{`f:2:13: capacity 0Ah found; 5Ah to 2000Ah was expected`}},
		{"a monitor without a capacity", "battery:\n  monitor: ina226\n", []string{`f:2:12: the battery's capacity is missing beside its monitor`}},
		{"a monitor that is not named, without a capacity", "battery: {shunt: 1mOhm, range: 50A, chemistry: lifepo4}\n", []string{`f:1:18: the battery's capacity is missing beside its monitor`}},
		{"a chemistry without a capacity", "battery:\n  chemistry: lifepo4\n", []string{`f:2:14: the battery's capacity is missing beside its monitor`}},
		{"a bus that is none", "battery:\n  bus: i2c-one\n  capacity: 100Ah\n", []string{`f:2:8: bus "i2c-one" found; header was expected, or a bus such as /dev/i2c-1 or, in the device tree, /soc/i2c@7e804000`}},
		{"a bus by its number", "battery:\n  bus: 1\n  capacity: 100Ah\n", []string{`f:2:8: bus "1" found`}},
		{"a range that an INA219 cannot measure either", "battery:\n  monitor: ina219\n  capacity: 100Ah\n  shunt: 10mOhm\n  range: 40A\n", []string{`f:5:10: 40A through 10mΩ give 400.0 mV; the monitor measures 320.0 mV at most`}},
		{"another chip's address", "battery:\n  address: 0x68\n  capacity: 100Ah\n", []string{`f:2:12: address 0x68 found; a monitor has one of 0x40 to 0x4f`}},
		{"levels that cross", "power:\n  low: 10\n  critical: 20\n", []string{`f:2:8: low 10 and critical 20 found; low was expected to be 5 (% of charge) above critical`}},
		{"both wirings at once", "generators:\n  - line: GPIO27\n    wiring: pulses\n    debounce: 50ms\n", []string{`f:4:15: debounce found beside wiring: pulses; a line is wired one way or the other`}},
		{"one line wired both ways", "generators:\n  - line: GPIO27\n    wiring: pulses\n  - line: GPIO27\n    wiring: level\n", []string{`f:4:11: line GPIO27 is already the sense line of generator 1`}},
		{"an alarm line that pulses", "battery:\n  low-line:\n    line: GPIO13\n    wiring: pulses\n", []string{`f:4:13: wiring: pulses found; only a generator's`}},
		{"a relay on a sense line", "uplink:\n  relay:\n    line: GPIO27\n", []string{`f:3:11: line GPIO27 is already the sense line of generator 1; it cannot be the relay of the Cisco box too`}},
		{"a relay on the panel's line, by number", "uplink:\n  relay: {line: \"25\", active: low}\n", []string{`f:2:17: line 25 is already the panel's data/command line; it cannot be the relay of the Cisco box too`}},
		{"a relay on the button's line", "kiosk:\n  button:\n    line: GPIO16\nuplink:\n  relay:\n    line: GPIO16\n", []string{`f:6:11: line GPIO16 is already the button`}},
		{"a relay without a line", "uplink:\n  relay:\n    active: low\n", []string{`f:3:11: a line is missing here, such as line: GPIO16`}},
		{"a relay that is active somehow", "uplink:\n  relay:\n    line: GPIO16\n    active: open\n", []string{`f:4:13: "open" found; expected one of: low, high`}},
		{"a relay that is debounced", "uplink:\n  relay:\n    line: GPIO16\n    debounce: 1s\n", []string{`f:4:5: unknown key "debounce"; expected one of: line, active`}},
		{"a shunt of nothing", "battery:\n  shunt: 0Ohm\n  capacity: 100Ah\n", []string{`f:2:10: shunt 0Ω found; 1µOhm to 1Ohm was expected`}},
		{"an address that is none", "sync:\n  endpoint: logs.example.org\n", []string{`f:2:13: "logs.example.org" found; an address such as`}},
		{"several, in the order of the lines", "session:\n  length: 1m\nbattery:\n  chemistry: zinc\n  charging: up\n  capacity: 100Ah\nkiosk:\n  languages: []\n",
			[]string{"f:2:11: 1m0s found", `f:4:14: chemistry "zinc"`, `f:5:13: "up" found`, "f:8:14: 0 languages"}},
		{"a check that is no URL", "uplink:\n  check: connectivity.example.org\n", []string{`f:2:10: "connectivity.example.org" found; an address such as http://host/path was expected`}},
		{"a check of another kind", "uplink:\n  check: ftp://example.org/\n", []string{`f:2:10: "ftp://example.org/" found; an address such as http://host/path was expected`}},
		{"a check without a host", "uplink:\n  check: http://:80/generate_204\n", []string{`f:2:10: "http://:80/generate_204" found; an address such as http://host/path was expected`}},
		{"a check at a port that is none", "uplink:\n  check: http://example.org:99999/x\n", []string{`f:2:10: port 99999 found in the address; 1 to 65535 was expected`}},
		{"a check with a password", "uplink:\n  check: http://user:pw@x:0/\n", []string{`f:2:10: port 0 found`, `f:2:10: a user found in the address; a page for everybody was expected`}},
		{"a receiver that takes nothing", "sync:\n  recent: 5m\n", []string{`f:2:11: 5m0s found; 1h0m0s to 8760h0m0s was expected`}},
		{"an endpoint at no port", "sync:\n  endpoint: https://logs.example.org:0\n", []string{`f:2:13: port 0 found in the address; 1 to 65535 was expected`}},
		{"a source that is missing", "timetable:\n  - {form: csv}\n", []string{`f:2:5: a source is missing here`}},
		{"a source twice", "timetable:\n  - {source: a.yaml}\n  - {source: a.yaml}\n", []string{`f:3:14: this source a second time`}},
		{"no sources", "timetable: []\n", []string{`f:1:12: 0 sources found, 1 to 20 were expected`}},
		{"a form that is none", "timetable: [{source: a, form: xls}]\n", []string{`f:1:31: "xls" found; expected one of: yaml, csv, xlsx, ics`}},
		{"a stick that is published at once", "timetable: [{source: /media/*/infobus, publish: at-once}]\n", []string{`f:1:49: at-once found beside a stick`}},
		{"a check that is neither day nor cell", "timetable: [{source: a.csv, checked: soon}]\n", []string{`f:1:38: checked: "soon" found`}},
		{"a list's address without a host", "timetable: [{source: https:///a}]\n", []string{`f:1:22: "https:///a" found; an address`}},
		{"a timetable at no host", "timetable: https:///timetable.ics\n", []string{`f:1:12: "https:///timetable.ics" found; an address such as http://host/path was expected`}},
		{"a timetable at a port that is none", "timetable: https://example.org:65536/timetable.ics\n", []string{`f:1:12: port 65536 found`}},
		{"a rule for calendars that is none", "public: yes\n", []string{`f:1:9: public: "yes" found: expected none, or one or more of: all, class-public, x-infobus-show, category WORD, title WORD`}},
		{"a rule among others that is none", "public: [all, category]\n", []string{`f:1:15: public, item 2: "category" found: expected none, or one or more of`}},
		{"an address for a name", "uplink:\n  name: https://one.one.one.one/\n", []string{`f:2:9: "https://one.one.one.one/" found; a host's name in the DNS was expected, such as one.one.one.one`}},
		{"an empty name", "uplink:\n  name: \"\"\n", []string{`f:2:9: "" found; a host's name`}},
		{"a name with a blank", "uplink:\n  name: a b.example.org\n", []string{`f:2:9: "a b.example.org" found; a host's name`}},
		{"a name of one label", "uplink:\n  name: localhost\n", []string{`f:2:9: "localhost" found; a host's name`}},
		{"a name of dots", "uplink:\n  name: \"..\"\n", []string{`f:2:9: ".." found; a host's name`}},
		{"a label of 64 letters", "uplink:\n  name: " + strings.Repeat("a", 64) + ".org\n", []string{`f:2:9: "` + strings.Repeat("a", 64) + `.org" found; a host's name`}},
		{"a name too long for a label before it", "uplink:\n  name: " + strings.Repeat("a.", 119) + "org\n", []string{`f:2:9: "a.a.`}},
		{"a number for a name", "uplink:\n  name: 1.1.1.1\n", []string{`f:2:9: "1.1.1.1" found; a host's name`}},
		{"an empty interface", "uplink:\n  interface: \"\"\n", []string{`f:2:14: "" found; an interface's name was expected, such as eth0: 1 to 15 bytes without blanks, / and :`}},
		{"an interface that is a path", "uplink:\n  interface: no/if\n", []string{`f:2:14: "no/if" found; an interface's name`}},
		{"an interface with a blank", "uplink:\n  interface: no such\n", []string{`f:2:14: "no such" found; an interface's name`}},
		{"an interface's alias", "uplink:\n  interface: eth0:1\n", []string{`f:2:14: "eth0:1" found; an interface's name`}},
		{"the folder of interfaces", "uplink:\n  interface: ..\n", []string{`f:2:14: ".." found; an interface's name`}},
		{"an interface of 16 letters", "uplink:\n  interface: abcdefghijklmnop\n", []string{`f:2:14: "abcdefghijklmnop" found; an interface's name`}},
		{"no target", "uplink:\n  targets: []\n", []string{`f:2:12: no target found; at least one address with its port was expected`}},
		{"an access point by its name", "uplink:\n  access-points: [192.0.2.11, front]\n", []string{`f:2:31: "front" found; the address of an access point was expected, each once, such as 192.0.2.11`}},
		{"the public network on the way out", "uplink:\n  interface: eth0\n  public: eth0\n", []string{`f:3:11: "eth0" is the way to the internet; the public network has an interface of its own, such as uplink0.20`}},
		{"a public network without a name", "uplink:\n  public: \"up link\"\n", []string{`f:2:11: "up link" found; an interface's name was expected, such as uplink0.20: 1 to 15 bytes without blanks, / and :`}},
		{"the Cisco box's page without a user", "uplink:\n  own-page:\n    password-file: /x\n", []string{`f:3:18: the user of the Cisco box's own page was expected: admin, or its serial number as it is printed on it`}},
		{"an access point twice", "uplink:\n  access-points: [192.0.2.11, 192.0.2.11]\n", []string{`f:2:31: "192.0.2.11" found; the address of an access point was expected, each once, such as 192.0.2.11`}},
		{"more access points than a van has", "uplink:\n  access-points: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, 192.0.2.8, 192.0.2.9]\n", []string{`f:2:18: 9 access points found; 8 at most are asked`}},
		{"a target at no port", "uplink:\n  targets: [\"1.1.1.1:0\"]\n", []string{`f:2:13: "1.1.1.1:0" found; an address with its port was expected, such as 1.1.1.1:443`}},
		{"a target without its port", "uplink:\n  targets: [1.1.1.1]\n", []string{`f:2:13: "1.1.1.1" found; an address with its port was expected, such as 1.1.1.1:443`}},
		{"a resolver by its name", "uplink:\n  resolvers: [\"dns.example.org:53\"]\n", []string{`f:2:15: "dns.example.org:53" found; an address with its port was expected, such as 1.1.1.1:53`}},
		{"an address without its net", "uplink:\n  address: 192.0.2.2\n  gateway: 192.0.2.1\n", []string{`f:2:12: "192.0.2.2" found; an address with its net was expected, such as 192.0.2.2/24`}},
		{"the address of all", "uplink:\n  address: 192.0.2.255/24\n  gateway: 192.0.2.1\n", []string{`f:2:12: 192.0.2.255 is no host's address in its net 192.0.2.0/24`}},
		{"a net of one", "uplink:\n  address: 192.0.2.2/32\n  gateway: 192.0.2.1\n", []string{`f:2:12: /32 found; a net of /8 to /30 was expected`}},
		{"an address and no gateway", "uplink:\n  address: 192.0.2.2/24\n", []string{`f:2:12: an address without a gateway`}},
		{"a gateway and no address", "uplink:\n  gateway: 192.0.2.1\n  dns: [192.0.2.1]\n", []string{`f:2:12: a gateway without an address`, `f:3:8: dns without an address`}},
		{"a gateway outside the net", "uplink:\n  address: 192.0.2.2/24\n  gateway: 198.51.100.1\n", []string{`f:3:12: the gateway 198.51.100.1 is no host in the box's net 192.0.2.0/24`}},
		{"a gateway that is the box", "uplink:\n  address: 192.0.2.2/24\n  gateway: 192.0.2.2\n", []string{`f:3:12: the gateway's address is the box's own`}},
		{"a name server by its name", "uplink:\n  address: 192.0.2.2/24\n  gateway: 192.0.2.1\n  dns: [192.0.2.1, dns.example.org]\n", []string{`f:4:20: "dns.example.org" found; an address was expected`}},
		{"a bundle without its unit", sims + "    - {slot: 1, bundle: 20, renews: 12}\n", []string{`f:7:25: bundle: "20" found: an amount of data with its unit was expected, such as 20 GB`}},
		{"a bundle of nothing", sims + "    - {slot: 1, bundle: 1 MB, renews: 12}\n", []string{"f:7:25: bundle 1 MB found; 10 MB to 100000 GB was expected"}},
		{"a slot that the gateway has not, a day that no month has", sims + "    - {slot: 3, bundle: 20 GB, renews: 32}\n",
			[]string{"f:7:14: slot 3 found; 1 or 2 was expected", "f:7:40: renews 32 found; the day of the month"}},
		{"a SIM without anything", sims + "    - {}\n", []string{"f:7:7: slot 0 found", "f:7:7: bundle 0 MB found", "f:7:7: renews 0 found"}},
		{"a slot twice", sims + "    - {slot: 1, bundle: 20 GB, renews: 1}\n    - {slot: 1, bundle: 0.5 GB, renews: 31}\n", []string{"f:8:14: slot 1 a second time"}},
		{"SIM cards without a gateway", "uplink:\n  sims:\n    - {slot: 1, bundle: 20 GB, renews: 1}\n", []string{"f:3:5: what SIM cards use is asked of the Meraki cloud"}},
		{"a serial number that is none", "uplink:\n  dashboard: {organisation: \"1\", network: N_1, gateway: MG41E}\n", []string{"f:2:57: the gateway's serial number was expected"}},
		{"a cloud without a network", "uplink:\n  dashboard: {organisation: \"1\"}\n", []string{"f:2:14: organisation and network belong together"}},
		{"a sensor that is not known", "panel:\n  temperature: lm75\n", []string{`f:2:16: "lm75" found; expected one of: w1, none`}},
		{"sockets and generator on one line", "sockets:\n  line: GPIO27\n", []string{"f:2:9: line GPIO27 is already the sense line of generator 1; it cannot be the detector of the sockets too"}},
		{"the alarm on the sockets' line", "sockets:\n  line: GPIO5\ncarbon-monoxide:\n  line: \"5\"\n", []string{"f:4:9: line 5 is already the detector of the sockets; it cannot be the carbon-monoxide alarm too"}},
		{"sockets that pulse", "sockets:\n  line: GPIO5\n  wiring: pulses\n", []string{"f:3:11: wiring: pulses found"}},
		{"another charger that there is not", "power:\n  other-charger: wind\n", []string{`f:2:18: "wind" found; expected one of: none, alternator, solar, both`}},
		{"a language that the screen does not speak", "kiosk:\n  languages: [[en, tlh]]\n", []string{`f:2:20: "tlh" found; expected one of: en, am, ar`}},
		{"three languages on one page", "kiosk:\n  languages: [[en], [ar, fa, ur]]\n", []string{"f:2:21: 3 languages found; one or two fit on a page"}},
		{"three languages in a flat list", "kiosk:\n  languages: [en, ar, fa]\n", []string{"f:2:14: 3 languages found; one or two fit on a page"}},
		{"lists and languages", "kiosk:\n  languages: [en, [ar]]\n", []string{"f:2:14: languages and lists of them found"}},
		{"a language twice", "kiosk:\n  languages: [en, en]\n", []string{"f:2:19: en a second time"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f", []byte(test.file))
			mistakes, ok := err.(yamlfile.Mistakes)
			if !ok || len(mistakes) != len(test.want) {
				t.Fatalf("got %v, want %d mistakes", err, len(test.want))
			}
			for i, m := range mistakes {
				if !strings.HasPrefix(m.Error(), test.want[i]) {
					t.Errorf("got  %s\nwant %s…", m.Error(), test.want[i])
				}
			}
		})
	}
}

func TestWhatMayStandForAPlaceInTheNetPasses(t *testing.T) {
	for _, file := range []string{
		"uplink:\n  interface: enx0123456789ab\n",
		"uplink:\n  name: _probe-1.xn--e1afmkfd.example.org\n",
		"uplink:\n  name: " + strings.Repeat("a", 63) + ".1.org\n",
		"uplink:\n  name: " + strings.Repeat("a.", 118) + "land\n", // 240 bytes
		"uplink:\n  check: https://[2001:db8::1]:8443/{challenge}\n",
		"uplink:\n  check: http://check:65535\n",
		"sync:\n  endpoint: https://box:secret@logs.example.org:4318\n", // how a receiver is told who sends
		"timetable: https://team:secret@example.org/timetable.ics\n",
		"timetable: /media/*/infobus\n",
		"public: none\n",
		"public: class-public\n",
		"public: [category à montrer, title Repas, x-infobus-show]\n",
	} {
		if _, err := Parse("f", []byte(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// A van's own configuration is written on whatever computer is at hand.
func TestAConfigurationIsReadWhateverEditorWroteIt(t *testing.T) {
	const plain = "generators:\n  - line: GPIO27\n  - line: GPIO22\ncarbon-monoxide: {line: GPIO20, active: high}\n"
	want, err := Parse("f", []byte(plain))
	if err != nil || want.Monoxide == nil {
		t.Fatal(err)
	}
	windows := strings.ReplaceAll(plain, "\n", "\r\n")
	utf16 := func(order binary.AppendByteOrder) (b []byte) {
		for _, r := range "\ufeff" + windows {
			b = order.AppendUint16(b, uint16(r))
		}
		return b
	}
	for name, data := range map[string][]byte{
		"Windows' ends of lines": []byte(windows), "UTF-8 with its mark": []byte("\ufeff" + windows), "UTF-16, little endian": utf16(binary.LittleEndian), "UTF-16, big endian": utf16(binary.BigEndian),
		"blanks that do not break": []byte(strings.ReplaceAll(plain, "  -", "\u00a0 -")),
	} {
		if got, err := Parse("f", data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse("f", []byte("\xff\xfeg")); err == nil || !strings.HasPrefix(err.Error(), "f:1:1: ") {
		t.Errorf("half a letter: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("../examples/infobus.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, s := range []string{"", "a: [1\n", "gpio: &a b\nsession: *a\n", "battery: {shunt: 1e400Ohm}\n", "generators:\n- {line: 3, debounce: 9999999h}\n", "? [a]\n: b\n", "!!map {gpio: x}", "gpio: a\n---\n---\n", "\ufeffgpio: a\r\n", "\xff\xfeg\x00:\x00\n", "generators:\n\u00a0 - {line: 3}\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Parse("f", data)
		if err != nil && !strings.HasPrefix(err.Error(), "f:") {
			t.Errorf("a mistake without its place: %v", err)
		}
	})
}

func TestNothingOfACalendarIsPublicUnlessTheFileSaysSo(t *testing.T) {
	for file, want := range map[string]string{"": "none", "public: none\n": "none", "public: all\n": "all", "public: [category food, title Repas]\n": "category food, title Repas"} {
		c, err := Parse("f", []byte(file))
		if got := c.Public.String(); err != nil || got != want {
			t.Errorf("%q: %s, %v", file, got, err)
		}
	}
}

func TestLanguagesAreSetsOrOneFlatList(t *testing.T) {
	for file, want := range map[string]string{
		"kiosk:\n  languages: [ti]\n":                        "[[ti]]",
		"kiosk:\n  languages: [ti, en]\n":                    "[[ti en]]",
		"kiosk:\n  languages: [[ti, en], [vi]]\n":            "[[ti en] [vi]]",
		"kiosk:\n  languages:\n    - [ti, en]\n    - [vi]\n": "[[ti en] [vi]]",
		"": "[[en ar] [fr ps] [am fa] [ti ur] [om vi]]",
	} {
		c, err := Parse("f", []byte(file))
		if got := fmt.Sprint(c.Kiosk.Languages); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", file, got, err, want)
		}
	}
}

func TestSourcesOfTheTimetable(t *testing.T) {
	c, err := Parse("f", []byte(`public: category food
timetable:
  - {source: /etc/infobus/timetable.yaml}
  - {source: "webcal://example.org/cal?key=secret", by: Croix Jaune, public: none, sites: "webcal://example.org/sites.yaml"}
  - {source: "https://user:pass@example.org:8443/t.csv", publish: after-tap, checked: B1, form: csv}
  - {source: /media/*/infobus, checked: 2026-11-20, mapping: /etc/infobus/m.yaml, sites: /etc/infobus/s.yaml}
  - {source: /srv/timetable.yaml, public: [all, title Tea]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Timetable.Names(), " "); got != "timetable croix-jaune example-org infobus timetable-2" {
		t.Error(got)
	}
	var got []string
	for _, s := range c.Timetable {
		got = append(got, fmt.Sprint(s.AfterTap(), " ", s.Public))
	}
	if all := strings.Join(got, "; "); all != "false category food; false none; true category food; true category food; false all, title Tea" {
		t.Error(all)
	}
	if s := c.Timetable[1]; s.Source != "https://example.org/cal?key=secret" || s.Sites != "https://example.org/sites.yaml" {
		t.Errorf("%+v", s)
	}
	if _, err := Parse("f", []byte("timetable:\n  - {source: /a.csv, mapping: 'https:///m.yaml'}\n")); err == nil || !strings.Contains(err.Error(), "2:31") {
		t.Errorf("an address without a host: %v", err)
	}
	for text, want := range map[string]string{"a.yaml": "a.yaml", "webcal:https": "https:https"} {
		c, _ := Parse("f", []byte("public: all\ntimetable: "+text+"\n"))
		if len(c.Timetable) != 1 || c.Timetable[0].Source != want || c.Timetable[0].Public.String() != "all" {
			t.Errorf("%s: %+v", text, c.Timetable)
		}
	}
}

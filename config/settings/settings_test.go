package settings

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"infobus/config"
	"infobus/words"
)

// wide is text in UTF-16 with its mark.
func wideFile(text string, little bool) []byte {
	var b []byte
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return b
}

const whole = "version=1\nname=Van 2\npin=482915\nendpoint=https://logs.example.org\ntoken=abc123\n"

// sorted is the settings as lines.
func (s Settings) sorted() string {
	var lines []string
	for k, v := range s {
		lines = append(lines, fmt.Sprintf("%s=%s\n", k, v))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestWhatCanBeMeantInOneWayOnlyIsTaken(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"plain", []byte("pin=482915\n"), "pin=482915\n"},
		{"without an end of line", []byte("pin=482915"), "pin=482915\n"},
		{"Windows' ends of lines", []byte("# hello\r\npin=482915\r\nname=Van\r\n"), "name=Van\npin=482915\n"},
		{"an old Macintosh's", []byte("# hello\rpin=482915\rname=Van\r"), "name=Van\npin=482915\n"},
		{"UTF-8 with its mark", []byte("\ufeffpin=482915\n"), "pin=482915\n"},
		{"UTF-16, little endian", wideFile("name=Été\r\npin=482915\r\n", true), "name=Été\npin=482915\n"},
		{"UTF-16, big endian", wideFile("pin=482915\r\n", false), "pin=482915\n"},
		{"UTF-16 without its mark", wideFile("# r\u00e9glages\r\npin=482915\r\n", true)[2:], "pin=482915\n"},
		{"UTF-16 without its mark, big endian", wideFile("pin=482915\r\n", false)[2:], "pin=482915\n"},
		{"an old Notepad's accents", []byte("# r\xe9glages\r\nname=Caf\xe9\r\n"), "name=Café\n"},
		{"blanks all around", []byte("  pin \t=  482915   \t\n"), "pin=482915\n"},
		{"blanks that do not break", []byte("\u00a0pin\u00a0=\u00a0482915\u202f\n"), "pin=482915\n"},
		{"marks that nobody sees", []byte("\u200epin\u200b=\u200f482915\u200e\n"), "pin=482915\n"},
		{"a PIN in groups", []byte("pin=4829 1507 - 3364\n"), "pin=482915073364\n"},
		{"a word processor's dash", []byte("pin=482–915\n"), "pin=482915\n"},
		{"Arabic digits", []byte("pin=٤٨٢٩١٥\n"), "pin=482915\n"},
		{"Persian digits", []byte("pin=۴۸۲۹۱۵\nversion=۱\n"), "pin=482915\nversion=1\n"},
		{"wide letters", []byte("ｐｉｎ＝４８２９１５\n"), "pin=482915\n"},
		{"straight quotes", []byte("pin=\"482915\"\n"), "pin=482915\n"},
		{"smart quotes", []byte("name=“Van 2”\npin=‘482915’\n"), "name=Van 2\npin=482915\n"},
		{"French quotes", []byte("name=« Le camion »\n"), "name=Le camion\n"},
		{"a password manager's quotes round a token", []byte("endpoint=https://logs.example.org\ntoken=\"s3cr3t+/==\"\n"), "endpoint=https://logs.example.org\ntoken=s3cr3t+/==\n"},
		{"large letters", []byte("PIN=482915\nBattery=LiFePO4\n"), "battery=lifepo4\npin=482915\n"},
		{"an equals sign in a value", []byte("endpoint=https://logs.example.org\ntoken=a=b\n"), "endpoint=https://logs.example.org\ntoken=a=b\n"},
		{"an apostrophe in a name", []byte("name=L’escargot d'Ali'\n"), "name=L’escargot d'Ali'\n"},
		{"a name in Arabic", []byte("name=الحافلة\n"), "name=الحافلة\n"},
		{"comments of every kind", []byte("# a\n; b\n// c\n＃ d\n\npin=482915\n"), "pin=482915\n"},
		{"nothing behind the sign", []byte("pin=\nname=Van\ntoken=  \n"), "name=Van\n"},
		{"a comma in a number", []byte("shunt=0,5 mOhm\ncapacity=100 Ah\n"), "capacity=100Ah\nshunt=500uOhm\n"},
		{"a shunt by what is printed on it", []byte("shunt=50mV/100A\n"), "shunt=500uOhm\n"},
		{"a shunt by what is printed on it, the other way round", []byte("shunt=500 A 75 mV\n"), "shunt=150uOhm\n"},
		{"comments behind values", []byte("pin=482915  # ours\nbattery=agm // old\ncapacity=100Ah ; of its label\n"), "battery=agm\ncapacity=100Ah\npin=482915\n"},
		{"a number sign in a name", []byte("name=Van #2\n"), "name=Van #2\n"},
		{"a word processor's line break", []byte("name=Van\vpin=482915\f"), "name=Van\npin=482915\n"},
		{"nothing between quotes", []byte("pin=\"\"\nname=“”\n"), ""},
		{"the sign of ohms", []byte("shunt=0.25 mΩ\n"), "shunt=250uOhm\n"},
		{"a calendar's address", []byte("timetable=webcal://example.org/bus.ics?key=1\n"), "timetable=webcal://example.org/bus.ics?key=1\n"},
		{"taken back", []byte("endpoint=none\ntimetable=None\n"), "endpoint=none\ntimetable=none\n"},
		{"the wiring", []byte("wiring=latch\r\n"), "wiring=latch\n"},
		{"the usual wiring, however it is written", []byte("wiring=standard\n"), "wiring=standard\n"},
	} {
		f := Parse("infobus.txt", c.data)
		if f.Mistakes != nil || f.Settings.sorted() != c.want {
			t.Errorf("%s: %q and %v, want %q", c.name, f.Settings.sorted(), f.Mistakes, c.want)
		}
	}
}

// What is said of each liberty that was taken.
func TestALibertyThatWasTakenIsSaid(t *testing.T) {
	f := Parse("infobus.txt", []byte("pin=٤٨٢٩١٥\nendpoint=https://logs.example.org\ntoken=“abc”\ncapacity=１００Ah\nbattery=agm # old\nname=\n"))
	var said []string
	for _, r := range f.Readings {
		said = append(said, words.In("en").Text(r.Text()))
	}
	want := []string{"infobus.txt, line 1, pin: the digits are read as 0 to 9.", "infobus.txt, line 3, token: read without its quotation marks.", "infobus.txt, line 4, capacity: read in plain letters.",
		"infobus.txt, line 5, battery: read without the comment behind it.", "infobus.txt, line 6, name: nothing stands behind the =, so this line changes nothing."}
	if !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}

// secret stands in the values of wrong files, and must be said nowhere.
const secret = "geheim7351"

// Wrong are files with mistakes, and what is said of each in English.
var wrong = []struct {
	name string
	file string // "": infobus.txt
	data string
	said string
}{
	{"a key that there is not", "", "pni=" + secret + "\n", "infobus.txt, line 1: there is no such key. Is pin meant?"},
	{"a French key", "", "\nmot de passe=" + secret + "\n", "infobus.txt, line 2: there is no such key. Is pin meant?"},
	{"a key like none of ours", "", "kangaroo=" + secret + "\n", "infobus.txt, line 1: there is no such key. All stand in example.txt."},
	{"a value on the wrong side", "", secret + "=pin\n", "infobus.txt, line 1: there is no such key. All stand in example.txt."},
	{"no equals sign", "", "pin: " + secret + "\n", "infobus.txt, line 1, pin: there is no = in it. A line is key=value, or begins with #."},
	{"a line of a value alone", "", secret + "\n", "infobus.txt, line 1: there is no = in it. A line is key=value, or begins with #."},
	{"a key twice", "", "pin=" + secret + "\n\npin=" + secret + "1\n", "infobus.txt, line 3, pin: it stands on line 1 already. Delete one."},
	{"a short PIN", "", "pin=7351\n", "infobus.txt, line 1, pin: 6 digits or letters at least, and 64 at most."},
	{"a PIN that everybody tries", "", "pin=123456\n", "infobus.txt, line 1, pin: too easy to guess. Take other digits."},
	{"a PIN with signs", "", "pin=" + secret + "!\n", "infobus.txt, line 1, pin: only digits, and letters from A to Z."},
	{"a PIN in digits of two scripts", "", "pin=735١٢٣\n", "infobus.txt, line 1, pin: digits of two scripts stand beside each other. Use one."},
	{"half a quotation", "", "endpoint=https://logs.example.org\ntoken=“" + secret + "\n", "infobus.txt, line 2, token: a quotation mark stands at one end only. Delete it."},
	{"a token in two", "", "endpoint=https://logs.example.org\ntoken=" + secret + " x\n", "infobus.txt, line 2, token: letters, digits and signs were expected, without blanks."},
	{"a token without its endpoint", "", "token=" + secret + "\n", "infobus.txt, line 1, token: the endpoint for which it is must stand in the file, too."},
	{"a token for everybody to read", "", "endpoint=http://logs.example.org\ntoken=" + secret + "\n", "infobus.txt, line 1, endpoint: with a token it must begin with https:, else everybody can read it."},
	{"no address", "", "endpoint=logs.example.org/" + secret + "\n", "infobus.txt, line 1, endpoint: an address was expected, such as https://example.org/path."},
	{"a timetable on a stick", "", "timetable=E:\\" + secret + "\n", "infobus.txt, line 1, timetable: an address was expected, such as https://example.org/path."},
	{"a long name", "", "name=" + strings.Repeat(secret, 5) + "\n", "infobus.txt, line 1, name: at most 40 letters."},
	{"a wiring that there is not", "", "wiring=" + secret + "\n", "infobus.txt, line 1, wiring: standard, wake or latch was expected."},
	{"a wiring that U-Boot does not read", "", "# x\nwiring = latch\n", "infobus.txt, line 2, wiring: the start reads it otherwise. Write exactly wiring=latch in infobus.txt, as plain text."},
	{"a wiring in UTF-16", "", string(wideFile("wiring=wake\n", true)), "infobus.txt, line 1, wiring: the start reads it otherwise. Write exactly wiring=wake in infobus.txt, as plain text."},
	{"a wiring in a file of another name", "infobus.txt.txt", "wiring=wake\n", "infobus.txt, line 1, wiring: the start reads it otherwise. Write exactly wiring=wake in infobus.txt, as plain text."},
	{"a Meraki key alone", "", "meraki-key=" + secret + "\nmeraki-network=N_1\n", "infobus.txt, line 1, meraki-key: meraki-organisation and meraki-network must stand in the file, too."},
	{"a Meraki key in two", "", "meraki-key=" + secret + " x\nmeraki-organisation=1\nmeraki-network=N_1\n", "infobus.txt, line 1, meraki-key: letters, digits and signs were expected, without blanks."},
	{"a Meraki key in the wrong line", "", "meraki-network=" + secret + "\n", "infobus.txt, line 1, meraki-network: 123456 was expected for the organisation, N_123456 for the network: see docs/meraki.md."},
	{"a wiring behind a backslash", "", "endpoint=https://logs.example.org\ntoken=" + secret + "\\\nwiring=wake\n", "infobus.txt, line 3, wiring: the start reads it otherwise. Write exactly wiring=wake in infobus.txt, as plain text."},
	{"a wiring with a comment behind it", "", "wiring=latch # " + secret + "\n", "infobus.txt, line 1, wiring: the start reads it otherwise. Write exactly wiring=latch in infobus.txt, as plain text."},
	{"a token that a mail has broken in two", "", "endpoint=https://logs.example.org\ntoken=" + strings.Repeat("A", 76) + "\n" + secret + "==\n", "infobus.txt, line 3, token: this is the end of line 2. Write the whole in one line."},
	{"an address that a mail has broken in two", "", "timetable=https://calendar.example.org/private/team\n/basic.ics?key=" + secret + "\n", "infobus.txt, line 2, timetable: this is the end of line 1. Write the whole in one line."},
	{"a wrong key below a long line", "", "timetable=https://calendar.example.org/private/team.ics\nkangaroo=" + secret + "\n", "infobus.txt, line 2: there is no such key. All stand"},
	{"two keys in a line", "", "name=Van 2 pin=" + secret + "\n", "infobus.txt, line 1, name: another key stands in the same line. Write each in a line of its own."},
	{"the example's PIN", "", "pin=8305 1942 6671\n", "infobus.txt, line 1, pin: this is the example's, which everybody knows. Write your own."},
	{"the number of an organisation without its name", "", "organisation=" + secret + "\n", "infobus.txt, line 1: there is no such key. Is meraki-organisation meant?"},
	{"an empty quotation with a mistake beside it", "", "pin=\"\"\nname=“”\nwiring=" + secret + "\n", "infobus.txt, line 3, wiring: standard, wake or latch was expected."},
	{"Word's own file", "", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + secret, "infobus.txt: a word processor has written it. Save it as plain text."},
	{"a page of the web", "", "<!DOCTYPE html><p>pin=" + secret + "</p>", "infobus.txt: a word processor has written it. Save it as plain text."},
	{"a battery that there is not", "", "battery=" + secret + "\n", "infobus.txt, line 1, battery: agm, gel, flooded, lifepo4 or none was expected."},
	{"a capacity in amperes", "", "capacity=7351A\n", "infobus.txt, line 1, capacity: 5Ah to 2000Ah was expected. It is printed on the battery."},
	{"a shunt of a hundred ohms", "", "shunt=100 Ohm\n", "infobus.txt, line 1, shunt: 0.5mOhm or 50mV/100A was expected, as printed on the shunt."},
	{"a newer file", "", "version=7\nfuture=" + secret + "\n", "infobus.txt, line 1, version: this file is for a newer box (version 7). This box reads version 1."},
	{"a version that is no number", "", "version=" + secret + "\n", "infobus.txt, line 1, version: a number was expected, such as version=1."},
	{"nothing", "", " \r\n\n", "infobus.txt: the file is empty. Copy example.txt over it, and fill it in."},
	{"zeros", "", strings.Repeat("\x00", 512), "infobus.txt: this is no text. Copy example.txt over it, and fill it in."},
	{"a program", "", "\x7fELF\x02\x01\x01" + secret, "infobus.txt: this is no text. Copy example.txt over it, and fill it in."},
	{"a word processor's file", "", `{\rtf1\ansi pin=` + secret + "}", "infobus.txt: a word processor has written it. Save it as plain text."},
	{"too much", "", strings.Repeat("# "+secret+"\n", 6000), "infobus.txt: the file is too large; it has a few lines only."},
}

func TestAMistakeIsSaidWithItsLineAndKeyAndNeverItsValue(t *testing.T) {
	for _, c := range wrong {
		name := c.file
		if name == "" {
			name = "infobus.txt"
		}
		m := Parse(name, []byte(c.data)).Mistakes
		if m == nil || !strings.HasPrefix(m.Error(), c.said) {
			t.Errorf("%s: said %q, want %q", c.name, m.Error(), c.said)
		}
		for _, one := range m {
			for _, tag := range []string{"en", "fr"} {
				if said := words.In(tag).Text(one.Text()); strings.Contains(said, secret) || strings.Contains(said, "7351") {
					t.Errorf("%s: the value is said: %s", c.name, said)
				}
			}
		}
	}
}

func TestEveryMistakeIsFoundOfSomeFile(t *testing.T) {
	found := map[Code]bool{Missing: true, Unreadable: true, TwoFiles: true, NotKept: true} // by who reads the file
	for _, c := range wrong {
		name := c.file
		if name == "" {
			name = "infobus.txt"
		}
		for _, m := range Parse(name, []byte(c.data)).Mistakes {
			found[m.Code] = true
		}
	}
	for _, code := range Codes {
		if !found[code] {
			t.Errorf("no file has the mistake %s", code)
		}
	}
}

func TestEveryMistakeOfAFileIsFoundInTheOrderOfItsLines(t *testing.T) {
	m := Parse("infobus.txt", []byte("pin=1\nname=Van\ncapacity=1\nwiring=up\n")).Mistakes
	var lines []int
	for _, one := range m {
		lines = append(lines, one.Line)
	}
	if !slices.Equal(lines, []int{1, 3, 4}) {
		t.Errorf("%v", m)
	}
}

func TestTheFileIsFoundUnderTheNamesThatProgramsGiveIt(t *testing.T) {
	for _, c := range []struct {
		names, want []string
	}{
		{[]string{"config.txt", "INFOBUS.TXT", "boot.scr"}, []string{"INFOBUS.TXT"}},
		{[]string{"infobus.txt.txt"}, []string{"infobus.txt.txt"}},
		{[]string{"Infobus.rtf", "infobus.txt"}, []string{"Infobus.rtf", "infobus.txt"}},
		{[]string{"infobus.docx"}, []string{"infobus.docx"}},
		{[]string{"infobus", "infobus.dat"}, []string{"infobus"}},
		{[]string{"infobus.txt", "infobus (1).txt"}, []string{"infobus (1).txt", "infobus.txt"}},
		{[]string{"infobus.txt", "infobus - Copie.txt"}, []string{"infobus - Copie.txt", "infobus.txt"}},
		{[]string{"infobus.txt", "infobus-first-evening.txt", "Infobus-First-Evening.txt.txt"}, []string{"infobus.txt"}},
		{[]string{"infobus-first-board.txt", "infobus.txt"}, []string{"infobus.txt"}},
		{[]string{"infobus.txt", "._infobus.txt", "~$infobus.txt", ".~lock.infobus.txt#", ".Trashes", "FOUND.000", "infobus.txt.sb-1a2b3c4d-Qw3rTy"}, []string{"infobus.txt"}},
		{[]string{"._infobus.txt", "infobus.txt~", "infobus.yaml", "infobus.txt.bak"}, nil},
	} {
		if got := Pick(c.names); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.names, got)
		}
	}
}

func TestTheSettingsHoldOverTheConfiguration(t *testing.T) {
	f := Parse("infobus.txt", []byte(whole+"timetable=webcal://example.org/t.ics\nbattery=lifepo4\ncapacity=200Ah\nshunt=1.5mOhm\n"))
	c := f.Settings.Overlay(config.Default())
	if c.Name != "Van 2" || c.Sync != (config.Sync{Endpoint: "https://logs.example.org", Token: "abc123"}) || len(c.Timetable) != 1 || c.Timetable[0].Source != "https://example.org/t.ics" ||
		c.Battery.Chemistry != "lifepo4" || c.Battery.Capacity != 200 || c.Battery.Shunt.String() != "1.500mΩ" || c.Battery.Range.String() != "54.613A" {
		t.Errorf("%v: %+v", f.Mistakes, c)
	}
	of := config.Default()
	of.Sync = config.Sync{Endpoint: "https://another.example.org", Token: "of another", PostQuantum: true, Recent: 144 * time.Hour}
	if d := (Settings{KeyEndpoint: "https://logs.example.org"}).Overlay(of).Sync; d != (config.Sync{Endpoint: "https://logs.example.org", PostQuantum: true, Recent: 144 * time.Hour}) {
		t.Errorf("another receiver: %+v", d)
	}
	if d := (Settings{}).Overlay(config.Default()); fmt.Sprint(d) != fmt.Sprint(config.Default()) {
		t.Error("no settings change something")
	}
	f = Parse("infobus.txt", []byte("meraki-key=k3y\nmeraki-organisation=12\nmeraki-network=N_34\n"))
	of = config.Default()
	of.Uplink.Dashboard = &config.Dashboard{Organisation: "1", Network: "N_1", KeyFile: "/old", Gateway: "Q2XX-XXXX-XXXX"}
	was := *of.Uplink.Dashboard
	if d := f.Settings.Overlay(of).Uplink.Dashboard; *d != (config.Dashboard{Organisation: "12", Network: "N_34", Key: "k3y", Gateway: was.Gateway}) || *of.Uplink.Dashboard != was {
		t.Errorf("%v: %+v of %+v", f.Mistakes, d, *of.Uplink.Dashboard)
	}
	f.Settings[KeyMeraki] = None
	if d := f.Settings.Overlay(of).Uplink.Dashboard; *d != was {
		t.Errorf("a key that was taken back: %+v", d)
	}
	if d := (Settings{KeyEndpoint: None, KeyTimetable: None}).Overlay(config.Default()); d.Sync.Endpoint != "" || d.Timetable[0].Source != "/etc/infobus/timetable.yaml" {
		t.Errorf("%+v", d)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range wrong {
		f.Add("infobus.txt", []byte(c.data))
	}
	f.Add("infobus.txt", []byte(whole))
	f.Add("infobus.txt.txt", wideFile(whole, true))
	f.Add("infobus.txt", wideFile(whole, true)[2:])
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		read := Parse(name, data)
		if len(read.Mistakes) > mostMistakes {
			t.Fatalf("%d mistakes", len(read.Mistakes))
		}
		for _, m := range read.Mistakes {
			if m.Key != "" && !slices.Contains(Keys, m.Key) || m.Near != "" && !slices.Contains(Keys, m.Near) || !slices.Contains(Codes, m.Code) {
				t.Fatalf("%+v has what stands in the file", m)
			}
		}
		if read.Mistakes == nil {
			if w := read.Settings[KeyWiring]; w != "" && uboot(name, data) != w {
				t.Fatalf("the wiring is %q, and U-Boot reads %q", w, uboot(name, data))
			}
			// What was read is read again as the same.
			again := Parse("infobus.txt", []byte(read.Settings.sorted()))
			if name := read.Settings[KeyName]; len(read.Settings) > 0 && name == "" && again.Settings.sorted() != read.Settings.sorted() {
				t.Fatalf("%q is read again as %q, %v", read.Settings.sorted(), again.Settings.sorted(), again.Mistakes)
			}
		}
	})
}

// The shipped file is right as it is, and still once each of its lines is in use, but
// for what everybody must replace: a PIN that the whole world can read is none.
func TestTheShippedFileIsRight(t *testing.T) {
	data, err := os.ReadFile("../../images/card/infobus.txt")
	if err != nil {
		t.Fatal(err)
	}
	f := Parse("infobus.txt", data)
	if f.Mistakes != nil || f.Readings != nil || f.Settings.sorted() != "version=1\nwiring=standard\n" {
		t.Errorf("%v, %v, %q", f.Mistakes, f.Readings, f.Settings.sorted())
	}
	used := string(data)
	for _, key := range Keys {
		line := "\n#" + string(key) + "="
		if key == KeyVersion || key == KeyWiring {
			line = "\n" + string(key) + "="
		}
		if n := strings.Count(used, line); n != 1 {
			t.Errorf("%d lines have %s", n, key)
		}
		used = strings.Replace(used, line, "\n"+string(key)+"=", 1)
	}
	replaced := []Key{KeyPIN, KeyTimetable, KeyEndpoint, KeyToken, KeyMeraki}
	var said []Key
	for _, m := range Parse("infobus.txt", []byte(used)).Mistakes {
		if said = append(said, m.Key); m.Code != Example {
			t.Errorf("with every line in use: %v", Mistakes{m})
		}
	}
	if !slices.Equal(said, replaced) {
		t.Errorf("the example's own values are seen in %v, want %v", said, replaced)
	}
	used = strings.NewReplacer("8305 1942", "9305 1942", "timetable.ics", "t.ics", ":4318", ":4319", "the-token", "a-token", "the-key", "a-key").Replace(used)
	all := Parse("infobus.txt", []byte(used))
	if all.Mistakes != nil || all.Readings != nil || len(all.Settings) != len(Keys) {
		t.Errorf("with every line in use: %v, %v, %q", all.Mistakes, all.Readings, all.Settings.sorted())
	}
	if strings.Contains(used, "\r") && strings.Contains(strings.ReplaceAll(used, "\r\n", ""), "\n") {
		t.Error("ends of lines of two kinds")
	}
	if len(data) > 8<<10 {
		t.Errorf("%d bytes", len(data))
	}
	for line := range strings.Lines(used) {
		if strings.Contains(line, " =") || strings.Contains(line, "= ") && !strings.HasPrefix(line, "#") {
			t.Errorf("a blank beside the sign: %q", line)
		}
	}
}

// What asks for the first evening is called the same where the card starts it.
func TestTheCardStartsTheFirstEveningByTheFilesName(t *testing.T) {
	if copied, err := os.ReadFile("../../images/card/early/settings.go"); err != nil || !strings.Contains(string(copied), `= "`+FirstEvening+`"`) {
		t.Errorf("the initramfs does not copy a file of that name: %v", err)
	}
	unit, err := os.ReadFile("../../images/card/root/systemd/system/infobus-first-evening.service")
	if err != nil {
		t.Fatal(err)
	}
	if want := "\nConditionPathExistsGlob=/run/infobus-card/" + FirstEvening + "*\n"; !strings.Contains(string(unit), want) {
		t.Errorf("it has no %q", want)
	}
}

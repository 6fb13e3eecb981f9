// Package settings reads infobus.txt, the settings file on the card's FAT, which is
// written by people on whatever computer is at hand: lines of key=value, and # before a
// comment. What can be meant in one way only is taken, whatever program wrote it; all
// else is a mistake with its line and key.
//
// In: the file's name and bytes. Out: Settings, or every Mistake. A mistake, and what is
// said of one, never has anything that stands in the file: not a value, which may be a
// PIN, nor a key that is none of ours, which may be a value on the wrong side of "=".
// The package is pure.
package settings

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"infobus/words"
)

const (
	// Name is what the file should be called.
	Name = "infobus.txt"
	// FirstEvening begins the name of a file beside it that asks for the first evening's
	// tests. What stands in it is not read.
	FirstEvening = ofFirst + "evening"
	ofFirst      = "infobus-first-" // so is the report of them called, too
	// Version is the newest version of the file that is understood, and what a file
	// without version= has.
	Version = 1
	// MaxSize bounds the file, in bytes: the shipped one is below 8 kB.
	MaxSize = 64 << 10
	// mostMistakes bounds what is said of a file.
	mostMistakes = 20
)

// Key is what stands before the "=".
type Key string

// The keys.
const (
	KeyVersion   Key = "version"
	KeyName      Key = "name"      // the van's
	KeyWiring    Key = "wiring"    // standard, wake or latch; read by U-Boot, too
	KeyPIN       Key = "pin"       // that pairs the first phone
	KeyEndpoint  Key = "endpoint"  // of the helpers' receiver
	KeyToken     Key = "token"     // to it
	KeyTimetable Key = "timetable" // its address

	// Of the Meraki cloud: a key that may read, and what it is asked about.
	KeyMeraki       Key = "meraki-key"
	KeyOrganisation Key = "meraki-organisation"
	KeyNetwork      Key = "meraki-network"

	KeyBattery  Key = "battery"  // its chemistry, or none for no monitor
	KeyCapacity Key = "capacity" // of the battery
	KeyShunt    Key = "shunt"    // of the battery's monitor
)

// Keys are all of them, in the order of the shipped file.
var Keys = []Key{KeyVersion, KeyName, KeyPIN, KeyTimetable, KeyEndpoint, KeyToken, KeyMeraki, KeyOrganisation, KeyNetwork, KeyWiring, KeyBattery, KeyCapacity, KeyShunt}

// Settings are what a file says: of each key that stands there with something behind
// it the value, put into plain form. A key that is not there changes nothing; none as
// the value of name, timetable, endpoint, token and meraki-key takes back what was set.
type Settings map[Key]string

// None is the value that takes back what was set.
const None = "none"

// Mistake is what is wrong with a line.
type Mistake struct {
	Line int    // from 1; 0: of the whole file
	Key  Key    // "" where it is none of ours
	Code Code   // says what
	Near Key    // of Unknown: the key that may have been meant; "" for none
	Of   int    // of Twice: the line on which the key stood before; of Newer the version; of Wrapped the line that it belongs to
	Word string // of WiringExact: the wiring that is to be written, one of ours
}

// Code is a kind of mistake; settings.mistake.CODE in words is its sentence.
type Code string

// The mistakes.
const (
	TooLarge     Code = "too-large"
	Binary       Code = "binary"
	RichText     Code = "rich-text" // a word processor's file
	Empty        Code = "empty"     // no line at all
	Missing      Code = "missing"   // there is none on the box's own card
	Unreadable   Code = "unreadable"
	TwoFiles     Code = "two-files" // such as infobus.txt and infobus.txt.txt
	Newer        Code = "newer"     // a file of a version that is not known here
	BadVersion   Code = "bad-version"
	NoEquals     Code = "no-equals"
	Unknown      Code = "unknown"
	Wrapped      Code = "wrapped"  // the end of a long value, broken off its line
	TwoKeys      Code = "two-keys" // in one line
	Example      Code = "example"  // a value of the shipped file, which everybody knows
	Twice        Code = "twice"
	Quote        Code = "quote" // at one end only
	MixedDigits  Code = "mixed-digits"
	PINShort     Code = "pin-short"
	PINLetters   Code = "pin-letters"
	PINEasy      Code = "pin-easy"
	NameLong     Code = "name-long"
	Address      Code = "address"
	TokenBlank   Code = "token-blank"
	TokenHTTP    Code = "token-http" // a token over http can be read by anybody
	TokenAlone   Code = "token-alone"
	MerakiNumber Code = "meraki-number"
	MerakiAlone  Code = "meraki-alone"
	WiringWord   Code = "wiring-word"
	WiringExact  Code = "wiring-exact" // U-Boot reads another one
	BatteryWord  Code = "battery-word"
	CapacityForm Code = "capacity"
	ShuntForm    Code = "shunt"
	NotKept      Code = "not-kept" // the card takes nothing
)

// Codes are all mistakes.
var Codes = []Code{TooLarge, Binary, RichText, Empty, Missing, Unreadable, TwoFiles, Newer, BadVersion, NoEquals, Unknown, Wrapped, TwoKeys, Example, Twice, Quote, MixedDigits,
	PINShort, PINLetters, PINEasy, NameLong, Address, TokenBlank, TokenHTTP, TokenAlone, MerakiNumber, MerakiAlone, WiringWord, WiringExact, BatteryWord, CapacityForm, ShuntForm, NotKept}

// Text is the mistake in words, with its line and key.
func (m Mistake) Text() words.Text { return m.text(false) }

// text is Text; of a refused file it says what holds instead.
func (m Mistake) text(refused bool) words.Text {
	what := words.T("settings.mistake." + string(m.Code))
	switch {
	case m.Code == Unknown && m.Near != "":
		what = words.T("settings.mistake.unknown-near", "Near", string(m.Near))
	case m.Code == WiringExact:
		what = words.T("settings.mistake.wiring-exact", "Word", m.Word)
	case m.Code == Twice || m.Code == Newer || m.Code == Wrapped:
		what = words.T("settings.mistake."+string(m.Code), "Of", m.Of)
	}
	if refused {
		what = words.T("settings.refused", "What", what)
	}
	switch {
	case m.Line == 0 && m.Key != "":
		return words.T("settings.of", "Key", string(m.Key), "What", what)
	case m.Line == 0:
		return words.T("settings.file", "What", what)
	case m.Key == "":
		return words.T("settings.line", "Line", m.Line, "What", what)
	}
	return words.T("settings.key", "Line", m.Line, "Key", string(m.Key), "What", what)
}

// Mistakes are those of a file, in the order of its lines.
type Mistakes []Mistake

// Notes are them in words for glass and page. The first, which the glass shows by itself,
// says that the last good settings go on.
func (m Mistakes) Notes() (notes []words.Text) {
	for i, one := range m {
		taken := one.Code == NotKept || one.Code == Missing // that one says so itself
		notes = append(notes, one.text(i == 0 && !taken))
	}
	return notes
}

// Error has every mistake in English, a line each.
func (m Mistakes) Error() string {
	var lines []string
	for _, one := range m {
		lines = append(lines, words.In().Text(one.Text()))
	}
	return strings.Join(lines, "\n")
}

// Reading is a liberty that was taken with a line, for whoever checks the file.
type Reading struct {
	Line int
	Key  Key
	Code string // digits, quotes, wide, comment or nothing; settings.reading.CODE in words
}

// Text is the reading in words.
func (r Reading) Text() words.Text {
	return words.T("settings.key", "Line", r.Line, "Key", string(r.Key), "What", words.T("settings.reading."+r.Code))
}

// File is a settings file that was read.
type File struct {
	Settings Settings
	Mistakes Mistakes // where there are any, Settings are not to be used
	Readings []Reading
}

// Pick chooses the settings file among the names in a folder: the right one, in any
// letters, or what programs make of it: another ending of a text behind it or none, a
// copy's "(1)" or "- Copy" in it. found has all of them, so that more than one is a
// mistake.
func Pick(names []string) (found []string) {
	for _, n := range names {
		if written.MatchString(n) && !strings.HasPrefix(strings.ToLower(n), ofFirst) {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return found
}

// written are the names of the settings file. What an editor keeps (infobus.txt~,
// infobus.txt.bak) is none of them.
var written = regexp.MustCompile(`(?i)^infobus([ _(-][^.]*)?(\.txt)?(\.(txt|text|rtf|doc|docx|odt|pages|html?|pdf))?$`)

// Parse reads a file; name is what it is called.
func Parse(name string, data []byte) File {
	f := File{Settings: Settings{}}
	text, code := decode(data)
	if code != "" {
		f.Mistakes = Mistakes{{Code: code}}
		return f
	}
	p := &parser{File: &f, lines: map[Key]int{}}
	any := false
	for i, line := range split(text) {
		line = strings.TrimFunc(line, blank)
		any = any || line != ""
		p.line(i+1, line)
	}
	if !any {
		f.Mistakes = Mistakes{{Code: Empty}}
		return f
	}
	if i := slices.IndexFunc(f.Mistakes, func(m Mistake) bool { return m.Code == Newer }); i >= 0 {
		f.Mistakes = Mistakes{f.Mistakes[i]} // of its other lines nothing can be said
		return f
	}
	p.together()
	if booted := uboot(name, data); booted != cmp.Or(f.Settings[KeyWiring], "standard") && !f.Mistakes.of(KeyWiring) {
		f.Mistakes = append(f.Mistakes, Mistake{Line: p.lines[KeyWiring], Key: KeyWiring, Code: WiringExact, Word: cmp.Or(f.Settings[KeyWiring], "standard")})
	}
	slices.SortStableFunc(f.Mistakes, func(a, b Mistake) int { return a.Line - b.Line })
	f.Mistakes = f.Mistakes[:min(len(f.Mistakes), mostMistakes)]
	return f
}

func (m Mistakes) of(k Key) bool {
	return slices.ContainsFunc(m, func(m Mistake) bool { return m.Key == k })
}

// decode gives the file's text. A file without a mark that is no UTF-8 is taken for
// Windows' western letters, which some editors still write.
func decode(data []byte) (text string, wrong Code) {
	rest, utf8mark := bytes.CutPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > MaxSize:
		return "", TooLarge
	case utf8mark:
		text = string(rest)
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		text = wide(data[2:], 0)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		text = wide(data[2:], 1)
	case len(data) >= 2 && data[0] != 0 && data[1] == 0: // UTF-16 without its mark
		text = wide(data, 0)
	case len(data) >= 2 && data[0] == 0 && data[1] != 0:
		text = wide(data, 1)
	case utf8.Valid(data):
		text = string(data)
	default:
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return "", Binary
		}
		text = string(decoded)
	}
	switch {
	case slices.ContainsFunc(richText, func(mark string) bool { return bytes.HasPrefix(data, []byte(mark)) }):
		return "", RichText
	case strings.ContainsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.IsControl(r) && !strings.ContainsRune("\t\n\v\f\r\u0085\x1a", r)
	}):
		return "", Binary
	}
	return text, ""
}

// richText is what files of word processors begin with.
var richText = []string{`{\rtf`, "PK\x03\x04" /* .docx, .odt */, "\xd0\xcf\x11\xe0" /* .doc */, "%PDF", "<!DOCTYPE", "<html"}

// wide reads UTF-16; low is where in a pair its high byte is not.
func wide(data []byte, low int) string {
	var units []uint16
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+low])|uint16(data[i+1-low])<<8)
	}
	return string(utf16.Decode(units))
}

// split gives the lines, whatever ends them.
func split(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\v", "\n", "\f", "\n").Replace(text), "\n")
}

// blank says whether a rune is seen by nobody: blanks of every kind, marks of direction.
func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == 0 || r == 0x1a
}

type parser struct {
	*File
	lines map[Key]int // where each stands
	long  Mistake     // of the last line, where it may go on in the next
}

func (p *parser) mistake(line int, key Key, code Code) {
	p.Mistakes = append(p.Mistakes, Mistake{Line: line, Key: key, Code: code})
}

func (p *parser) read(line int, key Key, code string) {
	p.Readings = append(p.Readings, Reading{Line: line, Key: key, Code: code})
}

// line reads one, which has no blanks at its ends.
func (p *parser) line(n int, line string) {
	if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "＃") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "//") {
		return
	}
	long := p.long
	p.long = Mistake{}
	at := strings.IndexAny(line, "=＝﹦")
	if long.Line == n-1 && long.Line > 0 && goesOn(line) {
		p.Mistakes = append(p.Mistakes, Mistake{Line: n, Key: long.Key, Code: Wrapped, Of: long.Of})
		p.long = Mistake{Line: n, Key: long.Key, Of: long.Of}
		return
	}
	if at < 0 {
		word, _, _ := strings.Cut(norm.NFKC.String(line), " ")
		key, _ := keyOf(strings.TrimRight(word, ":"))
		p.mistake(n, key, NoEquals)
		return
	}
	_, size := utf8.DecodeRuneInString(line[at:])
	key, near := keyOf(line[:at])
	if key == "" {
		p.Mistakes = append(p.Mistakes, Mistake{Line: n, Code: Unknown, Near: near})
		return
	}
	if before := p.lines[key]; before != 0 {
		p.Mistakes = append(p.Mistakes, Mistake{Line: n, Key: key, Code: Twice, Of: before})
		return
	}
	value := strings.TrimFunc(line[at+size:], blank)
	value, quoted, code := unquote(value)
	if value == "" {
		p.read(n, key, "nothing") // as if the line were not there
		return
	}
	p.lines[key] = n
	if utf8.RuneCountInString(value) >= 40 {
		p.long = Mistake{Line: n, Key: key, Of: n}
	}
	if quoted {
		p.read(n, key, "quotes")
	} else if bare := comment.ReplaceAllString(value, ""); bare != value && key != KeyName && bare != "" {
		value = bare
		p.read(n, key, "comment")
	}
	if code == "" {
		code = p.value(n, key, value)
	}
	if code != "" {
		p.mistake(n, key, code)
	}
}

// comment is one that stands behind a value: no value but a name has blanks before a "#".
var comment = regexp.MustCompile(`[\s\p{Zs}]+(#|//|;).*$`)

// goesOn says whether a line looks like the end of a long value: one word, and no key.
func goesOn(line string) bool {
	if word, _, _ := strings.Cut(strings.TrimRight(line, "="), "="); word != strings.TrimRight(line, "=") && !strings.ContainsAny(line, "&?/%") {
		return false
	} else if key, near := keyOf(word); word != line && (key != "" || near != "") {
		return false
	}
	return !strings.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' })
}

// keyOf is the key that is written so, or the one nearest to it.
func keyOf(s string) (key, near Key) {
	s = strings.ToLower(strings.TrimFunc(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || strings.ContainsRune(quotes, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s)), blank))
	if k := Key(s); slices.Contains(Keys, k) {
		return k, ""
	}
	if k, ok := meant[s]; ok {
		return "", k
	}
	for _, k := range []Key{KeyOrganisation, KeyNetwork} {
		if _, short, _ := strings.Cut(string(k), "-"); s == short {
			return "", k
		}
	}
	best := 3
	for _, k := range Keys {
		if letters(s) == letters(string(k)) {
			return "", k
		}
		if d := distance(s, string(k)); d < best && d < len(k) && d <= 1+len(k)/4 {
			best, near = d, k
		}
	}
	return "", near
}

// meant are other words for our keys.
var meant = map[string]Key{
	"nom": KeyName, "van": KeyName, "camion": KeyName, "vehicle": KeyName, "code": KeyPIN, "pin code": KeyPIN, "code pin": KeyPIN, "password": KeyPIN, "mot de passe": KeyPIN,
	"url": KeyEndpoint, "server": KeyEndpoint, "address": KeyEndpoint, "adresse": KeyEndpoint, "serveur": KeyEndpoint, "logs": KeyEndpoint, "key": KeyToken, "jeton": KeyToken, "cle": KeyToken, "clé": KeyToken,
	"calendar": KeyTimetable, "schedule": KeyTimetable, "agenda": KeyTimetable, "planning": KeyTimetable, "emploi du temps": KeyTimetable,
	"organization": KeyOrganisation, "réseau": KeyNetwork, "reseau": KeyNetwork, "cle-meraki": KeyMeraki, "clé-meraki": KeyMeraki, "api key": KeyMeraki, "api-key": KeyMeraki,
	"calendrier": KeyTimetable, "horaires": KeyTimetable, "batterie": KeyBattery, "chemistry": KeyBattery,
	"capacite": KeyCapacity, "capacité": KeyCapacity, "cablage": KeyWiring, "câblage": KeyWiring, "board": KeyWiring, "carte": KeyWiring,
}

// letters are those of s in their alphabet's order: two that were swapped are no other.
func letters(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := min(row[j+1]+1, row[j]+1, diagonal)
			if a[i] != b[j] {
				next = min(row[j+1], row[j], diagonal) + 1
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

const quotes = "\"'`´“”„‟«»‘’‚‛‹›＂＇"

// unquote takes the quotes off that stand at both ends.
func unquote(s string) (value string, quoted bool, wrong Code) {
	first, n := utf8.DecodeRuneInString(s)
	last, m := utf8.DecodeLastRuneInString(s)
	opens, closes := strings.ContainsRune(quotes, first), strings.ContainsRune(quotes, last)
	switch {
	case opens && closes && len(s) >= n+m:
		return strings.TrimFunc(s[n:len(s)-m], blank), true, ""
	case opens || closes && !strings.ContainsRune("'’", last):
		return s, false, Quote
	}
	return s, false, ""
}

// plain is a value that has no words: without what nobody sees, in ASCII's letters and
// digits where they are others of the same meaning. scripts is how many scripts its
// digits are of, but for ASCII's alone: then 0.
func (p *parser) plain(n int, key Key, s string) (plain string, scripts int) {
	folded := norm.NFKC.String(s)
	zeros := map[rune]bool{}
	plain = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		if zero, is := zeroOf(r); is {
			zeros[zero] = true
			return '0' + r - zero
		}
		return r
	}, folded)
	if scripts = len(zeros); scripts == 1 && zeros['0'] {
		scripts = 0
	}
	switch {
	case scripts > 0:
		p.read(n, key, "digits")
	case folded != s:
		p.read(n, key, "wide")
	}
	return strings.TrimFunc(plain, blank), scripts
}

// zeroOf is the zero of a digit's script.
func zeroOf(r rune) (zero rune, is bool) {
	for _, t := range unicode.Nd.R16 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return r - (r-lo)%10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return r - (r-lo)%10, true
		}
	}
	return 0, false
}

// number is a plain value that begins with a number, the unit behind it: in small
// letters, without blanks, a comma as a point.
func number(s string) (value float64, unit string, ok bool) {
	s = strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer(",", ".", "٫", ".", "ω", "ohm", "Ω", "ohm").Replace(s)), ""))
	end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(s)
	}
	value, err := strconv.ParseFloat(s[:end], 64)
	return value, s[end:], err == nil
}

// set takes a value that is right.
func (p *parser) set(key Key, value string) Code {
	p.Settings[key] = value
	return ""
}

func (k Key) String() string { return string(k) }

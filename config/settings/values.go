package settings

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"infobus/pairing"
)

const (
	longestName  = 40 // letters
	longestPIN   = 64
	longestToken = 4096
	longestURL   = 2048
)

// value takes what stands behind a key; the code is what is wrong with it.
func (p *parser) value(n int, key Key, s string) Code {
	if key == KeyName {
		switch {
		case another.MatchString(s):
			return TwoKeys
		case utf8.RuneCountInString(s) > longestName:
			return NameLong
		}
		return p.set(key, s)
	}
	plain, scripts := p.plain(n, key, s)
	switch {
	case scripts > 0 && (key == KeyToken || key == KeyMeraki): // it is no number
		return TokenBlank
	case scripts > 0 && (key == KeyEndpoint || key == KeyTimetable):
		return Address
	case scripts > 1:
		return MixedDigits
	}
	if example[key] != "" && strings.ReplaceAll(plain, " ", "") == example[key] {
		return Example
	}
	switch key {
	case KeyVersion:
		v, err := strconv.ParseUint(plain, 10, 31)
		switch {
		case err != nil || v == 0:
			return BadVersion
		case v > Version:
			p.Mistakes = append(p.Mistakes, Mistake{Line: n, Key: key, Code: Newer, Of: int(v)})
			return ""
		}
		return p.set(key, strconv.FormatUint(v, 10))
	case KeyPIN:
		return p.pin(plain)
	case KeyEndpoint, KeyTimetable:
		if strings.EqualFold(plain, None) {
			return p.set(key, None)
		}
		if !isAddress(plain, key == KeyTimetable) {
			return Address
		}
		return p.set(key, plain)
	case KeyToken, KeyMeraki:
		if strings.EqualFold(plain, None) {
			return p.set(key, None)
		}
		if len(plain) > longestToken || strings.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return TokenBlank
		}
		return p.set(key, plain)
	case KeyOrganisation, KeyNetwork:
		if !merakiNumber[key].MatchString(plain) {
			return MerakiNumber
		}
		return p.set(key, plain)
	case KeyWiring:
		switch w := strings.ToLower(plain); w {
		case "standard", "wake", "latch":
			return p.set(key, w)
		}
		return WiringWord
	case KeyBattery:
		switch w := strings.ToLower(plain); w {
		case "agm", "gel", "flooded", "lifepo4", None:
			return p.set(key, w)
		}
		return BatteryWord
	case KeyCapacity:
		if v, unit, ok := number(plain); ok && (unit == "ah" || unit == "") && v >= 5 && v <= 2000 {
			return p.set(key, strconv.FormatFloat(v, 'g', -1, 64)+"Ah")
		}
		return CapacityForm
	case KeyShunt:
		v, unit, ok := number(plain)
		if micro, is := atCurrent(plain); is {
			v, unit = micro, "uohm"
		}
		factor := map[string]float64{"ohm": 1e6, "mohm": 1e3, "uohm": 1, "µohm": 1, "μohm": 1}[unit]
		if v *= factor; !ok || v < 10 || v > 100_000 {
			return ShuntForm
		}
		return p.set(key, strconv.FormatFloat(v, 'f', 0, 64)+"uOhm")
	}
	return Unknown
}

// example are the values of the shipped file that are nobody's: a PIN that everybody
// knows, a token that no helper gave.
var example = map[Key]string{
	KeyPIN: "830519426671", KeyToken: "write-the-token-here", KeyMeraki: "write-the-key-here",
	KeyEndpoint: "https://logs.example.org:4318", KeyTimetable: "https://example.org/timetable.ics",
}

// another is one of our keys behind the value, in the same line.
var another = func() *regexp.Regexp {
	var names []string
	for _, k := range Keys {
		names = append(names, regexp.QuoteMeta(string(k)))
	}
	return regexp.MustCompile(`(?i)[\s,;](` + strings.Join(names, "|") + `)\s*[=＝﹦]`)
}()

// atCurrent is a shunt as most are marked, by the voltage over it at its current: 75mV/100A
// or 100 A 75 mV. micro is its resistance in microohms.
func atCurrent(s string) (micro float64, is bool) {
	parts := currentMark.FindStringSubmatch(strings.ReplaceAll(strings.ToLower(s), ",", "."))
	if parts == nil {
		return 0, false
	}
	volts, amps := cmp.Or(parts[1], parts[4]), cmp.Or(parts[2], parts[3])
	milli, err1 := strconv.ParseFloat(volts, 64)
	amperes, err2 := strconv.ParseFloat(amps, 64)
	if err1 != nil || err2 != nil || amperes == 0 {
		return 0, false
	}
	return milli * 1000 / amperes, true
}

var currentMark = regexp.MustCompile(`^(?:([0-9.]+)\s*mv[\s/]*([0-9.]+)\s*a|([0-9.]+)\s*a[\s/]*([0-9.]+)\s*mv)$`)

// pin takes a PIN, with or without blanks and dashes in it.
func (p *parser) pin(s string) Code {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, s)
	same, up, down := true, true, true
	for i, r := range s {
		if r > '~' || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return PINLetters
		}
		if i > 0 {
			step := int(s[i]) - int(s[i-1])
			same, up, down = same && step == 0, up && step == 1, down && step == -1
		}
	}
	switch {
	case len(s) < pairing.Digits || len(s) > longestPIN:
		return PINShort
	case same || up || down:
		return PINEasy
	}
	return p.set(KeyPIN, s)
}

// merakiNumber is how the dashboard's interface numbers what it has.
var merakiNumber = map[Key]*regexp.Regexp{
	KeyOrganisation: regexp.MustCompile(`^[0-9]{1,20}$`),
	KeyNetwork:      regexp.MustCompile(`^[LN]_[0-9]{1,20}$`),
}

var host = regexp.MustCompile(`^[A-Za-z0-9.:\[\]%-]+$`)

func isAddress(s string, calendar bool) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > longestURL || strings.ContainsFunc(s, unicode.IsSpace) || !host.MatchString(u.Host) || u.Hostname() == "" {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return u.Scheme == "https" || u.Scheme == "http" || calendar && u.Scheme == "webcal"
}

// together checks what several keys say together. A token is for the endpoint beside it: an
// endpoint that changes takes the token with it.
func (p *parser) together() {
	token, endpoint := p.Settings[KeyToken], p.Settings[KeyEndpoint]
	switch {
	case token == "" || token == None:
	case endpoint == "" && !p.Mistakes.of(KeyEndpoint):
		p.mistake(p.lines[KeyToken], KeyToken, TokenAlone)
	case strings.HasPrefix(strings.ToLower(endpoint), "http:"):
		p.mistake(p.lines[KeyEndpoint], KeyEndpoint, TokenHTTP)
	}
	key := p.Settings[KeyMeraki]
	missing := func(k Key) bool { return p.Settings[k] == "" && !p.Mistakes.of(k) }
	if key != "" && key != None && (missing(KeyOrganisation) || missing(KeyNetwork)) {
		p.mistake(p.lines[KeyMeraki], KeyMeraki, MerakiAlone)
	}
}

// uboot is the wiring that U-Boot reads with env import -t -r, as its himport_r does: it
// knows neither marks of encoding nor quotes, and no file of another name.
func uboot(name string, data []byte) string {
	wiring := "standard"
	if !strings.EqualFold(name, Name) {
		return wiring
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	for len(text) > 0 {
		text = strings.TrimLeft(text, " \t")
		if strings.HasPrefix(text, "#") {
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		end := strings.IndexAny(text, "=\n\x00")
		if end < 0 || text[end] == 0 {
			break
		}
		key := text[:end]
		value := ""
		if text[end] == '\n' {
			text = text[end+1:]
			continue
		}
		text = text[end+1:]
		var b strings.Builder
		for len(text) > 0 && text[0] != '\n' && text[0] != 0 {
			if text[0] == '\\' && len(text) > 1 {
				text = text[1:]
			}
			b.WriteByte(text[0])
			text = text[1:]
		}
		value = b.String()
		if len(text) > 0 {
			text = text[1:]
		}
		if key == string(KeyWiring) {
			wiring = value
		}
	}
	if wiring == "" {
		return "standard"
	}
	return wiring
}

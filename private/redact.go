package private

import (
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Redact masks in a text that must be shown (why a device failed) whatever may
// lead to a person: hardware and IP addresses in any spelling, e-mail addresses
// and log-ins, names that phones give themselves, positions, serial numbers of
// gateways, and runs of digits that may be a telephone's or a SIM card's. Dates,
// times, durations, version numbers, UUIDs and plain numbers of nine digits at
// most stay.
//
// It errs on the side of masking. It cannot know names: text that may hold one
// is an Outside.
func Redact(text string) string {
	if FiltersOff() {
		return text
	}
	text = logins().ReplaceAllString(text, "://‹user›@")
	text = addresses().ReplaceAllStringFunc(text, func(m string) string {
		path, _, found := strings.Cut(m, "?")
		if path = keys().ReplaceAllString(path, "/‹secret›"); found {
			path += "?‹secret›"
		}
		return path
	})
	text = secrets().ReplaceAllString(text, "${1}‹secret›")
	text = mails().ReplaceAllStringFunc(text, func(m string) string {
		if units().MatchString(m) && !hosts().MatchString(m) {
			return m
		}
		return "‹e-mail›"
	})
	text = positions().ReplaceAllString(text, "‹position›")
	text = phones().ReplaceAllString(text, "‹device›")
	text = reversed().ReplaceAllString(text, "‹ip›")
	text = redactIPv6(text)
	text = redactBare(text)
	text = macs().ReplaceAllString(text, "‹mac›")
	text = replaceIn(text, dashedMACs(), func(before, m, after string) string {
		prev, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if isWord(prev) && prev != '_' || isWord(next) && next != '_' {
			return m
		}
		return "‹mac›"
	})
	text = redactIPv4(text)
	return redactDigits(text)
}

var (
	logins = pattern(`://[^/\s@‹›]+@`)
	mails  = pattern(`(?:"[^"\n]{1,60}"|[\pL\pN._%+'-]+)(?:@|%40| ?[(\[]at[)\]] ?)[\pL\pN](?:[\pL\pN-]*[\pL\pN])?(?:\.[\pL\pN-]+)*`)
	// What has the shape of an e-mail address and is none: systemd's units, modules' versions.
	units = pattern(`\.(?:service|socket|target|timer|mount|device)$|@v?\d+(?:\.\d+)+[\w.+-]*$`)

	// An e-mail address at a host without a name.
	hosts = pattern(`@\d{1,3}(?:\.\d{1,3}){3}$`)

	// What is asked of an address, and what of it nobody could guess: whoever knows it may
	// read what stands there.
	addresses = pattern(`(?i)https?://[^\s"'<>]+`)
	keys      = pattern(`/[\w%.~-]{24,}`)
	secrets   = pattern(`(?i)(\bbearer\s+|\b\w*(?:token|api[_-]?key|secret|password|passwd|passphrase|psk)(?:\s?=\s?["']?|["']\s?:\s?["']))[^\s"'&;,‹]+`)

	positions = pattern(strings.Join([]string{
		`\$?\b(?:G[ABLNPQ]|BD)[A-Z]{3},[^\s*]*(?:\*[0-9A-Fa-f]{2})?`, // NMEA 0183
		`\b\d{1,2}\.\d{3,}\s?[NS]\b[,;/\s]*\d{1,3}\.\d{3,}\s?[EWO]\b`,
		`\b[NS]\s?\d{1,2}(?:\.\d{3,}|[°\s]\s?\d{1,2}\.\d+)['′]?[,;/\s]*[EWO]\s?\d{1,3}(?:\.\d{3,}|[°\s]\s?\d{1,2}\.\d+)['′]?`,
		`(?i:geo:)-?\d[\d.,;-]*`,
		`(?i:\b(?:lat|lon|lng|latitude|longitude)\b["']?\s*[:=]\s*["']?)-?\d+(?:\.\d+)?`,
		`-?\d{1,2}\.\d{3,}°?\s?[,;/ ]\s?-?\d{1,3}\.\d{3,}°?`,
		`\d{1,3}\s?°\s?\d{1,2}(?:[.,]\d+)?\s?(?:['′’]\s?(?:\d{1,2}(?:[.,]\d+)?\s?(?:"|″|''|”)?)?\s?)?[NSEWO]?`,
		`\b[2-9CFGHJMPQRVWX]{4,8}\+[2-9CFGHJMPQRVWX]{2,3}\b`, // plus codes
	}, "|"))

	// The names that phones give themselves, which often hold their owner's.
	phones = pattern(`"[^"\n]*(?i:` + makers + `)[^"\n]*"|[\pL\pN'’._-]*(?i:` + makers + `)[_-][\pL\pN'’_-]+|[\pL\pN'’]+[_-](?i:` + makers + `)[\pL\pN'’._-]*` +
		`|[\pL\pN.-]+['’]s?\s(?i:` + makers + `)\b|\b(?i:` + makers + `)(?:\s(?:de|di|du|of|van|von)\s|\sd['’]|\s?\()\pL[\pL\pN'’-]*\)?|\b(?:DESKTOP|LAPTOP)-[0-9A-Z]{4,}\b|\bMi-[\pL\pN]+`)

	// Addresses as names of the DNS have them.
	reversed = pattern(`(?i)(?:[0-9a-f]\.){4,}ip6\.arpa|[0-9a-f]*-[0-9a-f-]*(?:s[0-9a-z]+)?\.ipv6-literal\.net|\b\d{1,3}(?:-\d{1,3}){3}\.[\pL][\pL\pN.-]*`)

	// A hardware address without separators or with unusual ones, EUI-64, a client
	// or a chip card's number, a gateway's serial: in capitals or not, never a part of
	// a longer word.
	bare = pattern(`(?i)89[0-9]{16,19}f?|00010001[0-9a-f]{20}|00030001[0-9a-f]{12}|[0-9a-f]{6}fffe[0-9a-f]{6}|(?:0x|01)?[0-9a-f]{12}|[0-9a-f]{4}:[0-9a-f]{2}ff:fe[0-9a-f]{2}:[0-9a-f]{4}|[0-9a-f]{6}[-_. ][0-9a-f]{6}` +
		`|[0-9a-f]{2}(?:(?: [0-9a-f]{2}){5,}|(?:_[0-9a-f]{2}){5,}|(?:\.[0-9a-f]{2}){5,})` +
		`|q[0-9a-z]{3}-[0-9a-z]{4}-[0-9a-z]{4}|q[0-9a-z]{11}`)

	macs = pattern(`(?i)[0-9a-f]{1,2}(?:(?::|%3a)[0-9a-f]{1,2}){5,}` +
		`|(?:en|wl|ww)x[0-9a-f]{12}`) // a USB adapter's name
	// These only where neither digit nor letter stands beside them.
	dashedMACs = pattern(`(?i)[0-9a-f]{2}(?:-[0-9a-f]{2}){5,}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}`)

	ipv6Runs = pattern(`[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*`)
	zones    = pattern(`^%[0-9A-Za-z._-]+`)
	ipv4s    = pattern(`[0-9]+(?:\.[0-9]+){3,}`)
)

const makers = `iphone|ipad|macbook|android|galaxy|samsung|pixel|redmi|xiaomi|huawei|honor|oppo|tecno|infinix|itel|vivo|realme|oneplus|motorola|nokia|lenovo|wiko|alcatel`

// pattern compiles an expression when it is first used: a command that redacts
// nothing need not wait for it.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// redactBare masks what bare finds outside of what is harmless. Digits alone are
// left to the rules on numbers, letters alone are words.
func redactBare(text string) string {
	spans := harmless().FindAllStringIndex(text, -1)
	return replaceIn(text, bare(), func(before, m, after string) string {
		prev, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		for _, at := range spans {
			if at[0] < len(before)+len(m) && len(before) < at[1] {
				return m
			}
		}
		switch {
		case isWord(prev) && prev != '_' || isWord(next) && next != '_':
			return m
		case !strings.ContainsAny(m, "0123456789") || !strings.ContainsFunc(m, unicode.IsLetter):
			return m
		case strings.HasPrefix(m, "89") && len(m) > 17:
			return "‹phone›"
		case m[0] == 'q' || m[0] == 'Q':
			return "‹serial›"
		}
		return "‹mac›"
	})
}

// longestIPv6 is ABCD:ABCD:ABCD:ABCD:ABCD:ABCD:192.168.158.190.
const longestIPv6 = 45

func redactIPv6(text string) string {
	var b strings.Builder
	for {
		at := ipv6Runs().FindStringIndex(text)
		if at == nil {
			b.WriteString(text)
			return b.String()
		}
		run, rest := text[at[0]:at[1]], text[at[1]:]
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(rest)
		b.WriteString(text[:at[0]])

		done := 0 // of run
		for i := 0; i < len(run); {
			first := i
			end := ipv6At(run, i, before, after)
			if end == 0 {
				// Not from here: the next place where a group can begin.
				for i++; i < len(run) && run[i] != ':' && run[i-1] != ':'; i++ {
				}
				continue
			}
			i = end
			b.WriteString(run[done:first])
			b.WriteString("‹ip›")
			// Whatever hangs on it, as the rest of a longer run of bytes, goes too.
			for i < len(run) && (i+1 < len(run) || run[i] != ':' && run[i] != '.') {
				i++
			}
			done = i
		}
		b.WriteString(run[done:])
		if done == len(run) {
			rest = rest[len(zones().FindString(rest)):]
		}
		text = rest
	}
}

// ipv6At is where the longest IPv6 address ends that begins at i in a run; 0 where
// there is none. before and after are the run's neighbours.
func ipv6At(run string, i int, before, after rune) int {
	for end := min(len(run), i+longestIPv6); end > i+1; end-- {
		if end < len(run) && run[end] != ':' && run[end] != '.' {
			continue // in the middle of a group
		}
		if strings.Count(run[i:end], ":") < 2 {
			break
		}
		if end == len(run) && isWord(after) {
			continue // std::string
		}
		if _, err := netip.ParseAddr(run[i:end]); err != nil {
			continue
		}
		if i == 0 && isWord(before) && !strings.ContainsAny(run[i:end], "0123456789") {
			continue // namespace::
		}
		return end
	}
	return 0
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

func redactIPv4(text string) string {
	return replaceIn(text, ipv4s(), func(before, m string, _ string) string {
		r, _ := utf8.DecodeLastRuneInString(before)
		if r == 'v' || r == 'V' {
			return m
		}
		parts := strings.Split(m, ".")
		for _, p := range parts {
			p = strings.TrimLeft(p, "0")
			if len(p) > 3 || len(p) == 3 && p > "255" {
				return m // a part of it is none of an address
			}
		}
		if len(parts) > 4 && telephone(m) {
			return "‹phone›" // 06.12.34.56.78
		}
		return "‹ip›"
	})
}

var (
	// Runs of digits, in any script, with what people put between them.
	digitRuns = pattern(`\+?\(?\p{Nd}(?:[ .\-_/()\x{00a0}\x{00b7}\x{202f}\x{2010}-\x{2013}]{0,3}\p{Nd})*`)

	// What is full of digits and is no number of a person.
	harmless = pattern(strings.Join([]string{
		`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`,
		`\b(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])|\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01]))` +
			`(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z\b|[ ]?[+-]\d\d:?\d\d\b)?|\b)`,
		`\b(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])([-/.])(?:19|20)\d\d\b`,
		`\b(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?\b`,
		`\bv\d+(?:\.\d+)+[\w.+~-]*`,
		`\b\d+\.\d+(?:ns|µs|us|ms|s|m|h|V|A|W|Hz|MB|kB|%)`,
	}, "|"))
)

func redactDigits(text string) string {
	spans := harmless().FindAllStringIndex(text, -1)
	var b strings.Builder
	last := 0
	for _, at := range spans {
		b.WriteString(redactRuns(text[last:at[0]], text[:last], text[at[0]:]))
		b.WriteString(text[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(redactRuns(text[last:], text[:last], ""))
	return b.String()
}

// redactRuns masks the runs of digits in a piece of a text.
func redactRuns(piece, before, after string) string {
	return replaceIn(piece, digitRuns(), func(left, m, right string) string {
		if left == "" {
			left = before
		}
		if right == "" {
			right = after
		}
		prev, _ := utf8.DecodeLastRuneInString(left)
		next, _ := utf8.DecodeRuneInString(right)
		plus := strings.HasPrefix(m, "+")
		// Part of a word: a hash, a name of a chip, a number with its unit.
		attached := !plus && (unicode.IsLetter(prev) || unicode.IsLetter(next))
		if attached || !telephone(m) {
			return m
		}
		return "‹phone›"
	})
}

// telephone says whether a run of digits may be a telephone number.
func telephone(run string) bool {
	digits, groups, shortest, longest := 0, 0, 99, 0
	separators := ""
	length := 0
	flush := func() {
		if length > 0 {
			groups, shortest, longest = groups+1, min(shortest, length), max(longest, length)
		}
		length = 0
	}
	for _, r := range run {
		if unicode.IsDigit(r) {
			digits, length = digits+1, length+1
			continue
		}
		flush()
		if digits > 0 {
			separators += string(r)
		}
	}
	flush()
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(run, "+("))
	zero := first == '0' || first == '٠' || first == '۰'
	switch {
	case strings.HasPrefix(run, "+"):
		return digits >= 7
	case strings.HasPrefix(run, "0000"):
		return false // a register, an address of memory
	case separators != "" && strings.Trim(separators, ".") == "":
		// 1234.567890123 is a number, 120.0.6099109 a version.
		return groups > 2 && shortest > 1 && digits >= 8
	case zero:
		return digits >= 9 || digits == 8 && longest > 2 // not four bytes
	case separators == "":
		return digits >= 10 // a number of events or bytes has fewer
	}
	return digits >= 9
}

// replaceIn replaces each match by what f makes of it and its surroundings.
func replaceIn(text string, re *regexp.Regexp, f func(before, match, after string) string) string {
	found := re.FindAllStringIndex(text, -1)
	if found == nil {
		return text
	}
	var b strings.Builder
	last := 0
	for _, at := range found {
		b.WriteString(text[last:at[0]])
		b.WriteString(f(text[:at[0]], text[at[0]:at[1]], text[at[1]:]))
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String()
}

package meraki

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Of what the cloud says in words only known ones are taken: whatever else may
// stand in a field is nobody's business.
var (
	statuses = []string{"active", "ready", "connecting", "not connected", "failed"}
	types    = []string{"GPRS", "EDGE", "2G", "CDMA", "EVDO", "UMTS", "HSPA", "HSPA+", "HSDPA", "HSUPA", "HSDPA/HSUPA", "3G",
		"LTE", "LTE-A", "LTE+", "4G", "4G+", "5G", "5G NSA", "5G SA", "NR", "NR5G", "NR5G-NSA", "NR5G-SA"}
)

// word is the one of known that s is, whatever its case; "" if it is empty,
// "unknown" otherwise.
func word(s string, known []string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, s) }); i >= 0 {
		return known[i]
	}
	return "unknown"
}

// abroad are words for a network that is not the SIM card's own.
var abroad = []string{"roaming", "national", "domestic", "international"}

// roams is home, roaming or unknown; "" where nothing is said.
func roams(s string) string {
	switch w := word(s, append([]string{"home"}, abroad...)); w {
	case "", "home", "unknown":
		return w
	}
	return "roaming"
}

// operator is a mobile operator's name, or "" for what does not look like one:
// too long, or with more digits or other signs than such a name has.
func operator(s string) string {
	s = strings.TrimSpace(s)
	digits := 0
	for i, r := range s {
		switch {
		case unicode.IsLetter(r):
		case unicode.IsDigit(r):
			if digits++; digits > 3 {
				return ""
			}
		case i > 0 && strings.ContainsRune(" &-'+", r):
		default:
			return ""
		}
	}
	if len(s) > 32 {
		return ""
	}
	return s
}

// decibel is a level in dBm or dB. The API gives it as a string, with whatever
// sign the modem's own page puts there for a minus; 0 is unknown.
type decibel int

// UnmarshalJSON takes a string or a number; anything else is unknown.
func (d *decibel) UnmarshalJSON(b []byte) error {
	var v any
	*d = 0
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		*d = parseDecibel(v)
	case float64:
		*d = rounded(v)
	}
	return nil
}

// minus are the signs that stand for one: hyphens, dashes, the minus sign, and
// their small and full-width forms.
const minus = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"

// parseDecibel reads such as "-97", "− 97 dBm" and "-11.5dB". What is not
// negative is unknown: no such level is.
func parseDecibel(s string) decibel {
	s = strings.TrimSpace(s)
	rest := strings.TrimLeft(s, minus)
	if len(rest) == len(s) {
		return 0
	}
	rest = strings.ToLower(strings.TrimSpace(rest))
	rest = strings.TrimSuffix(strings.TrimSuffix(rest, "m"), "db")
	v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
	if err != nil || v < 0 {
		return 0
	}
	return rounded(-v)
}

func rounded(v float64) decibel {
	if !(v < 0 && v > -1000) {
		return 0
	}
	return decibel(math.Round(v))
}

// within is d if it is a level that can be; 0 otherwise.
func within(d decibel, low, high int) int {
	if int(d) < low || int(d) > high {
		return 0
	}
	return int(d)
}

// bars says the reference signal's power (3GPP TS 36.133, RSRP) as a phone
// would, 0 to 5; an unknown one is 0. Steps of 10 dB from -125 dBm, below
// which LTE fails, to -85 dBm.
func bars(rsrp int) int {
	if rsrp == 0 {
		return 0
	}
	n := 0
	for _, least := range []int{-125, -115, -105, -95, -85} {
		if rsrp >= least {
			n++
		}
	}
	return n
}

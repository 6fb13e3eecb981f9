package source

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"infobus/timetable"
)

// plainly is a word without case, accents and what is put between words.
func plainly(s string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, c):
		case c == '’':
			b.WriteByte('\'')
		case c == '_' || c == '-' || unicode.IsSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// slug is an id made of a name; a name without any Latin letter or digit is told
// by its fingerprint.
func slug(name string) string {
	var b strings.Builder
	for _, c := range plainly(name) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == 30 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "x" + fingerprint(name)
}

// categoryWords are what calendars and sheets may call a category, as plainly
// writes it, besides its own name.
var categoryWords = map[timetable.Category][]string{
	timetable.Food:     {"meal", "meals", "repas", "nourriture", "alimentation"},
	timetable.Water:    {"eau"},
	timetable.Clothes:  {"clothing", "vetements", "vetement"},
	timetable.Showers:  {"shower", "douche", "douches"},
	timetable.Health:   {"medical", "sante", "soins"},
	timetable.Legal:    {"juridique", "droit"},
	timetable.Charging: {"phone charging", "recharge"},
	timetable.Repair:   {"phone repair", "reparation"},
	timetable.WiFi:     {"wi fi", "internet"},
	timetable.SIM:      {"sim card", "sim cards", "carte sim", "cartes sim"},
	timetable.Women:    {"femmes", "femme"},
	timetable.Other:    {"autre", "autres"},
}

func categoryOf(word string) (timetable.Category, bool) {
	w := plainly(word)
	for _, c := range timetable.Categories {
		if w == string(c) || slices.Contains(categoryWords[c], w) {
			return c, true
		}
	}
	return "", false
}

func showOf(word string) (timetable.Show, bool) {
	switch plainly(word) {
	case "screen", "ecran":
		return timetable.Screen, true
	case "in person", "en personne", "sur place":
		return timetable.InPerson, true
	}
	return timetable.InPerson, false
}

// status is what a row of a sheet says of itself.
type status int

const (
	usual status = iota
	cancelled
	instead
)

func statusOf(word string) (status, bool) {
	switch plainly(word) {
	case "", "ok", "confirmed", "confirme":
		return usual, true
	case "cancelled", "canceled", "closed", "annule", "annulee", "ferme", "fermee":
		return cancelled, true
	case "instead", "changed", "a la place", "au lieu", "modifie", "modifiee":
		return instead, true
	}
	return usual, false
}

// dayWords are the days' names from Sunday, in English and French: each may be
// cut down to its first two letters, or more.
var dayWords = [7][2]string{
	{"sunday", "dimanche"}, {"monday", "lundi"}, {"tuesday", "mardi"}, {"wednesday", "mercredi"},
	{"thursday", "jeudi"}, {"friday", "vendredi"}, {"saturday", "samedi"},
}

func dayOf(word string) (time.Weekday, bool) {
	for day, names := range dayWords {
		for _, name := range names {
			if len(word) >= 2 && (strings.HasPrefix(name, word) || word == name+"s") {
				return time.Weekday(day), true
			}
		}
	}
	return 0, false
}

var dayTokens = regexp.MustCompile(`[\pL]+|[-–—]|[^\pL\s,;/+&.–—-]`)

// sheetDays reads "mon, wed", "lun-ven", "du lundi au vendredi", "daily".
func sheetDays(text string) ([]time.Weekday, error) {
	expected := errors.New("days were expected, such as mon, wed or mon-fri, lun-ven, daily, tous les jours")
	switch plainly(text) {
	case "daily", "every day", "all", "tous les jours", "quotidien", "7/7":
		return []time.Weekday{1, 2, 3, 4, 5, 6, 0}, nil
	}
	var days []time.Weekday
	add := func(d time.Weekday) error {
		if slices.Contains(days, d) {
			return fmt.Errorf("%s a second time", strings.ToLower(d.String()[:3]))
		}
		days = append(days, d)
		return nil
	}
	ranged := false // the last word was "to"
	for _, token := range dayTokens.FindAllString(strings.ToLower(text), -1) {
		switch word := plainly(token); word {
		case "", "au", "a", "to": // plainly makes a space of a dash
			if ranged || len(days) == 0 {
				return nil, expected
			}
			ranged = true
		case "du", "le", "les", "et", "and", "from":
		default:
			d, ok := dayOf(word)
			if !ok {
				return nil, expected
			}
			if ranged {
				for next := (days[len(days)-1] + 1) % 7; next != d; next = (next + 1) % 7 {
					if err := add(next); err != nil {
						return nil, err
					}
				}
			}
			if err := add(d); err != nil {
				return nil, err
			}
			ranged = false
		}
	}
	if ranged || len(days) == 0 {
		return nil, expected
	}
	return days, nil
}

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]0?0:00(?::00)?)?$`)
	localDate = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`)
)

// sheetDate reads 2026-11-20 and 20/11/2026.
func sheetDate(text string) (timetable.Date, error) {
	var y, m, d string
	if p := isoDate.FindStringSubmatch(text); p != nil {
		y, m, d = p[1], p[2], p[3]
	} else if p := localDate.FindStringSubmatch(text); p != nil {
		y, m, d = p[3], p[2], p[1]
	} else {
		return 0, errors.New("a date was expected, written like 2026-11-20 or 20/11/2026 (day, month, year)")
	}
	date, err := timetable.ParseDate(fmt.Sprintf("%s-%s-%s", y, pad(m), pad(d)))
	if err != nil {
		return 0, errors.New("there is no such day; expected 2026-11-20 or 20/11/2026 (day, month, year)")
	}
	return date, nil
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

var sheetTime = regexp.MustCompile(`^(\d{1,2})\s*(?:[:hH]\s*(\d{2})?(?::00)?\s*(?:min)?|)\s*([aApP]\.?[mM]\.?)?$`)

// sheetClock reads 9:30, 09:30:00, 9h30, 9h, 9:30 pm, and 26:00.
func sheetClock(text string) (timetable.Clock, error) {
	expected := errors.New("a time was expected, such as 9:30, 9h30 or 9h")
	p := sheetTime.FindStringSubmatch(text)
	if p == nil || strings.HasSuffix(text, ":") || p[2] == "" && p[3] == "" && !strings.ContainsAny(text, "hH") {
		return 0, expected
	}
	h, _ := strconv.Atoi(p[1])
	m, _ := strconv.Atoi(p[2])
	if p[3] != "" {
		if h < 1 || h > 12 {
			return 0, expected
		}
		h %= 12
		if strings.ContainsAny(p[3], "pP") {
			h += 12
		}
	}
	if m > 59 || h*60+m > 48*60 {
		return 0, errors.New("a time from 0:00 to 48:00 was expected; past midnight is 24:00 and more")
	}
	return timetable.Clock(h*60 + m), nil
}

package source

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/timetable"
)

// slug is an id made of a name; a name without any Latin letter or digit is told
// by its fingerprint.
func slug(name string) string {
	var b strings.Builder
	for _, c := range timetable.Plainly(name) {
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

// categoryWords are what calendars and sheets may call a category, as Plainly
// writes it, besides its own name.
var categoryWords = map[timetable.Category][]string{
	timetable.Food:     {"meal", "meals", "repas", "nourriture", "alimentation"},
	timetable.Water:    {"eau"},
	timetable.Clothes:  {"clothing", "vetements", "vetement"},
	timetable.Showers:  {"shower", "douche", "douches"},
	timetable.Sleep:    {"a place to sleep", "place to sleep", "bed", "beds", "shelter", "dormir", "pour dormir", "ou dormir", "hebergement", "couchage", "nuit", "accueil de nuit"},
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
	w := timetable.Plainly(word)
	for _, c := range timetable.Categories {
		if w == string(c) || slices.Contains(categoryWords[c], w) {
			return c, true
		}
	}
	return "", false
}

var (
	screenWords   = []string{"screen", "ecran"}
	inPersonWords = []string{"in person", "en personne", "sur place"}
)

func showOf(word string) (timetable.Show, bool) {
	switch w := timetable.Plainly(word); {
	case slices.Contains(screenWords, w):
		return timetable.Screen, true
	case slices.Contains(inPersonWords, w):
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

var statusWords = map[status][]string{
	usual:     {"", "ok", "confirmed", "confirme"},
	cancelled: {"cancelled", "canceled", "closed", "annule", "annulee", "ferme", "fermee"},
	instead:   {"instead", "changed", "a la place", "au lieu", "modifie", "modifiee"},
}

func statusOf(word string) (status, bool) {
	w := timetable.Plainly(word)
	for s, words := range statusWords {
		if slices.Contains(words, w) {
			return s, true
		}
	}
	return usual, false
}

// nearStatus says that a word with a slip in it, or with another beside it, may
// say that its row is no usual one.
func nearStatus(text string) bool {
	plain := timetable.Plainly(text)
	for _, s := range []status{cancelled, instead} {
		for _, w := range statusWords[s] {
			if n := len(plain) - len(w); n >= -6 && n <= 3 && timetable.Near(w, plain) || len(w) > 5 && strings.Contains(plain, w) {
				return true
			}
		}
	}
	return false
}

// dayWords are the days' names from Sunday, in English and French: each may be
// cut down to its first two letters, or more.
var dayWords = [7][2]string{
	{"sunday", "dimanche"}, {"monday", "lundi"}, {"tuesday", "mardi"}, {"wednesday", "mercredi"},
	{"thursday", "jeudi"}, {"friday", "vendredi"}, {"saturday", "samedi"},
}

// dayOf are the days of a word: one, or those of the weekend.
func dayOf(word string) []time.Weekday {
	if word == "weekend" || word == "weekends" {
		return []time.Weekday{time.Saturday, time.Sunday}
	}
	for day, names := range dayWords {
		for _, name := range names {
			if len(word) >= 2 && (strings.HasPrefix(name, word) || word == name+"s") {
				return []time.Weekday{time.Weekday(day)}
			}
		}
	}
	return nil
}

var (
	dayTokens = regexp.MustCompile(`[\pL]+|[-–—]|[^\pL\s,;/+&.–—-]`)
	weekEnd   = regexp.MustCompile(`(?i)\bweek[- ]ends?\b`)
	weWord    = regexp.MustCompile(`(?i)\bw[./-]?e\b`) // French for weekend, English for Wednesday
	workdays  = regexp.MustCompile(`(?i)\b(en semaine|weekdays|jours de semaine)\b`)
	// As timetables on doors have it: every day, the whole day, or both.
	everyDay = regexp.MustCompile(`^7j?/7j?$`)
	wholeDay = regexp.MustCompile(`^24h?/24h?$`)
	always   = regexp.MustCompile(`^(24/7|7j?/7j?,?24h?/24h?|24h?/24h?,?7j?/7j?)$`)
)

// tight is a text without case and blanks.
func tight(s string) string { return strings.ReplaceAll(timetable.Plainly(s), " ", "") }

var allDays = []time.Weekday{1, 2, 3, 4, 5, 6, 0}

// sheetDays reads "mon, wed", "lun-ven", "du lundi au vendredi", "daily", "24/7".
// french says that the column has a French name.
func sheetDays(text string, french bool) ([]time.Weekday, error) {
	expected := errors.New("days were expected, such as mon, wed or mon-fri, lun-ven, daily, tous les jours")
	switch timetable.Plainly(text) {
	case "daily", "every day", "all", "tous les jours", "quotidien":
		return allDays, nil
	}
	if t := tight(text); everyDay.MatchString(t) || always.MatchString(t) {
		return allDays, nil
	}
	text = weekEnd.ReplaceAllString(workdays.ReplaceAllString(text, "lun-ven"), "weekend")
	if we := weWord.FindString(text); we != "" && (french || len(we) > 2) {
		text = weWord.ReplaceAllString(text, "weekend")
	} else if strings.EqualFold(strings.TrimSpace(text), "we") {
		return nil, errors.New("this is Wednesday to some and the weekend to others: write wed, or sat, sun")
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
		switch word := timetable.Plainly(token); word {
		case "", "au", "a", "to": // Plainly makes a space of a dash
			if ranged || len(days) == 0 {
				return nil, expected
			}
			ranged = true
		case "du", "le", "les", "et", "and", "from":
		default:
			list := dayOf(word)
			if len(list) == 0 || ranged && len(list) > 1 {
				return nil, expected
			}
			if ranged {
				for next := (days[len(days)-1] + 1) % 7; next != list[0]; next = (next + 1) % 7 {
					if err := add(next); err != nil {
						return nil, err
					}
				}
			}
			for _, d := range list {
				if err := add(d); err != nil {
					return nil, err
				}
			}
			ranged = false
		}
	}
	if ranged || len(days) == 0 {
		return nil, expected
	}
	return days, nil
}

// midnight is what spreadsheets put after a date that has no time.
var midnight = regexp.MustCompile(`(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4})[T ]0?0:00(?::00(?:\.0+)?)?`)

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	localDate = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`)
)

// splitDates divides a cell of dates.
func splitDates(text string) []string {
	return strings.FieldsFunc(midnight.ReplaceAllString(text, "$1"), func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' })
}

// sheetDate reads 2026-11-20 and 20/11/2026.
func sheetDate(text string) (timetable.Date, error) {
	text = midnight.ReplaceAllString(text, "$1")
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

// night says that hours are those of a night, which close in the morning after.
func night(opens, closes timetable.Clock) bool {
	return opens >= 17*60 && opens < 24*60 && closes <= 10*60
}

package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"infobus/words"
)

// Trouble is something that somebody should look at, in words.
type Trouble struct {
	Van  string `json:"van,omitempty"` // "": of none
	Key  string `json:"key"`           // the same for as long as it lasts
	Text string `json:"text"`
}

// Told is what was told last, and when: between two reports it is kept in a file.
type Told struct {
	At       time.Time `json:"at"` // zero: never
	Troubles []Trouble `json:"troubles"`
}

// tellAgain is after how long without news it is told how all is: whoever misses that
// looks whether anything is told at all.
const tellAgain = 7 * 24 * time.Hour

// ParseTold reads what Bytes has made.
func ParseTold(b []byte) (t Told, err error) {
	if err := json.Unmarshal(b, &t); err != nil {
		return Told{}, err
	}
	if t.At.IsZero() {
		return Told{}, errors.New("a time was expected")
	}
	return t, nil
}

// Bytes is the file's content.
func (t Told) Bytes() ([]byte, error) { return json.MarshalIndent(t, "", " ") }

// Troubles are all that somebody should look at, by van, as the speaker says it.
func (r Report) Troubles(o Options, s *words.Speaker) (all []Trouble) {
	for _, v := range r.Vans {
		for _, t := range v.troubles(o) {
			all = append(all, Trouble{plain(v.Name), lasting(t), s.Text(t)})
		}
	}
	if len(r.Vans) == 0 {
		all = append(all, Trouble{"", "report.none", s.Say("report.none")})
	}
	if n := len(r.Unread); n > 0 {
		text := s.Say("report.unread") + ": " + plain(r.Unread[0].String())
		if n > 1 {
			text += fmt.Sprintf(", … + %d", n-1)
		}
		all = append(all, Trouble{"", "report.unread", text})
	}
	return all
}

// lasting is what a trouble is but for its figures, which change while it lasts: each
// device and each alarm is one of its own.
func lasting(t words.Text) string {
	switch t.Key {
	case "report.trouble.device":
		return t.Key + " " + t.Args["Device"].(words.Text).Key
	case "report.trouble.monoxide":
		return t.Key + " " + t.Args["At"].(string)
	}
	return t.Key
}

// News is what is to be told of these troubles at a time: what began, what is over and
// what goes on, once something began or is over, at first, and after a week. "" for
// nothing. next is what was told then.
func (t Told) News(now []Trouble, at time.Time, s *words.Speaker) (text string, next Told) {
	in := func(list []Trouble) func(Trouble) bool {
		return func(a Trouble) bool {
			return slices.ContainsFunc(list, func(b Trouble) bool { return a.Van == b.Van && a.Key == b.Key })
		}
	}
	began := slices.DeleteFunc(slices.Clone(now), in(t.Troubles))
	over := slices.DeleteFunc(slices.Clone(t.Troubles), in(now))
	lasts := slices.DeleteFunc(slices.Clone(now), in(began))
	if len(began)+len(over) == 0 && at.Sub(t.At).Abs() < tellAgain {
		return "", t
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		list  []Trouble
	}{{s.Say("report.news.began"), began}, {s.Say("report.news.over"), over}, {s.Say("report.news.lasts"), lasts}} {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintln(&b, part.title)
		for _, p := range part.list {
			if p.Van != "" {
				p.Text = p.Van + ": " + p.Text
			}
			fmt.Fprintln(&b, "-", p.Text)
		}
		fmt.Fprintln(&b)
	}
	if len(now) == 0 {
		fmt.Fprintln(&b, s.Say("report.well"))
	}
	return b.String(), Told{at, now}
}

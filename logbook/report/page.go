package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"infobus/words"
)

//go:embed web/report.html
var files embed.FS

// Write writes the page, as the speaker says it.
func Write(w io.Writer, r Report, o Options, s *words.Speaker) error {
	t, err := template.New("report.html").Funcs(template.FuncMap{"Say": s.Say}).ParseFS(files, "web/report.html")
	if err != nil {
		return err
	}
	return t.Execute(w, pageOf(r, o, s))
}

// Attention says that somebody should look at a van, that something was not read, or that
// no van was found at all.
func (r Report) Attention(o Options) bool {
	return len(r.Unread) > 0 || len(r.Vans) == 0 || slices.ContainsFunc(r.Vans, func(v Van) bool { return len(v.troubles(o)) > 0 })
}

// page is what the template shows; it decides nothing.
type page struct {
	Lang, Title, Made string
	Vans              []card
	Unread            []string
}

// card is a van's part of the page.
type card struct {
	Name     string
	Mood     string // good, warn, bad, unknown
	Heard    string
	Troubles []string
	Now      []string // what is known of it as last heard
	Chart    chart
	Days     []row
}

// row is a day in the table; "" where nothing is known.
type row struct {
	Day, Run, Internet, Energy, Devices, Sessions string
	Heard                                         bool
}

// chart is a picture of the days, Width wide: a bar for the generators'
// hours, at most Most; under it a field for the internet, and a band with the battery's
// line, a path from 0 % at the band's foot to 100 %; "" where nothing is known of it.
type chart struct {
	Width       int
	Least       int // how many pixels wide it is at least; a narrower page scrolls it
	Most        string
	Days        []bar
	Says        string
	Battery     string
	SaysBattery string
	Height      int
	Foot        int // where the dates stand
}

type bar struct {
	X, Y, Height float64
	Internet     string // good, warn, bad; "" unknown
	Heard        bool
	Label        string // under it, each week; "" for none
	Title        string
}

// mostUnread of what was not read are named on the page.
const mostUnread = 100

const (
	barWidth  = 14
	barHeight = 40 // of Most
	// The battery's band.
	levelTop, levelHeight = 54, 24
)

// troubles are what somebody should look at, the worst first.
func (v Van) troubles(o Options) (all []words.Text) {
	say := func(is bool, text words.Text) {
		if is {
			all = append(all, text)
		}
	}
	day := func(t time.Time) string { return t.In(o.Zone).Format("2006-01-02 15:04") }
	say(!v.Monoxide.IsZero(), words.T("report.trouble.monoxide", "At", day(v.Monoxide)))
	say(v.Heard.IsZero(), words.T("report.trouble.never"))
	say(!v.Heard.IsZero() && o.Now.Sub(v.Heard) > o.Silence, words.T("report.trouble.silent", "Age", ageOf(o.Now.Sub(v.Heard))))
	for _, f := range v.Failed {
		since := words.T("report.since.unknown")
		if !f.Since.IsZero() {
			since = words.T("report.since.at", "At", day(f.Since))
		}
		say(true, words.T("report.trouble.device", "Device", words.T("device."+f.Device), "Since", since))
	}
	say(v.Rejected, words.T("report.trouble.refused"))
	say(!v.RunsOut.IsZero() && v.RunsOut.Before(o.Now), words.T("report.trouble.ran-out", "Day", v.RunsOut.Format(time.DateOnly)))
	say(!v.RunsOut.IsZero() && !v.RunsOut.Before(o.Now), words.T("report.trouble.runs-out", "Day", v.RunsOut.Format(time.DateOnly)))
	say(v.Boxes, words.T("report.trouble.boxes"))
	say(v.Ahead > 0, words.T("report.trouble.ahead", "N", v.Ahead))
	say(v.Missing > 0, words.T("report.trouble.missing", "N", v.Missing))
	say(v.Refused > 0, words.T("report.trouble.refused-events", "N", v.Refused))
	say(v.Dropped > 0, words.T("report.trouble.dropped", "N", v.Dropped))
	return all
}

// ageOf is how long something is ago, in words.
func ageOf(d time.Duration) words.Text {
	switch hours := int(d.Hours()); {
	case d < time.Hour:
		return words.T("age.minutes", "N", max(0, int(d.Minutes())))
	case hours < 48:
		return words.T("age.hours", "N", hours)
	default:
		return words.T("age.days", "N", hours/24)
	}
}

func pageOf(r Report, o Options, s *words.Speaker) page {
	p := page{Lang: s.Language().Tag, Title: s.Say("report.title"), Made: s.Say("report.made", "At", o.Now.In(o.Zone).Format("2006-01-02 15:04 MST"))}
	for _, v := range r.Vans {
		p.Vans = append(p.Vans, cardOf(v, o, s))
	}
	for i, u := range r.Unread {
		if i == mostUnread {
			p.Unread = append(p.Unread, fmt.Sprintf("… + %d", len(r.Unread)-i))
			break
		}
		p.Unread = append(p.Unread, u.String())
	}
	return p
}

// plain is a name without what is not seen, and may turn round what is.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		return r
	}, name)
}

func cardOf(v Van, o Options, s *words.Speaker) card {
	v.Name = plain(v.Name)
	c := card{Name: v.Name, Mood: "good", Heard: s.Say("report.heard.never"), Chart: chartOf(v, s)}
	if !v.Heard.IsZero() {
		c.Heard = s.Say("report.heard.at", "At", v.Heard.In(o.Zone).Format("2006-01-02 15:04"), "Age", ageOf(o.Now.Sub(v.Heard)))
	}
	for _, t := range v.troubles(o) {
		c.Troubles = append(c.Troubles, s.Text(t))
	}
	switch {
	case v.Heard.IsZero():
		c.Mood = "unknown"
	case !v.Monoxide.IsZero() || o.Now.Sub(v.Heard) > o.Silence:
		c.Mood = "bad"
	case len(c.Troubles) > 0:
		c.Mood = "warn"
	}
	if v.Open {
		c.Now = append(c.Now, s.Say("report.now.session"))
	}
	if v.Percent >= 0 {
		c.Now = append(c.Now, s.Say("report.now.battery", "Percent", math.Round(v.Percent)))
	}
	if v.Undated > 0 {
		c.Now = append(c.Now, s.Say("report.now.undated", "N", v.Undated))
	}
	for _, d := range slices.Backward(v.Days) {
		c.Days = append(c.Days, rowOf(d, s))
	}
	return c
}

func rowOf(d Day, s *words.Speaker) row {
	r := row{Day: d.Date, Heard: d.Events > 0}
	if !r.Heard && d.Run == 0 {
		return r
	}
	r.Run, r.Sessions = runOf(d, s), fmt.Sprint(d.Sessions)
	if d.Internet >= 0 {
		r.Internet = s.Number(math.Round(d.Internet), 0) + "\u00a0%"
	}
	if d.In >= 0 || d.Out >= 0 {
		of := func(wh float64) string {
			if wh < 0 {
				return s.Say("report.unknown")
			}
			return s.Number(wh/1000, 1)
		}
		r.Energy = s.Say("report.energy", "In", of(d.In), "Out", of(d.Out))
	}
	if d.Devices >= 0 {
		r.Devices = fmt.Sprint(d.Devices)
	}
	return r
}

// runOf is how long generators ran: at least, where a stop was not heard.
func runOf(d Day, s *words.Speaker) string {
	text := s.Number(d.Run.Hours(), 1) + "\u00a0h"
	if d.AtLeast {
		return "≥\u00a0" + text
	}
	return text
}

func chartOf(v Van, s *words.Speaker) chart {
	most := 4.0
	for _, d := range v.Days {
		most = max(most, math.Ceil(d.Run.Hours()))
	}
	width := barWidth*len(v.Days) + 74
	c := chart{Width: width, Least: width * 55 / 100, Most: s.Number(most, 0) + "\u00a0h", Says: s.Say("report.chart", "Van", v.Name)}
	for i, d := range v.Days {
		b := bar{X: float64(barWidth * i), Height: d.Run.Hours() / most * barHeight, Heard: d.Events > 0}
		b.Y = barHeight - b.Height
		switch {
		case d.Internet < 0:
		case d.Internet >= 95:
			b.Internet = "good"
		case d.Internet >= 70:
			b.Internet = "warn"
		default:
			b.Internet = "bad"
		}
		date, _ := time.Parse(time.DateOnly, d.Date)
		if date.Weekday() == time.Monday {
			b.Label = date.Format("02.01.")
		}
		c.Battery += d.path(float64(barWidth*i), i > 0 && v.Days[i-1].Battery[parts-1].Known)
		r := rowOf(d, s)
		title := []string{d.Date}
		if !b.Heard {
			title = append(title, s.Say("report.silent-day"))
		}
		for _, part := range []string{r.Run, r.Internet, r.Energy, d.levels(s)} {
			if part != "" {
				title = append(title, part)
			}
		}
		b.Title = strings.Join(title, ", ")
		c.Days = append(c.Days, b)
	}
	c.Height, c.Foot = 74, 60
	if c.Battery != "" {
		c.SaysBattery = s.Say("report.chart.battery")
		c.Height, c.Foot = c.Height+levelHeight+8, c.Foot+levelHeight+8
	}
	return c
}

// path is the day's part of the battery's line, in a picture in which the day begins at x;
// it breaks off where nothing is known. on: it goes on from the day before.
func (d Day) path(x float64, on bool) (path string) {
	const step = float64(barWidth) / parts
	for i, l := range d.Battery {
		if on = on && l.Known; on {
			path += "L"
		} else if l.Known {
			path += "M"
		} else {
			continue
		}
		path += fmt.Sprintf("%.1f %.1f", x+(float64(i)+0.5)*step, levelTop+levelHeight*(1-l.Percent/100))
		on = true
	}
	return path
}

// levels are the battery's lowest and highest, in words; "" where none is known.
func (d Day) levels(s *words.Speaker) string {
	low, high := 101.0, -1.0
	for _, l := range d.Battery {
		if l.Known {
			low, high = min(low, l.Percent), max(high, l.Percent)
		}
	}
	if high < 0 {
		return ""
	}
	return s.Say("report.levels", "Low", s.Number(low, 0), "High", s.Number(high, 0))
}

package status

import (
	"math"
	"time"

	"infobus/words"
)

// Chart is a row of bars, one a day, of the last daysShown days.
type Chart struct {
	Name string
	Most string // what the highest bar stands for
	Bars []Bar
}

// Bar is a day's: X from the left, Y from the top, in a picture 300 wide and
// barHeight high.
type Bar struct {
	X, Y, Height int
	Says         string
}

const (
	daysShown = 30
	barStep   = 10 // from one bar to the next
	barHeight = 40 // of the highest
)

// Charts draws what the days came to; none where nothing was counted.
func Charts(days []Day, s *words.Speaker) []Chart {
	if len(days) == 0 {
		return nil
	}
	last, err := time.Parse(time.DateOnly, days[len(days)-1].Date)
	if err != nil {
		return nil
	}
	draw := func(what string, value func(Day) float64) Chart {
		c, most := Chart{Name: s.Say("chart." + what)}, 0.0
		for _, d := range days {
			most = max(most, value(d))
		}
		say := func(v float64) string { return s.Say("chart.value."+what, "Value", s.Number(v, 1)) }
		c.Most = say(math.Ceil(most))
		for _, d := range days {
			date, err := time.Parse(time.DateOnly, d.Date)
			ago := int(last.Sub(date).Hours() / 24)
			if v := value(d); err == nil && v > 0 && ago < daysShown {
				height := max(1, int(math.Round(barHeight*v/most)))
				c.Bars = append(c.Bars, Bar{X: (daysShown - 1 - ago) * barStep, Y: barHeight - height, Height: height,
					Says: s.Say("chart.bar", "Date", shortDay(date), "Value", say(v))})
			}
		}
		return c
	}
	all := []Chart{draw("generators", func(d Day) float64 { return d.RunHours })}
	for _, c := range []Chart{
		draw("battery", func(d Day) float64 { return or(d.InWh) }),
		draw("internet", func(d Day) float64 { return d.InternetMin }),
		draw("devices", func(d Day) float64 {
			if d.Devices == nil {
				return 0
			}
			return float64(*d.Devices)
		}),
	} {
		if len(c.Bars) > 0 {
			all = append(all, c)
		}
	}
	return all
}

func or(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

package server

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"infobus/status"
)

// chart is a row of bars, one a day, of the last daysShown days.
type chart struct {
	Name, Nom string // in English and French
	Most      string // what the highest bar stands for
	Bars      []bar
}

// bar is a day's: X from the left, Y from the top, in the picture's own units.
type bar struct {
	X, Y, Height int
	Says         string
}

const (
	daysShown = 30
	barStep   = 10 // from one bar to the next
	barHeight = 40 // of the highest
)

// charts draws what the days came to; none where nothing was counted.
func charts(days []status.Day) []chart {
	if len(days) == 0 {
		return nil
	}
	last, err := time.Parse(time.DateOnly, days[len(days)-1].Date)
	if err != nil {
		return nil
	}
	draw := func(name, nom, unit string, value func(status.Day) float64) chart {
		c, most := chart{Name: name, Nom: nom}, 0.0
		for _, d := range days {
			most = max(most, value(d))
		}
		c.Most = fmt.Sprintf("%.0f%s", math.Ceil(most), unit)
		for _, d := range days {
			date, err := time.Parse(time.DateOnly, d.Date)
			ago := int(last.Sub(date).Hours() / 24)
			if v := value(d); err == nil && v > 0 && ago < daysShown {
				height := max(1, int(math.Round(barHeight*v/most)))
				c.Bars = append(c.Bars, bar{X: (daysShown - 1 - ago) * barStep, Y: barHeight - height, Height: height,
					Says: date.Format("2 Jan") + ": " + strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64) + unit})
			}
		}
		return c
	}
	all := []chart{draw("Generators", "Groupes", " h", func(d status.Day) float64 { return d.RunHours })}
	for _, c := range []chart{
		draw("Into the battery", "Vers la batterie", " Wh", func(d status.Day) float64 { return or(d.InWh) }),
		draw("Internet in sessions", "Internet", " min", func(d status.Day) float64 { return d.InternetMin }),
		draw("Devices connected at most", "Appareils connectés", "", func(d status.Day) float64 {
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

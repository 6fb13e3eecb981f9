// Package timetabletest writes down what a timetable shows, for tests.
package timetabletest

import (
	"fmt"
	"strings"
	"time"

	"infobus/timetable"
)

// RowsOf are the rows of some days, as "01 12:00-14:00 confirmed Tea, Quai"; those
// that are told in person begin with a *.
func RowsOf(tt *timetable.Timetable, day string, days int) string {
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 08:00", tt.Zone)
	if err != nil {
		panic(err)
	}
	var list []string
	for n := range days {
		for _, r := range tt.Rows(at.AddDate(0, 0, n), "") {
			private := ""
			if r.Service.Show != timetable.Screen {
				private = "*"
			}
			list = append(list, fmt.Sprintf("%s%s %s-%s %s %s, %s", private, r.Day.String()[8:], r.OpensAt(), r.ClosesAt(), r.State, r.Service.Name["en"], r.Service.Place.Name))
		}
	}
	return strings.Join(list, "\n")
}

package source

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The three examples say the same of the services that they share.
func TestTheExamplesGiveTheRowsThatTheirReadersExpect(t *testing.T) {
	const week = `2026-12-04 12:00-14:00 Hot meals, Rue du Moulin Gris: cancelled
2026-12-04 20:00-02:00 Wi-Fi, Salle des Tilleuls: confirmed
2026-12-05 20:00-02:00 Wi-Fi, Salle des Tilleuls: confirmed
2026-12-07 13:00-15:00 Hot meals, %s: confirmed
2026-12-08 12:00-14:00 Hot meals, Rue du Moulin Gris: confirmed
2026-12-08 14:00-16:00 Women's space, Maison Rouge: confirmed`
	for name, want := range map[string]string{
		"timetable.ics": fmt.Sprintf(week, "Quai des Sternes"),
		"timetable.csv": strings.Replace(fmt.Sprintf(week, "Rue du Moulin Gris"), "\n", "\n2026-12-04 18:00-19:30 Hot meals, Rue du Moulin Gris: cancelled\n", 1),
		"timetable.yaml": `2026-12-04 12:00-14:00 Hot meals, Rue du Moulin Gris: cancelled
2026-12-04 18:00-19:30 Hot meals, Rue du Moulin Gris: cancelled
2026-12-04 20:00-02:00 Wi-Fi, Salle des Tilleuls: confirmed
2026-12-05 13:00-15:00 Hot meals, Rue du Moulin Gris: confirmed
2026-12-05 20:00-02:00 Wi-Fi, Salle des Tilleuls: confirmed
2026-12-07 12:00-14:00 Hot meals, Rue du Moulin Gris: confirmed
2026-12-07 18:00-19:30 Hot meals, Rue du Moulin Gris: confirmed
2026-12-08 12:00-14:00 Hot meals, Rue du Moulin Gris: confirmed
2026-12-08 14:00-16:00 Women's space, Maison Rouge: confirmed`,
	} {
		data, err := os.ReadFile("../../examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		tt, err := Parse(name, data)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var got []string
		for day := range 5 {
			for _, r := range tt.Rows(time.Date(2026, 12, 4+day, 12, 0, 0, 0, tt.Zone), "") {
				if n := r.Service.Name["en"]; n == "Hot meals" || n == "Wi-Fi" || n == "Women's space" {
					got = append(got, fmt.Sprintf("%s %s-%s %s, %s: %s", r.Day, r.Opens.Format("15:04"), r.Closes.Format("15:04"), n, r.Service.Place.Name, r.State))
				}
			}
		}
		if s := strings.Join(got, "\n"); s != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, s, want)
		}
	}
}

package timetable

import "testing"

func TestTextsThatMayBeMeantByAnother(t *testing.T) {
	for _, c := range []struct {
		a, b              string
		alike, slip, near bool
	}{
		{"Hot meals", "hot  Meal", true, true, true},
		{"Café d'été", "Cafe dete", true, true, true},
		{"Repas chauds", "Repas-Chauds !", true, true, true},
		{"Rue du Moulin", "Rue du Moulni", false, true, true},
		{"Rue du Moulin", "Rue du Moulxin", false, true, true},
		{"Salle des Tilleuls", "Salle desTilleuls", false, true, true},
		{"Rue du Moulin", "Rue du Moulin Gris", false, false, true},
		{"Clinic A", "Clinic B", false, false, true},
		{"Hall 1", "Hall 2", false, false, true},
		{"Showers men", "Showers women", false, false, true},
		{"Douches hommes", "Douches femmes", false, false, true},
		{"Tea", "Sea", false, false, true},
		{"Tea", "Water", false, false, false},
		{"Hot meals", "Cold drinks", false, false, false},
		{"وجبات ساخنة", "وجبات ساخنه", false, true, true},
		{"", "", true, false, false},
		{"!", "?", true, false, false},
	} {
		for _, swapped := range []bool{false, true} {
			a, b := c.a, c.b
			if swapped {
				a, b = b, a
			}
			if Alike(a, b) != c.alike || Slip(a, b) != c.slip || Near(a, b) != c.near {
				t.Errorf("%q and %q: alike %v, slip %v, near %v", a, b, Alike(a, b), Slip(a, b), Near(a, b))
			}
		}
	}
}

func TestHowManyLettersTextsAreApart(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"STATUS", "STAUTS", 1}, {"kitten", "sitting", 3}, {"abc", "cab", 2}, {"ab", "ba", 1}, {"été", "ete", 2}} {
		if got := Apart(c.a, c.b); got != c.want || Apart(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func FuzzNear(f *testing.F) {
	f.Add("Hot meals", "hot meal")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 300 || len(b) > 300 {
			return
		}
		if Near(a, b) != Near(b, a) || Slip(a, b) != Slip(b, a) || Alike(a, b) != Alike(b, a) {
			t.Errorf("%q and %q: not both ways", a, b)
		}
		if Slip(a, b) && !Near(a, b) && len([]rune(a)) < 100 && len([]rune(b)) < 100 && Apart(a, b) <= 2 && len(stems(a)) == len(stems(b)) {
			t.Errorf("%q and %q: a slip, and not near", a, b)
		}
	})
}

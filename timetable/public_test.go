package timetable

import "testing"

func TestAnEventIsPublicByARuleAlone(t *testing.T) {
	rule := func(list ...string) (p Public) {
		for _, s := range list {
			var r PublicRule
			if err := r.UnmarshalText([]byte(s)); err != nil {
				t.Fatal(err)
			}
			p = append(p, r)
		}
		return p
	}
	open := Event{Title: "Repas: midi", Categories: []string{"FOOD", "À montrer"}, Class: "PUBLIC"}
	for _, c := range []struct {
		what  string
		rules Public
		event Event
		want  Show
	}{
		{"no rule", nil, open, InPerson},
		{"no rule, and the event says so itself", nil, Event{Said: "screen"}, InPerson},
		{"all", rule("all"), Event{Title: "x"}, Screen},
		{"all, but private", rule("all"), Event{Class: "PRIVATE"}, InPerson},
		{"all, but confidential", rule("all"), Event{Class: "confidential"}, InPerson},
		{"all, but of a class of its own", rule("all"), Event{Class: "X-OURS"}, InPerson},
		{"all, but told in person", rule("all"), Event{Class: "PUBLIC", Said: "in-person"}, InPerson},
		{"all, but of a word that is none", rule("all"), Event{Said: "yes"}, InPerson},
		{"its class", rule("class-public"), open, Screen},
		{"its class, which it does not have", rule("class-public"), Event{}, InPerson},
		{"what it says", rule("x-infobus-show"), Event{Said: "Écran"}, Screen},
		{"what it does not say", rule("x-infobus-show"), open, InPerson},
		{"a category", rule("category a montrer"), open, Screen},
		{"another category", rule("category montrer"), open, InPerson},
		{"a word of the title", rule("title midi"), open, Screen},
		{"a part of a word", rule("title repa"), open, InPerson},
		{"one of two rules", rule("title tea", "category food"), open, Screen},
	} {
		if got := c.rules.Show(c.event); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestRulesOfWhatIsPublic(t *testing.T) {
	for _, s := range []string{"all", "class-public", "x-infobus-show", "category food", "title à montrer", "none"} {
		var p Public
		if err := p.UnmarshalText([]byte(s)); err != nil || p.String() != s {
			t.Errorf("%s: %s, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "everything", "category", "title ", "all of it", "class-public x", "none at all"} {
		var p Public
		if err := p.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q was read as %s", s, p)
		}
	}
}

func FuzzPublic(f *testing.F) {
	f.Add("category food", "FOOD")
	f.Fuzz(func(t *testing.T, rule, text string) {
		var p Public
		if p.UnmarshalText([]byte(rule)) != nil {
			return
		}
		if p.Show(Event{Title: text, Categories: []string{text}, Class: "PRIVATE"}) == Screen {
			t.Errorf("%q shows what is private", rule)
		}
		p.Show(Event{Title: text, Categories: []string{text}, Said: "screen"})
	})
}

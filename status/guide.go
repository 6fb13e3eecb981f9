package status

import (
	"cmp"
	"slices"

	"infobus/guide"
	"infobus/kiosk/locales"
	"infobus/words"
)

// GuidePage is what a volunteer looks at before a guide is published, and where one is
// uploaded.
type GuidePage struct {
	Live, Waiting *GuidePart // nil: there is none
	Shown         *GuidePart // the one of them that is looked at
	Before        bool       // one can be had back
	Refused       []Remark   // of what came by itself and was not taken
	Remarks       []Remark   // of what was just uploaded and not taken
}

// GuidePart is a version of the guide.
type GuidePart struct {
	Digest    string
	Languages []GuideLanguage // the source first
	Sections  []guide.Section // in the language that is looked at
	Of        Language        // that language
	Warnings  []Remark
}

// GuideLanguage is how far a version is translated.
type GuideLanguage struct {
	Language
	Count string // in words
	Stale bool   // something is stale or missing
}

// GuideOf is a version as it would be read in a language of a tag, the source for "" or
// another; nil of an empty guide.
func GuideOf(digest string, g guide.Guide, tag string, f guide.Facts, say *words.Speaker) *GuidePart {
	if g.Empty() {
		return nil
	}
	p := &GuidePart{Digest: digest}
	for _, c := range g.Status() {
		l := locales.Get(c.Lang)
		language := Language{Tag: c.Lang, Name: l.Name, Dir: "ltr"}
		if l.RTL {
			language.Dir = "rtl"
		}
		n := func(s guide.State) int { return len(c.IDs[s]) }
		line := GuideLanguage{Language: language, Stale: n(guide.Stale)+n(guide.Missing) > 0,
			Count: say.Say("guide.count", "All", c.All, "Stale", n(guide.Stale), "Missing", n(guide.Missing), "Unreviewed", n(guide.Unreviewed))}
		if c.Lang == g.Source {
			line.Count = say.Say("guide.source")
		}
		p.Languages = append(p.Languages, line)
	}
	i := slices.IndexFunc(p.Languages, func(l GuideLanguage) bool { return l.Tag == cmp.Or(tag, g.Source) })
	p.Of = p.Languages[max(i, 0)].Language
	p.Sections = g.In(p.Of.Tag, f)
	p.Warnings = GuideRemarks(g.Warnings, true)
	return p
}

// GuideRemarks are what is to be said of a guide's files.
func GuideRemarks(list guide.Mistakes, warning bool) (remarks []Remark) {
	for _, m := range list[:min(len(list), maxRemarks)] {
		remarks = append(remarks, Remark{File: m.File, Line: m.Line, Column: m.Column, What: m.What, Warning: warning})
	}
	return remarks
}

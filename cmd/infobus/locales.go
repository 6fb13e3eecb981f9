package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"infobus/kiosk/locales"
)

// unreviewed is what a language's reviewer has to read.
type unreviewed struct {
	Language string     `json:"language"` // BCP 47
	Name     string     `json:"name"`
	Texts    int        `json:"texts"` // of our own, reviewed or not
	Needs    []toReview `json:"needs_reviewer"`
}

type toReview struct {
	Key     string `json:"key"`     // in the language's file
	English string `json:"english"` // what it should say
	Text    string `json:"text"`
}

func localesCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "locales [LANGUAGE...]",
		Short: "List the screen's own words that nobody who reads the language has reviewed",
		Long: `Lists, for every language or those named, the words of the screen and of the phone
page that nobody who reads the language every day has agreed to, with the English.
Exit status 1 if there are any. docs/languages.md says how to review them.`,
		Example: "  infobus kiosk locales\n  infobus kiosk locales ti --json",
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := needsReviewer(args)
			if err != nil {
				return err
			}
			open := 0
			for _, l := range list {
				open += len(l.Needs)
			}
			if o.json {
				if err := printJSON(list); err != nil {
					return err
				}
			} else {
				for _, l := range list {
					fmt.Printf("%s  %s: %d of %d texts need a reviewer\n", l.Language, l.Name, len(l.Needs), l.Texts)
					for _, t := range l.Needs {
						fmt.Printf("    %-24s %s  [%s]\n", t.Key, t.Text, t.English)
					}
				}
			}
			if open > 0 {
				return errAttention
			}
			return nil
		},
	}
}

func needsReviewer(tags []string) ([]unreviewed, error) {
	if len(tags) == 0 {
		tags = locales.Tags()
	}
	english := map[string]string{ // of the parts of the day, which English has not
		"local.night": "night {time}", "local.morning": "morning {time}",
		"local.day": "afternoon {time}", "local.evening": "evening {time}",
	}
	for _, t := range locales.Get("en").Texts() {
		english[t.Key] = t.Text
	}
	list := []unreviewed{}
	for _, tag := range tags {
		if !slices.Contains(locales.Tags(), tag) {
			return nil, usageError{fmt.Errorf("language %q: there are %s", tag, strings.Join(locales.Tags(), ", "))}
		}
		l := locales.Get(tag)
		u := unreviewed{Language: tag, Name: l.Name, Texts: len(l.Texts()), Needs: []toReview{}}
		for _, t := range l.Unreviewed() {
			u.Needs = append(u.Needs, toReview{t.Key, english[t.Key], t.Text})
		}
		list = append(list, u)
	}
	return list, nil
}

package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"infobus/words"
)

// languageOf is the language that was asked for, as a BCP 47 tag: by the flag,
// else by the environment, as locale(7) has it.
func languageOf(flag string, env func(string) string) string {
	if flag != "" {
		return flag
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		locale, _, _ := strings.Cut(env(name), ".") // fr_FR.UTF-8
		locale, _, _ = strings.Cut(locale, "@")
		switch locale {
		case "":
		case "C", "POSIX":
			return words.Default
		default:
			return strings.ReplaceAll(locale, "_", "-")
		}
	}
	return words.Default
}

// entry is one of a list: what it is about, and what is said of it. One without a
// label goes on with the line before.
type entry struct{ label, says string }

// lines are printed with the labels in a column.
func lines(list []entry) string {
	width := 0
	for _, l := range list {
		width = max(width, utf8.RuneCountInString(l.label))
	}
	var b strings.Builder
	for _, l := range list {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %s", width, l.label, l.says), " ") + "\n")
	}
	return b.String()
}

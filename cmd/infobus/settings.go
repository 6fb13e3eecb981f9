package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"infobus/config/settings"
)

// settingsChecked is what settings check prints as JSON: never a value.
type settingsChecked struct {
	Set      []settings.Key    `json:"set"`
	Mistakes []settingsMistake `json:"mistakes"`
	Readings []string          `json:"readings"`
}

type settingsMistake struct {
	Line int           `json:"line"` // from 1; 0: of the whole file
	Key  settings.Key  `json:"key"`
	Code settings.Code `json:"code"`
	Text string        `json:"text"`
}

func settingsCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:     "settings",
		Short:   "The settings file on the card, infobus.txt",
		Example: "  infobus settings check infobus.txt",
	}
	c.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "Every mistake of a settings file, with its line and key",
		Long: `Read a settings file as the box does at its start, and print every mistake with
its line and key. A mistake keeps the box from taking over anything of the file: the
last good settings go on. What was read with some liberty (digits of another script,
quotation marks) is said, too. No value is ever printed: it may be a PIN.

Exit status: 0 the file is right; 1 it has mistakes, or cannot be read.`,
		Example: `  infobus settings check infobus.txt
  infobus settings check /media/card/INFOBUS.TXT
  infobus settings check --lang fr infobus.txt
  infobus settings check --json infobus.txt`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return o.checkSettings(args[0]) },
	})
	return c
}

func (o *options) checkSettings(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	var f settings.File
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Size() > settings.MaxSize:
		f.Mistakes = settings.Mistakes{{Code: settings.TooLarge}}
	default:
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		f = settings.Parse(filepath.Base(path), data)
		if len(settings.Pick([]string{filepath.Base(path)})) == 0 {
			fmt.Fprintln(os.Stderr, o.speaker().Say("settings.other-name"))
		}
	}
	say := o.speaker()
	out := settingsChecked{Set: []settings.Key{}, Mistakes: []settingsMistake{}, Readings: []string{}}
	for _, m := range f.Mistakes {
		out.Mistakes = append(out.Mistakes, settingsMistake{m.Line, m.Key, m.Code, say.Text(m.Text())})
	}
	for _, r := range f.Readings {
		out.Readings = append(out.Readings, say.Text(r.Text()))
	}
	for _, k := range settings.Keys {
		if _, set := f.Settings[k]; set {
			out.Set = append(out.Set, k)
		}
	}
	if o.json {
		if err := printJSON(out); err != nil {
			return err
		}
	} else {
		for _, m := range out.Mistakes {
			fmt.Println(m.Text)
		}
		for _, r := range out.Readings {
			fmt.Println(r)
		}
		if f.Mistakes == nil {
			for _, k := range out.Set {
				fmt.Println(say.Say("settings.set", "Key", string(k)))
			}
			fmt.Println(say.Say("settings.well"))
		}
	}
	if f.Mistakes != nil {
		return errAttention
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/kiosk"
	"infobus/kiosk/board"
	"infobus/kiosk/draw"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

func kioskCommand(o *options) *cobra.Command {
	check := &cobra.Command{
		Use:     "check FILE...",
		Short:   "Say every mistake in board files, as file:line:column: what",
		Example: "  infobus kiosk check /etc/infobus/board.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return o.checkFiles(args, func(name string, data []byte) (string, error) {
				b, err := board.Parse(name, data, draw.CheckBoard)
				return fmt.Sprintf("%d numbers beside 112, %d bundles, %d operators", len(b.Numbers), len(b.Bundles), len(b.Operators)), err
			})
		},
	}
	return group("kiosk", "Draw pages of the public screen; check its board; list what its words still need",
		renderCommand(), sheetCommand(), check, localesCommand(o))
}

// pageInput is what offline pages are made of, as flags say it.
type pageInput struct {
	out, timetable, board, at, site, until, next string
	langs                                        []string
	how                                          readAs
}

func (i *pageInput) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&i.out, "output", "o", "", "the picture to write; - for the standard output")
	f.StringVar(&i.timetable, "timetable", "", "the timetable")
	i.how.flags(c)
	f.StringVar(&i.board, "board", "", "the board: what the pages help and sim say")
	f.StringVar(&i.at, "at", "", "day and time: 2026-11-23T10:00 (default now)")
	f.StringVar(&i.site, "site", "", "site id")
	f.StringVar(&i.until, "until", "", "closing: until when the van was here, such as 12:30 (default --at)")
	f.StringVar(&i.next, "next", "", "closing: the next place")
}

// read reads the files. A page that says nothing of a day needs no timetable.
func (i *pageInput) read(dated bool) (kiosk.Options, kiosk.Content, error) {
	o, in := kiosk.Options{}, kiosk.Content{Site: i.site, Next: i.next}
	switch {
	case i.out == "":
		return o, in, usageError{errors.New("-o is needed")}
	case i.timetable == "" && dated:
		return o, in, usageError{errors.New("--timetable is needed")}
	}
	if i.timetable != "" {
		t, when, err := openTimetable(i.at, i.timetable, i.how)
		if err != nil {
			return o, in, err
		}
		if err := knownSite(t, i.site); err != nil {
			return o, in, err
		}
		in.Timetable, in.Now, in.Until = t, when, when
		if i.until != "" {
			clock, err := timetable.ParseClock(i.until)
			if err != nil {
				return o, in, usageError{fmt.Errorf("--until %q: %w", i.until, err)}
			}
			y, m, d := when.Date()
			in.Until = clock.On(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), t.Zone)
		}
	}
	if i.board != "" {
		data, err := os.ReadFile(i.board)
		if err != nil {
			return o, in, err
		}
		if o.Board, err = board.Parse(i.board, data, draw.CheckBoard); err != nil {
			return o, in, err
		}
	}
	return o, in, nil
}

// speak gives the options their sets, with as many rows as fit. flag is where they were
// said.
func speak(o *kiosk.Options, flag string, sets ...kiosk.Set) error {
	o.Sets, o.Capacity = sets, map[string]int{}
	for _, set := range sets {
		if len(set) == 0 || len(set) > 2 {
			return usageError{fmt.Errorf("%s: %d languages found; one or two fit on a page", flag, len(set))}
		}
		for _, tag := range set {
			if locales.Get(tag).Tag != strings.Split(tag, "-")[0] {
				return usageError{fmt.Errorf("%s %s: the screen does not speak it; it speaks: %s", flag, tag, strings.Join(locales.Tags(), ", "))}
			}
		}
		if len(set) == 2 && set[0] == set[1] {
			return usageError{fmt.Errorf("%s: %s found twice; two different ones or one was expected", flag, set[0])}
		}
		o.Capacity[set.String()] = draw.Capacity(set)
	}
	return nil
}

func renderCommand() *cobra.Command {
	var in pageInput
	var page string
	var part int
	c := &cobra.Command{
		Use:   "render -o page.png --timetable FILE",
		Short: "Draw a page of the public screen, in the panel's own pixels",
		Example: `  infobus kiosk render -o page.png --timetable timetable.yaml --at 2026-11-23T10:00 --site quai
  infobus kiosk render -o help.png --timetable timetable.yaml --board board.yaml --page help --lang ti,ur --part 2`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			name := kiosk.Name(page)
			if !slices.Contains(kiosk.Names, name) {
				return usageError{fmt.Errorf("--page %q: there are: %v", page, kiosk.Names)}
			}
			var o kiosk.Options
			if err := speak(&o, "--lang", in.langs); err != nil {
				return err
			}
			read, input, err := in.read(name != kiosk.ClockNotSet && name != kiosk.SettingUp)
			if err != nil {
				return err
			}
			o.Board = read.Board
			pages := o.Pages(name, input)
			if part < 1 || part > len(pages) {
				return usageError{fmt.Errorf("--part %d: the page has %d", part, len(pages))}
			}
			frame, err := draw.Draw(pages[part-1])
			if err != nil {
				return err
			}
			return writePicture(in.out, frame.PNG)
		},
	}
	in.flags(c)
	c.Flags().StringVar(&page, "page", "today", "which page: "+fmt.Sprint(kiosk.Names))
	c.Flags().IntVar(&part, "part", 1, "which of its parts, where it has several")
	c.Flags().StringSliceVar(&in.langs, "lang", kiosk.Ten[0], "languages, the first leads")
	return c
}

// writePicture writes a picture to a file, or to the standard output for -.
func writePicture(path string, picture func(io.Writer) error) error {
	if path == "-" {
		return picture(os.Stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(picture(f), f.Close())
}

func sheetCommand() *cobra.Command {
	var in pageInput
	c := &cobra.Command{
		Use:     "sheet -o sheet.png --timetable FILE --board FILE",
		Short:   "Draw every page in every language on one sheet, at half its size",
		Example: "  infobus kiosk sheet -o sheet.png --timetable timetable.yaml --board board.yaml --at 2026-11-23T09:40 --site quai",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o, input, err := in.read(true)
			if err != nil {
				return err
			}
			sets := kiosk.Ten
			if err := speak(&o, "--lang", sets...); err != nil {
				return err
			}
			columns := make([][]*ink.Frame, len(sets))
			for i, set := range sets {
				of := o
				of.Sets = []kiosk.Set{set}
				for _, name := range kiosk.Names {
					for _, p := range of.Pages(name, input) {
						frame, err := draw.Draw(p)
						if err != nil {
							return err
						}
						columns[i] = append(columns[i], frame)
					}
				}
			}
			return writePicture(in.out, func(w io.Writer) error { return png.Encode(w, sheet(columns)) })
		},
	}
	in.flags(c)
	return c
}

// sheet puts frames at half their size below each other, column by column.
func sheet(columns [][]*ink.Frame) image.Image {
	const width, height, gap = ink.Width / 2, ink.Height / 2, 12
	most := 0
	for _, c := range columns {
		most = max(most, len(c))
	}
	palette := color.Palette{color.Gray{0}, color.Gray{64}, color.Gray{128}, color.Gray{192}, color.Gray{255}, color.Gray{170}}
	m := image.NewPaletted(image.Rect(0, 0, gap+len(columns)*(width+gap), gap+most*(height+gap)), palette)
	for i := range m.Pix {
		m.Pix[i] = 5
	}
	for i, c := range columns {
		for j, f := range c {
			for y := range height {
				for x := range width {
					var white uint8
					for _, p := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
						if f.IsWhite(2*x+p.X, 2*y+p.Y) {
							white++
						}
					}
					m.SetColorIndex(gap+i*(width+gap)+x, gap+j*(height+gap)+y, white)
				}
			}
		}
	}
	return m
}

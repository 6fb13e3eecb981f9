package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/guide"
	"infobus/guide/translator"
	"infobus/kiosk"
	"infobus/kiosk/board"
	"infobus/kiosk/draw"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source/workbook"
	"infobus/yamlfile"
)

// guideInput is what the commands on a guide read.
type guideInput struct {
	folder, timetable, board, at string
	how                          readAs
}

func (i *guideInput) folderFlag(c *cobra.Command) {
	c.Flags().StringVar(&i.folder, "guide", "guide", "the folder of the guide: a file a language, such as en.md")
}

func (i *guideInput) factsFlags(c *cobra.Command) {
	c.Flags().StringVar(&i.timetable, "timetable", "", "the timetable that the texts refer to")
	i.how.flags(c)
	c.Flags().StringVar(&i.board, "board", "", "the board that the texts refer to")
	c.Flags().StringVar(&i.at, "at", "", "day and time at which the references are tried: 2026-11-23T10:00 (default now)")
}

// load reads the guide; the paths of mistakes are as they were given.
func (i *guideInput) load() (guide.Guide, guide.Mistakes, error) {
	root, err := os.OpenRoot(i.folder)
	if err != nil {
		return guide.Guide{}, nil, err
	}
	defer root.Close()
	g, wrong := guide.Load(root.FS())
	i.within(wrong)
	i.within(g.Warnings)
	return g, wrong, nil
}

func (i *guideInput) within(list guide.Mistakes) {
	for k := range list {
		list[k].File = filepath.Join(i.folder, list[k].File)
	}
}

// check holds the guide against timetable and board, if they were given.
func (i *guideInput) check(g guide.Guide) (wrong, warnings guide.Mistakes, err error) {
	var t *timetable.Timetable
	var b *kiosk.Board
	now := time.Now()
	if i.timetable != "" {
		if t, now, err = openTimetable(i.at, i.timetable, i.how); err != nil {
			return nil, nil, err
		}
	}
	if i.board != "" {
		data, err := os.ReadFile(i.board)
		if err != nil {
			return nil, nil, err
		}
		of, err := board.Parse(i.board, data, draw.CheckBoard)
		if err != nil {
			return nil, nil, err
		}
		b = &of
	}
	wrong, warnings = g.Check(t, b, now)
	i.within(wrong)
	i.within(warnings)
	return wrong, warnings, nil
}

func guideCommand(o *options) *cobra.Command {
	return group("guide", "The guide's texts: what is translated, sheets for translators, what goes onto the box",
		guideStatusCommand(o), guideSheetCommand(o), guideImportCommand(o), guideBuildCommand(o))
}

// guideLanguage is one language's row of `infobus guide status`.
type guideLanguage struct {
	Language   string   `json:"language"`
	Name       string   `json:"name"`
	Texts      int      `json:"texts"`
	OK         int      `json:"ok"`
	Unreviewed []string `json:"unreviewed"` // ids
	Stale      []string `json:"stale"`
	Missing    []string `json:"missing"`
}

type guideStatus struct {
	Source    string          `json:"source"`
	Languages []guideLanguage `json:"languages"`
	Mistakes  guide.Mistakes  `json:"mistakes"`
	Warnings  guide.Mistakes  `json:"warnings"`
}

func guideStatusCommand(o *options) *cobra.Command {
	var in guideInput
	c := &cobra.Command{
		Use:   "status",
		Short: "Say for each language which texts are reviewed, unreviewed, stale or missing",
		Long: `Say every mistake in the guide's files, as file:line:column: what; and for each of the ten languages how many
texts are ok, unreviewed (nobody who reads the language has agreed to them), stale (their source was changed
since) or missing, and which. With --timetable and --board also which references say "ask us", and why.
Exit status 1 if any text is not ok, or anything is wrong.`,
		Example: `  infobus guide status
  infobus guide status --timetable timetable.yaml --board board.yaml
  infobus guide status --guide texts --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			g, wrong, err := in.load()
			if err != nil {
				return err
			}
			s := guideStatus{Source: g.Source, Languages: []guideLanguage{}, Mistakes: guide.Mistakes{}, Warnings: guide.Mistakes{}}
			if s.Mistakes = append(s.Mistakes, wrong...); len(wrong) == 0 {
				wrong, warnings, err := in.check(g)
				if err != nil {
					return err
				}
				s.Mistakes = append(s.Mistakes, wrong...)
				s.Warnings = append(append(s.Warnings, g.Warnings...), warnings...)
				for _, n := range g.Status() {
					s.Languages = append(s.Languages, guideLanguage{n.Lang, locales.Get(n.Lang).Name, n.All, len(n.IDs[guide.OK]), n.IDs[guide.Unreviewed], n.IDs[guide.Stale], n.IDs[guide.Missing]})
				}
			}
			well := s.well()
			if o.json {
				if err := printJSON(s); err != nil {
					return err
				}
			} else {
				s.print()
			}
			if !well {
				return errAttention
			}
			return nil
		},
	}
	in.folderFlag(c)
	in.factsFlags(c)
	return c
}

func (s guideStatus) well() bool {
	return len(s.Mistakes) == 0 && len(s.Warnings) == 0 && !slices.ContainsFunc(s.Languages, func(l guideLanguage) bool { return l.OK < l.Texts })
}

func (s guideStatus) print() {
	printMistakes(s.Mistakes, s.Warnings)
	for _, l := range s.Languages {
		if l.Language == s.Source {
			fmt.Printf("%s  %s: the source, %s\n", l.Language, l.Name, texts(l.Texts))
			continue
		}
		fmt.Printf("%s  %s: %d ok, %d unreviewed, %d stale, %d missing\n", l.Language, l.Name, l.OK, len(l.Unreviewed), len(l.Stale), len(l.Missing))
		for _, of := range []struct {
			state guide.State
			ids   []string
		}{{guide.Unreviewed, l.Unreviewed}, {guide.Stale, l.Stale}, {guide.Missing, l.Missing}} {
			if len(of.ids) > 0 && len(of.ids) < l.Texts {
				fmt.Printf("    %-10s  %s\n", of.state, strings.Join(of.ids, ", "))
			}
		}
	}
}

func texts(n int) string {
	if n == 1 {
		return "1 text"
	}
	return fmt.Sprint(n, " texts")
}

func printMistakes(wrong, warnings guide.Mistakes) {
	if len(wrong) > 0 {
		fmt.Println(wrong.Error())
	}
	for _, w := range warnings {
		fmt.Println("warning: " + w.Error())
	}
}

// languageOfFile is the language that a sheet's name begins with: ti of ti-may.xlsx.
func languageOfFile(name string) string {
	base := filepath.Base(name)
	if end := strings.IndexFunc(base, func(c rune) bool { return c < 'a' || c > 'z' }); end > 0 {
		base = base[:end]
	}
	if slices.Contains(locales.Tags(), base) {
		return base
	}
	return ""
}

func guideSheetCommand(o *options) *cobra.Command {
	var in guideInput
	var lang string
	c := &cobra.Command{
		Use:   "sheet FILE.xlsx",
		Short: "Write a translator's workbook: source, last translation, what changed",
		Long: `Write a workbook for a translator: for each text its id, the source, the last translation, what has changed in
the source since, a column to write into, and one for whether somebody has reviewed it. The language is that
with which the file's name begins, or --language. A file that is there already is not written over: somebody
may have written into it.`,
		Example: `  infobus guide sheet ti.xlsx
  infobus guide sheet tigrinya.xlsx --language ti --guide texts`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := args[0]
			if lang == "" {
				lang = languageOfFile(name)
			}
			if !slices.Contains(locales.Tags(), lang) {
				return usageError{fmt.Errorf("the language of %s is not known; a name such as ti.xlsx or --language was expected, with one of: %s", name, strings.Join(locales.Tags(), ", "))}
			}
			if filepath.Ext(name) != ".xlsx" {
				return usageError{fmt.Errorf("%s: a name that ends in .xlsx was expected", name)}
			}
			g, wrong, err := in.load()
			if err != nil {
				return err
			}
			if len(wrong) > 0 {
				return o.mistakes(wrong)
			}
			if lang == g.Source {
				return usageError{fmt.Errorf("%s is the source: it is written in %s.md", lang, lang)}
			}
			data, err := translator.Write(g, lang)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("%s is there already; a translator may have written into it: choose another name, such as %s-2.xlsx", name, lang)
			}
			if err == nil {
				_, err = f.Write(data)
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				return err
			}
			toDo := 0
			for _, p := range g.Pairs(lang) {
				if p.State != guide.OK && p.State != guide.Unreviewed {
					toDo++
				}
			}
			if o.json {
				return printJSON(map[string]any{"file": name, "language": lang, "texts": len(g.Pairs(lang)), "to_translate": toDo})
			}
			fmt.Printf("%s: %s, %d to be translated\n", name, texts(len(g.Pairs(lang))), toDo)
			return nil
		},
	}
	in.folderFlag(c)
	c.Flags().StringVar(&lang, "language", "", "the language: "+strings.Join(locales.Tags(), ", "))
	return c
}

func guideImportCommand(o *options) *cobra.Command {
	var in guideInput
	var lang string
	c := &cobra.Command{
		Use:   "import FILE.xlsx",
		Short: "Take over what a translator wrote into a workbook",
		Long: `Take over into the guide what a translator wrote into a workbook of infobus guide sheet. References have to be
those of the source. Merged cells, another language's column, markup, numbers and signs that turn the writing
around are refused, each with its cell; then nothing is taken over. What was made from an older source is
taken over as stale, and never in place of a translation of the present one.`,
		Example: `  infobus guide import ti.xlsx
  infobus guide import from-the-translator.xlsx --language ti --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := args[0]
			if lang == "" {
				lang = languageOfFile(name)
			} else if !slices.Contains(locales.Tags(), lang) {
				return usageError{fmt.Errorf("--language %q: expected one of: %s", lang, strings.Join(locales.Tags(), ", "))}
			}
			g, wrong, err := in.load()
			if err != nil {
				return err
			}
			if len(wrong) > 0 {
				return o.mistakes(wrong)
			}
			data, err := readAtMost(name, yamlfile.MaxSize)
			if err != nil {
				return err
			}
			sheets, err := workbook.Reader(workbook.Program())(data)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			got, wrong := translator.Read(name, sheets, g, lang)
			if len(wrong) > 0 {
				return o.mistakes(wrong)
			}
			path := filepath.Join(in.folder, got.Lang+".md")
			if len(got.Taken)+len(got.Agreed)+len(got.Withdrawn) > 0 {
				if err := replace(path, got.File.Bytes(true)); err != nil {
					return err
				}
			}
			if o.json {
				if err := printJSON(got); err != nil {
					return err
				}
			} else {
				printMistakes(nil, got.Warnings)
				fmt.Printf("%s: %d taken over, %d of them stale; %d reviewed, %d no longer; %d kept as they were\n", path, len(got.Taken), len(got.Stale), len(got.Agreed), len(got.Withdrawn), len(got.Kept))
			}
			if len(got.Warnings) > 0 || len(got.Stale) > 0 {
				return errAttention
			}
			return nil
		},
	}
	in.folderFlag(c)
	c.Flags().StringVar(&lang, "language", "", "the language that the sheet has to be in (default: that with which its name begins)")
	return c
}

// readAtMost reads a file of no more bytes than that.
func readAtMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: the file has more than the %d bytes that are read", name, most)
	}
	return data, err
}

// replace writes a file aside and puts it in the place of the one before.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".guide-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func guideBuildCommand(o *options) *cobra.Command {
	var in guideInput
	var out string
	c := &cobra.Command{
		Use:   "build -o guide.zip",
		Short: "Check the whole guide and write what goes onto the box",
		Long: `Check the whole guide and write it as one file, which goes onto the box. With a mistake nothing is written: give
--timetable and --board, so that references that stand for nothing, and places that no text may name, are
found. What is stale or missing in a language is no mistake: the box shows the source beside it. The same
guide gives the same bytes.`,
		Example: `  infobus guide build -o guide.zip --timetable timetable.yaml --board board.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return usageError{errors.New("-o is needed")}
			}
			g, wrong, err := in.load()
			if err != nil {
				return err
			}
			var warnings guide.Mistakes
			if len(wrong) == 0 {
				if wrong, warnings, err = in.check(g); err != nil {
					return err
				}
			}
			if len(wrong) > 0 {
				return o.mistakes(wrong)
			}
			data, err := g.Pack()
			if err != nil {
				return err
			}
			if _, wrong := guide.Open(out, data); len(wrong) > 0 {
				return wrong
			}
			if err := replace(out, data); err != nil {
				return err
			}
			if in.timetable == "" || in.board == "" {
				fmt.Fprintln(os.Stderr, "warning: not held against a timetable and a board: with --timetable and --board, references that stand for nothing and places that no text may name are found")
			}
			warnings = append(slices.Clone(g.Warnings), warnings...)
			if o.json {
				return printJSON(map[string]any{"file": out, "bytes": len(data), "languages": g.Languages(), "texts": len(g.Pairs(g.Source)), "warnings": append(guide.Mistakes{}, warnings...)})
			}
			printMistakes(nil, warnings)
			fmt.Printf("%s: %d bytes, %s in %s\n", out, len(data), texts(len(g.Pairs(g.Source))), strings.Join(g.Languages(), ", "))
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	in.folderFlag(c)
	in.factsFlags(c)
	return c
}

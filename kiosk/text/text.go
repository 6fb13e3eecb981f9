// Package text turns a line of text in any of our languages into ink: runs by
// direction, script and font, shaped with OpenType, in black and white.
//
// In: a text, its language, a size; fonts from the folders named below. Out: a
// Line, which knows its width and its pixels, or the texts of several. It chooses
// no words. Text that no font has is an error, never a box.
package text

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"

	"infobus/kiosk/ink"
)

// Style is how a line looks.
type Style struct {
	Size int // of an em in pixels, 1 to 200; capitals have 0.714 of it
	Bold bool
}

// families are the fonts, by the first part of their files' names, and for
// which script each comes first, in all languages or in one; the others follow
// where a letter is missing. Adding a script is adding a line.
var families = []struct {
	name   string
	script language.Script
	lang   string // BCP 47, first part; "" for all
	joined bool   // letters join: their places between two pixels are kept
}{
	{"NotoSans", language.Latin, "", false},
	{"NotoSansArabic", language.Arabic, "", true},
	{"NotoSansEthiopic", language.Ethiopic, "", false},
	{"NotoNastaliqUrdu", language.Arabic, "ur", true},
}

// folders are where fonts are looked for, in this order.
func folders() []string {
	list := []string{"build/fonts", "/usr/share/fonts/truetype/noto"}
	if f := os.Getenv("INFOBUS_FONTS"); f != "" {
		list = append([]string{f}, list...)
	}
	return list
}

// Fonts are the faces of all families, regular and bold. They are read when a
// text first needs them, and kept; lines are kept too, so that drawing a page
// again costs little. Safe for concurrent use.
type Fonts struct {
	files map[faceKey]string

	mu     sync.Mutex
	cmaps  map[faceKey]font.Cmap   // under mu
	faces  map[faceKey]*face       // under mu
	buffer *harfbuzz.Buffer        // under mu
	shapes map[lineKey][]shapedRun // under mu; without a size
	lines  map[lineKey]Line        // under mu
}

type faceKey struct {
	family int // index in families
	bold   bool
}

type lineKey struct {
	text, lang string
	rtl        bool
	style      Style
}

// Open finds the font files, without reading them. The error names every one
// that is missing, and where it was looked for.
func Open() (*Fonts, error) { return open(folders()) }

func open(folders []string) (*Fonts, error) {
	f := &Fonts{files: map[faceKey]string{}}
	f.forget()
	var missing []string
	for i, family := range families {
		for _, bold := range []bool{false, true} {
			name := family.name + "-Regular.ttf"
			if bold {
				name = family.name + "-Bold.ttf"
			}
			if path := find(folders, name); path != "" {
				f.files[faceKey{i, bold}] = path
			} else {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("fonts missing: %s (Debian's fonts-noto-core has them); looked in %s",
			strings.Join(missing, ", "), strings.Join(folders, ", "))
	}
	return f, nil
}

func find(folders []string, name string) string {
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// Forget gives the memory of faces and lines back, which the next page reads
// again.
func (f *Fonts) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget()
}

func (f *Fonts) forget() {
	for _, face := range f.faces {
		face.file.Close()
	}
	f.cmaps, f.faces, f.buffer = map[faceKey]font.Cmap{}, map[faceKey]*face{}, harfbuzz.NewBuffer()
	f.shapes, f.lines = map[lineKey][]shapedRun{}, map[lineKey]Line{}
}

// face is a family's face, read if need be. f.mu is held.
func (f *Fonts) face(k faceKey) (*face, error) {
	if face := f.faces[k]; face != nil {
		return face, nil
	}
	face, err := openFace(f.files[k])
	if err != nil {
		return nil, err
	}
	f.faces[k] = face
	return face, nil
}

// has says whether a family's face has a character, or needs no glyph for it; of
// its file it reads no more than that. f.mu is held.
func (f *Fonts) has(k faceKey, r rune) (bool, error) {
	if unseen(r) {
		return true, nil
	}
	cmap := f.cmaps[k]
	if cmap == nil {
		var err error
		if cmap, err = coverage(f.files[k]); err != nil {
			return false, err
		}
		f.cmaps[k] = cmap
	}
	id, ok := cmap.Lookup(r)
	return ok && id != 0, nil
}

// Line is one line of text, shaped and turned into pixels. Its origin is where
// the pen starts: at the left, on the baseline.
type Line struct {
	Width int // that the pen moves, in pixels, rounded up
	Ink   ink.Mask
}

// keptLines bounds the memory that lines take: some pages of them.
const keptLines = 500

// Line lays out a text that is written from right to left, or not, as a
// paragraph of its own. The error says what could not be shown.
func (f *Fonts) Line(text, lang string, rtl bool, s Style) (Line, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := lineKey{text, lang, rtl, s}
	if l, ok := f.lines[key]; ok {
		return l, nil
	}
	l, err := f.lay(key)
	if err != nil {
		return Line{}, err
	}
	if len(f.lines) >= keptLines {
		clear(f.lines)
	}
	f.lines[key] = l
	return l, nil
}

// Width is that of the Line, which it does not draw: for trying sizes.
func (f *Fonts) Width(text, lang string, rtl bool, s Style) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.measure(lineKey{text, lang, rtl, s})
}

// Outline is the Line for print: its outline in place of its pixels.
func (f *Fonts) Outline(text, lang string, rtl bool, s Style) (width int, o *ink.Outline, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o = &ink.Outline{}
	width, err = f.place(lineKey{text, lang, rtl, s}, func(_ run, face *face, g glyph, x, y, scale float64) error {
		return face.outline(o, g.id, float32(x), float32(y), float32(scale))
	})
	return width, o, err
}

// Missing is a letter that no font has.
type Missing struct{ Rune rune }

func (m Missing) Error() string {
	return fmt.Sprintf("no font has the character %q (U+%04X)", m.Rune, m.Rune)
}

// Check says what is wrong with a text that is going to be shown: a letter that
// no font has would be a box. It reads of the fonts what letters they have.
func (f *Fonts) Check(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range text {
		for _, bold := range []bool{false, true} {
			has := false
			for i := 0; i < len(families) && !has; i++ {
				var err error
				if has, err = f.has(faceKey{i, bold}, r); err != nil {
					return nil // the font's fault, not the text's: drawing will say so
				}
			}
			if !has {
				return Missing{r}
			}
		}
	}
	return nil
}

// Extent is how far the ink of texts reaches above the baseline and below it, in
// pixels: the height that lines of a language take, measured. Line heights that
// fonts state differ by half an em for what looks the same.
func (f *Fonts) Extent(lang string, rtl bool, s Style, texts ...string) (above, below int, err error) {
	for _, text := range texts {
		l, err := f.Line(text, lang, rtl, s)
		if err != nil {
			return 0, 0, err
		}
		b := l.Ink.Bounds()
		above, below = max(above, -b.Min.Y), max(below, b.Max.Y)
	}
	return above, below, nil
}

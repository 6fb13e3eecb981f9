package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
	"github.com/go-text/typesetting/harfbuzz"

	"infobus/kiosk/ink"
)

// face is a font file as the screen needs it: a page uses a hundred of its three
// thousand glyphs, so the tables that shaping asks for are read whole, and
// outlines one by one from the file, which stays open. That halves the time and
// the memory that a face takes.
type face struct {
	shaper *harfbuzz.Font
	file   *os.File
	glyf   int64    // where outlines begin in the file
	loca   []uint32 // where each glyph's begins after that, and the last one's ends
}

// shapingTables are those that harfbuzz reads of a static font whose glyphs GPOS
// positions.
var shapingTables = []string{"cmap", "head", "maxp", "hhea", "hmtx", "OS/2", "GDEF", "GSUB", "GPOS", "kern"}

// openFace reads a static TrueType font. The caller closes it.
func openFace(path string) (_ *face, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
			err = fmt.Errorf("read font %s: %w", path, err)
		}
	}()
	whole, err := opentype.NewLoader(file)
	if err != nil {
		return nil, err
	}
	for _, table := range []string{"glyf", "loca", "GPOS"} {
		if !whole.HasTable(opentype.MustNewTag(table)) {
			return nil, fmt.Errorf("a font without a table %q", table)
		}
	}
	if whole.HasTable(opentype.MustNewTag("fvar")) {
		return nil, errors.New("a variable font")
	}
	head, err := whole.RawTable(opentype.MustNewTag("head"))
	if err != nil {
		return nil, err
	}
	// Flags, bit 1: outlines begin at their left side bearing, and need not be
	// moved to it.
	if len(head) < 54 || head[17]&2 == 0 {
		return nil, errors.New("a font whose outlines stand away from their bearing")
	}
	f := &face{file: file}
	kept, glyf, err := only(file, shapingTables)
	if err != nil {
		return nil, err
	}
	f.glyf = glyf
	ld, err := opentype.NewLoader(kept)
	if err != nil {
		return nil, err
	}
	parsed, err := font.NewFont(ld)
	if err != nil {
		return nil, err
	}
	maxp, err := whole.RawTable(opentype.MustNewTag("maxp"))
	if err != nil {
		return nil, err
	}
	loca, err := whole.RawTable(opentype.MustNewTag("loca"))
	if err != nil {
		return nil, err
	}
	f.loca, err = tables.ParseLoca(loca, int(binary.BigEndian.Uint16(maxp[4:])), head[51] == 1) // maxp was parsed above
	if err != nil {
		return nil, err
	}
	f.shaper = harfbuzz.NewFont(font.NewFace(parsed))
	return f, nil
}

// only is a font file in which just the tables named are to be found, and where
// its glyf table begins.
func only(file io.ReaderAt, names []string) (_ *io.SectionReader, glyf int64, err error) {
	// The table directory of the OpenType specification: 12 bytes, of which two
	// count the tables, and 16 for each, of which the first four are its tag.
	directory := make([]byte, 12)
	if _, err := file.ReadAt(directory, 0); err != nil {
		return nil, 0, err
	}
	directory = append(directory, make([]byte, 16*int(binary.BigEndian.Uint16(directory[4:])))...)
	if _, err := file.ReadAt(directory, 0); err != nil {
		return nil, 0, err
	}
	for record := range slices.Chunk(directory[12:], 16) {
		tag := string(record[:4])
		if tag == "glyf" {
			glyf = int64(binary.BigEndian.Uint32(record[8:]))
		}
		if !slices.Contains(names, tag) {
			copy(record, "gone")
		}
	}
	return io.NewSectionReader(overlaid{file, directory}, 0, 1<<32), glyf, nil
}

// overlaid is a file with another beginning.
type overlaid struct {
	io.ReaderAt
	beginning []byte
}

func (o overlaid) ReadAt(b []byte, at int64) (int, error) {
	n, err := o.ReaderAt.ReadAt(b, at)
	if at < int64(len(o.beginning)) {
		copy(b[:n], o.beginning[at:])
	}
	return n, err
}

// coverage is the cmap of a font file: which characters it has a glyph for.
func coverage(path string) (font.Cmap, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	defer file.Close()
	cmap, err := func() (font.Cmap, error) {
		ld, err := opentype.NewLoader(file)
		if err != nil {
			return nil, err
		}
		raw, err := ld.RawTable(opentype.MustNewTag("cmap"))
		if err != nil {
			return nil, err
		}
		table, _, err := tables.ParseCmap(raw)
		if err != nil {
			return nil, err
		}
		cmap, _, err := font.ProcessCmap(table, 0)
		return cmap, err
	}()
	if err != nil {
		return nil, fmt.Errorf("read font %s: %w", path, err)
	}
	return cmap, nil
}

// contourPoint is a point of an outline in font units, y up.
type contourPoint struct {
	x, y    float32
	on, end bool // on the curve; the last of its contour
}

// nested bounds the depth of glyphs that are made of others.
const nested = 8

// points are a glyph's, those of its components in their places.
func (f *face) points(id font.GID, depth int) ([]contourPoint, error) {
	if int(id) >= len(f.loca)-1 || depth > nested {
		return nil, fmt.Errorf("glyph %d, %d deep, is not in the font", id, depth)
	}
	start, end := f.loca[id], f.loca[id+1]
	if start >= end {
		return nil, nil // a space
	}
	raw := make([]byte, min(end-start, 1<<16))
	if _, err := f.file.ReadAt(raw, f.glyf+int64(start)); err != nil {
		return nil, fmt.Errorf("read glyph %d: %w", id, err)
	}
	g, _, err := tables.ParseGlyph(raw)
	if err != nil {
		return nil, fmt.Errorf("glyph %d: %w", id, err)
	}
	var all []contourPoint
	switch data := g.Data.(type) {
	case tables.SimpleGlyph:
		all = make([]contourPoint, len(data.Points))
		for i, p := range data.Points {
			all[i] = contourPoint{x: float32(p.X), y: float32(p.Y), on: p.Flag&1 != 0}
		}
		for _, at := range data.EndPtsOfContours {
			if int(at) >= len(all) {
				return nil, fmt.Errorf("glyph %d: a contour ends after its points", id)
			}
			all[at].end = true
		}
	case tables.CompositeGlyph:
		for _, part := range data.Glyphs {
			if part.IsAnchored() || part.IsScaledOffsets() {
				return nil, fmt.Errorf("glyph %d is put together in a way that no Noto font uses", id)
			}
			list, err := f.points(font.GID(part.GlyphIndex), depth+1)
			if err != nil {
				return nil, err
			}
			dx, dy := part.ArgsAsTranslation()
			m := part.Scale
			for i, p := range list {
				list[i].x = float32(p.x*m[0]) + float32(p.y*m[2]) + float32(dx)
				list[i].y = float32(p.x*m[1]) + float32(p.y*m[3]) + float32(dy)
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

// outline adds a glyph's outline, its origin at (x, y) in pixels, y down.
func (f *face) outline(o *ink.Outline, id font.GID, x, y, scale float32) error {
	points, err := f.points(id, 0)
	if err != nil {
		return err
	}
	for len(points) > 0 {
		n := 1 + slices.IndexFunc(points, func(p contourPoint) bool { return p.end })
		if n == 0 {
			return fmt.Errorf("glyph %d: a contour has no end", id)
		}
		contour(o, points[:n], x, y, scale)
		points = points[n:]
	}
	return nil
}

// contour adds a closed contour of quadratic curves: two points off the curve
// after each other have one on it in their middle (OpenType, glyf).
func contour(o *ink.Outline, points []contourPoint, x, y, scale float32) {
	at := func(p contourPoint) (float32, float32) { return x + float32(p.x*scale), y - float32(p.y*scale) }
	middle := func(a, b contourPoint) contourPoint {
		return contourPoint{x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, on: true}
	}
	first := slices.IndexFunc(points, func(p contourPoint) bool { return p.on })
	start := points[max(first, 0)]
	if first < 0 {
		first, start = 0, middle(points[0], points[1%len(points)])
	}
	o.Move(at(start))
	var off *contourPoint
	for i := range points {
		p := points[(first+1+i)%len(points)]
		switch {
		case p.on && off == nil:
			o.Line(at(p))
		case p.on:
			ax, ay := at(*off)
			bx, by := at(p)
			o.Quad(ax, ay, bx, by)
			off = nil
		case off == nil:
			off = &p
		default:
			ax, ay := at(*off)
			bx, by := at(middle(*off, p))
			o.Quad(ax, ay, bx, by)
			off = &p
		}
	}
	if off != nil {
		ax, ay := at(*off)
		bx, by := at(start)
		o.Quad(ax, ay, bx, by)
	}
}

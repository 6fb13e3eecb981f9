package guide

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"infobus/kiosk/locales"
)

// Bytes writes a language's file as Parse reads it. wordings: with the wordings that
// the texts were made from, which translators' sheets say what has changed by.
func (f File) Bytes(wordings bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "language: %s\nsource: %s\n", f.Lang, f.Source)
	part := ""
	for _, t := range f.Texts {
		mark, id := "#", t.ID
		if section, in, ok := strings.Cut(t.ID, "."); ok {
			if mark, id = "##", in; section != part { // its title is still to be translated
				b.WriteString("\n# " + section + "\n")
			}
			part = section
		} else {
			part = t.ID
		}
		b.WriteString("\n" + mark + " " + id)
		if t.From != "" {
			b.WriteString(" " + t.From)
		}
		if t.Reviewed {
			b.WriteString(" reviewed")
		}
		b.WriteString("\n")
		if wordings && t.Wording != "" {
			for line := range strings.Lines(t.Wording) {
				b.WriteString(strings.TrimRight("> "+line, " \n") + "\n")
			}
		}
		b.WriteString(Markdown(t.Items) + "\n")
	}
	return b.Bytes()
}

const (
	manifestName = "manifest.json"
	format       = 1
	maxManifest  = 8 << 10
	// MaxPacked is the largest packed guide that is read, in bytes.
	MaxPacked = 2 << 20
)

// Manifest is what a packed guide says of itself.
type Manifest struct {
	Format int      `json:"format"`
	Source string   `json:"source"`
	Files  []Packed `json:"files"` // in the order of locales.Tags
}

// Packed is a file of a packed guide.
type Packed struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Pack makes one file of a guide, which Open reads: a ZIP archive of a manifest and a
// file a language. The same guide gives the same bytes.
func (g Guide) Pack() ([]byte, error) {
	m := Manifest{Format: format, Source: g.Source}
	contents := map[string][]byte{}
	for _, tag := range g.Languages() {
		name := tag + ".md"
		data := g.files[tag].Bytes(false)
		if len(data) > MaxFile {
			return nil, fmt.Errorf("%s: %d bytes to be packed, at most %d were expected", name, len(data), MaxFile)
		}
		sum := sha256.Sum256(data)
		m.Files = append(m.Files, Packed{name, len(data), hex.EncodeToString(sum[:])})
		contents[name] = data
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, data []byte) {
		if err == nil {
			var w io.Writer
			if w, err = z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}); err == nil {
				_, err = w.Write(data)
			}
		}
	}
	add(manifestName, append(manifest, '\n'))
	for _, f := range m.Files {
		add(f.Name, contents[f.Name])
	}
	if err == nil {
		err = z.Close()
	}
	return b.Bytes(), err
}

// Open reads a packed guide. It is whole and as it was packed, or refused: every file of
// its manifest and none else, with the sums that stand there.
func Open(name string, data []byte) (Guide, Mistakes) {
	files, what := unpack(data)
	if what != "" {
		return Guide{}, Mistakes{{File: name, Line: 1, Column: 1, What: what}}
	}
	var wrong Mistakes
	for _, f := range files {
		wrong = append(wrong, f.wrong...)
	}
	if len(wrong) > 0 {
		return Guide{}, wrong
	}
	return New(files)
}

func unpack(data []byte) (files []File, wrong string) {
	if len(data) > MaxPacked {
		return nil, fmt.Sprintf("%d bytes found, at most %d were expected in a packed guide", len(data), MaxPacked)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, "no packed guide, or not whole; what infobus guide build writes was expected"
	}
	if len(z.File) > 1+len(locales.Tags()) {
		return nil, fmt.Sprintf("%d files found in it, at most %d were expected", len(z.File), 1+len(locales.Tags()))
	}
	contents := map[string][]byte{}
	for _, f := range z.File {
		most := MaxFile
		switch {
		case strings.ContainsAny(f.Name, `/\:`) || strings.Contains(f.Name, ".."):
			return nil, quoted(f.Name) + " found in it, a name that leaves its folder; names such as en.md were expected"
		case f.Name == manifestName:
			most = maxManifest
		case !slices.Contains(locales.Tags(), strings.TrimSuffix(f.Name, ".md")) || !strings.HasSuffix(f.Name, ".md"):
			return nil, quoted(f.Name) + " found in it; names such as en.md were expected"
		}
		if _, twice := contents[f.Name]; twice {
			return nil, f.Name + " found in it a second time"
		}
		if !f.Mode().IsRegular() {
			return nil, f.Name + " is no file of text"
		}
		if f.UncompressedSize64 > uint64(most) {
			return nil, fmt.Sprintf("%s has %d bytes, at most %d were expected", f.Name, f.UncompressedSize64, most)
		}
		r, err := f.Open()
		if err != nil {
			return nil, f.Name + " cannot be read"
		}
		contents[f.Name], err = io.ReadAll(io.LimitReader(r, int64(most)+1))
		r.Close()
		if err != nil || len(contents[f.Name]) > most {
			return nil, f.Name + " is not whole"
		}
	}
	var m Manifest
	if err := json.Unmarshal(contents[manifestName], &m); err != nil || m.Format != format {
		return nil, fmt.Sprintf("no %s of format %d found in it", manifestName, format)
	}
	if len(m.Files) != len(contents)-1 {
		return nil, fmt.Sprintf("%d files found in it, %d were expected", len(contents)-1, len(m.Files))
	}
	for _, p := range m.Files {
		text, ok := contents[p.Name]
		sum := sha256.Sum256(text)
		if !ok || p.Name == manifestName || len(text) != p.Bytes || hex.EncodeToString(sum[:]) != p.SHA256 {
			return nil, quoted(p.Name) + " is not as it was packed"
		}
		f, _ := Parse(p.Name, text)
		files = append(files, f)
	}
	if len(files) == 0 || files[0].Source != m.Source && len(files[0].wrong) == 0 {
		return nil, "no guide in it, or one of another source than its manifest says"
	}
	return files, ""
}

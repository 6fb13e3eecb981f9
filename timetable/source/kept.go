package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"infobus/durable"
	"infobus/private"
	"infobus/timetable"
)

// kept is what of a source outlives a power cut: its versions as they were read,
// without what is told in person (timetable.Shelf.Encode). Of the files themselves,
// where they come from and who wrote them nothing is kept.
type kept struct {
	Key      string          `json:"key"`              // of where it comes from, and how it is read
	Beside   string          `json:"beside,omitempty"` // of the files on the box that the options name
	Of       string          `json:"of,omitempty"`     // as Feed has it
	With     string          `json:"with,omitempty"`
	ETag     string          `json:"etag,omitempty"`
	Modified string          `json:"modified,omitempty"` // as the server said it
	Shelf    json.RawMessage `json:"shelf"`
	Files    []File          `json:"files,omitempty"` // with the filters off alone, so that a test finds what they keep out
}

// keptName is what the names of the pairs begin with; each goes on with a hash of
// where the source is.
const keptName = "timetable-"

// The names under which earlier versions of the program kept the files themselves.
const (
	rawName    = "timetable"
	oldRawName = "timetable.json"
)

func hash(parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:8])
}

// key is of all that decides what of a source's files may be shown: what was kept by
// other rules is none.
func (o Origin) key() string {
	return hash(o.From, o.Form, o.By, o.Public, o.Checked, o.Mapping, o.Sites)
}

func (o Origin) path(dir string) string { return filepath.Join(dir, keptName+hash(o.From)) }

func parseKept(b []byte) (k kept, s timetable.Shelf, err error) {
	if err := json.Unmarshal(b, &k); err != nil || k.Key == "" {
		return k, s, errors.New("no timetable of ours")
	}
	s, err = timetable.DecodeShelf(k.Shelf)
	return k, s, err
}

// restore reads what was kept of the source. The error says that a copy was damaged;
// then it is the one before, if there is one.
func (f *Feed) restore() error {
	pair, b, err := durable.OpenPair(f.disk, f.path(f.dir), func(b []byte) error {
		_, _, err := parseKept(b)
		return err
	})
	f.pair = pair
	if b == nil {
		return err
	}
	k, s, unread := parseKept(b)
	switch {
	case unread != nil:
	case s.Live != nil && slices.Contains(f.Invented, s.Live.Digest):
		f.keep(Stamp{}, nil) // it was in use before examples were known
	case k.Key != f.key() || f.besideHash() != "" && k.Beside != f.besideHash():
		// What is there was read by other rules: nothing of it may stay on the card.
		f.keep(Stamp{}, nil)
	default:
		f.shelf, f.stamp, f.of, f.with = s, Stamp{k.ETag, k.Modified}, k.Of, k.With
	}
	return errors.Join(err, unread)
}

// keep makes the shelf durable, if it is another than the one that is. Both copies
// are replaced: in the older one may stand what the newer one hides.
func (f *Feed) keep(at Stamp, files []File) {
	err := f.tryKeep(at, files)
	if err != nil {
		slog.Warn("the timetable is in use, and is lost with the power", "source", f.Name, "why", err)
	}
}

func (f *Feed) tryKeep(at Stamp, files []File) error {
	shelf, err := f.shelf.Encode()
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	k := kept{Key: f.key(), Beside: f.besideHash(), Of: f.of, With: f.with, ETag: at.ETag, Modified: at.Modified, Shelf: shelf}
	if private.FiltersOff() {
		k.Files = files
	}
	b, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	if string(b) == string(f.last) {
		return nil
	}
	f.last = nil
	for range 2 {
		if err := f.pair.Write(b); err != nil {
			return fmt.Errorf("keep the timetable: %w", err)
		}
	}
	f.last = b
	return nil
}

// raw is what earlier versions of the program kept: the files as they came.
type raw struct {
	Source   string `json:"source"`
	ETag     string `json:"etag"`
	Modified string `json:"modified"`
	Files    []File `json:"files"`
}

// takeOver makes of what an earlier version of the program kept what is kept now,
// where it is of one of the feeds, and removes it in any case: everything that the
// files said stands in it.
func takeOver(disk durable.Disk, dir string, feeds []*Feed) {
	_, b, err := durable.OpenPair(disk, filepath.Join(dir, rawName), func(b []byte) error { return json.Unmarshal(b, &raw{}) })
	if b == nil {
		b, err = durable.Read(disk, filepath.Join(dir, oldRawName), durable.MaxFile)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("what an earlier version kept of the timetable is damaged", "why", err)
	}
	var r raw
	if b != nil && json.Unmarshal(b, &r) == nil {
		for _, f := range feeds {
			if f.From != r.Source || f.shelf.Live != nil || len(r.Files) == 0 {
				continue
			}
			// It was in use without a tap.
			if v := f.Parse(r.Files).Version; !v.Refused {
				f.shelf, f.stamp = timetable.Shelf{}.Next(v, false), Stamp{r.ETag, r.Modified}
				f.keep(f.stamp, r.Files)
			}
		}
	}
	for _, name := range []string{rawName + ".0", rawName + ".1", oldRawName} {
		for _, ending := range []string{"", ".new", ".bad"} {
			remove(disk, filepath.Join(dir, name+ending))
		}
	}
}

// tidy removes what was kept of sources that are no source any more.
func tidy(disk durable.Disk, dir string, feeds []*Feed) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // of a disk that a test makes up
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		ours := slices.ContainsFunc(feeds, func(f *Feed) bool { return strings.HasPrefix(path, f.path(dir)) })
		if strings.HasPrefix(e.Name(), keptName) && !ours {
			remove(disk, path)
		}
	}
}

func remove(disk durable.Disk, path string) {
	if err := disk.Remove(path); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			slog.Warn("what was kept of a timetable cannot be removed", "why", err)
		}
		return
	}
	if err := disk.SyncDir(filepath.Dir(path)); err != nil {
		slog.Warn("what was kept of a timetable may come back", "why", err)
	}
}

// Package box keeps the guide as it came to the box: the version that is shown, the one
// before it, and the one that waits for a volunteer's tap.
//
// In: files, as a stick, an address or a phone has them. Out: a guide, whole and checked,
// or every mistake. A version with mistakes changes nothing. Nothing is shown before it
// was published, and what is published outlives a power cut. Where files come from, and
// who brought them, is not kept.
package box

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"infobus/durable"
	"infobus/guide"
	"infobus/kiosk/locales"
	"infobus/timetable/source"
)

// File is one file of a version.
type File = source.File

// Ending is that of a packed guide's name, as infobus guide build writes it.
const Ending = ".zip"

// Share is the most that the versions take of the card, in bytes: three packed guides,
// in base64, twice.
const Share = 2 * 3 * guide.MaxPacked * 4 / 3

// Version is one whole guide.
type Version struct {
	Digest string // 12 hex digits, of the packed guide
	Guide  guide.Guide
	packed []byte
}

// Shelf is what there is. It is immutable.
type Shelf struct {
	Live    *Version // nil: nothing is published
	Before  *Version // that Live was published over; nil: none
	Waiting *Version // nil: none waits

	// gone is the digest of the version that was taken back or declined last: it does not
	// wait again until another has come.
	gone string
}

// What Publish and TakeBack say where there is nothing that they could do.
var (
	ErrNone    = errors.New("no version of the guide waits, or was published, that this could be done with")
	ErrAnother = errors.New("another version of the guide waits, or stands, than the one that was looked at")
)

// Box is the guide on the box. Make it with Open. Safe for concurrent use.
type Box struct {
	// Changed is called after what waits, or what was refused, may be another; nil: nobody
	// asks.
	Changed func()

	pair  *durable.Pair
	check func(guide.Guide) guide.Mistakes // against what the texts refer to

	mu    sync.Mutex // guards what follows
	shelf Shelf
	lost  bool                      // what there is was not made durable
	stamp map[string]source.Stamp   // of what an address gave last, by a hash of the address
	wrong map[string]guide.Mistakes // of the newest version, by where it is, until a good one comes from anywhere
}

// kept is what outlives a power cut.
type kept struct {
	Live    []byte                  `json:"live,omitempty"` // packed
	Before  []byte                  `json:"before,omitempty"`
	Waiting []byte                  `json:"waiting,omitempty"`
	Gone    string                  `json:"gone,omitempty"`
	Stamps  map[string]source.Stamp `json:"stamps,omitempty"`
}

// Open takes up what an earlier process kept in the state directory. check says what is
// wrong with a version beside its files; nil for nothing. The error says that what was
// kept is damaged, or is no guide to this program; the box works all the same.
func Open(disk durable.Disk, dir string, check func(guide.Guide) guide.Mistakes) (*Box, error) {
	if check == nil {
		check = func(guide.Guide) guide.Mistakes { return nil }
	}
	pair, b, err := durable.OpenPair(disk, filepath.Join(dir, "guide-texts"), func(b []byte) error { return json.Unmarshal(b, &kept{}) })
	box := &Box{pair: pair, check: check, stamp: map[string]source.Stamp{}, wrong: map[string]guide.Mistakes{}}
	var k kept
	if b == nil || json.Unmarshal(b, &k) != nil {
		return box, err
	}
	box.shelf.gone = k.Gone
	maps.Copy(box.stamp, k.Stamps)
	for _, of := range []struct {
		data []byte
		to   **Version
	}{{k.Live, &box.shelf.Live}, {k.Before, &box.shelf.Before}, {k.Waiting, &box.shelf.Waiting}} {
		if len(of.data) == 0 {
			continue
		}
		g, wrong := guide.Open("guide"+Ending, of.data)
		if len(wrong) > 0 {
			err = errors.Join(err, wrong)
			continue
		}
		*of.to = &Version{digest(of.data), g, of.data}
	}
	return box, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// Shelf is what there is now.
func (b *Box) Shelf() Shelf {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shelf
}

// Guide is the one that is shown, at the same place as long as it is; nil where nothing
// is published.
func (b *Box) Guide() *guide.Guide {
	if live := b.Shelf().Live; live != nil {
		return &live.Guide
	}
	return nil
}

// Named says whether a file of that name belongs to a guide.
func Named(name string) bool {
	return strings.HasSuffix(name, Ending) || slices.Contains(locales.Tags(), strings.TrimSuffix(name, ".md")) && strings.HasSuffix(name, ".md")
}

// Read makes a guide of files: one packed guide, or a file a language.
func Read(files []File) (guide.Guide, guide.Mistakes) {
	var texts []guide.File
	var wrong guide.Mistakes
	for _, f := range files {
		name := path.Base(filepath.ToSlash(f.Name))
		switch {
		case strings.HasSuffix(name, Ending) && len(files) == 1:
			return guide.Open("guide"+Ending, f.Data)
		case strings.HasSuffix(name, Ending):
			return guide.Guide{}, guide.Mistakes{{File: "guide" + Ending, What: "a packed guide found beside other files; it alone was expected"}}
		case !Named(name):
			return guide.Guide{}, guide.Mistakes{{File: "guide", What: "a file of another name found; one packed guide, or files such as en.md were expected"}}
		}
		text, mistakes := guide.Parse(name, f.Data)
		texts, wrong = append(texts, text), append(wrong, mistakes...)
	}
	if len(wrong) > 0 {
		return guide.Guide{}, wrong
	}
	if len(texts) == 0 {
		return guide.Guide{}, guide.Mistakes{{File: "guide", What: "no guide found; one packed guide, or files such as en.md were expected"}}
	}
	return guide.New(texts)
}

// Put takes a version. The mistakes say why it does not wait to be published: then
// nothing has changed. kept says that it outlives a power cut.
func (b *Box) Put(files []File) (kept bool, wrong guide.Mistakes) {
	g, wrong := Read(files)
	if len(wrong) == 0 {
		wrong = b.check(g)
	}
	if len(wrong) > 0 {
		return true, wrong
	}
	packed, err := g.Pack()
	if err != nil || len(packed) > guide.MaxPacked {
		return true, guide.Mistakes{{File: "guide" + Ending, What: fmt.Sprintf("%d bytes when it is packed, at most %d were expected", len(packed), guide.MaxPacked)}}
	}
	v := &Version{digest(packed), g, packed}
	defer b.tell()
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.wrong)
	s := b.shelf
	switch {
	case s.gone == v.Digest, s.Waiting != nil && s.Waiting.Digest == v.Digest:
	case s.Live != nil && s.Live.Digest == v.Digest:
		s.Waiting, s.gone = nil, "" // whoever brought it has what is shown
	default:
		s.Waiting, s.gone = v, ""
	}
	if s == b.shelf && !b.lost {
		return true, nil
	}
	return b.set(s), nil
}

// reader reads the files of a guide.
var reader = source.Reader{What: "guide", Ours: Named, Most: guide.MaxPacked, Ends: Ending + " or .md", Name: "guide"}

// Follow takes a version whenever the files at from change, which is a file, a folder, a
// stick or an address, until ctx ends. said is told of each look what went wrong; nil:
// nothing did.
func (b *Box) Follow(ctx context.Context, from string, net source.Net, said func(error)) error {
	key := digest([]byte(from)) // an address may hold a secret
	b.mu.Lock()
	at := b.stamp[key]
	b.mu.Unlock()
	return reader.Follow(ctx, from, net, at, func(files []File, is source.Stamp, err error) {
		if err != nil {
			said(err)
			return
		}
		kept, wrong := b.Put(files)
		b.mu.Lock()
		if len(wrong) > 0 {
			b.wrong[key] = wrong
		}
		if is != b.stamp[key] && len(wrong) == 0 {
			b.stamp[key] = is
			kept = b.set(b.shelf)
		}
		b.mu.Unlock()
		b.tell()
		switch {
		case len(wrong) > 0:
			said(fmt.Errorf("the guide has %d mistakes and was not taken; the last good one stays", len(wrong)))
		case !kept:
			said(errors.New("the guide is lost with the power"))
		default:
			said(nil)
		}
	})
}

// Wrong is what is wrong with versions that came by themselves, and were not taken.
func (b *Box) Wrong() (all guide.Mistakes) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(b.wrong)) {
		all = append(all, b.wrong[key]...)
	}
	return all
}

// Publish has the version that waits shown, if it is the one of that digest. Where the
// card did not take that, it may be asked for again.
func (b *Box) Publish(digest string) (kept bool, err error) {
	defer b.tell()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.shelf
	switch {
	case b.lost && s.Waiting == nil && s.Live != nil && s.Live.Digest == digest:
		return b.set(s), nil
	case s.Waiting == nil:
		return true, ErrNone
	case s.Waiting.Digest != digest:
		return true, ErrAnother
	}
	return b.set(Shelf{Live: s.Waiting, Before: s.Live}), nil
}

// TakeBack forgets the version that waits, or else has the one shown that was before, if
// it is of that digest that this is asked for. Where the card did not take that, it may be
// asked for again.
func (b *Box) TakeBack(digest string) (kept bool, err error) {
	defer b.tell()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.shelf
	switch {
	case s.Waiting != nil && s.Waiting.Digest == digest:
		s.Waiting, s.gone = nil, digest
	case b.lost && s.gone == digest:
	case s.Live == nil:
		return true, ErrNone
	case s.Live.Digest != digest:
		return true, ErrAnother
	default:
		s.Live, s.Before, s.gone = s.Before, nil, digest
	}
	return b.set(s), nil
}

func (b *Box) tell() {
	if b.Changed != nil {
		b.Changed()
	}
}

// set makes s what there is, and durable; b.mu is held.
func (b *Box) set(s Shelf) (durable bool) {
	b.shelf = s
	k := kept{Gone: s.gone, Stamps: b.stamp}
	for _, of := range []struct {
		v  *Version
		to *[]byte
	}{{s.Live, &k.Live}, {s.Before, &k.Before}, {s.Waiting, &k.Waiting}} {
		if of.v != nil {
			*of.to = of.v.packed
		}
	}
	data, err := json.Marshal(k)
	if err == nil {
		err = b.pair.Write(data)
	}
	if err != nil {
		slog.Warn("the guide's versions are lost with the power", "why", err)
	}
	b.lost = err != nil
	return !b.lost
}

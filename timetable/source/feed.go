package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"

	"infobus/durable"
	"infobus/timetable"
)

// Origin is one source of the timetable: where it is, and how it is read.
type Origin struct {
	Name     string // tells it from the others, as timetable.Part has it
	From     string // a file, a folder, a stick (timetable.IsRemovable) or an address
	AfterTap bool   // what shows more than before waits for a volunteer's tap
	Files    []File // its only version, in place of From's; nil: From is read
	Options
}

// Uploaded is From of the source that volunteers upload: it is given by Feed.Put.
const Uploaded = "upload:"

// Feed is one source that is followed. It owns what became of the source's versions,
// and keeps that in the state directory.
type Feed struct {
	Origin
	disk durable.Disk
	dir  string

	taking sync.Mutex // held while a version is read: the last that came is the last that is taken

	mu    sync.Mutex // guards what follows, and fetched
	shelf timetable.Shelf
	stamp Stamp // of the last good version
	pair  *durable.Pair
	last  []byte // that is durable; nil where that is not known, as of what was read at the start
	files []File // of the version that was read last
	seen  Loaded // the last that was observed
	// Of a source with addresses beside it: hashes of the files that were read last, and
	// of what those addresses gave then.
	of, with string
	lacks    error // why nothing can stand without such an address; nil: it can
}

// Follow reads the source whenever it changes, and observes what became of it. It
// lives until ctx is done or the source cannot be watched.
func (f *Feed) Follow(ctx context.Context, net Net, observe func(Loaded)) error {
	again := make(chan struct{}, 1)
	tried, end := f.followBeside(ctx, net, again, observe)
	defer end()
	f.mu.Lock()
	at := f.stamp
	f.mu.Unlock()
	switch {
	case f.From == Uploaded, f.Files != nil:
		observe(f.Load())
		<-ctx.Done()
		return ctx.Err()
	case timetable.IsAddress(f.From):
		observe(f.now(nil))
		select {
		case <-tried:
		case <-ctx.Done():
			return ctx.Err()
		}
		return net.followAddress(ctx, timetables, f.From, at, again, func(files []File, is Stamp) { observe(f.take(files, is)) }, func(err error) {
			slog.Warn("the timetable was not fetched; the last good one stays in use", "source", f.Name, "why", err)
		})
	case timetable.IsRemovable(f.From):
		observe(f.now(nil))
		return timetables.followMedia(ctx, f.From, f.took(observe))
	}
	return timetables.followFile(ctx, f.From, nil, f.took(observe))
}

// took has what was read observed.
func (f *Feed) took(observe func(Loaded)) func([]File, error) {
	return func(files []File, err error) {
		if err != nil {
			observe(f.Lost(err))
			return
		}
		observe(f.take(files, Stamp{}))
	}
}

// Load reads a file or a folder once; of a source that may be away it is what was
// kept.
func (f *Feed) Load() Loaded {
	switch {
	case f.Files != nil:
		return f.take(f.Files, Stamp{})
	case f.From == Uploaded, timetable.IsAddress(f.From), timetable.IsRemovable(f.From):
		return f.now(nil)
	}
	files, err := Read(f.From)
	if err != nil {
		return f.Lost(err)
	}
	return f.take(files, Stamp{})
}

// Put takes a version that was uploaded. One with mistakes is not taken: whoever
// uploads it is there to read what is wrong.
func (f *Feed) Put(files []File) Loaded {
	if p := f.Parse(files); p.Refused {
		l := p.loaded()
		l.InUse, l.Shelf = f.stands()
		return l
	}
	return f.take(files, Stamp{})
}

// Kept says whether what became of the source outlives a power cut.
func (f *Feed) Kept() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last != nil
}

// stands is what may be shown now, and of what.
func (f *Feed) stands() (*timetable.Timetable, timetable.Shelf) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shelf.InUse(), f.shelf
}

// take takes a version.
func (f *Feed) take(files []File, is Stamp) Loaded {
	f.taking.Lock()
	defer f.taking.Unlock()
	return f.taken(files, is)
}

// errInvented says that nobody has brought a timetable: an earlier package did.
var errInvented = fmt.Errorf("only the package's example is there, and all in it is invented: %w", fs.ErrNotExist)

// taken takes a version. An example among its files is as if it were not there.
func (f *Feed) taken(files []File, is Stamp) Loaded {
	if slices.ContainsFunc(files, f.invented) {
		files = slices.DeleteFunc(slices.Clone(files), f.invented)
		if len(files) == 0 {
			return f.Lost(errInvented)
		}
	}
	f.mu.Lock()
	if f.holds(files) {
		defer f.mu.Unlock()
		f.files = files
		f.seen = Loaded{InUse: f.shelf.InUse(), Shelf: f.shelf, Err: f.lacks}
		return f.seen
	}
	f.mu.Unlock()
	p := f.Parse(files)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.away()) > 0 {
		f.of = hash(digest(files))
		if with := f.awayHash(); with != "" {
			f.with = with
		}
	}
	f.shelf = f.shelf.Next(p.Version, f.AfterTap)
	f.files = files
	if !p.Refused {
		f.stamp = is
	}
	f.keep(f.stamp, files)
	f.seen = p.loaded()
	f.seen.InUse, f.seen.Shelf = f.shelf.InUse(), f.shelf
	if !p.Refused {
		f.seen.Timetable = p.Timetable
	}
	return f.seen
}

// Lost says that the source cannot be read now: what stands goes on to.
func (f *Feed) Lost(err error) Loaded {
	l := f.now(err)
	if l.InUse != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Err = fmt.Errorf("the last good timetable stays in use: %w", err)
	}
	return l
}

// now is what stands, without a new version.
func (f *Feed) now(err error) Loaded {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = Loaded{InUse: f.shelf.InUse(), Shelf: f.shelf, Err: err}
	return f.seen
}

// Publish has the version that waits stand, if it is the one of that digest; TakeBack
// undoes that. They give what became of it; the errors are timetable.Shelf's.
func (f *Feed) Publish(digest string) (Loaded, error) {
	return f.tap(func(s timetable.Shelf) (timetable.Shelf, error) { return s.Publish(digest) })
}

// TakeBack undoes the last Publish, if it was of that digest; of what was uploaded,
// also the version of that digest that waits goes.
func (f *Feed) TakeBack(digest string) (Loaded, error) {
	return f.tap(func(s timetable.Shelf) (timetable.Shelf, error) {
		switch {
		case f.From == Uploaded && s.Waiting != nil && s.Waiting.Digest == digest:
			return s.Decline(), nil
		case s.Published != digest:
			return s, timetable.ErrNoneTaken
		}
		return s.TakeBack()
	})
}

func (f *Feed) tap(do func(timetable.Shelf) (timetable.Shelf, error)) (Loaded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := do(f.shelf)
	if err == nil {
		f.shelf = s
		f.keep(f.stamp, f.files)
	}
	f.seen.InUse, f.seen.Shelf = f.shelf.InUse(), f.shelf
	return f.seen, err
}

// Feeds are all sources of the timetable, and what they come to together.
type Feeds struct {
	list []*Feed

	mu   sync.Mutex // guards what follows
	seen []Loaded   // of each
}

// Open takes up what an earlier process kept of these sources in the state directory.
// What is damaged is said in the log, and stops nothing. whole says that they are all
// there are: what was kept of any other is removed.
func Open(disk durable.Disk, dir string, origins []Origin, whole bool) *Feeds {
	all := &Feeds{seen: make([]Loaded, len(origins))}
	for _, o := range origins {
		f := &Feed{Origin: o, disk: disk, dir: dir}
		if err := f.restore(); err != nil {
			slog.Warn("what was kept of the timetable is damaged", "source", o.Name, "why", err)
		}
		all.list = append(all.list, f)
	}
	takeOver(disk, dir, all.list)
	if whole {
		tidy(disk, dir, all.list)
	}
	return all
}

// All are the feeds, in the order of their origins.
func (all *Feeds) All() []*Feed { return all.list }

// Seen is what all sources come to.
type Seen struct {
	InUse    *timetable.Timetable // nil: nothing
	Mistakes int                  // of all sources' newest versions
	Err      error                // what is wrong, by source, and where; never what a file says
	Of       Loaded               // of the source that it is news of
	Name     string               // of that
}

// Load reads each source once. The error is all that is wrong with them, with what the
// files say: for a desk alone.
func (all *Feeds) Load() (inUse *timetable.Timetable, err error) {
	for i, f := range all.list {
		l := f.Load()
		inUse = all.Take(i, l).InUse
		if l.Err != nil && l.Mistakes == 0 {
			l.Err = fmt.Errorf("read the timetable: %w", l.Err)
		}
		err = errors.Join(err, l.Err)
	}
	return inUse, err
}

// Take takes what became of a source, by its number.
func (all *Feeds) Take(i int, l Loaded) Seen {
	all.mu.Lock()
	defer all.mu.Unlock()
	l.InUse, l.Shelf = all.list[i].stands() // a tap may have come since
	all.seen[i] = l
	seen := Seen{Of: l, Name: all.list[i].Name}
	var aside []int
	seen.InUse, aside = all.joined(nil)
	for n, l := range all.seen {
		seen.Mistakes += l.Mistakes
		never := l.Shelf.Live == nil && l.Shelf.Waiting == nil
		if errors.Is(l.Err, fs.ErrNotExist) && never && seen.InUse != nil {
			continue // nobody brings it that way
		}
		if l.Err != nil {
			seen.Err = errors.Join(seen.Err, all.say(n, l.Where()))
		}
	}
	for n, count := range aside {
		if count > 0 {
			seen.Err = errors.Join(seen.Err, all.say(n, fmt.Errorf("services set aside, since no site of theirs is one of the first source's: %d", count)))
		}
	}
	return seen
}

// joined is what the sources come to; of is what one of them gives in place of what
// it does. The ids of a single source that the team configured are as it has them.
func (all *Feeds) joined(of map[string]*timetable.Timetable) (inUse *timetable.Timetable, aside []int) {
	var parts []timetable.Part
	for n, l := range all.seen {
		p := timetable.Part{Name: all.list[n].Name, Timetable: l.InUse}
		if all.single() && all.list[n].From != Uploaded {
			p.Name = ""
		}
		if t, other := of[all.list[n].Name]; other {
			p.Timetable = t
		}
		parts = append(parts, p)
	}
	there := 0
	for n := range parts {
		if parts[n].Timetable != nil {
			there++
			inUse = parts[n].Timetable
		}
	}
	if there == 0 || there == 1 && all.single() && parts[0].Timetable == inUse {
		return inUse, make([]int, len(parts))
	}
	return timetable.Join(parts)
}

// If is what the sources would come to if one of them gave a timetable.
func (all *Feeds) If(name string, t *timetable.Timetable) *timetable.Timetable {
	all.mu.Lock()
	defer all.mu.Unlock()
	inUse, _ := all.joined(map[string]*timetable.Timetable{name: t})
	return inUse
}

// Last is what became of a source, by its number.
func (all *Feeds) Last(i int) Loaded {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.seen[i]
}

// single says whether the team configured one source.
func (all *Feeds) single() bool {
	n := 0
	for _, f := range all.list {
		if f.From != Uploaded {
			n++
		}
	}
	return n < 2
}

// say says of which of several sources an error is.
func (all *Feeds) say(n int, err error) error {
	if all.single() && all.list[n].From != Uploaded {
		return err
	}
	return fmt.Errorf("%s: %w", all.list[n].Name, err)
}

// Index is the number of the source of that name; -1 for none.
func (all *Feeds) Index(name string) int {
	for i, f := range all.list {
		if f.Name == name {
			return i
		}
	}
	return -1
}

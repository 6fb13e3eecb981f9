package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"infobus/timetable"
	"infobus/yamlfile"
)

// named are the paths and addresses of the files that the options name.
func (o Options) named() (list []string) {
	for _, path := range []string{o.Mapping, o.Sites} {
		if path != "" {
			list = append(list, path)
		}
	}
	return list
}

// away are those that are at an address.
func (o Options) away() (list []string) {
	for _, path := range o.named() {
		if timetable.IsAddress(path) {
			list = append(list, path)
		}
	}
	return list
}

// besideHash is of what the files on the box say that the options name; "" where one
// cannot be read, which says nothing against what was kept.
func (o Options) besideHash() string {
	var all []any
	for _, path := range o.named() {
		if timetable.IsAddress(path) {
			continue
		}
		data, err := timetables.read(path)
		if err != nil {
			return ""
		}
		all = append(all, data)
	}
	return hash(all...)
}

// awayHash is of what the addresses gave; "" where one gave nothing yet, or there is
// none.
func (o Options) awayHash() string {
	var all []any
	for _, address := range o.away() {
		f, ok := o.fetched[address]
		if !ok {
			return ""
		}
		all = append(all, f.Data)
	}
	if all == nil {
		return ""
	}
	return hash(all...)
}

// readBeside gives a file that the options name. The name of an address, which may hold a
// secret, is that of its key in the configuration.
func (o Options) readBeside(key, path string) (File, error) {
	if timetable.IsAddress(path) {
		f, ok := o.fetched[path]
		if !ok {
			return File{Name: key}, fmt.Errorf("%s: it is at an address, and was not fetched yet", key)
		}
		return f, nil
	}
	data, err := timetables.read(path)
	if err == nil && len(data) > yamlfile.MaxSize {
		err = fmt.Errorf("the file has more than the %d bytes that are read", yamlfile.MaxSize)
	}
	return File{path, data}, err
}

// Parse reads files as the source's, with what its addresses beside it gave last.
func (f *Feed) Parse(files []File) Parsed {
	f.mu.Lock()
	o := f.Options
	o.fetched = maps.Clone(o.fetched)
	f.mu.Unlock()
	return o.Parse(files)
}

// holds says that a version cannot be read before what is at an address beside it was
// fetched, and what stands may stand until then: the version is the one that was read
// last, or nothing stands. Any other is read, and puts in doubt what stands.
func (f *Feed) holds(files []File) bool {
	return len(f.away()) > 0 && f.awayHash() == "" && (f.shelf.Live == nil || f.of == hash(digest(files)))
}

// missed takes that an address beside the source gave nothing. It is an error where
// nothing can stand without.
func (f *Feed) missed(err error, observe func(Loaded)) {
	f.mu.Lock()
	empty := f.shelf.Live == nil && f.awayHash() == ""
	if empty {
		f.lacks = err
	}
	f.mu.Unlock()
	if empty {
		observe(f.Lost(err))
	}
}

// followBeside has the version that was read last read again whenever a file that the
// options name has changed, until end is called. tried is closed once each address was
// asked.
func (f *Feed) followBeside(ctx context.Context, net Net, again chan<- struct{}, observe func(Loaded)) (tried <-chan struct{}, end func()) {
	ctx, stop := context.WithCancel(ctx)
	var all, asked sync.WaitGroup
	for _, path := range f.named() {
		if timetable.IsAddress(path) {
			asked.Add(1)
			once := sync.OnceFunc(asked.Done)
			all.Go(func() {
				defer once()
				net.followAddress(ctx, timetables, path, Stamp{}, nil, func(files []File, _ Stamp) {
					f.came(path, files[0], again, observe)
					once()
				}, func(err error) {
					slog.Warn("a file beside the timetable was not fetched; the last good one stays in use", "source", f.Name, "why", err)
					f.missed(fmt.Errorf("a file beside it was not fetched: %w", err), observe)
					once()
				})
			})
			continue
		}
		all.Go(func() {
			err := timetables.followFile(ctx, path, nil, func([]File, error) { f.retake(observe) })
			if ctx.Err() == nil {
				slog.Warn("a change of a file beside the timetable is seen with the next of the timetable", "source", f.Name, "why", err)
			}
		})
	}
	done := make(chan struct{})
	all.Go(func() {
		asked.Wait()
		close(done)
	})
	return done, func() {
		stop()
		all.Wait()
	}
}

// came takes what an address beside the source gave. Where nobody has the source's
// files any more, what was kept was read with what the address gave before: if that was
// another, the source's address is asked again, and what is kept of any other goes, as
// where a file on the box was changed.
func (f *Feed) came(address string, file File, again chan<- struct{}, observe func(Loaded)) {
	f.mu.Lock()
	if f.fetched == nil {
		f.fetched = map[string]File{}
	}
	f.fetched[address] = file
	other := f.files == nil && f.shelf.Live != nil && f.awayHash() != "" && f.awayHash() != f.with
	if other {
		f.stamp = Stamp{}
		if !timetable.IsAddress(f.From) {
			f.shelf = timetable.Shelf{}
			f.keep(f.stamp, nil)
		}
	}
	f.mu.Unlock()
	switch {
	case other && timetable.IsAddress(f.From):
		select {
		case again <- struct{}{}:
		default: // it is asked already
		}
	case other:
		observe(f.Lost(errors.New("what is at an address beside it is another than when it was read last")))
	default:
		f.retake(observe)
	}
}

// retake reads the version that was read last again.
func (f *Feed) retake(observe func(Loaded)) {
	f.taking.Lock()
	defer f.taking.Unlock()
	f.mu.Lock()
	files, at, was := f.files, f.stamp, f.seen
	f.mu.Unlock()
	if files == nil {
		return // it is read with the first version
	}
	is := f.taken(files, at)
	if was.Timetable == nil || is.Timetable == nil || was.Timetable.Digest != is.Timetable.Digest {
		observe(is)
	}
}

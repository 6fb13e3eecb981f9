package source

import "context"

// Follow reads a source whenever it changes, whichever it is: a file, a folder, a
// stick or an address, which stands in o.URL. It lives until ctx is done or the
// source cannot be watched.
func Follow(ctx context.Context, o FetchOptions, observe func(Loaded), with Options) error {
	switch {
	case IsURL(o.URL):
		return Fetch(ctx, o, observe, with)
	case IsRemovable(o.URL):
		return WatchMedia(ctx, o.URL, o.Keep, observe, with)
	}
	return Watch(ctx, o.URL, nil, observe, with)
}

// First reads a source at the start. Of one that may be away it is the last good
// timetable, if any was kept in the folder keep.
func First(source, keep string, with Options) Loaded {
	if IsURL(source) || IsRemovable(source) {
		return Loaded{Timetable: Kept(source, keep, with)}
	}
	return with.Load(source)
}

package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"infobus/timetable"
)

// Every is how long a fetched timetable is left alone: the guide is renewed
// monthly, and each look costs some 5 kB with TLS.
const Every = time.Hour

// look is how often it is asked whether the internet may be used now, unless Net says
// otherwise.
const look = 2 * time.Minute

// Net is the way to an address.
type Net struct {
	Client *http.Client  // counts and bounds what is sent
	Usable func() bool   // whether the internet may be used now
	Look   time.Duration // how often that is asked; 0: every 2 minutes
}

// Stamp is how a server tells one version from another.
type Stamp struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"` // as the server said it
}

// brokenOff is what came of a file whose rest did not.
type brokenOff struct {
	etag string // "": nothing, or nothing that could be told to be of the same file
	data []byte
}

// followAddress gives what the address gives: asked when the internet is usable, at
// most every hour, for what is newer than that of the stamp. What broke off is gone on
// with as soon as the internet is usable again, where the server can. It returns when
// ctx ends, with its error. again (which may be nil) has it asked at once, for whatever
// it has.
func (n Net) followAddress(ctx context.Context, r Reader, address string, at Stamp, again <-chan struct{}, took func([]File, Stamp), missed func(error)) error {
	var asked time.Time
	var begun brokenOff
	ticks := time.NewTicker(cmp.Or(n.Look, look))
	defer ticks.Stop()
	for {
		if n.Usable() && (asked.IsZero() || time.Since(asked) >= Every) {
			asked = time.Now()
			had := len(begun.data)
			files, is, err := n.get(ctx, r, address, at, &begun)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				missed(err)
				if len(begun.data) > had {
					asked = time.Time{}
				}
			case files != nil:
				at = is // a broken one is not asked for again until it is another
				took(files, is)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
			at, asked = Stamp{}, time.Time{}
		case <-ticks.C:
		}
	}
}

// Follow reads the files at from, which is a file, a folder, a stick or an address,
// whenever they change, until ctx ends. Of an address it asks for what is newer than
// that of the stamp. An error is of one look; from goes on to be followed.
func (r Reader) Follow(ctx context.Context, from string, net Net, at Stamp, took func([]File, Stamp, error)) error {
	read := func(files []File, err error) { took(files, Stamp{}, err) }
	switch {
	case timetable.IsAddress(from):
		return net.followAddress(ctx, r, from, at, nil, func(files []File, is Stamp) { took(files, is, nil) }, func(err error) { took(nil, Stamp{}, err) })
	case timetable.IsRemovable(from):
		return r.followMedia(ctx, from, read)
	}
	return r.followFile(ctx, from, nil, read)
}

// get asks for what is newer, or for the rest of what has begun; no files where nothing
// is newer.
func (n Net) get(ctx context.Context, r Reader, address string, at Stamp, begun *brokenOff) ([]File, Stamp, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, at, errors.New("its address cannot be read")
	}
	if begun.etag != "" {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", len(begun.data)))
		request.Header.Set("If-Range", begun.etag)
	} else if at.ETag != "" {
		request.Header.Set("If-None-Match", at.ETag)
	}
	if at.Modified != "" && begun.etag == "" {
		request.Header.Set("If-Modified-Since", at.Modified)
	}
	answer, err := n.Client.Do(request)
	if err != nil {
		var wrapped *url.Error // it quotes the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, at, err
	}
	defer answer.Body.Close()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	had := *begun
	*begun = brokenOff{}
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return nil, at, nil
	case answer.StatusCode == http.StatusPartialContent && had.etag != "" && answer.Header.Get("ETag") == had.etag &&
		strings.HasPrefix(answer.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", len(had.data))):
	case answer.StatusCode != http.StatusOK:
		return nil, at, fmt.Errorf("the server answered %d", answer.StatusCode)
	case kind == "text/html":
		return nil, at, errors.New("a web page came in its place, perhaps one to sign in at")
	default:
		had = brokenOff{}
	}
	if all := answer.ContentLength + int64(len(had.data)); all > int64(r.Most) {
		return nil, at, fmt.Errorf("it has %d bytes, more than the %d that are read", all, r.Most)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, int64(r.Most-len(had.data))+1))
	data = append(had.data, data...)
	if err != nil {
		if etag := answer.Header.Get("ETag"); strings.HasPrefix(etag, `"`) && !answer.Uncompressed { // a weak one does not tell bytes apart
			*begun = brokenOff{etag, data}
		}
		return nil, at, err
	}
	if len(data) > r.Most {
		return nil, at, fmt.Errorf("it has more than the %d bytes that are read", r.Most)
	}
	// The address may hold a secret: mistakes say the last of its path only.
	name := path.Base(request.URL.Path)
	if ending := map[string]string{"text/calendar": ".ics", "text/csv": ".csv", "application/zip": ".zip",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx"}[kind]; ending != "" || !r.Ours(name) {
		name = r.Name + ending
	}
	return []File{{name, data}}, Stamp{answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")}, nil
}

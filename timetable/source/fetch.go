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
	"time"

	"infobus/yamlfile"
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

// stamp is how a server tells one version from another.
type stamp struct{ etag, modified string }

// followAddress gives what the address gives: asked when the internet is usable, at
// most every hour, for what is newer than that of the stamp. It returns when ctx
// ends, with its error. again (which may be nil) has it asked at once, for whatever it
// has.
func (n Net) followAddress(ctx context.Context, address string, at stamp, again <-chan struct{}, took func([]File, stamp), missed func(error)) error {
	var asked time.Time
	ticks := time.NewTicker(cmp.Or(n.Look, look))
	defer ticks.Stop()
	for {
		if n.Usable() && (asked.IsZero() || time.Since(asked) >= Every) {
			asked = time.Now()
			files, is, err := n.get(ctx, address, at)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				missed(err)
			case files != nil:
				at = is // a broken one is not asked for again until it is another
				took(files, is)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
			at, asked = stamp{}, time.Time{}
		case <-ticks.C:
		}
	}
}

// get asks for what is newer; no files where nothing is.
func (n Net) get(ctx context.Context, address string, at stamp) ([]File, stamp, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, at, errors.New("its address cannot be read")
	}
	if at.etag != "" {
		request.Header.Set("If-None-Match", at.etag)
	}
	if at.modified != "" {
		request.Header.Set("If-Modified-Since", at.modified)
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
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return nil, at, nil
	case answer.StatusCode != http.StatusOK:
		return nil, at, fmt.Errorf("the server answered %d", answer.StatusCode)
	case kind == "text/html":
		return nil, at, errors.New("a web page came in its place, perhaps one to sign in at")
	case answer.ContentLength > yamlfile.MaxSize:
		return nil, at, fmt.Errorf("it has %d bytes, more than the %d that are read", answer.ContentLength, yamlfile.MaxSize)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, yamlfile.MaxSize+1))
	if err != nil {
		return nil, at, err
	}
	if len(data) > yamlfile.MaxSize {
		return nil, at, fmt.Errorf("it has more than the %d bytes that are read", yamlfile.MaxSize)
	}
	// The address may hold a secret: mistakes say the last of its path only.
	name := path.Base(request.URL.Path)
	if ending := map[string]string{"text/calendar": ".ics", "text/csv": ".csv",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx"}[kind]; ending != "" || !isTimetable(name) {
		name = "timetable" + ending
	}
	return []File{{name, data}}, stamp{answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")}, nil
}

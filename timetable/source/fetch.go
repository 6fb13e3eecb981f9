package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"infobus/durable"
	"infobus/yamlfile"
)

// IsURL says whether a configured source is an address, and no path.
func IsURL(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// Every is how long a fetched timetable is left alone: the guide is renewed
// monthly, and each look costs some 5 kB with TLS.
const Every = time.Hour

// look is how often it is asked whether the internet may be used now.
const look = 2 * time.Minute

// FetchOptions are those of Fetch.
type FetchOptions struct {
	URL    string
	Client *http.Client // counts and bounds what is sent
	Keep   string       // state directory
	Usable func() bool  // whether the internet may be used now
}

// Fetch observes the timetable that was kept, and then each that the address
// gives: asked when the internet is usable, at most every hour, for what is
// newer than the last. What cannot be read is observed with its mistakes, and
// the last good one stays kept. It returns when ctx ends, with its error.
func Fetch(ctx context.Context, o FetchOptions, observe func(Loaded), with Options) error {
	k, err := readKept(durable.System, o.URL, o.Keep)
	if err != nil {
		slog.Warn("what was kept of the timetable is damaged", "why", err)
	}
	if len(k.Files) > 0 {
		observe(with.next(k.Files))
	}
	var asked time.Time
	ticks := time.NewTicker(look)
	defer ticks.Stop()
	for {
		if o.Usable() && (asked.IsZero() || time.Since(asked) >= Every) {
			asked = time.Now()
			got, err := o.get(ctx, k)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				slog.Warn("the timetable was not fetched; the last good one stays in use", "why", err)
			case got.Files != nil:
				loaded := with.next(got.Files)
				// A broken one is not asked for again until it is another; nor is it kept.
				k.ETag, k.Modified = got.ETag, got.Modified
				if loaded.Err == nil {
					k = got
					if err := k.keep(durable.System, o.Keep); err != nil {
						slog.Warn("the timetable is in use, and is lost with the power", "why", err)
					}
				}
				observe(loaded)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

// get asks for what is newer than k; no files where nothing is.
func (o FetchOptions) get(ctx context.Context, k kept) (kept, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL, nil)
	if err != nil {
		return kept{}, errors.New("its address cannot be read")
	}
	if k.ETag != "" {
		request.Header.Set("If-None-Match", k.ETag)
	}
	if k.Modified != "" {
		request.Header.Set("If-Modified-Since", k.Modified)
	}
	answer, err := o.Client.Do(request)
	if err != nil {
		var wrapped *url.Error // it quotes the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return kept{}, err
	}
	defer answer.Body.Close()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return kept{}, nil
	case answer.StatusCode != http.StatusOK:
		return kept{}, fmt.Errorf("the server answered %d", answer.StatusCode)
	case kind == "text/html":
		return kept{}, errors.New("a web page came in its place, perhaps one to sign in at")
	case answer.ContentLength > yamlfile.MaxSize:
		return kept{}, fmt.Errorf("it has %d bytes, more than the %d that are read", answer.ContentLength, yamlfile.MaxSize)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, yamlfile.MaxSize+1))
	if err != nil {
		return kept{}, err
	}
	if len(data) > yamlfile.MaxSize {
		return kept{}, fmt.Errorf("it has more than the %d bytes that are read", yamlfile.MaxSize)
	}
	// The address may hold a secret: mistakes say the last of its path only.
	name := path.Base(request.URL.Path)
	if ending := map[string]string{"text/calendar": ".ics", "text/csv": ".csv",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx"}[kind]; ending != "" || !isTimetable(name) {
		name = "timetable" + ending
	}
	return kept{Source: o.URL, ETag: answer.Header.Get("ETag"), Modified: answer.Header.Get("Last-Modified"), Files: []File{{name, data}}}, nil
}

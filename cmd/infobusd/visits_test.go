package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"infobus/status"
)

// Two hundred phones at the visitors' door: a first visit each, then page after page; 16
// more fetch the team's guide, slowly.
const (
	readers     = 200
	fetchers    = 16
	fetchesEach = 20_000 // bytes a second
)

// visitsFor is how long they come, and guideSize what is fetched: so large that a slow
// phone is served from the beginning to the end. rest is how long the van works without
// them before: what it takes itself for each edge and each action, which here come a
// hundred times as often, is not the phones'.
func visitsFor() (long, rest time.Duration, guideSize int) {
	if os.Getenv("INFOBUS_SOAK") != "" {
		return 8 * time.Minute, time.Minute, 8_000_000
	}
	return 10 * time.Second, 3 * time.Second, 140_000
}

func TestTwoHundredPhonesReadTheGuide(t *testing.T) {
	w := newTown(t)
	long, alone, size := visitsFor()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "guide.pdf"), bytes.Repeat([]byte("%PDF"), size/4), 0o600); err != nil {
		t.Fatal(err)
	}
	p, v, visitors := w.session(true, fmt.Sprintf("  guide: %s\n", dir))
	texts := map[string][]byte{}
	names, err := filepath.Glob("../../examples/guide/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no example of a guide: %v", err)
	}
	for _, name := range names {
		if texts[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if code, said := p.uploadsTexts(texts); code != http.StatusOK {
		t.Fatal(code, said)
	}
	p.tapsTexts("/texts/publish")
	weigh(t, w.client(w.streets), visitors)
	pid := p.pid()
	quiet, stop := context.WithTimeout(t.Context(), alone)
	v.takes = map[string][]time.Duration{}
	edgesAtRest := w.works(quiet, p, v)
	stop()
	pagesAtRest, actionsAtRest := v.takes["GET"], v.takes["POST"]
	if len(edgesAtRest)%2 == 1 {
		p.plays("/sim/generator/off")
		p.becomes("power.generators.0.state", "stopped")
	}
	// The most that it ever had is counted from here (proc(5), clear_refs).
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	atRest := float64(field2(t, pid, "VmRSS")) / 1000
	v.takes = map[string][]time.Duration{}

	said := &output{}
	ctx, cancel := context.WithTimeout(t.Context(), min(long-time.Second, time.Minute))
	defer cancel()
	crowd := []*exec.Cmd{w.comes("reader", "0", visitors, long, said), w.comes("fetcher", "0", visitors, long, said)}
	edges := w.works(ctx, p, v)
	for _, c := range crowd {
		if err := c.Wait(); err != nil {
			t.Errorf("the phones: %v: %s", err, said)
		}
	}
	high := float64(field2(t, pid, "VmHWM")) / 1000
	if m := regexp.MustCompile(`(\d+) answers, 0 errors; .*(\d+) files, 0 errors`).FindStringSubmatch(inOrder(said)); m == nil || m[1] == "0" {
		t.Errorf("the phones: %s", said)
	}
	if more := high - atRest; more > 20 {
		t.Errorf("memory: %.1f MB at rest, %.1f MB more at most; at most 20 MB more were expected", atRest, more)
	}
	for _, line := range []struct {
		what        string
		rest, crowd []time.Duration
	}{{"a volunteer's page", pagesAtRest, v.takes["GET"]}, {"a volunteer's action", actionsAtRest, v.takes["POST"]}, {"edge to state, debounce of 50 ms and all", edgesAtRest, edges}} {
		rest, _ := at99(line.rest)
		p99, most := at99(line.crowd)
		t.Logf("%s: %d times, p99 %s, at most %s; at rest p99 %s", line.what, len(line.crowd), p99, most, rest)
	}
	t.Logf("memory: %.1f MB at rest, at most %.1f MB: %.1f MB more (limit 20 MB)", atRest, high, high-atRest)
	t.Logf("in %s: %s", long, inOrder(said))
}

// inOrder is what the phones said, the readers first.
func inOrder(said *output) string {
	parts := strings.Split(strings.TrimSuffix(strings.TrimSpace(said.String()), ";"), "; ")
	slices.SortFunc(parts, func(a, b string) int { return strings.Compare(b, a) })
	return strings.Join(parts, "; ")
}

// works has a volunteer work and the generator go on and off, until ctx is done.
func (w *town) works(ctx context.Context, p *process, v *volunteer) (edges []time.Duration) {
	var all sync.WaitGroup
	all.Go(func() { v.works(ctx, inSession) })
	edges, _ = p.edges(ctx)
	all.Wait()
	return edges
}

// phone is a browser in a language, which counts every byte of its connections.
type phone struct {
	client *http.Client
	base   string
	tag    string
	seen   map[string]string // ETags, by path
	bytes  atomic.Int64      // both ways
	again  int               // requests that were sent again, since the connection was closed
}

type counted struct {
	net.Conn
	bytes *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(int64(n))
	return n, err
}

func newPhone(base, tag string, dial func(ctx context.Context, network, address string) (net.Conn, error)) *phone {
	p := &phone{base: base, tag: tag, seen: map[string]string{}}
	p.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 2, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return counted{c, &p.bytes}, nil
		}}}
	return p
}

// get asks for a path as a browser does, and gives what came: nil for what it has already.
func (p *phone) get(ctx context.Context, path string) (kind string, body []byte, err error) {
	for attempt := range 5 {
		var r *http.Request
		if r, err = http.NewRequestWithContext(ctx, "GET", p.base+path, nil); err != nil {
			return "", nil, err
		}
		r.Header.Set("Accept-Language", p.tag)
		r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36")
		r.Header.Set("Accept", "text/html,application/xhtml+xml,image/webp,*/*;q=0.8")
		if tag := p.seen[path]; tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		var answer *http.Response
		if answer, err = p.client.Do(r); err != nil {
			p.again++
			continue
		}
		body, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			p.again++
			continue
		}
		switch answer.StatusCode {
		case http.StatusOK:
			p.seen[path] = answer.Header.Get("ETag")
			return answer.Header.Get("Content-Type"), body, nil
		case http.StatusNotModified:
			return "", nil, nil
		}
		return "", nil, fmt.Errorf("%s: %s, asked %d times", path, answer.Status, attempt+1)
	}
	return "", nil, err
}

var (
	hrefs  = regexp.MustCompile(`<a [^>]*href="([^"#]+)"`)
	assets = regexp.MustCompile(`<(?:link|img|script) [^>]*(?:href|src)="([^"]+)"`)
)

// links are the paths on this box that a page leads to, each once.
func links(of *regexp.Regexp, from string, page []byte) (paths []string) {
	base, err := url.Parse(from)
	if err != nil {
		return nil
	}
	for _, m := range of.FindAllSubmatch(page, -1) {
		u, err := base.Parse(strings.ReplaceAll(string(m[1]), "&amp;", "&"))
		if path := ""; err == nil && u.Host == "" && u.Scheme == "" {
			if path = u.RequestURI(); !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// visits opens the first page with all that it loads, and gives its links.
func (p *phone) visits(ctx context.Context) (pages []string, requests int, err error) {
	_, page, err := p.get(ctx, "/")
	if err != nil {
		return nil, 0, err
	}
	loads := links(assets, "/", page)
	for _, path := range loads {
		if _, _, err := p.get(ctx, path); err != nil {
			return nil, 0, err
		}
	}
	return p.own(links(hrefs, "/today", page)), 2 + len(loads), nil // 1 leads to it
}

// own are the links to pages in the phone's language; files are for other phones.
func (p *phone) own(paths []string) []string {
	return slices.DeleteFunc(paths, func(path string) bool {
		u, err := url.Parse(path)
		if err != nil || strings.HasSuffix(u.Path, ".pdf") {
			return true
		}
		tag := u.Query().Get("lang")
		return tag != "" && tag != p.tag
	})
}

// weigh prints what a visit costs, from the bytes on the wire.
func weigh(t *testing.T, client *http.Client, base string) {
	dial := client.Transport.(*http.Transport).DialContext
	ctx := t.Context()
	var firsts, wholes int64
	heaviest, where := 0, ""
	for _, l := range status.Languages() {
		p := newPhone(base, l.Tag, dial)
		pages, requests, err := p.visits(ctx)
		if err != nil {
			t.Fatal(err)
		}
		first := p.bytes.Load()
		var list []string
		seen := map[string]bool{"/": true}
		for len(pages) > 0 {
			path := pages[0]
			pages = pages[1:]
			if seen[path] {
				continue
			}
			seen[path] = true
			kind, body, err := p.get(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(kind, "text/html") {
				pages = append(pages, p.own(links(hrefs, path, body))...)
			}
			list = append(list, fmt.Sprintf("%s %.1f kB", path, float64(len(body))/1000))
			if len(body) > heaviest {
				heaviest, where = len(body), path
			}
		}
		p.client.CloseIdleConnections()
		whole := p.bytes.Load()
		firsts, wholes = firsts+first, wholes+whole
		t.Logf("%s: a first visit %.1f kB in %d requests, every page once %.1f kB: %s", l.Tag, float64(first)/1000, requests, float64(whole)/1000, strings.Join(list, ", "))
	}
	n := int64(len(status.Languages()))
	t.Logf("the heaviest is %s, %.1f kB; 200 first visits would have cost %.1f MB on the SIM, 200 that turn every page %.1f MB (TCP's payload both ways, mean of %d languages; IP and TCP are 5 %% more)",
		where, float64(heaviest)/1000, float64(200*firsts/n)/1e6, float64(200*wholes/n)/1e6, n)
}

// beReaders are phones that come within a third of the time, and then turn pages.
func beReaders(ctx context.Context, base string, d time.Duration) {
	var answers, failed, again, total atomic.Int64
	var all sync.WaitGroup
	languages := status.Languages()
	for n := range readers {
		all.Go(func() {
			p := newPhone(base, languages[n%len(languages)].Tag, (&net.Dialer{}).DialContext)
			defer func() { again.Add(int64(p.again)); total.Add(p.bytes.Load()) }()
			fails := func(err error) bool {
				if err != nil && ctx.Err() == nil {
					failed.Add(1)
					fmt.Fprintln(os.Stderr, err)
				}
				return err != nil
			}
			if !sleeps(ctx, time.Duration(rand.Int64N(int64(d/3)))) {
				return
			}
			pages, requests, err := p.visits(ctx)
			if fails(err) {
				return
			}
			answers.Add(int64(requests))
			for pages = append(pages, "/"); sleeps(ctx, 2*time.Second+time.Duration(rand.Int64N(int64(3*time.Second)))); {
				if _, _, err := p.get(ctx, pages[rand.IntN(len(pages))]); fails(err) {
					continue
				}
				answers.Add(1)
			}
		})
	}
	all.Wait()
	fmt.Printf("%d phones: %.1f MB, %d sent again, %d answers, %d errors; ", readers, float64(total.Load())/1e6, again.Load(), answers.Load(), failed.Load())
}

func sleeps(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// beFetchers are phones with a slow radio that fetch the team's guide, once each, for
// as long as it takes.
func beFetchers(base string) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*hangGuard)
	defer cancel()
	var files, failed atomic.Int64
	var all sync.WaitGroup
	_, _, size := visitsFor()
	dialer := net.Dialer{}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(16 << 10) // what is not read waits at the box
		}
		return c, err
	}}}
	for range fetchers {
		all.Go(func() {
			n, err := fetches(ctx, client, base+"/guide.pdf")
			if err != nil || n != int64(size) {
				fmt.Fprintf(os.Stderr, "%d of %d bytes: %v\n", n, size, err)
				failed.Add(1)
				return
			}
			files.Add(1)
		})
	}
	all.Wait()
	fmt.Printf("%d at %d kB/s: %d bytes each, %d files, %d errors; ", fetchers, fetchesEach/1000, size, files.Load(), failed.Load())
}

func fetches(ctx context.Context, client *http.Client, address string) (n int64, err error) {
	r, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, errors.New(answer.Status)
	}
	for {
		k, err := io.CopyN(io.Discard, answer.Body, fetchesEach/10)
		if n += k; err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		if !sleeps(ctx, 100*time.Millisecond) {
			return n, ctx.Err()
		}
	}
}

package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/netmon/client"
)

func TestAFolderIsOneTimetable(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) { write(t, filepath.Join(dir, name), text) }
	put("a.yaml", whole)
	put("b.csv", "name,category,site,days,opens,closes\nTea,food,Quai,mon,9:00,10:00\n")
	put(".hidden.csv", "not a timetable")
	put("notes.txt", "nor this")
	l := Load(dir)
	if l.Err != nil || len(l.Timetable.Services) != 3 || l.Timetable.Services[2].Sites[0] != "quai" {
		t.Fatalf("%+v", l)
	}
	put("c.csv", "id,name,category,site,days,opens,closes\nfood,Tea,food,Quay,mon,9:00,10:00\n")
	l = Load(dir)
	want := filepath.Join(dir, "c.csv") + `:2:15: site "Quay" is not among the sites: quai`
	if l.Err == nil || l.Err.Error() != want {
		t.Errorf("%v\nwant %s", l.Err, want)
	}
	put("c.csv", "id,name,category,site,days,opens,closes\nfood,Tea,food,,mon,9:00,10:00\n")
	l = Load(dir)
	want = filepath.Join(dir, "c.csv") + `:2:1: id: "food" a second time; the first is in ` + filepath.Join(dir, "a.yaml") + " on line 8"
	if l.Err == nil || l.Err.Error() != want {
		t.Errorf("%v\nwant %s", l.Err, want)
	}
	if l := Load(filepath.Join(dir, "none")); !errors.Is(l.Err, fs.ErrNotExist) {
		t.Errorf("%v", l.Err)
	}
}

func TestWatchSeesTheFilesOfAFolderComeAndGo(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), whole)
	ctx, cancel := context.WithCancel(context.Background())
	observed, returned := make(chan Loaded, 16), make(chan error, 1)
	go func() { returned <- follow(ctx, t.TempDir(), dir, nil, func(l Loaded) { observed <- l }) }()
	defer func() {
		cancel()
		<-returned
	}()
	if l := <-observed; l.Err != nil || len(l.Timetable.Services) != 2 {
		t.Fatalf("%+v", l)
	}
	write(t, filepath.Join(dir, "new"), "name,category,days,opens,closes\nTea,food,mon,9:00,10:00\n")
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "b.csv")); err != nil {
		t.Fatal(err)
	}
	if l := <-observed; l.Err != nil || len(l.Timetable.Services) != 3 {
		t.Fatalf("%+v", l)
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if l := <-observed; l.Err != nil || len(l.Timetable.Services) != 1 {
		t.Fatalf("%+v", l)
	}
}

func TestWhatAStickHadStaysWhenItIsPulled(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	pattern := filepath.Join(root, "*", "infobus")
	feed := func() *Feed { return Open(durable.System, state, []Origin{{From: pattern}}, true).All()[0] }
	start := func() (changed chan struct{}, next func() Loaded, stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		changed = make(chan struct{})
		observed, returned := make(chan Loaded, 16), make(chan error, 1)
		go func() {
			f := feed()
			if l := f.now(nil); l.InUse != nil {
				observed <- l
			}
			returned <- timetables.whileThere(ctx, pattern, changed, f.took(func(l Loaded) { observed <- l }))
		}()
		return changed, func() Loaded { return <-observed }, func() {
			cancel()
			if err := <-returned; !errors.Is(err, context.Canceled) {
				t.Errorf("returned %v", err)
			}
		}
	}
	changed, next, stop := start()
	if l := next(); !errors.Is(l.Err, fs.ErrNotExist) {
		t.Fatalf("without a stick: %+v", l)
	}
	stick := filepath.Join(root, "STICK")
	if err := os.MkdirAll(filepath.Join(stick, "infobus"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(stick, "infobus", "a.yaml"), whole)
	changed <- struct{}{}
	good := next()
	if good.Err != nil || len(good.Timetable.Services) != 2 {
		t.Fatalf("put in: %+v", good)
	}
	if err := os.RemoveAll(stick); err != nil {
		t.Fatal(err)
	}
	for l := next(); ; l = next() { // its file goes, then it
		if !errors.Is(l.Err, fs.ErrNotExist) {
			t.Fatalf("pulled: %+v", l)
		}
		if strings.Contains(l.Err.Error(), "no medium") {
			break
		}
	}
	stop()
	_, next, stop = start()
	defer stop()
	if l := next(); l.Err != nil || l.InUse.Digest != good.Timetable.Digest {
		t.Fatalf("after a restart without it: %+v", l)
	}
	if tt := feed().now(nil).InUse; tt == nil || tt.Digest != good.Timetable.Digest {
		t.Errorf("kept: %v", tt)
	}
	if tt := Open(durable.System, state, []Origin{{From: "/another/source"}}, false).All()[0].now(nil).InUse; tt != nil {
		t.Error("what was kept of one source was taken for another's")
	}
}

func TestTheMountsCanBeWatchedAndLeft(t *testing.T) {
	m, err := watchMounts()
	if err != nil {
		t.Fatal(err)
	}
	m.stop()
	m.await(make(chan struct{}, 1))
	m.close()
}

func TestFetchAsksForWhatIsNewer(t *testing.T) {
	text, modified := whole, "Fri, 20 Nov 2026 08:00:00 GMT"
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+"|"+r.Header.Get("If-Modified-Since"))
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<p>sign in")
			return
		case "/large":
			w.Write(bytes.Repeat([]byte("# large\n"), 1<<18))
			return
		case "/none":
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", modified)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, text)
	}))
	defer server.Close()
	counted := client.New(client.Options{})
	o, address := Net{Client: counted.HTTP(client.Timetable)}, server.URL+"/timetable.yaml?key=secret"
	files, got, err := o.get(t.Context(), timetables, address, Stamp{}, &brokenOff{})
	if err != nil || len(files) != 1 || files[0].Name != "timetable.yaml" || string(files[0].Data) != whole || got.ETag != `"1"` {
		t.Fatalf("%+v, %v", files, err)
	}
	if again, _, err := o.get(t.Context(), timetables, address, got, &brokenOff{}); err != nil || again != nil {
		t.Errorf("%+v, %v", again, err)
	}
	if want := "| \"1\"|" + modified; strings.Join(asked, " ") != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
	for path, want := range map[string]string{"/page": "a web page came", "/large": "more than the 1048576", "/none": "answered 404"} {
		if _, _, err := o.get(t.Context(), timetables, server.URL+path, Stamp{}, &brokenOff{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if u := counted.Usage()[client.Timetable]; u.Received == 0 {
		t.Error("the bytes were not counted")
	}
}

// answers is a server without a network, so that time can be made to pass.
type answers func(*http.Request) (status int, etag, body string)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, etag, body := a(r)
	return &http.Response{StatusCode: status, Header: http.Header{"Etag": {etag}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
}

func TestFetchIsRareAndKeepsTheLastGoodOne(t *testing.T) {
	state := t.TempDir()
	const address = "https://example.org/timetable.yaml"
	good, broken := "services: []\n", "services: 3\n"
	feed := func() *Feed { return Open(durable.System, state, []Origin{{From: address}}, true).All()[0] }
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards what follows
		usable, body, count := false, good, 0
		var seen []string
		set := func(do func()) {
			mu.Lock()
			defer mu.Unlock()
			do()
		}
		transport := answers(func(r *http.Request) (int, string, string) {
			mu.Lock()
			defer mu.Unlock()
			count++
			if tag := r.Header.Get("If-None-Match"); tag == body {
				return http.StatusNotModified, tag, ""
			}
			return http.StatusOK, body, body
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- feed().Follow(ctx, Net{Client: &http.Client{Transport: transport},
				Usable: func() bool {
					mu.Lock()
					defer mu.Unlock()
					return usable
				}}, func(l Loaded) {
				mu.Lock()
				defer mu.Unlock()
				if l.Err != nil {
					seen = append(seen, "broken")
				} else if l.Timetable != nil {
					seen = append(seen, l.Timetable.Digest)
				}
			})
		}()
		pass := func(d time.Duration, wantCount int, wantSeen ...string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if count != wantCount || strings.Join(seen, " ") != strings.Join(wantSeen, " ") {
				t.Errorf("asked %d times and saw %v, want %d and %v", count, seen, wantCount, wantSeen)
			}
		}
		first := digest([]File{{"", []byte(good)}})
		pass(5*time.Hour, 0)
		set(func() { usable = true })
		pass(look, 1, first)
		pass(30*time.Minute, 1, first)
		pass(40*time.Minute, 2, first) // not modified
		set(func() { body = broken })
		pass(time.Hour, 3, first, "broken")
		pass(time.Hour, 4, first, "broken") // the same broken one is no news
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if tt := feed().shelf.Live; tt == nil || tt.Digest != first {
			t.Errorf("kept: %v", tt)
		}
	})
}

// cut is an answer's body that breaks off.
type cut struct{ io.Reader }

func (c cut) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (cut) Close() error { return nil }

// A server whose answers break off after so many bytes, each time, is asked for the rest,
// and never taken for what it is not.
func TestWhatBrokeOffIsGoneOnWith(t *testing.T) {
	const whole, each = "0123456789abcdefghij", 8
	for _, c := range []struct {
		name   string
		tag    string
		ranges bool
		other  bool     // the file is another from the second answer on
		asked  []string // for at first
		want   string   // within three hours
	}{
		{"in pieces", `"1"`, true, false, []string{"", "bytes=8-", "bytes=16-"}, whole},
		{"a server without ranges", `"1"`, false, false, []string{"", "bytes=8-", "bytes=8-"}, ""},
		{"a tag that tells no bytes apart", `W/"1"`, true, false, []string{"", "", ""}, ""},
		{"another file meanwhile", `"1"`, true, true, []string{"", "bytes=8-", "bytes=8-", "bytes=16-"}, strings.ToUpper(whole)},
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			tag, file := c.tag, whole
			server := breaking(func(r *http.Request) *http.Response {
				asked = append(asked, r.Header.Get("Range"))
				if c.other && len(asked) == 2 {
					tag, file = `"2"`, strings.ToUpper(whole)
				}
				from := 0
				if c.ranges && r.Header.Get("If-Range") == tag {
					fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
				}
				rest := file[from:]
				a := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {tag}}, Request: r, ContentLength: int64(len(rest))}
				if from > 0 {
					a.StatusCode = http.StatusPartialContent
					a.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(file)-1, len(file)))
				}
				if a.Body = io.NopCloser(strings.NewReader(rest)); len(rest) > each {
					a.Body = cut{strings.NewReader(rest[:each])}
				}
				return a
			})
			r := Reader{What: "guide", Ours: func(string) bool { return true }, Most: 100, Name: "guide"}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
			defer cancel()
			got := ""
			r.Follow(ctx, "https://example.org/guide.zip", Net{Client: &http.Client{Transport: server}, Usable: func() bool { return true }}, Stamp{},
				func(files []File, _ Stamp, err error) {
					if err == nil {
						got = string(files[0].Data)
						cancel()
					}
				})
			if got != c.want || strings.Join(asked[:min(len(asked), len(c.asked))], " ") != strings.Join(c.asked, " ") {
				t.Errorf("%s: got %q, asked for %q; want %q, %q", c.name, got, asked, c.want, c.asked)
			}
		})
	}
}

// breaking is a server that answers by itself.
type breaking func(*http.Request) *http.Response

func (b breaking) RoundTrip(r *http.Request) (*http.Response, error) { return b(r), nil }

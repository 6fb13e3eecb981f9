package box

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/guide"
	"infobus/timetable/source"
)

// numbered is a whole guide, in which a number stands as so many words.
func numbered(n int) []File {
	return []File{
		{Name: "en.md", Data: fmt.Appendf(nil, "language: en\nsource: en\n\n# water\nWater %s\n\n## where\nAsk us.\n", strings.Repeat("x", n))},
		{Name: "fr.md", Data: []byte("language: fr\nsource: en\n\n# water\nEau\n")},
	}
}

// number is the one that stands in a guide; 0 for none.
func number(g *guide.Guide) int {
	if g == nil {
		return 0
	}
	f, _ := g.File("en")
	return strings.Count(guide.Markdown(f.Texts[0].Items), "x")
}

func packed(t testing.TB, n int) []byte {
	t.Helper()
	g, wrong := Read(numbered(n))
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	b, err := g.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, disk durable.Disk) *Box {
	t.Helper()
	b, err := Open(disk, ".", nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNothingIsShownBeforeItWasPublished(t *testing.T) {
	disk := durabletest.New(1)
	b := open(t, disk)
	say := func(v *Version) int {
		if v == nil {
			return 0
		}
		return number(&v.Guide)
	}
	is := func(live, before, waiting int) {
		t.Helper()
		for range 2 { // a restart changes nothing
			s := b.Shelf()
			if got := [...]int{say(s.Live), say(s.Before), say(s.Waiting)}; got != [...]int{live, before, waiting} {
				t.Errorf("live, before and waiting are %d; want %d, %d, %d", got, live, before, waiting)
			}
			b = open(t, disk)
		}
	}
	put := func(n int) string {
		t.Helper()
		if kept, wrong := b.Put(numbered(n)); !kept || len(wrong) > 0 {
			t.Fatal(kept, wrong)
		}
		if w := b.Shelf().Waiting; w != nil {
			return w.Digest
		}
		return ""
	}
	does := func(do func(string) (bool, error), digest string, want error) {
		t.Helper()
		if kept, err := do(digest); !kept || !errors.Is(err, want) {
			t.Errorf("%v, %v; want %v", kept, err, want)
		}
	}
	is(0, 0, 0)
	one := put(1)
	is(0, 0, 1)
	does(b.Publish, "other", ErrAnother)
	does(b.Publish, one, nil)
	is(1, 0, 0)
	does(b.Publish, one, ErrNone)
	put(1)
	is(1, 0, 0)
	two := put(2)
	three := put(3)
	is(1, 0, 3)
	does(b.Publish, two, ErrAnother)
	does(b.Publish, three, nil)
	is(3, 1, 0)
	does(b.TakeBack, one, ErrAnother)
	does(b.TakeBack, three, nil)
	is(1, 0, 0)
	put(3) // the stick is still there
	is(1, 0, 0)
	four := put(4)
	does(b.TakeBack, four, nil)
	put(4)
	is(1, 0, 0)
	put(3)
	is(1, 0, 3)
	if guide := b.Guide(); number(guide) != 1 {
		t.Errorf("%d is shown", number(guide))
	}
	if used := disk.Used(); used > Share {
		t.Errorf("%d bytes of the card are used, more than %d", used, Share)
	}
}

// What the card did not take is asked for once more, and stands then.
func TestWhatTheCardDidNotTakeMayBeAskedForAgain(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(was)
	disk := durabletest.New(1)
	b := open(t, disk)
	if kept, wrong := b.Put(numbered(1)); !kept || len(wrong) > 0 {
		t.Fatal(kept, wrong)
	}
	digest := b.Shelf().Waiting.Digest
	for _, c := range []struct {
		does  string
		do    func(string) (bool, error)
		shown int
	}{{"published", b.Publish, 1}, {"taken back", b.TakeBack, 0}} {
		mend := disk.FailAll(errors.New("the card takes nothing"))
		for range 2 {
			if kept, err := c.do(digest); kept || err != nil {
				t.Errorf("%s on a card that takes nothing: %v, %v", c.does, kept, err)
			}
		}
		mend()
		if kept, err := c.do(digest); !kept || err != nil {
			t.Errorf("%s again, on a card that takes it: %v, %v", c.does, kept, err)
		}
		if _, err := c.do(digest); err == nil {
			t.Errorf("%s a third time: nothing is said", c.does)
		}
		if got := number(open(t, disk).Guide()); got != c.shown {
			t.Errorf("%s: after a restart %d is shown, want %d", c.does, got, c.shown)
		}
	}
}

func TestAPackedGuideIsTheSameVersionAsItsFiles(t *testing.T) {
	b := open(t, durabletest.New(1))
	b.Put(numbered(1))
	digest := b.Shelf().Waiting.Digest
	if _, wrong := b.Put([]File{{Name: "anything" + Ending, Data: packed(t, 1)}}); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if got := b.Shelf().Waiting.Digest; got != digest {
		t.Errorf("%s packed, %s in files", got, digest)
	}
}

// archive is a ZIP archive of a file.
func archive(t *testing.T, name string, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = io.CopyN(w, zeros{}, int64(size))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestABadGuideIsRefusedAndTheLastGoodOneStays(t *testing.T) {
	whole := packed(t, 2)
	en := func(text string) []File {
		return []File{{Name: "en.md", Data: []byte("language: en\nsource: en\n\n# water\n" + text + "\n")}}
	}
	for name, files := range map[string][]File{
		"nothing":                         {},
		"50 MB":                           {{Name: "guide.zip", Data: make([]byte, 50<<20)}},
		"a file of 50 MB":                 {{Name: "en.md", Data: make([]byte, 50<<20)}},
		"a bomb":                          {{Name: "guide.zip", Data: archive(t, "en.md", 100<<20)}},
		"a name that leaves its folder":   {{Name: "guide.zip", Data: archive(t, "../../etc/passwd", 10)}},
		"half of one":                     {{Name: "guide.zip", Data: whole[:len(whole)/2]}},
		"one in which a byte is other":    {{Name: "guide.zip", Data: append(append(bytes.Clone(whole[:60]), whole[60]^1), whole[61:]...)}},
		"a web page":                      {{Name: "guide.zip", Data: []byte("<!doctype html>")}},
		"a packed one beside a file":      append(numbered(1), File{Name: "guide.zip", Data: whole}),
		"a file of another name":          append(numbered(1), File{Name: "../en.txt"}),
		"a language without its source":   numbered(1)[1:],
		"a script":                        en("<script>alert()</script>"),
		"an address":                      en("Go to https://example.org now."),
		"letters that turn round":         en("Water \u202egnp.exe"),
		"a link":                          en("[here](here)"),
		"what the check finds wrong":      en("Unwelcome"),
		"a reference to nothing there is": en("{service:}"),
	} {
		disk := durabletest.New(1)
		b, err := Open(disk, ".", func(g guide.Guide) guide.Mistakes {
			if f, _ := g.File("en"); strings.Contains(guide.Markdown(f.Texts[0].Items), "Unwelcome") {
				return guide.Mistakes{{File: "en.md", What: "unwelcome"}}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Put(numbered(1))
		b.Publish(b.Shelf().Waiting.Digest)
		if _, wrong := b.Put(files); len(wrong) == 0 || wrong.Error() == "" {
			t.Errorf("%s is not refused", name)
		}
		if s := b.Shelf(); s.Waiting != nil || number(b.Guide()) != 1 {
			t.Errorf("%s: the last good one does not stay", name)
		}
	}
}

// keeper keeps a number as the guide that is shown.
var keeper = durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
	b, err := Open(disk, ".", nil)
	return number(b.Guide()) * 111111, func(n int) error {
		kept, wrong := b.Put(numbered(n / 111111))
		if len(wrong) > 0 {
			return wrong
		}
		if w := b.Shelf().Waiting; w != nil {
			var err error
			if kept, err = b.Publish(w.Digest); err != nil {
				return err
			}
		}
		if !kept {
			return errors.New("not kept")
		}
		return nil
	}, err
}}

// Wherever the power is cut, in an upload or a publication, the guide is whole: what was
// published last, or is on its way.
func TestNoPowerCutTakesTheGuide(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(was)
	o, err := durabletest.Crashes(keeper, durabletest.Seeds(1, 30), func(d *durabletest.Disk) { d.Brittle() })
	if err != nil {
		t.Error(err)
	}
	t.Log(o)
	if _, err := durabletest.Crashes(keeper, 1, (*durabletest.Disk).IgnoreSyncs); err == nil {
		t.Error("a disk that syncs nothing takes nothing: the test sees no loss")
	}
}

// What is at a place is taken whenever it changes; what is wrong with it is said, and is
// gone with the next good one.
func TestAGuideInAFolderIsFollowed(t *testing.T) {
	dir := t.TempDir()
	b := open(t, durabletest.New(1))
	ctx, cancel := context.WithCancel(t.Context())
	said, ended := make(chan error, 10), make(chan error, 1)
	put := func(files ...File) {
		t.Helper()
		for _, f := range files {
			path := filepath.Join(dir, f.Name)
			if err := errors.Join(os.WriteFile(path+".new", f.Data, 0o600), os.Rename(path+".new", path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := func(good bool) {
		t.Helper()
		if err := <-said; (err == nil) != good || (len(b.Wrong()) == 0) != good {
			t.Errorf("%v, %v", err, b.Wrong())
		}
	}
	put(File{Name: "guide.zip", Data: packed(t, 1)})
	go func() { ended <- b.Follow(ctx, dir, source.Net{}, func(err error) { said <- err }) }()
	next(true)
	if w := b.Shelf().Waiting; w == nil || number(&w.Guide) != 1 {
		t.Fatalf("%v waits", w)
	}
	put(File{Name: "guide.zip", Data: []byte("none")})
	next(false)
	if _, wrong := b.Put([]File{{Name: "guide.zip", Data: packed(t, 4)}}); len(wrong) > 0 || len(b.Wrong()) > 0 {
		t.Errorf("a good one from elsewhere: %v, and still %v", wrong, b.Wrong())
	}
	put(File{Name: "guide.zip", Data: packed(t, 3)})
	next(true)
	if w := b.Shelf().Waiting; w == nil || number(&w.Guide) != 3 {
		t.Fatalf("%v waits", w)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// An address is asked for what is newer than what was taken, also after a power cut.
func TestAGuideAtAnAddressIsFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		data := packed(t, 2)
		server := answering(func(r *http.Request) *http.Response {
			asked = append(asked, r.Header.Get("If-None-Match"))
			a := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"1"`}, "Content-Type": {"application/zip"}}, Request: r,
				Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data))}
			if r.Header.Get("If-None-Match") == `"1"` {
				a.StatusCode, a.Body, a.ContentLength = http.StatusNotModified, http.NoBody, 0
			}
			return a
		})
		disk := durabletest.New(1)
		for range 2 {
			b := open(t, disk)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			b.Follow(ctx, "https://example.org/guide?key=secret", source.Net{Client: &http.Client{Transport: server}, Usable: func() bool { return true }}, func(err error) {
				if err != nil {
					t.Error(err)
				}
			})
			cancel()
			if w := b.Shelf().Waiting; w == nil || number(&w.Guide) != 2 {
				t.Errorf("%v waits", w)
			}
		}
		if got := strings.Join(asked, " "); got != ` "1"` {
			t.Errorf("asked for what is newer than %q", asked)
		}
		if bytes.Contains(disk.Raw(), []byte("secret")) {
			t.Error("the address stands on the card")
		}
	})
}

type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

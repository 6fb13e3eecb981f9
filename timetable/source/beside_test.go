package source

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/timetable"
)

// web is what some addresses give; an empty one answers 500.
type web struct {
	mu    sync.Mutex // guards what follows
	gives map[string]string
	asked []string // path, and "again" where it is asked for what is newer
}

func (w *web) set(path, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gives[path] = text
}

func (w *web) take() (asked string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked, w.asked = strings.Join(w.asked, ", "), nil
	return asked
}

func (w *web) net() Net {
	return Net{Usable: func() bool { return true }, Client: &http.Client{Transport: answers(func(r *http.Request) (int, string, string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		text, tag := w.gives[r.URL.Path], r.Header.Get("If-None-Match")
		if tag != "" {
			w.asked = append(w.asked, r.URL.Path+" for newer")
		} else {
			w.asked = append(w.asked, r.URL.Path)
		}
		etag := digest([]File{{"", []byte(text)}})
		switch {
		case text == "":
			return http.StatusInternalServerError, "", ""
		case tag == etag:
			return http.StatusNotModified, etag, ""
		}
		return http.StatusOK, etag, text
	})}}
}

// onScreen are the services for the screen, and who they are for in Arabic.
func onScreen(t *timetable.Timetable) string {
	if t == nil {
		return "nothing"
	}
	var list []string
	for _, s := range t.Services {
		if s.Show == timetable.Screen {
			list = append(list, s.Name["en"]+" "+s.Name["ar"])
		}
	}
	return strings.TrimSpace(strings.Join(list, ", "))
}

// following follows a source on a state directory until stop is called. after gives
// what was observed last, some time later.
func following(t *testing.T, state string, o Origin, net Net) (after func(time.Duration) Loaded, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	var mu sync.Mutex // guards last
	var last Loaded
	go func() {
		ended <- Open(durable.System, state, []Origin{o}, true).All()[0].Follow(ctx, net, func(l Loaded) {
			mu.Lock()
			defer mu.Unlock()
			last = l
		})
	}()
	return func(d time.Duration) Loaded {
			time.Sleep(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return last
		}, func() {
			cancel()
			<-ended
		}
}

const (
	sheetBeside   = "name,category,days,opens,closes,show,checked\nRepas,food,daily,9:00,10:00,screen,2026-11-20\nTea,food,daily,9:00,10:00,screen,2026-11-20\n"
	sitesBeside   = "sites: [{id: quai, name: Quai}]\ntranslations: [{title: Repas, name: {ar: وجبات}}]\n"
	mappingBeside = "titles:\n  - {title: Planted, show: in-person}\n  - {title: Tea, category: food, show: in-person}\n  - {title: Repas, category: food, show: screen}\n"
)

func TestSitesAndMappingAtAnAddressAreFetchedAndKeptAsTheSourceIs(t *testing.T) {
	state := t.TempDir()
	origin := Origin{From: "https://example.org/t.csv", Options: Options{Sites: "https://example.org/sites.yaml?key=secret", Mapping: "https://example.org/m.yaml"}}
	synctest.Test(t, func(t *testing.T) {
		w := &web{gives: map[string]string{"/t.csv": sheetBeside, "/m.yaml": mappingBeside}}
		after, stop := following(t, state, origin, w.net())
		check := func(what string, l Loaded, want string) {
			t.Helper()
			if got := onScreen(l.InUse); got != want {
				t.Errorf("%s: %q is shown, want %q; %v", what, got, want, l.Err)
			}
		}
		if l := after(time.Second); l.InUse != nil || l.Err == nil || !strings.Contains(l.Err.Error(), "a file beside it was not fetched") {
			t.Errorf("a fresh box without the sites: %+v", l)
		}
		w.set("/sites.yaml", sitesBeside)
		l := after(Every)
		check("at first", l, "Repas وجبات")
		if l.Err != nil || len(l.InUse.Sites) != 1 {
			t.Errorf("%+v", l)
		}
		w.set("/sites.yaml", "")
		w.set("/t.csv", strings.Replace(sheetBeside, "10:00", "11:00", 1))
		l = after(Every)
		check("without its sites, and with a new version", l, "Repas وجبات")
		if l.Err != nil || l.InUse.Services[0].Slots[0].Closes.String() != "11:00" {
			t.Errorf("%v, %+v", l.Err, l.InUse.Services[0].Slots)
		}
		w.set("/sites.yaml", "sites: 3\n")
		l = after(Every)
		check("with broken sites", l, "Repas وجبات")
		if l.Err == nil || !strings.Contains(l.Err.Error(), "sites.yaml:1:8") || strings.Contains(l.Err.Error(), "secret") {
			t.Errorf("broken sites: %v", l.Err)
		}
		w.set("/sites.yaml", sitesBeside)
		if l = after(Every); l.Err != nil {
			t.Errorf("mended: %v", l.Err)
		}
		stop()
		w.take()

		// After a restart nothing is read again that was not changed.
		after, stop = following(t, state, origin, w.net())
		check("after a restart", after(time.Second), "Repas وجبات")
		if got := w.take(); !strings.HasSuffix(got, ", /t.csv for newer") || strings.Count(got, "/") != 3 {
			t.Errorf("asked %s", got)
		}
		stop()
		w.set("/sites.yaml", "")
		w.set("/m.yaml", "")
		after, stop = following(t, state, origin, w.net())
		check("after a restart without what is beside it", after(2*Every), "Repas وجبات")
		w.set("/sites.yaml", sitesBeside)
		w.set("/m.yaml", strings.Replace(mappingBeside, "food, show: screen", "food, show: in-person", 1))
		check("with another mapping", after(Every), "")
		stop()
		kept, _ := filepath.Glob(filepath.Join(state, "*"))
		for _, name := range kept {
			if b, _ := os.ReadFile(name); bytes.Contains(b, []byte("lanted")) || bytes.Contains(b, []byte("secret")) || bytes.Contains(b, []byte("Tea")) {
				t.Errorf("%s keeps %s", name, b)
			}
		}
	})
}

// A sheet on the box is read before the internet is there.
func TestASheetWaitsForWhatIsAtAnAddressBesideIt(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "t.csv")
	write(t, path, sheetBeside)
	const address = "https://example.org/m.yaml"
	origin := Origin{From: path, Options: Options{Mapping: address}}
	open := func() *Feed { return Open(durable.System, state, []Origin{origin}, true).All()[0] }
	mapping := func(f *Feed, text string) (l Loaded) {
		f.came(address, File{"m.yaml", []byte(text)}, nil, func(is Loaded) { l = is })
		return l
	}
	f := open()
	if l := f.Load(); l.InUse != nil || l.Err != nil {
		t.Fatalf("before the mapping came: %+v", l)
	}
	if l := mapping(f, mappingBeside); l.Err != nil || onScreen(l.InUse) != "Repas" {
		t.Fatalf("%+v", l)
	}
	f = open()
	if l := f.Load(); l.Err != nil || onScreen(l.InUse) != "Repas" {
		t.Errorf("after a restart: %+v", l)
	}
	if l := mapping(f, mappingBeside); l.Err != nil || onScreen(l.InUse) != "Repas" {
		t.Errorf("after a restart, with the mapping: %+v", l)
	}
	write(t, path, strings.Replace(sheetBeside, "daily,9:00,10:00", "mon,9:00,10:00", 1))
	f = open()
	l := f.Load()
	if l.Err == nil || l.Mistakes != 1 || !strings.Contains(l.Err.Error(), "was not fetched yet") || onScreen(l.InUse) != "Repas" {
		t.Errorf("changed, without the mapping: %+v", l)
	}
	for _, r := range l.InUse.Rows(time.Date(2026, 11, 24, 8, 0, 0, 0, l.InUse.Zone), "") {
		if r.State != timetable.AskUs {
			t.Errorf("changed, without the mapping: %+v", r)
		}
	}
	if l := mapping(f, mappingBeside); l.Err != nil || onScreen(l.InUse) != "Repas" {
		t.Errorf("changed, with the mapping: %+v", l)
	}
}

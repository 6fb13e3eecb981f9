package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/durable"
)

// follow is Feed.Follow of a file or a folder, with a way to have it read again.
func follow(ctx context.Context, state, path string, reload <-chan struct{}, observe func(Loaded)) error {
	f := Open(durable.System, state, []Origin{{From: path}}, true).All()[0]
	return timetables.followFile(ctx, path, reload, f.took(observe))
}

// watching follows a file in a fresh folder and gives what it observes.
func watching(t *testing.T, content string) (path string, reload chan struct{}, next func() Loaded) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "timetable.yaml")
	if content != "" {
		write(t, path, content)
	}
	ctx, cancel := context.WithCancel(context.Background())
	observed, returned := make(chan Loaded, 16), make(chan error, 1)
	reload = make(chan struct{})
	go func() { returned <- follow(ctx, t.TempDir(), path, reload, func(l Loaded) { observed <- l }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-returned; !errors.Is(err, context.Canceled) {
			t.Errorf("watch returned %v", err)
		}
		if len(observed) > 0 {
			t.Errorf("observed once too often: %+v", <-observed)
		}
	})
	return path, reload, func() Loaded {
		t.Helper()
		select {
		case l := <-observed:
			return l
		case err := <-returned:
			returned <- err
			t.Fatalf("watch returned: %v", err)
		case <-time.After(time.Minute):
			t.Fatal("nothing was observed")
		}
		return Loaded{}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWatchSeesEveryWayOfChangingTheFile(t *testing.T) {
	path, reload, next := watching(t, "services: []\n")
	first := next()
	if first.Err != nil || first.Timetable == nil {
		t.Fatalf("%+v", first)
	}

	write(t, path, "services: []\nmax-age: 7d\n")
	if l := next(); l.Err != nil || l.Timetable.Digest == first.Timetable.Digest {
		// The write may have been seen between truncation and content.
		if l = next(); l.Err != nil || l.Timetable.Digest == first.Timetable.Digest {
			t.Fatalf("written: %+v", l)
		}
	}

	write(t, path+".new", "services: 1\nplan: 2\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if l := next(); l.Mistakes != 2 || l.Timetable != nil || !strings.Contains(l.Err.Error(), "timetable.yaml:1:11: services") {
		t.Fatalf("replaced by a broken one: %+v", l)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if l := next(); !errors.Is(l.Err, fs.ErrNotExist) || l.Mistakes != 0 {
		t.Fatalf("removed: %+v", l)
	}

	write(t, path+".new", "services: []\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if l := next(); l.Err != nil || l.Timetable.Digest != first.Timetable.Digest {
		t.Fatalf("back again: %+v", l)
	}
	reload <- struct{}{}
	if l := next(); l.Err != nil || l.Timetable.Digest != first.Timetable.Digest {
		t.Fatalf("reloaded: %+v", l)
	}
}

func TestAWatchedVersionThatIsRefusedPutsInDoubtWhatItCloses(t *testing.T) {
	rows := func(l Loaded) string {
		got := ""
		for _, r := range l.InUse.Rows(time.Date(2026, 11, 23, 8, 0, 0, 0, l.InUse.Zone), "quai") {
			got += r.Service.ID + " " + string(r.State) + ", "
		}
		return got
	}
	path, _, next := watching(t, whole)
	good := next()
	if got := rows(good); good.InUse != good.Timetable || got != "water ask us, food confirmed, food confirmed, " {
		t.Fatalf("%+v: %s", good, got)
	}
	// The meals are off for a day, and there is a slip in the water's hours.
	broken := strings.Replace(strings.Replace(whole, "    by: us\n", "    by: us\n    changes: [{date: 2026-11-23, cancelled: true}]\n", 1), `closes: "09:00"`, `closes: "9:xx"`, 1)
	write(t, path+".new", broken)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	l := next()
	if l.Timetable != nil || l.Mistakes != 1 || l.InUse == nil {
		t.Fatalf("%+v", l)
	}
	if got := rows(l); got != "water ask us, food ask us, food ask us, " {
		t.Error(got)
	}
	write(t, path+".new", whole)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if l := next(); l.Err != nil || rows(l) != rows(good) {
		t.Errorf("mended: %+v", l)
	}
}

func TestWatchWaitsForAFileThatIsNotThere(t *testing.T) {
	path, _, next := watching(t, "")
	if l := next(); !errors.Is(l.Err, fs.ErrNotExist) {
		t.Fatalf("%+v", l)
	}
	write(t, path+".new", "services: []\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if l := next(); l.Err != nil {
		t.Fatalf("%+v", l)
	}
}

func TestWatchFailsWhenTheFolderIsGone(t *testing.T) {
	state, folder := t.TempDir(), filepath.Join(t.TempDir(), "gone")
	if err := follow(context.Background(), state, filepath.Join(folder, "t.yaml"), nil, func(Loaded) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	returned := make(chan error, 1)
	started := make(chan struct{}, 1)
	go func() {
		returned <- follow(context.Background(), state, filepath.Join(folder, "t.yaml"), nil, func(Loaded) { started <- struct{}{} })
	}()
	<-started
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := <-returned; err == nil || !strings.Contains(err.Error(), "its folder is gone") {
		t.Errorf("%v", err)
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	if l := Load(t.TempDir()); l.Err == nil || l.Mistakes != 0 {
		t.Errorf("%+v", l)
	}
}

func FuzzConcerns(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00timetable.yaml\x00\x00"))
	f.Add([]byte("\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xfftimetable.yaml\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if touched, _ := concerns(b, func(name string) bool { return name == "timetable.yaml" }); touched && len(b) < 16 {
			t.Error("a record was read from less than one")
		}
	})
}

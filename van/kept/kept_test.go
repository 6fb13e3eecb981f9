package kept

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"infobus/kiosk"
	"infobus/van"
)

var some = van.Kept{Boot: "b", Generators: []van.KeptGenerator{{Starts: 3, Seconds: 7200, Running: true}},
	Session: &van.KeptSession{Site: "north", Since: 1, Until: 2}, Wear: kiosk.Wear{Fulls: 9}, Glass: "page"}

func TestWhatIsSavedComesBack(t *testing.T) {
	dir := t.TempDir()
	if k, ok, err := Load(System, dir); ok || err != nil || !reflect.DeepEqual(k, van.Kept{}) {
		t.Errorf("an empty directory: %+v, %v, %v", k, ok, err)
	}
	if err := Save(System, dir, some); err != nil {
		t.Fatal(err)
	}
	if k, ok, err := Load(System, dir); !ok || err != nil || !reflect.DeepEqual(k, some) {
		t.Errorf("got %+v, %v, %v", k, ok, err)
	}
}

func TestACutBeforeTheRenameLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	if err := Save(System, dir, some); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name+".new"), []byte(`{"boot":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if k, ok, err := Load(System, dir); !ok || err != nil || !reflect.DeepEqual(k, some) {
		t.Errorf("got %+v, %v, %v", k, ok, err)
	}
}

func TestADamagedFileIsMovedAsideAndSaidSo(t *testing.T) {
	for _, damage := range []string{"", "{", `{"generators":[{"starts":-1}]}`, strings.Repeat(" ", maxSize+1)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, Name), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		_, ok, err := Load(System, dir)
		if ok || err == nil || !strings.Contains(err.Error(), Name+".bad") {
			t.Errorf("%.20q: %v, %v", damage, ok, err)
		}
		if _, err := os.Stat(filepath.Join(dir, Name+".bad")); err != nil {
			t.Error(err)
		}
		if _, ok, err := Load(System, dir); ok || err != nil {
			t.Errorf("the second time: %v, %v", ok, err)
		}
	}
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	if err := Save(System, filepath.Join(t.TempDir(), "gone"), some); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"boot":"b","generators":[{"starts":3,"seconds":7200,"running":true}],"session":{"site":"north","since_ns":1,"until_ns":2},"wear":{"fulls":9},"glass":"x"}`))
	f.Add([]byte(`{"generators":[{"seconds":1e30}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := Parse(b)
		if err != nil {
			return
		}
		for _, g := range k.Generators {
			if g.Starts < 0 || g.Seconds < 0 {
				t.Errorf("%+v was taken", g)
			}
		}
	})
}

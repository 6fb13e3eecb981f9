package source

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"infobus/durable"
	"infobus/durable/durabletest"
)

// keeper keeps a number in a timetable of some sectors.
var keeper = durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
	text := func(n int) string { return strings.Repeat(fmt.Sprintf("# %d\n", n), 300) }
	k, said := readKept(disk, "/media/*/infobus", "/state")
	n := 0
	if len(k.Files) > 0 {
		fmt.Sscanf(string(k.Files[0].Data), "# %d", &n)
		if string(k.Files[0].Data) != text(n) || k.ETag != fmt.Sprint(n) {
			n = -1
		}
	}
	return n, func(n int) error {
		return kept{Source: "/media/*/infobus", ETag: fmt.Sprint(n), Files: []File{{"a.yaml", []byte(text(n))}}}.keep(disk, "/state")
	}, said
}}

func TestTheLastGoodTimetableOutlivesPowerCutsAndErrors(t *testing.T) {
	seeds := durabletest.Seeds(3, 200)
	o, err := durabletest.Crashes(keeper, seeds, func(d *durabletest.Disk) { d.Brittle() })
	if err != nil {
		t.Error(err)
	}
	d, err := durabletest.Damages(keeper, max(1, 70/seeds))
	if err != nil {
		t.Error(err)
	}
	o.Damages = d.Damages
	t.Log(o)
}

// Without syncs, or without checksums, the test above must find a loss.
func TestTheTestOfTheLastGoodTimetableFindsALoss(t *testing.T) {
	if _, err := durabletest.Crashes(keeper, 1, (*durabletest.Disk).IgnoreSyncs); err == nil {
		t.Error("without syncs nothing was lost")
	}
	defer durable.IgnoreChecksums()()
	if _, err := durabletest.Damages(keeper, 1); err == nil {
		t.Error("without checksums no damage did any harm")
	}
}

func TestTheTimetableThatAnEarlierVersionKeptIsTakenOver(t *testing.T) {
	disk := durabletest.New(1)
	old, err := json.Marshal(kept{Source: "/media/*/infobus", Files: []File{{"a.yaml", []byte("# 1\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	disk.Put("/state/"+oldName, old)
	k, err := readKept(disk, "/media/*/infobus", "/state")
	if len(k.Files) != 1 || string(k.Files[0].Data) != "# 1\n" || err != nil {
		t.Errorf("%+v, %v", k, err)
	}
	k.ETag = "2"
	if err := k.keep(disk, "/state"); err != nil {
		t.Fatal(err)
	}
	disk.Crash()
	if _, there := disk.Files()["/state/"+oldName]; there {
		t.Error("the old one is still there")
	}
	if k, err := readKept(disk, "/media/*/infobus", "/state"); k.ETag != "2" || err != nil {
		t.Errorf("%+v, %v", k, err)
	}
	disk.Put("/other/"+oldName, []byte("null"))
	if k, err := readKept(disk, "/media/*/infobus", "/other"); len(k.Files) != 0 || err == nil {
		t.Errorf("null: %+v, %v", k, err)
	}
}

package card

import (
	"errors"
	"strings"
	"testing"
)

var full = Report{Version: 1, Slot: B, Why: WhyRoot, State: OneRight, Left: 2, Bad: "a", Root: RootChecked, Card: 1 << 34, Late: true,
	Data: Data{State: DataInMemory, Why: DataReadOnly, Bytes: 1 << 26, Free: 5, Grown: true, Salvaged: 4}, Clock: StopSet, Setting: FileFound, Seconds: 2.5, Watchdog: true}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	if got, err := DecodeReport(full.Encode()); err != nil || got != full {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAWordOfALaterInitramfsIsNotKnown(t *testing.T) {
	b := strings.NewReplacer(`"root"`, `"moon"`, `"in-memory"`, `"elsewhere"`, `"b"`, `"c"`).Replace(string(full.Encode()))
	got, err := DecodeReport([]byte(b))
	if err != nil || got.Why != "" || got.Data.State != "" || got.Slot != None || got.Data.Why != DataReadOnly {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for name, b := range map[string]string{"nothing": "", "null": "null", "no JSON": "{", "another version": `{"version":2}`,
		"too long": `{"version":1,"slot":"` + strings.Repeat("a", MaxReport) + `"}`, "a list": "[]"} {
		if r, err := DecodeReport([]byte(b)); !errors.Is(err, ErrReport) || r != (Report{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func FuzzDecodeReport(f *testing.F) {
	f.Add(full.Encode())
	f.Add([]byte(`{"version":1,"data":{"bytes":-5},"seconds":-1,"trial_left":99}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeReport(b)
		if err != nil {
			return
		}
		if again, err := DecodeReport(r.Encode()); err != nil || again != r || r.Data.Bytes < 0 || r.Left > Trials {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

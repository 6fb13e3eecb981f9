package store

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"infobus/logbook"
)

// A record that is read is one that was written: bytes that are none, or damaged, give no event.
func FuzzRecord(f *testing.F) {
	e := logbook.Event{Log: "9f2c4be01d77a3c5", Seq: 71, Boot: "b", Mono: 5, At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Name: logbook.BatteryLevel,
		Attributes: map[string]any{"level": "low", "percent": 12.0}}
	whole, err := encode(e, 1<<32|7)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, 0, byte(0))
	f.Add(whole, 30, byte(1))
	f.Add(whole[:recordHead], 4, byte(0))
	f.Add(append([]byte(magic+magic), whole...), 0, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, at int, flip byte) {
		if len(b) > 0 && at >= 0 {
			b[at%len(b)] ^= flip
		}
		n := 0
		done := carve(b, true, func(e logbook.Event, order uint64) {
			n++
			if e.Seq == 0 || e.Log == "" {
				t.Errorf("an event without identity: %+v", e)
			}
			again, err := encode(e, order)
			if err != nil {
				return // longer than it was, as JSON of ours
			}
			if back, was, err := decode(again, false); err != nil || was != order || back.Seq != e.Seq || back.Log != e.Log || back.Name != e.Name {
				t.Errorf("%+v came back as %+v: %v", e, back, err)
			}
		})
		if done < 0 || done > len(b) {
			t.Errorf("%d of %d bytes are done with", done, len(b))
		}
		if _, _, err := decode(b, false); err == nil && n == 0 {
			t.Error("a whole record was not found")
		}
	})
}

// No flip of a bit in a record goes unnoticed.
func TestNoBitOfARecordFlipsUnseen(t *testing.T) {
	whole, err := encode(logbook.Event{Log: "9f2c4be01d77a3c5", Seq: 71, Name: logbook.SystemStopping}, 7)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		if e, _, err := decode(b, false); err == nil {
			t.Errorf("bit %d: read as %+v", bit, e)
		}
	}
}

// A mark that is read says nothing that cannot be.
func FuzzMark(f *testing.F) {
	for _, m := range []Mark{{Log: "a"}, {Log: "a", Seq: 9, Floor: 2, Acknowledged: 5, Urgent: 9, Older: 1, Board: "1f2e", Salt: "s"}, {Log: "a", Seq: 1, Acknowledged: 2}} {
		b, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`null`))
	f.Add([]byte(`{"log":"a","seq":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMark(b)
		if err != nil {
			return
		}
		if m.Log == "" || max(m.Acknowledged, m.Urgent, m.Floor) > m.Seq || m.Seq+1 == 0 {
			t.Errorf("%s: %+v", b, m)
		}
	})
}

package systemd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// packaged are the units that the packages of the tests have installed.
func packaged(name string) bool {
	return slices.Contains([]string{"infobusd.service", "infobus-link@.service", "user@.service", "systemd-networkd.service", "lab.timer"}, name)
}

// failedID is systemd's own for "a unit has failed".
const failedID = "d9b373ed55a64feb8242e02dbe79a49c"

func TestWarningsAreCountedByUnitPriorityAndMessage(t *testing.T) {
	journal := func(entries ...string) string { return strings.Join(entries, "\n") + "\n" }
	at := func(us int, rest string) string {
		return fmt.Sprintf(`{"__MONOTONIC_TIMESTAMP":"%d","__CURSOR":"s=1","MESSAGE":"Jean at 10.1.2.3",%s}`, us, rest)
	}
	for name, c := range map[string]struct {
		journal string
		want    []Warning
	}{
		"nothing":                   {"", nil},
		"an installed unit, twice":  {journal(at(1, `"_SYSTEMD_UNIT":"infobusd.service","PRIORITY":"4"`), at(2, `"_SYSTEMD_UNIT":"infobusd.service","PRIORITY":"4"`)), []Warning{{"infobusd.service", 4, "", 2}}},
		"one after which none ends": {strings.TrimSuffix(journal(at(1, `"_SYSTEMD_UNIT":"infobusd.service","PRIORITY":"4"`)), "\n"), []Warning{{"infobusd.service", 4, "", 1}}},
		"the graver first":          {journal(at(1, `"_TRANSPORT":"kernel","PRIORITY":"4"`), at(2, `"_TRANSPORT":"kernel","PRIORITY":"0"`)), []Warning{{Kernel, 0, "", 1}, {Kernel, 4, "", 1}}},
		"systemd on a unit":         {journal(at(1, `"_PID":"1","_SYSTEMD_UNIT":"init.scope","UNIT":"systemd-networkd.service","PRIORITY":"4","MESSAGE_ID":"`+failedID+`"`)), []Warning{{"systemd-networkd.service", 4, failedID, 1}}},
		"another that says a unit":  {journal(at(1, `"_PID":"12","_SYSTEMD_UNIT":"infobusd.service","UNIT":"systemd-networkd.service","PRIORITY":"4"`)), []Warning{{"infobusd.service", 4, "", 1}}},
		"an instance":               {journal(at(1, `"_SYSTEMD_UNIT":"infobus-link@aa:bb:cc:00:11:22.service","PRIORITY":"3"`)), []Warning{{"infobus-link@.service", 3, "", 1}}},
		"somebody's log-in":         {journal(at(1, `"_SYSTEMD_UNIT":"session-3.scope","PRIORITY":"3"`), at(2, `"_SYSTEMD_UNIT":"media-JEAN.mount","PRIORITY":"3"`)), []Warning{{OtherUnit, 3, "", 2}}},
		"a unit of nobody's":        {journal(at(1, `"_SYSTEMD_UNIT":"jean-dupont.service","PRIORITY":"3"`), at(2, `"PRIORITY":"3"`), at(3, `"_SYSTEMD_UNIT":"../../infobusd.service","PRIORITY":"3"`)), []Warning{{OtherUnit, 3, "", 3}}},
		"a message id that is none": {journal(at(1, `"_TRANSPORT":"kernel","PRIORITY":"3","MESSAGE_ID":"Jean"`)), []Warning{{Kernel, 3, "", 1}}},
		"values that are lists":     {journal(at(1, `"_SYSTEMD_UNIT":[1,2],"PRIORITY":"3"`), at(2, `"_TRANSPORT":["kernel","x"],"PRIORITY":"3","MESSAGE_ID":null`)), []Warning{{OtherUnit, 3, "", 2}}},
		"less than a warning":       {journal(at(1, `"_TRANSPORT":"kernel","PRIORITY":"5"`), at(2, `"_TRANSPORT":"kernel"`), at(3, `"PRIORITY":"-1"`)), nil},
		"no entries":                {journal("", "null", "[]", "{}", `{"PRIORITY":"3"}`, `{"__MONOTONIC_TIMESTAMP":"-5","PRIORITY":"3"}`, `{"__MONOTONIC_TIMESTAMP":"99999999999999999","PRIORITY":"3"}`, "{"), nil},
		"one that is too long":      {journal(at(1, `"X":"`+strings.Repeat("x", 3*mostEntry)+`","PRIORITY":"3"`), at(2, `"_TRANSPORT":"kernel","PRIORITY":"3"`)), []Warning{{Kernel, 3, "", 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CountJournal(strings.NewReader(c.journal), 0, packaged)
			if err != nil || !slices.Equal(got.Kinds, c.want) {
				t.Errorf("%v, %v; want %v", got.Kinds, err, c.want)
			}
		})
	}
}

func TestWhatWasCountedIsNotCountedAgain(t *testing.T) {
	const journal = `{"__MONOTONIC_TIMESTAMP":"1000","_TRANSPORT":"kernel","PRIORITY":"3"}
{"__MONOTONIC_TIMESTAMP":"2000","_TRANSPORT":"kernel","PRIORITY":"3"}
`
	for since, want := range map[time.Duration]int{0: 2, time.Millisecond: 1, 2 * time.Millisecond: 0, time.Second: 0} {
		got, err := CountJournal(strings.NewReader(journal), since, packaged)
		n := 0
		for _, k := range got.Kinds {
			n += k.Count
		}
		if err != nil || n != want || got.Until != max(since, 2*time.Millisecond) {
			t.Errorf("since %v: %d until %v, %v; want %d", since, n, got.Until, err, want)
		}
	}
}

func TestAFloodOfKindsIsBounded(t *testing.T) {
	var journal strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&journal, `{"__MONOTONIC_TIMESTAMP":"1","_TRANSPORT":"kernel","PRIORITY":"%d","MESSAGE_ID":"%032x"}`+"\n", i%5, i)
	}
	got, err := CountJournal(strings.NewReader(journal.String()), 0, packaged)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, k := range got.Kinds {
		n += k.Count
	}
	note, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseNote(note); n != 10_000 || len(got.Kinds) != mostWarnings+5 || err != nil {
		t.Errorf("%d entries of %d kinds; the note: %v", n, len(got.Kinds), err)
	}
}

func TestTheNoteIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if _, err := ReadJournalNote(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where there is none: %v", err)
	}
	for name, c := range map[string]struct {
		note string
		ok   bool
	}{
		"a note":            {`{"until_ns":5,"kinds":[{"unit":"kernel","priority":3,"count":2}]}`, true},
		"one of nothing":    {`{"until_ns":0,"kinds":null}`, true},
		"one that was cut":  {`{"until_ns":5,"kinds":[{"unit":"ker`, false},
		"an empty file":     {``, false},
		"a wrong priority":  {`{"kinds":[{"unit":"kernel","priority":7,"count":2}]}`, false},
		"a wrong count":     {`{"kinds":[{"unit":"kernel","priority":3,"count":-2}]}`, false},
		"a wrong message":   {`{"kinds":[{"unit":"kernel","priority":3,"count":2,"message_id":"Jean"}]}`, false},
		"one without end":   {strings.Repeat(" ", mostNote+1), false},
		"a moment that was": {`{"until_ns":-5}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.note), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadJournalNote(path); (err == nil) != c.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

// This machine's own journalctl knows the arguments.
func TestJournalctlKnowsTheArguments(t *testing.T) {
	if _, err := exec.LookPath("journalctl"); err != nil {
		t.Fatal("there is no journalctl here: apt-get install systemd")
	}
	out, err := exec.CommandContext(t.Context(), "journalctl", append(JournalArguments, "--directory="+t.TempDir())...).CombinedOutput()
	if err != nil && strings.Contains(string(out), "option") {
		t.Errorf("%v: %s", err, out)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"__MONOTONIC_TIMESTAMP":"1000","_SYSTEMD_UNIT":"infobusd.service","PRIORITY":"3","MESSAGE_ID":"`+failedID+`"}`+"\n"), []byte(`{"until_ns":5,"kinds":[]}`))
	f.Add([]byte(`{"__MONOTONIC_TIMESTAMP":"1","_PID":"1","UNIT":"user@Jean.service","PRIORITY":"4"}`), []byte(`{`))
	f.Fuzz(func(t *testing.T, journal, note []byte) {
		got, err := CountJournal(strings.NewReader(string(journal)), 0, packaged)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range got.Kinds {
			if k.Unit != Kernel && k.Unit != OtherUnit && !packaged(k.Unit) {
				t.Errorf("it tells of %q", k.Unit)
			}
		}
		b, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseNote(b); err != nil || !slices.Equal(again.Kinds, got.Kinds) {
			t.Errorf("%s is read as %v, %v", b, again, err)
		}
		parseNote(note)
	})
}

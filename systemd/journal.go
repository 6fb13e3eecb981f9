package systemd

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JournalNote is where infobus-journal@.service writes what it counted, as a Counted in
// JSON. The daemon, which may not read the journal, reads that.
const JournalNote = "/run/infobus-journal"

// Counted is how often the journal has which warning, without any of its text.
type Counted struct {
	// Until is the moment of the last entry that was counted, on the monotonic clock of
	// this boot: those after it are the next count's.
	Until time.Duration `json:"until_ns"`
	Kinds []Warning     `json:"kinds"`
}

// Warning is a kind of warning.
type Warning struct {
	// Unit is the name of a unit that is installed, without its instance; Kernel; or
	// OtherUnit.
	Unit string `json:"unit"`
	// Priority is syslog's: 0 (emerg) to 4 (warning).
	Priority int `json:"priority"`
	// MessageID is what the program calls such messages, 32 hexadecimal digits; "" where
	// it calls them nothing.
	MessageID string `json:"message_id,omitempty"`
	Count     int    `json:"count"`
}

const (
	// Kernel is where the kernel's own messages come from.
	Kernel = "kernel"
	// OtherUnit is any unit whose name may be somebody's: what no package has installed,
	// log-ins, devices, mounts.
	OtherUnit = "other"
)

const (
	// mostWarnings bounds the kinds, whatever fills the journal. What is beyond is of
	// OtherUnit.
	mostWarnings = 100
	// mostEntry is the longest entry that is read, in bytes: journalctl leaves out fields
	// above 4096.
	mostEntry = 64 << 10
	// mostNote is the longest note, in bytes.
	mostNote = 64 << 10
	warning  = 4 // syslog's priority
)

// JournalArguments are journalctl's for what CountJournal reads: this boot's warnings,
// without their text.
var JournalArguments = []string{"--boot", "--priority=warning", "--output=json", "--quiet", "--no-pager",
	"--output-fields=_TRANSPORT,_PID,_SYSTEMD_UNIT,UNIT,PRIORITY,MESSAGE_ID"}

// InstalledUnit says whether a package has installed a unit, or a template, of that name.
func InstalledUnit(name string) bool {
	_, err := os.Stat(filepath.Join("/usr/lib/systemd/system", name))
	return err == nil
}

var (
	messageID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	unitName  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_.-]{0,60})(@?)[^@/]*(\.(?:service|socket|timer|path|target))$`)
)

// CountJournal counts the entries after since that journalctl prints as JSON. installed
// says which units' names may be told. An entry that is none is passed over.
func CountJournal(journal io.Reader, since time.Duration, installed func(string) bool) (Counted, error) {
	counted := Counted{Until: since}
	count := map[Warning]int{}
	lines := bufio.NewReaderSize(journal, mostEntry)
	for {
		line, err := lines.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if kind, at, ok := entry(line, installed); ok && !long && at > since {
			if _, known := count[kind]; !known && len(count) >= mostWarnings {
				kind = Warning{Unit: OtherUnit, Priority: kind.Priority}
			}
			count[kind]++
			counted.Until = max(counted.Until, at)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Counted{}, fmt.Errorf("read the journal: %w", err)
		}
	}
	for kind, n := range count {
		kind.Count = n
		counted.Kinds = append(counted.Kinds, kind)
	}
	slices.SortFunc(counted.Kinds, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Count, a.Count), strings.Compare(a.Unit, b.Unit), strings.Compare(a.MessageID, b.MessageID))
	})
	return counted, nil
}

// entry is what a line of the journal says: which kind of warning, and when.
func entry(line []byte, installed func(string) bool) (kind Warning, at time.Duration, ok bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(line, &fields) != nil {
		return Warning{}, 0, false
	}
	of := func(name string) (text string) { // several values of one field, or bytes, are a list
		json.Unmarshal(fields[name], &text)
		return text
	}
	us, err := strconv.ParseInt(of("__MONOTONIC_TIMESTAMP"), 10, 64)
	if err != nil || us < 0 || us > int64(time.Duration(1<<63-1)/time.Microsecond) {
		return Warning{}, 0, false
	}
	priority := of("PRIORITY")
	if len(priority) != 1 || priority[0] < '0' || priority[0] > '0'+warning {
		return Warning{}, 0, false
	}
	kind.Priority = int(priority[0] - '0')
	unit := of("_SYSTEMD_UNIT")
	if of("_PID") == "1" && of("UNIT") != "" {
		unit = of("UNIT") // of which systemd speaks
	}
	kind.Unit = OtherUnit
	if of("_TRANSPORT") == "kernel" {
		kind.Unit = Kernel
	} else if m := unitName.FindStringSubmatch(unit); m != nil && installed(m[1]+m[2]+m[3]) {
		kind.Unit = m[1] + m[2] + m[3]
	}
	if id := of("MESSAGE_ID"); messageID.MatchString(id) {
		kind.MessageID = id
	}
	return kind, time.Duration(us) * time.Microsecond, true
}

// ReadJournalNote reads what was counted. There is fs.ErrNotExist where nothing was.
func ReadJournalNote(path string) (Counted, error) {
	f, err := os.Open(path)
	if err != nil {
		return Counted{}, fmt.Errorf("read what was counted of the journal: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return Counted{}, fmt.Errorf("read what was counted of the journal: %w", fs.ErrInvalid)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostNote+1))
	if err != nil {
		return Counted{}, fmt.Errorf("read what was counted of the journal: %w", err)
	}
	return parseNote(b)
}

func parseNote(b []byte) (c Counted, err error) {
	if len(b) > mostNote {
		return Counted{}, fmt.Errorf("what was counted of the journal has more than %d bytes", mostNote)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return Counted{}, errors.New("what was counted of the journal is no such note")
	}
	for _, k := range c.Kinds {
		if k.Priority < 0 || k.Priority > warning || k.Count < 1 || k.Unit == "" || k.MessageID != "" && !messageID.MatchString(k.MessageID) {
			return Counted{}, errors.New("what was counted of the journal says what it cannot")
		}
	}
	if c.Until < 0 || len(c.Kinds) > mostWarnings+warning+1 {
		return Counted{}, errors.New("what was counted of the journal says what it cannot")
	}
	return c, nil
}

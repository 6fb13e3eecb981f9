package card

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Where the initramfs leaves what it found.
const (
	Folder     = "/run/infobus-card"
	ReportFile = Folder + "/report.json"
)

// ReportVersion is the version of Report.
const ReportVersion = 1

// MaxReport is the largest report, in bytes.
const MaxReport = 16 << 10

// Report is what the initramfs found and did. Words that a later initramfs may have are
// read as "".
type Report struct {
	Version  int     `json:"version"`
	Slot     Slot    `json:"slot"`
	Why      Why     `json:"why"`
	State    Health  `json:"state"`
	Left     int     `json:"left,omitempty"`       // how many more times a slot on trial is started
	Bad      string  `json:"bad_slots,omitempty"`  // slots whose root is damaged
	Root     Root    `json:"root"`                 // of the slot that runs
	Card     int64   `json:"card_bytes,omitempty"` // the card's size
	Late     bool    `json:"late,omitempty"`       // it was found so late that the fixed page was shown
	Data     Data    `json:"data"`
	Clock    Stop    `json:"clock_stop_flag"`
	Setting  File    `json:"settings"`
	Seconds  float64 `json:"seconds"`  // from the kernel's start to the root's init
	Watchdog bool    `json:"watchdog"` // the board's is fed
}

// Root says what is known of the root.
type Root string

// The kinds of Root.
const (
	RootChecked   Root = "checked"
	RootUnchecked Root = "unchecked" // U-Boot gave no checksum
)

// DataState is where what is written goes.
type DataState string

// The states of the data.
const (
	DataMounted  DataState = "mounted"
	DataRepaired DataState = "repaired"
	DataAnew     DataState = "made-anew" // what had been there could not be repaired
	DataInMemory DataState = "in-memory" // it is lost when the power goes
)

// DataWhy is why the data is not as it was left.
type DataWhy string

// The reasons.
const (
	DataAsLeft    DataWhy = ""
	DataMissing   DataWhy = "missing"        // there is no such partition, and none can be made
	DataTooSmall  DataWhy = "card-too-small" // it, or what is on it, does not fit on the card
	DataBroken    DataWhy = "damaged"        // what was there is lost; where it was repaired, some of it
	DataNoRead    DataWhy = "unreadable"     // the card gives errors
	DataReadOnly  DataWhy = "read-only"      // the card takes no writes
	DataNoMount   DataWhy = "no-mount"       // it seems to be whole, and cannot be mounted
	DataNotMade   DataWhy = "not-made"       // a new file system could not be made
	DataUnchecked DataWhy = "unchecked"      // there is no e2fsck
)

// Data is what is mounted on /var/lib/infobus.
type Data struct {
	State    DataState `json:"state"`
	Why      DataWhy   `json:"why,omitempty"`
	Bytes    int64     `json:"bytes"`              // its size
	Free     int64     `json:"free"`               // of it
	Grown    bool      `json:"grown,omitempty"`    // in this boot, to the end of the card
	Salvaged int       `json:"salvaged,omitempty"` // files that were brought over from what was damaged or takes no writes
}

// Stop is the clock chip's oscillator-stop flag.
type Stop string

// The kinds of Stop.
const (
	StopUnknown Stop = "unknown"
	StopSet     Stop = "set"
	StopClear   Stop = "clear"
)

// File is whether the settings file was on the FAT.
type File string

// The kinds of File.
const (
	FileFound      File = "found"
	FileAbsent     File = "absent"
	FileUnreadable File = "unreadable" // the FAT cannot be read
)

// ErrReport says that a report cannot be used.
var ErrReport = errors.New("no report of the card")

// DecodeReport reads a report.
func DecodeReport(b []byte) (Report, error) {
	if len(b) > MaxReport {
		return Report{}, fmt.Errorf("%w: it is %d bytes long", ErrReport, len(b))
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return Report{}, fmt.Errorf("%w: it is no JSON", ErrReport)
	}
	if r.Version != ReportVersion {
		return Report{}, fmt.Errorf("%w: version %d", ErrReport, r.Version)
	}
	r.Slot = Slot(known(string(r.Slot), slots))
	r.Why = Why(known(string(r.Why), whys))
	r.State = Health(known(string(r.State), healths))
	r.Root = Root(known(string(r.Root), roots))
	r.Data.State = DataState(known(string(r.Data.State), dataStates))
	r.Data.Why = DataWhy(known(string(r.Data.Why), dataWhys))
	r.Clock = Stop(known(string(r.Clock), stops))
	r.Setting = File(known(string(r.Setting), files))
	r.Bad = known(r.Bad, bads)
	if r.Left < 0 || r.Left > Trials {
		r.Left = 0
	}
	r.Card, r.Data.Bytes, r.Data.Free = max(0, r.Card), max(0, r.Data.Bytes), max(0, r.Data.Free)
	r.Data.Salvaged, r.Seconds = max(0, r.Data.Salvaged), max(0, r.Seconds)
	return r, nil
}

// The words that a report may have.
var (
	slots      = []string{string(A), string(B)}
	whys       = []string{string(WhyGood), string(WhyTrial), string(WhyUsedUp), string(WhyKernel), string(WhyRoot), string(WhyNoState)}
	healths    = []string{string(BothRight), string(OneRight), string(NoneRight), string(NeitherRead)}
	roots      = []string{string(RootChecked), string(RootUnchecked)}
	dataStates = []string{string(DataMounted), string(DataRepaired), string(DataAnew), string(DataInMemory)}
	dataWhys   = []string{string(DataMissing), string(DataTooSmall), string(DataBroken), string(DataNoRead), string(DataReadOnly),
		string(DataNoMount), string(DataNotMade), string(DataUnchecked)}
	stops = []string{string(StopUnknown), string(StopSet), string(StopClear)}
	files = []string{string(FileFound), string(FileAbsent), string(FileUnreadable)}
	bads  = []string{"a", "b", "ab"}
)

// known is the one of words that s is; "" where it is none.
func known(s string, words []string) string {
	for _, w := range words {
		if w == s {
			return w
		}
	}
	return ""
}

// Encode is the report as JSON.
func (r Report) Encode() []byte {
	r.Version = ReportVersion
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic(err) // it has only numbers and strings
	}
	return append(b, '\n')
}

// Package report makes one page of what vans have sent, for those who never see
// them: of each van and day how long generators ran, how the internet was, and
// what failed.
//
// In: files of a Collector's file exporter (OTLP as JSON, one request a line), of
// infobus export, and of infobus logbook dump, any of them packed by gzip. Out: an
// HTML file that loads nothing. A line that cannot be read costs that line, and is
// said. It holds one event at a time but for what is counted.
package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"infobus/logbook"
)

// Bounds of what is read.
const (
	maxLine     = 8 << 20 // bytes; a request of 4 MB is the most that is sent
	maxFiles    = 20000
	maxTroubles = 20 // of each file
	maxName     = 64 // letters; the settings take fewer
)

// growing is how long after a file's last change its end may still be on the way: a
// Collector writes a line in pieces.
const growing = time.Minute

// request is what a line of a Collector begins with.
var request = []byte(`{"resourceLogs":`)

// Record is an event with the van that sent it: its configured name, "" where the
// file does not say.
type Record struct {
	Van   string
	Event logbook.Event
}

// Unread is a line, or a file, that could not be read.
type Unread struct {
	File string
	Line int // from 1; 0: the file
	What string
}

func (u Unread) String() string {
	if u.Line == 0 {
		return u.File + ": " + u.What
	}
	return fmt.Sprintf("%s:%d: %s", u.File, u.Line, u.What)
}

// Files are the files behind the names: itself, or all in a folder and below whose
// name ends as events do, sorted.
func Files(names []string) (files []string, unread []Unread) {
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			unread = append(unread, Unread{name, 0, reason(err)})
		case !info.IsDir():
			files = append(files, name)
		default:
			err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					unread = append(unread, Unread{path, 0, reason(err)})
					return nil
				}
				plain := strings.TrimSuffix(d.Name(), ".gz")
				if d.Type().IsRegular() && (strings.HasSuffix(plain, ".json") || strings.HasSuffix(plain, ".jsonl")) {
					files = append(files, path)
				}
				if len(files) > maxFiles {
					return fmt.Errorf("more than %d files found", maxFiles)
				}
				return nil
			})
			if err != nil {
				unread = append(unread, Unread{name, 0, err.Error()})
			}
		}
	}
	slices.Sort(files)
	return slices.Compact(files), unread
}

// Each has each of the Files read once, also one under whose name a Collector has begun
// another meanwhile.
func Each(names []string, read func(name string, done, of int)) (unread []Unread) {
	seen := map[string]bool{}
	for pass := range 3 {
		files, wrong := Files(names)
		if pass == 0 {
			unread = wrong
		}
		files = slices.DeleteFunc(files, func(name string) bool { return seen[name] })
		for i, name := range files {
			seen[name] = true
			read(name, i, len(files))
		}
	}
	return unread
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// ReadFile gives each event of the file to see. The end of one that is just being written
// is not named: it comes with the next reading.
func ReadFile(name string, see func(Record)) []Unread {
	f, err := os.Open(name)
	if err != nil {
		return []Unread{{name, 0, reason(err)}}
	}
	defer f.Close()
	unread, cut := read(f, name, see)
	if info, err := f.Stat(); cut && err == nil && time.Since(info.ModTime()).Abs() < growing {
		unread = unread[:len(unread)-1]
	}
	return unread
}

// Read gives each event that r holds to see; name is for what it cannot read.
func Read(r io.Reader, name string, see func(Record)) []Unread {
	unread, _ := read(r, name, see)
	return unread
}

// read is Read; cut says that the last of what was not read is an end that is not there.
func read(r io.Reader, name string, see func(Record)) (unread []Unread, cut bool) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return []Unread{{name, 0, "it is no whole gzip file"}}, true
		}
		buffered = bufio.NewReaderSize(unpacked, 64<<10)
	}
	wrong := func(line int, what string) {
		if len(unread) < maxTroubles {
			unread = append(unread, Unread{name, line, what})
		} else {
			unread[maxTroubles-1] = Unread{name, line, "and more lines before this one: " + what}
		}
	}
	for number := 1; ; number++ {
		line, long, err := readLine(buffered)
		if long {
			wrong(number, fmt.Sprintf("a line of more than %d MB found", maxLine>>20))
		} else if text := bytes.TrimSpace(line); len(text) > 0 {
			if what := decode(text, see); what != "" {
				wrong(number, what)
				cut = err == io.EOF
				// Behind what a power cut has left, a Collector goes on in the same line.
				if at := bytes.LastIndex(text, request); at > 0 {
					decode(text[at:], see)
				}
			}
		}
		switch {
		case err == io.EOF:
			return unread, cut
		case err != nil:
			wrong(number, "the file ends here: "+reason(err))
			return unread, true
		}
	}
}

// readLine is one line; of one that is too long the rest is passed over.
func readLine(r *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			line, long = nil, true
		} else if !long {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, long, err
		}
	}
}

// decode gives the events of one line to see, and says what is wrong with it.
func decode(line []byte, see func(Record)) (wrong string) {
	var kind struct {
		Resources json.RawMessage `json:"resourceLogs"`
		Van       string          `json:"van"`
		Log       string          `json:"log"`
		Seq       uint64          `json:"seq"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return "no JSON object, or not all of one"
	}
	if kind.Resources == nil {
		var e logbook.Event
		if kind.Log == "" || kind.Seq == 0 || json.Unmarshal(line, &e) != nil {
			return "neither an OTLP request nor an event found"
		}
		return admit(kind.Van, e, see)
	}
	var request collector.ExportLogsServiceRequest
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, &request); err != nil {
		return "no OTLP request as JSON has it"
	}
	for _, of := range request.ResourceLogs {
		van, ours := "", false
		for _, a := range of.GetResource().GetAttributes() {
			switch a.Key {
			case "service.name":
				ours = a.GetValue().GetStringValue() == "infobus"
			case logbook.VanAttribute:
				van = a.GetValue().GetStringValue()
			}
		}
		if !ours {
			continue // another program's, in the same files
		}
		for _, scope := range of.ScopeLogs {
			for _, r := range scope.LogRecords {
				e := logbook.Event{Name: logbook.Name(r.EventName), Attributes: map[string]any{}}
				if r.TimeUnixNano != 0 && r.TimeUnixNano <= math.MaxInt64 {
					e.At = time.Unix(0, int64(r.TimeUnixNano))
				}
				for _, a := range r.Attributes {
					switch v := value(a.GetValue()).(type) {
					case string:
						switch a.Key {
						case "infobus.log":
							e.Log = v
						case "infobus.boot":
							e.Boot = v
						default:
							e.Attributes[a.Key] = v
						}
					case float64:
						switch a.Key {
						case "infobus.seq":
							e.Seq = uint64(max(0, v))
						case "infobus.mono_ns":
							e.Mono = time.Duration(v)
						case logbook.TimeAttribute:
							e.At = time.Unix(0, int64(v))
						default:
							e.Attributes[a.Key] = v
						}
					case bool:
						if a.Key == "infobus.volatile" {
							e.Volatile = v
							continue
						}
						e.Attributes[a.Key] = v
					}
				}
				if what := admit(van, e, see); what != "" {
					wrong = what
				}
			}
		}
	}
	return wrong
}

func value(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_IntValue:
		return float64(v.IntValue)
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	}
	return nil
}

// admit gives an event that can be one to see. What the schema does not know, as of
// a newer box, is left out of it.
func admit(van string, e logbook.Event, see func(Record)) string {
	if utf8.RuneCountInString(van) > maxName {
		van = "" // no box has such a name
	}
	if e.Log == "" || len(e.Log) > 64 || e.Seq == 0 || e.Seq > 1<<53 || e.Mono < 0 {
		return "an event without its log and number found"
	}
	if y := e.At.Year(); !e.At.IsZero() && (y < 2020 || y > 2200) {
		e.At = time.Time{}
	}
	known := e.Name
	e, _ = logbook.Admit(e)
	if e.Name != known {
		e.Name = "" // it counts, and says nothing
	}
	see(Record{van, e})
	return ""
}

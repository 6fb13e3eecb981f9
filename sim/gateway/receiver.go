package gateway

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

// received is the file of what the receiver was sent. Each line goes out in one
// write, so that a process that is killed leaves whole lines.
type received struct {
	mu   sync.Mutex
	file *os.File // nil: nowhere
}

func openReceived(path string) (*received, error) {
	if path == "" {
		return &received{}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	// A machine, unlike a process, can lose the end of a line.
	if n, err := f.Seek(0, io.SeekEnd); err == nil && n > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, n-1); err == nil && last[0] != '\n' {
			if _, err := f.WriteString("\n"); err != nil {
				f.Close()
				return nil, err
			}
		}
	}
	return &received{file: f}, nil
}

func (r *received) add(lines []Received) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		if _, err := r.file.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (r *received) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Received is one line of the receiver's file: a record as it was sent, once
// for each time that it was sent.
type Received struct {
	Log        string         `json:"log"`
	Seq        uint64         `json:"seq"`
	Boot       string         `json:"boot"`
	Name       string         `json:"name"`
	At         string         `json:"at,omitempty"` // RFC 3339; none without a trusted clock
	Attributes map[string]any `json:"attributes,omitempty"`
}

// serveLogs is OTLP/HTTP with protobuf: records are written before they are
// acknowledged.
func (g *Gateway) serveLogs(w http.ResponseWriter, r *http.Request) {
	status := g.now().Receiver
	if status != 0 {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		g.list(w)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v1/logs" {
		http.NotFound(w, r)
		return
	}
	if t := r.Header.Get("Content-Type"); t != "application/x-protobuf" {
		http.Error(w, "application/x-protobuf is expected", http.StatusUnsupportedMediaType)
		return
	}
	request, err := decode(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := g.received.add(flatten(request)); err != nil {
		http.Error(w, "the file cannot be written", http.StatusInsufficientStorage)
		return
	}
	answer := &collector.ExportLogsServiceResponse{}
	if p := g.plants(); len(p) > 0 {
		// None rejected, and a word: the protocol's form of a warning.
		answer.PartialSuccess = &collector.ExportLogsPartialSuccess{ErrorMessage: strings.Join(p, ", ")}
	}
	b, err := proto.Marshal(answer)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(b)
}

const maxBody = 16 << 20

func decode(r *http.Request) (*collector.ExportLogsServiceRequest, error) {
	var body io.Reader = r.Body
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		unzip, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("read the gzip header: %w", err)
		}
		body = unzip
	default:
		return nil, fmt.Errorf("content encoding %q is neither gzip nor identity", encoding)
	}
	b, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if len(b) > maxBody {
		return nil, fmt.Errorf("the body is longer than %d bytes", maxBody)
	}
	var request collector.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &request); err != nil {
		return nil, fmt.Errorf("decode the body: %w", err)
	}
	return &request, nil
}

// flatten makes a line of each record. The identity may stand with the record
// or with its resource, with or without the prefix "infobus.".
func flatten(request *collector.ExportLogsServiceRequest) []Received {
	var lines []Received
	for _, resource := range request.GetResourceLogs() {
		shared := values(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				lines = append(lines, line(record, shared))
			}
		}
	}
	return lines
}

func line(record *logs.LogRecord, shared map[string]any) Received {
	own := values(record.GetAttributes())
	take := func(keys ...string) any {
		for _, from := range []map[string]any{own, shared} {
			for _, key := range keys {
				if v, ok := from[key]; ok {
					delete(own, key)
					return v
				}
			}
		}
		return nil
	}
	text := func(v any) string { s, _ := v.(string); return s }
	l := Received{
		Log:  text(take("infobus.log", "log")),
		Boot: text(take("infobus.boot", "boot", "host.boot.id", "service.instance.id")),
		Name: record.GetEventName(),
	}
	switch seq := take("infobus.seq", "seq").(type) {
	case int64:
		l.Seq = uint64(seq)
	case string:
		fmt.Sscan(seq, &l.Seq)
	}
	if l.Name == "" {
		l.Name = text(take("event.name"))
	}
	if t := record.GetTimeUnixNano(); t != 0 {
		l.At = time.Unix(0, int64(t)).UTC().Format(time.RFC3339Nano)
	}
	if len(own) > 0 {
		l.Attributes = own
	}
	return l
}

func values(list []*common.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range list {
		m[kv.GetKey()] = value(kv.GetValue())
	}
	return m
}

func value(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return v.BytesValue
	case *common.AnyValue_ArrayValue:
		list := []any{}
		for _, e := range v.ArrayValue.GetValues() {
			list = append(list, value(e))
		}
		return list
	case *common.AnyValue_KvlistValue:
		return values(v.KvlistValue.GetValues())
	}
	return nil
}

package upload

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"infobus/logbook"
	"infobus/private"
)

const contentType = "application/x-protobuf"

// encode is the request's body before compression. What logbook.Admit refuses
// stays here. recent is as in Options.
func encode(van string, events []logbook.Event, now time.Time, recent time.Duration) ([]byte, error) {
	records := make([]*logs.LogRecord, len(events))
	for i, e := range events {
		records[i] = record(e, now, recent)
	}
	of := &resource.Resource{Attributes: []*common.KeyValue{attribute("service.name", "infobus")}}
	if van != "" {
		of.Attributes = append(of.Attributes, attribute(logbook.VanAttribute, van))
	}
	return proto.Marshal(&collector.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  of,
		ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "infobus/logbook"}, LogRecords: records}},
	}}})
}

func record(e logbook.Event, now time.Time, recent time.Duration) *logs.LogRecord {
	e, _ = logbook.Admit(e)
	r := &logs.LogRecord{
		ObservedTimeUnixNano: uint64(now.UnixNano()),
		SeverityNumber:       logs.SeverityNumber(logbook.SeverityOf(e)),
		Body:                 &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: logbook.Body(e)}},
		EventName:            string(e.Name),
		Attributes: []*common.KeyValue{
			attribute("infobus.log", identifier(e.Log)),
			attribute("infobus.seq", int64(e.Seq)),
			attribute("infobus.boot", identifier(e.Boot)),
			attribute("infobus.mono_ns", int64(e.Mono)),
		},
	}
	if e.Volatile {
		r.Attributes = append(r.Attributes, attribute("infobus.volatile", true))
	}
	if log, seq, ok := strings.Cut(e.Also, "/"); ok {
		r.Attributes = append(r.Attributes, attribute("infobus.also", identifier(log)+"/"+identifier(seq)))
	}
	switch {
	case e.At.IsZero():
	case recent > 0 && now.Sub(e.At) > recent:
		r.TimeUnixNano = uint64(now.UnixNano())
		r.Attributes = append(r.Attributes, attribute(logbook.TimeAttribute, e.At.UnixNano()))
	default:
		r.TimeUnixNano = uint64(e.At.UnixNano())
	}
	keys := make([]string, 0, len(e.Attributes))
	for key := range e.Attributes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		r.Attributes = append(r.Attributes, attribute(key, e.Attributes[key]))
	}
	return r
}

// identifier is s if it has the form of something drawn at random: of letters,
// digits and dashes, at most 64. Else it is "".
func identifier(s string) string {
	strange := func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-')
	}
	if len(s) > 64 || strings.ContainsFunc(s, strange) {
		return ""
	}
	return s
}

func attribute(key string, value any) *common.KeyValue {
	v := &common.AnyValue{}
	switch value := value.(type) {
	case string:
		v.Value = &common.AnyValue_StringValue{StringValue: value}
	case bool:
		v.Value = &common.AnyValue_BoolValue{BoolValue: value}
	case int:
		v.Value = &common.AnyValue_IntValue{IntValue: int64(value)}
	case int64:
		v.Value = &common.AnyValue_IntValue{IntValue: value}
	case float64:
		v.Value = &common.AnyValue_DoubleValue{DoubleValue: value}
	default: // only with the filters switched off, in a test
		v.Value = &common.AnyValue_StringValue{StringValue: strings.ToValidUTF8(fmt.Sprint(value), "?")}
	}
	return &common.KeyValue{Key: key, Value: v}
}

// zippers are of 800 kB each: it is more work to clear that than to pack a few events.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func zip(plain []byte) []byte {
	var b bytes.Buffer
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&b)
	w.Write(plain) // a bytes.Buffer takes everything
	w.Close()
	return b.Bytes()
}

// parse reads the answer to a request that went well: how many records were
// rejected for good, and the receiver's word about it. Who proved by TLS to be the
// receiver may answer with any status of 200 to 299, and in any form but a page;
// anybody else in the protocol alone. An error says that it is no receipt.
func parse(status int, verified bool, kind string, answer []byte) (rejected int64, message private.Outside, err error) {
	media, _, err := mime.ParseMediaType(kind)
	if err != nil {
		media = ""
	}
	var response collector.ExportLogsServiceResponse
	switch {
	case media == contentType && (status == 200 || verified):
		err = proto.Unmarshal(answer, &response)
	case !verified:
		return 0, "", fmt.Errorf("somebody else seems to answer: %d, but not in the protocol (%v)", status, private.Outside(answer))
	case strings.Contains(media, "html") || bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<")):
		return 0, "", fmt.Errorf("a page answers, and no receiver: the endpoint may be another one (%d, %v)", status, private.Outside(answer))
	case media == "application/json":
		return parseJSON(answer)
	default:
		return 0, "", nil
	}
	if err != nil {
		return 0, "", errors.New("the answer is not well-formed")
	}
	partial := response.GetPartialSuccess()
	if partial.GetRejectedLogRecords() < 0 {
		return 0, "", errors.New("the answer is not well-formed: it counts below zero")
	}
	return partial.GetRejectedLogRecords(), private.Outside(partial.GetErrorMessage()), nil
}

// parseJSON reads the same in the protocol's other form, in which a number may be a
// string. What is no such answer is a receipt all the same.
func parseJSON(answer []byte) (rejected int64, message private.Outside, err error) {
	var response struct {
		Partial struct {
			Rejected json.RawMessage `json:"rejectedLogRecords"`
			Message  string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(answer, &response) != nil {
		return 0, "", nil
	}
	n, err := strconv.ParseInt(strings.Trim(string(response.Partial.Rejected), `"`), 10, 64)
	if err != nil || n < 0 {
		n = 0
	}
	return n, private.Outside(response.Partial.Message), nil
}

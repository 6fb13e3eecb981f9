package upload

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
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
// stays here.
func encode(events []logbook.Event, now time.Time) ([]byte, error) {
	records := make([]*logs.LogRecord, len(events))
	for i, e := range events {
		records[i] = record(e, now)
	}
	return proto.Marshal(&collector.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{attribute("service.name", "infobus")}},
		ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "infobus/logbook"}, LogRecords: records}},
	}}})
}

func record(e logbook.Event, now time.Time) *logs.LogRecord {
	e, _ = logbook.Admit(e)
	r := &logs.LogRecord{
		ObservedTimeUnixNano: uint64(now.UnixNano()),
		SeverityNumber:       logs.SeverityNumber_SEVERITY_NUMBER_INFO,
		EventName:            string(e.Name),
		Attributes: []*common.KeyValue{
			attribute("infobus.log", identifier(e.Log)),
			attribute("infobus.seq", int64(e.Seq)),
			attribute("infobus.boot", identifier(e.Boot)),
			attribute("infobus.mono_ns", int64(e.Mono)),
		},
	}
	if !e.At.IsZero() {
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

func zip(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(plain) // a bytes.Buffer takes everything
	w.Close()
	return b.Bytes()
}

// parse reads the answer to a request that went well: how many records were
// rejected for good, and the receiver's word about it. An error says that it is
// no receiver that answers.
func parse(kind string, answer []byte) (rejected int64, message private.Outside, err error) {
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != contentType {
		return 0, "", fmt.Errorf("somebody else seems to answer: 200, but not in the protocol (%v)", private.Outside(answer))
	}
	var response collector.ExportLogsServiceResponse
	if err := proto.Unmarshal(answer, &response); err != nil {
		return 0, "", errors.New("the answer is not well-formed")
	}
	partial := response.GetPartialSuccess()
	if partial.GetRejectedLogRecords() < 0 {
		return 0, "", errors.New("the answer is not well-formed: it counts below zero")
	}
	return partial.GetRejectedLogRecords(), private.Outside(partial.GetErrorMessage()), nil
}

// Package collectortest proves against the OpenTelemetry Collector's own
// receiver that what upload sends is what a collector understands. It is a
// module of its own, so that the collector's many dependencies are none of the
// box's.
package collectortest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/logbook/upload"
	"infobus/netmon/client"
)

// sink counts what arrived, by identity.
type sink struct {
	mu      sync.Mutex
	refuse  int // so many requests are answered with an error first
	times   map[string]int
	records map[string]plog.LogRecord
	service string
}

func (s *sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *sink) ConsumeLogs(_ context.Context, all plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return errors.New("not now")
	}
	for _, resource := range all.ResourceLogs().All() {
		if v, ok := resource.Resource().Attributes().Get("service.name"); ok {
			s.service = v.Str()
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				log, _ := record.Attributes().Get("infobus.log")
				seq, _ := record.Attributes().Get("infobus.seq")
				key := fmt.Sprint(log.Str(), "/", seq.Int())
				kept := plog.NewLogRecord()
				record.CopyTo(kept)
				s.times[key]++
				s.records[key] = kept
			}
		}
	}
	return nil
}

// listen starts a receiver; stop may be called once.
func listen(t *testing.T, address string, next consumer.Logs) (stop func()) {
	t.Helper()
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": address}}}).Unmarshal(config); err != nil {
		t.Fatal(err)
	}
	r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, next)
	if err != nil {
		t.Fatal(err)
	}
	start(t, r)
	return func() {
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func start(t *testing.T, r receiver.Logs) {
	t.Helper()
	var host component.Host = componenttest.NewNopHost()
	if err := r.Start(t.Context(), host); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestEveryEventArrivesOnceThroughDowntime(t *testing.T) {
	book, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	at := time.Date(2026, 11, 23, 9, 0, 0, 123, time.UTC)
	some := func(n int) (events []logbook.Event) {
		for i := range n {
			events = append(events, logbook.Event{Boot: "9f1d4c3a-0000-4000-8000-000000000001", Mono: time.Duration(i), At: at,
				Name: logbook.BatteryLevel, Attributes: map[string]any{"level": "good", "percent": float64(i % 100)}})
		}
		return append(events, logbook.Event{Boot: "9f1d4c3a-0000-4000-8000-000000000001", Name: logbook.SystemStarted, Attributes: map[string]any{"restored": true}})
	}
	if _, err := book.Append(some(300)); err != nil {
		t.Fatal(err)
	}

	// Nobody listens at first; then the sink refuses once; in the end the
	// receiver is down again and comes back.
	address := freeAddress(t)
	into := &sink{refuse: 1, times: map[string]int{}, records: map[string]plog.LogRecord{}}
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan upload.Uploaded, 1000)
	wake := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- upload.Run(ctx, upload.Options{Endpoint: "http://" + address, Client: client.New(client.Options{}).HTTP(client.Upload),
			FirstDelay: 10 * time.Millisecond, MaxDelay: 50 * time.Millisecond, RareDelay: 50 * time.Millisecond},
			book, func() bool { return true }, wake, func(u upload.Uploaded) { reports <- u })
	}()
	if u := <-reports; u.Trouble == "" {
		t.Fatalf("without a receiver: %+v", u)
	}
	stop := listen(t, address, into)
	until(t, reports, book, 301)
	stop()
	if _, err := book.Append(some(20)); err != nil {
		t.Fatal(err)
	}
	wake <- struct{}{}
	if u := <-reports; u.Trouble == "" {
		t.Fatalf("with the receiver down: %+v", u)
	}
	stop = listen(t, address, into)
	until(t, reports, book, 322)
	stop()
	cancel()
	<-ended

	events, err := book.After(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 322 || len(into.times) != 322 || into.service != "infobus" {
		t.Fatalf("%d events, %d arrived, from %q", len(events), len(into.times), into.service)
	}
	for _, e := range events {
		key := fmt.Sprint(e.Log, "/", e.Seq)
		r, ok := into.records[key]
		if !ok || into.times[key] != 1 {
			t.Fatalf("%s arrived %d times", key, into.times[key])
		}
		got := r.Attributes().AsRaw()
		if r.EventName() != string(e.Name) || got["infobus.boot"] != e.Boot || got["infobus.mono_ns"] != int64(e.Mono) {
			t.Fatalf("%+v arrived as %s %v", e, r.EventName(), got)
		}
		if e.At.IsZero() != (r.Timestamp() == 0) || !e.At.IsZero() && !r.Timestamp().AsTime().Equal(e.At) {
			t.Fatalf("%v arrived as %v", e.At, r.Timestamp())
		}
		if len(got) != 4+len(e.Attributes) {
			t.Fatalf("%v arrived as %v", e.Attributes, got)
		}
		for k, v := range e.Attributes {
			if got[k] != v {
				t.Fatalf("%s: %v arrived as %v", k, v, got[k])
			}
		}
	}
}

// until waits for all up to seq.
func until(t *testing.T, reports <-chan upload.Uploaded, book *store.Store, seq uint64) {
	t.Helper()
	for book.Status().Acknowledged < seq {
		select {
		case <-reports:
		case <-time.After(2 * time.Minute):
			t.Fatal("nothing happens any more")
		}
	}
}

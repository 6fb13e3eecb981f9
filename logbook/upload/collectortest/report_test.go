package collectortest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"infobus/logbook"
	"infobus/logbook/report"
	"infobus/logbook/store"
	"infobus/logbook/upload"
	"infobus/netmon/client"
	"infobus/sim/day/daytest"
	"infobus/van"
	"infobus/words"
)

// lines writes what arrives as the Collector's file exporter does: a request a line.
type lines struct {
	mu   sync.Mutex
	file bytes.Buffer
}

func (l *lines) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (l *lines) ConsumeLogs(_ context.Context, all plog.Logs) error {
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(all)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.file.Write(append(text, '\n'))
	return err
}

// monday is a day of the simulated van in a logbook, its events and its zone.
func monday(t *testing.T) (book *store.Store, had []logbook.Event, zone *time.Location) {
	t.Helper()
	d, table := daytest.Read(t, "../../../sim/day/testdata/monday.yaml")
	book, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	if err := d.Play(van.DefaultOptions(), table, func(e logbook.Event) {
		if _, err := book.Append([]logbook.Event{e}); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if had, err = book.After(0, 10000); err != nil || len(had) < 50 {
		t.Fatalf("%d events, %v", len(had), err)
	}
	return book, had, table.Zone
}

// A day of the simulated van goes through the receiver into a file, and the report of it
// is that of what the van itself has.
func TestTheReportOfWhatArrivedIsThatOfWhatTheVanHas(t *testing.T) {
	book, had, zone := monday(t)

	address, into := freeAddress(t), &lines{}
	stop := listen(t, address, into)
	ctx, cancel := context.WithCancel(t.Context())
	reports, ended := make(chan upload.Uploaded, 1000), make(chan error, 1)
	go func() {
		ended <- upload.Run(ctx, upload.Options{Endpoint: "http://" + address, Van: "Van 2", Client: client.New(client.Options{}).HTTP(client.Upload)},
			book, func() bool { return true }, make(chan struct{}), func(u upload.Uploaded) { reports <- u })
	}()
	until(t, reports, book, uint64(len(had)))
	cancel()
	<-ended
	stop()

	name := filepath.Join(t.TempDir(), "vans.json")
	if err := os.WriteFile(name, into.file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	o := report.Options{Now: time.Date(2026, 11, 24, 0, 0, 0, 0, zone), Zone: zone, Days: 3, Silence: 26 * time.Hour}
	arrived, own := report.NewReckoner(o), report.NewReckoner(o)
	if unread := report.ReadFile(name, arrived.See); unread != nil {
		t.Error(unread)
	}
	for _, e := range had {
		own.See(report.Record{Van: "Van 2", Event: e})
	}
	pages := [2]strings.Builder{}
	for i, r := range []*report.Reckoner{arrived, own} {
		if err := report.Write(&pages[i], r.Report(), o, words.In("en")); err != nil {
			t.Fatal(err)
		}
	}
	monday := arrived.Report().Vans[0].Days[1]
	if got := pages[0].String(); got != pages[1].String() || !strings.Contains(got, "<h2>Van 2</h2>") || monday.Events < 50 || monday.Run < time.Hour || monday.Sessions == 0 {
		t.Errorf("%+v\n%s\nwant\n%s", monday, got, pages[1].String())
	}
}

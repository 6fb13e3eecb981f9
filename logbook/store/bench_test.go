package store

import (
	"testing"

	"infobus/logbook"
)

// BenchmarkAppendBatch says how many events a second one writer makes durable
// when many come at once.
func BenchmarkAppendBatch(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := make([]logbook.Event, 256)
	for i := range batch {
		batch[i] = event(i)
	}
	for b.Loop() {
		if _, err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "events/s")
}

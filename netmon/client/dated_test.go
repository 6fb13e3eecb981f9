package client

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The date of an address's answer is told, and of no other purpose's.
func TestTheDateOfATimetablesAnswerIsTold(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Date", at.Format(http.TimeFormat)) }))
	defer server.Close()
	var told []time.Time
	c := New(Options{Dated: func(at time.Time) { told = append(told, at) }})
	for _, p := range []Purpose{Upload, Timetable} {
		answer, err := c.HTTP(p).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if len(told) != 1 || !told[0].Equal(at) {
		t.Errorf("told %v", told)
	}
}

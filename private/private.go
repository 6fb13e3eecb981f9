// Package private keeps persons out of what leaves the process: text from
// outside that prints its length only (Outside), masking in text that must be
// shown (Redact), the daemon's own log (Handler), and the one switch that turns
// all of it off for a test. It does no I/O.
package private

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// withholdOff is on only in a test, which shows by it that the filters are what
// keeps persons out.
var withholdOff atomic.Bool

// filter is "on" in every program that is shipped. A test that watches a daemon
// from outside builds one with -ldflags "-X infobus/private.filter=off"; no
// argument, file or variable of the environment does it.
var filter = "on"

func init() { withholdOff.Store(filter == "off") }

// FiltersOff says whether the filters are switched off. What else keeps persons
// out asks it too (logbook.Admit), so that one switch shows what all of it does.
func FiltersOff() bool { return withholdOff.Load() }

// WithholdNothing switches every filter off until the function
// it gives is called. It is for tests alone: the daemon has no way to call it.
func WithholdNothing() (restore func()) {
	withholdOff.Store(true)
	return func() { withholdOff.Store(filter == "off") }
}

// Outside is text that came from outside: an error body, a host name, a header.
// Nobody can tell what is in it, so wherever it is printed, logged or encoded,
// only its length appears. (encoding/json writes the keys of a map as they are:
// it is never one.)
type Outside string

func (o Outside) String() string {
	if withholdOff.Load() {
		return string(o)
	}
	return fmt.Sprintf("‹%d bytes withheld›", len(o))
}

// Format prints the same for every verb.
func (o Outside) Format(f fmt.State, _ rune) { fmt.Fprint(f, o.String()) }

// LogValue is for slog.
func (o Outside) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText is for everything that encodes text.
func (o Outside) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// MarshalJSON is for everything that encodes JSON.
func (o Outside) MarshalJSON() ([]byte, error) { return json.Marshal(o.String()) }

// Handler is h for the daemon's own log: every message and every text goes
// through Redact first.
func Handler(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h handler) WithAttrs(list []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(list))
	for i, a := range list {
		clean[i] = redactAttr(a)
	}
	return handler{h.Handler.WithAttrs(clean)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

func redactAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		group := make([]slog.Attr, len(v.Group()))
		for i, g := range v.Group() {
			group[i] = redactAttr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	case slog.KindString, slog.KindAny:
		return slog.String(a.Key, Redact(v.String()))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

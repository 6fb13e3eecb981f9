package client

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"

	"infobus/private"
)

// traced bounds what of a body is traced.
const traced = 16 << 10

// trace logs, at the debug level, that something answered, and how much. What
// it said is text from outside: only its length appears.
func (o *outward) trace(answer *http.Response) {
	if !slog.Default().Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	var header bytes.Buffer
	answer.Header.Write(&header)
	slog.Debug("an answer", "for", string(o.lane.purpose), "status", answer.StatusCode, "header", private.Outside(header.String()))
	answer.Body = &tracer{ReadCloser: answer.Body, purpose: o.lane.purpose}
}

// tracer keeps the beginning of a body until it is closed.
type tracer struct {
	io.ReadCloser
	purpose Purpose
	begun   []byte
}

func (t *tracer) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.begun = append(t.begun, p[:min(n, traced-len(t.begun))]...)
	return n, err
}

func (t *tracer) Close() error {
	slog.Debug("its body", "for", string(t.purpose), "body", private.Outside(t.begun))
	return t.ReadCloser.Close()
}

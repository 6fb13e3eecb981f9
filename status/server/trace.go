package server

import (
	"bytes"
	"log/slog"
	"net/http"

	"infobus/private"
)

// traced logs, at the debug level, that something was asked, and how much. What
// was asked, and by whom, is text from outside: only its length appears.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slog.Default().Enabled(r.Context(), slog.LevelDebug) {
			var header bytes.Buffer
			r.Header.Write(&header)
			slog.Debug("a request", "asked", private.Outside(r.Method+" "+r.RequestURI), "header", private.Outside(header.String()),
				"by", private.Outside(r.RemoteAddr))
		}
		next.ServeHTTP(w, r)
	})
}

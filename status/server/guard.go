package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"infobus/words"
)

// caller is who is at the other end, as far as it matters; where it is from is
// not looked at.
type caller struct {
	trusted  bool // unix socket
	loopback bool
}

type callerKey struct{}

func withCaller(ctx context.Context, c net.Conn) context.Context {
	var who caller
	switch local := c.LocalAddr().(type) {
	case *net.UnixAddr:
		who.trusted = true
	case *net.TCPAddr:
		who.loopback = local.IP.IsLoopback()
	}
	return context.WithValue(ctx, callerKey{}, who)
}

func callerOf(r *http.Request) caller {
	who, _ := r.Context().Value(callerKey{}).(caller)
	return who
}

// knows says whether the caller may see what is not for everybody.
func (s *Server) knows(r *http.Request) bool {
	who := callerOf(r)
	return who.trusted || s.o.Open && who.loopback || s.logins.has(r)
}

// mayAct says whether the caller may change something.
func (s *Server) mayAct(r *http.Request) bool {
	return callerOf(r).trusted || s.logins.has(r)
}

// only gives the handler to those who may, and 401 to the others.
func (s *Server) only(may func(*http.Request) bool, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !may(r) {
			s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
			return
		}
		h(w, r)
	}
}

// ours says whether a Host header is one by which the box is reached: an
// address in numbers, localhost or infobus.local. A name of somebody else's
// that points here is an attack on the browser that sends it.
func ours(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || name == "infobus.local"
}

// guarded puts before every route what holds for all of them.
func (s *Server) guarded(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, words.T("refusal.other-site"))
	}))
	next = origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		// With no-referrer a browser sends "Origin: null" with a form of our own page.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !callerOf(r).trusted && !ours(r.Host) {
			s.refuse(w, r, http.StatusForbidden, words.T("refusal.host"))
			return
		}
		limit := int64(bodyBytes)
		if r.Method == http.MethodPost && r.URL.Path == uploadPath && s.mayAct(r) {
			limit = uploadBytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

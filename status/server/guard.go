package server

import (
	"context"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"infobus/pairing"
	"infobus/words"
)

// caller is who is at the other end, as far as it matters; where it is from is
// not looked at.
type caller struct {
	trusted  bool // unix socket
	loopback bool
	visitors bool   // at the visitors' door
	place    *place // nil on a unix socket
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
	if p, ok := c.(*place); ok {
		who.place, who.visitors = p, p.gate.visitors
	}
	return context.WithValue(ctx, callerKey{}, who)
}

func callerOf(r *http.Request) caller {
	who, _ := r.Context().Value(callerKey{}).(caller)
	return who
}

type phoneKey struct{}

// phoneOf is the id of the paired phone that asks; "" for anybody else.
func phoneOf(r *http.Request) string {
	id, _ := r.Context().Value(phoneKey{}).(string)
	return id
}

// identified puts before every route whose phone it is that asks. At the visitors'
// door nobody is looked for: a cookie that is sent there is left alone.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(cookieName)
		if who := callerOf(r); err != nil || who.visitors || who.trusted {
			next.ServeHTTP(w, r)
			return
		}
		use := s.phones.Use(c.Value, s.o.Moment())
		if use.Save {
			s.keepSoon()
		}
		if use.Copied {
			s.o.Copied()
			s.hangUp(r)
		}
		switch {
		case use.Turn != "":
			setCookie(w, use.Turn)
		case use.ID == "":
			setCookie(w, "")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), phoneKey{}, use.ID)))
	})
}

// knows says whether the caller may see what is not for everybody.
func (s *Server) knows(r *http.Request) bool {
	who := callerOf(r)
	return who.trusted || s.o.Open && who.loopback || phoneOf(r) != ""
}

// trusted says whether the caller is at the unix socket.
func trusted(r *http.Request) bool { return callerOf(r).trusted }

// mayAct says whether the caller may change something.
func (s *Server) mayAct(r *http.Request) bool {
	return callerOf(r).trusted || phoneOf(r) != ""
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
// address in numbers, localhost, infobus.local or a name of the team's. A name of
// somebody else's that points here is an attack on the browser that sends it.
func (s *Server) ours(host string) bool {
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
	return name == "localhost" || name == "infobus.local" || slices.Contains(s.o.Hosts, name)
}

// tokenField is the field of a form that carries pairing.Token, and tokenHeader the
// header that does where the body is no form.
const (
	tokenField  = "token"
	tokenHeader = "X-Infobus-Token"
)

// meant says whether a request that changes something comes from a page of the phone's
// own. Who is trusted, and who is not known at all, has no token.
func meant(r *http.Request) bool {
	id := phoneOf(r)
	if id == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	given := r.Header.Get(tokenHeader)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); given == "" && kind == "multipart/form-data" {
		given = r.URL.Query().Get(tokenField) // the form itself is read as it comes, later
	} else if given == "" && r.ParseForm() == nil {
		given = r.PostForm.Get(tokenField)
	}
	return pairing.SameToken(id, given)
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
		if !callerOf(r).trusted && !s.ours(r.Host) {
			s.refuse(w, r, http.StatusForbidden, words.T("refusal.host"))
			return
		}
		limit := int64(bodyBytes)
		if u, uploads := map[string]upload{uploadPath: timetableUpload, textsPath: guideUpload}[r.URL.Path]; uploads && r.Method == http.MethodPost && s.mayAct(r) {
			limit = u.bytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

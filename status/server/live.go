package server

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"time"
)

// How the open page is kept current.
const (
	// beat is how often it hears of the box while nothing changes. The page says that
	// contact is lost after 4 s without a word: two beats may be late.
	beat = 1500 * time.Millisecond
	// settle is how long a stream gathers changes before it sends the next.
	settle = 100 * time.Millisecond
	// ageing is how often the ages on the page are counted anew.
	ageing = 5 * time.Second
)

// assets changes with every file that the volunteers' page is made of. A page that
// was open while the box was given another program loads itself again.
var assets = func() string {
	h := fnv.New64a()
	for _, file := range [][]byte{[]byte(pageHTML), []byte(partsHTML), []byte(sharedHTML), []byte(formHTML), appCSS, appJS} {
		h.Write(file)
	}
	return hex.EncodeToString(h.Sum(nil))
}()

// update is what the page is told: the parts that differ from those it has.
type update struct {
	Assets string            `json:"assets"`
	At     string            `json:"at"` // the van's clock; "" while it is not trusted
	Parts  map[string]string `json:"parts,omitempty"`
}

// since is what has to be told to a page that has those parts; it notes them there.
func (p *rendered) since(has map[string]string) []byte {
	u := update{Assets: assets, At: p.clock, Parts: map[string]string{}}
	for id, html := range p.parts {
		if old, there := has[id]; !there || old != string(html) {
			u.Parts[id], has[id] = string(html), string(html)
		}
	}
	body, err := json.Marshal(u)
	if err != nil { // texts can always be encoded
		return []byte("{}")
	}
	return body
}

// getLive keeps an open page current with server-sent events: all its parts at once,
// then those that change, as HTML, so that every word is made here; and a beat. With
// the parameter once it is all parts as JSON, for a page that found no place.
func (s *Server) getLive(w http.ResponseWriter, r *http.Request) {
	key := func() pageKey { return pageKey{s.speaker(r), s.levelOf(r)} }
	has := map[string]string{}
	if r.URL.Query().Has("once") {
		answer(w, http.StatusOK, tokened(r, s.rendered(s.latest.Load(), key()).since(has)))
		return
	}
	send, leave := s.openStream(w, r, "10")
	if send == nil {
		return
	}
	defer leave()
	if !send([]byte("retry: 1000\n\n")) {
		return
	}
	next := time.NewTimer(beat)
	defer next.Stop()
	for {
		latest, changed := s.published()
		if !send([]byte("data: "), tokened(r, s.rendered(latest, key()).since(has)), []byte("\n\n")) {
			return
		}
		sent := time.Now()
		next.Reset(beat)
		select {
		case <-next.C:
		case <-changed:
			next.Reset(settle - min(settle, time.Since(sent)))
			select {
			case <-next.C:
			case <-r.Context().Done():
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

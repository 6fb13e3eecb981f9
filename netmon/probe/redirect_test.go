package probe

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// A check that redirects is asked once, and its redirects are not followed, however many
// there are: one to itself is the site's trouble, one to elsewhere what a sign-in page does.
func TestACheckThatRedirectsForEverIsAskedOnce(t *testing.T) {
	var asked atomic.Int64
	to := ""
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer site.Close()
	for _, c := range []struct {
		name, to string
		want     netmon.Came
	}{
		{"to itself", "/generate_204", netmon.Trouble},
		{"to itself, by its whole address", site.URL + "/again", netmon.Trouble},
		{"to itself, by TLS", strings.Replace(site.URL, "http:", "https:", 1) + "/generate_204", netmon.Trouble},
		{"to another site", "http://192.0.2.1/sign-in", netmon.Foreign},
		{"to nowhere", "", netmon.Trouble},
		{"to what is no address", "http://%zz/", netmon.Foreign},
	} {
		asked.Store(0)
		to = c.to
		p := New(Options{Client: client.New(client.Options{})})
		var got []netmon.Answer
		p.check(t.Context(), Targets{Checks: []string{site.URL + "/generate_204"}}, func(a netmon.Answer, _ time.Time) { got = append(got, a) }, false)
		if len(got) == 0 || got[len(got)-1].Came != c.want || asked.Load() != 1 {
			t.Errorf("%s: %+v after %d requests, want %v after one", c.name, got, asked.Load(), c.want)
		}
	}
}

package upload

import (
	"net/http"
	"strings"
	"testing"
)

// What is wrong at the other end is said, so that whoever set it up knows what to mend.
func TestWhatIsWrongAtTheOtherEndIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		verified bool
		kind     string
		answer   string
		want     string
	}{
		"the token is refused":                   {401, true, "application/json", `{"code":16}`, "refuses the token"},
		"the token is for another":               {403, true, "", "", "refuses the token"},
		"a web server":                           {404, true, "text/html", "<html>", "the endpoint may be another one"},
		"a web server that takes nothing":        {405, true, "text/html", "<html>", "the endpoint may be another one"},
		"a web server that takes everything":     {200, true, "text/html; charset=utf-8", "<html>", "a page answers, and no receiver: the endpoint may be another one"},
		"a page that does not say so":            {200, true, "", " <!doctype html>", "a page answers, and no receiver"},
		"an address that has moved":              {308, true, "", "", "points elsewhere"},
		"a server of files":                      {501, true, "text/html", "<html>", "the endpoint may be another one"},
		"a page on the way":                      {200, false, "text/html", "<html>", "somebody else seems to answer"},
		"a sign-in page":                         {302, false, "text/html", "", "somebody else seems to answer"},
		"the protocol's name, and not its words": {200, true, contentType, "\xff\xff\xff", "the answer is not well-formed"},
	} {
		said := ""
		if f := judge(c.status, http.Header{}, "", c.verified); f != nil {
			said = f.trouble
		} else if _, _, err := parse(c.status, c.verified, c.kind, []byte(c.answer)); err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: said is %q", name, said)
		}
	}
}

package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"infobus/guide"
	guidebox "infobus/guide/box"
	"infobus/status"
	"infobus/words"
)

// waits is a guide in two languages that waits, with something stale in it.
func waits(t testing.TB) *Texts {
	t.Helper()
	g, wrong := guidebox.Read([]guidebox.File{
		{Name: "en.md", Data: []byte("language: en\nsource: en\n\n# phone\nYour phone\n\n## wait\nIt stays where you can **see it**.\n")},
		{Name: "ar.md", Data: []byte("language: ar\nsource: en\n\n# phone 00000000\nهاتفك\n")},
	})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return &Texts{
		Page: func(say *words.Speaker, tag string) status.GuidePage {
			return status.GuidePage{Waiting: status.GuideOf("d1", g, tag, guide.Facts{}, say)}
		},
	}
}

func TestWhoUploadsAGuideAndWhat(t *testing.T) {
	var got []string
	o := options()
	o.Texts = waits(t)
	o.Texts.Upload = func(_ context.Context, files []status.File) ([]status.Remark, bool) {
		got = nil
		for _, f := range files {
			got = append(got, f.Name+"="+string(f.Data))
		}
		if string(files[0].Data) == "wrong" {
			return []status.Remark{{File: "en.md", Line: 3, Column: 1, What: "markup <b> found"}}, true
		}
		return nil, string(files[0].Data) != "lost"
	}
	digest := ""
	o.Texts.Publish = func(d string) (bool, error) {
		if digest = d; d != "d1" {
			return true, guidebox.ErrAnother
		}
		return true, nil
	}
	o.Texts.TakeBack = func(d string) (bool, error) {
		if digest = d; d != "d1" {
			return true, guidebox.ErrNone
		}
		return false, nil
	}
	v := start(t, o)
	v.uploads(t, "/texts", &got, []uploaded{
		{"a stranger's", []string{"guide.zip", "x"}, true, nil, 401, "PIN", ""},
		{"one that is packed", []string{"Marie's guide.ZIP", "x"}, false, nil, 200, "uploaded", "guide.zip=x"},
		{"files", []string{"en.md", "x", `C:\texts\TI.md`, "y"}, false, nil, 200, "uploaded", "en.md=x ti.md=y"},
		{"one whose name leaves its folder", []string{"../../etc/en.md", "x"}, false, nil, 200, "uploaded", "en.md=x"},
		{"another language", []string{"sv.md", "x"}, false, nil, 400, "no file of a guide", ""},
		{"a picture", []string{"a.jpg", "x"}, false, nil, 400, ".zip", ""},
		{"none", nil, false, nil, 400, "Choose a file first", ""},
		{"one of 50 MB", []string{"guide.zip", strings.Repeat("x", 50<<20)}, false, nil, 400, "More than 2 MB", ""},
		{"one with a mistake", []string{"en.md", "wrong"}, false, nil, 422, `"line":3`, "en.md=wrong"},
		{"one with a mistake, by a form", []string{"en.md", "wrong"}, false, []string{"Accept", "text/html"}, 422, "markup &lt;b&gt; found", "en.md=wrong"},
		{"one that the card does not take", []string{"en.md", "lost"}, false, nil, 503, `"error"`, "en.md=lost"},
		{"one from another site's page", []string{"guide.zip", "x"}, false, []string{"Sec-Fetch-Site", "cross-site"}, 403, "", ""},
	})
	for _, c := range []struct {
		path, digest string
		network      bool
		status       int
	}{
		{"/texts/publish", "d1", false, 200}, {"/texts/publish", "d2", false, 409}, {"/texts/publish", "d1", true, 401},
		{"/texts/back", "d2", false, 409}, {"/texts/back", "d1", false, 503}, {"/texts/back", "d1", true, 401},
	} {
		digest = ""
		ask := v.socket
		if c.network {
			ask = v.network
		}
		answer, body := ask("POST", c.path, url.Values{"digest": {c.digest}}.Encode(), "Content-Type", asForm)
		if answer.StatusCode != c.status || (digest == c.digest) == c.network {
			t.Errorf("%s %s: %d %s; asked for %q", c.path, c.digest, answer.StatusCode, body, digest)
		}
	}
	if answer, told := v.socket("POST", "/texts/publish", "digest=d1", "Content-Type", asForm, "Accept", "text/html"); answer.Request.URL.Path != "/texts" || !strings.Contains(told, "The guide is published.") {
		t.Errorf("published by a form: %s, %.300s", answer.Request.URL, told)
	}
}

func TestAGuideIsReadBeforeItIsPublished(t *testing.T) {
	o := options()
	o.Texts = waits(t)
	v := start(t, o)
	if answer, _ := v.network("GET", "/texts", ""); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger reads it: %d", answer.StatusCode)
	}
	for path, want := range map[string][]string{
		"/texts":       {"This version waits", "<b>see it</b>", "of 2 texts 1 are missing, 1 stale, 0 not reviewed", `name="digest" value="d1"`, `<div lang="en" dir="ltr">`},
		"/texts?of=ar": {`<div lang="ar" dir="rtl">`, "هاتفك", `<div lang="en" dir="ltr">`, "<b>see it</b>"},
		"/texts?of=xx": {`<div lang="en" dir="ltr">`},
	} {
		answer, body := v.socket("GET", path, "")
		for _, w := range want {
			if answer.StatusCode != http.StatusOK || !strings.Contains(body, w) {
				t.Errorf("%s: %d, no %s in %s", path, answer.StatusCode, w, body)
			}
		}
	}
	o.Texts.Page = func(*words.Speaker, string) status.GuidePage { return status.GuidePage{} }
	if _, body := v.socket("GET", "/texts", ""); !strings.Contains(body, "No guide is published.") {
		t.Errorf("without a guide: %s", body)
	}
}

package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAVisitorReadsTheOwnLanguage(t *testing.T) {
	v := start(t, options())
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "ar", "ar"},
		{"", "ar-SD,ar;q=0.9,en;q=0.8", "ar"},
		{"", "sv-SE, ti;q=0.4, en;q=0.3", "ti"},
		{"", "prs", "fa"}, // Dari
		{"", "sv", "en"},
		{"", ";;;q=,,*", "en"},
		{"?lang=ti", "ar", "ti"},
		{"?lang=ar-EG", "en", "ar"},
		{"?lang=tlh", "ar", "en"},
		{"?lang=%3Cscript%3E", "ar", "ar"},
	} {
		answer, body := v.network("GET", "/today"+c.query, "", "Accept-Language", c.accept)
		if got := answer.Header.Get("Content-Language"); got != c.want || !strings.Contains(body, `<html lang="`+c.want+`"`) {
			t.Errorf("%q, %q: %q, want %q", c.query, c.accept, got, c.want)
		}
		if strings.Contains(body, "script") || answer.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("%q, %q: %.200s", c.query, c.accept, body)
		}
	}
	_, body := v.network("GET", "/today?lang=ar", "")
	for _, want := range []string{`<html lang="ar" dir="rtl">`, `lang="ti" dir="ltr">ትግርኛ<`, `lang="ar" dir="rtl" aria-current="true"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestTheGuideIsServedWhereThereIsOne(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"guide.pdf": "%PDF all", "guide-ar.pdf": "%PDF ar", "secret": "no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := options()
	o.Guide = func(tag string) (string, bool) {
		switch tag {
		case "":
			return filepath.Join(dir, "guide.pdf"), true
		case "ar":
			return filepath.Join(dir, "guide-ar.pdf"), true
		case "fa":
			return filepath.Join(dir, "gone.pdf"), true
		case "ti":
			return "", false
		}
		t.Errorf("asked for the guide in %q", tag)
		return filepath.Join(dir, "secret"), true
	}
	v := start(t, o)
	for path, want := range map[string]string{
		"/guide.pdf": "%PDF all", "/guide/ar.pdf": "%PDF ar",
		"/guide/fa.pdf": "", "/guide/ti.pdf": "", "/guide/ar": "", "/guide/..%2Fsecret": "", "/guide/sv.pdf": "", "/guide/.pdf": "%PDF all",
	} {
		answer, body := v.network("GET", path, "")
		switch {
		case want == "" && (answer.StatusCode != 404 || !strings.Contains(body, `"error"`)):
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		case want != "" && (answer.StatusCode != 200 || body != want || answer.Header.Get("Content-Type") != "application/pdf"):
			t.Errorf("%s: %d %s %s", path, answer.StatusCode, answer.Header.Get("Content-Type"), body)
		}
	}
	if answer, body := v.network("GET", "/guide.pdf", "", "Range", "bytes=1-3"); answer.StatusCode != 206 || body != "PDF" {
		t.Errorf("a part of it: %d %q", answer.StatusCode, body)
	}
	answer, _ := v.network("HEAD", "/guide.pdf", "")
	tag := answer.Header.Get("ETag")
	if answer, body := v.network("GET", "/guide.pdf", "", "Range", "bytes=1-", "If-Range", tag); answer.StatusCode != 206 || body != "PDF all" {
		t.Errorf("the rest of it: %d %q", answer.StatusCode, body)
	}
	if err := os.WriteFile(filepath.Join(dir, "guide.pdf"), []byte("%PDF renewed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if answer, body := v.network("GET", "/guide.pdf", "", "Range", "bytes=1-", "If-Range", tag); answer.StatusCode != 200 || body != "%PDF renewed" {
		t.Errorf("the rest of one that was renewed: %d %q", answer.StatusCode, body)
	}
}

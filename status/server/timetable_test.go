package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"infobus/action"
	"infobus/status"
	"infobus/words"
)

// uploadOf is a multipart form of these files, in their order: names and contents.
func uploadOf(t *testing.T, files ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, files[i+1])
	}
	w.Close()
	return b.String(), w.FormDataContentType()
}

// uploaded is what somebody uploads, and what comes of it.
type uploaded struct {
	what    string
	files   []string // name and text, in turn
	network bool     // by somebody who is not paired; else by the socket
	headers []string
	status  int
	says    string
	taken   string
}

// uploads tries each; got is what was taken of the last one.
func (v *van) uploads(t *testing.T, path string, got *[]string, list []uploaded) {
	t.Helper()
	for _, c := range list {
		*got = nil
		body, kind := uploadOf(t, c.files...)
		ask := v.socket
		if c.network {
			ask = v.network
		}
		answer, said := ask("POST", path, body, append([]string{"Content-Type", kind}, c.headers...)...)
		if answer.StatusCode != c.status || !strings.Contains(said, c.says) || strings.Join(*got, " ") != c.taken {
			t.Errorf("%s: %d %.300s; taken: %.80q", c.what, answer.StatusCode, said, *got)
		}
	}
}

// Only who may act uploads, from a page of ours, what a timetable may be: all else is
// refused with a word, and is not handed on.
func TestWhoUploadsATimetableAndWhat(t *testing.T) {
	var got []string
	o := options()
	o.Act = func(context.Context, action.Row, action.Asked) action.Refusal { return action.Taken }
	o.Timetables = &Timetables{
		Page: func(s *words.Speaker) status.TimetablePage {
			return status.TimetablePage{Versions: []status.VersionPart{{Key: "phone", Source: "the phone", Digest: "abc", Public: []string{"<b>Tea"}, Pages: []int{0},
				Remarks: []status.Remark{{File: "timetable.csv", Line: 5, Column: 2, What: "opens: <x>"}}}}}
		},
		Upload: func(_ context.Context, files []status.File) (remarks []status.Remark, kept bool, err error) {
			got = nil
			for _, f := range files {
				got = append(got, f.Name+"="+string(f.Data))
			}
			switch string(files[0].Data) {
			case "wrong":
				return []status.Remark{{File: "timetable.csv", Line: 5, Column: 2, What: "opens: no time"}}, true, nil
			case "broken":
				return nil, true, errors.New("no answer")
			}
			return nil, string(files[0].Data) != "lost", nil
		},
		Picture: func(source, digest string, n int) ([]byte, bool) { return []byte(source + digest), n == 0 },
	}
	v := start(t, o)
	many := make([]string, 0, 44)
	for i := range 22 {
		many = append(many, fmt.Sprint(i, ".csv"), "x")
	}
	v.uploads(t, "/timetable", &got, []uploaded{
		{"a stranger's", []string{"a.csv", "x"}, true, nil, http.StatusUnauthorized, "PIN", ""},
		{"one", []string{"Marie.csv", "x"}, false, nil, http.StatusOK, "uploaded", "timetable.csv=x"},
		{"two", []string{"a.YAML", "x", "b.ics", "y"}, false, nil, http.StatusOK, "uploaded", "timetable.yaml=x timetable-2.ics=y"},
		{"none", nil, false, nil, http.StatusBadRequest, "Choose a file first", ""},
		{"none, as a browser sends it", []string{"", ""}, false, nil, http.StatusBadRequest, "Choose a file first", ""},
		{"an empty one", []string{"a.csv", ""}, false, nil, http.StatusBadRequest, "Choose a file first", ""},
		{"a picture", []string{"a.jpg", "x"}, false, nil, http.StatusBadRequest, ".xlsx", ""},
		{"too many", many, false, nil, http.StatusBadRequest, "More than 20 files", ""},
		{"one too large", []string{"a.csv", strings.Repeat("x", uploadBytes)}, false, nil, http.StatusBadRequest, "More than 5 MB", ""},
		{"one with a mistake", []string{"a.csv", "wrong"}, false, nil, http.StatusUnprocessableEntity, `"line":5`, "timetable.csv=wrong"},
		{"one with a mistake, by a form", []string{"a.csv", "wrong"}, false, []string{"Accept", "text/html"}, http.StatusUnprocessableEntity, "timetable.csv:5:2</b> <bdi>opens: no time", "timetable.csv=wrong"},
		{"one while nobody answers", []string{"a.csv", "broken"}, false, nil, http.StatusServiceUnavailable, "did not answer", "timetable.csv=broken"},
		{"one that the card does not take", []string{"a.csv", "lost"}, false, nil, http.StatusServiceUnavailable, "a power cut would lose it", "timetable.csv=lost"},
		{"one from another site's page", []string{"a.csv", "x"}, false, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, "", ""},
	})
	body, kind := uploadOf(t, "a.csv", "x")
	answer, told := v.socket("POST", "/timetable", body, "Content-Type", kind, "Accept", "text/html")
	if at := answer.Request.URL; at.Path != "/timetable" || !at.Query().Has("r") || !strings.Contains(told, "data-taken>The timetable is taken") {
		t.Errorf("one by a form leads to %s, which says: %s", at, told)
	}
	if answer, said := v.socket("POST", "/timetable", "file=x", "Content-Type", "application/x-www-form-urlencoded"); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("no multipart form: %d %s", answer.StatusCode, said)
	}

	for path, want := range map[string]int{"/timetable": 401, "/timetable/phone/abc/0.png": 401} {
		if answer, _ := v.network("GET", path, ""); answer.StatusCode != want {
			t.Errorf("a stranger: %s is %d", path, answer.StatusCode)
		}
	}
	_, page := v.socket("GET", "/timetable", "")
	for _, want := range []string{"&lt;b&gt;Tea", "timetable.csv:5:2", "opens: &lt;x&gt;", `src="/timetable/phone/abc/0.png"`, `enctype="multipart/form-data"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "<script") {
		t.Error("the page has a script")
	}
	if answer, picture := v.socket("GET", "/timetable/phone/abc/0.png", ""); answer.Header.Get("Content-Type") != "image/png" || picture != "phoneabc" {
		t.Errorf("%v %q", answer.Header, picture)
	}
	for _, path := range []string{"/timetable/phone/abc/1.png", "/timetable/phone/abc/x.png"} {
		if answer, _ := v.socket("GET", path, ""); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}

// FuzzUpload: whatever bytes come as a form, the answer is one of those that there are.
func FuzzUpload(f *testing.F) {
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nx\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"..\\..\\a.yaml\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n--x--")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/timetable", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		files, why := timetableUpload.uploaded(r)
		if (len(files) == 0) == why.IsZero() {
			t.Fatalf("%d files, and %q", len(files), why.Key)
		}
		for _, f := range files {
			if !strings.HasPrefix(f.Name, "timetable") || strings.ContainsAny(f.Name, `/\`) || len(f.Data) == 0 {
				t.Fatalf("%q, %d bytes", f.Name, len(f.Data))
			}
		}
	})
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	guidebox "infobus/guide/box"
)

// packedGuide is a guide as infobus guide build writes it.
func packedGuide(t *testing.T, title, says string) []byte {
	t.Helper()
	g, wrong := guidebox.Read([]guidebox.File{{Name: "en.md", Data: fmt.Appendf(nil, "language: en\nsource: en\n\n# phone\n%s\n\n## where\nAsk us. %s\n", title, says)}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	b, err := g.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sendTexts posts a form over the socket.
func (p *process) sendTexts(path, kind string, body io.Reader) (code int, said string) {
	p.t.Helper()
	answer, err := p.unix().Post("http://infobus"+path, kind, body)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// uploadsTexts puts files on as one form.
func (p *process) uploadsTexts(files map[string][]byte) (code int, said string) {
	p.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, data := range files {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			p.t.Fatal(err)
		}
		part.Write(data)
	}
	w.Close()
	return p.sendTexts("/texts", w.FormDataContentType(), &form)
}

// tapsTexts publishes what waits, or takes it back, as its page has it.
func (p *process) tapsTexts(path string) {
	p.t.Helper()
	_, page := p.socket("/texts")
	digest := regexp.MustCompile(`name="digest" value="([0-9a-f]+)"`).FindStringSubmatch(page)
	if digest == nil {
		p.t.Fatalf("nothing can be published or taken back: %s", page)
	}
	if code, said := p.sendTexts(path, "application/x-www-form-urlencoded", strings.NewReader(url.Values{"digest": {digest[1]}}.Encode())); code != 200 {
		p.t.Fatal(code, said)
	}
}

// A guide comes by a phone, waits, is read, is published by a tap, and outlives a power
// cut; a bad one changes nothing, nor does one that is cut off in the middle.
func TestAGuideComesByAPhoneAndStays(t *testing.T) {
	waits(t)
	state, stick := t.TempDir(), t.TempDir()
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "status:\n  guide-texts: [%s]\n", stick), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() *process { return start(t, state, nil, "--sim", "--config", config) }
	p := start()
	upload := func(name string, data []byte) (int, string) { return p.uploadsTexts(map[string][]byte{name: data}) }
	texts := func() string {
		t.Helper()
		code, body := p.socket("/texts")
		if code != 200 {
			t.Fatal(code, body)
		}
		return body
	}
	shows := func(says string, waiting bool) {
		t.Helper()
		if body := texts(); !strings.Contains(body, says) || strings.Contains(body, "This version waits") != waiting {
			t.Errorf("no %q, waiting %v, in %s", says, waiting, body)
		}
	}
	publish := func(path string) { p.tapsTexts(path) }
	shows("No guide is published", false)
	if code, said := upload("guide.zip", packedGuide(t, "Charge here", "At {service:soup.place}.")); code != 422 || !strings.Contains(said, "soup") {
		t.Errorf("a reference that stands for nothing: %d %s", code, said)
	}
	good := "language: en\nsource: en\n\n# phone\nCharge here\n\n## call\nIn danger call {number:emergency}.\n"
	if code, said := upload("en.md", []byte(good)); code != 200 {
		t.Fatal(code, said)
	}
	shows("Charge here", true)
	publish("/texts/publish")
	shows("Charge here", false)

	for name, data := range map[string][]byte{"guide.zip": bytes.Repeat([]byte("PK"), 600_000), "en.md": []byte("language: en\nsource: en\n\n# phone\n<script>\n")} {
		if code, said := upload(name, data); code != 422 {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
	shows("Charge here", false)

	// The power goes in the middle of an upload.
	c, err := net.Dial("unix", filepath.Join(state, "infobus.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /texts HTTP/1.1\r\nHost: infobus\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"en.md\"\r\n\r\n%s", strings.Repeat("half ", 5000))
	p.kill()
	p = start()
	shows("Charge here", false)

	if code, said := upload("en.md", []byte(strings.ReplaceAll(good, "Charge here", "Ask the team"))); code != 200 {
		t.Fatal(code, said)
	}
	p.kill()
	p = start()
	shows("Ask the team", true)
	publish("/texts/publish")
	p.kill()
	p = start()
	shows("Ask the team", false)
	publish("/texts/back")
	shows("Charge here", false)

	// It comes in a folder, too, and waits for the same tap.
	for _, c := range []struct {
		data []byte
		says string
		code string // of the advice that leads there
	}{{[]byte("none"), "was not taken", "guide-refused"}, {packedGuide(t, "From a stick", ""), "This version waits", "guide-waiting"}} {
		path := filepath.Join(stick, "guide.zip")
		if err := errors.Join(os.WriteFile(path+".new", c.data, 0o600), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
		p.wait(c.says, func() bool { return strings.Contains(texts(), c.says) })
		p.wait(c.code, func() bool { return strings.Contains(p.get("/api/v1/state"), `"`+c.code+`"`) })
	}
	shows("From a stick", true)
}

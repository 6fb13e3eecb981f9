package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// upload puts files on, as who may do everything.
func (p *process) upload(files map[string]string) (code int, body string) {
	p.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, data := range files {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			p.t.Fatal(err)
		}
		io.WriteString(part, data)
	}
	w.Close()
	client := p.unix()
	answer, err := client.Post("http://infobus/timetable", w.FormDataContentType(), &form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// socket gets a page, as who may do everything.
func (p *process) socket(path string) (code int, body string) {
	p.t.Helper()
	client := p.unix()
	answer, err := client.Get("http://infobus" + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// soup is a timetable of a service that is open every day, and one told in person.
func soup(closes string) string {
	return fmt.Sprintf(`timezone: Europe/Paris
services:
  - id: soup
    category: food
    name: {en: Soup kitchen}
    show: screen
    checked: %s
    by: Us
    times:
      - {days: [mon, tue, wed, thu, fri, sat, sun], opens: "00:01", closes: "%s"}
  - id: shelter
    category: women
    name: {en: Hidden shelter}
    place: {name: Rue Cachee}
    show: in-person
    checked: 2026-11-01
    times:
      - {days: [mon, tue, wed, thu, fri, sat, sun], opens: "00:02", closes: "23:58"}
`, time.Now().Format(time.DateOnly), closes)
}

// What a volunteer uploads is shown on the page, with its pictures, and on no other
// until it is published; it stands over kill -9, and can be taken back. Nothing of
// what is told in person, and no byte of the file, is on the card.
func TestAnUploadIsShownOnceItIsPublished(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	p := start(t, state, nil, "--sim")
	p.becomes("clock.trusted", true)
	waiting := func() string {
		t.Helper()
		code, body := p.socket("/api/v1/state")
		var view struct {
			Timetable struct {
				Waiting []struct{ Source, Digest string }
			}
		}
		if err := json.Unmarshal([]byte(body), &view); err != nil || code != http.StatusOK {
			t.Fatal(code, err)
		}
		if len(view.Timetable.Waiting) == 0 {
			return ""
		}
		return view.Timetable.Waiting[0].Digest
	}
	today := func() bool { return strings.Contains(p.get("/today?lang=en"), "Soup kitchen") }

	if code, body := p.upload(map[string]string{"soup.yaml": soup("99:00")}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `"line":10`) {
		t.Errorf("a file with a mistake: %d %s", code, body)
	}
	if waiting() != "" {
		t.Error("a file with a mistake waits")
	}
	if code, body := p.upload(map[string]string{"soup.txt": "x"}); code != http.StatusBadRequest {
		t.Errorf("no timetable: %d %s", code, body)
	}
	if code, body := p.upload(map[string]string{"big.csv": strings.Repeat("x", 6<<20)}); code != http.StatusBadRequest {
		t.Errorf("6 MB: %d %s", code, body)
	}
	if code, body := p.upload(map[string]string{"Marie Dupont.yaml": soup("24:00")}); code != http.StatusOK {
		t.Fatal(code, body)
	}
	digest := waiting()
	if digest == "" || today() {
		t.Fatalf("waiting %q, on the page %v", digest, today())
	}
	_, page := p.socket("/timetable")
	for _, want := range []string{"Soup kitchen", "00:01–24:00", "Becomes public", "Publish this timetable", "/timetable/phone/" + digest + "/0.png"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, never := range []string{"Hidden", "Cachee", "00:02", "Dupont"} {
		if strings.Contains(page, never) {
			t.Errorf("the page says %q", never)
		}
	}
	if code, picture := p.socket("/timetable/phone/" + digest + "/0.png"); code != http.StatusOK {
		t.Error(code)
	} else if m, err := png.Decode(strings.NewReader(picture)); err != nil || m.Bounds().Dx() != 800 {
		t.Error(err)
	}
	if code, _ := p.socket("/timetable/phone/" + digest + "/999.png"); code != http.StatusNotFound {
		t.Error(code)
	}

	tap := func(name string, want int) {
		t.Helper()
		if code, body := p.local("/api/v1/actions/"+name, url.Values{"source": {"phone"}, "digest": {digest}}); code != want {
			t.Fatalf("%s: %d %s", name, code, body)
		}
	}
	again := func() {
		t.Helper()
		p.kill()
		p = start(t, state, nil, "--sim")
		p.becomes("clock.trusted", true)
	}
	again()
	if waiting() != digest || today() {
		t.Fatal("what waits does not wait any more after a power cut")
	}
	tap("publish-timetable", http.StatusOK)
	if waiting() != "" || !today() {
		t.Fatal("it is not published")
	}
	again()
	if !today() {
		t.Fatal("what was published is lost with the power")
	}
	tap("publish-timetable", http.StatusConflict)
	tap("take-back-timetable", http.StatusOK)
	if today() {
		t.Error("it was taken back, and is shown")
	}
	again()
	if today() || waiting() != "" {
		t.Error("what was taken back is there again after a power cut")
	}
	if code, body := p.upload(map[string]string{"a.yaml": soup("23:58")}); code != http.StatusOK {
		t.Fatal(code, body)
	}
	digest = waiting()
	tap("take-back-timetable", http.StatusOK)
	if waiting() != "" || today() {
		t.Error("an upload that was taken back waits still")
	}
	p.kill()
	err := filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, never := range []string{"Hidden shelter", "Cachee", "Dupont", "show: screen"} {
			if bytes.Contains(b, []byte(never)) {
				t.Errorf("%s has %q", filepath.Base(path), never)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// On a phone: the PIN, the page, a file chosen and sent, the pictures looked at, one
// tap that publishes and one that takes it back; each says what became of it.
func TestAVolunteerPublishesATimetableFromAPhone(t *testing.T) {
	looksInABrowser(t)
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"pin": "246813\n", "infobus.yaml": "status:\n  pin-file: " + filepath.Join(dir, "pin") + "\n", "mine.yaml": soup("24:00"), "wrong.yaml": soup("99:00")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, t.TempDir(), nil, "--sim", "--config", filepath.Join(dir, "infobus.yaml"))
	p.becomes("clock.trusted", true)
	browser := openPage(t, p.base+"/timetable") // which leads to where the PIN is asked for
	says := func(words string) {
		t.Helper()
		browser.until("the page says "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
	}
	browser.logIn("246813")
	browser.do(chromedp.EmulateViewport(320, 640), chromedp.Navigate(p.base+"/timetable"))
	send := func(name string) {
		t.Helper()
		browser.do(chromedp.SetUploadFiles(`input[type=file]`, []string{filepath.Join(dir, name)}))
		browser.press(`form[enctype] button`)
	}
	send("wrong.yaml")
	says("timetable.yaml:10:")
	says("Nothing has changed")
	send("mine.yaml")
	says("This version waits")
	says("Soup kitchen")
	browser.until("it is no wider than 320 pixels", `document.readyState == "complete" && document.documentElement.scrollWidth <= innerWidth`)
	browser.do(chromedp.ScrollIntoView(".glass img"))
	browser.until("the picture has come", `document.querySelector(".glass img").naturalWidth == 800`)
	shown := func() bool { return strings.Contains(p.get("/today?lang=en"), "Soup kitchen") }
	if shown() {
		t.Error("it is shown before the tap")
	}
	browser.press(`form[action$="/publish-timetable"] button`)
	says("It is published.")
	if !shown() {
		t.Error("it is not shown after the tap")
	}
	browser.press(`main form[action$="/take-back-timetable"] button`)
	says("It is taken back.")
	if shown() {
		t.Error("it was taken back, and is shown")
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"infobus/logbook"
	"infobus/private"
	"infobus/van/kept"
)

// planted are fifty strings that name a person or a person's device: those of
// the first list come from the Cisco box and the cloud (leases, neighbours,
// clients, headers, error bodies), those of the second from whoever asks our own
// pages.
func planted() (gateway, asked []string) {
	names := []string{"Jean Dupont", "Amina Hassan", "Tesfaye Bekele", "Nguyen Van An", "Zahra Ahmadi", "Omar al-Bashir", "Selam Haile", "Farid Karimi", "Lemlem Abebe", "Idris Osman"}
	all := names
	for i := range 14 {
		all = append(all, fmt.Sprintf("6c:40:08:a1:%02x:%02x", 16+i, 200+i), fmt.Sprintf("10.128.%d.%d", 40+i, 100+i))
	}
	for i := range 4 {
		all = append(all, fmt.Sprintf("2001:db8:77:%x::%x", 16+i, 41+i), fmt.Sprintf("9c-b7-0d-5e-%02x-%02x", 32+i, 100+i))
	}
	for i := range 4 {
		all = append(all, fmt.Sprintf("+33 6 12 34 5%d 7%d", i, i))
	}
	for i, s := range all {
		if i%4 == 3 {
			asked = append(asked, s)
		} else {
			gateway = append(gateway, s)
		}
	}
	return gateway, asked
}

// dayFile names, for a process that runs the day alone, the file for what it found;
// whether the filters are off stands in filters.
const dayFile, filters = "INFOBUS_DAY_FILE", "INFOBUS_DAY_FILTERS"

// TestADayAlone is the process of TestNothingAboutAPersonIsStoredLoggedSentOrShown.
func TestADayAlone(t *testing.T) {
	file := os.Getenv(dayFile)
	if file == "" {
		return
	}
	if os.Getenv(filters) == "off" {
		defer private.WithholdNothing()()
	}
	gateway, asked := planted()
	text, err := json.Marshal(aDay(t, gateway, asked))
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// dayAlone is aDay in a process of its own, for the filters and the log are the
// whole process's.
func dayAlone(t *testing.T, with string) (found map[string][]byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "found.json")
	c := exec.Command(os.Args[0], "-test.run", "^TestADayAlone$")
	c.Env = append(os.Environ(), dayFile+"="+file, filters+"="+with)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Nothing about a person leaves the process, or stays on the disk.
func TestNothingAboutAPersonIsStoredLoggedSentOrShown(t *testing.T) {
	waits(t)
	t.Parallel()
	gateway, asked := planted()
	all := append(append([]string{}, gateway...), asked...)
	if len(all) != 50 {
		t.Fatalf("%d strings are planted", len(all))
	}
	t.Run("with the filters", func(t *testing.T) {
		t.Parallel()
		for where, text := range dayAlone(t, "on") {
			if bytes.Contains(text, []byte(serialNumber)) {
				t.Errorf("%s: the gateway's serial number is there", where)
			}
			for _, s := range all {
				for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), strings.ReplaceAll(s, " ", "")} {
					if i := bytes.Index(text, []byte(form)); i >= 0 {
						t.Errorf("%s: %q is there: …%q…", where, s, text[max(0, i-60):min(len(text), i+60)])
						break
					}
				}
			}
		}
	})
	t.Run("without the filters", func(t *testing.T) {
		t.Parallel()
		var everything []byte
		for _, text := range dayAlone(t, "off") {
			everything = append(everything, text...)
		}
		for _, s := range all {
			if !bytes.Contains(everything, []byte(s)) && !bytes.Contains(everything, []byte(url.QueryEscape(s))) && !bytes.Contains(everything, []byte(url.PathEscape(s))) {
				t.Errorf("%q is not to be found: that it is not with the filters shows nothing", s)
			}
		}
	})
}

// serialNumber is the gateway's, which is sent to its cloud and nowhere else.
const serialNumber = "Q2PL-ANTE-D123"

// aDay runs the daemon in this process through a short day, in which the
// strings are planted wherever text comes from outside, and gives all that left
// it: by where it was found.
func aDay(t *testing.T, fromGateway, asked []string) map[string][]byte {
	t.Helper()
	state := t.TempDir()
	key := filepath.Join(t.TempDir(), "key")
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(key, []byte("0123456789abcdef0123456789abcdef01234567\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, fmt.Appendf(nil, "uplink:\n  dashboard:\n    organisation: \"1\"\n    network: N_1\n    key-file: %s\n    gateway: %s\n  sims:\n    - {slot: 1, bundle: 20 GB, renews: 12}\n", key, serialNumber), 0o600); err != nil {
		t.Fatal(err)
	}
	a, p := inside(t, flags{config: config, stateDir: state, verbose: true})
	a.parts.world.Gateway.Plant(fromGateway)
	end := p.run(a)

	ask := func(method, path, body string, header string) []byte {
		r, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"User-Agent", "X-Forwarded-For", "Referer", "Accept-Language", "X-Client"} {
			r.Header.Set(name, header)
		}
		r.AddCookie(&http.Cookie{Name: "session", Value: url.QueryEscape(header)})
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		var head bytes.Buffer
		answer.Header.Write(&head)
		return append(head.Bytes(), b...)
	}

	p.becomes("uplink.verdict", "ok")
	play := func(words ...string) {
		if err := a.parts.world.Do(words...); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string][]byte{}
	look := func(when string) {
		for _, path := range []string{"/", "/today", "/today?lang=ar", "/api/v1/state", "/api/v1/events", "/api/v1/samples?series=battery.volts", "/metrics", "/healthz", "/kiosk.png", "/nowhere"} {
			found[when+" "+path] = ask(http.MethodGet, path, "", "nobody")
		}
	}
	play("generator", "on")
	p.becomes("session.active", true)
	p.wait("the cloud's view", func() bool {
		return p.at("uplink.cellular") != nil || strings.Contains(p.output.String(), "for=dashboard")
	})
	p.has(logbook.KioskRefreshed)
	for i, s := range asked {
		q := url.QueryEscape(s)
		path := []string{"/today?lang=" + q, "/" + url.PathEscape(s), "/api/v1/events?after=" + q, "/api/v1/samples?series=" + q, "/login", "/api/v1/actions/" + url.PathEscape(s), "/sim/generator/" + url.PathEscape(s)}[i%7]
		method := http.MethodGet
		if i%7 > 3 {
			method = http.MethodPost
		}
		answer := ask(method, path, "pin="+q, s)
		// An answer that repeats the question is told to nobody else; still it
		// must not.
		found[fmt.Sprintf("answer %d", i)] = answer
	}
	look("in the session")
	for _, fault := range [][]string{{"cellular", "captive"}, {"cellular", "down"}, {"gateway", "off"}, {"cable", "out"}} {
		play(fault...)
		p.wait("something to be wrong", func() bool { return p.at("uplink.verdict") != "ok" })
		look(strings.Join(fault, " "))
		play(fault[0], map[string]string{"cellular": "up", "gateway": "on", "cable": "in"}[fault[0]])
		p.becomes("uplink.verdict", "ok")
	}
	play("generator", "off")
	p.becomes("power.source", "battery")
	look("in the evening")
	end()

	found["the log"] = []byte(p.output.String())
	findFiles(t, state, found)
	return found
}

// findFiles adds every file of a state directory to what was found: the database
// with its free pages, its log, what was kept, what the receiver got.
func findFiles(t *testing.T, state string, found map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		found["file "+d.Name()] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file logbook.db", "file " + kept.Name, "file received.jsonl"} {
		if len(found[name]) == 0 {
			t.Errorf("%s was not looked at", name)
		}
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/config/settings"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/reading"
	"infobus/status"
	"infobus/van"
	"infobus/words"
)

// Settings wrong in ten ways: what the glass and the page say of each, in both
// languages, with its line and key, and never what stands in the file.
func TestOfSettingsThatAreWrongGlassAndPageSayLineAndKey(t *testing.T) {
	const secret = "geheim7351"
	for _, c := range []struct {
		name, file, data string
		en, fr           string
	}{
		{"a key that there is not", "infobus.txt", "name=Van\npni=" + secret, "line 2: there is no such key. Is pin meant?", "ligne 2 : cette clé n’existe pas. Est-ce pin ?"},
		{"no equals sign", "infobus.txt", "pin " + secret, "line 1, pin: there is no = in it.", "ligne 1, pin : il n’y a pas de =."},
		{"a short PIN", "infobus.txt", "\n\npin=7351", "line 3, pin: 6 digits or letters at least", "ligne 3, pin : au moins 6 chiffres"},
		{"a key twice", "infobus.txt", "pin=" + secret + "\npin=" + secret, "line 2, pin: it stands on line 1 already.", "ligne 2, pin : elle est déjà à la ligne 1."},
		{"half a quotation", "infobus.txt", "endpoint=https://example.org\ntoken=«" + secret, "line 2, token: a quotation mark stands at one end only.", "ligne 2, token : un guillemet n’est qu’à un bout."},
		{"no address", "infobus.txt", "endpoint=" + secret, "line 1, endpoint: an address was expected", "ligne 1, endpoint : une adresse était attendue"},
		{"another version", "infobus.txt", "version=9\nsecret=" + secret, "line 1, version: this file is for a newer box (version 9).", "ligne 1, version : ce fichier est pour un boîtier plus récent (version 9)."},
		{"digits of two scripts", "infobus.txt", "pin=735١٩٢", "line 1, pin: digits of two scripts", "ligne 1, pin : des chiffres de deux écritures"},
		{"a wiring that U-Boot does not read", "infobus.txt.txt", "wiring=wake", "line 1, wiring: the start reads it otherwise.", "ligne 1, wiring : le démarrage la lit autrement."},
		{"a word processor's file", "infobus.txt", `{\rtf1 ` + secret, "infobus.txt: a word processor has written it.", "infobus.txt : un traitement de texte l’a écrit."},
		{"zeros", "infobus.txt", strings.Repeat("\x00", 100), "infobus.txt: this is no text.", "infobus.txt : ce n’est pas du texte."},
		{"an empty file", "infobus.txt", "", "infobus.txt: the file is empty.", "infobus.txt : le fichier est vide."},
		{"too much", "infobus.txt", strings.Repeat("#"+secret+"\n", 9000), "infobus.txt: the file is too large", "infobus.txt : le fichier est trop grand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := settings.Parse(c.file, []byte(c.data)).Mistakes
			o := van.DefaultOptions()
			s, _, effects := van.Step(o, van.New(o, van.Panel), van.Observation{At: reading.Stamp{Mono: 1e9}, Value: van.Noted{Notes: m.Notes()}})
			glass := drawn(t, effects)
			v := status.Of(o, s, nil)
			api, err := json.Marshal(v.In(words.In("en")))
			if err != nil {
				t.Fatal(err)
			}
			page := strings.Join(append(status.PageOf(v, words.In("en")).Notes, status.PageOf(v, words.In("fr")).Notes...), "\n")
			for place, said := range map[string]string{"glass": glass, "page": page} {
				said = plainSpaces(said)
				for _, want := range []string{c.en, c.fr, "The last good settings go on.", "Les derniers bons réglages servent."} {
					if !strings.Contains(said, want) {
						t.Errorf("%s: %q was expected in %q", place, want, said)
					}
				}
			}
			for _, said := range []string{glass, page, string(api), m.Error()} {
				if strings.Contains(said, secret) || strings.Contains(said, "7351") {
					t.Errorf("what stands in the file is said: %s", said)
				}
			}
		})
	}
}

// drawn is what stands on the glass after these effects, in one line.
func drawn(t *testing.T, effects []van.Effect) string {
	t.Helper()
	var glass strings.Builder
	for _, e := range effects {
		if d, ok := e.(kiosk.Draw); ok {
			texts, err := draw.Texts(d.Page)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				glass.WriteString(text.Text + " ")
			}
		}
	}
	return glass.String()
}

// plainSpaces is s without isolates and with plain blanks.
func plainSpaces(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2066", "", "\u2068", "", "\u2069", "").Replace(s)
}

// Any two mistakes have room on the glass beside each other.
func TestAnyTwoMistakesHaveRoomOnTheGlass(t *testing.T) {
	var all settings.Mistakes
	for _, code := range settings.Codes {
		all = append(all, settings.Mistake{Line: 123, Key: settings.KeyTimetable, Code: code, Near: settings.KeyEndpoint, Of: 100, Word: "standard"})
	}
	all = append(all, settings.Mistake{Line: 123, Code: settings.Unknown})
	cards := []words.Text{words.T("glass.card-fails")}
	for _, card := range brokenCards {
		cards = append(cards, words.T(card.glass))
	}
	room := func(notes ...words.Text) {
		o := kiosk.DefaultOptions()
		for _, p := range o.Pages(kiosk.Box, kiosk.Content{Notes: notes}) {
			if _, err := draw.Draw(p); err != nil {
				t.Errorf("%v: %v", notes, err)
			}
		}
	}
	for _, a := range all {
		for _, b := range all {
			room(settings.Mistakes{a, b}.Notes()...)
		}
		for _, b := range cards {
			room(append(settings.Mistakes{a}.Notes(), b)...)
		}
	}
	for _, a := range cards {
		for _, b := range cards {
			room(a, b)
		}
	}
}

// The daemon takes the settings over at its start, says what is wrong with them, and goes
// on with the last good ones; the shipped file, as it is, leaves the van setting up.
func TestTheDaemonTakesTheCardsSettingsOver(t *testing.T) {
	t.Parallel()
	state, card := t.TempDir(), t.TempDir()
	file, configuration := filepath.Join(card, "infobus.txt"), filepath.Join(t.TempDir(), "infobus.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(configuration, "gpio: no-such-chip\nbattery: {monitor: none}\npanel: {type: none}\nuplink: {interface: nothere0}\ntimetable: /no/such/timetable.yaml\n")
	view := func(p *process) status.View {
		t.Helper()
		out, _ := infobus(t, "--address", filepath.Join(p.state, "infobus.sock"), "status", "--json")
		var v status.View
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return v
	}
	write(file, "name=Van 7\r\npin=482915073364\r\n")
	p := start(t, state, nil, "--config", configuration, "--settings", file)
	p.device("gpio", "failed")
	if v := view(p); v.Name != "Van 7" || len(v.Notes) != 0 {
		t.Errorf("%q, %v", v.Name, v.Notes)
	}
	if pin, err := os.ReadFile(filepath.Join(state, "pin")); string(pin) != "482915073364\n" {
		t.Errorf("the PIN is %q, %v", pin, err)
	}
	p.kill()
	write(file, "name=Van 8\npin=geheim!\n")
	p = start(t, state, nil, "--config", configuration, "--settings", file)
	if got := p.device("settings", "failed"); got != "error" {
		t.Errorf("the reason is %q", got)
	}
	v := view(p)
	if v.Name != "Van 7" || len(v.Notes) != 1 || !strings.HasPrefix(v.Notes[0].Text, "infobus.txt, line 2, pin: ") {
		t.Errorf("%q, %v", v.Name, v.Notes)
	}
	if strings.Contains(p.output.String(), "geheim") {
		t.Errorf("the log has the value: %s", p.output.String())
	}
	p.kill()
}

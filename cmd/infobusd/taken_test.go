package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"infobus/config"
	"infobus/config/settings"
	"infobus/images/card/cardtest"
)

// Every key of configuration and settings file is a secret, or tells a thief something,
// and stands in docs/taken.md, or it is harmless and stands here.
var (
	tellThieves = []string{"pin", "token", "endpoint", "meraki-key", "meraki-organisation", "meraki-network", "timetable", "name", "status.pin-file", "sync.endpoint",
		"uplink.dashboard.key-file", "uplink.dashboard.organisation", "uplink.dashboard.network", "uplink.dashboard.gateway",
		"uplink.own-page.user", "uplink.own-page.password-file",
		"timetable.source", "timetable.mapping", "timetable.sites", "session.site", "kiosk.board", "status.guide", "status.guide-texts"}
	harmless = strings.Fields(`version wiring battery capacity shunt
		gpio generators.line generators.active generators.bias generators.debounce generators.wiring sockets.line sockets.active sockets.bias
		sockets.debounce sockets.wiring carbon-monoxide.line carbon-monoxide.active carbon-monoxide.bias carbon-monoxide.debounce carbon-monoxide.wiring
		battery.monitor battery.bus battery.address battery.shunt battery.range battery.charging battery.every battery.chemistry battery.capacity
		battery.measured battery.charged battery.tail battery.tail-for battery.low-line.line battery.low-line.active battery.low-line.bias
		battery.low-line.debounce battery.low-line.wiring panel.type panel.spi panel.data-command panel.reset panel.busy panel.power panel.temperature
		uplink.interface uplink.targets uplink.resolvers uplink.name uplink.check uplink.access-points uplink.public uplink.address uplink.gateway uplink.dns uplink.sims.slot
		uplink.sims.bundle uplink.sims.renews uplink.budget.session-mb uplink.budget.month-mb uplink.relay.line uplink.relay.active uplink.calls sync.post-quantum sync.recent timetable.form
		timetable.by timetable.public timetable.publish timetable.checked public session.length session.idle kiosk.languages kiosk.button.line
		kiosk.button.active kiosk.button.bias kiosk.button.debounce kiosk.button.wiring kiosk.quiet.line kiosk.quiet.active kiosk.quiet.bias
		kiosk.quiet.debounce kiosk.quiet.wiring kiosk.next-place status.listen status.volunteers status.hosts status.switch.line status.switch.active
		status.switch.bias status.switch.debounce status.switch.wiring power.countdown power.hold power.low power.critical power.start-after
		power.stop-after power.service power.other-charger power.low-line`)
)

// keysOf are the keys of a configuration's type, with those above them.
func keysOf(t reflect.Type, above string) (keys []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return []string{above}
	}
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case tag == "-":
		case tag == "" && t.Field(i).Type.Kind() == reflect.Struct && t.Field(i).Anonymous:
			keys = append(keys, keysOf(t.Field(i).Type, above)...)
		case tag == "":
			return []string{above} // a value of its own
		case above == "":
			keys = append(keys, keysOf(t.Field(i).Type, tag)...)
		default:
			keys = append(keys, keysOf(t.Field(i).Type, above+"."+tag)...)
		}
	}
	return keys
}

func TestEverySecretOnTheCardStandsInTheDocumentOfWhatIsTaken(t *testing.T) {
	all := keysOf(reflect.TypeFor[config.Config](), "")
	for _, k := range settings.Keys {
		all = append(all, string(k))
	}
	if len(all) < 60 {
		t.Fatalf("only %d keys", len(all))
	}
	for _, k := range all {
		if !slices.Contains(tellThieves, k) && !slices.Contains(harmless, k) {
			t.Errorf("%s is new: is it a secret, or harmless?", k)
		}
	}
	for _, k := range slices.Concat(tellThieves, harmless) {
		if !slices.Contains(all, k) {
			t.Errorf("there is no key %s", k)
		}
	}
	for _, doc := range []string{"taken.md", "taken.fr.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", doc))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tellThieves {
			if !strings.Contains(string(b), "`"+k+"`") {
				t.Errorf("%s does not say what a thief learns by %s", doc, k)
			}
		}
		for _, file := range []string{"phones.slots", "kept.slots", "glass.slots", "timetable-*", "settings.", "logbook.db"} {
			if !strings.Contains(string(b), file) {
				t.Errorf("%s does not name %s", doc, file)
			}
		}
	}
}

var twoCopies = regexp.MustCompile(`\.[01]$`)

// On the card's data part stand the files that docs/card.md names, and no others: with a
// phone paired and a session.
func TestOnTheCardStandOnlyTheNamedFiles(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "card.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := cardtest.Named(string(doc))
	if len(named) == 0 {
		t.Fatal("docs/card.md has no list of what is written")
	}
	const desk = "received.jsonl"                   // of a simulated van
	others := []string{"lost+found", "glass.slots"} // the file system's own; a simulated panel's frame is not kept
	state, card := t.TempDir(), t.TempDir()
	file, configuration := filepath.Join(card, "infobus.txt"), filepath.Join(card, "infobus.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--sim", "--van-times", "--config", configuration, "--settings", file}
	for i := range 2 { // of what has two copies the second comes with a change
		write(configuration, "status: {listen: \":"+[]string{"80", "8080"}[i]+"\"}\n")
		write(file, "pin=482915073364\nname="+[]string{"Van 1", "Van 2"}[i]+"\n")
		p := start(t, state, nil, args...)
		if i == 0 {
			answer, err := http.PostForm(p.base+"/login", url.Values{"pin": {"482915073364"}})
			if err != nil || answer.StatusCode >= 400 {
				t.Fatalf("pair a phone: %v %v", answer, err)
			}
			answer.Body.Close()
		}
		p.infobus("sim", "generator", "on")
		for _, n := range named { // some are written by and by
			if slices.Contains(others, n) {
				continue
			}
			if i == 0 { // one of two
				n = twoCopies.ReplaceAllString(n, ".[01]")
			}
			p.wait("the file "+n, func() bool {
				files, _ := filepath.Glob(filepath.Join(state, n))
				return len(files) > 0
			})
		}
		p.kill()
	}
	entries, err := os.ReadDir(state)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		seen[named.Of(e.Name())] = true
		if named.Of(e.Name()) == "" && e.Name() != desk {
			t.Errorf("%s stands on the card, and docs/card.md does not name it", e.Name())
		}
	}
	for _, n := range named {
		if !seen[n] && !slices.Contains(others, n) {
			t.Errorf("docs/card.md names %s, which was not written", n)
		}
	}
}

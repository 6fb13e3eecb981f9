package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"infobus/action"
	"infobus/examples"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/sim/day"
	"infobus/status"
	"infobus/status/server"
	"infobus/status/statustest"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/words"
	"infobus/words/wordstest"
)

func TestTheLanguageIsTheFlagsElseTheEnvironments(t *testing.T) {
	for _, c := range []struct {
		name, flag string
		env        map[string]string
		want       string
	}{
		{"nothing", "", nil, "en"},
		{"the flag", "fr", map[string]string{"LC_ALL": "C"}, "fr"},
		{"LANG", "", map[string]string{"LANG": "fr_FR.UTF-8"}, "fr-FR"},
		{"LC_MESSAGES before LANG", "", map[string]string{"LC_MESSAGES": "fr_BE@euro", "LANG": "en_GB.UTF-8"}, "fr-BE"},
		{"LC_ALL before all", "", map[string]string{"LC_ALL": "C.UTF-8", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, "en"},
		{"POSIX", "", map[string]string{"LANG": "POSIX"}, "en"},
	} {
		if got := languageOf(c.flag, func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// serve is the socket of a server that shows what is published.
func serve(t *testing.T, o server.Options) (*server.Server, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "infobus") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	return served(t, o, l), socket
}

// strangers is the address of one on the network, where nobody is paired.
func strangers(t *testing.T, o server.Options) (*server.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return served(t, o, l), "http://" + l.Addr().String()
}

func served(t *testing.T, o server.Options, l net.Listener) *server.Server {
	s := server.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Serve(ctx, l); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

// Whether all is well is not known of the summary that everybody gets.
func TestStatusOfTheSummaryIsNoWordThatAllIsWell(t *testing.T) {
	s, address := strangers(t, server.Options{})
	v := statustest.Session()
	v.First = status.First{Level: "good", Words: words.T("advice.none")}
	s.Publish(v)
	if out, said, code := infobus(t, t.TempDir(), "status", "--address", address); code != 1 || strings.Contains(out, "all is well") || !strings.Contains(said, "everybody may see") {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
}

// unaligned is what was printed without the spaces that set it in columns.
func unaligned(out string) string { return regexp.MustCompile(` {2,}`).ReplaceAllString(out, " ") }

func TestTheCommandLineSpeaksTheLanguageThatWasAskedFor(t *testing.T) {
	s, address := serve(t, server.Options{})
	v := statustest.Session()
	v.Advice = []status.Advice{{Code: "uplink-cable-unplugged", Severity: "bad", Words: words.T("uplink.advice.cable-unplugged")}}
	v.First = status.First{Code: "uplink-cable-unplugged", Level: "bad", Words: words.T("uplink.advice.cable-unplugged")}
	v.Uplink.Verdict, v.Uplink.Words = "cable-unplugged", words.T("uplink.advice.cable-unplugged")
	s.Publish(v)
	out, said, code := infobus(t, t.TempDir(), "status", "--lang", "fr", "--address", address)
	out = unaligned(out)
	for _, want := range []string{"courant groupe électrogène en marche, niveau de la batterie\u00a0: bon (82\u00a0%), à l’instant\n", "internet câble débranché (12:01, il y a 14 min)\u00a0: Enfoncez le câble",
		"\nà faire Enfoncez le câble du boîtier Cisco aux deux bouts"} {
		if !strings.Contains(out, want) {
			t.Errorf("status does not say %q: exit %d: %s%s", want, code, out, said)
		}
	}
	if out, _, _ := infobus(t, t.TempDir(), "diagnose", "--lang=fr", "--address", address); !strings.Contains(out, "\ncâble débranché. Enfoncez le câble") {
		t.Errorf("diagnose: %s", out)
	}
	if out, _, _ := infobus(t, t.TempDir(), "status", "--address", address); !strings.HasSuffix(unaligned(out), "\nto do Push the cable to the Cisco box in at both ends: one end is out.\n") {
		t.Errorf("in English: %s", out)
	}
	if _, said, code := infobus(t, t.TempDir(), "status", "--lang", "fr", "--address", "http://127.0.0.1:1"); code != exitUsage || !strings.Contains(said, "pas d’infobusd à") {
		t.Errorf("without a daemon: exit %d: %s", code, said)
	}
}

// inBrackets is what a command prints in the made-up language.
func inBrackets(t *testing.T, address string, args ...string) string {
	t.Helper()
	out, said, _ := infobus(t, t.TempDir(), append(args, "--lang", wordstest.Tag, "--address", address)...)
	return out + said
}

// What the commands print in a made-up language has no row of three words outside
// of its brackets.
func TestEverySentenceOfTheCommandLineComesFromWords(t *testing.T) {
	t.Setenv(inBook, "1")
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	data := []string{"Example Mobile"}
	for _, s := range table.Sites {
		data = append(data, s.Name)
	}
	var days atomic.Pointer[[]status.Day] // the server's goroutines read it
	days.Store(&[]status.Day{{Date: "2026-11-23", RunHours: 5.25, Starts: 3, InWh: ptr(300.0), Sessions: 2, KnownMin: 300, InternetMin: 280, Devices: ptr(212)}})
	s, address := serve(t, server.Options{Words: wordstest.Book(), Open: true, Days: func() []status.Day { return *days.Load() },
		Events: func(after uint64, _ int) ([]logbook.Event, error) {
			if after > 0 {
				return nil, nil
			}
			return []logbook.Event{{Seq: 1, Name: logbook.GeneratorStarted}}, nil
		}})
	var all strings.Builder
	lookAt := func(address string, args ...string) {
		t.Helper()
		out := inBrackets(t, address, args...)
		all.WriteString(out)
		for _, stray := range wordstest.Strays(out, append(data, address)...) {
			t.Errorf("%q: %q is not from words, in:\n%s", args, stray, out)
		}
	}
	look := func(args ...string) { t.Helper(); lookAt(address, args...) }
	for _, v := range views(t) {
		s.Publish(v)
		look("status")
		look("diagnose")
		if len(v.Session.Sites) > 0 {
			look("site")
		}
	}
	look("days")
	days.Store(new([]status.Day))
	look("days")
	look("events")
	other, network := strangers(t, server.Options{Words: wordstest.Book()})
	other.Publish(statustest.Session())
	lookAt(network, "status")
	lookAt(network, "site", "nowhere") // needs the PIN
	lookAt(network, "sync", "now")
	for _, r := range action.All {
		data = append(data, r.Usage())
	}
	data = append(data, strings.Join(action.All.Names(), ", "))
	for _, args := range [][]string{{}, {"longer"}, {"gone"}, {"confirm-site"}, {"sync", "now"}, {"timetable-hours", "water", "noon"}} {
		look(append([]string{"action"}, args...)...)
	}
	lookAt(tested(t), "selftest")
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, []byte("uplink:\n  interface: nowhere0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	look("diagnose", "--live", "--config", config)
	for _, want := range []string{"⟦generator running⟧", "⟦to do⟧", "⟦NOT OK⟧", "⟦(clock not set)⟧", "⟦nothing was counted yet", "⟦this needs the PIN⟧", "⟦the daemon says: ⟧", "⟦planned; not confirmed⟧", "⟦There is no interface ⟧",
		"⟦Ends the session.⟧", "⟦ found, expected: ⟧", "⟦There is no such action"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%s was never said: this test sees too little", want)
		}
	}

	v := statustest.Session()
	v.Uplink.Verdict, v.Uplink.Advice = "slow", "Planted beside the words."
	s.Publish(v)
	for _, command := range []string{"status", "diagnose"} {
		if out := inBrackets(t, address, command); !slices.Contains(wordstest.Strays(out), "Planted beside the words") {
			t.Errorf("%s: a planted sentence is not found: %s", command, out)
		}
	}
}

// views are those of a replayed day, of which one state in so many is taken, and
// some that the day does not have.
func views(t *testing.T) (all []status.View) {
	t.Helper()
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	const script = "../../sim/day/testdata/troubles.yaml"
	text, err := os.ReadFile(filepath.FromSlash(script))
	if err != nil {
		t.Fatal(err)
	}
	d, err := day.Parse(script, text, table)
	if err != nil {
		t.Fatal(err)
	}
	o := van.DefaultOptions()
	var state van.State
	seen := map[string]bool{}
	d.Watch = func(s van.State) { state = s }
	err = d.Play(o, table, func(e logbook.Event) {
		v := status.Of(o, state, nil)
		// One View for each way in which its codes stand.
		for _, code := range []string{v.Power.Source.String(), v.Power.Battery.Level, v.Uplink.Verdict, v.Session.Planned, v.Power.Shutdown.Reason} {
			if !seen[code] {
				seen[code], all = true, append(all, v)
				break
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	busy := statustest.Session()
	busy.Kiosk.Next, busy.Kiosk.HeldUntil, busy.Kiosk.Waiting, busy.Kiosk.Drawing = &status.KioskPage{Page: "help", Languages: []string{"en", "ar"}, Part: 2}, statustest.Clock(13, 0), 2, true
	busy.Kiosk.Part, busy.Kiosk.Parts = ptr(1), ptr(3)
	busy.Uplink.Supply = status.Supply{State: "on", OffAt: statustest.Clock(14, 0)}
	busy.Uplink.Cellular.Enough, busy.Uplink.Cellular.Words = "until", words.T("uplink.data.until", "Slot", 1, "At", "16:40")
	busy.Uplink.Verdict, busy.Uplink.Port = string(netmon.Slow), status.Port{Speed: ptr(100), Duplex: "full", Losses: 2}
	busy.Uplink.Advice, busy.Uplink.Words = "", words.T("uplink.advice.slow")
	busy.Uplink.LatencyMS, busy.Uplink.Loss = ptr(int64(4200)), ptr(0.12)
	busy.Devices[1].Why = "" // an error of the operating system, in English
	off := busy
	off.Uplink.Supply = status.Supply{State: "off"}
	off.Power = status.Power{Source: power.SourceBattery, Battery: status.Battery{Level: "critical"}, Shutdown: status.Shutdown{Pending: true, Reason: "battery-critical", InS: ptr(90.0)}}
	return append(all, busy, off)
}

// tested is the address of a box that makes a self-test.
func tested(t *testing.T) string {
	t.Helper()
	speaker := wordstest.Book().In(wordstest.Tag)
	box := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i, c := range []status.Check{
			{State: status.CheckFailed, Words: status.CheckWords{Name: words.T("selftest.part.screen"), Found: status.Fault("timeout"), Todo: words.T("selftest.todo.restart")}},
			{State: status.CheckNotFitted, Words: status.CheckWords{Name: words.T("selftest.part.temperature")}},
			{State: status.CheckNotTried, Words: status.CheckWords{Name: words.T("selftest.part.internet"), Found: words.T("selftest.no-way")}},
			{State: status.CheckPassed, Words: status.CheckWords{Name: words.T("selftest.part.gateway"), Found: words.T("selftest.gateway.answers")}},
		} {
			c.Number = i + 1
			json.NewEncoder(w).Encode(c.In(speaker))
		}
	}))
	t.Cleanup(box.Close)
	return box.URL
}

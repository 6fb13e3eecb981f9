package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"infobus/action"
	"infobus/status"
	"infobus/status/server"
	"infobus/timetable"
	"infobus/words"
)

// printed is what f prints.
func printed(t *testing.T, f func() error) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out := os.Stdout
	os.Stdout = write
	err = f()
	os.Stdout = out
	write.Close()
	text, _ := io.ReadAll(read)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// One row, with its sentences, is all that an action needs outside of van: then it
// has a route, a form, a command with help, and a row in the docs.
func TestAMadeUpActionNeedsOneRow(t *testing.T) {
	rows := append(slices.Clone(action.All), action.Row{Name: "honk", Args: []action.Arg{action.Day}, Form: action.OnPage, Asks: true})
	book, err := words.With(fstest.MapFS{"en.yaml": {Data: []byte(`language.name: English
action.honk.label: "Honk now"
action.honk.ask: "Honk at everybody?"
action.honk.done: "It has honked."
action.honk.help: "Honks, once."
`)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []action.Asked
	s := server.New(server.Options{Actions: rows, Words: book, Act: func(_ context.Context, row action.Row, asked action.Asked) action.Refusal {
		if got = append(got, asked); row.Name != asked.Name {
			t.Errorf("%s was asked with the row of %s", asked.Name, row.Name)
		}
		return action.Taken
	}})
	s.Publish(status.View{Actions: []string{"honk"}})
	dir, err := os.MkdirTemp("", "infobus") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Serve(ctx, l); close(ended) }()
	defer func() { cancel(); <-ended }()

	o := &options{book: book, address: socket, lang: "en"}
	infobus := func(args ...string) string {
		return printed(t, func() error {
			c := actionCommand(o, rows)
			c.SetArgs(args)
			return c.Execute()
		})
	}

	// The command line, its help, and through them the route.
	if help := infobus(); !strings.Contains(help, "honk [day=DAY]\n    Honks, once.\n") {
		t.Errorf("the actions are %s", help)
	}
	if out := infobus("honk", "day=2026-11-23"); out != "It has honked.\n" {
		t.Errorf("infobus action honk prints %q", out)
	}
	if want := []action.Asked{{Name: "honk", Args: action.Args{Day: timetable.DateOf(2026, 11, 23)}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("the daemon was asked for %+v", got)
	}
	var list []struct{ Name, Help string }
	o.json = true
	if err := json.Unmarshal([]byte(infobus()), &list); err != nil || len(list) != len(rows) || list[len(list)-1].Help != "Honks, once." {
		t.Errorf("%v, %+v", err, list)
	}

	// The form.
	d, err := o.reach()
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.get("/", nil)
	want := `<form method="post" action="/api/v1/actions/honk"><input type="hidden" name="token" value="~token~"><button>Honk now</button></form>`
	if err != nil || strings.Count(string(page), want) != 1 {
		t.Errorf("%v, no %s in %s", err, want, page)
	}

	// The docs.
	if docs := rows.Docs(book.In("en")); !strings.Contains(docs, "| `honk` | [`day`] | paired | Honks, once |\n") {
		t.Errorf("the tables are %s", docs)
	}

	// The list of those that there are.
	if err := d.post("/api/v1/actions/gone", nil); err == nil || !strings.Contains(err.Error(), "serviced-N, honk") {
		t.Errorf("another is refused with %v", err)
	}
}

// The commands that are older than the rows say the same as they do.
func TestSiteAndSyncAreTheirRows(t *testing.T) {
	for _, name := range []action.Name{action.ConfirmSite, action.Sync} {
		if row := the(name); row.Name != name {
			t.Errorf("the row of %s is that of %q", name, row.Name)
		}
	}
	for _, c := range []struct {
		line, says string
		code       int
	}{
		{"action gone", "There is no such action; there are: cancel-shutdown, ", 2},
		{"action confirm-site", "site: nothing found", 2},
		{"action sync now", "expected: infobus action sync\n", 2},
		{"action timetable-hours water 14:00", "hours: a text of 6 characters found", 2},
		{"action longer --address http://127.0.0.1:1", "infobus: ", 2},
		{"site quai --address http://127.0.0.1:1", "infobus: ", 2},
		{"sync now --address http://127.0.0.1:1", "infobus: ", 2},
	} {
		if _, said, code := infobus(t, t.TempDir(), strings.Fields(c.line)...); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit %d: %s; want %d with %q", c.line, code, said, c.code, c.says)
		}
	}
}

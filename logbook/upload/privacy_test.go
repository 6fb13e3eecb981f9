package upload

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"infobus/logbook"
)

// docs/privacy.md names every attribute that can leave, and no other: those of every
// record, and those of each event.
func TestThePrivacyPageNamesWhatLeaves(t *testing.T) {
	doc, err := os.ReadFile("../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([^`]*)`")
	cell := func(text string) (all []string) {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	var always []string
	of := map[string][]string{}
	for row := range strings.Lines(string(doc)) {
		cells := strings.Split(row, " | ")
		switch names := cell(cells[0]); {
		case !strings.HasPrefix(row, "| `"):
		case strings.HasPrefix(names[0], "infobus.") || names[0] == "service.name":
			always = append(always, names...)
		default:
			for _, name := range names {
				of[name] = cell(cells[1])
			}
		}
	}

	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b, err := encode("Van 1", []logbook.Event{{Log: "a", Seq: 1, Boot: "b", Mono: 1, At: now, Name: logbook.SystemStopping, Volatile: true, Also: "c/1"}}, now.Add(48*time.Hour), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var request collector.ExportLogsServiceRequest
	if err := proto.Unmarshal(b, &request); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, a := range request.ResourceLogs[0].Resource.Attributes {
		sent = append(sent, a.Key)
	}
	for _, a := range request.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Attributes {
		sent = append(sent, a.Key)
	}
	slices.Sort(sent)
	slices.Sort(always)
	if !slices.Equal(sent, always) {
		t.Errorf("on every record are %q, and the page names %q", sent, always)
	}
	for _, name := range slices.Sorted(maps.Keys(logbook.Schema)) {
		var keys []string
		for _, f := range logbook.Schema[name] {
			keys = append(keys, f.Key)
		}
		if !slices.Equal(of[string(name)], keys) {
			t.Errorf("%s has %q, and the page names %q", name, keys, of[string(name)])
		}
		delete(of, string(name))
	}
	for name := range of {
		t.Errorf("the page names %s, and there is no such event", name)
	}
}

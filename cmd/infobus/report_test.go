package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A report each hour tells of a trouble once, whatever the mail does.
func TestAReportTellsOfATroubleOnce(t *testing.T) {
	dir := t.TempDir()
	events := func(at time.Time) {
		line := fmt.Sprintf(`{"log":"a","seq":1,"boot":"b","mono_ns":5,"at":%q,"name":"battery.level","attributes":{"level":"good"}}`, at.Format(time.RFC3339))
		if err := os.WriteFile(filepath.Join(dir, "van.jsonl"), []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mails := func() string {
		b, _ := os.ReadFile(filepath.Join(dir, "mails"))
		os.Remove(filepath.Join(dir, "mails"))
		return string(b)
	}
	report := func(tell string) (said string, code int) {
		_, said, code = infobus(t, dir, "report", "van.jsonl", "-o", "vans.html", "--told", "told", "--tell", tell)
		return said, code
	}
	events(time.Now().AddDate(0, 0, -3))
	if said, code := report("cat >>mails; exit 3"); code != 1 || !strings.Contains(said, "was not told") || !strings.Contains(mails(), "Silent") {
		t.Errorf("a mail that fails: exit %d, %s", code, said)
	}
	if said, code := report("cat >>mails"); code != 0 || !strings.Contains(mails(), "New:\n- a: Silent") {
		t.Errorf("the next one: exit %d, %s", code, said)
	}
	if said, code := report("cat >>mails"); code != 0 || mails() != "" {
		t.Errorf("it is told twice: exit %d, %s", code, said)
	}
	if err := os.WriteFile(filepath.Join(dir, "told"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, code := report("cat >>mails"); code != 0 || !strings.Contains(said, "told again") || !strings.Contains(mails(), "New:\n- a: Silent") {
		t.Errorf("a file that was cut: exit %d, %s", code, said)
	}
	events(time.Now())
	if said, code := report("cat >>mails"); code != 0 || !strings.HasPrefix(mails(), "Over:\n- a: Silent") {
		t.Errorf("heard again: exit %d, %s", code, said)
	}
	if _, said, code := infobus(t, dir, "report", "van.jsonl", "-o", "vans.html", "--tell", "cat"); code != 2 {
		t.Errorf("without a file for what was told: exit %d, %s", code, said)
	}
}

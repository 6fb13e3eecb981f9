package debian

import (
	"encoding/json"
	"strings"
	"testing"
)

// Warnings of the journal become events that say whose they are, how bad and how many,
// and nothing of their text; the daemon itself cannot read the journal.
func TestTheJournalsWarningsAreEventsWithoutText(t *testing.T) {
	m := fresh(t)
	const secret = "Jean Dupont 0612345678 at 10.1.2.3"
	fails := func(name, folder string) {
		m.write(folder+name+".service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo \"<3>"+secret+"\" >&2; exit 1'\n")
	}
	fails("lab-packaged", "/usr/lib/systemd/system/")
	fails("lab-packaged@", "/usr/lib/systemd/system/")
	fails("jean-dupont", "/etc/systemd/system/")
	m.run("systemctl daemon-reload; ! systemctl start lab-packaged; ! systemctl start lab-packaged@aa:bb:cc:00:11:22; ! systemctl start jean-dupont")
	m.run(`for i in 1 2 3; do systemd-cat --priority=warning echo "` + secret + `"; done; journalctl --sync`)
	m.run("systemctl restart infobusd") // which counts at the start
	m.wait(`infobus events --json | grep system.warnings | grep lab-packaged`)
	m.run("systemctl restart infobusd") // at its end it tells of the kinds that were too many for once
	m.wait(`infobus events --json | grep system.warnings | grep lab-packaged@.service | grep '"warning"'`)
	said := m.run("infobus events --json | grep system.warnings")
	kinds := map[string]float64{}
	for line := range strings.Lines(said) {
		var e struct {
			Attributes struct {
				Unit     string  `json:"unit"`
				Priority string  `json:"priority"`
				Message  string  `json:"message_id"`
				Count    float64 `json:"count"`
			} `json:"attributes"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		a := e.Attributes
		kinds[a.Unit+" "+a.Priority+" "+a.Message] += a.Count
	}
	t.Logf("the events are %v", kinds)
	const failed = "d9b373ed55a64feb8242e02dbe79a49c"
	for kind, want := range map[string]float64{
		"lab-packaged.service err ":               1, // what it wrote
		"lab-packaged.service warning " + failed:  1, // what systemd says of it
		"lab-packaged@.service err ":              1,
		"lab-packaged@.service warning " + failed: 1,
	} {
		if kinds[kind] != want {
			t.Errorf("%q came %v times, want %v", kind, kinds[kind], want)
		}
	}
	if kinds["other err "] < 1 || kinds["other warning "] < 3 {
		t.Errorf("what nobody's package has installed came too seldom: %v", kinds)
	}
	all := said + m.run("cat /run/infobus-journal; cat /var/lib/infobus/* 2>/dev/null")
	for _, word := range []string{"Jean", "jean", "0612345678", "10.1.2.3", "aa:bb", "dupont"} {
		if strings.Contains(all, word) {
			t.Errorf("it tells %q", word)
		}
	}
	m.run("! setpriv --reuid infobus --regid infobus --init-groups journalctl --boot --quiet --lines=1 | grep .")
	for _, other := range []string{"start infobus-journal@x.service", "stop infobus-journal@0.service", "start infobus-journal@1.service infobusd.service"} {
		m.run("! setpriv --reuid infobus --regid infobus --init-groups systemctl --no-ask-password " + other)
	}
}

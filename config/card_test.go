package config

import (
	"regexp"
	"testing"
)

// What docs/installing.md has a team put on the card is a configuration, the same in both
// languages, and begins with the card's own line.
func TestTheConfigurationThatTheDocumentsGiveForACardIsRight(t *testing.T) {
	block := regexp.MustCompile("(?s)```\n   (gpio: .*?)\n   ```")
	texts := map[string]string{}
	for _, file := range []string{"../docs/installing.md", "../docs/installing.fr.md"} {
		found := block.FindStringSubmatch(text(t, file))
		if found == nil {
			t.Fatalf("%s has none", file)
		}
		texts[file] = regexp.MustCompile(`(?m)^   `).ReplaceAllString(found[1], "")
		c, err := Parse(file, []byte(texts[file]))
		if err != nil || len(c.Generators) != 2 || c.Monoxide == nil || c.Sockets == nil || c.Kiosk.Button == nil || c.Battery.LowLine == nil || c.Uplink.Relay == nil {
			t.Errorf("%v, %+v", err, c)
		}
		own, err := Parse("infobus.yaml", []byte(text(t, "../images/card/infobus.yaml")))
		if err != nil || c.GPIO != own.GPIO {
			t.Errorf("%v: the chip is %s, want %s", err, c.GPIO, own.GPIO)
		}
	}
	if texts["../docs/installing.md"] != texts["../docs/installing.fr.md"] {
		t.Error("the languages differ")
	}
}

package advice_test

import (
	"strings"
	"testing"
	"time"

	"infobus/advice"
	"infobus/netmon"
	"infobus/reading"
	"infobus/van"
	"infobus/words"
)

// Whatever is wrong for the box: once a volunteer says that a page opens on a phone,
// nobody is told to touch the Cisco box.
func TestNobodySwitchesTheCiscoBoxOffWhilePhonesAreServed(t *testing.T) {
	o := van.DefaultOptions()
	asks := 0
	for _, v := range netmon.Verdicts {
		for _, opens := range []bool{false, true} {
			s := van.New(o)
			s.Uplink.Verdict = v
			if !s.Uplink.Asks() {
				continue
			}
			s.Uplink.Phone = reading.Of(opens, time.Second)
			told := false
			for _, a := range advice.Judge(o, s).Rows {
				if a.About != advice.Internet {
					continue
				}
				for _, lang := range []string{"en", "fr"} {
					text := strings.ToLower(words.In(lang).Text(a.Text) + words.In(lang).Text(a.Then))
					told = told || strings.Contains(text, "switch the cisco box off") || strings.Contains(text, "rallumez le boîtier cisco")
				}
			}
			if opens && told {
				t.Errorf("%s: the Cisco box is to be switched off, and phones are served", v)
			}
			if told {
				asks++
			}
		}
	}
	if asks < 3 {
		t.Errorf("it is said of %d verdicts only: the test sees too little", asks)
	}
}

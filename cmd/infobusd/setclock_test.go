package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A volunteer sets the clock of a box without internet: the page's own script sends the
// phone's time. One that is days from the last network time is asked about, and so is one
// that another phone contradicts; both are taken from who is sure. Where no script runs
// the same holds of a time that is typed, and who is asked about it types it no more.
func TestAVolunteerSetsTheClockFromAPhone(t *testing.T) {
	looksInABrowser(t)
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts run: %t", scripts), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"pin": "2468\n", "infobus.yaml": "status:\n  pin-file: " + filepath.Join(dir, "pin") + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, t.TempDir(), nil, "--sim", "--config", filepath.Join(dir, "infobus.yaml"))
			p.becomes("clock.trusted", true) // a network time to remember
			paris, err := time.LoadLocation("Europe/Paris")
			if err != nil {
				t.Fatal(err)
			}
			b := openPage(t, p.base+"/")
			b.logIn("2468")
			p.infobus("sim", "clock", "untrusted")
			p.becomes("clock.source", "")
			b.do(as(scripts), chromedp.Navigate(p.base+"/"))
			// says waits until the page does, also the one that comes next.
			says := func(words string) {
				t.Helper()
				b.until("the page says "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
			}
			says("Set the clock")

			// set has the phone that is ahead by that set the clock.
			set := func(ahead time.Duration, sure bool) {
				t.Helper()
				at := time.Now().In(paris).Add(ahead)
				fill := fmt.Sprintf("form.date.value = %q; form.clock.value = %q", at.Format(time.DateOnly), at.Format("15:04"))
				if scripts {
					fill = fmt.Sprintf("window.real ??= Date.now; Date.now = () => real() + %d", ahead.Milliseconds())
				}
				b.until("the form is there", `document.readyState == "complete" && !!document.querySelector('form[action$="/set-clock"]')`)
				b.eval(fmt.Sprintf(`(() => { const form = document.querySelector('form[action$="/set-clock"]').elements;
					%s; form.sure.checked = %t; form.sure.form.closest('details').open = true;
					form.sure.form.querySelector('button').click(); return '' })()`, fill, sure))
			}
			shows := func(ahead time.Duration) {
				t.Helper()
				p.becomes("clock.source", "volunteer")
				p.wait(fmt.Sprintf("the clock to be %s ahead", ahead), func() bool {
					now, err := time.Parse(time.RFC3339, fmt.Sprint(p.at("clock.now")))
					return err == nil && time.Until(now.Add(-ahead)).Abs() < 3*time.Minute
				})
			}
			// confirm says again, by one tap where a time was typed, that the phone is right.
			confirm := func(ahead time.Duration) {
				t.Helper()
				if scripts {
					set(ahead, true)
					return
				}
				b.press(`main.question form[action$="/set-clock"] button`)
			}
			const days = 72 * time.Hour
			set(days, false)
			says("The internet last gave the time more than a day from this one.")
			if source := p.at("clock.source"); source != "" {
				t.Errorf("set before the volunteer was sure: %v", source)
			}
			confirm(days)
			shows(days)
			says("The clock is being set")

			set(0, false)
			says("Another phone said another time")
			shows(days)
			confirm(0)
			shows(0)
		})
	}
}

// as is a phone in the van's zone, on which the page's scripts run or do not.
func as(scripts bool) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, target, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Europe/Paris"}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
		return chromedp.Void{}, err
	}
}

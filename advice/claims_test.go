package advice_test

import (
	"strings"

	"infobus/advice"
	"infobus/van"
	"infobus/words"
)

// said60 are the claims that are made to a volunteer, as the pages make them: by what
// is on them, not by what was meant.
func said60(o van.Options, s van.State, j advice.Judgement) (all []advice.Claim) {
	say := func(c advice.Claim, is bool) {
		if is {
			all = append(all, c)
		}
	}
	say(advice.AllWell, j.Level == advice.Good)
	for _, t := range j.Tiles {
		say(advice.Claim(string(t.About)+"-well"), t.Level == advice.Good)
		say(advice.NoInternet, t.Words.Key == "verdict.no-internet")
	}
	say(advice.Unplug, s.OKToUnplug() && j.May(advice.Unplug))
	_, full, ok := s.Power.TimeLeft(o.Power)
	say(advice.FullIn, ok && full && j.May(advice.FullIn))
	say(advice.Lasts, ok && !full && j.May(advice.Lasts))
	for _, r := range j.Rows {
		say(advice.NoInternet, r.Text.Key == "uplink.advice.no-internet")
		for _, t := range []words.Text{r.Text, r.Then} {
			sentence := words.In("en").Text(t)
			switchOff := strings.Contains(sentence, "switch the Cisco box off") || strings.Contains(sentence, "then switch it off")
			say("restart-cisco", switchOff && !strings.HasPrefix(sentence, "Does a page open on a phone?"))
		}
	}
	return all
}

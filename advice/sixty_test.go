package advice_test

import (
	"slices"
	"testing"

	"infobus/advice"
	"infobus/advice/advicetest"
	"infobus/words"
)

// In each of the sixty states, which were written before the judgement, it gives the
// right act, and says nothing beside it that must not be said.
func TestTheRightActIsGivenInAllSixtyStates(t *testing.T) {
	all := advicetest.Sixty()
	if len(all) != 60 {
		t.Fatalf("%d states", len(all))
	}
	acts := map[string]int{}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			o, s, err := c.Play()
			if err != nil {
				t.Fatal(err)
			}
			j := advice.Judge(o, s)
			said := words.In().Text(j.First.Text)
			if string(j.First.Act) != c.Act {
				t.Errorf("the act is %s (%s: %s), want %s", j.First.Act, j.First.Code, said, c.Act)
			}
			for _, claim := range said60(o, s, j) {
				if slices.Contains(c.Not, string(claim)) {
					t.Errorf("%s is said beside %q", claim, said)
				}
			}
			acts[c.Act]++
		})
	}
	t.Log(acts)
}

package advice

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"infobus/words"
)

// docRow is the row of docs/api.md whose field it is.
func docRow(t *testing.T, doc, field string) string {
	t.Helper()
	_, row, found := strings.Cut(doc, "\n| `"+field+"` |")
	if !found {
		t.Fatalf("docs/api.md has no %s", field)
	}
	row, _, _ = strings.Cut(row, "\n")
	return row
}

// Every code, act and thing of the table, and every colour, icon and number of a tile,
// stands in docs/api.md; that each word there is said, images/house looks. The things
// stand on the van's card too.
func TestTheWordsOfTheJudgementAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(field, word string) {
		if word != "" && !strings.Contains(docRow(t, string(b), field), "`"+word+"`") {
			t.Errorf("docs/api.md says nothing of %s %s", field, word)
		}
	}
	for _, r := range table {
		if r.code != uplinkBroken && r.code != gatewaySaved && !strings.HasPrefix(r.code, uplink) {
			has("advice[].code", r.code)
		}
		has("first.act", string(r.act))
		has("first.touch", string(r.touch))
	}
	for _, u := range uplinks {
		has("first.act", string(u.act))
		has("first.touch", string(u.touch))
	}
	for _, l := range levels {
		has("first.level", string(l))
		has("tiles[].level", string(l))
	}
	said := map[[2]string]bool{}
	for _, m := range reached(t) {
		for _, tile := range Judge(m.o, m.s).Tiles {
			said[[2]string{"tiles[].tile", string(tile.About)}] = true
			said[[2]string{"tiles[].icon", string(tile.Icon)}] = true
			said[[2]string{"tiles[].number.kind", string(tile.Number.Kind)}] = true
		}
	}
	for word := range said {
		has(word[0], word[1])
	}
	card, err := os.ReadFile("../docs/card.md")
	if err != nil {
		t.Fatal(err)
	}
	for touch, names := range map[Touch][2]string{TheGenerator: {"generator", "groupe électrogène"}, TheCharger: {"charger", "chargeur"}, TheCrates: {"crates", "caisses"},
		TheCable: {"cable", "câble"}, TheAdapter: {"adapter", "adaptateur"}, TheBox: {"box", "boîtier"}, TheAntenna: {"antenna", "antenne"},
		TheSIM: {"SIM", "SIM"}, ThePoint: {"access points", "bornes Wi-Fi"}, ThePhone: {"phone", "téléphone"}, ThePage: {"page", "page"}} {
		for _, name := range names {
			if !strings.Contains(string(card), "| **"+name+"** |") {
				t.Errorf("%s is not on the card as %s", touch, name)
			}
		}
	}
}

// In every language a tile has three words at most, and every sentence is there.
func TestATileHasThreeWordsAndEverySentenceIsSaid(t *testing.T) {
	texts := map[string]words.Text{}
	for _, m := range reached(t) {
		j := Judge(m.o, m.s)
		for _, tile := range j.Tiles {
			texts["tile "+tile.Words.Key] = tile.Words
		}
		for _, r := range append(j.Rows, j.First) {
			texts["row "+r.Text.Key] = r.Text
		}
	}
	for _, l := range words.Shipped().Languages() {
		for where, text := range texts {
			said := words.In(l.Tag).Text(text)
			n := len(strings.FieldsFunc(said, func(r rune) bool {
				return unicode.IsSpace(r) || r == '«' || r == '»' || r == '\u00a0' || r == '\u202f'
			}))
			if said == text.Key || n == 0 || strings.HasPrefix(where, "tile ") && n > 3 {
				t.Errorf("%s: %s is %q", l.Tag, where, said)
			}
		}
	}
	t.Logf("%d texts", len(texts))
}

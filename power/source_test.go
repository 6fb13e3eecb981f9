package power

import (
	"encoding/json"
	"testing"
)

func TestASourceIsItsWordInJSON(t *testing.T) {
	for source, word := range map[Source]string{Source(0): "unknown", SourceGenerator: "generator", SourceBattery: "battery"} {
		b, err := json.Marshal(source)
		if err != nil || string(b) != `"`+word+`"` {
			t.Errorf("%s is written as %s, %v", word, b, err)
		}
		again := Source(9)
		if err := json.Unmarshal(b, &again); err != nil || again != source {
			t.Errorf("%s is read as %s, %v", b, again, err)
		}
	}
	s := SourceBattery
	if err := json.Unmarshal([]byte(`"solar"`), &s); err == nil || s != SourceBattery {
		t.Errorf("a word that is none is read as %s, %v", s, err)
	}
}

func TestAGeneratorHasOneNameAndOneNumber(t *testing.T) {
	for n, name := range map[int]string{1: "generator-1", 4: "generator-4"} {
		if id := GeneratorNumbered(n); id.String() != name || id.Number() != n || int(id) != n-1 {
			t.Errorf("generator %d: %s, number %d, index %d", n, id, id.Number(), int(id))
		}
	}
}

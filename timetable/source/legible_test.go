package source

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"infobus/kiosk/locales"
)

func TestWhatNobodyCanReadIsSeen(t *testing.T) {
	for _, text := range []string{
		"ThÃ© et cafÃ©", "HÃ´tel de Ville", "Lâ€™accueil", "Ã\u00a0 midi", "Â«\u00a0RepasÂ\u00a0Â»", "Ø´Ø§ÙŠ ÙˆÙ\u0081Ø·ÙˆØ±", "áˆ»áˆ­", "Äƒn sÃ¡ng", "Ð§Ð°Ð¹",
		"ÔÇí æÝØæÑ", "ãÑßÒ ÇáãÏíäÉ", "×éä", "Th\ufffd", "????? ???", "#N/A", "#NOM?", "#NAME?", "#REF!", "#VALEUR!", "#VALUE!", "#DIV/0!", "#NUL!", "#NOMBRE!", "#######", "Err:502", "#NV",
		"&#1588;&#1575;&#1610;",
	} {
		if illegible(text) == "" {
			t.Errorf("%q was taken for text", text)
		}
	}
}

func TestWhatPeopleReadIsText(t *testing.T) {
	texts := []string{"Thé et café", "Hôtel de Ville", "L’accueil", "CAFÉ\u00a0!", "CAFÉ « L’ÉTÉ »", "OÙ\u00a0? Là", "«\u00a0Été\u00a0»", "Œuvre, cœur", "Rue de l'Âge d'Or", "Señor Ibáñez", "São João", "Ações", "Größe", "créées", "naïveté", "№ 3",
		"Bữa ăn nóng ở đây", "Ăn trưa", "#1 Clinic", "What?", "A # B", "شاي وفطور", "ሻይ", "چای", "100 % 20°", "ÉÈ", "Château d'Île-de-Ré", "Ça, où ? Là…", "Tea & coffee"}
	for _, l := range locales.All() {
		for _, text := range l.Texts() {
			texts = append(texts, text.Text)
		}
	}
	for _, text := range texts {
		if why := illegible(text); why != "" {
			t.Errorf("%q: %s", text, why)
		}
	}
}

// Every text of the screen's languages is seen once it was encoded twice, or was
// Arabic of Windows and read as French, as far as it has anything else than ASCII.
func TestTextsOfTheScreenAreSeenOnceTheyAreGarbled(t *testing.T) {
	seen := 0
	for _, l := range locales.All() {
		for _, text := range l.Texts() {
			ascii := !strings.ContainsFunc(text.Text, func(c rune) bool { return c >= utf8.RuneSelf })
			twice, err := charmap.Windows1252.NewDecoder().String(text.Text)
			if ascii || err != nil || strings.ContainsAny(text.Text, "{\u2068") {
				continue
			}
			seen++
			if illegible(twice) == "" {
				t.Errorf("%s: %q, of %q, was taken for text", l.Tag, twice, text.Text)
			}
			if l.Tag != "ar" {
				continue
			}
			bytes, err := charmap.Windows1256.NewEncoder().String(text.Text)
			french, err2 := charmap.Windows1252.NewDecoder().String(bytes)
			if err != nil || err2 != nil {
				continue
			}
			if illegible(french) == "" {
				t.Errorf("%q, of %q, was taken for text", french, text.Text)
			}
		}
	}
	if seen < 150 {
		t.Errorf("only %d texts were tried", seen)
	}
}

func TestALatinNameInAColumnOfAnotherScript(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       bool
	}{{"ar", "Secours Catholique", true}, {"ar", "Secours شاي", false}, {"ar", "12:00", false}, {"fr", "Secours", false}, {"ti", "Tea", true}, {"om", "Tea", false}, {"uz-Arab", "Tea", true}} {
		if inLatin(c.lang, c.text) != c.want {
			t.Errorf("%s %q", c.lang, c.text)
		}
	}
}

func FuzzIllegible(f *testing.F) {
	f.Add("ThÃ©")
	f.Add("#N/A")
	f.Add("=/")
	f.Fuzz(func(t *testing.T, text string) {
		ascii := true
		for _, c := range text {
			ascii = ascii && c < utf8.RuneSelf
		}
		if ascii && !strings.ContainsAny(text, "#?&:") && !strings.HasPrefix(text, "=") && illegible(text) != "" {
			t.Errorf("%q", text)
		}
	})
}

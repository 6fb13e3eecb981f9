package guide

import (
	"strings"
	"testing"
	"testing/fstest"
)

const head = "language: en\nsource: en\n\n# a\nTitle\n\n## b\n"

func TestEveryMistakeIsSaidWithItsPlace(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"nothing at all":                  {"", "en.md:1:1: no language found"},
		"no source":                       {"language: en\n# a\nTitle\n", "en.md:1:1: no source found"},
		"another language's file":         {strings.Replace(head, "language: en", "language: fr", 1) + "text", "en.md:1:1: language: fr found in en.md"},
		"an unknown language":             {"language: xx\nsource: en\n# a\nTitle\n", `en.md:1:1: language: "xx" found; expected one of: en, am`},
		"a text before the first section": {"language: en\nsource: en\nHello\n# a\nTitle\n", "en.md:3:1: a text before the first section"},
		"no section":                      {"language: en\nsource: en\n", "en.md:1:1: no section found"},
		"a paragraph before a section":    {"language: en\nsource: en\n## a\ntext\n", "en.md:3:1: a paragraph before the first section"},
		"no id":                           {head + "text\n##\ntext\n", "en.md:9:1: "},
		"an id in capitals":               {head + "text\n## Bring\n", `en.md:9:1: "## Bring" found; expected # and a section's id`},
		"a third level":                   {head + "text\n### c\n", "en.md:9:1: "},
		"a word behind the id":            {head + "text\n## c checked\ntext\n", `en.md:9:1: "checked" found behind the id c`},
		"an id twice":                     {head + "text\n## b\ntext\n", "en.md:9:1: a.b a second time; it stands on line 7"},
		"a paragraph without a text":      {head + "\n# c\nTitle\n", "en.md:7:1: a.b: no text found"},
		"a title that is a list":          {"language: en\nsource: en\n# a\n- x\n", "en.md:3:1: a: a title of one line"},
		"a long title":                    {"language: en\nsource: en\n# a\n" + strings.Repeat("x", 81), "en.md:3:1: a: a title of more than 80 letters"},
		"HTML":                            {head + "Come <b>here</b>", `en.md:8:6: "<" found: markup`},
		"a script":                        {head + "<script>alert()</script>", `en.md:8:1: "<" found: markup`},
		"a link":                          {head + "See [this](that)", `en.md:8:5: "[" found: markup`},
		"code":                            {head + "Say `x`", `en.md:8:5: "` + "`" + `" found: markup`},
		"a single star":                   {head + "a *b* c", `en.md:8:3: "*" found: markup`},
		"bold that does not end":          {head + "a **b c\nd", "en.md:8:3: ** found, and no **"},
		"an entity":                       {head + "a &amp; b", `en.md:8:3: "&amp;" found: markup`},
		"an address":                      {head + "see https://x.org/y", `en.md:8:10: "://" found: an address`},
		"an address without a scheme":     {head + "see example.org now", `en.md:8:5: "example.org" found: an address`},
		"an e-mail":                       {head + "to me@home", `en.md:8:6: "@" found: an address`},
		"a script's address":              {head + "javascript:x", `en.md:8:1: "javascript:" found: an address`},
		"an hour":                         {head + "from 10:30 on", `en.md:8:6: a number found ("10:30"); hours and telephone numbers come from`},
		"a telephone number":              {head + "call 06 12 34 56 78", "en.md:8:6: a number found"},
		"an hour in Arabic digits":        {head + "text ١٠:٣٠", "en.md:8:6: a number found"},
		"an hour in Ethiopic digits":      {head + "text ፲፪", "en.md:8:6: a number found"},
		"a right-to-left override":        {head + "text \u202egnol", "en.md:8:6: a sign that turns the writing around found (U+202E)"},
		"an isolate":                      {head + "text \u2067x", "en.md:8:6: a sign that turns the writing around found (U+2067)"},
		"a mark of direction":             {head + "text \u200f", "en.md:8:6: an invisible character found (U+200F)"},
		"a control character":             {head + "a\x07b", "en.md:8:2: an invisible character found (U+0007)"},
		"a letter that was lost":          {head + "a\ufffdb", "en.md:8:2: a letter was lost"},
		"a byte that is no UTF-8":         {head + "a\xe9b", "en.md:8:2: a byte that is no UTF-8 found"},
		"a reference that does not end":   {head + "a {service:x.hours", "en.md:8:3: a { without its }"},
		"a reference to nothing":          {head + "a {hours}", `en.md:8:3: "{hours}" found; a reference such as`},
		"a field that a service has not":  {head + "a {service:x.opens}", "en.md:8:3: \"{service:x.opens}\" found; expected one of .hours, .place, .map, .name"},
		"a service without a field":       {head + "a {service:showers}", "en.md:8:3: "},
		"a picture that no number has":    {head + "a {number:police}", "en.md:8:3: \"{number:police}\" found; expected one of emergency"},
		"where the van will be":           {head + "a {van:next}", `en.md:8:3: "{van:next}" found: no text names where the van is or will be`},
		"a site":                          {head + "a {site:quai}", `no text names where the van is or will be`},
		"a text that is too long":         {head + strings.Repeat("word ", 301), "en.md:8:1: more than 1500 letters found in a.b"},
		"a list that is too long":         {head + strings.Repeat("- x\n", 31), "en.md:38:3: more than 30 pieces"},
		"more texts than there may be":    {head + "text\n" + many(200), "more than 200 sections and paragraphs"},
		"a wording behind the text":       {head + "text\n> text", "en.md:9:1: a line with > behind the text"},
		"a wording that the mark has not": {strings.Replace(head, "## b", "## b 00000000", 1) + "> text\ntext", "en.md:7:1: a.b: the source's wording, with >, has the eight digits 982d9e3e, and the mark has 00000000"},
		"a wording that is no text":       {head + "> <b>\ntext", "en.md:7:1: a.b: the source's wording"},
		"more than a file may have":       {head + strings.Repeat("x", MaxFile), "bytes found, at most 131072 were expected"},
	} {
		_, wrong := Parse("en.md", []byte(c.text))
		if len(wrong) == 0 || !strings.Contains(wrong.Error(), c.want) {
			t.Errorf("%s: %v, want %s", what, wrong, c.want)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("## p" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "\ntext\n")
	}
	return b.String()
}

func TestWhatMayStandInAText(t *testing.T) {
	for _, text := range []string{
		"Plain text, with commas; and (brackets). Quotes: \"a\", ‘b’, « c ».",
		"**bold** and **more of it**",
		"- a list\n- of **two**",
		"نص عربي، مع فاصلة.", "می‌خواهم", // with a joiner
		"ጽሑፍ፡ ብትግርኛ።", "Tiếng Việt",
		"{service:city.showers.hours} and {service:showers.place}, {number:sea.name}: {number:sea}",
		"e.g. this & that", "data: what it is",
	} {
		if _, wrong := Parse("en.md", []byte(head+text+"\n")); len(wrong) > 0 {
			t.Errorf("%s: %v", text, wrong)
		}
	}
}

// How lines are broken makes no other wording; every other change does.
func TestAWordingIsKnownByItsHash(t *testing.T) {
	hash := func(text string) string {
		t.Helper()
		items, wrong := ParseText(text)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		return Hash(items)
	}
	whole := hash("Your phone stays **here** at {service:showers.place} and is safe.\n- one")
	for _, same := range []string{"Your phone\nstays **here**\nat\n{service:showers.place}\nand is safe.\n- one", "  Your   phone stays **here** at {service:showers.place} and\tis safe.  \r\n- one\n\n"} {
		if hash(same) != whole {
			t.Errorf("%q is another wording", same)
		}
	}
	for _, other := range []string{"Your phone stays **here** at {service:showers.place} and is safe. - one", "Your phone stays here at {service:showers.place} and is safe.\n- one",
		"Your phone stays **here** at {service:showers.name} and is safe.\n- one", "Your phone stays **here** at {service:showers.place} and is safe!\n- one"} {
		if hash(other) == whole {
			t.Errorf("%q is the same wording", other)
		}
	}
}

func TestAFolderThatIsNoGuideIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"an empty folder":             {nil, ".:0:0: no guide found; a file such as en.md was expected"},
		"a guide of 50 MB":            {map[string]string{"en.md": strings.Repeat("a", 50<<20)}, "en.md:1:1: 52428800 bytes found, at most 131072 were expected"},
		"no source":                   {map[string]string{"fr.md": "language: fr\nsource: en\n# a\nx\n"}, "en.md:0:0: missing"},
		"two sources":                 {map[string]string{"en.md": head + "x", "fr.md": "language: fr\nsource: fr\n# a\nx\n"}, "fr.md:1:1: source: fr found, and en.md has en"},
		"a reference that was broken": {map[string]string{"en.md": head + "{number:sea}", "fr.md": "language: fr\nsource: en\n# a\n## b " + of("{number:sea}") + "\n{number:home}\n"}, "fr.md:4:1: a.b: {number:home} found, which the source does not have; {number:sea} is missing"},
	} {
		if _, wrong := try(c.files); len(wrong) == 0 || !strings.Contains(wrong.Error(), c.want) {
			t.Errorf("%s: %v, want %s", what, wrong, c.want)
		}
	}
	if _, wrong := Load(fstest.MapFS{"en.md": &fstest.MapFile{Mode: 0o755 | 1<<31}}); len(wrong) == 0 {
		t.Error("a folder was read as a file")
	}
}

func of(text string) string {
	items, _ := ParseText(text)
	return Hash(items)
}

func FuzzParse(f *testing.F) {
	f.Add(english)
	f.Add("language: ti\nsource: en\n\n# a 0123abcd reviewed\n> old **w**\n>\n> - x\nጽሑፍ\n## b\n- {number:sea} **{service:a.b.hours}**\n")
	f.Add(head + "a **b**{number:sea}**c**")
	for _, s := range []string{"{service:showers.hours}", "{service:a.b.place}", "{number:emergency}", "{number:sea.name}", "{number:sea.}", "{van:next}", "{:}", "{service:.hours}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fuzzRef(t, text)
		fuzzFile(t, text)
	})
}

func fuzzRef(t *testing.T, s string) {
	r, err := ParseRef(s)
	if err == nil && (r.String() != s || r.ID == "" || r.Kind != "service" && r.Kind != "number") {
		t.Errorf("%q is %+v", s, r)
	}
	if err != nil && err.Error() == "" {
		t.Error("a mistake without a word")
	}
}

func fuzzFile(t *testing.T, text string) {
	read, wrong := Parse("en.md", []byte(text))
	for _, m := range wrong {
		if m.Line < 1 || m.Column < 1 || m.What == "" {
			t.Errorf("mistake %+v", m)
		}
	}
	if len(wrong) > 0 {
		return
	}
	again, wrong := Parse("en.md", read.Bytes(true))
	if len(wrong) > 0 || len(again.Texts) != len(read.Texts) {
		t.Fatalf("%v\n%s", wrong, read.Bytes(true))
	}
	for i, a := range read.Texts {
		b := again.Texts[i]
		if a.ID != b.ID || a.From != b.From || a.Reviewed != b.Reviewed || Hash(a.Items) != Hash(b.Items) || Markdown(a.Items) != Markdown(b.Items) {
			t.Errorf("%+v\n%+v", a, b)
		}
		for _, item := range a.Items {
			for _, r := range item.Runs {
				if strings.ContainsAny(r.Text, "<>{}`[]0123456789\u202e\u2067\x00") {
					t.Errorf("%q is shown", r.Text)
				}
			}
		}
	}
}

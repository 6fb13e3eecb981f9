package guide

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"
)

var french = "language: fr\nsource: en\n\n# phone " + of("Your phone") + " reviewed\n> Your phone\nVotre téléphone\n"

func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	data, err := load(t, files).Pack()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAPackedGuideIsTheSameGuide(t *testing.T) {
	data := packed(t, map[string]string{"en.md": english, "fr.md": french})
	if !bytes.Equal(data, packed(t, map[string]string{"fr.md": french, "en.md": english, "README.md": "not read"})) {
		t.Error("the same guide has other bytes")
	}
	g, wrong := Open("guide.zip", data)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if got, want := g.Languages(), []string{"en", "fr"}; !slices.Equal(got, want) || g.Source != "en" {
		t.Errorf("%v of %s", got, g.Source)
	}
	f := facts(t, "2026-11-23T10:00", "moulin")
	s := g.In("fr", f)
	if s[0].Title.State != OK || said(s[0].Title.Body) != "Votre téléphone" || s[0].Paragraphs[0].State != Missing {
		t.Errorf("%+v", s[0])
	}
	again, err := g.Pack()
	if err != nil || !bytes.Equal(again, data) {
		t.Error("packed again it has other bytes", err)
	}
}

// archive is a ZIP of what is said, in this order.
func archive(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err == nil {
			_, err = w.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsNoPackedGuideIsRefused(t *testing.T) {
	whole := packed(t, map[string]string{"en.md": english})
	for what, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":                         {nil, "no packed guide, or not whole"},
		"half of one":                     {whole[:len(whole)/2], "no packed guide, or not whole"},
		"50 MB":                           {make([]byte, 50<<20), "52428800 bytes found, at most 2097152 were expected"},
		"1 MB, packed":                    {archive(t, "en.md", strings.Repeat("a", 1<<20)), "en.md has 1048576 bytes, at most 131072 were expected"},
		"a name that leaves its folder":   {archive(t, "../en.md", "x"), `"../en.md" found in it, a name that leaves its folder`},
		"a name that is a path":           {archive(t, "/etc/en.md", "x"), `"/etc/en.md" found in it, a name that leaves its folder`},
		"a name of Windows":               {archive(t, `..\en.md`, "x"), "a name that leaves its folder"},
		"a page":                          {archive(t, "index.html", "<script>"), `"index.html" found in it; names such as en.md were expected`},
		"no manifest":                     {archive(t, "en.md", english), "no manifest.json of format 1"},
		"another format":                  {archive(t, "manifest.json", `{"format":2}`, "en.md", english), "no manifest.json of format 1"},
		"a file of which it says nothing": {archive(t, "manifest.json", `{"format":1,"source":"en","files":[]}`, "en.md", english), "1 files found in it, 0 were expected"},
		"a file that is another":          {archive(t, "manifest.json", `{"format":1,"source":"en","files":[{"name":"en.md","bytes":1,"sha256":"00"}]}`, "en.md", "x"), `"en.md" is not as it was packed`},
		"a file twice":                    {archive(t, "en.md", "x", "en.md", "y"), "en.md found in it a second time"},
		"many files":                      {archive(t, strings.Split(strings.Repeat("en.md|x|", 12)+"en.md|x", "|")...), "13 files found in it, at most 11 were expected"},
	} {
		if g, wrong := Open("guide.zip", c.data); len(wrong) != 1 || !strings.Contains(wrong.Error(), "guide.zip:1:1: ") || !strings.Contains(wrong.Error(), c.want) || !g.Empty() {
			t.Errorf("%s: %v, want %s", what, wrong, c.want)
		}
	}
}

// A byte that is another is found, but where it is none of a text's.
func TestAPackedGuideThatIsDamagedIsNotShown(t *testing.T) {
	whole := packed(t, map[string]string{"en.md": english, "fr.md": french})
	for i := 0; i < len(whole); i += 3 {
		torn := slices.Clone(whole)
		torn[i] ^= 0x10
		if g, wrong := Open("guide.zip", torn); len(wrong) == 0 {
			if again, err := g.Pack(); err != nil || !bytes.Equal(again, whole) {
				t.Errorf("byte %d is another, and another guide is shown", i)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(packed(f, map[string]string{"en.md": english, "fr.md": french}))
	f.Add(archive(f, "manifest.json", `{"format":1,"source":"en","files":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, wrong := Open("guide.zip", data)
		if g.Empty() == (len(wrong) == 0) {
			t.Errorf("%v, and a guide of %d texts", wrong, len(g.source()))
		}
	})
}

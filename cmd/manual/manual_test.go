package manual

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestThePageHoldsTheHelp(t *testing.T) {
	root := &cobra.Command{Use: "box", Short: "Look after it", Long: "First.\n.starts with a dot\n\n  kept as it is\nLast.", Version: "1"}
	sub := &cobra.Command{Use: "open FILE", Short: "Open one", Example: `  box open 'a\b'`, Run: func(*cobra.Command, []string) {}}
	sub.Flags().Int("times", 3, "how often")
	secret := &cobra.Command{Use: "secret", Hidden: true, Run: func(*cobra.Command, []string) {}}
	root.AddCommand(sub, secret)
	page := Page(root, 1)
	for _, want := range []string{
		".TH BOX 1 \"\" Infobus\n.SH NAME\nbox \\- look after it\n",
		"First.\n\\&.starts with a dot\n.PP\n.PP\n.nf\n  kept as it is\n.fi\n.PP\nLast.\n",
		".SS box open FILE\nOpen one\n.TP\n.B \\-\\-times int\nhow often (default 3)\n",
		`  box open 'a\eb'`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "secret") {
		t.Error("the page tells of a hidden command")
	}
	if _, err := exec.LookPath("man"); err != nil {
		t.Log("left out: man is not installed, which would say what it thinks of the page")
		return
	}
	man := exec.CommandContext(t.Context(), "man", "--warnings", "-l", "-")
	man.Stdin = strings.NewReader(page)
	var said strings.Builder
	man.Stderr = &said
	if out, err := man.Output(); err != nil || said.Len() > 0 || !strings.Contains(string(out), "Open one") {
		t.Errorf("man: %v, %s\n%s", err, said.String(), out)
	}
}

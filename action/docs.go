package action

import (
	"fmt"
	"slices"
	"strings"

	"infobus/words"
)

// Docs are the tables of docs/api.md: the actions, their arguments and the codes of
// refusals, in Markdown.
func (t Table) Docs(say *words.Speaker) string {
	var b strings.Builder
	b.WriteString("| name | arguments | open to | does |\n|---|---|---|---|\n")
	var args []Arg
	for _, r := range t {
		var names []string
		for _, a := range r.Args {
			name := "`" + a.Name + "`"
			if a.Optional {
				name = "[" + name + "]"
			}
			if names = append(names, name); !slices.ContainsFunc(args, func(b Arg) bool { return a.Name == b.Name }) {
				args = append(args, a)
			}
		}
		open := "paired"
		if r.Who == SocketOnly {
			open = "unix socket"
		}
		help := say.Text(r.Help())
		if r.Durable {
			help += " Durable when it is answered 200"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Route(), strings.Join(names, ", "), open, strings.TrimSuffix(help, "."))
	}
	b.WriteString("\n| argument | is |\n|---|---|\n")
	for _, a := range args {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(a.fields(), "`, `"), say.Text(a.Is()))
	}
	b.WriteString("\n| code | says |\n|---|---|\n")
	for _, r := range Refusals {
		says := r.Text()
		says.Args = map[string]any{"Names": "…"}
		fmt.Fprintf(&b, "| `%s` | %s |\n", r, say.Text(says))
	}
	return b.String()
}

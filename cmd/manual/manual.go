// Package manual writes the manual page of a program from the help of its commands.
// The pages stand in images/deb/man; the tests of the programs keep them current.
package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Page is the manual page of a program, in roff's man macros. section is that of the
// manual: 1 for commands, 8 for daemons. Hidden commands are left out.
func Page(root *cobra.Command, section int) string {
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s %d \"\" Infobus\n", strings.ToUpper(root.Name()), section)
	short := root.Short
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(root.Name()), escape(strings.ToLower(short[:1])+short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", escape(root.Name()))
	if root.HasAvailableSubCommands() {
		b.WriteString(".I command\n")
	}
	b.WriteString("[options]\n.SH DESCRIPTION\n")
	text(&b, root.Long)
	options(&b, ".SH OPTIONS\n", root.Flags(), root.PersistentFlags())
	if root.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		commands(&b, root)
	}
	example(&b, ".SH EXAMPLES\n", root.Example)
	return b.String()
}

// commands writes what is below a command, in the order of the help.
func commands(b *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "help" {
			continue
		}
		fmt.Fprintf(b, ".SS %s\n", escape(strings.TrimSuffix(c.UseLine(), " [flags]")))
		if c.Long != "" {
			text(b, c.Long)
		} else {
			text(b, c.Short)
		}
		options(b, "", c.LocalNonPersistentFlags(), c.PersistentFlags())
		example(b, ".PP\nExamples:\n", c.Example)
		commands(b, c)
	}
}

// options writes the flags that are not hidden, behind the heading if there are any.
func options(b *strings.Builder, heading string, sets ...*pflag.FlagSet) {
	done := map[string]bool{}
	for _, set := range sets {
		set.VisitAll(func(f *pflag.Flag) {
			if f.Hidden || done[f.Name] || f.Name == "help" && heading == "" {
				return
			}
			done[f.Name] = true
			b.WriteString(heading)
			heading = ""
			name := "--" + f.Name
			if f.Shorthand != "" {
				name = "-" + f.Shorthand + ", " + name
			}
			value, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(b, ".TP\n.B %s\n", escape(strings.TrimSpace(name+" "+value)))
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
				usage += " (default " + f.DefValue + ")"
			}
			text(b, usage)
		})
	}
}

// text writes paragraphs; what is indented is kept as it stands.
func text(b *strings.Builder, s string) {
	verbatim := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \n")
		if indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); line != "" && indented != verbatim {
			verbatim = indented
			b.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n.PP\n"}[verbatim])
		}
		if line == "" {
			if !verbatim {
				b.WriteString(".PP\n")
			}
			continue
		}
		b.WriteString(escape(line) + "\n")
	}
	if verbatim {
		b.WriteString(".fi\n")
	}
}

func example(b *strings.Builder, heading, s string) {
	if s == "" {
		return
	}
	b.WriteString(heading + ".PP\n.nf\n")
	for line := range strings.Lines(s) {
		b.WriteString(escape(strings.TrimRight(line, "\n")) + "\n")
	}
	b.WriteString(".fi\n")
}

// escape has roff take a line as text.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

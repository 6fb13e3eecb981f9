package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"infobus/kiosk/label"
)

func labelCommand(o *options) *cobra.Command {
	var out, opens, paper string
	var l label.Label
	c := &cobra.Command{
		Use:   "label -o label.pdf",
		Short: "Draw the label that leads visitors to the box's pages",
		Long: `Draw the label that is printed and put on the van: a QR code that opens the visitors'
page, its address in numbers, and the word for information in ten languages.

The address is what the running daemon tells, which is the box's own on the port to
the Cisco box. It has to stay the same as long as the label is there: see docs/meraki.md.
The file's name says the form: .pdf or .svg. Letters are outlines, no font is needed.`,
		Example: `  infobus label -o label.pdf
  infobus label -o label.svg --wifi "Infobus" --paper a6
  infobus label -o label.pdf --opens 192.168.128.2`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ending := filepath.Ext(out)
			switch {
			case out == "":
				return usageError{errors.New("-o is needed")}
			case ending != ".pdf" && ending != ".svg":
				return usageError{fmt.Errorf("-o %q: a name that ends in .pdf or .svg was expected", out)}
			}
			if l.Paper = label.Paper(strings.ToLower(paper)); label.Papers[l.Paper] == 0 {
				return usageError{fmt.Errorf("--paper %q: there are: a4, a5, a6", paper)}
			}
			var err error
			if l.Address, err = visitorsAt(opens, o.visitors); err != nil {
				return err
			}
			if ending == ".svg" {
				return writePicture(out, l.SVG)
			}
			return writePicture(out, l.PDF)
		},
	}
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "the file to write, .pdf or .svg")
	f.StringVar(&opens, "opens", "", "the address that it opens, in numbers (default: what the daemon tells)")
	f.StringVar(&l.WiFi, "wifi", "", "name of the Wi-Fi that phones have to choose")
	f.StringVar(&paper, "paper", "a4", "a4, a5 or a6")
	return c
}

// visitors is the address of the visitors' page, as the daemon tells it.
func (o *options) visitors() (string, error) {
	d, err := o.reach()
	if err != nil {
		return "", err
	}
	var state struct{ Visitors string }
	_, err = d.get("/api/v1/state", &state)
	return state.Visitors, err
}

// visitorsAt is the address that was given, or else the one that is told, whole and in
// numbers.
func visitorsAt(given string, told func() (string, error)) (string, error) {
	address := given
	if given == "" {
		var err error
		if address, err = told(); err != nil {
			return "", err
		}
		if address == "" {
			return "", errors.New("the box does not know its address: no cable to the Cisco box, or none was leased; with --opens one can be given")
		}
	} else if !strings.Contains(given, "://") {
		address = "http://" + given
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q found; an address such as http://192.168.128.2/today was expected", address)
	}
	at, err := netip.ParseAddr(u.Hostname())
	if err != nil || at.IsLoopback() || at.IsUnspecified() || at.IsLinkLocalUnicast() || at.IsMulticast() {
		return "", fmt.Errorf("%q found; an address in numbers that phones reach was expected, such as http://192.168.128.2/today: the public Wi-Fi has no name for the box", address)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/today"
	}
	return u.String(), nil
}

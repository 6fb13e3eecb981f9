package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"infobus/config"
	"infobus/pairing"
)

// paired is what the daemon answers.
type paired struct {
	Phones []struct {
		Number int    `json:"number"`
		Key    string `json:"key"`
		Paired string `json:"paired"`
		Used   string `json:"used"`
		Left   int    `json:"days_left"`
	} `json:"phones"`
	Code    string `json:"code,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
}

func phonesCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "phones",
		Short: "The phones that are paired; invite one, or take one off the list",
		Long: `The phones that are paired. The box knows no names: of each there are the days on
which it was paired and last used. On the box itself an invitation needs no PIN,
so that a phone can be paired where the card with the PIN is lost.`,
		Example: "  infobus phones\n  infobus phones invite\n  infobus phones revoke all",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return o.phones(http.MethodGet, "/phones") },
	}
	c.AddCommand(&cobra.Command{
		Use: "invite", Short: "A code that pairs one phone, for 5 minutes", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.phones(http.MethodPost, "/phones/invite") },
	}, &cobra.Command{
		Use: "revoke KEY", Short: "Take the phone with that key off the list, or all", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := o.reach()
			if err != nil {
				return err
			}
			if err := d.post("/phones/revoke", map[string]string{"phone": args[0]}); err != nil {
				return err
			}
			return o.phones(http.MethodGet, "/phones")
		},
	})
	return c
}

// phones asks the daemon for the list, and prints it.
func (o *options) phones(method, path string) error {
	d, err := o.reach()
	if err != nil {
		return err
	}
	body, err := d.call(context.Background(), method, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	var list paired
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if o.json {
		return printJSON(list)
	}
	say := o.speaker()
	for _, p := range list.Phones {
		day := say.Say("phones.paired-unknown")
		if p.Paired != "" {
			day = say.Say("phones.paired", "Day", p.Paired)
		}
		fmt.Printf("%s  %s  %s", p.Key, say.Say("phones.phone", "N", p.Number), day)
		if p.Used != "" {
			fmt.Printf(", %s", say.Say("phones.used", "Day", p.Used))
		}
		fmt.Printf(", %s\n", say.Say("phones.left", "N", p.Left))
	}
	switch {
	case list.Code != "":
		fmt.Printf("%s\n%s\n", list.Code, say.Say("phones.how", "N", list.Minutes))
	case len(list.Phones) == 0:
		fmt.Println(say.Say("phones.none"))
	}
	return nil
}

func pinCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "pin",
		Short: "Make a new PIN for the card in the van",
		Long: `Make a new PIN, write it into the file that the configuration names (status:
pin-file:), and print it: it belongs on the card that is kept inside the van. The
old one is void at once; phones that are paired stay so (infobus phones revoke all).
It has twelve digits, which nobody guesses.`,
		Example: "  sudo infobus pin",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read the configuration: %w", err)
			}
			c, mistakes := config.Parse(file, data)
			if _, err := os.Stat(cardPIN); c.Status.PINFile == "" && err == nil {
				c.Status.PINFile = cardPIN
			}
			if c.Status.PINFile == "" {
				return errors.Join(mistakes, fmt.Errorf("%s names no file for the PIN; it was expected as status: pin-file: /etc/infobus/pin", file))
			}
			pin, err := newPIN()
			if err != nil {
				return err
			}
			if err := replacePIN(c.Status.PINFile, pin); err != nil {
				return fmt.Errorf("write the PIN: %w", err)
			}
			fmt.Println(pin)
			return nil
		},
	}
	c.Flags().StringVar(&file, "config", configFile, "the configuration")
	return c
}

// cardPIN is where the daemon keeps the PIN of a card's settings file.
const cardPIN = "/var/lib/infobus/pin"

// newPIN is one of pairing.Unlimited digits, in groups of four.
func newPIN() (string, error) {
	pin := ""
	for i := range pairing.Unlimited {
		if i > 0 && i%4 == 0 {
			pin += " "
		}
		digit, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return "", err
		}
		pin += digit.String()
	}
	return pin, nil
}

// replacePIN writes the file anew, whole or not at all, for those who could read it: a
// new one is for the group of its folder.
func replacePIN(path, pin string) error {
	info, err := os.Stat(path)
	mode := fs.FileMode(0o640)
	if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".pin-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(pin + "\n")
	if err := errors.Join(err, f.Chmod(mode), own(f, path), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

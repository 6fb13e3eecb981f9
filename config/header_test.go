package config

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw docs/header.svg and docs/header.fr.svg anew")

// header is the Pi's: what each of its forty pins is, odd and even.
var header = [20][2]string{
	{"3V3", "5V"}, {"GPIO2", "5V"}, {"GPIO3", "GND"}, {"GPIO4", "GPIO14"}, {"GND", "GPIO15"},
	{"GPIO17", "GPIO18"}, {"GPIO27", "GND"}, {"GPIO22", "GPIO23"}, {"3V3", "GPIO24"}, {"GPIO10", "GND"},
	{"GPIO9", "GPIO25"}, {"GPIO11", "GPIO8"}, {"GND", "GPIO7"}, {"ID", "ID"}, {"GPIO5", "GND"},
	{"GPIO6", "GPIO12"}, {"GPIO13", "GND"}, {"GPIO19", "GPIO16"}, {"GPIO26", "GPIO20"}, {"GND", "GPIO21"},
}

// use is what a pin is for.
type use struct {
	kind   string // its colour
	en, fr string
}

// uses are by the default configuration, the example's lines and the card's device trees.
func uses(t *testing.T) map[string]use {
	t.Helper()
	c := Default()
	example := text(t, "../examples/infobus.yaml")
	line := func(key string) string {
		_, after, found := strings.Cut(example, key+":\n")
		pin := regexp.MustCompile(`line: (GPIO\d+)`).FindStringSubmatch(after)
		if !found || pin == nil {
			t.Fatalf("the example has no line of %s", key)
		}
		return pin[1]
	}
	// <26 0>, or <5 6>: the line, and how it is driven.
	tree := func(file, key string) string {
		pin := regexp.MustCompile(key + ` = <(?:&gpio )?(\d+) `).FindStringSubmatch(text(t, "../images/card/dts/"+file))
		if pin == nil {
			t.Fatalf("%s says nothing of %s", file, key)
		}
		return "GPIO" + pin[1]
	}
	all := map[string]use{}
	put := func(pin string, u use) {
		if other, twice := all[pin]; twice {
			t.Errorf("%s is %s and %s", pin, other.en, u.en)
		}
		all[pin] = u
	}
	put(c.Generators[0].Line, use{"sense", "generator 1: its mains detector", "groupe 1 : son détecteur de secteur"})
	put("GPIO22", use{"sense", "generator 2, if there is one", "groupe 2, s'il y en a un"})
	put(c.Panel.DataCommand, use{"panel", "screen: data/command (DC)", "écran : données/commande (DC)"})
	put(c.Panel.Reset, use{"panel", "screen: reset (RST)", "écran : remise à zéro (RST)"})
	put(c.Panel.Busy, use{"panel", "screen: busy (BUSY)", "écran : occupé (BUSY)"})
	put(c.Panel.Power, use{"panel", "screen: power (PWR)", "écran : alimentation (PWR)"})
	put("GPIO10", use{"panel", "screen: data in (DIN)", "écran : données (DIN)"})
	put("GPIO11", use{"panel", "screen: clock (CLK)", "écran : horloge (CLK)"})
	put("GPIO8", use{"panel", "screen: select (CS)", "écran : sélection (CS)"})
	put("GPIO2", use{"i2c", "battery's meter and clock: SDA", "mesure de batterie et horloge : SDA"})
	put("GPIO3", use{"i2c", "battery's meter and clock: SCL; wake: the detector", "mesure et horloge : SCL ; wake : le détecteur"})
	put(tree("wake.dtso", "sda-gpios"), use{"i2c", "wake alone: SDA", "wake seulement : SDA"})
	put(tree("wake.dtso", "scl-gpios"), use{"i2c", "wake alone: SCL", "wake seulement : SCL"})
	put(tree("latch.dtso", "gpios"), use{"relay", "latch alone: holds the supply", "latch seulement : tient l'alimentation"})
	put("GPIO4", use{"i2c", "thermometer, if there is one", "thermomètre, s'il y en a un"})
	put(line("low-line"), use{"sense", "battery low, if wired", "batterie basse, si câblé"})
	put(line("sockets"), use{"sense", "sockets' detector, if wired", "détecteur des prises, si câblé"})
	put(line("carbon-monoxide"), use{"sense", "carbon-monoxide alarm, if wired", "alarme de monoxyde, si câblée"})
	put(line("relay"), use{"relay", "Cisco box's relay, if wired", "relais du boîtier Cisco, si câblé"})
	put(line("button"), use{"sense", "button", "bouton"})
	return all
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// draw is the header as one looks at it, the card's end above.
func draw(all map[string]use, french bool) []byte {
	var b bytes.Buffer
	colours := map[string]string{"sense": "#2e7d32", "panel": "#1565c0", "i2c": "#6a1b9a", "relay": "#c62828", "GND": "#222", "5V": "#e65100", "3V3": "#f9a825"}
	supply := map[string]string{"GND": "ground (GND)", "5V": "5 V", "3V3": "3.3 V"}
	above, below := "the memory card's end of the board", "the end with the USB plugs"
	if french {
		supply["GND"], supply["5V"], supply["3V3"] = "masse (GND)", "5 V", "3,3 V"
		above, below = "côté carte mémoire", "côté prises USB"
	}
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 620" font-family="sans-serif" font-size="14">` + "\n" +
		`<rect width="1000" height="620" fill="#fff"/>` + "\n" + `<rect x="440" y="40" width="120" height="540" rx="6" fill="#e8f0e8" stroke="#333"/>` + "\n")
	fmt.Fprintf(&b, `<text x="500" y="25" text-anchor="middle">↑ %s</text><text x="500" y="605" text-anchor="middle">↓ %s</text>`+"\n", above, below)
	for i, pair := range header {
		y := 60 + i*26
		for side, pin := range pair {
			x, label, anchor := 475, 425, "end"
			if side == 1 {
				x, label, anchor = 525, 575, "start"
			}
			u, used := all[pin]
			says, colour := u.en, colours[u.kind]
			if french {
				says = u.fr
			}
			switch {
			case used:
				says = pin + " · " + says
				if side == 0 {
					says = strings.TrimPrefix(says, pin+" · ") + " · " + pin
				}
			case supply[pin] != "":
				says, colour = supply[pin], colours[pin]
			default:
				says, colour = "", "#ccc"
			}
			fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="10" fill="%s"/><text x="%d" y="%d" text-anchor="middle" font-size="10" fill="#fff">%d</text>`, x, y, colour, x, y+4, 2*i+side+1)
			if says != "" {
				fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="%s">%s</text>`, label, y+5, anchor, html.EscapeString(says))
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// The drawing of the header in the documents is of the pins that the programs use, and
// hardware.md names each of them.
func TestTheDrawingOfTheHeaderIsTrue(t *testing.T) {
	all := uses(t)
	on := map[string]int{}
	for _, pair := range header {
		on[pair[0]]++
		on[pair[1]]++
	}
	hardware := text(t, "../docs/hardware.md")
	for pin, u := range all {
		if on[pin] != 1 {
			t.Errorf("%s, %s, is %d times on the header", pin, u.en, on[pin])
		}
		number := strings.TrimPrefix(pin, "GPIO")
		bus := pin == "GPIO10" || pin == "GPIO11" // it says SPI0
		if !bus && !regexp.MustCompile(`\b(?:GPIO)?`+number+`\b`).MatchString(hardware) {
			t.Errorf("docs/hardware.md says nothing of %s, %s", pin, u.en)
		}
	}
	for file, french := range map[string]bool{"../docs/header.svg": false, "../docs/header.fr.svg": true} {
		want := draw(all, french)
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if text(t, file) != string(want) {
			t.Errorf("%s is not what the programs use; draw it anew: go test ./config -run Header -update, and look at it", file)
		}
	}
}

package early

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheHeadersChipHasItsNameWhereverItsDriverIs(t *testing.T) {
	for about, c := range map[string]struct{ driver, at, want string }{
		"a Pi's":                 {"pinctrl-bcm2835", "soc/gpio", "gpiochip0"},
		"the lab's":              {"pl061_gpio", "pl061", "gpiochip0"},
		"the parent is a device": {"pinctrl-bcm2835", "soc/gpio/gpiochip0/device", "gpiochip0"},
		"an expander":            {"raspberrypi-exp-gpio", "soc/expander", ""},
		"none":                   {"", "", ""},
	} {
		t.Run(about, func(t *testing.T) {
			sys := t.TempDir()
			chip := filepath.Join(sys, "soc/gpio/gpiochip0")
			if filepath.Dir(c.at) == "soc" || filepath.Dir(c.at) == "." && c.at != "" {
				chip = filepath.Join(sys, c.at, "gpiochip0")
			}
			if err := os.MkdirAll(chip, 0o755); err != nil {
				t.Fatal(err)
			}
			if c.at != "" {
				if err := os.MkdirAll(filepath.Join(sys, c.at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink("../../drivers/"+c.driver, filepath.Join(sys, c.at, "driver")); err != nil {
					t.Fatal(err)
				}
			}
			link := filepath.Join(sys, "gpiochip0")
			if err := os.Symlink(chip, link); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(sys, "infobus-gpio")
			for range 2 { // a second one replaces it
				if err := nameChip([]string{link}, name); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := os.Readlink(name); got != c.want {
				t.Errorf("it leads to %q, want %q", got, c.want)
			}
		})
	}
}

func TestGroupsNumbers(t *testing.T) {
	const groups = "root:x:0:\ngpio:x:902:infobus\nspi:x\nodd:x:many:\n"
	for name, want := range map[string]int{"root": 0, "gpio": 902, "spi": -1, "odd": -1, "i2c": -1, "gpi": -1} {
		if got := groupOf(groups, name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if err := give("/dev/null", -1); err == nil {
		t.Error("a device without its group is no mistake")
	}
}

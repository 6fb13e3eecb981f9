package bus

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"infobus/hw"
)

// adapter is an I²C bus of a made-up kernel.
type adapter struct{ name, node, compatible string }

// kernel is the /sys of a machine with these buses and this alias i2c1, as Linux 6.12
// lays it out; without a bus it has no device tree.
func kernel(t *testing.T, alias string, adapters ...adapter) string {
	t.Helper()
	sys := t.TempDir()
	make := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(adapters) == 0 {
		return sys
	}
	aliases := filepath.Join(sys, tree, "aliases")
	make(os.MkdirAll(aliases, 0o755))
	if alias != "" {
		make(os.WriteFile(filepath.Join(aliases, "i2c1"), []byte(alias+"\x00"), 0o644))
	}
	devices := filepath.Join(sys, "bus/i2c/devices")
	make(os.MkdirAll(devices, 0o755))
	for _, a := range adapters {
		platform := filepath.Join(sys, "devices/platform/soc", a.name)
		make(os.MkdirAll(platform, 0o755))
		make(os.Symlink("../../../devices/platform/soc/"+a.name, filepath.Join(devices, a.name)))
		if a.node == "" {
			continue
		}
		node := filepath.Join(sys, tree, a.node)
		make(os.MkdirAll(node, 0o755))
		make(os.WriteFile(filepath.Join(node, "compatible"), []byte(a.compatible+"\x00"), 0o644))
		make(os.Symlink("../../../../"+tree+a.node, filepath.Join(platform, "of_node")))
	}
	return sys
}

func TestABusIsFound(t *testing.T) {
	const chip = "brcm,bcm2711-i2c\x00brcm,bcm2835-i2c"
	header := adapter{"i2c-3", "/soc/i2c@7e804000", chip}
	display := adapter{"i2c-1", "/soc/i2c@7e205000", chip}
	hdmi := adapter{"i2c-2", "/soc/i2c@7ef04500", "brcm,bcm2711-hdmi-i2c"}
	plain := adapter{"i2c-0", "", ""}
	wake := adapter{"i2c-4", "/infobus-i2c", "i2c-gpio"}
	overlay := adapter{"i2c-11", "/i2c-gpio-rtc@0", "i2c-gpio"}
	for _, test := range []struct {
		name     string
		bus      string
		alias    string
		adapters []adapter
		want     string
		err      error
	}{
		{"the header's, whatever its number", Header, "", []adapter{display, hdmi, header, plain}, "/dev/i2c-3", nil},
		{"the header's, by its alias", Header, "/soc/i2c@7e804000", []adapter{display, header}, "/dev/i2c-3", nil},
		{"the one that an alias puts in its place", Header, "/infobus-i2c", []adapter{display, header, wake}, "/dev/i2c-4", nil},
		{"an alias of a bus that is off", Header, "/soc/i2c@7e804000", []adapter{display, wake}, "/dev/i2c-4", nil},
		{"moved to other lines by an overlay", Header, "", []adapter{display, overlay}, "/dev/i2c-11", nil},
		{"several on other lines", Header, "", []adapter{wake, overlay}, "", hw.ErrAbsent},
		{"none of the header's", Header, "", []adapter{display, hdmi}, "", hw.ErrAbsent},
		{"no device tree", Header, "", nil, "", hw.ErrAbsent},
		{"a device, there or not", "/dev/i2c-7", "", nil, "/dev/i2c-7", nil},
		{"a place in the device tree", "/soc/i2c@7e205000", "", []adapter{header, display}, "/dev/i2c-1", nil},
		{"a place where nothing is", "/soc/i2c@7e205000", "", []adapter{header}, "", hw.ErrAbsent},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(kernel(t, test.alias, test.adapters...), test.bus)
			if got != test.want || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("got %q, %v; want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestOnlyABusIsOpened(t *testing.T) {
	if _, err := Open("/dev/null"); err == nil {
		t.Error("took /dev/null for a bus")
	}
	if _, err := Open("/dev/i2c-9999"); !errors.Is(err, hw.ErrAbsent) {
		t.Errorf("a bus that is not there: %v", err)
	}
}

package lastgood

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"infobus/config"
	"infobus/durable"
)

const (
	good    = "gpio: the-good-one\n"
	another = "gpio: another\n"
	slip    = "gpios: x\n"
)

// box is a configuration file and a state directory; each look is a start.
type box struct {
	t         *testing.T
	path, dir string
}

func (b box) write(text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// starts demands which GPIO chip is used, and what is said.
func (b box) starts(gpio, refused, kept string) config.Config {
	b.t.Helper()
	c, why, damage := Read(durable.System, b.path, b.dir)
	if c.GPIO != gpio {
		b.t.Errorf("the chip is %q, want %q", c.GPIO, gpio)
	}
	for _, said := range []struct {
		err  error
		want string
	}{{why, refused}, {damage, kept}} {
		if said.want == "" && said.err != nil || said.want != "" && (said.err == nil || !strings.Contains(said.err.Error(), said.want)) {
			b.t.Errorf("said %v, want %q", said.err, said.want)
		}
	}
	return c
}

func TestAMistakeLeavesTheLastGoodConfigurationInUse(t *testing.T) {
	b := box{t, filepath.Join(t.TempDir(), "infobus.yaml"), t.TempDir()}
	b.write(good)
	b.starts("the-good-one", "", "")
	b.write(slip)
	b.starts("the-good-one", `infobus.yaml:1:1: unknown key "gpios"`, "")
	b.starts("the-good-one", "the last good one is used", "")
	b.write(another)
	b.starts("another", "", "")
	for _, nothing := range []string{"", "\ufeff\r\n"} {
		b.write(nothing)
		b.starts("another", "the file is empty", "")
	}
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	b.starts("another", "no such file", "")
	if err := unix.Mkfifo(b.path, 0o600); err != nil {
		t.Fatal(err)
	}
	b.starts("another", "is not a file", "")
}

func TestWithNoGoodOneNothingOnTheWiresIsTouched(t *testing.T) {
	b := box{t, filepath.Join(t.TempDir(), "infobus.yaml"), t.TempDir()}
	b.write(slip)
	c := b.starts(config.Default().GPIO, "nothing on the wires is used", "")
	if len(c.Generators) != 0 || c.Battery.Monitor != "none" || c.Battery.LowLine != nil || c.Panel.Type != "none" || c.Kiosk.Button != nil || c.Uplink.Relay != nil {
		t.Errorf("%+v", c)
	}
}

func TestADamagedCopyIsSaidAndTheOneBeforeStands(t *testing.T) {
	b := box{t, filepath.Join(t.TempDir(), "infobus.yaml"), t.TempDir()}
	b.write(good)
	b.starts("the-good-one", "", "")
	b.write(another)
	b.starts("another", "", "")
	copies, _ := filepath.Glob(filepath.Join(b.dir, name+".*"))
	if len(copies) != 2 {
		t.Fatalf("%q", copies)
	}
	for _, path := range copies {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "another") {
			data[len(data)-2] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.write(slip)
	b.starts("the-good-one", "unknown key", name)
}

func TestACardThatTakesNothingKeepsNoGoodConfigurationAway(t *testing.T) {
	b := box{t, filepath.Join(t.TempDir(), "infobus.yaml"), filepath.Join(t.TempDir(), "no such folder")}
	b.write(good)
	b.starts("the-good-one", "", "keep the configuration")
}

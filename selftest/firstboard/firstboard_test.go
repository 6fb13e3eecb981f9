package firstboard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"

	"infobus/hw"
	"infobus/hw/battery/batterytest"
	"infobus/hw/epaper"
	"infobus/hw/epaper/epapertest"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
	"infobus/words"
)

// What is planted among the files of a board, and must come into no report.
var identifiers = map[string]string{
	"/proc/device-tree/serial-number":                           "10000000abcdef42\x00",
	"/proc/cpuinfo":                                             "Serial\t\t: 10000000abcdef42\n",
	"/proc/sys/kernel/hostname":                                 "claras-bus\n",
	"/proc/cmdline":                                             "smsc95xx.macaddr=B8:27:EB:12:34:56 infobus.wiring=latch quiet\n",
	"/sys/class/net/enxb827eb123456/address":                    "b8:27:eb:12:34:56\n",
	"/sys/block/mmcblk0/device/serial":                          "0x8a7d21e3\n",
	"/sys/block/mmcblk0/device/cid":                             "035344534c3332478a7d21e3\n",
	"/sys/bus/w1/devices/28-0316a2794e1f/name":                  "28-0316a2794e1f\n",
	"/etc/machine-id":                                           "7c1d5f0a9b3e4e6c8f2a1b0c9d8e7f60\n",
	"/proc/device-tree/chosen/bootargs":                         "smsc95xx.macaddr=B8:27:EB:12:34:56\x00",
	"/proc/device-tree/soc/gpio@7e200000/latch/line-name":       "power-latch\x00",
	"/proc/device-tree/soc/gpio@7e200000/latch/gpio-hog":        "",
	"/proc/device-tree/soc/ethernet@7d580000/local-mac-address": "\xb8\x27\xeb\x12\x34\x56",
}

var traces = []string{"abcdef42", "claras-bus", "b8:27:eb", "B8:27:EB", "b827eb", "8a7d21e3", "0316a2794e1f", "7c1d5f0a", "macaddr"}

// tree makes the files of a board; what begins with -> is a link.
func tree(t *testing.T, sets ...map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for _, files := range sets {
		for path, content := range files {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			var err error
			if to, is := strings.CutPrefix(content, "->"); is {
				os.MkdirAll(filepath.Join(root, to), 0o755)
				err = os.Symlink(filepath.Join(root, to), path)
			} else {
				err = os.WriteFile(path, []byte(content), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// pi are the files of a Raspberry Pi whose header's bus has that number.
func pi(model, compatible, bus string) map[string]string {
	return map[string]string{
		"/proc/device-tree/model":                              model + "\x00",
		"/proc/device-tree/compatible":                         compatible + "\x00",
		"/proc/device-tree/__symbols__/i2c1":                   "/soc/i2c@7e804000\x00",
		"/proc/sys/kernel/osrelease":                           "6.12.57+deb13-arm64\n",
		"/proc/meminfo":                                        "MemTotal:         948304 kB\nMemFree: 1 kB\n",
		"/proc/uptime":                                         "131.20 400.00\n",
		"/proc/1/comm":                                         "systemd\n",
		"/proc/1/stat":                                         "1 (systemd) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 310 0 0\n",
		"/proc/402/comm":                                       "infobusd\n",
		"/proc/402/stat":                                       "402 (infobusd) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1240 0 0\n",
		"/sys/block/mmcblk0/size":                              "31116288\n",
		"/sys/block/mmcblk0/device/type":                       "SD\n",
		"/sys/block/mmcblk0/device/date":                       "03/2025\n",
		"/sys/class/watchdog/watchdog0/identity":               "Broadcom BCM2835 Watchdog timer\n",
		"/sys/class/watchdog/watchdog0/state":                  "active\n",
		"/sys/class/watchdog/watchdog0/timeout":                "15\n",
		"/sys/class/net/enxb827eb123456/type":                  "1\n",
		"/sys/class/net/enxb827eb123456/carrier":               "1\n",
		"/sys/class/net/enxb827eb123456/speed":                 "1000\n",
		"/sys/class/net/enxb827eb123456/duplex":                "full\n",
		"/sys/class/net/enxb827eb123456/device/driver":         "->/sys/bus/usb/drivers/lan78xx",
		"/sys/class/net/lo/type":                               "772\n",
		"/sys/bus/i2c/devices/" + bus + "/name":                "bcm2835 (i2c@7e804000)\n",
		"/sys/bus/i2c/devices/" + bus + "/of_node":             "->/sys/firmware/devicetree/base/soc/i2c@7e804000",
		"/sys/bus/i2c/devices/i2c-20/name":                     "fe804000.hdmi\n",
		"/sys/bus/i2c/devices/i2c-20/of_node":                  "->/sys/firmware/devicetree/base/soc/i2c@7ef04500",
		"/sys/module/spidev/parameters/bufsiz":                 "4096\n",
		"/dev/spidev0.0":                                       "",
		"/dev/" + bus:                                          "",
		"/sys/class/rtc/rtc0/name":                             "rtc-ds1307 " + strings.TrimPrefix(bus, "i2c-") + "-0068\n",
		"/sys/class/rtc/rtc0/device/of_node/compatible":        "maxim,ds3231\x00",
		"/sys/class/rtc/rtc0/since_epoch":                      "1764000000\n",
		"/sys/firmware/devicetree/base/soc/i2c@7e804000/clock": "",
	}
}

var inputs = []line.Config{{Name: "generator 1", Line: "GPIO27", ActiveLow: true}, {Name: "battery low", Line: "GPIO13"}}

// run runs the evening on a board's models, in simulated time.
func run(t *testing.T, b *Board) Report {
	t.Helper()
	r, err := Run(t.Context(), b, "1.0")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != len(steps) {
		t.Fatalf("%d steps of %d", len(r.Results), len(steps))
	}
	return r
}

func (r Report) of(step string) Result {
	return r.Results[slices.IndexFunc(r.Results, func(one Result) bool { return one.Step == step })]
}

func TestTheEveningFindsWhatABoardHasAndWhatItLacks(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		bus   string
		lacks []string
	}{
		{"a Pi 4", pi("Raspberry Pi 4 Model B Rev 1.5", "raspberrypi,4-model-b\x00brcm,bcm2711", "i2c-3"), "/dev/i2c-3", []string{"wake"}},
		{"a 3B+", pi("Raspberry Pi 3 Model B Plus Rev 1.3", "raspberrypi,3-model-b-plus\x00brcm,bcm2837", "i2c-1"), "/dev/i2c-1", []string{"wake"}},
		{"a Zero 2 W without an adapter", without(pi("Raspberry Pi Zero 2 W Rev 1.0", "raspberrypi,model-zero-2-w\x00brcm,bcm2837", "i2c-1"), "/sys/class/net/"), "/dev/i2c-1", []string{"network", "cable pulled", "wake"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := tree(t, c.files, withoutNet(c.lacks, identifiers))
			synctest.Test(t, func(t *testing.T) {
				glass, chip, cells := epapertest.New(), linetest.New([]string{"GPIO27", "GPIO13"}), batterytest.New()
				cells.Set(12.8, -1.2)
				var said, settings []string
				b := &Board{Root: root, Chip: chip, Inputs: inputs,
					Panel: func(o epaper.Opts) (*epaper.Panel, error) {
						settings = append(settings, string([]byte{o.High, o.Low}))
						return glass.Open(&o)
					},
					Bus: func(path string) (i2c.BusCloser, error) {
						if path != c.bus {
							return nil, hw.ErrAbsent
						}
						return cells.Open()
					},
					Say: func(t words.Text) { said = append(said, words.In().Text(t)) },
				}
				start := time.Now()
				r := run(t, b)
				if lacks := r.Lacks(); !slices.Equal(lacks, c.lacks) {
					t.Errorf("lacks %q, want %q\n%s", lacks, c.lacks, r.Text())
				}
				for step, fact := range map[string]string{"I2C buses": "header", "battery monitor": "volts", "boot": "infobusd_s", "panel, 28 17": "full, BUSY after refresh_ms", "lines and pulls": "GPIO27 generator 1"} {
					if r.of(step).Facts[fact] == nil {
						t.Errorf("%s has no %s:\n%s", step, fact, r.Text())
					}
				}
				if got := r.of("I2C buses").Facts["header"]; got != c.bus {
					t.Errorf("the header's bus is %v", got)
				}
				if v := glass.Violations(); v != nil || glass.Powered() {
					t.Errorf("the panel: %q, powered %v", v, glass.Powered())
				}
				// Nobody waits more than 10 s without a word.
				if least := int(time.Since(start).Seconds()) / 12; len(said) < least {
					t.Errorf("%d words in %s", len(said), time.Since(start))
				}
				if !slices.Equal(settings, []string{"\x28\x17", "\x3f\x3f"}) {
					t.Errorf("voltage settings %x", settings)
				}
				leaks(t, r)
			})
		})
	}
}

// without are files but for those that begin so.
func without(files map[string]string, prefix string) map[string]string {
	left := map[string]string{}
	for path, content := range files {
		if !strings.HasPrefix(path, prefix) {
			left[path] = content
		}
	}
	return left
}

func withoutNet(lacks []string, files map[string]string) map[string]string {
	if slices.Contains(lacks, "network") {
		return without(files, "/sys/class/net/")
	}
	return files
}

// leaks looks for what was planted, in the report's files too.
func leaks(t *testing.T, r Report) {
	t.Helper()
	dir := t.TempDir()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{FileJSON, FileText} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range traces {
			if strings.Contains(string(b), trace) {
				t.Errorf("%s has %q:\n%s", name, trace, b)
			}
		}
	}
}

// The emulated boards of the lab have hardly anything, and the report names what they lack.
func TestTheReportOfTheLabsBoardsNamesWhatTheyLack(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"virt":    {"/proc/device-tree/model": "linux,dummy-virt\x00", "/proc/uptime": "30.00 10.00\n", "/sys/class/rtc/rtc0/name": "rtc-pl031 9010000.pl031\n", "/sys/class/rtc/rtc0/since_epoch": "1764000000\n"},
		"raspi3b": {"/proc/device-tree/model": "Raspberry Pi 3 Model B\x00", "/proc/uptime": "60.00 10.00\n", "/sys/block/mmcblk0/size": "2097152\n", "/dev/spidev0.0": ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, files)
			synctest.Test(t, func(t *testing.T) {
				r := run(t, &Board{Root: root, Panel: func(epaper.Opts) (*epaper.Panel, error) { return nil, errors.New("no such device") }})
				text := r.Text()
				for _, step := range []string{"battery monitor", "I2C buses", "lines and pulls", "panel, 28 17", "watchdog", "network"} {
					if r.of(step).State != Lacking || !strings.Contains(text[strings.Index(text, "This board lacks"):], step) {
						t.Errorf("%s is %s\n%s", step, r.of(step).State, text)
					}
				}
			})
		})
	}
}

// What a person says stands in the report, and what nobody was asked as well.
func TestAPersonsAnswersStandInTheReport(t *testing.T) {
	root := tree(t, pi("Raspberry Pi 4 Model B Rev 1.5", "brcm,bcm2711", "i2c-1"))
	for _, answer := range []Answer{Yes, No, NotAsked} {
		synctest.Test(t, func(t *testing.T) {
			glass := epapertest.New()
			r := run(t, &Board{Root: root, Ask: func(words.Text) Answer { return answer },
				Panel: func(o epaper.Opts) (*epaper.Panel, error) { return glass.Open(&o) }})
			one := r.of("panel, 3F 3F")
			if one.Facts["full became sharp"] != string(answer) || (one.State == Failed) != (answer == No) {
				t.Errorf("%s: %+v", answer, one)
			}
		})
	}
}

// What was tried before it was interrupted is in the report, with where it ended.
func TestAnEveningThatIsInterruptedReportsWhatWasTried(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &Board{Root: tree(t, pi("Raspberry Pi 4 Model B Rev 1.5", "brcm,bcm2711", "i2c-1")), Own: cancel}
	r, err := Run(ctx, b, "1")
	if !errors.Is(err, context.Canceled) || r.Ended != "SPI" || len(r.Results) != 6 || !strings.Contains(r.Text(), "It was interrupted: SPI and all after it were not tried.") {
		t.Errorf("%v: %+v", err, r)
	}
}

// A full stick has no report, and not half a one.
func TestAFullStickHasNoReport(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{FileText, FileJSON} {
		if err := os.Symlink("/dev/full", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := (Report{}).Write(dir); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s stands there", name)
		}
	}
}

// A line that nothing holds follows the chip's resistor; one that is held does not.
func TestALineIsReadWithBothPulls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := linetest.New([]string{"GPIO27", "GPIO13"})
		chip.Drive("GPIO13", false)
		r := run(t, &Board{Root: t.TempDir(), Chip: chip, Inputs: inputs})
		facts := r.of("lines and pulls").Facts
		if facts["GPIO27 generator 1"] != "follows both pulls: nothing holds it" || facts["GPIO13 battery low"] != "held low" {
			t.Errorf("%v", facts)
		}
	})
}

// claims are the places in documents and comments that say that something was tried on no
// board, with the steps that try it.
var claims = []struct {
	file, says string
	steps      []string
}{
	{"docs/hardware.md", "None of the three was tried on a board.", []string{"wake", "latch", "generator edge"}},
	{"docs/panel.md", "what was never tried.", []string{"panel, 28 17", "panel, 3F 3F"}},
	{"docs/power.md", "None of it was tried on a DS3231", []string{"clock chip"}},
	{"docs/image.md", "Not tried on a board", []string{"board", "boot", "memory card", "device tree", "watchdog", "SPI", "I2C buses"}},
	{"docs/installing.md", "Nothing here was tried on a board", []string{"SPI", "I2C buses", "clock chip", "device tree"}},
	{"hw/epaper/epaper.go", "none of it was tried on a panel", []string{"panel, 28 17", "panel, 3F 3F"}},
}

var untried = regexp.MustCompile(`(?i)(none|not|never|nothing|nobody)\b[^.|]{0,60}\btried (on|with) (a|an|any|real)\b|never tried`)

// Whatever the documents say was tried on no board, the first evening tries.
func TestWhatWasTriedOnNoBoardIsTriedHere(t *testing.T) {
	const top = "../.."
	found := map[int]bool{}
	err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, top+"/")
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != top || e.Name() == "build" && filepath.Dir(path) == top || name == "selftest/firstboard") {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); e.IsDir() || ext != ".md" && ext != ".go" && ext != ".dtso" && ext != ".cmd" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// Comments and paragraphs are broken into lines.
		text := regexp.MustCompile(`\s*\n\s*(//|#)?\s*`).ReplaceAllString(string(b), " ")
		for _, at := range untried.FindAllStringIndex(text, -1) {
			around := text[max(0, at[0]-80):min(len(text), at[1]+80)]
			i := slices.IndexFunc(claims, func(c struct {
				file, says string
				steps      []string
			}) bool {
				return c.file == name && strings.Contains(around, c.says)
			})
			if i < 0 {
				t.Errorf("%s says that something was never tried, and no step tries it: %q", name, around)
				continue
			}
			found[i] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range claims {
		if !found[i] {
			t.Errorf("%s does not say %q any more", c.file, c.says)
		}
		for _, s := range c.steps {
			if !slices.Contains(Steps(), s) {
				t.Errorf("there is no step %s", s)
			}
		}
	}
}

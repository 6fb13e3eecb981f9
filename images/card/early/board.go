package early

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// LoadModules loads the kernel's modules in a folder in the order of their names. One
// that does not load belongs to another board, or is missed later by what needs it.
func LoadModules(folder string, say func(string, ...any)) {
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	slices.Sort(files)
	for _, name := range files {
		if err := load(name); err != nil && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENODEV) {
			say("module %s: %v", filepath.Base(name), err)
		}
	}
}

func load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	flags := 0
	magic := make([]byte, 6)
	if _, err := f.ReadAt(magic, 0); err == nil && string(magic) == "\xfd7zXZ\x00" {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	return unix.FinitModule(int(f.Fd()), "", flags)
}

// feedEvery is well below the 15 s that the Pi's watchdog has.
const feedEvery = 3 * time.Second

// Feed feeds the board's watchdog for as long as the process runs; false where there is
// none. When another program takes the process's place the watchdog runs on, and waits
// for that one to feed it.
func Feed() bool {
	f, err := os.OpenFile("/dev/watchdog0", os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	go func() {
		for {
			f.Write([]byte{0})
			time.Sleep(feedEvery)
		}
	}()
	return true
}

// Blink has the board's light blink: twice short, then a pause.
func Blink() {
	lights, _ := filepath.Glob("/sys/class/leds/*")
	for _, l := range lights {
		os.WriteFile(filepath.Join(l, "trigger"), []byte("none"), 0o200)
	}
	light := func(on string) {
		for _, l := range lights {
			os.WriteFile(filepath.Join(l, "brightness"), []byte(on), 0o200)
		}
		time.Sleep(200 * time.Millisecond)
	}
	for range 2 {
		light("1")
		light("0")
	}
	time.Sleep(time.Second)
}

// Package rtctest is a model of a DS3231: its registers on an I²C bus, by the data
// sheet 19-5170, and the kernel's folder of it.
package rtctest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"periph.io/x/conn/v3/physic"
)

// Address is the chip's.
const Address = 0x68

// Chip is the model. The zero Chip has just been given power for the first time: its
// oscillator-stop flag is set.
type Chip struct {
	Registers [0x13]byte
	Gone      bool // it does not answer
	powered   bool
}

func (c *Chip) String() string { return "DS3231" }

// SetSpeed is of periph's bus, and does nothing.
func (c *Chip) SetSpeed(physic.Frequency) error { return nil }

// power is what the registers hold once power was applied ("Register map").
func (c *Chip) power() {
	if !c.powered {
		c.Registers[0x03], c.Registers[0x04], c.Registers[0x05] = 1, 1, 1
		c.Registers[0x0e], c.Registers[0x0f] = 0x1c, 0x88
		c.powered = true
	}
}

// Tx is a transfer: the register's number and what is written from there, then what is
// read from there. OSF can be written to 0 only; that is so of the alarms' flags too.
func (c *Chip) Tx(address uint16, w, r []byte) error {
	if c.Gone || address != Address {
		return errors.New("no acknowledgement")
	}
	c.power()
	if len(w) == 0 || int(w[0]) >= len(c.Registers) {
		return fmt.Errorf("register %v", w)
	}
	at := int(w[0])
	for i, b := range w[1:] {
		if at+i == 0x0f {
			b = b&0x08 | c.Registers[0x0f]&b&0x83 // EN32kHz is free; BSY is the chip's own
		}
		c.Registers[at+i] = b
	}
	for i := range r {
		r[i] = c.Registers[(at+i)%len(c.Registers)]
	}
	return nil
}

// Folder writes the kernel's folder of a chip of that name and kind that says t; the
// zero t: reading fails. It is what /sys/class/rtc/rtc0 has.
func Folder(dir, name, kind string, t time.Time) error {
	node := filepath.Join(dir, "device", "of_node")
	if err := os.MkdirAll(node, 0o755); err != nil {
		return err
	}
	files := map[string]string{filepath.Join(dir, "name"): name + "\n", filepath.Join(node, "compatible"): kind + "\x00dallas,ds3231\x00"}
	if t.IsZero() {
		os.Remove(filepath.Join(dir, "since_epoch"))
	} else {
		files[filepath.Join(dir, "since_epoch")] = fmt.Sprintf("%d\n", t.Unix())
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

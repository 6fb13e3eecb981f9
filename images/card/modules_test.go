package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Each module stands behind what it needs, once, under whatever spelling it was asked for.
func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"modules.dep": "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz\n" +
			"kernel/fs/jbd2/jbd2.ko.xz:\nkernel/lib/crc16.ko.xz:\nkernel/drivers/spi/spi-bcm2835.ko.xz:\n",
		"modules.builtin": "kernel/drivers/spi/spidev.ko\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := modules(dir, []string{"spidev", "spi_bcm2835", "crc16", "ext4"})
	want := []string{"kernel/drivers/spi/spi-bcm2835.ko.xz", "kernel/lib/crc16.ko.xz", "kernel/fs/jbd2/jbd2.ko.xz", "kernel/fs/ext4/ext4.ko.xz"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if _, err := modules(dir, []string{"erofs"}); err == nil {
		t.Error("a module that this kernel has not is no mistake")
	}
}

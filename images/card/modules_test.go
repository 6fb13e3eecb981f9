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

// A module is the same but for what Debian appended to it.
func TestAModuleLosesItsSignatureAlone(t *testing.T) {
	const mark = "~Module signature appended~\n"
	head := func(n byte) string { return "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00" + string(n) }
	for what, c := range map[string]struct{ module, want string }{
		"signed":                         {"module" + "sign" + head(4) + mark, "module"},
		"unsigned":                       {"module", "module"},
		"a length that is more than all": {"module" + head(7) + mark, "module" + head(7) + mark},
		"a mark alone":                   {mark, mark},
	} {
		if got := string(unsigned([]byte(c.module))); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

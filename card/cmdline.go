package card

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// Boot is what U-Boot tells the initramfs.
type Boot struct {
	Slot      Slot   // None where it does not say
	Signature uint32 // of the disk
	Size      int64  // of the root, in bytes; 0: it is not to be checked
	Sum       [32]byte
}

// ParseCommandLine reads the kernel's command line. What is given wrong counts as not
// given; of what is given twice the last counts.
func ParseCommandLine(line string) Boot {
	b := Boot{Signature: Signature}
	for _, word := range strings.Fields(line) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "infobus.slot":
			b.Slot, _ = ParseSlot(value)
		case "infobus.disk":
			signature, _, _ := strings.Cut(value, "-")
			if n, err := strconv.ParseUint(signature, 16, 32); err == nil {
				b.Signature = uint32(n)
			}
		case "infobus.hash":
			size, sum, err := ParseSum(value)
			if err == nil {
				b.Size, b.Sum = size, sum
			}
		}
	}
	return b
}

// ParseSum reads SIZE:HEX.
func ParseSum(s string) (size int64, sum [32]byte, err error) {
	first, second, _ := strings.Cut(s, ":")
	size, err = strconv.ParseInt(first, 10, 64)
	if err != nil || size <= 0 {
		return 0, sum, strconv.ErrSyntax
	}
	b, err := hex.DecodeString(second)
	if err != nil || len(b) != len(sum) {
		return 0, sum, strconv.ErrSyntax
	}
	return size, [32]byte(b), nil
}

// FormatSum is what ParseSum reads.
func FormatSum(size int64, sum [32]byte) string {
	return strconv.FormatInt(size, 10) + ":" + hex.EncodeToString(sum[:])
}

// Package card is how the appliance's card is laid out, which of its two slots is
// started, and what the initramfs tells the daemon of it.
//
// In: bytes of the card (the two sectors of the slot state, the partition table, the
// first bytes of a file system), the kernel's command line, the initramfs's report. Out:
// what they say, what is to be done, and the bytes to be written instead. It reads and
// writes nothing itself: images/card/init and cmd/infobus do, U-Boot's script follows
// the same rules.
//
// # The card
//
// A DOS partition table with the disk signature Signature, unless somebody's computer has
// given it another; sectors of 512 bytes.
//
//	sectors 64 and 128  the slot state, one copy each
//	1  FAT              firmware, U-Boot, boot script, infobus.txt; never written by the box
//	2  extended
//	5  slot a, boot     ext4 without a journal: kernel, initramfs, device trees, root.env
//	6  slot a, root     erofs
//	7  slot b, boot
//	8  slot b, root
//	3  data             ext4, primary, the last on the card
//
// # What U-Boot tells the initramfs
//
// On the kernel's command line, of the slot that it starts:
//
//	infobus.slot=a          or b
//	infobus.hash=SIZE:HEX   the root's size in bytes and its checksum (card/sum); from the slot's root.env
//	infobus.disk=HEX        the disk's signature, 8 digits, and perhaps -01 behind it; Signature where it is not given
//	panic=10                so that a kernel that stops starts again
//
// and no root=, fstab entry or systemd.volatile=: the initramfs finds the disk by its
// signature, checks and mounts the root (read-only), a tmpfs on /var and the data on
// /var/lib/infobus, and leaves /run/infobus-card/report.json (Report) beside what it
// copied of the FAT's infobus* files. Without infobus.hash the root is not checked, and
// the report says so. root.env is a text for "env import -t": one line,
// ib_hash=SIZE:HEX, as images/card/rootsum prints it.
//
// The root has /sbin/init, e2fsck, mke2fs, and empty /dev, /proc, /sys, /run and /var.
// The initramfs is images/card/init as /init, and the modules that images/card/modules
// lists, in /modules/NN-NAME: loaded in the order of their names, compressed as Debian
// ships them.
//
// # The slot state
//
// A copy is 512 bytes as U-Boot's "env export -c -s 200" makes them: CRC-32 (IEEE, little
// endian) of the 508 bytes behind it, then NAME=VALUE strings, each with a zero byte, and
// zeros. Numbers are hexadecimal without a prefix, as setexpr has them.
//
//	ib_seq   of two copies with a right CRC the higher counts
//	ib_good  the slot that is known to be good: a or b
//	ib_try   the slot on trial; absent or empty: none
//	ib_left  how many more times it is started; 0: used up
//	ib_bad   slots whose root is known to be damaged or being written: "", "a", "b", "ab"
//
// A write goes to the copy that does not count, so that one good copy always stands.
// U-Boot writes only the countdown of a trial, and exports all five; the initramfs only
// that a root is damaged, or that one marked so is whole again; infobus slot the rest.
// Where neither copy is right a is started, then b.
package card

// Signature is the disk's: bytes 440 to 443 of its first sector, little endian.
const Signature uint32 = 0x49_42_43_31 // "1CBI"

// SectorSize is in bytes.
const SectorSize = 512

// Sectors are where the copies of the slot state stand.
var Sectors = [2]int64{64, 128}

// The partitions that are no slot's.
const (
	PartitionFAT      = 1
	PartitionExtended = 2
	PartitionData     = 3
)

// Slot is a or b; "" is none.
type Slot string

// The slots.
const (
	None Slot = ""
	A    Slot = "a"
	B    Slot = "b"
)

// Other is the other slot.
func (s Slot) Other() Slot {
	if s == B {
		return A
	}
	return B
}

// Boot is the number of the partition with its kernel.
func (s Slot) Boot() int {
	if s == B {
		return 7
	}
	return 5
}

// Root is the number of the partition with its root.
func (s Slot) Root() int { return s.Boot() + 1 }

// ParseSlot reads a or b.
func ParseSlot(s string) (Slot, bool) {
	switch Slot(s) {
	case A, B:
		return Slot(s), true
	}
	return None, false
}

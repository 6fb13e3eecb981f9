package early

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"infobus/card"
)

// readOnly says whether the kernel takes no writes for the device.
func readOnly(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	is, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKROGET)
	return err == nil && is != 0
}

// The kernel's include/uapi/linux/blkpg.h.
const (
	blkpg       = 0x1269
	blkpgAdd    = 1
	blkpgResize = 3
)

type blkpgPartition struct {
	start, length int64
	number        int32
	name, volume  [64]byte
}

type blkpgArgument struct {
	op, flags, length int32
	data              unsafe.Pointer
}

// tell has the kernel know a partition as it now is in the table, while others of the
// disk are in use.
func tell(disk string, op int32, number int, p card.Partition) error {
	f, err := os.Open(disk)
	if err != nil {
		return err
	}
	defer f.Close()
	part := blkpgPartition{start: int64(p.Start) * card.SectorSize, length: int64(p.Count) * card.SectorSize, number: int32(number)}
	a := blkpgArgument{op: op, length: int32(unsafe.Sizeof(part)), data: unsafe.Pointer(&part)}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), blkpg, uintptr(unsafe.Pointer(&a))); e != 0 {
		return fmt.Errorf("tell the kernel of partition %d: %w", number, e)
	}
	return nil
}

// resize has a mounted ext4 grow to so many blocks (the kernel's EXT4_IOC_RESIZE_FS). Its
// journal keeps it whole if the power goes meanwhile, which resize2fs has not on one that
// is not mounted.
func resize(mounted string, blocks uint64) error {
	const ext4ResizeFS = 0x40086610
	f, err := os.Open(mounted)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), ext4ResizeFS, uintptr(unsafe.Pointer(&blocks))); e != 0 {
		return fmt.Errorf("grow: %w", e)
	}
	return nil
}

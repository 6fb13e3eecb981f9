package early

import (
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"infobus/card"
)

// The disk is read and written past the kernel's cache, so that what is read is what the
// card has.

// aligned is memory that O_DIRECT takes.
func aligned(n int) ([]byte, func(), error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, nil, err
	}
	return b, func() { unix.Munmap(b) }, nil
}

func readAt(path string, at int64, n int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, free, err := aligned(n)
	if err != nil {
		return nil, err
	}
	defer free()
	got, err := f.ReadAt(b, at)
	if got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %s at %d: %w", path, at, err)
	}
	return append([]byte(nil), b...), nil
}

func writeAt(path string, at int64, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_DIRECT|unix.O_SYNC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, free, err := aligned(len(content))
	if err != nil {
		return err
	}
	defer free()
	copy(b, content)
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return f.Sync()
}

// size is a disk's or partition's, in bytes; 0 where it cannot be asked.
func size(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	n, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	return n
}

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

package card

import (
	"encoding/binary"
	"regexp"
)

// HeadSize is how much of a partition the functions below look at, in bytes.
const HeadSize = 4096

// IsErofs says whether a partition begins as an erofs does (the kernel's
// fs/erofs/erofs_fs.h).
func IsErofs(head []byte) bool {
	return len(head) >= HeadSize && binary.LittleEndian.Uint32(head[1024:]) == 0xE0F5E1E2
}

// Ext4 is what the superblock of an ext4 says (the kernel's
// Documentation/filesystems/ext4/super.rst).
type Ext4 struct {
	Bytes  uint64 // its size
	Mounts uint16 // since it was last checked
}

// ParseExt4 reads the superblock at the beginning of a partition; ok is false where there
// is none.
func ParseExt4(head []byte) (e Ext4, ok bool) {
	if len(head) < HeadSize {
		return e, false
	}
	s := head[1024:2048]
	if binary.LittleEndian.Uint16(s[0x38:]) != 0xef53 {
		return e, false
	}
	shift := binary.LittleEndian.Uint32(s[0x18:])
	if shift > 6 {
		return e, false
	}
	blocks := uint64(binary.LittleEndian.Uint32(s[0x4:]))
	if binary.LittleEndian.Uint32(s[0x60:])&0x80 != 0 { // INCOMPAT_64BIT
		blocks |= uint64(binary.LittleEndian.Uint32(s[0x150:])) << 32
	}
	if blocks >= 1<<40 {
		return e, false
	}
	return Ext4{Bytes: blocks << (10 + shift), Mounts: binary.LittleEndian.Uint16(s[0x34:])}, true
}

// Filled says whether a slot is worth a try, by the beginnings of its two partitions.
func Filled(boot, root []byte) bool {
	_, ok := ParseExt4(boot)
	return ok && IsErofs(root)
}

// Dropped says whether e2fsck, by what it said in English, took files or parts of them
// away, or left them in lost+found without their names. These are the questions of its
// problem.c by which it does, answered with -y, and what it says in their place with -p;
// what it made right without a loss asks "Fix?" and its like.
func Dropped(said string) bool { return dropped.MatchString(said) }

var dropped = regexp.MustCompile(`(?m)\b(?:(?:Clear|Clear inode|Salvage|Truncate|Delete file|Unlink|Connect to /lost\+found)\? yes|(?:CLEARED|SALVAGED|TRUNCATED|DELETED|UNLINKED|RECONNECTED)\.)\s*$`)

// AfterCheck says what follows e2fsck, by how it ended (its manual, "EXIT CODE"): the file
// system can be mounted, and was repaired, or it cannot be.
func AfterCheck(code int) (fit, repaired bool) {
	const corrected, restart = 1, 2
	return code >= 0 && code&^(corrected|restart) == 0, code&corrected != 0
}

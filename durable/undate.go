package durable

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Undated is when every file is said to have been read and written that Undate was at.
var Undated = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// asideMark is in the names of what logbook/store sets aside: it goes by its age.
const asideMark = ".damaged-"

// Undate takes from the system's files in dir, the folder and those in it the moments at
// which they were read and written: of a card that is taken they would tell when the box
// was used last. What cannot be changed the file system keeps: when a file was made, and
// when this was done.
func Undate(dir string) (err error) {
	if unwiped.Load() {
		return nil
	}
	at := unix.NsecToTimespec(Undated.UnixNano())
	walked := filepath.WalkDir(dir, func(path string, e fs.DirEntry, unread error) error {
		if unread != nil {
			err = errors.Join(err, unread)
			return nil
		}
		info, gone := e.Info() // one that has been undated keeps when that was: it is done again
		if gone != nil || !info.Mode().IsRegular() && !info.IsDir() || strings.Contains(e.Name(), asideMark) {
			return nil
		}
		if failed := unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW); !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
		return nil
	})
	return errors.Join(err, walked)
}

package early

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"infobus/card"
)

const (
	maxSettings = 64<<10 + 1 // bytes of a file: one that is too large is told by the last
	maxFiles    = 8
	// firstEvening begins the name of the file that asks for the first evening's tests, for
	// which a unit looks.
	firstEvening = "infobus-first-evening"
	board        = "infobus-board.yaml" // of the screen, as the documents name it in a configuration
)

// Settings copies the beginnings of the files of the FAT whose names begin with "infobus",
// in whatever case, to card.Folder, and leaves what they mean to others; a configuration
// among them takes the place of the root's. The FAT is mounted read-only, and not for
// longer than that.
func (c *Card) Settings() {
	c.report.Setting = card.FileUnreadable
	const at = "/run/infobus-card/fat"
	if err := os.MkdirAll(at, 0o700); err != nil {
		return
	}
	defer os.Remove(at)
	flags := uintptr(unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if err := unix.Mount(c.partition(card.PartitionFAT), at, "vfat", flags, "utf8"); err != nil {
		c.say("the FAT: %v", err)
		return
	}
	defer unix.Unmount(at, unix.MNT_DETACH)
	c.report.Setting = settings(at, card.Folder)
	if own := configuration(card.Folder); own != "" {
		if err := unix.Mount(own, "/etc/infobus/infobus.yaml", "", unix.MS_BIND, ""); err != nil {
			c.say("the configuration of the FAT: %v", err)
		}
	}
}

// configuration is a van's own one among what was copied, which all programs then read in
// the place of the root's; "" where there is none. The port's helper reads it as of the
// daemon's group.
func configuration(folder string) string {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if isYAML(e.Name(), "infobus") {
			path := filepath.Join(folder, e.Name())
			if os.Chmod(path, 0o440) == nil {
				return path
			}
		}
	}
	return ""
}

func settings(from, to string) card.File {
	entries, err := os.ReadDir(from)
	if err != nil {
		return card.FileUnreadable
	}
	found, wrong := 0, 0
	for _, e := range entries {
		info, err := e.Info()
		if !strings.HasPrefix(strings.ToLower(e.Name()), "infobus") || err != nil || !info.Mode().IsRegular() || found == maxFiles {
			continue
		}
		to := filepath.Join(to, copied(e.Name()))
		if _, err := os.Stat(to); err == nil && filepath.Base(to) != e.Name() {
			continue // there is one whose name is right
		}
		b, err := readSmall(filepath.Join(from, e.Name()))
		if err != nil {
			wrong++
			if !isYAML(e.Name(), "infobus") {
				continue
			}
			b = nil // an empty one is refused; the root's own would leave an alarm unread
		}
		if err = os.WriteFile(to, b, 0o400); err == nil {
			err = own(to)
		}
		if err != nil {
			wrong++
			continue
		}
		found++
	}
	switch {
	case found > 0:
		return card.FileFound
	case wrong > 0:
		return card.FileUnreadable
	}
	return card.FileAbsent
}

// copied is the name of a file's copy: its own, but for those that are looked for by one
// name, which people write in capitals, with blanks, or with an ending that they do not see.
func copied(name string) string {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	switch {
	case strings.HasPrefix(letters, strings.ReplaceAll(firstEvening, "-", "")):
		return firstEvening + ".txt"
	case isYAML(name, strings.TrimSuffix(board, ".yaml")):
		return board
	}
	return name
}

// isYAML says whether a name is that one's, as editors write it.
func isYAML(name, of string) bool {
	rest, is := strings.CutPrefix(strings.ToLower(name), of)
	return is && slices.Contains([]string{".yaml", ".yml", ".yaml.txt", ".yml.txt"}, rest)
}

func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSettings))
}

// own has the daemon own a file, and nobody else read it: a PIN may stand in it.
func own(file string) error {
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	uid, gid := userOf(string(passwd), "infobus")
	return os.Chown(file, uid, gid)
}

// userOf is a user of the root; root, where there is none of that name.
func userOf(passwd, name string) (uid, gid int) {
	for line := range strings.Lines(passwd) {
		fields := strings.Split(line, ":")
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		u, err := strconv.Atoi(fields[2])
		g, err2 := strconv.Atoi(fields[3])
		if err == nil && err2 == nil {
			return u, g
		}
	}
	return 0, 0
}

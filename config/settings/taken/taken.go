// Package taken reads the settings file at the daemon's start and takes over what has
// changed in it, and keeps what was taken: a mistake leaves the last good settings in
// use, and so does a card without the file.
//
// In: the file, the state directory, the PIN's file. Out: the settings in any case, and
// what is wrong with the file.
//
// A key counts only where it differs from what stood in the file when it was last taken
// over: what was replaced since by other means, such as a PIN, does not return from it. A
// line that has gone changes nothing, so that a PIN may be deleted from the file once the
// box has it.
package taken

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"infobus/config"
	"infobus/config/settings"
	"infobus/durable"
)

// name is the durable.Pair's in the state directory.
const name = "settings"

// PIN is the name of the PIN's file in the state directory, where the configuration names
// no other.
const PIN = "pin"

// kept is what outlives a power cut.
type kept struct {
	// File has of each key that stood in the file a hash of its value.
	File map[settings.Key]string `json:"file"`
	// Now is what holds; the PIN is not in it, which has a file of its own.
	Now settings.Settings `json:"now"`
}

// Settings are those that hold, and what is wrong.
type Settings struct {
	Config   config.Config     // with the settings over it
	Found    bool              // there is a file, whatever is wrong with it
	Mistakes settings.Mistakes // of the file; then the last good settings hold
	Kept     error             // why they could not be kept, or that a copy is damaged; without any value
}

// Read gives c with the settings over it. path is the settings file's, beside which
// others of its names are looked for; without one, what was taken over before holds.
func Read(disk durable.Disk, path, dir string, c config.Config) Settings {
	pair, data, damaged := durable.OpenPair(disk, filepath.Join(dir, name), check)
	k, _ := parse(data) // checked
	if c.Status.PINFile == "" {
		c.Status.PINFile = filepath.Join(dir, PIN)
	}
	file, found, wrong := look(path)
	s := Settings{Kept: damaged, Found: found || wrong != ""}
	switch {
	case wrong != "":
		s.Mistakes = settings.Mistakes{{Code: wrong}}
	case found:
		read := settings.Parse(file.name, file.data)
		if s.Mistakes = read.Mistakes; s.Mistakes == nil {
			s.take(disk, pair, &k, read.Settings, data, c.Status.PINFile)
		}
	}
	s.Config = k.Now.Overlay(c)
	return s
}

// take takes over what has changed, and keeps it.
func (s *Settings) take(disk durable.Disk, pair *durable.Pair, k *kept, file settings.Settings, was []byte, pin string) {
	next := kept{File: map[settings.Key]string{}, Now: settings.Settings{}}
	for key, value := range k.Now {
		next.Now[key] = value
	}
	for key, value := range file {
		next.File[key] = hash(value)
		if k.File[key] == next.File[key] {
			continue
		}
		switch key {
		case settings.KeyVersion:
		case settings.KeyPIN:
			// Before the rest: a cut between the two has it written a second time.
			if err := durable.Replace(disk, pin, []byte(value+"\n")); err != nil {
				next.File[key] = k.File[key]
				s.Mistakes = append(s.Mistakes, settings.Mistake{Key: key, Code: settings.NotKept})
				s.Kept = errors.Join(s.Kept, fmt.Errorf("keep the PIN: %w", err))
			}
		case settings.KeyEndpoint:
			if file[settings.KeyToken] == "" {
				delete(next.Now, settings.KeyToken) // it was for another endpoint
			}
			next.Now[key] = value
		default:
			next.Now[key] = value
		}
	}
	*k = next
	b, err := json.Marshal(next)
	if err != nil {
		panic(err) // impossible: strings
	}
	if bytes.Equal(b, was) {
		return
	}
	if err := pair.Write(b); err != nil {
		s.Kept = errors.Join(s.Kept, fmt.Errorf("keep the settings: %w", err))
		s.Mistakes = append(s.Mistakes, settings.Mistake{Code: settings.NotKept})
	}
}

func hash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func check(b []byte) error {
	_, err := parse(b)
	return err
}

func parse(b []byte) (k kept, err error) {
	if len(b) == 0 {
		return k, nil
	}
	err = json.Unmarshal(b, &k)
	if err == nil && k.Now == nil {
		err = errors.New("no settings")
	}
	return k, err
}

type file struct {
	name string
	data []byte
}

// look reads the settings file, whatever of its names it has.
func look(path string) (f file, found bool, wrong settings.Code) {
	if path == "" {
		return f, false, ""
	}
	folder := filepath.Dir(path)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, ""
	} else if err != nil {
		return f, false, settings.Unreadable
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if names = settings.Pick(names); filepath.Base(path) != settings.Name {
		names = []string{filepath.Base(path)}
	}
	switch len(names) {
	case 0:
		return f, false, ""
	case 1:
	default:
		return f, false, settings.TwoFiles
	}
	at := filepath.Join(folder, names[0])
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, false, ""
	case err != nil || !info.Mode().IsRegular():
		return f, false, settings.Unreadable
	case info.Size() > settings.MaxSize:
		return f, false, settings.TooLarge
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return f, false, settings.Unreadable
	}
	return file{names[0], data}, true, ""
}

// Package lastgood reads the configuration at the daemon's start, and keeps the
// last one that was good: a mistake in the file does not keep the box from
// starting.
//
// In: the file and the state directory. Out: a configuration in any case, and what
// is wrong with the file.
package lastgood

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"infobus/config"
	"infobus/durable"
)

const (
	// name is the durable.Pair's in the state directory.
	name = "configuration"
	// maxSize bounds what is read, in bytes: a configuration of ours is below 10 kB.
	maxSize = 1 << 20
)

// Read gives the configuration at path. Where that cannot be read or has mistakes
// it is the last good one that was kept in dir or, without one, config.Bare;
// refused says why. kept is why a good one could not be kept, or that a copy is
// damaged.
func Read(disk durable.Disk, path, dir string) (c config.Config, refused, kept error) {
	whole := func([]byte) error { return nil } // its mistakes are config's to find
	pair, last, kept := durable.OpenPair(disk, filepath.Join(dir, name), whole)
	data, err := read(path)
	if err == nil {
		c, err = config.Parse(path, data)
	}
	if err == nil {
		if !bytes.Equal(data, last) {
			if err := pair.Write(data); err != nil {
				kept = fmt.Errorf("keep the configuration: %w", err)
			}
		}
		return c, nil, kept
	}
	if last != nil {
		good, outdated := config.Parse(path, last)
		if outdated == nil {
			return good, fmt.Errorf("the configuration was refused, and the last good one is used: %w", err), kept
		}
	}
	return config.Bare(), fmt.Errorf("the configuration was refused, and there is no earlier one: nothing on the wires is used: %w", err), kept
}

// errEmpty says that nothing stands in the file. It would be every default, and is what a
// card that was pulled out of a computer too early has: then an alarm would go unread.
var errEmpty = errors.New("the file is empty")

// read gives the file, which may be a link, but no pipe that would never end.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("%s has %d bytes; at most %d were expected", path, info.Size(), maxSize)
	}
	data, err := os.ReadFile(path)
	if err == nil && len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errEmpty)
	}
	return data, err
}

package glass

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"

	"infobus/durable"
	"infobus/hw/epaper"
)

const (
	// name is the file's in the state directory.
	name = "glass.slots"
	// oldName is the file that earlier versions kept the same in.
	oldName = "glass"
)

// file holds the frame that is on the glass, for a later process, and says in
// which boot it was shown. While a refresh is under way it holds none, so that one
// that was cut off claims nothing.
//
// The payload is the boot's id, a line feed, and the frame, deflated (RFC 1951: to
// a fifth, as a rule, and so much less is written); or nothing.
type file struct {
	slots *durable.Slots
	empty bool // it holds none
}

// open reads what was kept; frame is nil if there is none. An error says that a
// copy was damaged.
func open(disk durable.Disk, dir string) (f *file, frame []byte, boot string, err error) {
	slots, b, err := durable.OpenSlots(disk, filepath.Join(dir, name), func(b []byte) error {
		_, _, err := parse(b)
		return err
	})
	old := filepath.Join(dir, oldName)
	if b == nil {
		var unread error
		if frame, boot, unread = readOld(disk, old); unread != nil {
			err = errors.Join(err, durable.SetAside(disk, old, unread))
		}
	} else {
		frame, boot, _ = parse(b) // it was checked
	}
	slots.Replaces(old)
	return &file{slots, b != nil && frame == nil}, frame, boot, err
}

// parse reads a payload.
func parse(b []byte) (frame []byte, boot string, err error) {
	if len(b) == 0 {
		return nil, "", nil
	}
	id, deflated, ok := bytes.Cut(b, []byte("\n"))
	if !ok {
		return nil, "", errors.New("no boot")
	}
	frame, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), epaper.FrameSize+1))
	if err == nil && len(frame) != epaper.FrameSize {
		err = fmt.Errorf("no frame: %d bytes", len(frame))
	}
	if err != nil {
		return nil, "", err
	}
	return frame, string(id), nil
}

// readOld reads the file of earlier versions: a line with the boot and a checksum,
// and the frame.
func readOld(disk durable.Disk, path string) (frame []byte, boot string, err error) {
	b, err := durable.Read(disk, path, durable.MaxSlot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	head, frame := b[:max(0, len(b)-epaper.FrameSize)], b[max(0, len(b)-epaper.FrameSize):]
	var sum uint32
	if n, err := fmt.Sscanf(string(head), "%s %08x\n", &boot, &sum); n != 2 || err != nil || sum != crc32.ChecksumIEEE(frame) {
		return nil, "", errors.New("no page of ours")
	}
	return frame, boot, nil
}

// forget has the file hold nothing, for good.
func (f *file) forget() error {
	if f.empty {
		return nil
	}
	return f.hold(f.slots.Write)
}

// wipe is forget, after which no older frame can be found in the file either.
func (f *file) wipe() error { return f.hold(f.slots.Replace) }

func (f *file) hold(write func([]byte) error) error {
	err := write(nil)
	f.empty = err == nil
	return err
}

// keep has the file hold the frame that is on the glass, or leaves it as it is
// where that is not known.
func (f *file) keep(boot string, frame []byte) error {
	if frame == nil {
		return nil
	}
	b := bytes.NewBufferString(boot + "\n")
	z, err := flate.NewWriter(b, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(frame); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	f.empty = false // also of a write that fails nobody knows
	return f.slots.Write(b.Bytes())
}

package line

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev/uapi"
	"golang.org/x/sys/unix"
)

// Pulses requests the line by the kernel's interface itself: the library makes no
// use of the size of the event buffer that it is given, and wakes for each event.
func (d device) Pulses(l Config) (Pulses, error) {
	c, err := d.open()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	offset, err := offsetOf(c, l.Line)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	chip, err := os.OpenFile("/dev/"+c.Name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open GPIO chip: %w", absent(err))
	}
	defer chip.Close()

	request := uapi.LineRequest{Lines: 1, EventBufferSize: eventBuffer}
	request.Offsets[0] = uint32(offset)
	copy(request.Consumer[:], "infobus")
	request.Config.Flags = uapi.LineFlagV2Input | uapi.LineFlagV2EdgeRising
	if l.ActiveLow {
		request.Config.Flags |= uapi.LineFlagV2ActiveLow
	}
	if l.PullUp {
		request.Config.Flags |= uapi.LineFlagV2BiasPullUp
	}
	if l.PullDown {
		request.Config.Flags |= uapi.LineFlagV2BiasPullDown
	}
	if err := uapi.GetLine(chip.Fd(), &request); err != nil {
		return nil, fmt.Errorf("request %s from %s: %w", l.Name, c.Label, absent(err))
	}
	if err := unix.SetNonblock(int(request.Fd), true); err != nil {
		unix.Close(int(request.Fd))
		return nil, err
	}
	f := os.NewFile(uintptr(request.Fd), l.Name)
	conn, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &pulses{file: f, conn: conn, raw: make([]byte, 64*eventSize)}, nil
}

// eventSize is that of gpio_v2_line_event in linux/gpio.h.
const eventSize = 48

type pulses struct {
	file *os.File
	conn syscall.RawConn
	raw  []byte
	have []byte // read and not taken
}

func (p *pulses) Wait(ctx context.Context) error {
	if len(p.have) > 0 {
		return nil
	}
	p.file.SetReadDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { p.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err := p.read(true)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

// read reads what there is; with wait, once there is something.
func (p *pulses) read(wait bool) (err error) {
	var n int
	var failed error
	err = p.conn.Read(func(fd uintptr) bool {
		n, failed = unix.Read(int(fd), p.raw)
		return !wait || failed != unix.EAGAIN
	})
	if err == nil && failed != unix.EAGAIN {
		err = failed
	}
	if err != nil {
		return absent(err)
	}
	p.have = p.raw[:max(n, 0)/eventSize*eventSize]
	return nil
}

func (p *pulses) Take(list []Pulse) (n int, err error) {
	for n < len(list) {
		if len(p.have) == 0 {
			if err := p.read(false); err != nil || len(p.have) == 0 {
				return n, err
			}
		}
		e := p.have[:eventSize]
		p.have = p.have[eventSize:]
		list[n] = Pulse{At: time.Duration(binary.NativeEndian.Uint64(e)), Seq: binary.NativeEndian.Uint32(e[20:])}
		n++
	}
	return n, nil
}

func (p *pulses) Alive() error {
	var failed error
	err := p.conn.Control(func(fd uintptr) {
		failed = uapi.GetLineValuesV2(fd, &uapi.LineValues{Mask: 1})
	})
	return absent(errors.Join(err, failed))
}

func (p *pulses) Close() error { return p.file.Close() }

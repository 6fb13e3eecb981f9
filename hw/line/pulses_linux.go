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
	c, offset, err := d.find(l)
	if err != nil {
		return nil, err
	}
	defer c.Close()
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
	return countPulses(int(request.Fd))
}

// eventSize is that of gpio_v2_line_event in linux/gpio.h.
const eventSize = 48

// pulses are read from fd. The runtime's poller would wake the process for each
// of them if it knew fd, so it knows only an epoll that looks at fd while
// somebody waits, and then once.
type pulses struct {
	fd    int
	epoll *os.File
	conn  syscall.RawConn // epoll's
	raw   []byte
	have  []byte // read and not taken
}

// countPulses takes fd, and closes it with what it gives, or if it fails.
func countPulses(fd int) (*pulses, error) {
	p := &pulses{fd: fd, raw: make([]byte, 64*eventSize)}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		unix.SetNonblock(epoll, true) // so that the runtime's poller takes it
		p.epoll = os.NewFile(uintptr(epoll), "epoll")
		p.conn, err = p.epoll.SyscallConn()
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Fd: int32(fd)})
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *pulses) Wait(ctx context.Context) error {
	if len(p.have) > 0 {
		return nil
	}
	p.epoll.SetReadDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { p.epoll.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	err := p.conn.Control(func(epoll uintptr) {
		failed = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_MOD, p.fd, &unix.EpollEvent{Fd: int32(p.fd), Events: unix.EPOLLIN | unix.EPOLLONESHOT})
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	var there [1]unix.EpollEvent
	err = p.conn.Read(func(epoll uintptr) bool {
		var n int
		n, failed = unix.EpollWait(int(epoll), there[:], 0)
		return n != 0
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctx.Err()
	case err != nil:
		return err
	case failed == unix.EINTR:
		return nil
	}
	return failed
}

func (p *pulses) Take(list []Pulse) (n int, err error) {
	for more := true; ; {
		for ; n < len(list) && len(p.have) > 0; n++ {
			list[n] = Pulse{At: time.Duration(binary.NativeEndian.Uint64(p.have)), Seq: binary.NativeEndian.Uint32(p.have[20:])}
			p.have = p.have[eventSize:]
		}
		if n == len(list) || !more {
			return n, nil
		}
		got, err := unix.Read(p.fd, p.raw)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return n, nil
		case err != nil:
			return n, absent(err)
		case got == 0:
			return n, absent(unix.ENODEV)
		}
		more = got == len(p.raw)
		p.have = p.raw[:got/eventSize*eventSize]
	}
}

func (p *pulses) Alive() error {
	return absent(uapi.GetLineValuesV2(uintptr(p.fd), &uapi.LineValues{Mask: 1}))
}

func (p *pulses) Close() error {
	var err error
	if p.epoll != nil {
		err = p.epoll.Close()
	}
	return errors.Join(err, unix.Close(p.fd))
}

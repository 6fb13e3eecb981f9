package lab

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// radio is the way from the Cisco box to the internet: wwan0 there and air0
// here, two TUN devices with this process between them. This machine's kernel
// may have no netem; this needs none.
type radio struct {
	delay atomic.Int64 // one way, towards the box
	loss  atomic.Int64 // percent, each way
	mtu   atomic.Int64 // longer packets vanish without a word; 0: none do
	down  atomic.Bool
	// jitter is added to delay at random, up to so much. rate is in bits a second
	// towards the box, with a queue of so long; 0: without a limit.
	jitter, rate, queue atomic.Int64
	free                atomic.Int64 // when that queue will be empty, in ns since 1970

	bytes atomic.Int64 // that came from the Cisco box or went to it
	// Of these, those from or to the server that proves itself, and how often it
	// was called.
	proofBytes, proofs atomic.Int64
}

func newRadio(l *lab) *radio {
	r := &radio{}
	var ends [2]*os.File
	for i, end := range []struct{ ns, name string }{{l.gw, "wwan0"}, {l.inet, "air0"}} {
		l.inside(end.ns, func() (err error) {
			ends[i], err = tun(end.name)
			return err
		})
	}
	var carrying sync.WaitGroup
	carrying.Go(func() { r.carry(ends[0], ends[1], false) })
	carrying.Go(func() { r.carry(ends[1], ends[0], true) })
	l.t.Cleanup(func() {
		ends[0].Close()
		ends[1].Close()
		carrying.Wait()
	})
	return r
}

var proving = net.ParseIP(nameAddress).To4()

// proof counts an IPv4 packet (RFC 791) of a proof.
func (r *radio) proof(b []byte) {
	if len(b) < 40 || !bytes.Equal(b[12:16], proving) && !bytes.Equal(b[16:20], proving) {
		return
	}
	r.proofBytes.Add(int64(len(b)))
	if flags := b[int(b[0]&15)*4+13]; flags&0x12 == 2 { // SYN alone
		r.proofs.Add(1)
	}
}

func tun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var request struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], name)
	request.flags = unix.IFF_TUN | unix.IFF_NO_PI
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&request))); e != 0 {
		unix.Close(fd)
		return nil, e
	}
	return os.NewFile(uintptr(fd), name), nil
}

// carry takes packets from one end to the other until an end is closed.
func (r *radio) carry(from, to *os.File, late bool) {
	b := make([]byte, 1<<16)
	line := make(chan sent, 1<<16)
	defer close(line)
	go func() {
		for p := range line {
			time.Sleep(time.Until(p.at))
			to.Write(p.packet)
		}
	}()
	var free time.Time // when the line is
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		r.bytes.Add(int64(n))
		r.proof(b[:n])
		mtu := r.mtu.Load()
		if r.down.Load() || rand.Int64N(100) < r.loss.Load() || mtu > 0 && int64(n) > mtu {
			continue
		}
		if rate := r.rate.Load(); rate > 0 && late {
			now := time.Now()
			if free.Before(now) {
				free = now
			}
			if free.Sub(now) > time.Duration(r.queue.Load()) {
				continue // the queue is full
			}
			free = free.Add(time.Duration(int64(n) * 8 * int64(time.Second) / rate))
			r.free.Store(free.UnixNano())
			select {
			case line <- sent{free, append([]byte(nil), b[:n]...)}:
			default:
			}
			continue
		}
		if d := time.Duration(r.delay.Load()); d > 0 && late {
			if j := r.jitter.Load(); j > 0 {
				d += time.Duration(rand.Int64N(j))
			}
			packet := append([]byte(nil), b[:n]...)
			time.AfterFunc(d, func() { to.Write(packet) })
			continue
		}
		to.Write(b[:n])
	}
}

// waits is how long a packet waits that comes now.
func (r *radio) waits() time.Duration {
	return max(0, time.Until(time.Unix(0, r.free.Load())))
}

// sent is a packet on the line, and when it is at its end.
type sent struct {
	at     time.Time
	packet []byte
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// port is a TCP port on loopback that serves HTTP while it is open and refuses
// connections while it is not. Its number stays its own all the time: a socket
// that never listens holds it.
type port struct {
	address string
	held    int // the holding socket
	server  *http.Server
	dead    func() bool // takes connections and drops them while true; may be nil
	serving sync.WaitGroup

	mu       sync.Mutex // guards the rest
	listener net.Listener
	conns    map[net.Conn]bool
}

func newPort(h http.Handler) (*port, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &port{held: fd, conns: map[net.Conn]bool{}}
	loopback := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err = shareable(fd); err == nil {
		err = unix.Bind(fd, loopback)
	}
	var bound unix.Sockaddr
	if err == nil {
		bound, err = unix.Getsockname(fd)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	p.address = fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port)
	p.server = &http.Server{Handler: h, ConnState: p.track, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0)}
	return p, nil
}

func shareable(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }

// set opens or shuts the port.
func (p *port) set(open bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case open && p.listener == nil:
		config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
			var err error
			if e := c.Control(func(fd uintptr) { err = shareable(int(fd)) }); e != nil {
				return e
			}
			return err
		}}
		l, err := config.Listen(context.Background(), "tcp4", p.address)
		if err != nil {
			return fmt.Errorf("open a port again: %w", err)
		}
		p.listener = l
		p.serving.Go(func() { p.server.Serve(l) })
	case !open && p.listener != nil:
		p.listener.Close()
		p.listener = nil
	}
	return nil
}

// cut resets every open connection.
func (p *port) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		reset(c)
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

func (p *port) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if p.dead != nil && p.dead() {
			reset(c)
		}
		p.mu.Lock()
		p.conns[c] = true
		if p.listener == nil {
			reset(c) // accepted while the port was being shut
		}
		p.mu.Unlock()
	case http.StateClosed, http.StateHijacked:
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}
}

func (p *port) close() error {
	p.set(false)
	p.cut()
	err := p.server.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil // set has closed the listener, and the server did not know yet
	}
	p.serving.Wait()
	unix.Close(p.held)
	return err
}

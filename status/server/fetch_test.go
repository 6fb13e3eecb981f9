package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections hold nothing: a byte is written once it is read.
type pipes struct {
	came  chan net.Conn
	close sync.Once
	ended chan struct{}
}

func newPipes() *pipes { return &pipes{came: make(chan net.Conn), ended: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.came:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error { l.close.Do(func() { close(l.ended) }); return nil }

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// ask asks for something and gives what is left to read of the answer.
func (l *pipes) ask(t testing.TB, path string) (net.Conn, *http.Response) {
	t.Helper()
	c, theirs := net.Pipe()
	l.came <- theirs
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		t.Error(err)
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(c, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, answer
}

// takes reads so many bytes each second until all came, and gives how many did.
func takes(r io.Reader, each int64) (n int64, err error) {
	for {
		k, err := io.CopyN(io.Discard, r, each)
		if n += k; errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
		time.Sleep(time.Second)
	}
}

// served calls test in a bubble, with a server whose guide has so many bytes.
func served(t *testing.T, size int, test func(*testing.T, *pipes)) {
	path := filepath.Join(t.TempDir(), "guide.pdf")
	if err := os.WriteFile(path, bytes.Repeat([]byte("%"), size), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Guide = func(string) (string, bool) { return path, true }
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l, ended := newPipes(), make(chan error, 1)
		go func() { ended <- New(o).Serve(ctx, Visitors(l)) }()
		test(t, l)
		cancel()
		<-ended
	})
}

func TestSlowPhonesTakeNoPlaceFromOthers(t *testing.T) {
	const size, each = 1 << 20, 20_000
	served(t, size, func(t *testing.T, l *pipes) {
		var slow sync.WaitGroup
		for range 150 {
			slow.Go(func() {
				c, answer := l.ask(t, "/guide.pdf")
				defer c.Close()
				if n, err := takes(answer.Body, each); n != size || err != nil {
					t.Errorf("a slow phone got %d of %d bytes: %v", n, size, err)
				}
			})
		}
		time.Sleep(20 * time.Second)
		begun := time.Now()
		for _, path := range []string{"/today", "/guide.pdf"} {
			c, answer := l.ask(t, path)
			if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %d, %v", path, answer.StatusCode, err)
			}
			c.Close()
		}
		if waited := time.Since(begun); waited > time.Second {
			t.Errorf("who comes meanwhile waits for %s", waited)
		}
		slow.Wait()
	})
}

func TestAFileThatNobodyTakesIsGivenUp(t *testing.T) {
	const size = 1 << 20
	served(t, size, func(t *testing.T, l *pipes) {
		c, answer := l.ask(t, "/guide.pdf")
		defer c.Close()
		io.CopyN(io.Discard, answer.Body, 100_000)
		time.Sleep(fetchStalls + time.Second)
		if n, err := io.Copy(io.Discard, answer.Body); err == nil {
			t.Errorf("the rest comes after all: %d bytes", n)
		}
	})
}

func TestTheSlowestGivesWayWhereTooManyFetch(t *testing.T) {
	const size = 1 << 20
	served(t, size, func(t *testing.T, l *pipes) {
		var all sync.WaitGroup
		slowest := make(chan error, 1)
		for n := range fetchMost {
			all.Go(func() {
				c, answer := l.ask(t, "/guide.pdf")
				defer c.Close()
				if n == fetchMost/2 {
					_, err := takes(answer.Body, 1000)
					slowest <- err
					return
				}
				if n, err := takes(answer.Body, 20_000); n != size || err != nil {
					t.Errorf("a phone that takes 20 kB/s got %d of %d bytes: %v", n, size, err)
				}
			})
		}
		time.Sleep(fetchJudged + time.Second)
		select {
		case err := <-slowest:
			t.Errorf("the slowest gave way to nobody: %v", err)
		default:
		}
		c, answer := l.ask(t, "/guide.pdf")
		defer c.Close()
		if n, err := io.Copy(io.Discard, answer.Body); n != size || err != nil {
			t.Errorf("who comes then got %d of %d bytes: %v", n, size, err)
		}
		if err := <-slowest; err == nil {
			t.Error("the slowest did not give way")
		}
		all.Wait()
	})
}

package systemd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// hangGuard ends a test that would wait for ever; nothing is measured by it.
const hangGuard = 30 * time.Second

func notifySocket(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(hangGuard))
	t.Setenv("NOTIFY_SOCKET", path)
	return c
}

func read(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 1024)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestWhatIsSaidArrivesOnARealSocket(t *testing.T) {
	c := notifySocket(t)
	for _, say := range []struct {
		say  func() error
		want string
	}{{Ready, "READY=1"}, {Stopping, "STOPPING=1"}} {
		if err := say.say(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, c); got != say.want {
			t.Errorf("got %q, want %q", got, say.want)
		}
	}
}

func TestWithoutSystemdNothingIsSaid(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	if err := errors.Join(Ready(), Stopping(), Feed(context.Background(), nil)); err != nil {
		t.Error(err)
	}
}

func TestTheWatchdogIsFedOnlyByWhatLives(t *testing.T) {
	c := notifySocket(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan struct{})
	answers := make(chan error)
	ended := make(chan error, 1)
	go func() {
		ended <- Feed(ctx, func(ctx context.Context) error {
			asked <- struct{}{}
			select {
			case err := <-answers:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	for range 3 {
		<-asked
		answers <- nil
		if got := read(t, c); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	<-asked
	answers <- errors.New("dead")
	<-asked // it asks again,
	<-asked // and again when no answer comes in time,
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.SetReadDeadline(time.Now()) // and fed nothing meanwhile
	if n, err := c.Read(make([]byte, 64)); err == nil {
		t.Errorf("%d bytes came for a daemon that does not live", n)
	}
}

// A child that is started as systemd starts one, with two sockets handed over.
func TestSocketsAreTakenOver(t *testing.T) {
	if os.Getenv("LISTEN_FDS") != "" {
		network, local, err := Listeners()
		fmt.Println(len(network), len(local), err)
		var all []net.Listener
		for _, l := range network {
			all = append(all, l)
		}
		for _, l := range append(all, local...) {
			c, err := l.Accept()
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Fprint(c, l.Addr().Network())
			c.Close()
		}
		os.Exit(0)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	unix, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	a, err := tcp.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	b, err := unix.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	// LISTEN_PID must be the child's own, which only a shell can know here.
	child := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestSocketsAreTakenOver$'`, os.Args[0])
	child.Env = append(os.Environ(), "LISTEN_FDS=2")
	child.ExtraFiles = []*os.File{a, b}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.TrimSpace(first) != "1 1 <nil>" {
		t.Fatalf("the child got %q, %v", first, err)
	}
	for _, l := range []net.Listener{tcp, unix} {
		c, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		word, err := bufio.NewReader(c).ReadString(0)
		if word != l.Addr().Network() {
			t.Errorf("%s answers %q, %v", l.Addr(), word, err)
		}
		c.Close()
	}
}

// login is a log-in manager on a real bus.
type login struct {
	answer func() *dbus.Error
	asked  chan bool
}

func (l login) PowerOff(interactive bool) *dbus.Error {
	l.asked <- interactive
	return l.answer()
}

func TestPowerOffReportsWhatTheLogInManagerSays(t *testing.T) {
	address := bus(t)
	never := make(chan struct{})
	defer close(never)
	tests := []struct {
		name   string
		answer func() *dbus.Error
		limit  time.Duration
		want   error
	}{
		{"it does", func() *dbus.Error { return nil }, hangGuard, nil},
		{"polkit refuses", func() *dbus.Error {
			return dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"Permission denied to somebody"})
		}, hangGuard, ErrRefused},
		{"it hangs", func() *dbus.Error { <-never; return nil }, 50 * time.Millisecond, context.DeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := dbus.Connect(address)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			l := login{test.answer, make(chan bool, 1)}
			if err := server.Export(l, "/org/freedesktop/login1", "org.freedesktop.login1.Manager"); err != nil {
				t.Fatal(err)
			}
			if _, err := server.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
				t.Fatal(err)
			}
			client, err := dbus.Connect(address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(context.Background(), test.limit)
			defer cancel()
			err = powerOff(ctx, client)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "somebody") {
				t.Errorf("the error repeats text from outside: %v", err)
			}
			if <-l.asked {
				t.Error("somebody would have been asked for a password")
			}
		})
	}
}

// bus starts a message bus of the test's own.
func bus(t *testing.T) (address string) {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil && testing.Short() {
		t.Skip("-short: there is no dbus-daemon here: apt-get install dbus-daemon")
	}
	c := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:dir="+t.TempDir())
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("start a message bus (apt-get install dbus): %v", err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

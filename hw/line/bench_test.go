package line

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"infobus/reading/clock"
)

// TestMain is also the process that pulses, for BenchmarkPulses: an event of the
// kernel's own shape on its output, a hundred times a second.
func TestMain(m *testing.M) {
	if os.Getenv("INFOBUS_PULSE") == "" {
		os.Exit(m.Run())
	}
	event := make([]byte, eventSize)
	for seq := uint32(1); ; seq++ {
		binary.NativeEndian.PutUint64(event, uint64(clock.Mono()))
		binary.NativeEndian.PutUint32(event[20:], seq)
		if _, err := os.Stdout.Write(event); err != nil {
			os.Exit(0)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// piped is a chip whose one line is a pipe.
type piped struct {
	Chip
	fd int
}

func (p piped) Pulses(Config) (Pulses, error) { return countPulses(p.fd) }

// BenchmarkPulses measures the processor time that a generator's pulses cost,
// beside a bare loop that reads the same events one by one and does nothing.
func BenchmarkPulses(b *testing.B) {
	long := 20 * time.Second
	if testing.Short() {
		long = time.Second
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // as the daemon runs
	measure := func(what string, read func(ctx context.Context, fd int)) (perPulse time.Duration) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, long)
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "INFOBUS_PULSE=1")
		// Not os.Pipe, whose ends the runtime's poller knows from the start.
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			b.Fatal(err)
		}
		w := os.NewFile(uintptr(ends[1]), "pulses")
		c.Stdout = w
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		w.Close()
		defer c.Wait()
		defer c.Process.Kill()
		ctx, cancel := context.WithTimeout(context.Background(), long)
		defer cancel()
		before := spent(b)
		read(ctx, ends[0])
		return (spent(b) - before) / time.Duration(long/(10*time.Millisecond))
	}
	var last Beat
	ours := measure("a generator's pulses", func(ctx context.Context, fd int) {
		if err := NewMeter(piped{fd: fd}, Config{Name: "generator-1"}).Watch(ctx, func(beat Beat) { last = beat }); !errors.Is(err, context.DeadlineExceeded) {
			b.Fatal(err)
		}
	})
	bare := measure("a bare loop", func(ctx context.Context, fd int) {
		unix.SetNonblock(fd, true)
		f := os.NewFile(uintptr(fd), "pulses")
		defer context.AfterFunc(ctx, func() { f.Close() })()
		for event := make([]byte, eventSize); ; {
			if _, err := f.Read(event); err != nil {
				return
			}
		}
	})
	fmt.Println()
	fmt.Printf("a generator's pulses, 100 a second: %v of processor time a pulse, %.1f s an hour, %.2f %% of this core; a bare loop that reads them: %v, %.1f s an hour (aim 1 %% of a core of 1 GHz); %.1f Hz seen at last\n",
		ours, ours.Seconds()*360000, ours.Seconds()*10000, bare, bare.Seconds()*360000, last.Hz)
}

// spent is the processor time of this process so far.
func spent(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

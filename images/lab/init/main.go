// Init is the first and only program of the lab's machine: it mounts what a
// daemon needs, brings the loopback up, runs the programs that /lab.json lists,
// and copies what they say to the console, each line behind its program's name.
// It never returns: the test that started the machine ends it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"infobus/images/lab"
)

func main() {
	if err := prepare(); err != nil {
		say("init", err.Error())
	}
	var programs []lab.Program
	if list, err := os.ReadFile("/lab.json"); err != nil {
		say("init", err.Error())
	} else if err := json.Unmarshal(list, &programs); err != nil {
		say("init", "/lab.json: "+err.Error())
	}
	for _, p := range programs {
		go run(p)
	}
	for {
		time.Sleep(time.Hour)
	}
}

func prepare() error {
	for _, m := range [][2]string{
		{"/proc", "proc"}, {"/sys", "sysfs"}, {"/dev", "devtmpfs"},
		{"/run", "tmpfs"}, {"/tmp", "tmpfs"}, {"/var", "tmpfs"},
	} {
		if err := unix.Mount(m[1], m[0], m[1], 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", m[0], err)
		}
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring the loopback up: %w", err)
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("bring the loopback up: %w", err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring the loopback up: %w", err)
	}
	return nil
}

// run starts the program, again whenever it ends if it is to be there always.
func run(p lab.Program) {
	for {
		c := exec.Command(p.Command[0], p.Command[1:]...)
		c.Env = append(os.Environ(), p.Env...)
		r, w, err := os.Pipe()
		if err != nil {
			say(p.Name, err.Error())
			return
		}
		c.Stdout, c.Stderr = w, w
		if err := c.Start(); err != nil {
			say(p.Name, err.Error())
			w.Close()
			r.Close()
			return
		}
		w.Close()
		in := bufio.NewReader(r)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				say(p.Name, strings.TrimSuffix(line, "\n"))
			}
			if err != nil {
				break
			}
		}
		r.Close()
		say("init", fmt.Sprintf("%s ended: %v", p.Name, c.Wait()))
		if !p.Again {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

var console sync.Mutex

// say writes one whole line to the console.
func say(name, line string) {
	console.Lock()
	defer console.Unlock()
	io.WriteString(os.Stdout, name+": "+line+"\n")
}

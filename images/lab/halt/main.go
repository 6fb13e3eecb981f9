// Halt stops a program of the lab's machine for as long as a line of its chip
// is active, and says each edge of its lines as a JSON object: a witness, beside
// that program, of when the kernel saw what.
//
//	halt CHIP LINES PROGRAM
//
// LINES are line.Config; the one named "halt" halts.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"infobus/hw/line"
)

func main() {
	var lines []line.Config
	if err := json.Unmarshal([]byte(os.Args[2]), &lines); err != nil {
		fail(err)
	}
	out := json.NewEncoder(os.Stdout)
	fail(line.New(line.Find(os.Args[1]), lines...).Watch(context.Background(), func(s line.Seen) {
		if !s.Edge {
			return
		}
		if s.Name == "halt" {
			signal := syscall.SIGCONT
			if s.Active {
				signal = syscall.SIGSTOP
			}
			if err := send(os.Args[3], signal); err != nil {
				fail(err)
			}
		}
		out.Encode(s)
	}))
}

// send sends the signal to the processes of that program. A process that is to
// stop has stopped when it returns.
func send(program string, signal syscall.Signal) error {
	found := false
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return err
	}
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil || string(bytes.TrimSpace(comm)) != program {
			continue // it ended meanwhile, or is another
		}
		dir := filepath.Dir(name)
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, signal); err != nil {
			return err
		}
		found = true
		for signal == syscall.SIGSTOP && !stopped(filepath.Join(dir, "task")) {
		}
	}
	if !found {
		return errors.New("no such program runs: " + program)
	}
	return nil
}

// stopped says whether all threads of a process are, by proc_pid_stat(5).
func stopped(tasks string) bool {
	stats, _ := filepath.Glob(filepath.Join(tasks, "*", "stat"))
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if _, rest, _ := bytes.Cut(stat, []byte(") ")); len(rest) == 0 || rest[0] != 'T' {
			return false
		}
	}
	return true
}

func fail(err error) {
	fmt.Println("error:", err)
	os.Exit(1)
}

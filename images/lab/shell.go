package lab

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

const end = "THE-END"

// Shell is one in the machine, at the other end of a serial port.
type Shell struct {
	conn net.Conn
	said *bufio.Reader
}

// NewShell takes the port. The shell need not be there yet.
func NewShell(conn net.Conn) *Shell { return &Shell{conn, bufio.NewReader(conn)} }

// Try runs a command line; what it prints, on both outputs, and how it ends. An error
// is of the machine, which said nothing more for limit.
func (s *Shell) Try(line string, limit time.Duration) (out string, code int, err error) {
	s.conn.SetDeadline(time.Now().Add(limit))
	if _, err := fmt.Fprintf(s.conn, "( %s\n) </dev/null 2>&1; code=$?; echo; echo %s $code\n", line, end); err != nil {
		return "", 0, fmt.Errorf("%s: %w", line, err)
	}
	var all strings.Builder
	for {
		l, err := s.said.ReadString('\n')
		if err != nil {
			return all.String(), 0, fmt.Errorf("%s: the machine says nothing more: %w", line, err)
		}
		if code, ok := strings.CutPrefix(strings.TrimSpace(l), end+" "); ok {
			n, err := strconv.Atoi(code)
			if err != nil {
				return all.String(), 0, fmt.Errorf("%s: ended with %q", line, code)
			}
			return strings.TrimSpace(all.String()), n, nil
		}
		all.WriteString(l)
	}
}

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Event is something that QEMU says of the machine, such as SHUTDOWN.
type Event struct {
	Event string
	Data  struct{ Reason string }
}

// control is the way to QEMU itself (docs/interop/qmp-spec).
type control struct {
	conn    net.Conn
	asking  sync.Mutex // one request at a time
	answers chan answer
	events  chan Event
}

type answer struct {
	Return json.RawMessage
	Error  *struct{ Desc string }
	Event
}

func newControl(conn net.Conn) (*control, error) {
	c := &control{conn: conn, answers: make(chan answer), events: make(chan Event, 1024)}
	go c.read()
	return c, c.Ask("qmp_capabilities", nil, nil)
}

func (c *control) read() {
	defer close(c.events)
	defer close(c.answers)
	for in := json.NewDecoder(c.conn); ; {
		var a answer
		if err := in.Decode(&a); err != nil {
			return
		}
		switch {
		case a.Event.Event != "":
			select {
			case c.events <- a.Event:
			default: // nobody listens
			}
		case a.Return != nil || a.Error != nil: // the greeting is neither
			c.answers <- a
		}
	}
}

// Events are what QEMU says; closed when it has ended. Those that nobody takes
// are lost after a thousand.
func (c *control) Events() <-chan Event { return c.events }

// Ask has QEMU do something; what it answers goes into result, unless nil.
func (c *control) Ask(execute string, arguments map[string]any, result any) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	if arguments == nil {
		arguments = map[string]any{}
	}
	if err := json.NewEncoder(c.conn).Encode(map[string]any{"execute": execute, "arguments": arguments}); err != nil {
		return fmt.Errorf("%s: %w", execute, err)
	}
	a, ok := <-c.answers
	switch {
	case !ok:
		return fmt.Errorf("%s: the machine ended", execute)
	case a.Error != nil:
		return fmt.Errorf("%s: %s", execute, a.Error.Desc)
	case result == nil:
		return nil
	}
	return json.Unmarshal(a.Return, result)
}

// Monitor has QEMU do what its monitor for people does, such as "savevm name".
// Whatever that says is an error.
func (c *control) Monitor(line string) error {
	var said string
	if err := c.Ask("human-monitor-command", map[string]any{"command-line": line}, &said); err != nil {
		return err
	}
	if said != "" {
		return errors.New(line + ": " + said)
	}
	return nil
}

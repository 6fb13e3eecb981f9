package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"infobus/systemd"
)

// visitorsDoor is a listener at which nobody is paired: it has the visitors' pages and
// nothing else.
type visitorsDoor struct{ net.Listener }

// Visitors makes a listener the visitors' door. Every other is open to both.
func Visitors(l net.Listener) net.Listener { return visitorsDoor{l} }

// VolunteersSocket is the name (FileDescriptorName=) of the socket of systemd's that is
// the volunteers' own door.
const VolunteersSocket = "infobus-volunteers"

// Socket is the command line's door, in a folder of the daemon's own, where systemd
// opened none.
const Socket = "infobus.sock"

// Listen gives systemd's sockets or, without any, opens its own: the address, and Socket in
// the folder for the command line, which only its owner may use. The volunteers' own it
// opens where it is not "" and systemd gives none. Where the volunteers have a door of
// their own, it is the first.
// Beside those that are open the error says which cannot be: another program may have the
// port.
func Listen(address, volunteers, folder string) (all []net.Listener, closed error) {
	handed, own, err := systemd.Listeners()
	if err != nil {
		closed = fmt.Errorf("take systemd's sockets: %w", err)
	}
	var common, theirs []net.Listener
	for _, l := range handed {
		if l.Name == VolunteersSocket {
			theirs = append(theirs, l.Listener)
		} else {
			common = append(common, l.Listener)
		}
	}
	open := func(to *[]net.Listener, network, address, what string) {
		l, err := net.Listen(network, address)
		if err != nil {
			closed = errors.Join(closed, fmt.Errorf("listen for %s: %w", what, err))
			return
		}
		*to = append(*to, l)
	}
	if len(common)+len(own) == 0 {
		// systemd gives all of a unit's sockets or none.
		open(&common, "tcp", address, "the pages")
		path := filepath.Join(folder, Socket)
		os.Remove(path) // left by a process that was killed
		open(&own, "unix", path, "the command line")
		if len(own) > 0 {
			if err := os.Chmod(path, 0o600); err != nil {
				closed = errors.Join(closed, fmt.Errorf("listen for the command line: %w", err))
				own[0].Close()
				own = nil
			}
		}
	}
	if volunteers != "" && len(theirs) == 0 {
		open(&theirs, "tcp", volunteers, "the volunteers' pages")
	}
	return append(doors(theirs, common), own...), closed
}

// VisitorsPort is the port at which phones come for the visitors' pages; 0 where only
// this machine can.
func VisitorsPort(listeners []net.Listener) (port int) {
	for _, l := range listeners {
		at, tcp := l.Addr().(*net.TCPAddr)
		if _, visitors := l.(visitorsDoor); tcp && !at.IP.IsLoopback() && (visitors || port == 0) {
			port = at.Port
		}
	}
	return port
}

// doors are the network's listeners: once the volunteers have their own, the others are
// for visitors.
func doors(volunteers, others []net.Listener) []net.Listener {
	all := volunteers[:len(volunteers):len(volunteers)]
	for _, l := range others {
		if len(volunteers) > 0 {
			l = Visitors(l)
		}
		all = append(all, l)
	}
	return all
}

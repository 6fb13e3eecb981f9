package server

import (
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

// Listen gives systemd's sockets or, without any, opens its own: the address, the
// volunteers' own where it is not "", and infobus.sock in the folder for the command
// line, which only its owner may use. Where the volunteers have a door of their own,
// it is the first.
func Listen(address, volunteers, folder string) ([]net.Listener, error) {
	handed, own, err := systemd.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take systemd's sockets: %w", err)
	}
	var common, theirs, all []net.Listener
	for _, l := range handed {
		if l.Name == VolunteersSocket {
			theirs = append(theirs, l.Listener)
		} else {
			common = append(common, l.Listener)
		}
	}
	if len(handed)+len(own) > 0 {
		return append(doors(theirs, common), own...), nil
	}
	open := func(network, address string) error {
		l, err := net.Listen(network, address)
		if err == nil {
			all = append(all, l)
			return nil
		}
		for _, l := range all {
			l.Close()
		}
		return err
	}
	if err := open("tcp", address); err != nil {
		return nil, fmt.Errorf("listen for the pages: %w", err)
	}
	if volunteers != "" {
		if err := open("tcp", volunteers); err != nil {
			return nil, fmt.Errorf("listen for the volunteers' pages: %w", err)
		}
		all = doors(all[1:], all[:1:1])
	}
	path := filepath.Join(folder, "infobus.sock")
	os.Remove(path) // left by a process that was killed
	if err := open("unix", path); err != nil {
		return nil, fmt.Errorf("listen for the command line: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		for _, l := range all {
			l.Close()
		}
		return nil, fmt.Errorf("listen for the command line: %w", err)
	}
	return all, nil
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

package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"infobus/systemd"
)

// Listen gives systemd's sockets or, without any, opens its own: the address, and
// infobus.sock in the folder for the command line, which only its owner may use.
func Listen(address, folder string) ([]net.Listener, error) {
	handed, own, err := systemd.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take systemd's sockets: %w", err)
	}
	if all := append(handed, own...); len(all) > 0 {
		return all, nil
	}
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the pages: %w", err)
	}
	path := filepath.Join(folder, "infobus.sock")
	os.Remove(path) // left by a process that was killed
	local, err := net.Listen("unix", path)
	if err != nil {
		tcp.Close()
		return nil, fmt.Errorf("listen for the command line: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		tcp.Close()
		local.Close()
		return nil, fmt.Errorf("listen for the command line: %w", err)
	}
	return []net.Listener{tcp, local}, nil
}

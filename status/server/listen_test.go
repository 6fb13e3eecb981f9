package server

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// A door that the configuration asks for is opened, too, where systemd hands over those for
// all: on the card nobody can enable its socket for the volunteers' own. The child is
// started as systemd starts one.
func TestTheVolunteersOwnDoorIsOpenedBesideSystemdsSockets(t *testing.T) {
	if os.Getenv("LISTEN_FDS") != "" {
		all, err := Listen(":80", "127.0.0.1:0", t.TempDir())
		visitors := 0
		for _, l := range all {
			if _, is := l.(visitorsDoor); is {
				visitors++
			}
		}
		fmt.Printf("%d doors, %d of them for visitors, %v\n", len(all), visitors, err)
		os.Exit(0)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	handed, err := tcp.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	child := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^`+t.Name()+`$'`, os.Args[0])
	child.Env = append(os.Environ(), "LISTEN_FDS=1")
	child.ExtraFiles = []*os.File{handed}
	out, err := child.CombinedOutput()
	if want := "2 doors, 1 of them for visitors, <nil>\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
}

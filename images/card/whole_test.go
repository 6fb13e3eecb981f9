package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"infobus/card"
	"infobus/images/card/cardtest"
	"infobus/images/lab"
	"infobus/logbook"
)

// hangGuard is when something is given up; nothing is measured by it.
const hangGuard = 15 * time.Minute

// made is the folder with the card image.
func made(t *testing.T) string {
	t.Helper()
	return lab.Given(t, "INFOBUS_CARD", "image")
}

// copied is the image on a card of that size, which the machine may write.
func copied(t *testing.T, dir string, size int64) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "card.img")
	if out, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", filepath.Join(dir, "infobus.img"), to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Truncate(to, size); err != nil {
		t.Fatal(err)
	}
	return to
}

// dataEntry is where the first table has what it says of the data.
const dataEntry = 446 + 16*(card.PartitionData-1)

// outside is the hash of all that is not data: of the first table it leaves out what it
// says of the data, which grows.
func outside(t *testing.T, image string) string {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	primary, _ := layout()
	h := sha256.New()
	first := make([]byte, card.SectorSize)
	if _, err := io.ReadFull(f, first); err != nil {
		t.Fatal(err)
	}
	clear(first[dataEntry : dataEntry+16])
	h.Write(first)
	if _, err := io.CopyN(h, f, int64(primary[2].start-1)*card.SectorSize); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// receiver is the helpers' receiver, on this side of the machine's network: it says when
// it has heard of the event.
func receiver(t *testing.T, event logbook.Name) (url string, heard <-chan struct{}) {
	c, once := make(chan struct{}), sync.Once{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body := io.Reader(q.Body)
		if q.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(q.Body)
			if err != nil {
				t.Errorf("what the box sends: %v", err)
				return
			}
			body = z
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Errorf("what the box sends: %v", err)
		}
		if bytes.Contains(b, []byte(event)) {
			once.Do(func() { close(c) })
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s.URL, c
}

// credential is how the lab tells the image what it cannot know, without a change to it:
// systemd takes it from QEMU's configuration device, which no board has.
func credential(t *testing.T, name, text string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-fw_cfg", "name=opt/io.systemd.credentials/" + name + ",file=" + file}
}

// The board of the lab: the generator's line, the network and the receiver are real;
// battery and panel are the daemon's models, because it has no bus, and so is what the
// uplink's verdict is judged by, because nobody there answers as the internet does.
const (
	generator     = 1
	configuration = `
gpio: /dev/infobus-gpio
generators:
  - line: "1"
    active: high
    bias: none
uplink:
  interface: uplink0
sync:
  endpoint: RECEIVER
`
	options = "OPTIONS=--config /run/credentials/infobusd.service/infobus.yaml --sim=battery,panel,gateway"
	// A shell on the device that is there for it, once udev has found it.
	shellRule = `SUBSYSTEM=="virtio-ports", ATTR{name}=="shell", RUN+="/usr/bin/systemd-run --no-block --unit=lab-shell --property=DefaultDependencies=no --property=Restart=always --property=RestartSec=1 --property=StartLimitIntervalSec=0 --property=StandardInput=file:/dev/%k --property=StandardOutput=file:/dev/%k --property=StandardError=file:/dev/%k /bin/sh"
`
)

// box is the image in the lab's machine.
type box struct {
	*lab.Machine
	t     *testing.T
	shell *lab.Shell
	mu    sync.Mutex
	said  []string      // on the console
	more  chan struct{} // closed, and made anew, when more was said
	ended chan struct{}
}

// console is all that was said so far, and what is closed when more is.
func (b *box) console() (all string, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.said, "\n"), b.more
}

// hears waits until that was said on the console.
func (b *box) hears(text string) {
	b.t.Helper()
	for guard, ended := time.After(hangGuard), false; ; {
		all, more := b.console()
		if strings.Contains(all, text) {
			return
		}
		if ended {
			b.t.Fatalf("the machine ended, and %q was not said", text)
		}
		select {
		case <-more:
		case <-b.ended:
			ended = true
		case <-guard:
			b.t.Fatalf("%q was not said in %v", text, hangGuard)
		}
	}
}

// setup is what differs between machines.
type setup struct {
	endpoint string   // of the receiver
	options  string   // of the daemon; "": the lab's
	drive    string   // more of the card's, such as ",readonly=on"
	qemu     []string // more of its arguments
	late     string   // the card comes once that was said; the lab starts the kernel then, as there is nothing to start it from
}

func start(t *testing.T, dir, image string, s setup) *box {
	t.Helper()
	o := lab.Options{Yields: true, QEMU: []string{
		"-drive", "if=none,id=card,format=raw,cache=unsafe,file=" + image + s.drive,
		"-device", "virtio-serial-pci", "-chardev", "socket,id=shell,path=DIR/shell,server=on,wait=off",
		"-device", "virtserialport,chardev=shell,name=shell",
		"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
	}}
	o.QEMU = append(o.QEMU, s.qemu...)
	if s.late == "" {
		env := filepath.Join(t.TempDir(), "env")
		if out, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", filepath.Join(dir, "u-boot-virt.env"), env).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		o.Firmware = filepath.Join(dir, "u-boot-virt.bin")
		o.QEMU = append(o.QEMU, "-drive", "if=pflash,index=1,format=raw,file="+env, "-device", "virtio-blk-pci,drive=card,romfile=")
	} else {
		o.Kernel, o.Initrd, o.Append = filepath.Join(dir, "vmlinuz"), filepath.Join(t.TempDir(), "initrd.gz"), "loglevel=5 infobus.slot=a infobus.hash="+rootSum(t, image)
		inBoot(t, image, "dump initrd.gz "+o.Initrd)
		o.QEMU = append(o.QEMU, "-device", "pcie-root-port,id=late,slot=1")
	}
	for name, text := range map[string]string{
		"infobus.yaml":   strings.ReplaceAll(configuration, "RECEIVER", s.endpoint),
		"infobusd.env":   cmp.Or(s.options, options),
		"udev.rules.lab": shellRule,
	} {
		o.QEMU = append(o.QEMU, credential(t, name, text)...)
	}
	m, err := lab.Boot(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Machine: m, t: t, more: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		for l := range m.Lines() {
			b.mu.Lock()
			b.said = append(b.said, l)
			close(b.more)
			b.more = make(chan struct{})
			b.mu.Unlock()
			if verbose {
				fmt.Println(l)
			}
		}
	}()
	t.Cleanup(func() {
		m.Close()
		if t.Failed() {
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("the console:\n%s", strings.Join(b.said[max(0, len(b.said)-60):], "\n"))
		}
	})
	if s.late != "" {
		b.hears(s.late)
		if err := m.Ask("device_add", map[string]any{"driver": "virtio-blk-pci", "drive": "card", "bus": "late"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := m.Dial(t.Context(), "shell")
	if err != nil {
		t.Fatal(err)
	}
	b.shell = lab.NewShell(conn)
	return b
}

// inBoot is what debugfs says to a command in the first slot's boot partition.
func inBoot(t *testing.T, image, command string) string {
	t.Helper()
	_, logical := layout()
	out, err := exec.CommandContext(t.Context(), "debugfs", "-R", command, fmt.Sprintf("%s?offset=%d", image, int64(logical[0].start)*card.SectorSize)).Output()
	if err != nil {
		t.Fatalf("debugfs: %v", err)
	}
	return string(out)
}

// rootSum is what U-Boot would tell the kernel of the first slot's root.
func rootSum(t *testing.T, image string) string {
	t.Helper()
	for line := range strings.Lines(inBoot(t, image, "cat root.env")) {
		if sum, is := strings.CutPrefix(line, "ib_hash="); is {
			return strings.TrimSpace(sum)
		}
	}
	t.Fatal("the slot does not say what its root's checksum is")
	return ""
}

var verbose = os.Getenv("INFOBUS_LAB_CONSOLE") != ""

// run runs a command line in the machine, as root; it must succeed.
func (b *box) run(line string) string {
	b.t.Helper()
	out, code, err := b.shell.Try(line, hangGuard)
	if verbose {
		fmt.Printf("%s # %s → %d\n%s\n", time.Now().Format(time.TimeOnly), line, code, out)
	}
	if err != nil || code != 0 {
		b.t.Fatalf("%s: %v, exit status %d\n%s", line, err, code, out)
	}
	return out
}

// wait runs it until it succeeds.
func (b *box) wait(line string) string {
	b.t.Helper()
	for end := time.Now().Add(hangGuard); time.Now().Before(end); {
		out, code, err := b.shell.Try(line+" || { sleep 0.5; false; }", hangGuard)
		if err != nil {
			b.t.Fatalf("%s: %v", line, err)
		}
		if verbose {
			fmt.Printf("%s # %s → %d\n%s\n", time.Now().Format(time.TimeOnly), line, code, out)
		}
		if code == 0 {
			return out
		}
	}
	out, _, _ := b.shell.Try("journalctl -b --no-pager -n 60 -o short-monotonic; infobus status; systemctl --failed --no-pager", hangGuard)
	b.t.Fatalf("%s: not in %v\n%s", line, hangGuard, out)
	return ""
}

// The very image, from U-Boot on: a generator that starts is a session with a page, in
// the logbook and at a receiver outside; nothing outside the data was written, and there
// only what docs/card.md names. The card has two damages that cost nobody anything: of
// the failure table these are booted whole at each change, the others in soak.
func TestTheCardBootsToASession(t *testing.T) {
	dir := made(t)
	image := copied(t, dir, 2<<30)
	both(stretch(dataEntry, 16, zeroed), sector(card.Sectors[0], flipped))(t, image)
	before := outside(t, image)
	url, heard := receiver(t, logbook.GeneratorStarted)
	b := start(t, dir, image, setup{endpoint: strings.Replace(url, "127.0.0.1", "10.0.2.2", 1)})

	b.wait("systemctl is-active infobusd.service")
	b.wait(`infobus status --json | grep -q '"source":"battery"'`)
	b.wait("systemctl is-active multi-user.target")
	b.written("without a session")
	if err := b.Drive(generator, true); err != nil {
		t.Fatal(err)
	}
	b.wait("infobus events --json | grep -F generator.started")
	b.wait("infobus events --json | grep -F session.started")
	b.wait("infobus events --json | grep -F kiosk.refreshed")
	select {
	case <-heard:
	case <-time.After(hangGuard):
		t.Fatalf("the receiver outside has not heard of the generator; the box says %s", b.run("infobus status --json"))
	}
	b.written("in a session")

	for line, want := range map[string]string{
		"findmnt -no OPTIONS / | cut -d, -f1":                                    "ro",
		"findmnt -no FSTYPE /var/lib/infobus":                                    "ext4",
		"findmnt -no FSTYPE /var":                                                "tmpfs",
		"stat -c '%U:%G %a' /dev/gpiochip0":                                      "root:gpio 660",
		"stat -c '%U:%G' /var/lib/infobus":                                       "infobus:infobus",
		"ls -d /sys/class/net/uplink0":                                           "/sys/class/net/uplink0",
		"getent passwd root | cut -d: -f2":                                       "*", // nobody logs in
		"test $(blockdev --getsize64 /dev/vda3) -gt 900000000 && echo has grown": "has grown",
		// It was written before there was a journal.
		"journalctl -b -u infobusd.service -o cat | grep -c 'the pages are at'": "1",
		// The page says nothing of damages that cost nothing.
		`infobus status --json | grep -o '"state":"one-damaged"'`:          `"state":"one-damaged"`,
		`infobus status --json | grep -o '"data":{"state":"mounted"'`:      `"data":{"state":"mounted"`,
		`infobus status --json | grep -o '"code":"card-[^"]*"' || echo no`: "no",
	} {
		if got := b.run(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	t.Logf("units that failed: %q", b.run("systemctl --failed --no-legend --plain"))
	t.Logf("the initramfs says %s", b.run("cat /run/infobus-card/report.json"))
	b.onlyNamed()
	b.times(bare(t, dir))
	t.Logf("what took longest: %s", b.run("systemd-analyze blame --no-pager | head -n 25"))

	b.run("sync")
	b.Close()
	if after := outside(t, image); after != before {
		t.Error("the boot wrote outside the data")
	}
}

// onlyNamed looks that on the data stands what docs/card.md names, and nothing else.
func (b *box) onlyNamed() {
	b.t.Helper()
	doc, err := os.ReadFile("../../docs/card.md")
	if err != nil {
		b.t.Fatal(err)
	}
	named := cardtest.Named(string(doc))
	list := strings.Fields(b.run("ls -A /var/lib/infobus"))
	b.t.Logf("the data has %q", list)
	const desk = "received.jsonl" // of the models
	for _, name := range list {
		if named.Of(name) == "" && name != desk {
			b.t.Errorf("%s stands on the data, and docs/card.md does not name it", name)
		}
	}
	if !slices.Contains(list, "logbook.db") {
		b.t.Error("there is no logbook on the data")
	}
}

// observed is for how long the card's writes are counted, in seconds: a few here, five
// minutes in soak.
func observed() int {
	if os.Getenv("INFOBUS_SOAK") != "" {
		return 300
	}
	return 15
}

// mostWritten is what the box may write in an hour, in bytes: a card of 8 GB that bears a
// thousand times its size then lasts for ten years of that.
const mostWritten = 90 << 20

// written counts what the card is given by the kernel's own counters, and fails where
// that would be too much in an hour. Of all but the data it must be nothing since the
// start.
func (b *box) written(when string) {
	b.t.Helper()
	// Documentation/block/stat.rst: the fifth is the writes, the seventh their sectors.
	count := func(of string) (writes, bytes int) {
		if _, err := fmt.Sscan(b.run("set -- $(cat /sys/class/block/"+of+"/stat) && echo $5 $7"), &writes, &bytes); err != nil {
			b.t.Fatal(err)
		}
		return writes, bytes * 512
	}
	b.run("sync")
	n, before := count("vda3")
	seconds := observed()
	b.run(fmt.Sprintf("sleep %d && sync", seconds))
	m, after := count("vda3")
	hour := (after - before) * 3600 / seconds
	b.t.Logf("%s, in %d s: %d writes of %d bytes to the data, %.1f MB in an hour", when, seconds, m-n, after-before, float64(hour)/1e6)
	if hour > mostWritten {
		b.t.Errorf("%s it writes %d bytes in %d s, which are %d in an hour", when, after-before, seconds, hour)
	}
	for _, p := range []string{"vda1", "vda5", "vda6", "vda7", "vda8"} {
		if writes, bytes := count(p); writes != 0 {
			b.t.Errorf("%s was written %d times, %d bytes", p, writes, bytes)
		}
	}
}

// bare is when the same kernel starts a program that does nothing else, in seconds.
func bare(t *testing.T, dir string) float64 {
	t.Helper()
	program := filepath.Join(t.TempDir(), "bare")
	cross := exec.CommandContext(t.Context(), "go", "build", "-o", program, "infobus/images/lab/bare")
	cross.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
	if out, err := cross.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m, err := lab.Boot(t.Context(), lab.Options{Yields: true, Kernel: filepath.Join(dir, "vmlinuz"), Init: program})
	if err != nil {
		t.Log("the bare program was not timed: ", err) // it may have ended before its chip was found
		return 0
	}
	defer m.Close()
	for l := range m.Lines() {
		if _, said, ok := strings.Cut(l, "bare: "); ok {
			seconds, err := strconv.ParseFloat(strings.TrimSpace(said), 64)
			if err != nil {
				t.Fatal(err)
			}
			return seconds
		}
	}
	t.Fatal("the bare program was not started")
	return 0
}

// times says when what was there.
func (b *box) times(bare float64) {
	b.t.Helper()
	seconds := func(line string) float64 {
		us, err := strconv.ParseFloat(b.run(line), 64)
		if err != nil {
			b.t.Fatal(err)
		}
		return us / 1e6
	}
	b.t.Logf("from the kernel's start: a bare program %.1f s; systemd %.1f s, READY %.1f s, network %.1f s, multi-user %.1f s", bare,
		seconds("systemctl show -P UserspaceTimestampMonotonic"),
		seconds("systemctl show -P ActiveEnterTimestampMonotonic infobusd.service"),
		seconds("systemctl show -P ActiveEnterTimestampMonotonic systemd-networkd.service"),
		seconds("systemctl show -P ActiveEnterTimestampMonotonic multi-user.target"))
	var began time.Duration // the session
	for l := range strings.Lines(b.run("infobus events --json")) {
		var e logbook.Event
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			b.t.Fatal(err)
		}
		switch e.Name {
		case logbook.SessionStarted:
			began = e.Mono
			b.t.Logf("the session began %.1f s from the kernel's start", e.Mono.Seconds())
		case logbook.KioskRefreshed:
			took, _ := e.Attributes["milliseconds"].(float64)
			panel := e.Mono - time.Duration(took)*time.Millisecond
			b.t.Logf("first command to the panel %.1f s from the kernel's start, %.1f s after the session began; its page drawn %.1f s after that",
				panel.Seconds(), (panel - began).Seconds(), took/1000)
			return
		}
	}
}

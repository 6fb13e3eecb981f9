package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/card"
	"infobus/card/sum"
	"infobus/images/lab"
)

// hangGuard is when a machine is given up; nothing is measured by it.
const hangGuard = 30 * time.Minute

// parts are what the machines are made of.
type parts struct {
	kernel, init string
	files        map[string]string // the modules
	root         string            // an erofs
	hash         string            // of it
}

// need makes the parts, or says what they lack.
func need(t *testing.T) parts {
	t.Helper()
	dir := lab.Given(t, "INFOBUS_LAB", "lab")
	p := parts{kernel: filepath.Join(dir, "vmlinuz"), files: map[string]string{}}
	p.init = program(t, "trial")
	modules, err := filepath.Glob(filepath.Join(dir, "card", "modules", "*"))
	if err != nil || len(modules) == 0 {
		t.Fatalf("there are no modules in %s: %v", dir, err)
	}
	for _, m := range modules {
		p.files["/modules/"+filepath.Base(m)] = m
	}
	p.root, p.hash = makeRoot(t, filepath.Join(dir, "card"))
	return p
}

// program builds one of images/card for the machine.
func program(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "infobus/images/card/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=")
	run(t, build)
	return file
}

func run(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out)
	}
}

// makeRoot makes a root that has no more than the initramfs wants of it.
func makeRoot(t *testing.T, from string) (image, hash string) {
	t.Helper()
	work := t.TempDir()
	tree := filepath.Join(work, "root")
	for _, d := range []string{"dev", "proc", "sys", "run", "var", "tmp"} {
		if err := os.MkdirAll(filepath.Join(tree, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"usr", "etc"} {
		run(t, exec.Command("cp", "-r", filepath.Join(from, d), tree))
	}
	for link, to := range map[string]string{"lib": "usr/lib", "sbin": "usr/sbin"} {
		if err := os.Symlink(to, filepath.Join(tree, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(tree, "etc/passwd"), []byte("root:x:0:0::/:/\ninfobus:x:990:991::/:/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	image = filepath.Join(work, "root.erofs")
	run(t, exec.Command("mkfs.erofs", "--quiet", "-T0", "--all-root", image, tree))
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sum.Of(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return image, card.FormatSum(info.Size(), s)
}

// disk is how a machine has a card.
type disk struct {
	file string
	qemu string // more of -drive, such as readonly=on
	late bool   // it comes once the machine runs

	log    string // where its writes are recorded; "": nowhere
	keeper int    // rounds of things that are kept on it
}

// verdict is what came of one card.
type verdict struct {
	word     string // run, give-up, dead, loop; "" if none was said
	why      string // dead: why
	report   card.Report
	restarts int
	said     []string
}

// boot has a machine try the cards.
func boot(t *testing.T, p parts, cards map[string]disk) map[string]*verdict {
	t.Helper()
	work := t.TempDir()
	lines, out := map[string]string{}, map[string]*verdict{}
	o := lab.Options{Yields: true, Kernel: p.kernel, Init: p.init, Files: map[string]string{}}
	for guest, host := range p.files {
		o.Files[guest] = host
	}
	var late []string
	placed := 0
	for name, d := range cards {
		lines[name], out[name] = fmt.Sprintf("infobus.hash=%s keeper=%d", p.hash, d.keeper), &verdict{}
		if d.log == "" {
			o.QEMU = append(o.QEMU, "-drive", "if=none,cache=unsafe,format=raw,id="+name+",file="+d.file+d.qemu)
		} else {
			o.QEMU = append(o.QEMU, "-blockdev", "driver=blklogwrites,node-name="+name+",file.driver=file,file.filename="+d.file+
				",log.driver=file,log.filename="+d.log)
		}
		if d.late {
			late = append(late, name)
			o.QEMU = append(o.QEMU, "-device", "pcie-root-port,id=late,slot=1")
			continue
		}
		// Eight of them in each of the bus's places, of which there are not as many as cards.
		o.QEMU = append(o.QEMU, "-device", fmt.Sprintf("virtio-blk-pci,drive=%s,serial=%s,addr=%#x.%d,multifunction=on", name, name, 8+placed/8, placed%8))
		placed++
	}
	list, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	o.Files["/cases.json"] = filepath.Join(work, "cases.json")
	if err := os.WriteFile(o.Files["/cases.json"], list, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), hangGuard)
	defer cancel()
	m, err := lab.Boot(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var console []string
	for line := range m.Lines() {
		console = append(console, line)
		name, said, _ := strings.Cut(line, ": ")
		if name == "init" && late != nil {
			for _, name := range late {
				if err := m.Ask("device_add", map[string]any{"driver": "virtio-blk-pci", "drive": name, "serial": name, "bus": "late"}, nil); err != nil {
					t.Fatal(err)
				}
			}
			late = nil
		}
		v, is := out[name]
		if !is {
			continue
		}
		v.said = append(v.said, said)
		if said == "restarts" {
			v.restarts++
		}
		rest, is := strings.CutPrefix(said, "verdict ")
		if !is {
			continue
		}
		v.word, rest, _ = strings.Cut(rest, " ")
		if v.word != "run" {
			v.why = rest
		} else if v.report, err = card.DecodeReport([]byte(rest)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the console:\n%s", strings.Join(console, "\n"))
		}
	})
	return out
}

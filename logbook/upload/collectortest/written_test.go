//go:build soak

package collectortest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"infobus/logbook/report"
	"infobus/logbook/upload"
)

// written are the parts of docs/receiving.md that are to be typed: those that are set in
// by four blanks, without them.
func written(t *testing.T) (parts []string) {
	t.Helper()
	b, err := os.ReadFile("../../../docs/receiving.md")
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(b)) {
		text, is := strings.CutPrefix(line, "    ")
		switch {
		case is && !inside:
			parts = append(parts, text)
		case is:
			parts[len(parts)-1] += text
		}
		inside = is
	}
	return parts
}

// part is the one part that begins so.
func part(t *testing.T, begins string) string {
	t.Helper()
	for _, p := range written(t) {
		if strings.HasPrefix(p, begins) {
			return p
		}
	}
	t.Fatalf("docs/receiving.md has nothing that begins with %q", begins)
	return ""
}

// built is the Collector, as the page has it built.
func built(t *testing.T, dir string) (program string) {
	t.Helper()
	commands := part(t, "go install ")
	run := func(in, text string) (string, error) {
		c := exec.CommandContext(t.Context(), "sh", "-e", "-c", text)
		c.Dir = in
		c.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := run(dir, commands)
	program = filepath.Join(dir, "receiver", "infobus-receiver")
	if err != nil && strings.Contains(out, "mod tidy") && strings.Contains(out, ".test imports") {
		// It wants modules of the exporter's own tests, which not every proxy has, and which the program is not made of.
		t.Logf("go mod tidy, which builder calls, failed over modules of tests; the program is built without it")
		out, err = run(filepath.Join(dir, "receiver"), "go build -mod=mod -o infobus-receiver .")
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", commands, err, out)
	}
	return program
}

// certificate makes one for 127.0.0.1, as fullchain.pem and privkey.pem.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "logs.example.org"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{"fullchain.pem": chain, "privkey.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	return pool
}

// A whole day of the simulated van goes to a Collector that was built and set up as
// docs/receiving.md says, into its files, and the page of them is made by the command there.
// What is another machine's is replaced: addresses, folders, the certificate.
func TestADayByTheCommandsAsWritten(t *testing.T) {
	dir := t.TempDir()
	program := built(t, dir)
	pool, address, token := certificate(t, dir), freeAddress(t), "a-token-of-this-test"
	files := filepath.Join(dir, "files")
	here := strings.NewReplacer("/etc/infobus-receiver.tokens", filepath.Join(dir, "tokens"), "/etc/letsencrypt/live/logs.example.org", dir,
		"0.0.0.0:4318", address, "/var/lib/infobus-receiver", files, "/var/www/html", dir)
	configuration := filepath.Join(dir, "infobus-receiver.yaml")
	for name, text := range map[string]string{configuration: here.Replace(part(t, "extensions:")), filepath.Join(dir, "tokens"): "another\n" + token + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	receiver := exec.CommandContext(t.Context(), program, "--config", configuration)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	receiver.Stdout, receiver.Stderr = log, log
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- receiver.Wait() }()
	defer func() {
		if said, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the Collector: %.4000s", said)
		}
	}()

	book, had, _ := monday(t)
	over := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	send := func(token string, enough func(upload.Uploaded) bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reports := make(chan upload.Uploaded, 10000)
		go upload.Run(ctx, upload.Options{Endpoint: "https://" + address, Token: token, Van: "Van 2", Client: over, FirstDelay: time.Second, MaxDelay: time.Second, RareDelay: time.Second},
			book, func() bool { return true }, make(chan struct{}), func(u upload.Uploaded) { reports <- u })
		for {
			select {
			case u := <-reports:
				if enough(u) {
					return
				}
			case err := <-ended:
				t.Fatalf("the Collector ended: %v", err)
			case <-time.After(10 * time.Minute):
				t.Fatal("nothing happens any more")
			}
		}
	}
	// One who has no token is refused, and nothing of it is lost.
	send("none-of-ours", func(u upload.Uploaded) bool {
		if u.Events > 0 {
			t.Fatal("the Collector takes what comes with a wrong token")
		}
		return strings.Contains(u.Trouble, "token")
	})
	send(token, func(upload.Uploaded) bool { return book.Status().Acknowledged >= uint64(len(had)) })
	receiver.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("the Collector ended with %v", err)
	}

	infobus := filepath.Join(dir, "infobus")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../../..", "-o", infobus, "./cmd/infobus").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command, _, _ := strings.Cut(here.Replace(part(t, "infobus report ")), "\n")
	c := exec.CommandContext(t.Context(), "sh", "-c", command)
	c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	said, err := c.CombinedOutput() // 1: the day is long over, and the van silent since
	if exit := c.ProcessState.ExitCode(); exit > 1 {
		t.Errorf("%s: %v: %s", command, err, said)
	}
	page, err := os.ReadFile(filepath.Join(dir, "vans.html"))
	if err != nil || !regexp.MustCompile(`<h2>Van 2</h2>`).Match(page) {
		t.Errorf("%v; the page: %.2000s", err, page)
	}
	// What the files hold is what the van has, once each.
	got := map[string]int{}
	list, _ := filepath.Glob(filepath.Join(files, "*"))
	for _, name := range list {
		if unread := report.ReadFile(name, func(r report.Record) { got[r.Event.Log+string(r.Event.Name)+r.Event.At.String()]++ }); unread != nil {
			t.Error(unread)
		}
	}
	total := 0
	for _, n := range got {
		total += n
	}
	if total != len(had) {
		t.Errorf("%d events are in the files, the van has %d", total, len(had))
	}
	t.Logf("%d events by %s into %d file(s); %s", len(had), filepath.Base(program), len(list), command)
}

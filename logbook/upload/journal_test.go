package upload

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon/client"
)

// tap is a way to a server on which all bytes of TCP's streams are counted.
type tap struct {
	address string
	bytes   atomic.Int64 // both ways
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &tap{address: l.Addr().String()}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				return
			}
			pass := func(from, to net.Conn) {
				io.Copy(to, io.TeeReader(from, w))
				to.(*net.TCPConn).CloseWrite()
			}
			go pass(near, far)
			go pass(far, near)
		}
	}()
	return w
}

// Write counts.
func (w *tap) Write(b []byte) (int, error) {
	w.bytes.Add(int64(len(b)))
	return len(b), nil
}

// journal uploads events as systemd-journal-upload does: as entries of a journal's file.
type journal struct {
	dir   string
	trust string // the server's certificate, a file
}

const (
	journalRemote = "/lib/systemd/systemd-journal-remote"
	journalUpload = "/lib/systemd/systemd-journal-upload"
)

// newJournal makes the key and the certificate that systemd-journal-upload wants.
func newJournal(t *testing.T, trust string) journal {
	t.Helper()
	j := journal{t.TempDir(), trust}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"key.pem": {Type: "PRIVATE KEY", Bytes: private}, "cert.pem": {Type: "CERTIFICATE", Bytes: certificate}} {
		if err := os.WriteFile(filepath.Join(j.dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// export is the events in the Journal Export Format (systemd.io/JOURNAL_EXPORT_FORMATS):
// the same body and attributes as are sent by OTLP.
func export(events []logbook.Event) []byte {
	var b bytes.Buffer
	for _, e := range events {
		fmt.Fprintf(&b, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\nMESSAGE=%s\nPRIORITY=6\nINFOBUS_EVENT=%s\nINFOBUS_LOG=%s\nINFOBUS_SEQ=%d\n",
			e.At.UnixMicro(), e.Mono.Microseconds(), strings.ReplaceAll(e.Boot, "-", ""), logbook.Body(e), e.Name, e.Log, e.Seq)
		for key, value := range e.Attributes {
			fmt.Fprintf(&b, "%s=%v\n", strings.ToUpper(key), value)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// cost is how many bytes the events take on one connection.
func (j journal) cost(t *testing.T, way *tap, events []logbook.Event) int64 {
	t.Helper()
	file := filepath.Join(j.dir, fmt.Sprintf("%d.journal", len(events)))
	write := exec.Command(journalRemote, "-o", file, "-")
	write.Stdin = bytes.NewReader(export(events))
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := way.bytes.Load()
	out, err := exec.CommandContext(t.Context(), journalUpload, "--url=https://"+way.address, "--key="+filepath.Join(j.dir, "key.pem"), "--cert="+filepath.Join(j.dir, "cert.pem"),
		"--trust="+j.trust, "--file="+file, "--follow=no", "--save-state="+filepath.Join(j.dir, fmt.Sprint("state-", len(events)))).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return way.bytes.Load() - before
}

// The same events by systemd-journal-upload and by this package, counted on one way: on a
// new connection, on an open one, and 2,000 over a day.
func TestWhatAnEventCostsBesideJournalUpload(t *testing.T) {
	if _, err := os.Stat(journalUpload); err != nil {
		if testing.Short() {
			t.Skip("-short: systemd-journal-upload is not installed; nothing was counted beside it")
		}
		t.Fatal("this compares with systemd-journal-upload: ./build.sh test installs it (Debian's systemd-journal-remote)")
	}
	entries := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		entries += bytes.Count(b, []byte("INFOBUS_EVENT="))
		w.Header().Set("Content-Type", contentType)
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	trust := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(trust, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", trust)
	way := newTap(t, server.Listener.Addr().String())
	j := newJournal(t, trust)
	list := make([]logbook.Event, 2000)
	for i := range list {
		list[i] = costly(i)
	}
	one, many, day := j.cost(t, way, list[:1]), j.cost(t, way, list[:21]), j.cost(t, way, list)
	if entries != 1+21+2000 {
		t.Errorf("%d entries came", entries)
	}
	t.Logf("systemd-journal-upload: one event on a new connection %d B, on an open one %d B; 2,000 on one connection %d B", one, (many-one)/20, day)

	before := way.bytes.Load()
	c, book := client.New(client.Options{}), &shelf{}
	o := Options{Endpoint: "https://" + way.address, Client: c.HTTP(client.Upload)}
	online(t, o, book, len(list))
	ours, told := way.bytes.Load()-before, c.Usage()[client.Upload]
	t.Logf("infobus: 2,000 over a day %d B", ours)
	// The server may have sent something that is not read yet.
	if counted := told.Sent + told.Received; counted > ours || counted < ours*95/100 {
		t.Errorf("%d B were counted on the way, %d B by the client", ours, counted)
	}
	if 3*ours > day {
		t.Errorf("2,000 events over a day take %d B, and %d B by systemd-journal-upload: less than a third was expected", ours, day)
	}
}

package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"
)

// short is a delay that a test can wait for.
const short = 20 * time.Millisecond

func start(t *testing.T, o Options) *Gateway {
	t.Helper()
	if o.Delay == 0 {
		o.Delay = short
	}
	g, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// fresh never uses a connection twice and follows no redirect.
var fresh = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get is the status, "refused" or "cut".
func get(t *testing.T, url string) string {
	t.Helper()
	r, _ := http.NewRequest("GET", url, nil)
	r.Header.Set("Authorization", "Bearer key")
	answer, err := fresh.Do(r)
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return "refused"
	case err != nil:
		return "cut"
	}
	answer.Body.Close()
	return http.StatusText(answer.StatusCode)
}

func ask(t *testing.T, server string) (dnsmessage.Message, error) {
	t.Helper()
	conn, err := net.Dial("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write(query())
	conn.SetReadDeadline(time.Now().Add(time.Minute)) // a guard against hanging
	b := make([]byte, 1500)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	var m dnsmessage.Message
	return m, m.Unpack(b[:n])
}

func query() []byte {
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true}, Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName("guide.example.test."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

func TestEachSwitchIsSeenOnTheWireAndBack(t *testing.T) {
	g := start(t, Options{})
	e := g.Endpoints()
	dashboard := e.Dashboard + "/networks/N_1/clients/overview"
	const ok, none, portal, refused, cut = "OK", "No Content", "Found", "refused", "cut"
	for _, c := range []struct {
		name                                       string
		set                                        func(*Switches)
		page, internet, check, dashboard, receiver string
	}{
		{"all is well", func(s *Switches) {}, ok, ok, none, ok, "Not Found"},
		{"the gateway is off", func(s *Switches) { s.On = false }, cut, refused, refused, refused, refused},
		{"cellular is down", func(s *Switches) { s.Cellular = Down }, ok, refused, refused, refused, refused},
		{"cellular is slow", func(s *Switches) { s.Cellular = Slow }, ok, ok, none, ok, "Not Found"},
		{"a sign-in page stands before all", func(s *Switches) { s.Cellular = Captive }, ok, refused, portal, portal, portal},
		{"DNS is down", func(s *Switches) { s.DNS = false }, ok, ok, none, ok, "Not Found"},
		{"the dashboard is in trouble", func(s *Switches) { s.Dashboard = 503 }, ok, ok, none, "Service Unavailable", "Not Found"},
		{"the receiver is in trouble", func(s *Switches) { s.Receiver = 429 }, ok, ok, none, ok, "Too Many Requests"},
	} {
		for _, change := range []func(*Switches){c.set, func(s *Switches) { *s = Switches{On: true, Cellular: Up, DNS: true} }} {
			if err := g.Set(change); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			got := []string{get(t, "http://"+e.Page), get(t, "http://"+e.Internet[0]), get(t, e.Check), get(t, dashboard), get(t, e.Receiver)}
			want := []string{c.page, c.internet, c.check, c.dashboard, c.receiver}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, want %v", c.name, got, want)
			}
			if s := g.now(); s.Cellular == Slow && time.Since(begun) < 4*short {
				t.Error("slow is not slow")
			}
			c.name, c.page, c.internet, c.check, c.dashboard, c.receiver = "back from: "+c.name, ok, ok, none, ok, "Not Found"
		}
	}
}

func TestDNSAnswersRefusesAndIsSilent(t *testing.T) {
	g := start(t, Options{})
	server := g.Endpoints().DNS
	m, err := ask(t, server)
	if err != nil || !m.Response || len(m.Answers) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	g.Set(func(s *Switches) { s.Cellular = Down })
	if m, err = ask(t, server); err != nil || m.RCode != dnsmessage.RCodeServerFailure {
		t.Errorf("cut off: %v, %v", m.RCode, err)
	}
	for name, set := range map[string]func(*Switches){
		"DNS down":    func(s *Switches) { s.DNS = false },
		"gateway off": func(s *Switches) { s.On = false },
	} {
		g.Set(func(s *Switches) { *s = Switches{On: true, Cellular: Up, DNS: true}; set(s) })
		if answer := g.resolve(query()); answer != nil {
			t.Errorf("%s: answered %q", name, answer)
		}
	}
}

func TestASwitchCutsTheConnectionsThatAreOpen(t *testing.T) {
	g := start(t, Options{Delay: time.Hour})
	conn, err := net.Dial("tcp", g.Endpoints().Internet[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err) // the server has it, so it is tracked
	}
	g.Set(func(s *Switches) { s.Cellular = Slow })
	if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("%v", err)
	}

	// A request that waits for the slow link ends when the link does.
	waiting := make(chan string)
	go func() { waiting <- get(t, g.Endpoints().Check) }()
	for g.check.open() == 0 {
		runtime.Gosched() // until it is there
	}
	g.Set(func(s *Switches) { s.Cellular = Down })
	if got := <-waiting; got != "cut" && got != "refused" {
		t.Errorf("the waiting request came to %s", got)
	}
}

func (p *port) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

func text(key, v string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}}
}

func number(key string, v int64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: v}}}
}

func request(seqs ...int64) []byte {
	var records []*logs.LogRecord
	for _, seq := range seqs {
		records = append(records, &logs.LogRecord{EventName: "generator.started", TimeUnixNano: 1_700_000_000_000_000_000,
			Attributes: []*common.KeyValue{text("log", "ab12"), number("seq", seq), number("generator", 1)}})
	}
	b, err := proto.Marshal(&collector.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{text("boot", "b-1")}},
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}}}}})
	if err != nil {
		panic(err)
	}
	return b
}

func post(t *testing.T, g *Gateway, body []byte, zip bool) (*http.Response, []byte) {
	t.Helper()
	if zip {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(body)
		w.Close()
		body = b.Bytes()
	}
	r, _ := http.NewRequest("POST", g.Endpoints().Receiver+"/v1/logs", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-protobuf")
	if zip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := fresh.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, b
}

func TestTheReceiverWritesALineARecordAndAcknowledges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "received.jsonl")
	if err := os.WriteFile(file, []byte(`{"log":"torn`), 0o600); err != nil {
		t.Fatal(err)
	}
	g := start(t, Options{ReceivedFile: file})
	for _, zip := range []bool{true, false} {
		answer, body := post(t, g, request(1, 2), zip)
		var response collector.ExportLogsServiceResponse
		if err := proto.Unmarshal(body, &response); err != nil || answer.StatusCode != 200 ||
			answer.Header.Get("Content-Type") != "application/x-protobuf" || response.PartialSuccess != nil {
			t.Errorf("%d, %v, %+v", answer.StatusCode, err, &response)
		}
	}
	for name, bad := range map[string][]byte{"no gzip": []byte("plain"), "gzip of no protobuf": func() []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte{0xff, 0xff, 0xff})
		w.Close()
		return b.Bytes()
	}()} {
		r, _ := http.NewRequest("POST", g.Endpoints().Receiver+"/v1/logs", bytes.NewReader(bad))
		r.Header.Set("Content-Type", "application/x-protobuf")
		r.Header.Set("Content-Encoding", "gzip")
		answer, err := fresh.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	g.Set(func(s *Switches) { s.Cellular = Captive })
	if answer, _ := post(t, g, request(3), true); answer.StatusCode != http.StatusFound {
		t.Errorf("captive: %d", answer.StatusCode)
	}

	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 5 || lines[0] != `{"log":"torn` {
		t.Fatalf("%d lines:\n%s", len(lines), b)
	}
	var l Received
	if err := json.Unmarshal([]byte(lines[2]), &l); err != nil {
		t.Fatal(err)
	}
	want := Received{Log: "ab12", Seq: 2, Boot: "b-1", Name: "generator.started", At: "2023-11-14T22:13:20Z",
		Attributes: map[string]any{"generator": 1.0}}
	if !reflect.DeepEqual(l, want) {
		t.Errorf("%+v, want %+v", l, want)
	}
}

func TestWhatIsPlantedIsInEveryAnswer(t *testing.T) {
	g := start(t, Options{})
	const seed = "02:00:5e:10:00:01"
	g.Plant([]string{seed})
	e := g.Endpoints()
	woven := func(name, url string) {
		t.Helper()
		r, _ := http.NewRequest("GET", url, nil)
		r.Header.Set("Authorization", "Bearer key")
		answer, err := fresh.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		if answer.Header.Get("X-Client") != seed || answer.StatusCode != http.StatusNoContent && !bytes.Contains(b, []byte(seed)) {
			t.Errorf("%s: not in %v %s", name, answer.Header, b)
		}
	}
	woven("page", "http://"+e.Page)
	woven("check", e.Check)
	woven("uplink", e.Dashboard+"/organizations/1/cellularGateway/uplink/statuses")
	woven("overview", e.Dashboard+"/networks/N_1/clients/overview")
	woven("SIM cards", e.Dashboard+"/devices/Q2XX-XXXX-XXXX/cellular/sims")
	woven("data", e.Dashboard+"/organizations/1/devices/cellular/data/usage/history/byDevice/byInterval?t0=2026-11-12T00:00:00Z&t1=2026-11-25T08:00:00Z&serials[]=Q2XX-XXXX-XXXX")
	woven("clients", e.Dashboard+"/networks/N_1/clients")
	if _, body := post(t, g, request(1), true); !bytes.Contains(body, []byte(seed)) {
		t.Errorf("receipt: %q", body)
	}
	if m, err := ask(t, e.DNS); err != nil || len(m.Additionals) != 1 {
		t.Errorf("DNS: %+v, %v", m, err)
	}
	g.Set(func(s *Switches) { s.Dashboard, s.Receiver = 500, 500 })
	woven("the dashboard's error", e.Dashboard+"/networks/N_1/clients/overview")
	woven("the receiver's error", e.Receiver+"/v1/logs")
	g.Set(func(s *Switches) { s.Cellular = Captive })
	woven("the sign-in page", e.Check)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"infobus/words"
)

// sockets are where a daemon on this machine listens: the installed one, and
// the one that build.sh runs.
var sockets = []string{"/run/infobus/infobus.sock", "/var/lib/infobus/infobus.sock", filepath.Join("build", "state", "infobus.sock")}

// daemon is the way to a running daemon.
type daemon struct {
	client *http.Client
	base   string
	name   string // for messages
	// speaker says what goes wrong, and is the language that the daemon is asked in.
	speaker *words.Speaker
}

// reach finds the daemon: at --address, at one of the sockets, or on the
// loopback address that build.sh uses.
func (o *options) reach() (daemon, error) {
	address := o.address
	for _, s := range sockets {
		if address != "" {
			break
		}
		if c, err := net.Dial("unix", s); err == nil {
			c.Close()
			address = s
		}
	}
	if address == "" {
		address = "http://127.0.0.1:8080"
	}
	if strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://") {
		if u, err := url.Parse(address); err != nil || u.Host == "" {
			return daemon{}, usageError{fmt.Errorf("--address %q: http://host:port was expected", address)}
		}
		return daemon{client: &http.Client{}, base: strings.TrimRight(address, "/"), name: address, speaker: o.speaker()}, nil
	}
	if _, err := os.Stat(address); err != nil {
		return daemon{}, unreachable{fmt.Errorf("%s (%w)", o.speaker().Say("cli.daemon.none", "Address", address), err)}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", address)
	}
	return daemon{client: &http.Client{Transport: &http.Transport{DialContext: dial}}, base: "http://infobus", name: address,
		speaker: o.speaker()}, nil
}

// call sends a request and gives the answer's body, which the caller closes.
func (d daemon) call(ctx context.Context, method, path string, body any) (io.ReadCloser, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, d.base+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept-Language", d.speaker.Language().Tag)
	answer, err := d.client.Do(r)
	if err != nil {
		return nil, unreachable{fmt.Errorf("%s (%w)", d.speaker.Say("cli.daemon.silent", "Address", d.name), err)}
	}
	if answer.StatusCode < 300 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	var said struct{ Error string }
	b, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if json.Unmarshal(b, &said) != nil || said.Error == "" {
		said.Error = answer.Status
	}
	return nil, errors.New(d.speaker.Say("cli.daemon.says", "What", said.Error))
}

// get reads the JSON at path into v, and gives it as it came too.
func (d daemon) get(path string, v any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body, err := d.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, unreachable{fmt.Errorf("%s (%w)", d.speaker.Say("cli.daemon.stopped", "Address", d.name), err)}
	}
	if v == nil {
		return b, nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return b, fmt.Errorf("the answer of %s to %s is not what was expected: %w", d.name, path, err)
	}
	return b, nil
}

// post sends JSON to path.
func (d daemon) post(path string, body any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := d.call(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return answer.Close()
}

// Package localpage asks the Cisco box's own status page, on the cable, what its mobile
// network is like: during an outage nobody else can say. It changes nothing there.
//
// In: the gateway's address, and a user and a password from the team. Out: a netmon.Radio.
// What the page says beside that (serial numbers, IMEI, ICCID, addresses, the place) is not
// looked at, and no answer is quoted in an error. Which fields an MG41E's page has is
// nowhere published: they are looked for by their names, wherever they stand.
package localpage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/icholy/digest"

	"infobus/hw"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/meraki"
)

// Options say whose page it is.
type Options struct {
	User string // "admin", or the serial number with older firmware
	// PasswordFile holds the password alone; one that is empty is a password that is
	// empty, as older firmware has it.
	PasswordFile string
	// Every is how often to ask while it is worth it; 0: 30 s.
	Every time.Duration
}

const (
	every = 30 * time.Second
	// idle is how often it is looked whether asking is worth it.
	idle = 2 * time.Second
	// timeout bounds a request with its log-in.
	timeout = 5 * time.Second
	// maxAnswer bounds an answer, in bytes, and maxDepth how deep in it is looked.
	maxAnswer, maxDepth = 512 << 10, 16
	// patience is how many answers in a row may say nothing of the radio.
	patience = 3
)

var (
	// ErrPassword: the page takes neither no password nor this one.
	ErrPassword = errors.New("the Cisco box’s own page does not take this user and password")
	// ErrAnswer: the page says nothing of the mobile network that can be read.
	ErrAnswer = errors.New("the Cisco box’s own page says nothing of its mobile network")
)

// Run asks while worth gives the gateway's address, until ctx is done, and returns its
// error; or ErrPassword at the first refusal, ErrAnswer after a few answers that say
// nothing, or why the password cannot be read: asking again is of no use before somebody
// has changed something. That nobody answers is no error: the gateway may be off.
func Run(ctx context.Context, o Options, c *client.Client, worth func() (address string, ok bool), observe func(netmon.Radio)) error {
	if o.Every == 0 {
		o.Every = every
	}
	said := 0 // answers in a row that said nothing
	for {
		wait := idle
		if address, ok := worth(); ok {
			wait = o.Every
			r, err := Fetch(ctx, o, c, address)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				said = 0
				observe(r)
			case errors.Is(err, ErrAnswer):
				if said++; said >= patience {
					return err
				}
			case errors.Is(err, ErrPassword), errors.Is(err, hw.ErrAbsent):
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Fetch asks the page at the address, host or host:port, once. It logs in where it is
// asked to, with one try.
func Fetch(ctx context.Context, o Options, c *client.Client, address string) (netmon.Radio, error) {
	password, err := o.password()
	if err != nil {
		return netmon.Radio{}, fmt.Errorf("read the password of the Cisco box’s own page: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/index.json", nil)
	if err != nil {
		return netmon.Radio{}, errors.New("the Cisco box’s address is not one")
	}
	way := &digest.Transport{Username: o.User, Password: password, Transport: bounded{c.HTTP(client.Gateway).Transport}}
	answer, err := way.RoundTrip(r)
	if err != nil {
		var own *client.Error
		if errors.As(err, &own) {
			return netmon.Radio{}, own
		}
		return netmon.Radio{}, ErrPassword // it asks for a log-in of a kind that is not known
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return netmon.Radio{}, ErrPassword
	default:
		return netmon.Radio{}, ErrAnswer
	}
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		var own *client.Error
		if errors.As(err, &own) {
			return netmon.Radio{}, own
		}
		return netmon.Radio{}, ErrAnswer
	}
	return parse(b)
}

func (o Options) password() (string, error) {
	if o.PasswordFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(o.PasswordFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the file is %w", hw.ErrAbsent)
	}
	return strings.TrimRight(string(b), "\r\n"), err
}

// bounded reads no more of any answer than maxAnswer, nor of one that asks for a log-in.
type bounded struct{ http.RoundTripper }

func (t bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// names are what a field may be called, in small letters and without signs, the likeliest
// first.
var names = map[string][]string{
	"rsrp":     {"rsrp", "rsrpdbm", "ltersrp"},
	"rsrq":     {"rsrq", "rsrqdb", "ltersrq"},
	"provider": {"provider", "carrier", "operator", "carriername", "operatorname", "networkoperator"},
	"type":     {"connectiontype", "technology", "networktype", "rat", "accesstechnology"},
	"status":   {"cellularstatus", "connectionstatus", "modemstatus"},
}

// parse reads what an answer says of the radio. One that holds no level and no kind of
// connection is ErrAnswer.
func parse(b []byte) (r netmon.Radio, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return r, ErrAnswer
	}
	found := map[string]string{}
	look(v, 0, found)
	said := func(what string) string {
		for _, n := range names[what] {
			if s := found[n]; s != "" {
				return s
			}
		}
		return ""
	}
	r = meraki.Radio(said("provider"), said("type"), said("status"), said("rsrp"), said("rsrq"))
	if r.RSRP == 0 && (r.ConnectionType == "" || r.ConnectionType == "unknown") {
		return netmon.Radio{}, ErrAnswer
	}
	return r, nil
}

// look gathers what stands under a name of names.
func look(v any, depth int, found map[string]string) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			look(e, depth+1, found)
		}
	case map[string]any:
		for k, e := range v {
			name := plain(k)
			if !known[name] {
				look(e, depth+1, found)
				continue
			}
			var said string
			switch e := e.(type) {
			case string:
				said = e
			case json.Number:
				said = e.String()
			default:
				look(e, depth+1, found)
				continue
			}
			if was := found[name]; len(said) <= 64 && (was == "" || said < was) { // the same one each time
				found[name] = said
			}
		}
	}
}

var known = func() map[string]bool {
	all := map[string]bool{}
	for _, list := range names {
		for _, n := range list {
			all[n] = true
		}
	}
	return all
}()

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

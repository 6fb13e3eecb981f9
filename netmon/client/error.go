package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"infobus/hw"
)

// Error is a request that failed. Its text is a fixed one: errors of the
// network quote addresses, names and answers from outside, which may go
// nowhere. errors.Is finds hw.ErrTimeout and context's errors in it, nothing
// else.
type Error struct {
	Purpose Purpose
	Reason  string // a few plain words
	is      []error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Purpose, e.Reason) }

// Unwrap gives the sentinels that apply.
func (e *Error) Unwrap() []error { return e.is }

// Timeout says whether a bound was passed, as net.Error does.
func (e *Error) Timeout() bool { return errors.Is(e, hw.ErrTimeout) }

// ErrRefused: something answers at that address, and not to this port.
var ErrRefused = errors.New("connection refused")

// ErrUnreachable: whoever stands between says that there is no way there.
var ErrUnreachable = errors.New("there is no way there")

func (l *lane) wrap(err error) error {
	e := &Error{Purpose: l.purpose, Reason: "the request failed"}
	var (
		timeout   interface{ Timeout() bool }
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.Canceled):
		e.Reason, e.is = "given up", []error{context.Canceled}
	case errors.Is(err, context.DeadlineExceeded):
		e.Reason, e.is = "no answer in time", []error{context.DeadlineExceeded, hw.ErrTimeout}
	case errors.As(err, &name) && name.IsNotFound:
		e.Reason = "the name is not known"
	case errors.As(err, &name):
		e.Reason = "the name could not be looked up"
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Reason, e.is = "no answer in time", []error{hw.ErrTimeout}
	case errors.Is(err, unix.ECONNREFUSED):
		e.Reason, e.is = "connection refused", []error{ErrRefused}
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		e.Reason, e.is = ErrUnreachable.Error(), []error{ErrUnreachable}
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE), errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason = "the connection was cut"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore):
		e.Reason = "the certificate is not valid yet: the clock is wrong"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Reason = "the certificate is out of date, or the clock is wrong"
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &record):
		e.Reason = "somebody else answers: the certificate is not right"
	}
	return e
}

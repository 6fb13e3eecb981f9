package hw

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// Reason is the event schema's word for why a device failed: full, absent,
// identity, timeout, denied, or error for whatever else.
func Reason(err error) string {
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
	}
	switch {
	case is(syscall.ENOSPC, syscall.EDQUOT):
		return "full"
	case is(ErrAbsent, fs.ErrNotExist, syscall.ENODEV, syscall.ENXIO):
		return "absent"
	case is(ErrIdentity):
		return "identity"
	case is(ErrTimeout, context.DeadlineExceeded):
		return "timeout"
	case is(fs.ErrPermission):
		return "denied"
	}
	return "error"
}

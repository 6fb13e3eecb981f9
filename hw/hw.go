// Package hw names the ways in which a device on a wire fails, so that whoever
// reports it can say why. The drivers are in the folders inside it.
package hw

import "errors"

var (
	// ErrAbsent: nothing is there: no chip, no bus, no answer to the address.
	ErrAbsent = errors.New("not there")
	// ErrTimeout: it is there and did not finish within its bound.
	ErrTimeout = errors.New("did not answer in time")
	// ErrIdentity: something answers, and it is not the chip that is configured.
	ErrIdentity = errors.New("another chip than configured answers")
)

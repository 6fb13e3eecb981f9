// Package examples holds the configuration, the timetable and the board that the
// package installs, that the simulated van runs on and that the tests read.
package examples

import _ "embed"

var (
	//go:embed infobus.yaml
	Config []byte
	//go:embed timetable.yaml
	Timetable []byte
	//go:embed board.yaml
	Board []byte
)

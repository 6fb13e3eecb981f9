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

// ShippedTimetables and ShippedBoards are the digests (source.Digest) of the examples
// that earlier packages put in use, at /etc/infobus.
var (
	ShippedBoards     = []string{"ff6651e866c5", "85d5f0565e14"}
	ShippedTimetables = []string{"3683eb8d07c0", "73051362da56", "8af126c2eac9", "e96057eac5cc", "c5f54cd3f7b8", "666d1b756e9a"}
)

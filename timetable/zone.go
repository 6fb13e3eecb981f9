package timetable

import (
	"encoding/binary"
	"time"
)

// ZoneChange is a moment at which a zone's clocks change, and how far they are
// from UTC from then on.
type ZoneChange struct {
	At     int64 `json:"at"`     // Unix time
	Offset int   `json:"offset"` // s
}

// MaxZoneChanges is how many a zone may have.
const MaxZoneChanges = 255

// The time for which ChangesOf looks for changes.
var zoneFrom, zoneUntil = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// ZoneOf is the zone that has these changes, in the order of time; before the
// first it has that one's offset. It becomes a time.Location by way of the file
// format that zones have (TZif version 2, RFC 8536). nil where it cannot be one.
func ZoneOf(name string, changes []ZoneChange) *time.Location {
	if len(changes) == 0 || len(changes) > MaxZoneChanges {
		return nil
	}
	header := func(times, types int) []byte {
		b := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, times, types, 1} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	// The block of version 1, which nobody reads: one type, one letter.
	b := append(header(0, 1), 0, 0, 0, 0, 0, 0, 0)
	b = append(b, header(len(changes), len(changes))...)
	for i, c := range changes {
		if i > 0 && c.At <= changes[i-1].At || c.Offset < -24*60*60 || c.Offset > 24*60*60 {
			return nil
		}
		b = binary.BigEndian.AppendUint64(b, uint64(c.At))
	}
	for i := range changes {
		b = append(b, byte(i))
	}
	for _, c := range changes {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(c.Offset)))
		b = append(b, 0, 0)
	}
	b = append(b, 0, '\n', '\n')
	zone, err := time.LoadLocationFromTZData(name, b)
	if err != nil {
		return nil
	}
	return zone
}

// ChangesOf are the changes of a zone that ZoneOf made.
func ChangesOf(zone *time.Location) (changes []ZoneChange) {
	for at := zoneFrom.In(zone); len(changes) <= MaxZoneChanges; {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(zoneUntil) {
			break
		}
		at = end
		_, offset := at.Zone()
		changes = append(changes, ZoneChange{at.Unix(), offset})
	}
	return changes
}

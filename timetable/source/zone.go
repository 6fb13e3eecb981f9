package source

import (
	"fmt"
	"strings"
	"time"
)

// windowsZones are the names that Outlook writes, as far as a van in Calais
// meets them (Unicode CLDR, windowsZones).
var windowsZones = map[string]string{
	"Romance Standard Time":          "Europe/Paris",
	"W. Europe Standard Time":        "Europe/Berlin",
	"Central Europe Standard Time":   "Europe/Budapest",
	"Central European Standard Time": "Europe/Warsaw",
	"GMT Standard Time":              "Europe/London",
	"UTC":                            "UTC",
}

// zone is the zone that a TZID names.
func (r *calendarReader) zone(id string, p property) (*time.Location, bool) {
	if zone, known := r.zones[id]; known {
		return zone, zone != nil
	}
	zone := named(id)
	if c := r.custom[id]; zone == nil && c != nil {
		if alias, ok := c.get("X-LIC-LOCATION"); ok {
			zone = named(alias.Value)
		}
		if zone == nil {
			zone = r.own(id, c)
		}
	}
	r.zones[id] = zone
	if zone == nil {
		r.add(p.at, fmt.Sprintf("TZID=%s found, the name of a time zone was expected, such as Europe/Paris", shorten(id)))
	}
	return zone, zone != nil
}

// named is a zone by its name, also where a calendar puts its maker before it.
func named(id string) *time.Location {
	if other, ok := windowsZones[id]; ok {
		id = other
	}
	for {
		if zone, err := time.LoadLocation(id); err == nil && id != "" && id != "Local" {
			return zone
		}
		_, rest, more := strings.Cut(id, "/")
		if !more || rest == "" {
			return nil
		}
		id = rest
	}
}

// own is the zone that a calendar defines itself.
func (r *calendarReader) own(string, *component) *time.Location { return nil }

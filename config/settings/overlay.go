package settings

import (
	"strconv"
	"strings"

	"periph.io/x/conn/v3/physic"

	"infobus/config"
)

// Overlay puts the settings over a configuration. The PIN is not among what it sets: it
// is a file of its own, which others write too.
func (s Settings) Overlay(c config.Config) config.Config {
	has := func(k Key) bool { return s[k] != "" && s[k] != None }
	if has(KeyName) {
		c.Name = s[KeyName]
	}
	if has(KeyEndpoint) {
		c.Sync.Endpoint, c.Sync.Token = s[KeyEndpoint], ""
	}
	if has(KeyToken) {
		c.Sync.Token = s[KeyToken]
	}
	if has(KeyTimetable) {
		address := s[KeyTimetable]
		if rest, web := strings.CutPrefix(address, "webcal:"); web {
			address = "https:" + rest
		}
		c.Timetable = config.Sources{{Source: address, Public: c.Public}}
	}
	if has(KeyMeraki) && has(KeyOrganisation) && has(KeyNetwork) {
		d := config.Dashboard{}
		if c.Uplink.Dashboard != nil {
			d = *c.Uplink.Dashboard
		}
		d.Organisation, d.Network, d.Key, d.KeyFile = s[KeyOrganisation], s[KeyNetwork], s[KeyMeraki], ""
		c.Uplink.Dashboard = &d
	}
	if v, ok := strings.CutSuffix(s[KeyCapacity], "Ah"); ok {
		if ah, err := strconv.ParseFloat(v, 64); err == nil {
			c.Battery.Capacity, c.Battery.Measured, c.Battery.Tail = config.AmpereHours(ah), 0, 0
		}
	}
	if v, ok := strings.CutSuffix(s[KeyShunt], "uOhm"); ok {
		if micro, err := strconv.ParseInt(v, 10, 64); err == nil {
			c.Battery = c.Battery.WithShunt(physic.ElectricResistance(micro) * physic.MicroOhm)
		}
	}
	switch b := s[KeyBattery]; b {
	case "":
	case None:
		c.Battery.Monitor = None
	default:
		c.Battery = c.Battery.WithChemistry(b)
	}
	return c
}

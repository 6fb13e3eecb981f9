package logbook

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"infobus/private"
)

func TestOnlyWhatTheSchemaHasIsAdmitted(t *testing.T) {
	e, err := Admit(Event{Name: BatteryLevel, Attributes: map[string]any{
		"level": "low", "percent": 12, "owner": "Jean", "volts": 12.4}})
	if err == nil || strings.Contains(err.Error(), "Jean") || strings.Contains(err.Error(), "owner") {
		t.Errorf("the error says %v", err)
	}
	if fmt.Sprint(e.Attributes) != "map[level:low percent:12]" {
		t.Errorf("admitted %v", e.Attributes)
	}
	for name, attributes := range map[string]map[string]any{
		"a word that is not of the list": {"level": "0612345678"},
		"a number for a word":            {"level": 3},
		"a word for a number":            {"percent": "12"},
		"no number":                      {"percent": math.NaN()},
		"text of another type":           {"level": private.Outside("low")},
		"something nested":               {"level": map[string]any{"low": 1}},
	} {
		if e, err := Admit(Event{Name: BatteryLevel, Attributes: attributes}); err == nil || len(e.Attributes) != 0 {
			t.Errorf("%s: %v, %v", name, e.Attributes, err)
		}
	}
	if e, err := Admit(Event{Name: "person.seen", Attributes: map[string]any{"level": "low"}}); err == nil || e.Name != "unknown" || e.Attributes != nil {
		t.Errorf("an unknown event: %+v, %v", e, err)
	}
}

func TestEveryEventOfTheListIsInTheSchema(t *testing.T) {
	for _, name := range []Name{GeneratorStarted, GeneratorStopped, BatteryLevel, PowerShutdown, PowerSockets, PowerMonoxide, SessionStarted, SessionEnded, UplinkChanged, UplinkFlapping, RemedyTried, GatewaySwitched, SystemTested,
		KioskRefreshed, TimetableLoaded, TimetableRejected, TimetableCorrected, SyncUploaded, LogbookDropped, ClockTrusted, DeviceFailed, DeviceRecovered, SystemStarted, SystemStopping} {
		if _, ok := Schema[name]; !ok {
			t.Errorf("%s is not", name)
		}
	}
}

func TestOnlyAProgramsOwnNameIsAdmitted(t *testing.T) {
	for unit, want := range map[string]bool{
		"infobusd.service": true, "infobus-link@.service": true, "systemd-tmpfiles-clean.timer": true, "kernel": true, "other": true,
		"": false, "Jean Dupont": false, "user@1000.service": false, "session-3.scope": false, "media-JEAN.mount": false, "jean@example.service.x": false,
		"lease-00-1a-2b-3c-4d-5e.service": false, "host.10.1.2.3.service": false, "tel.0612345678.service": false,
	} {
		e, err := Admit(Event{Name: SystemWarnings, Attributes: map[string]any{"unit": unit}})
		if (err == nil) != want || (e.Attributes["unit"] == unit) != want {
			t.Errorf("%q: %v, %v", unit, e.Attributes, err)
		}
	}
	for id, want := range map[string]bool{"d9b373ed55a64feb8242e02dbe79a49c": true, "": false, "Jean": false, "D9B373ED55A64FEB8242E02DBE79A49C": false, "d9b373ed": false} {
		if _, err := Admit(Event{Name: SystemWarnings, Attributes: map[string]any{"message_id": id}}); (err == nil) != want {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestWithTheFiltersOffEverythingIsAdmitted(t *testing.T) {
	defer private.WithholdNothing()()
	const secret = "Jean Dupont, tent 12"
	if e, err := Admit(Event{Name: "x", Attributes: map[string]any{"y": secret}}); err != nil || e.Attributes["y"] != secret {
		t.Errorf("%+v, %v", e, err)
	}
}

func FuzzAdmit(f *testing.F) {
	f.Add("battery.level", `{"level":"low","percent":12}`)
	f.Add("x", `{"a":{"b":[1e400]}}`)
	f.Fuzz(func(t *testing.T, name, attributes string) {
		e := Event{Name: Name(name)}
		if json.Unmarshal([]byte(attributes), &e.Attributes) != nil {
			return
		}
		admitted, _ := Admit(e)
		if again, err := Admit(admitted); err != nil && admitted.Name != "unknown" || len(again.Attributes) != len(admitted.Attributes) {
			t.Errorf("what was admitted is not the second time: %+v, %v", admitted, err)
		}
		if _, err := json.Marshal(admitted); err != nil {
			t.Error(err)
		}
	})
}

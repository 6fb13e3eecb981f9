package van

import (
	"time"

	"infobus/logbook"
)

// mostTold is how many changes of a device are events in an hour: one with a loose contact
// would fill the card, and each failure is sent at once. Then the state is told in which it
// is when the hour has passed.
const (
	mostTold = 12
	toldSpan = time.Hour
)

// told is what was said of a device.
type told struct {
	state  DeviceState
	reason string
	n      int           // since
	since  time.Duration // the hour's begin
}

// device takes a driver's report. A change is an event.
func (s *State) device(v DeviceSeen, now time.Duration, out *Output) {
	i := 0
	for i < len(s.Devices) && s.Devices[i].Name != v.Name {
		i++
	}
	if i == len(s.Devices) {
		s.Devices = append(s.Devices, Device{Name: v.Name, State: DeviceUnknown})
	}
	d, state := &s.Devices[i], DeviceOK
	if !v.OK {
		state = DeviceBroken
	}
	was := d.State
	if was == state && d.Reason == v.Reason {
		d.Why = v.Why
		return
	}
	*d = Device{Name: v.Name, State: state, Reason: v.Reason, Why: v.Why, Since: now, told: d.told}
	if was == DeviceUnknown && v.OK {
		d.told.state = state // it works at the start: that is no recovery
	}
	d.tell(now, out)
}

// untold says whether the state is another one than was told.
func (d *Device) untold() bool {
	return d.State != DeviceUnknown && (d.State != d.told.state || d.Reason != d.told.reason)
}

// tell makes what was not told an event, if there is room for it in this hour.
func (d *Device) tell(now time.Duration, out *Output) {
	if !d.untold() {
		return
	}
	if d.told.n == 0 || now-d.told.since >= toldSpan {
		d.told.n, d.told.since = 0, now
	}
	if d.told.n >= mostTold {
		return
	}
	d.told = told{d.State, d.Reason, d.told.n + 1, d.told.since}
	name, attributes := logbook.DeviceRecovered, map[string]any{"device": d.Name}
	if d.State == DeviceBroken {
		name = logbook.DeviceFailed
		attributes["reason"] = d.Reason
	}
	out.event(logbook.Event{Name: name, Attributes: attributes})
}

// tellDevices tells of devices what the hour before had no room for.
func (s *State) tellDevices(out *Output) {
	for i := range s.Devices {
		s.Devices[i].tell(s.Now.Mono, out)
	}
}

// devicesAt is when one is to be told of; 0: never.
func (s State) devicesAt() (at time.Duration) {
	for _, d := range s.Devices {
		if due := d.told.since + toldSpan; d.untold() && (at == 0 || due < at) {
			at = due
		}
	}
	return at
}

package van_test

import (
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/samples"
	"infobus/van"
)

// What is measured is recorded at the time at which it ended; what is not known is left
// out, and what is read back is what was recorded.
func TestASampleSaysWhatIsKnownAndNothingElse(t *testing.T) {
	v := samples.Unknown()
	v[samples.Volts], v[samples.Amps], v[samples.Generator], v[samples.Memory] = 12.7049, -1.449, 0.254, 31.4
	b := newBox("a", van.Kept{})
	b.see(time.Hour, van.Sampled{Point: samples.Point{From: 30 * time.Minute, To: 45 * time.Minute, Values: v}})
	e := b.events[len(b.events)-1]
	want := map[string]any{"minutes": 15., "volts": 12.7, "amps": -1.4, "generator_percent": 25., "memory_mb": 31.}
	if e.Name != logbook.VanSampled || e.Mono != 45*time.Minute || len(e.Attributes) != len(want) {
		t.Errorf("%+v", e)
	}
	for key, value := range want {
		if e.Attributes[key] != value {
			t.Errorf("%s is %v, not %v", key, e.Attributes[key], value)
		}
	}
	admitted, err := logbook.Admit(e)
	if err != nil {
		t.Error(err)
	}
	back, ok := van.SampledOf(admitted)
	if !ok || back[samples.Generator] != 0.25 || back.Known(samples.Celsius) || back.Known(samples.Internet) {
		t.Errorf("%v, %v", back, ok)
	}
	if b.see(2*time.Hour, van.Sampled{Point: samples.Point{From: 1, To: 2, Values: samples.Unknown()}}); b.has(logbook.VanSampled) {
		t.Error("nothing was known, and it is recorded")
	}
}

// A value that nobody measures any more is unknown, and never zero.
func TestWhatIsNotMeasuredIsNoValue(t *testing.T) {
	b := newBox("a", van.Kept{})
	none := van.New(b.options).Values()
	for i := range none {
		if none.Known(samples.Series(i)) {
			t.Errorf("series %d is known at the start", i)
		}
	}
	b.see(time.Minute, power.Line{Active: true, At: time.Minute}, power.Sample{Volts: 12.5, Amps: 3}, van.TemperatureSeen{Celsius: 21, OK: true})
	b.see(2*time.Minute, power.Line{Active: true, At: 2 * time.Minute}, power.Sample{Volts: 12.5, Amps: 3})
	if v := b.state.Values(); v[samples.Volts] != 12.5 || v[samples.Amps] != 3 || v[samples.Celsius] != 21 || v[samples.Generator] != 1 || v.Known(samples.Internet) && b.state.Uplink.Verdict == netmon.Unknown {
		t.Errorf("%v", v)
	}
	b.see(3*time.Minute, van.DeviceSeen{Name: van.Battery, Reason: "absent"}, power.LinesLost{}, van.TemperatureSeen{})
	if v := b.state.Values(); v.Known(samples.Volts) || v.Known(samples.Amps) || v.Known(samples.Celsius) || v.Known(samples.Generator) {
		t.Errorf("%v", v)
	}
}

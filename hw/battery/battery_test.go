package battery_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2ctest"
	"periph.io/x/conn/v3/physic"
	"pgregory.net/rapid"

	"infobus/hw"
	"infobus/hw/battery"
	"infobus/hw/battery/batterytest"
)

const milliVolt = physic.MilliVolt

// identified are the transactions of New with that calibration.
func identified(hi, lo byte) []i2ctest.IO {
	return []i2ctest.IO{
		{Addr: 0x40, W: []byte{0xFE}, R: []byte{0x54, 0x49}},
		{Addr: 0x40, W: []byte{0xFF}, R: []byte{0x22, 0x60}},
		{Addr: 0x40, W: []byte{0x00, 0x47, 0x27}},
		{Addr: 0x40, W: []byte{0x05, hi, lo}},
		{Addr: 0x40, W: []byte{0x06}, R: []byte{0x00, 0x08}},
	}
}

// sampled are the transactions of Read.
func sampled(calibration, shunt, bus, current, mask uint16) []i2ctest.IO {
	io := func(reg byte, v uint16) i2ctest.IO {
		return i2ctest.IO{Addr: 0x40, W: []byte{reg}, R: []byte{byte(v >> 8), byte(v)}}
	}
	return []i2ctest.IO{io(5, calibration), io(1, shunt), io(2, bus), io(4, current), io(6, mask)}
}

// The datasheet's worked example (SBOS547B, table 6-1): 10 A through 2 mΩ at
// 11.98 V, with 1 mA a bit, which is a range of 32.768 A.
var example = battery.Opts{Address: 0x40, Shunt: 2 * physic.MilliOhm, MaxCurrent: 32768 * physic.MilliAmpere}

func TestReadIsByteExact(t *testing.T) {
	fifteen := example
	fifteen.MaxCurrent = 15 * physic.Ampere
	reversed := example
	reversed.Reversed = true
	def := battery.DefaultOpts()
	for name, c := range map[string]struct {
		opts    battery.Opts
		cal     uint16
		replies []i2ctest.IO
		want    battery.Sample
		err     error
	}{
		"the datasheet's example": {opts: example, cal: 0x0A00,
			replies: sampled(0x0A00, 0x1F40, 0x2570, 0x2710, 0x0008),
			want:    battery.Sample{Volts: 11980 * milliVolt, Amps: 10 * physic.Ampere}},
		"discharging": {opts: example, cal: 0x0A00,
			replies: sampled(0x0A00, 0xE0C0, 0x2570, 0xD8F0, 0x0008),
			want:    battery.Sample{Volts: 11980 * milliVolt, Amps: -10 * physic.Ampere}},
		"the shunt is wired the other way": {opts: reversed, cal: 0x0A00,
			replies: sampled(0x0A00, 0xE0C0, 0x2570, 0xD8F0, 0x0008),
			want:    battery.Sample{Volts: 11980 * milliVolt, Amps: 10 * physic.Ampere}},
		// 457.7 µA a bit, truncated to 5592: 8000·5592/2048 = 21843.
		"the example's 15 A at full resolution": {opts: fifteen, cal: 0x15D8,
			replies: sampled(0x15D8, 0x1F40, 0x2570, 21843, 0x0000),
			want:    battery.Sample{Volts: 11980 * milliVolt, Amps: 9_999_656_652}},
		// 0.00512·32768/(100·0.0005) = 3355.4
		"the reference hardware": {opts: def, cal: 3355,
			replies: sampled(3355, 0, 10560, 0, 0x0008),
			want:    battery.Sample{Volts: 13200 * milliVolt}},
		"shunt clipped above":  {opts: example, cal: 0x0A00, replies: sampled(0x0A00, 0x7FFF, 0x2570, 0, 0), err: battery.ErrOverRange},
		"shunt clipped below":  {opts: example, cal: 0x0A00, replies: sampled(0x0A00, 0x8000, 0x2570, 0, 0), err: battery.ErrOverRange},
		"mathematics overflew": {opts: example, cal: 0x0A00, replies: sampled(0x0A00, 0x7000, 0x2570, 0, 4), err: battery.ErrOverRange},
		"bus clipped":          {opts: example, cal: 0x0A00, replies: sampled(0x0A00, 1, 0x7FFF, 1, 0), err: battery.ErrOverRange},
	} {
		t.Run(name, func(t *testing.T) {
			bus := &i2ctest.Playback{Ops: append(identified(byte(c.cal>>8), byte(c.cal)), c.replies...), DontPanic: true}
			reads(t, bus, c.opts, c.want, c.err)
		})
	}
}

// reads takes one sample through the real driver, and makes sure that every
// transaction of the bus was asked for.
func reads(t *testing.T, bus *i2ctest.Playback, opts battery.Opts, want battery.Sample, fails error) {
	t.Helper()
	d, err := battery.New(bus, &opts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Read()
	if got != want || !errors.Is(err, fails) {
		t.Fatalf("got %+v, %v; want %+v, %v", got, err, want, fails)
	}
	if err := bus.Close(); err != nil {
		t.Fatal(err)
	}
}

// identified219 are the transactions of New with that configuration and calibration.
func identified219(configuration, calibration uint16) []i2ctest.IO {
	return []i2ctest.IO{
		{Addr: 0x40, W: []byte{0x00, 0x80, 0x00}},
		{Addr: 0x40, W: []byte{0x00}, R: []byte{0x39, 0x9F}},
		{Addr: 0x40, W: []byte{0x00, byte(configuration >> 8), byte(configuration)}},
		{Addr: 0x40, W: []byte{0x05, byte(calibration >> 8), byte(calibration)}},
		{Addr: 0x40, W: []byte{0x02}, R: []byte{0x00, 0x02}},
	}
}

// sampled219 are the transactions of Read.
func sampled219(calibration, shunt, current, bus uint16) []i2ctest.IO {
	io := func(reg byte, v uint16) i2ctest.IO {
		return i2ctest.IO{Addr: 0x40, W: []byte{reg}, R: []byte{byte(v >> 8), byte(v)}}
	}
	return []i2ctest.IO{io(5, calibration), io(1, shunt), io(4, current), io(2, bus)}
}

// The INA219's worked example (SBOS448G, section 9.2: figure 26 and its table):
// 10 A through 2 mΩ at 11.98 V, with 1 mA a bit: calibration 5000h, shunt 07D0h,
// bus 5D98h, current 2710h. A range of 32.768 A needs the gain of 80 mV.
func TestAnINA219IsReadByteExact(t *testing.T) {
	example := example
	example.Model = battery.INA219
	reversed := example
	reversed.Reversed = true
	def := battery.DefaultOpts()
	def.Model = battery.INA219
	coarse := battery.Opts{Model: battery.INA219, Address: 0x40, Shunt: 100 * physic.MilliOhm, MaxCurrent: 3200 * physic.MilliAmpere}
	for name, c := range map[string]struct {
		opts               battery.Opts
		configuration, cal uint16
		replies            []i2ctest.IO
		want               battery.Sample
		err                error
	}{
		"the datasheet's example": {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 0x07D0, 0x2710, 0x5D98),
			want: battery.Sample{Volts: 11980 * milliVolt, Amps: 10 * physic.Ampere}},
		"discharging, a conversion ready": {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 0xF830, 0xD8F0, 0x5D9A),
			want: battery.Sample{Volts: 11980 * milliVolt, Amps: -10 * physic.Ampere}},
		"the shunt is wired the other way": {opts: reversed, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 0xF830, 0xD8F0, 0x5D98),
			want: battery.Sample{Volts: 11980 * milliVolt, Amps: 10 * physic.Ampere}},
		// 0.04096·32768/(100·0.0005) = 26843.5, made even
		"the reference hardware": {opts: def, configuration: 0x2FFF, cal: 26842, replies: sampled219(26842, 0, 0, 3300<<3),
			want: battery.Sample{Volts: 13200 * milliVolt}},
		// 0.04096·32768/(3.2·0.1) = 4194.3; 320 mV are 32000 bits of the shunt's register.
		"a breakout's 0.1 Ω": {opts: coarse, configuration: 0x3FFF, cal: 4194, replies: sampled219(4194, 10000, 10239, 3300<<3),
			want: battery.Sample{Volts: 13200 * milliVolt, Amps: 999_974_821}},
		"shunt clipped above":  {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 8000, 0x2710, 0x5D98), err: battery.ErrOverRange},
		"shunt clipped below":  {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 0xE0C0, 0x2710, 0x5D98), err: battery.ErrOverRange},
		"mathematics overflew": {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 0x07D0, 0x2710, 0x5D99), err: battery.ErrOverRange},
		"bus clipped":          {opts: example, configuration: 0x2FFF, cal: 0x5000, replies: sampled219(0x5000, 1, 1, 8000<<3), err: battery.ErrOverRange},
	} {
		t.Run(name, func(t *testing.T) {
			bus := &i2ctest.Playback{Ops: append(identified219(c.configuration, c.cal), c.replies...), DontPanic: true}
			reads(t, bus, c.opts, c.want, c.err)
		})
	}
}

// Each driver at the other's chip, a chip of another kind, and what a real one
// shows where nothing flows.
func TestTheWrongChipAtTheAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, expected := range []battery.Model{battery.INA226, battery.INA219} {
			for _, there := range []battery.Model{battery.INA226, battery.INA219} {
				opts := battery.DefaultOpts()
				opts.Model = expected
				_, err := battery.New(batterytest.New(batterytest.As(there)), &opts)
				if expected == there && err != nil || expected != there && !errors.Is(err, hw.ErrIdentity) {
					t.Errorf("%s expected, %s there: %v", expected, there, err)
				}
			}
		}
	})
	opts := battery.DefaultOpts()
	if got := opts.Offset(); got < 0.0199 || got > 0.0201 {
		t.Errorf("an INA226 over 0.5 mΩ may show %g A of none, want 0.02", got)
	}
	if opts.Model = battery.INA219; opts.Offset() < 0.2499 || opts.Offset() > 0.2501 {
		t.Errorf("an INA219 at 80 mV over 0.5 mΩ may show %g A of none, want 0.25", opts.Offset())
	}
	opts.Model = "ina260"
	if _, err := battery.New(&i2ctest.Playback{DontPanic: true}, &opts); err == nil {
		t.Error("a chip that nobody knows was set up")
	}
}

func TestTheINA219sModelAnswersAsTheDatasheetsExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := batterytest.New(batterytest.As(battery.INA219), batterytest.WithShunt(2*physic.MilliOhm))
		chip.Set(11.98, 10)
		reg := func(n byte) uint16 {
			var b [2]byte
			if err := chip.Tx(0x40, []byte{n}, b[:]); err != nil {
				t.Fatal(err)
			}
			return uint16(b[0])<<8 | uint16(b[1])
		}
		if v := reg(0); v != 0x399F {
			t.Fatalf("configuration after power-on %04X", v)
		}
		time.Sleep(2 * time.Millisecond)
		chip.Tx(0x40, []byte{5, 0x50, 0}, nil)
		for n, want := range map[byte]uint16{1: 0x07D0, 5: 0x5000, 4: 0x2710} {
			if v := reg(n); v != want {
				t.Errorf("register %d reads %04X, the datasheet has %04X", n, v, want)
			}
		}
		if v := reg(2); v != 0x5D98|2 {
			t.Errorf("bus reads %04X, the datasheet has 5D98 and a conversion is ready", v)
		}
		if v := reg(3); v != 0x1766 {
			t.Errorf("power reads %04X, the datasheet has 1766", v)
		}
		if v := reg(2); v != 0x5D98 {
			t.Errorf("bus after reading the power %04X", v)
		}
	})
}

func TestAChipIsNotBelievedUntilIdentified(t *testing.T) {
	for name, ops := range map[string][]i2ctest.IO{
		"another maker": {{Addr: 0x40, W: []byte{0xFE}, R: []byte{0xFF, 0xFF}}},
		"another chip":  {{Addr: 0x40, W: []byte{0xFE}, R: []byte{0x54, 0x49}}, {Addr: 0x40, W: []byte{0xFF}, R: []byte{0x22, 0x70}}},
	} {
		bus := &i2ctest.Playback{Ops: ops, DontPanic: true}
		if _, err := battery.New(bus, &example); !errors.Is(err, hw.ErrIdentity) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := bus.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACurrentThatTheShuntCannotShowIsRefused(t *testing.T) {
	for _, o := range []battery.Opts{
		{Shunt: physic.MilliOhm, MaxCurrent: 82 * physic.Ampere},
		{Shunt: physic.MilliOhm},
		{MaxCurrent: physic.Ampere},
		{Shunt: math.MaxInt64, MaxCurrent: math.MaxInt64},
	} {
		bus := &i2ctest.Playback{DontPanic: true}
		if _, err := battery.New(bus, &o); err == nil || bus.Count != 0 {
			t.Errorf("%v through %v was accepted", o.MaxCurrent, o.Shunt)
		}
	}
}

func TestTheModelAnswersAsTheDatasheetsExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := batterytest.New(batterytest.At(0x40), batterytest.WithShunt(2*physic.MilliOhm))
		chip.Set(11.98, 10)
		reg := func(n byte) uint16 {
			var b [2]byte
			if err := chip.Tx(0x40, []byte{n}, b[:]); err != nil {
				t.Fatal(err)
			}
			return uint16(b[0])<<8 | uint16(b[1])
		}
		if v := reg(0); v != 0x4127 {
			t.Fatalf("configuration after power-on %04X", v)
		}
		if v := reg(1); v != 0 {
			t.Fatalf("shunt before the first conversion %04X", v)
		}
		time.Sleep(2200 * time.Microsecond)
		if v := reg(6); v != 8 {
			t.Fatalf("mask after the first conversion %04X", v)
		}
		if v := reg(6); v != 0 {
			t.Fatalf("mask read twice %04X", v)
		}
		if v := reg(4); v != 0 {
			t.Fatalf("current without calibration %04X", v)
		}
		chip.Tx(0x40, []byte{5, 0x0A, 0}, nil)
		for n, want := range map[byte]uint16{1: 0x1F40, 2: 0x2570, 5: 0x0A00, 4: 0x2710, 3: 0x12B8} {
			if v := reg(n); v != want {
				t.Errorf("register %d reads %04X, the datasheet has %04X", n, v, want)
			}
		}
		if err := chip.Tx(0x41, []byte{0}, make([]byte, 2)); err == nil {
			t.Error("answers to another's address")
		}
	})
}

func TestReadFollowsTheBattery(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		volts := physic.ElectricPotential(rapid.Int64Range(0, 36_000).Draw(rt, "mV")) * milliVolt
		model := rapid.SampledFrom([]battery.Model{battery.INA226, battery.INA219}).Draw(rt, "model")
		if model == battery.INA219 {
			volts = min(volts, 31*physic.Volt)
		}
		// What its bits are worth.
		fineA, fineV := 10*physic.MilliAmpere, milliVolt
		if model == battery.INA219 {
			fineA, fineV = 20*physic.MilliAmpere, 2*milliVolt
		}
		amps := physic.ElectricCurrent(rapid.Int64Range(-250_000, 250_000).Draw(rt, "mA")) * physic.MilliAmpere
		var got battery.Sample
		var err error
		synctest.Test(t, func(t *testing.T) {
			opts := battery.DefaultOpts()
			opts.Model = model
			chip := batterytest.New(batterytest.As(model))
			chip.Set(float64(volts)/1e9, float64(amps)/1e9)
			var d *battery.Dev
			if d, err = battery.New(chip, &opts); err == nil {
				got, err = d.Read()
			}
		})
		over := max(amps, -amps) > 100*physic.Ampere
		switch {
		case over && max(amps, -amps) > (100100*physic.MilliAmpere) && !errors.Is(err, battery.ErrOverRange):
			rt.Fatalf("%v gave %+v, %v", amps, got, err)
		case !over && err != nil:
			rt.Fatalf("%v gave %v", amps, err)
		case err == nil:
			// 2.5 µV are 5 mA, 1.25 mV a bit.
			if d := got.Amps - amps; max(d, -d) > fineA {
				rt.Fatalf("%v read as %v", amps, got.Amps)
			}
			if d := got.Volts - volts; max(d, -d) > fineV {
				rt.Fatalf("%v read as %v", volts, got.Volts)
			}
		}
	})
}

func TestWatchSamplesAtOnceAndThenRegularly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := battery.DefaultOpts()
		chip := batterytest.New()
		chip.Set(13, -5)
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second+time.Second/2) // between two readings
		defer cancel()
		n := 0
		err := battery.NewMonitor(chip.Open, opts, 10*time.Second).Watch(ctx, func(s battery.Sample, at time.Duration) {
			if s.Volts != 13*physic.Volt || s.Amps > -4990*physic.MilliAmpere || s.Amps < -5010*physic.MilliAmpere || at == 0 {
				t.Errorf("sample %+v at %v", s, at)
			}
			n++
		})
		if n != 3 || !errors.Is(err, context.DeadlineExceeded) || chip.Opened() != 0 {
			t.Fatalf("%d samples in 25 s, then %v; %d still open", n, err, chip.Opened())
		}
	})
}

func TestAMonitorThatFailsSaysHowAndRecovers(t *testing.T) {
	for name, c := range map[string]struct {
		fault batterytest.Fault
		want  error
	}{
		"absent":  {batterytest.Absent, hw.ErrAbsent},
		"stuck":   {batterytest.Stuck, hw.ErrTimeout},
		"foreign": {batterytest.Foreign, hw.ErrIdentity},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := battery.DefaultOpts()
				chip := batterytest.New()
				opens := 0
				m := battery.NewMonitor(func() (i2c.BusCloser, error) { opens++; return chip.Open() }, opts, time.Second)
				n := 0
				if c.fault != batterytest.Foreign { // a chip is not exchanged under way
					err := m.Watch(t.Context(), func(battery.Sample, time.Duration) {
						if n++; n == 3 {
							chip.SetFault(c.fault)
						}
					})
					if !errors.Is(err, c.want) || n != 3 {
						t.Fatalf("under way: %v after %d samples", err, n)
					}
				}
				chip.SetFault(c.fault)
				for range 3 {
					if err := m.Watch(t.Context(), nil); !errors.Is(err, c.want) {
						t.Fatalf("from the start: %v", err)
					}
				}
				if c.fault == batterytest.Stuck && opens != 1 {
					t.Fatalf("a bus that hangs was opened %d times more", opens-1)
				}
				chip.SetFault(batterytest.OK)
				synctest.Wait()
				if chip.Opened() != 0 {
					t.Fatalf("the bus is open %d times", chip.Opened())
				}
				ctx, cancel := context.WithCancel(t.Context())
				if err := m.Watch(ctx, func(battery.Sample, time.Duration) { cancel() }); !errors.Is(err, context.Canceled) {
					t.Fatalf("mended: %v", err)
				}
			})
		})
	}
}

func TestAResetIsNotReadAsNoCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := battery.DefaultOpts()
		chip := batterytest.New()
		chip.Set(13, -5)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		n := 0
		err := battery.NewMonitor(chip.Open, opts, time.Second).Watch(ctx, func(battery.Sample, time.Duration) {
			if n++; n == 2 {
				chip.Reset()
			}
		})
		if n != 2 || err == nil {
			t.Fatalf("%d samples, then %v", n, err)
		}
	})
}

// noise answers with whatever it is given.
type noise struct{ replies []byte }

func (n *noise) String() string                  { return "noise" }
func (n *noise) SetSpeed(physic.Frequency) error { return nil }
func (n *noise) Tx(_ uint16, _, r []byte) error {
	if len(n.replies) < len(r) {
		return errors.New("no more")
	}
	copy(r, n.replies)
	n.replies = n.replies[len(r):]
	return nil
}

// Whatever a chip answers, nothing panics, and a number is one that the chip can
// give.
func FuzzReplies(f *testing.F) {
	well := []byte{0x54, 0x49, 0x22, 0x60, 0, 8}
	f.Add(false, append(well, 0x0A, 0, 0x1F, 0x40, 0x25, 0x70, 0x27, 0x10, 0, 8))
	f.Add(false, append(well, 0x0A, 0, 0x80, 0, 0xFF, 0xFF, 0x80, 0, 0xFF, 0xFF))
	f.Add(false, []byte{0x54, 0x49, 0x22, 0x61, 0, 0, 0, 0})
	f.Add(false, []byte{})
	f.Add(true, []byte{0x39, 0x9F, 0, 2, 0x50, 0, 0x07, 0xD0, 0x27, 0x10, 0x5D, 0x98})
	f.Add(true, []byte{0x39, 0x9F, 0, 2, 0x50, 0, 0x80, 0, 0xFF, 0xFF, 0xFF, 0xFF})
	f.Add(true, []byte{0x41, 0x27})
	f.Fuzz(func(t *testing.T, other bool, replies []byte) {
		synctest.Test(t, func(t *testing.T) {
			opts := example
			if other {
				opts.Model = battery.INA219
			}
			d, err := battery.New(&noise{replies}, &opts)
			if err != nil {
				return
			}
			s, err := d.Read()
			if err != nil && s != (battery.Sample{}) {
				t.Errorf("a number beside the error: %+v, %v", s, err)
			}
			if s.Volts < 0 || s.Volts > 41*physic.Volt || s.Amps > 33*physic.Ampere || s.Amps < -33*physic.Ampere {
				t.Errorf("out of the chip's range: %+v", s)
			}
		})
	})
}

// A test of the monitor, with and without a watch under way.
func TestAMonitorCanBeTestedWhileItIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := batterytest.New()
		m.Set(12.5, -1.5)
		monitor := battery.NewMonitor(m.Open, battery.DefaultOpts(), 10*time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		var seen atomic.Int32
		ended := make(chan error, 1)
		go func() {
			ended <- monitor.Watch(ctx, func(battery.Sample, time.Duration) { seen.Add(1) })
		}()
		time.Sleep(15 * time.Second)
		s, err := monitor.Test(t.Context())
		if err != nil || s.Amps >= 0 || s.Volts < 12*physic.Volt {
			t.Errorf("%+v, %v", s, err)
		}
		time.Sleep(20 * time.Second)
		if n := seen.Load(); n != 4 {
			t.Errorf("the watch saw %d samples in 35 s", n)
		}
		cancel()
		<-ended
		for fault, want := range map[batterytest.Fault]error{batterytest.Absent: hw.ErrAbsent, batterytest.Stuck: hw.ErrTimeout} {
			m.SetFault(fault)
			if _, err := monitor.Test(t.Context()); !errors.Is(err, want) {
				t.Errorf("%s: %v", fault, err)
			}
			m.SetFault(batterytest.OK)
			time.Sleep(5 * time.Second) // what was left behind comes back
		}
	})
}

// A load of 2 s in each minute is counted as it is, however rare a sample.
func TestASampleIsTheMeanSinceTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := batterytest.New()
		chip.Set(12.5, -0.4)
		m := battery.NewMonitor(func() (i2c.BusCloser, error) { return chip.Open() }, battery.DefaultOpts(), 10*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 601*time.Second)
		defer cancel()
		go func() {
			for range 10 {
				time.Sleep(31500 * time.Millisecond)
				chip.Set(12.3, -6)
				time.Sleep(2 * time.Second)
				chip.Set(12.5, -0.4)
				time.Sleep(26500 * time.Millisecond)
			}
		}()
		var sum float64
		n := 0
		m.Watch(ctx, func(s battery.Sample, _ time.Duration) {
			if n++; n > 1 {
				sum += float64(s.Amps) / float64(physic.Ampere)
			}
		})
		if want, mean := -0.4-5.6*2/60, sum/float64(n-1); math.Abs(mean-want) > 0.03 || n < 60 {
			t.Errorf("%d samples, %.3f A in the mean; %.3f A flowed", n, mean, want)
		}
	})
}

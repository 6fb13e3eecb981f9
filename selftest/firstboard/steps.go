package firstboard

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"infobus/hw/battery"
	"infobus/hw/bus"
	"infobus/hw/epaper"
	"infobus/hw/line"
	"infobus/hw/rtc"
	"infobus/words"
)

func board(_ context.Context, b *Board, r *Result) {
	r.Facts["model"] = b.read("/proc/device-tree/model")
	r.Facts["compatible"] = strings.Split(b.read("/proc/device-tree/compatible"), "\x00")
	r.Facts["kernel"] = b.read("/proc/sys/kernel/osrelease")
	for line := range strings.Lines(b.read("/proc/meminfo")) {
		if size, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			r.Facts["memory"] = strings.Join(strings.Fields(size), " ")
		}
	}
	if !strings.HasPrefix(r.Facts["model"].(string), "Raspberry Pi") {
		r.failed(Lacking, "this is no Raspberry Pi")
	}
}

// boot tells when programs were started, in seconds since the kernel's start.
func boot(_ context.Context, b *Board, r *Result) {
	up, _, _ := strings.Cut(b.read("/proc/uptime"), " ")
	r.Facts["up_s"] = up
	for _, pid := range b.names("/proc", "") {
		name := b.read("/proc/" + pid + "/comm")
		if !slices.Contains([]string{"systemd", "systemd-udevd", "infobusd", "systemd-network", "systemd-journal"}, name) || r.Facts[name+"_s"] != nil {
			continue
		}
		stat := b.read("/proc/" + pid + "/stat")
		fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
		if len(fields) > 19 {
			if ticks, err := strconv.ParseFloat(fields[19], 64); err == nil {
				r.Facts[name+"_s"] = math.Round(ticks) / 100 // USER_HZ
			}
		}
	}
	if r.Facts["infobusd_s"] == nil {
		r.failed(Failed, "infobusd does not run")
	}
}

func memory(_ context.Context, b *Board, r *Result) {
	for _, name := range b.names("/sys/block", "mmcblk") {
		if strings.Contains(name, "boot") {
			continue
		}
		sectors, _ := strconv.ParseInt(b.read("/sys/block/"+name+"/size"), 10, 64)
		r.Facts[name] = fmt.Sprintf("%s, %d MB, made %s", b.read("/sys/block/"+name+"/device/type"), sectors/2048, b.read("/sys/block/"+name+"/device/date"))
	}
	if len(r.Facts) == 0 {
		r.failed(Lacking, "there is no memory card")
	}
}

// place is a node of the device tree as it may be written down: its address behind a
// blank, since with its sign it looks like an e-mail address.
func place(node string) string {
	_, path, found := strings.Cut(node, "devicetree/base")
	if !found {
		path = node
	}
	return strings.ReplaceAll(path, "@", " ")
}

func deviceTree(_ context.Context, b *Board, r *Result) {
	for _, want := range []string{"/proc/device-tree/aliases/i2c1", "/proc/device-tree/__symbols__", "/proc/device-tree/__overrides__"} {
		r.Facts[filepath.Base(want)] = b.has(want)
	}
	for _, word := range strings.Fields(b.read("/proc/cmdline")) {
		if wiring, ok := strings.CutPrefix(word, "infobus.wiring="); ok {
			r.Facts["wiring"] = wiring
		}
	}
	if !b.has("/proc/device-tree") {
		r.failed(Lacking, "the kernel has no device tree")
	}
}

func watchdog(_ context.Context, b *Board, r *Result) {
	for _, name := range b.names("/sys/class/watchdog", "watchdog") {
		r.Facts[name] = fmt.Sprintf("%s, %s, %s s", b.read("/sys/class/watchdog/"+name+"/identity"), b.read("/sys/class/watchdog/"+name+"/state"), b.read("/sys/class/watchdog/"+name+"/timeout"))
	}
	if len(r.Facts) == 0 {
		r.failed(Lacking, "there is no watchdog")
	}
}

// ports are the wired ones.
func (b *Board) ports() (names []string) {
	for _, name := range b.names("/sys/class/net", "") {
		if b.read("/sys/class/net/"+name+"/type") == "1" && b.has("/sys/class/net/"+name+"/device") && !b.has("/sys/class/net/"+name+"/phy80211") {
			names = append(names, name)
		}
	}
	return names
}

func network(_ context.Context, b *Board, r *Result) {
	for i, name := range b.ports() {
		at, shown := "/sys/class/net/"+name, name
		if name != "uplink0" && !regexp.MustCompile(`^(eth|usb)[0-9]$`).MatchString(name) {
			shown = fmt.Sprintf("port-%d (named otherwise than uplink0)", i+1) // a name may have the address in it
		}
		r.Facts[shown] = fmt.Sprintf("driver %s, carrier %s, %s Mbit/s, %s", b.link(at+"/device/driver"), b.read(at+"/carrier"), b.read(at+"/speed"), b.read(at+"/duplex"))
	}
	if len(r.Facts) == 0 {
		r.failed(Lacking, "there is no wired port")
	}
}

func spiNode(_ context.Context, b *Board, r *Result) {
	r.Facts["/dev/spidev0.0"] = b.has("/dev/spidev0.0")
	r.Facts["bufsiz"] = b.read("/sys/module/spidev/parameters/bufsiz")
	if !b.has("/dev/spidev0.0") {
		r.failed(Lacking, "there is no /dev/spidev0.0")
	}
}

// i2cBuses are the numbers of those that have a device node.
func (b *Board) i2cBuses() (names []string) {
	for _, name := range b.names("/sys/bus/i2c/devices", "i2c-") {
		if b.has("/dev/" + name) {
			names = append(names, name)
		}
	}
	return names
}

func buses(_ context.Context, b *Board, r *Result) {
	for _, name := range b.names("/sys/bus/i2c/devices", "i2c-") {
		node := place(b.node("/sys/bus/i2c/devices/" + name + "/of_node"))
		r.Facts[name] = fmt.Sprintf("%s at %s, node in /dev: %v", b.read("/sys/bus/i2c/devices/"+name+"/name"), node, b.has("/dev/"+name))
	}
	found, err := bus.Find(b.path("/sys"), bus.Header)
	switch {
	case len(r.Facts) == 0:
		r.failed(Lacking, "there is no I2C bus")
	case err != nil:
		r.failed(Lacking, "none of them is the header's")
	default:
		r.Facts["header"] = found
	}
}

// node is where a link to a node of the device tree leads.
func (b *Board) node(p string) string {
	to, err := filepath.EvalSymlinks(b.path(p))
	if err != nil {
		return ""
	}
	return to
}

// each opens one bus after the other until try says that it was the right one.
func (b *Board) each(r *Result, try func(name string, on i2c.Bus) bool) {
	if b.Bus == nil {
		return
	}
	for _, name := range b.i2cBuses() {
		on, err := b.Bus("/dev/" + name)
		if err != nil {
			r.Facts[name] = err.Error()
			continue
		}
		done := try(name, on)
		on.Close()
		if done {
			return
		}
	}
}

func monitor(_ context.Context, b *Board, r *Result) {
	found := false
	b.each(r, func(name string, on i2c.Bus) bool {
		for _, model := range []battery.Model{battery.INA226, battery.INA219} {
			o := battery.DefaultOpts()
			o.Model, o.Shunt, o.MaxCurrent = model, 500*physic.MicroOhm, 100*physic.Ampere
			d, err := battery.New(on, &o)
			if err != nil {
				continue
			}
			found = true
			r.Facts["chip"], r.Facts["bus"] = string(model), name
			time.Sleep(time.Second)
			sample, err := d.Read()
			if err != nil {
				r.failed(Failed, "it does not answer: %v", err)
				return true
			}
			r.Facts["volts"], r.Facts["amps at 0.5 mOhm"] = sample.Volts.String(), sample.Amps.String()
			return true
		}
		return false
	})
	if !found {
		r.failed(Lacking, "no INA226 or INA219 answers at 0x40")
	}
}

func clockChip(ctx context.Context, b *Board, r *Result) {
	folder := b.path("/sys/class/rtc/rtc0")
	first, err := rtc.Read(folder)
	if err != nil && first.Driver == "" {
		r.failed(Lacking, "there is no clock chip")
		return
	}
	r.Facts["driver"], r.Facts["kind"] = first.Driver, first.Kind
	if err != nil {
		r.failed(Failed, "it cannot be read: %v", err)
		return
	}
	r.Facts["year"] = first.Time.Year()
	if first.Flagged() && b.Bus != nil {
		if on, err := b.Bus(first.Bus); err == nil {
			stopped, err := rtc.Stopped(on, first.Address)
			if r.Facts["oscillator had stopped"] = stopped; err != nil {
				r.Facts["oscillator had stopped"] = err.Error()
			}
			on.Close()
		} else {
			r.Facts["oscillator had stopped"] = err.Error()
		}
	}
	watched := b.Tick
	if watched == 0 {
		watched = time.Minute
	}
	turned := func() (time.Time, time.Time, bool) { // the chip's second as it turns
		was, err := rtc.Read(folder)
		for end := time.Now().Add(1500 * time.Millisecond); err == nil && time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
			var is rtc.Reading
			if is, err = rtc.Read(folder); err == nil && !is.Time.Equal(was.Time) {
				return is.Time, time.Now(), true
			}
		}
		return time.Time{}, time.Time{}, false
	}
	chip0, mono0, ok := turned()
	if !ok {
		r.failed(Failed, "its seconds stand still")
		return
	}
	b.wait(ctx, watched, words.T("firstboard.why.clock"))
	chip1, mono1, ok := turned()
	if !ok {
		r.failed(Failed, "its seconds stand still")
		return
	}
	drift := chip1.Sub(chip0) - mono1.Sub(mono0)
	r.Facts["watched_s"], r.Facts["ahead of the board's clock by_ms"] = watched.Seconds(), drift.Milliseconds()
	if drift.Abs() > 100*time.Millisecond {
		r.failed(Failed, "it differs by %s in %s", drift.Round(time.Millisecond), watched)
	}
}

func temperature(_ context.Context, b *Board, r *Result) {
	n := len(b.names("/sys/bus/w1/devices", "28-")) // their names are serial numbers
	r.Facts["DS18B20"] = n
	if n == 0 {
		r.failed(Lacking, "there is no DS18B20")
	}
}

// level reads a line with one of the chip's resistors. The lines are let go at once.
func (b *Board) level(l line.Config, up bool) (high bool, err error) {
	l.ActiveLow, l.Debounce, l.PullUp, l.PullDown = false, 0, up, !up
	in, err := b.Chip.Inputs([]line.Config{l}, func(line.Edge) {}, func(error) {})
	if err != nil {
		return false, err
	}
	defer in.Close()
	time.Sleep(20 * time.Millisecond) // the resistor has to charge the wire
	levels := make([]bool, 1)
	_, err = in.Levels(levels)
	return levels[0], err
}

func lines(_ context.Context, b *Board, r *Result) {
	if b.Chip == nil || len(b.Inputs) == 0 {
		r.failed(Lacking, "there is no GPIO chip")
		return
	}
	for _, l := range b.Inputs {
		up, err := b.level(l, true)
		var down bool
		if err == nil {
			down, err = b.level(l, false)
		}
		name := l.Line + " " + l.Name
		switch {
		case err != nil:
			r.Facts[name] = err.Error()
			r.failed(Failed, "%s: %v", name, err)
		case up && !down:
			r.Facts[name] = "follows both pulls: nothing holds it"
		case up:
			r.Facts[name] = "held high"
		case !down:
			r.Facts[name] = "held low"
		default:
			r.Facts[name] = "low with pull-up, high with pull-down"
			r.failed(Failed, "%s does the opposite of its pulls", name)
		}
	}
}

func edge(ctx context.Context, b *Board, r *Result) {
	if b.Chip == nil || len(b.Inputs) == 0 {
		r.failed(Lacking, "there is no GPIO chip")
		return
	}
	if b.ask(words.T("firstboard.ask.generator")) != Yes {
		r.failed(NotTried, "nobody started a generator")
		return
	}
	l := b.Inputs[0]
	l.Debounce, l.PullUp = 50*time.Millisecond, true
	seen := make(chan time.Duration, 1)
	in, err := b.Chip.Inputs([]line.Config{l}, func(e line.Edge) {
		select {
		case seen <- e.At:
		default:
		}
	}, func(error) {})
	if err != nil {
		r.failed(Failed, "%s: %v", l.Line, err)
		return
	}
	defer in.Close()
	for left := 60; left > 0; left -= 10 {
		b.say(words.T("firstboard.wait", "Seconds", left, "Why", words.T("firstboard.why.generator")))
		select {
		case <-seen:
			r.Facts[l.Line] = "an edge came, debounced by the kernel"
			return
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
			return
		}
	}
	r.failed(Failed, "no edge came within 60 s")
}

func cable(ctx context.Context, b *Board, r *Result) {
	ports := b.ports()
	if len(ports) == 0 {
		r.failed(Lacking, "there is no wired port")
		return
	}
	if b.ask(words.T("firstboard.ask.cable")) != Yes {
		r.failed(NotTried, "nobody pulled the cable")
		return
	}
	out := time.Time{}
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && ctx.Err() == nil; {
		b.say(words.T("firstboard.wait", "Seconds", int(time.Until(end).Seconds()), "Why", words.T("firstboard.why.cable")))
		for range 100 {
			on := slices.ContainsFunc(ports, func(p string) bool { return b.read("/sys/class/net/"+p+"/carrier") == "1" })
			switch {
			case !on && out.IsZero():
				out = time.Now()
				r.Facts["carrier went"] = true
			case on && !out.IsZero():
				r.Facts["carrier was back after_s"] = math.Round(time.Since(out).Seconds()*10) / 10
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	r.failed(Failed, "the carrier did not go and come back within a minute")
}

// between two refreshes the panel rests, says its maker.
const between = 180 * time.Second

// panel shows three pictures with one setting of the voltages, and asks how they look.
func panel(high, low byte) func(context.Context, *Board, *Result) {
	return func(ctx context.Context, b *Board, r *Result) {
		o := epaper.DefaultOpts()
		o.High, o.Low = high, low
		waited := map[string]any{}
		o.Waited = func(after string, took time.Duration) {
			if ms := took.Milliseconds(); ms > 0 {
				waited[after] = ms
			}
		}
		if b.Panel == nil {
			r.failed(Lacking, "no panel is configured")
			return
		}
		p, err := b.Panel(o)
		if err != nil {
			r.failed(Lacking, "it cannot be opened: %v", err)
			return
		}
		defer p.Close()
		rest := b.Rest
		if rest == 0 {
			rest = between
		}
		for i, wave := range []epaper.Waveform{epaper.Full, epaper.Fast, epaper.Partial} {
			name := wave.String()
			if i > 0 || high != 0x28 {
				b.wait(ctx, rest, words.T("firstboard.why.panel"))
			}
			b.say(words.T("firstboard.draw", "Waveform", name))
			clear(waited)
			start := time.Now()
			done, err := p.Show(ctx, func() ([]byte, error) { return picture(i), nil }, wave)
			r.Facts[name+"_ms"] = time.Since(start).Milliseconds()
			for after, ms := range waited {
				r.Facts[name+", BUSY after "+after+"_ms"] = ms
			}
			if err != nil {
				r.failed(Failed, "%s: %v", name, err)
				return
			}
			if done != wave {
				r.Facts[name+" was done as"] = done.String()
			}
			answer := b.ask(words.T("firstboard.ask.sharp", "Waveform", name))
			r.Facts[name+" became sharp"] = string(answer)
			if answer == No {
				r.failed(Failed, "%s did not become sharp", name)
			}
		}
	}
}

// picture is the nth test picture: a chessboard, with a bar that moves.
func picture(n int) []byte {
	frame := make([]byte, epaper.FrameSize)
	for y := range epaper.Height {
		for x := range epaper.Width / 8 {
			v := byte(0xFF)
			if (x/5+y/40)%2 == 0 {
				v = 0xAA
			}
			if x >= 10+20*n && x < 20+20*n && y > 160 && y < 320 {
				v = 0
			}
			frame[y*epaper.Width/8+x] = v
		}
	}
	return frame
}

// wake and latch cannot be tried by a program that must go on running; a person can.
func wake(_ context.Context, b *Board, r *Result) {
	wired := b.has("/proc/device-tree/i2c-wake") || r.wired(b, "wake")
	r.Facts["device tree"] = wired
	r.Facts["a halted box woke"] = string(b.ask(words.T("firstboard.ask.wake")))
	r.byHand(wired, "a halted box woke")
}

func latch(_ context.Context, b *Board, r *Result) {
	hog := ""
	for _, gpio := range []string{"/proc/device-tree/soc/gpio@7e200000"} {
		for _, node := range b.names(gpio, "") {
			if b.has(gpio + "/" + node + "/gpio-hog") {
				hog = b.read(gpio + "/" + node + "/line-name")
			}
		}
	}
	r.Facts["gpio-hog"] = hog
	r.Facts["the supply was cut at power-off"] = string(b.ask(words.T("firstboard.ask.latch")))
	r.byHand(hog != "", "the supply was cut at power-off")
}

func (r *Result) wired(b *Board, as string) bool {
	return slices.Contains(strings.Fields(b.read("/proc/cmdline")), "infobus.wiring="+as)
}

// byHand judges what a person tried.
func (r *Result) byHand(wired bool, fact string) {
	switch {
	case r.Facts[fact] == string(No):
		r.failed(Failed, "it was tried, and did not work")
	case r.Facts[fact] == string(Yes):
	case !wired:
		r.failed(Lacking, "the device tree has none")
	default:
		r.failed(NotTried, "somebody has to try it by hand")
	}
}

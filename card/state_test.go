package card

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// uboot is a copy as U-Boot's "env export -c -s 200" makes it, from a program of other
// hands: python's zlib.crc32 over "ib_good=a\0ib_left=2\0ib_seq=1f\0ib_try=b\0" and zeros.
var uboot = func() []byte {
	b := make([]byte, SectorSize)
	copy(b, "\x22\x29\x08\x10")
	copy(b[4:], "ib_good=a\x00ib_left=2\x00ib_seq=1f\x00ib_try=b\x00")
	return b
}()

func TestACopyThatUBootMadeIsRead(t *testing.T) {
	s, err := DecodeState(uboot)
	if want := (State{Seq: 31, Good: A, Try: B, Left: 2}); err != nil || s != want {
		t.Errorf("%+v, %v; want %+v", s, err, want)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, s := range []State{Fresh(), {Seq: 1 << 40, Good: B, Try: A, Left: 3, Bad: Bad{A: true}}, {Good: A, Bad: Bad{A: true, B: true}}} {
		if got, err := DecodeState(s.Encode()); err != nil || got != s {
			t.Errorf("%+v became %+v, %v", s, got, err)
		}
	}
}

func TestEachDamageOfACopyIsFound(t *testing.T) {
	whole := State{Seq: 9, Good: B, Try: A, Left: 2}.Encode()
	for i := range whole {
		torn := bytes.Clone(whole)
		torn[i] ^= 0x40
		if s, err := DecodeState(torn); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %+v, %v", i, s, err)
		}
	}
}

func TestTheHigherNumberWithARightChecksumCounts(t *testing.T) {
	old, young, bad := State{Seq: 9, Good: A}.Encode(), State{Seq: 10, Good: B}.Encode(), make([]byte, SectorSize)
	for _, c := range []struct {
		name   string
		copies [2][]byte
		good   Slot
		next   int
		health Health
	}{
		{"the first is younger", [2][]byte{young, old}, B, 1, BothRight},
		{"the second is younger", [2][]byte{old, young}, B, 0, BothRight},
		{"the younger is damaged", [2][]byte{old, bad}, A, 1, OneRight},
		{"the older is damaged", [2][]byte{bad, young}, B, 0, OneRight},
		{"both are damaged", [2][]byte{bad, bad}, A, 0, NoneRight},
		{"one cannot be read", [2][]byte{nil, young}, B, 0, OneRight},
		{"none can be read", [2][]byte{nil, nil}, A, 0, NeitherRead},
	} {
		if s, next, health := Read(c.copies); s.Good != c.good || next != c.next || health != c.health {
			t.Errorf("%s: %+v, next %d, %s", c.name, s, next, health)
		}
	}
}

// A cut in the write of one copy, at any byte, leaves the state before or after it.
func TestACutWriteLeavesTheStateBeforeOrAfter(t *testing.T) {
	before := State{Seq: 4, Good: A}
	copies := [2][]byte{before.Encode(), State{Seq: 3, Good: A}.Encode()}
	after := before.SetPrimary(B)
	_, next, _ := Read(copies)
	for n := range SectorSize + 1 {
		torn := copies
		torn[next] = append(after.Encode()[:n:n], copies[next][n:]...)
		if s, _, _ := Read(torn); s != before && s != after {
			t.Fatalf("cut after byte %d: %+v", n, s)
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(uboot)
	f.Add(State{Seq: 9, Good: B, Try: A, Left: 2, Bad: Bad{B: true}}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeState(b)
		if err != nil {
			return
		}
		if again, err := DecodeState(s.Encode()); err != nil || again != s {
			t.Errorf("%+v became %+v, %v", s, again, err)
		}
	})
}

func TestWhatRAUCAsksAndSays(t *testing.T) {
	s := Fresh()
	s, err := s.SetBad(B, A)
	if err != nil || s.IsGood(B) || !s.Bad.Has(B) || s.Primary() != A {
		t.Fatalf("before b is written: %+v, %v", s, err)
	}
	s = s.SetPrimary(B)
	if s.Primary() != B || s.Left != Trials || s.Bad.Has(B) || s.IsGood(B) || !s.IsGood(A) {
		t.Fatalf("once it is written: %+v", s)
	}
	for n := Trials; n > 0; n-- {
		var order [2]Slot
		if s, order = s.Counted(); order != [2]Slot{B, A} || s.Left != n-1 || s.WhyRuns(B, BothRight) != WhyTrial {
			t.Fatalf("trial: %+v, %v", s, order)
		}
	}
	used, order := s.Counted()
	if order != [2]Slot{A, B} || used != s || used.WhyRuns(A, BothRight) != WhyUsedUp {
		t.Fatalf("used up: %+v, %v", used, order)
	}
	good := s.SetGood(B)
	if good.Primary() != B || good.WhyRuns(B, BothRight) != WhyGood || good.Seq != s.Seq+1 {
		t.Fatalf("confirmed: %+v", good)
	}
	if _, err := good.SetBad(B, B); !errors.Is(err, ErrRunning) {
		t.Errorf("the slot that runs was called bad: %v", err)
	}
}

// model is a card with its four parts, and what U-Boot and the initramfs do with it.
type model struct {
	state        State
	kernel, root map[Slot]bool // whole
	filled       map[Slot]bool
	writable     bool
}

// boots plays boots until a slot runs or all is given up; "" after too many.
func (m *model) boots() (runs Slot, verdict Verdict) {
	for range 5 {
		after, order := m.state.Counted()
		if !m.writable {
			after, order = m.state, [2]Slot{m.state.Good, m.state.Good.Other()}
		}
		m.state = after
		at := None
		for _, s := range order {
			if at == None && m.kernel[s] {
				at = s
			}
		}
		if at == None {
			return None, GiveUp // U-Boot's own
		}
		d := Decide(m.state, at, m.root[at], m.filled[at.Other()], m.writable)
		if d.Verdict == Switch || d.Verdict == RunMark {
			if d.State.Seq != m.state.Seq+1 || !m.writable {
				return None, "a write that is none"
			}
			m.state = d.State
		}
		switch d.Verdict {
		case Run, RunMark:
			return at, Run
		case GiveUp:
			return None, GiveUp
		}
	}
	return None, ""
}

// Whatever is damaged of kernels, roots and state: it ends, within five boots; and where
// a slot has a whole kernel and root, and the state can be written, one such runs.
func TestEveryCardEndsInARunningSlotOrInGivingUp(t *testing.T) {
	tried := 0
	each(func(m model) {
		tried++
		was := fmt.Sprintf("%+v", m)
		runs, verdict := m.boots()
		switch {
		case verdict == "":
			t.Fatalf("%s restarts for ever", was)
		case verdict != Run && verdict != GiveUp:
			t.Fatalf("%s: %s", was, verdict)
		case verdict == Run && !(m.kernel[runs] && m.root[runs]):
			t.Fatalf("%s: damaged slot %s runs", was, runs)
		case verdict == GiveUp && m.writable && m.usable():
			t.Fatalf("%s: given up", was)
		}
		// And the next boot takes the same slot, without another write, but in a trial.
		if verdict == Run && m.state.Try == None {
			before := m.state
			if again, _ := m.boots(); again != runs || m.state != before {
				t.Fatalf("%s: slot %s ran, then %s; state %+v, then %+v", was, runs, again, before, m.state)
			}
		}
	})
	if tried < 1000 {
		t.Errorf("only %d cards", tried)
	}
}

// usable: a slot is whole, and may be fallen back to.
func (m model) usable() bool {
	for _, s := range []Slot{A, B} {
		if m.kernel[s] && m.root[s] && m.filled[s] && !m.state.Bad.Has(s) {
			return true
		}
	}
	return false
}

func each(f func(model)) {
	bits := []bool{false, true}
	for _, good := range []Slot{A, B} {
		for _, try := range []Slot{None, A, B} {
			for left := range 3 {
				for _, bad := range []Bad{{}, {A: true}, {B: true}, {A: true, B: true}} {
					for _, ka := range bits {
						for _, kb := range bits {
							for _, ra := range bits {
								for _, rb := range bits {
									for _, filled := range bits {
										for _, writable := range bits {
											if try == None && left > 0 || try == good || try != None && bad.Has(try) {
												continue // infobus slot writes no such state
											}
											f(model{state: State{Seq: 5, Good: good, Try: try, Left: left, Bad: bad},
												kernel: map[Slot]bool{A: ka, B: kb}, root: map[Slot]bool{A: ra, B: rb},
												filled: map[Slot]bool{A: filled || ra, B: filled || rb}, writable: writable})
										}
									}
								}
							}
						}
					}
				}
			}
		}
	}
}

// The prototype restarted for ever: a rule that forgets who was bad does so here too.
func TestWithoutTheBadMarkARestartGoesOnForEver(t *testing.T) {
	m := model{state: Fresh(), kernel: map[Slot]bool{A: true, B: true}, root: map[Slot]bool{}, filled: map[Slot]bool{A: true, B: true}, writable: true}
	for range 20 {
		d := Decide(m.state, m.state.Primary(), false, true, true)
		if d.Verdict != Switch {
			t.Fatal("it ended though nothing was remembered")
		}
		d.State.Bad = Bad{}
		m.state = d.State
	}
}

func TestTheCommandLineIsRead(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	for line, want := range map[string]Boot{
		"":                                 {Signature: Signature},
		"console=ttyS1 infobus.slot=b ro":  {Slot: B, Signature: Signature},
		"infobus.slot=c infobus.disk=xyz":  {Signature: Signature},
		"infobus.disk=0000beef":            {Signature: 0xbeef},
		"infobus.disk=0000beef-01":         {Signature: 0xbeef},
		"infobus.disk=":                    {Signature: Signature},
		"infobus.hash=4096:" + sum:         {Signature: Signature, Size: 4096, Sum: [32]byte(bytes.Repeat([]byte{15}, 32))},
		"infobus.hash=-1:" + sum:           {Signature: Signature},
		"infobus.hash=4096:" + sum + "00":  {Signature: Signature},
		"infobus.hash=4096 infobus.slot=a": {Slot: A, Signature: Signature},
	} {
		if got := ParseCommandLine(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func FuzzParseCommandLine(f *testing.F) {
	f.Add("infobus.slot=a infobus.hash=1:00 infobus.disk=1")
	f.Add("infobus.disk=0000beef-01")
	f.Fuzz(func(t *testing.T, line string) {
		b := ParseCommandLine(line)
		if b.Size < 0 || b.Slot != None && b.Slot != A && b.Slot != B {
			t.Errorf("%+v", b)
		}
	})
}

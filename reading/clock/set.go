package clock

import (
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// stamp is when the program's commit was made, in seconds since 1970; build.sh sets it,
// because the go command stamps no program that is built in a linked work tree or
// without git.
var stamp string

// Built is when the program was built, by its commit; zero where that is not known.
func Built() time.Time {
	if seconds, err := strconv.ParseInt(stamp, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value)
			return t
		}
	}
	return time.Time{}
}

// Order is that the wall clock be set to Wall plus what has passed since the monotonic
// moment Mono. It is given to another process as text, to the millisecond.
type Order struct {
	Wall time.Time
	Mono time.Duration
}

func (o Order) String() string {
	return fmt.Sprintf("%d-%d", o.Wall.UnixMilli(), o.Mono.Milliseconds())
}

var order = regexp.MustCompile(`^([0-9]{1,15})-([0-9]{1,15})$`)

// ParseOrder reads what String gives.
func ParseOrder(s string) (Order, error) {
	m := order.FindStringSubmatch(s)
	if m == nil {
		return Order{}, fmt.Errorf("%q is no order to set the clock: the time in ms since 1970, a dash and ms since boot were expected", s)
	}
	wall, _ := strconv.ParseInt(m[1], 10, 64)
	mono, _ := strconv.ParseInt(m[2], 10, 64)
	if mono > int64(1<<62)/int64(time.Millisecond) {
		return Order{}, fmt.Errorf("%q is later than any boot lasts", s)
	}
	return Order{Wall: time.UnixMilli(wall).UTC(), Mono: time.Duration(mono) * time.Millisecond}, nil
}

// Why an order is not carried out.
var (
	ErrKept       = errors.New("a time server keeps the clock")
	ErrImpossible = errors.New("it cannot be that time")
	ErrStale      = errors.New("the order is not of this minute")
)

// lifetime is how long after its build a program may be in use.
const lifetime = 20 * 365 * 24 * time.Hour

// At is what the clock is to be set to at the monotonic moment now. It must lie between
// the program's build and 20 years later.
func (o Order) At(now time.Duration, kept bool, built time.Time) (time.Time, error) {
	t := o.Wall.Add(now - o.Mono)
	switch {
	case kept:
		return time.Time{}, ErrKept
	case now < o.Mono || now-o.Mono > time.Minute:
		return time.Time{}, ErrStale
	case t.Before(built) || !built.IsZero() && t.After(built.Add(lifetime)):
		return time.Time{}, fmt.Errorf("%w: %s", ErrImpossible, t.Format(time.RFC3339))
	}
	return t, nil
}

// Set carries an order out; it needs CAP_SYS_TIME.
func Set(o Order, built time.Time) error {
	t, err := o.At(Mono(), Synchronised(), built)
	if err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	spec := unix.NsecToTimespec(t.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &spec); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}

package kept

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/hw"
	"infobus/van"
)

// hung is a disk on which nothing is written until it is released.
type hung struct {
	durable.Disk
	released chan struct{}
}

func (h hung) Open(path string, flag int) (durable.File, error) {
	if flag != os.O_RDONLY {
		<-h.released
	}
	return h.Disk.Open(path, flag)
}

func TestAKeeperWhoseCardHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := durabletest.New(1)
		card := hung{disk, make(chan struct{})}
		k := NewKeeper("/")
		k.Disk = card
		k.Load(true)

		// It says so, and asks no more of the card until that came back.
		begun := time.Now()
		k.Keep(van.Kept{Glass: "first"})
		if err := k.Run(t.Context(), func() {}); !errors.Is(err, hw.ErrTimeout) || time.Since(begun) != stuckAfter {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		// The part ends at once when it is to.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := k.Run(ctx, func() {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("the part ended %s after it began, with %v; it was stopped after 1s", time.Since(begun), err)
		}
		// What is to be kept at the end is given up in time.
		const end = 5 * time.Second
		last, cancel := context.WithTimeout(t.Context(), end)
		defer cancel()
		begun = time.Now()
		k.Finish(last, van.Kept{Glass: "second"})
		if took := time.Since(begun); took != end {
			t.Errorf("the end was held up for %s", took)
		}
		// A card that comes back gets the write that was left behind, and then the next.
		close(card.released)
		k.Finish(t.Context(), van.Kept{Glass: "third"})
		if _, got, ok, err := Open(disk, "/"); got.Glass != "third" || !ok || err != nil {
			t.Errorf("kept %+v, %v, %v", got, ok, err)
		}
	})
}

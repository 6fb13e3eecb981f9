package supervise

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatOnlyAPersonCanPutRightIsTriedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := func(err error) (runs int) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour+time.Minute)
			defer cancel()
			p := &Part{Name: "dashboard", Delays: Delays{First: time.Second, Most: time.Minute}, Run: func(context.Context, func()) error {
				runs++
				return err
			}}
			p.Serve(ctx)
			return runs
		}
		if n := count(fmt.Errorf("ask: %w", OnceAnHour(errors.New("the key is refused")))); n != 4 {
			t.Errorf("a refused key is tried %d times in 3 h, want 4", n)
		}
		if n := count(errors.New("no answer")); n < 100 {
			t.Errorf("a failure that may pass is tried %d times in 3 h", n)
		}
	})
}

func TestAPartIsSaidToWorkOnceAndToFailEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var heard []string
		lives := 0
		p := &Part{Delays: Delays{First: time.Second, Most: time.Minute}, Heard: func(err error) { heard = append(heard, fmt.Sprint(err)) },
			Run: func(ctx context.Context, alive func()) error {
				switch lives++; lives {
				case 1:
					alive()
					alive()
					return errors.New("unplugged")
				case 2:
					return nil
				}
				alive()
				cancel()
				return ctx.Err()
			}}
		if err := p.Serve(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if got, want := fmt.Sprint(heard), "[<nil> unplugged ended without a reason <nil>]"; got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
	})
}

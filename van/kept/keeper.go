package kept

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"infobus/durable"
	"infobus/hw"
	"infobus/van"
)

// Keeper saves what must outlive a power cut, each time a newer one is handed in.
// Make it with NewKeeper.
type Keeper struct {
	Disk durable.Disk // the system's

	dir  string
	file *File         // of whoever has card
	due  chan struct{} // a token: latest is to be saved
	said error         // of loading, until it is supervised
	card hw.Guard

	mu     sync.Mutex // guards those below
	latest van.Kept
	handed uint64        // how often one was handed in
	saved  uint64        // which of these is durable, with all before it
	grown  chan struct{} // closed once saved has grown
}

// NewKeeper is a keeper in the state directory.
func NewKeeper(dir string) *Keeper {
	return &Keeper{Disk: durable.System, dir: dir, due: make(chan struct{}, 1), grown: make(chan struct{})}
}

// Load is the daemon's first observation. Unless it is certain what stands on
// the glass, nothing is claimed of it. What was damaged is Run's first error.
func (k *Keeper) Load(certain bool) van.Started {
	file, restored, ok, err := Open(k.Disk, k.dir)
	if k.file, k.said = file, err; !certain {
		restored.Glass = ""
	}
	return van.Started{Kept: restored, Restored: ok}
}

// Keep has v saved. It does not wait.
func (k *Keeper) Keep(v van.Kept) {
	k.mu.Lock()
	k.latest = v
	k.handed++
	k.mu.Unlock()
	k.again()
}

// again has the latest saved, unless it is to be anyway.
func (k *Keeper) again() {
	select {
	case k.due <- struct{}{}:
	default:
	}
}

// Settled returns nil once all that was handed in before is durable.
func (k *Keeper) Settled(ctx context.Context) error {
	k.mu.Lock()
	want := k.handed
	k.mu.Unlock()
	for {
		k.mu.Lock()
		saved, grown := k.saved, k.grown
		k.mu.Unlock()
		if saved >= want {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run saves until ctx is done, or the card fails; it can be run again.
func (k *Keeper) Run(ctx context.Context, alive func()) error {
	if err := k.said; err != nil {
		k.said = nil
		return err
	}
	for {
		select {
		case <-k.due:
			k.mu.Lock()
			latest, handed := k.latest, k.handed
			k.mu.Unlock()
			if err := k.save(ctx, latest); err != nil {
				k.again() // this one, or a newer, when tried again
				return err
			}
			k.mu.Lock()
			k.saved = handed
			close(k.grown)
			k.grown = make(chan struct{})
			k.mu.Unlock()
			alive()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Finish saves once more, when nothing changes any more; it gives up with ctx.
func (k *Keeper) Finish(ctx context.Context, v van.Kept) {
	if err := k.save(ctx, v); err != nil {
		slog.Error("what must outlive a power cut was not kept", "why", err)
	}
}

// stuckAfter is when a write to the card is said to be stuck, as the logbook's is.
const stuckAfter = 10 * time.Second

// save saves, or leaves behind a write that is stuck in the card: the next one
// waits until it came back.
func (k *Keeper) save(ctx context.Context, v van.Kept) error {
	_, err := hw.Call(ctx, &k.card, stuckAfter, func() (struct{}, error) { return struct{}{}, k.file.Save(v) }, nil)
	return err
}

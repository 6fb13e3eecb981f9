// Package kept keeps a pairing.Book over power cuts: its JSON, in one file of two slots
// (durable.Slots).
package kept

import (
	"context"
	"path/filepath"
	"time"

	"infobus/durable"
	"infobus/hw"
	"infobus/pairing"
)

// Name is the name of the file in the state directory.
const Name = "phones.slots"

// stuckAfter is when a write to the card is given up, as others are.
const stuckAfter = 10 * time.Second

// Keeper saves the book. Make it with Open.
type Keeper struct {
	Book *pairing.Book

	slots *durable.Slots
	card  hw.Guard // of slots
}

// Open reads the book of a state directory. An error says that a copy was damaged, or
// that nothing can be read: then no phone is paired. The Keeper can be used with either.
func Open(disk durable.Disk, dir string) (*Keeper, error) {
	slots, b, err := durable.OpenSlots(disk, filepath.Join(dir, Name), pairing.Check)
	book, _ := pairing.New(b) // it was checked
	return &Keeper{Book: book, slots: slots}, err
}

// Keep saves the book as it is; when it returns nil, that is durable.
func (k *Keeper) Keep(ctx context.Context) error {
	_, err := hw.Call(ctx, &k.card, stuckAfter, func() (struct{}, error) { return struct{}{}, k.slots.Write(k.Book.JSON()) }, nil)
	return err
}

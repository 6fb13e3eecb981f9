// Package kepttest is a disk that forgets, under van/kept: at a crash a file
// that was not synced is there in part, and a name that was not synced stands
// for what it stood for before, or not, in any order.
package kepttest

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"sync"

	"infobus/van/kept"
)

// ErrDead is what a disk answers whose power went, until Crash.
var ErrDead = errors.New("the power is off")

// Disk is the disk; one folder's worth. Make it with New.
type Disk struct {
	mu      sync.Mutex // guards the rest
	random  *rand.Rand
	names   map[string]*inode // as they are now
	durable map[string]*inode // as the folder was synced last
	changes []change          // of names since
	cut     int               // operations until the power goes; 0: it stays
	dead    bool
	deaf    bool // syncs do nothing
}

type inode struct{ now, synced []byte }

// change makes a name stand for a file; nil: for none.
type change map[string]*inode

// New is an empty disk whose crashes follow from the seed.
func New(seed uint64) *Disk {
	return &Disk{random: rand.New(rand.NewPCG(seed, 1)), names: map[string]*inode{}, durable: map[string]*inode{}}
}

// IgnoreSyncs makes every sync return without having happened.
func (d *Disk) IgnoreSyncs() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deaf = true
}

// CutAfter has the power go with the nth operation from now: it has not
// happened, or as far as a crash leaves it.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = n
}

// Crash cuts the power, and gives it back.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.changes {
		if d.random.IntN(2) == 0 { // it came to the disk all the same
			apply(d.durable, c)
		}
	}
	d.names, d.changes, d.cut, d.dead = map[string]*inode{}, nil, 0, false
	for name, f := range d.durable {
		if !bytes.Equal(f.now, f.synced) {
			f.now = f.now[:d.random.IntN(len(f.now)+1)]
			f.synced = bytes.Clone(f.now)
		}
		d.names[name] = f
	}
}

func apply(names map[string]*inode, c change) {
	for name, f := range c {
		if names[name] = f; f == nil {
			delete(names, name)
		}
	}
}

// begin counts an operation; the caller holds mu.
func (d *Disk) begin() error {
	if d.cut > 0 {
		d.cut--
		d.dead = d.dead || d.cut == 0
	}
	if d.dead {
		return ErrDead
	}
	return nil
}

// Read implements kept.Disk.
func (d *Disk) Read(path string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, ErrDead
	}
	f := d.names[path]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(f.now), nil
}

// Create implements kept.Disk.
func (d *Disk) Create(path string) (kept.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.begin(); err != nil {
		return nil, err
	}
	f := &inode{}
	d.turn(change{path: f})
	return &file{d, f}, nil
}

// Rename implements kept.Disk.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.begin(); err != nil {
		return err
	}
	d.turn(change{from: nil, to: d.names[from]})
	return nil
}

func (d *Disk) turn(c change) {
	apply(d.names, c)
	d.changes = append(d.changes, c)
}

// SyncDir implements kept.Disk.
func (d *Disk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.begin(); err != nil || d.deaf {
		return err
	}
	for _, c := range d.changes {
		apply(d.durable, c)
	}
	d.changes = nil
	return nil
}

type file struct {
	disk *Disk
	f    *inode
}

func (f *file) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	err := f.disk.begin()
	if err != nil {
		b = b[:f.disk.random.IntN(len(b)+1)]
	}
	f.f.now = append(f.f.now, b...)
	return len(b), err
}

func (f *file) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.begin(); err != nil || f.disk.deaf {
		return err
	}
	f.f.synced = bytes.Clone(f.f.now)
	return nil
}

func (f *file) Close() error { return nil }

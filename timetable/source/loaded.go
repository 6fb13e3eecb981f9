package source

import (
	"errors"
	"fmt"
	"path/filepath"

	"infobus/timetable"
)

// Loaded is what became of reading a timetable.
type Loaded struct {
	Timetable *timetable.Timetable // nil on an error
	// InUse is what may be shown now: Timetable or, where that was refused, the last
	// good one without what the new one puts in doubt; without a last good one, what
	// could be read. Of a source that asks for a tap it is what was published. nil
	// where there is nothing.
	InUse    *timetable.Timetable
	Mistakes int // in the files; 0 where they could not be read at all
	Warnings []Warning
	Err      error           // Mistakes, or why they could not be read
	Shelf    timetable.Shelf // of a source that is followed: what stands, and what waits
}

// MistakesFound are all in the files.
func (l Loaded) MistakesFound() (list Mistakes) {
	errors.As(l.Err, &list)
	return list
}

// Where is Err without what the files say, which may be what nobody is to read: how
// many mistakes there are, and where the first is.
func (l Loaded) Where() error {
	var mistakes Mistakes
	if !errors.As(l.Err, &mistakes) || len(mistakes) == 0 {
		return l.Err
	}
	first := mistakes[0]
	return fmt.Errorf("mistakes: %d; the first: %s:%d:%d", len(mistakes), filepath.Base(first.File), first.Line, first.Column)
}

// Load reads the timetable at path, a file or a folder, once.
func Load(path string, checks ...Check) Loaded { return Options{Checks: checks}.Load(path) }

// Load reads the timetable at path, a file or a folder, once.
func (o Options) Load(path string) Loaded {
	files, err := Read(path)
	if err != nil {
		return Loaded{Err: err}
	}
	p := o.Parse(files)
	l := p.loaded()
	l.InUse = p.Over(nil)
	if !p.Refused {
		l.Timetable = l.InUse
	}
	return l
}

// loaded is what is said of a version.
func (p Parsed) loaded() Loaded {
	l := Loaded{Mistakes: len(p.Mistakes), Warnings: p.Warnings}
	if p.Refused {
		l.Err = p.Mistakes
	}
	return l
}

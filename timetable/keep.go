package timetable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

type wireShelf struct {
	Format    int          `json:"format"`
	Live      *wireTable   `json:"live,omitempty"`
	Before    *wireTable   `json:"before,omitempty"`
	Waiting   *wireTable   `json:"waiting,omitempty"`
	Published string       `json:"published,omitempty"`
	TakenBack string       `json:"taken_back,omitempty"`
	Asks      bool         `json:"asks,omitempty"`
	Refused   *wireVersion `json:"refused,omitempty"`
}

// wireVersion is a refused version: what could be read of it and may be kept, and
// which services the rest may be about, without what stood in it.
type wireVersion struct {
	Table    *wireTable   `json:"table,omitempty"`
	Zoneless bool         `json:"zoneless,omitempty"`
	Unread   []wireUnread `json:"unread,omitempty"`
	Doubles  []string     `json:"doubles,omitempty"`
}

// Encode is the shelf as it may be kept on the card. What is told in person is not
// in it in any form: neither a service that any of its versions hides, nor a name,
// a place or an hour of a day on which one is hidden.
func (s Shelf) Encode() ([]byte, error) {
	w := wireShelf{Format: wireFormat, Published: s.Published, TakenBack: s.TakenBack, Asks: s.asks}
	var refused *Timetable
	if s.refused != nil {
		refused = s.refused.Timetable
	}
	for _, each := range []struct {
		t     *Timetable
		newer []*Timetable
		into  **wireTable
	}{{s.Before, []*Timetable{s.Live, s.Waiting, refused}, &w.Before}, {s.Live, []*Timetable{s.Waiting, refused}, &w.Live}, {s.Waiting, []*Timetable{refused}, &w.Waiting}} {
		if each.t == nil {
			continue
		}
		var err error
		if *each.into, err = each.t.wire(s.hidden(each.t, each.newer)); err != nil {
			return nil, err
		}
	}
	if s.refused != nil {
		var err error
		if w.Refused, err = s.refusedWire(w.Live, w.Waiting); err != nil {
			return nil, err
		}
	}
	return json.Marshal(w)
}

// hidden are the ids of the services of a timetable that newer ones, of which any
// may be nil, tell in person, or a piece of the refused version that cannot be read.
func (s Shelf) hidden(t *Timetable, newer []*Timetable) map[string]bool {
	ids := map[string]bool{}
	for _, n := range newer {
		if n == nil {
			continue
		}
		for id, other := range pairs(t, n) {
			if other.Show != Screen || other.recursInPerson() {
				ids[id] = true
			}
		}
	}
	if s.refused == nil {
		return ids
	}
	known := written(t.Services)
	for _, u := range s.refused.Unread {
		if !u.Hides || len(u.Dates) > 0 {
			continue
		}
		list, named := u.about(t.Services, known)
		if !named && t == s.refused.Timetable && s.Live != nil {
			continue // it may be any of Live, and what else the version has stays as it says
		}
		for _, i := range list {
			ids[t.Services[i].ID] = true
		}
	}
	return ids
}

// refusedWire is the refused version beside what of the others is kept.
func (s Shelf) refusedWire(kept ...*wireTable) (*wireVersion, error) {
	v := s.refused
	table, err := v.Timetable.wire(s.hidden(v.Timetable, nil))
	if err != nil {
		return nil, err
	}
	w := &wireVersion{Table: table, Zoneless: v.Zoneless}
	there := map[string]bool{} // by id
	for _, t := range append(kept, table) {
		if t == nil {
			continue
		}
		for _, service := range t.Services {
			there[service.ID] = true
		}
	}
	for _, id := range v.Doubles {
		if there[id] {
			w.Doubles = append(w.Doubles, id)
		}
	}
	tables := []*Timetable{s.Live, s.Waiting, v.Timetable}
	if s.Live == nil {
		tables = []*Timetable{v.Timetable, s.Waiting}
	}
	for _, u := range v.Unread {
		w.Unread = append(w.Unread, u.known(there, tables...)...)
	}
	if len(w.Unread) > maxWireUnread {
		w.Unread = []wireUnread{{}}
	}
	return w, nil
}

// known is an unread piece without what stood in it: by the services that it may
// be about, as far as they are there. They are those of the first of these
// timetables; of the others, of which any may be nil, only those that it names.
func (u Unread) known(there map[string]bool, tables ...*Timetable) (list []wireUnread) {
	if u.Series == "" && u.ID == "" && len(u.Texts) == 0 {
		return []wireUnread{{File: u.File, Line: u.Line, Dates: u.Dates, Hides: u.Hides}}
	}
	had := map[string]bool{}
	for n, t := range tables {
		if t == nil {
			continue
		}
		about, named := u.about(t.Services, written(t.Services))
		for _, i := range about {
			s := &t.Services[i]
			open := slices.ContainsFunc(u.Dates, func(date Date) bool { return len(t.listed(s, date)) > 0 })
			if had[s.ID] || !there[s.ID] || !named && (n > 0 || len(u.Dates) > 0 && !open) {
				continue
			}
			had[s.ID] = true
			list = append(list, wireUnread{ID: s.ID, Line: u.Line, Dates: u.Dates, Hides: u.Hides})
		}
	}
	return list
}

// DecodeShelf reads what Encode gave. It takes nothing for granted: of whatever
// bytes it gives a shelf that can be shown, or an error that quotes none of them.
func DecodeShelf(b []byte) (s Shelf, err error) {
	if len(b) > maxWire {
		return s, fmt.Errorf("the kept timetable has %d bytes, at most %d were expected", len(b), maxWire)
	}
	var w wireShelf
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&w); err != nil {
		return s, errors.New("the kept timetable is no JSON of ours")
	}
	if w.Format < 1 || w.Format > wireFormat {
		return s, fmt.Errorf("the kept timetable is in format %d, 1 to %d was expected", w.Format, wireFormat)
	}
	s = Shelf{Published: w.Published, TakenBack: w.TakenBack, asks: w.Asks}
	for _, each := range []struct {
		from *wireTable
		into **Timetable
	}{{w.Live, &s.Live}, {w.Before, &s.Before}, {w.Waiting, &s.Waiting}} {
		if each.from == nil {
			continue
		}
		if *each.into, err = each.from.table(); err != nil {
			return Shelf{}, err
		}
	}
	if s.Published != "" && s.Live == nil {
		return Shelf{}, errWire("a publication of nothing")
	}
	if w.Refused == nil {
		return s, nil
	}
	v := Version{Zoneless: w.Refused.Zoneless, Refused: true, Doubles: w.Refused.Doubles}
	if w.Refused.Table == nil || len(w.Refused.Unread) > maxWireUnread {
		return Shelf{}, errWire("a version that is none")
	}
	if v.Timetable, err = w.Refused.Table.table(); err != nil {
		return Shelf{}, err
	}
	for _, u := range w.Refused.Unread {
		if !u.well() {
			return Shelf{}, errWire("a doubt out of range")
		}
		v.Unread = append(v.Unread, Unread{File: u.File, ID: u.ID, Line: u.Line, Dates: u.Dates, Hides: u.Hides, alone: u.ID != ""})
	}
	s.refused = &v
	return s, nil
}

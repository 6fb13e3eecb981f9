package timetable

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Part is what one of several sources gives.
type Part struct {
	Name      string     // tells it from the others: a to z, 0 to 9 and hyphens
	Timetable *Timetable // nil: nothing yet
}

// partOf is where a service of a joined timetable comes from: there it is judged, by
// its own zone, age, holidays and doubts alone.
type partOf struct {
	table   *Timetable
	service *Service
}

// Join makes one timetable of what several sources give. Ids of services get their
// part's name and a full stop before them, where it has a name. Sites, plan and zone are those of the
// first part, where it has sites; else the sites of all. No part says anything of
// another's services. aside counts, by part, the services that are left out because
// no site of theirs is among these.
func Join(parts []Part) (joined *Timetable, aside []int) {
	aside = make([]int, len(parts))
	var main *Timetable
	for _, p := range parts {
		if main == nil {
			main = p.Timetable
		}
	}
	if main == nil {
		return nil, aside
	}
	joined = &Timetable{Zone: main.Zone, Plan: main.Plan, MaxAge: main.MaxAge}
	if first := parts[0].Timetable; first != nil && len(first.Sites) > 0 {
		joined.Sites = first.Sites
	} else {
		for _, p := range parts {
			if p.Timetable == nil {
				continue
			}
			for _, s := range p.Timetable.Sites {
				if _, there := joined.Site(s.ID); !there {
					joined.Sites = append(slices.Clip(joined.Sites), s)
				}
			}
		}
	}
	sum := sha256.New()
	for i, p := range parts {
		if p.Timetable == nil {
			continue
		}
		fmt.Fprintln(sum, p.Name, p.Timetable.Digest)
		for n := range p.Timetable.Services {
			own := &p.Timetable.Services[n]
			s := *own
			s.part = &partOf{p.Timetable, own}
			if p.Name != "" {
				s.ID = p.Name + "." + own.ID
			}
			if s.Sites = joined.sites(p.Timetable, own.Sites); len(s.Sites) < min(1, len(own.Sites)) {
				aside[i]++
				continue
			}
			joined.Services = append(joined.Services, s)
		}
	}
	joined.Digest = hex.EncodeToString(sum.Sum(nil))[:12]
	return joined, aside
}

// sites are a part's sites as the joined timetable has them, by their id or their
// name.
func (t *Timetable) sites(part *Timetable, ids []string) (list []string) {
	for _, id := range ids {
		own, _ := part.Site(id)
		i := slices.IndexFunc(t.Sites, func(s Site) bool { return s.ID == id || own.Name != "" && Plainly(s.Name) == Plainly(own.Name) })
		if i >= 0 && !slices.Contains(list, t.Sites[i].ID) {
			list = append(list, t.Sites[i].ID)
		}
	}
	return list
}

// spans are a service's openings on a date of t, as its part has them.
func (p *partOf) spans(t *Timetable, date Date) (list []span) {
	if p.table.Zone.String() == t.Zone.String() {
		return p.table.said(p.service, date)
	}
	for d := date - 1; d <= date+1; d++ {
		for _, o := range p.table.said(p.service, d) {
			if DateIn(o.opens, t.Zone) == date {
				o.opens, o.closes = o.opens.In(t.Zone), o.closes.In(t.Zone)
				list = append(list, o)
			}
		}
	}
	return list
}

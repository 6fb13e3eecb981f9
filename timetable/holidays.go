package timetable

import "slices"

// AsUsual are the English names of the services that a day shows open as any
// other of their week: no holiday, no change and no date of their own says that
// somebody thought of this day.
func (t *Timetable) AsUsual(date Date) (services []string) {
	for i := range t.Services {
		s := &t.Services[i]
		if _, changed := s.change(date); changed {
			continue
		}
		if _, listed := t.holiday(s.ID, date); listed {
			continue
		}
		if slices.ContainsFunc(s.Slots, func(slot Slot) bool {
			return slot.Status != Cancelled && slot.On(date) && !slices.Contains(slot.Dates, date)
		}) {
			services = append(services, s.Name["en"])
		}
	}
	return services
}

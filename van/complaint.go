package van

import (
	"cmp"
	"slices"
	"time"

	"infobus/logbook"
)

// Complaint is a kind of warning of the system's journal, and how often it came.
type Complaint struct {
	Unit      string // "kernel", "other", or a unit without its instance
	Priority  int    // syslog's: 0 (emerg) to 4 (warning)
	MessageID string // "" where the program has none
	Count     int
}

// priorities are syslog's words for them.
var priorities = [...]string{"emerg", "alert", "crit", "err", "warning"}

const (
	// mostKinds are kept apart until they are told; what is beyond is of unit "other",
	// so that a program that is mad or hostile fills nothing.
	mostKinds = 24
	// mostNew are told at once.
	mostNew = 8
)

// complaints are those since the day's summary.
type complaints struct {
	kinds []complained // never changed in place
	at    time.Duration
	any   bool // some were told, at that moment
}

type complained struct {
	Complaint      // Count is of those that were not told
	told      bool // that there is such a kind
}

// complained takes what is new in the journal, and tells of kinds that are.
func (s *State) complained(o Options, seen []Complaint, out *Output) {
	kinds := slices.Clone(s.complaints.kinds)
	of := func(c Complaint) int {
		return slices.IndexFunc(kinds, func(k complained) bool {
			return k.Unit == c.Unit && k.Priority == c.Priority && k.MessageID == c.MessageID
		})
	}
	for _, c := range seen {
		if c.Priority < 0 || c.Priority >= len(priorities) || c.Count < 1 {
			continue
		}
		i := of(c)
		if i < 0 && len(kinds) >= mostKinds {
			c.Unit, c.MessageID = "other", ""
			i = of(c)
		}
		if i < 0 {
			i, kinds = len(kinds), append(kinds, complained{Complaint: Complaint{Unit: c.Unit, Priority: c.Priority, MessageID: c.MessageID}})
		}
		kinds[i].Count += c.Count
	}
	s.complaints.kinds = kinds
	if s.complaints.any && s.Now.Mono-s.complaints.at < o.ComplainEvery {
		return
	}
	slices.SortStableFunc(kinds, func(a, b complained) int { return cmp.Compare(a.Priority, b.Priority) })
	left := mostNew
	for i := range kinds {
		if k := &kinds[i]; !k.told && left > 0 {
			out.complaint(k.Complaint)
			k.told, k.Count = true, 0
			s.complaints.at, s.complaints.any = s.Now.Mono, true
			left--
		}
	}
}

// complaintsTold tells of all that was not told, and begins anew.
func (s *State) complaintsTold(out *Output) {
	for _, k := range s.complaints.kinds {
		if k.Count > 0 {
			out.complaint(k.Complaint)
		}
	}
	s.complaints = complaints{}
}

func (out *Output) complaint(c Complaint) {
	attributes := map[string]any{"unit": c.Unit, "priority": priorities[c.Priority], "count": c.Count}
	if c.MessageID != "" {
		attributes["message_id"] = c.MessageID
	}
	out.event(logbook.Event{Name: logbook.SystemWarnings, Attributes: attributes})
}

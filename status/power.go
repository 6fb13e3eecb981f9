package status

import (
	"fmt"
	"math"
)

// When is when the box begins to switch off: "at 14:02" where the time can be
// told, else "in less than 2 minutes", which stays true on a page that is not
// drawn again, and "now" once it has begun; "" where none is pending.
func (s Shutdown) When() string {
	switch {
	case s.InS != nil && *s.InS <= 0:
		return "now"
	case s.At != nil:
		return "at " + s.At.Format("15:04")
	case s.InS == nil:
		return ""
	case *s.InS <= 50:
		return fmt.Sprintf("in less than %.0f seconds", 10*math.Ceil(*s.InS/10))
	case *s.InS <= 60:
		return "in less than 1 minute"
	}
	return fmt.Sprintf("in less than %.0f minutes", math.Ceil(*s.InS/60))
}

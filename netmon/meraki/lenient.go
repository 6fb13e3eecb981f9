package meraki

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// amount is a number that the API gives as one or as a string; NaN where it is
// neither, so that one field of another shape does not lose the rest.
type amount float64

// UnmarshalJSON takes a number or a string of one.
func (a *amount) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*a = amount(math.NaN())
	switch v := v.(type) {
	case float64:
		*a = amount(v)
	case string:
		if n, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			*a = amount(n)
		}
	}
	return nil
}

// known says that it is a number that may count something.
func (a amount) known() bool { return a >= 0 && a < math.MaxInt64/2 }

// moment is a time; zero where the API gives none that can be read.
type moment struct{ time.Time }

// UnmarshalJSON takes a string as RFC 3339 has it; whatever else stands there is
// no time.
func (m *moment) UnmarshalJSON(b []byte) error {
	var s string
	m.Time = time.Time{}
	if json.Unmarshal(b, &s) == nil {
		m.Time, _ = time.Parse(time.RFC3339, s)
	}
	return nil
}

// label is a word; "" where the API gives something else.
type label string

// UnmarshalJSON takes a string; whatever else stands there says nothing.
func (l *label) UnmarshalJSON(b []byte) error {
	*l = ""
	json.Unmarshal(b, (*string)(l))
	return nil
}

package power

import "fmt"

// Chemistry is a battery's kind: what its voltage says of its charge.
//
// The voltage is a poor witness: under load it sags, which the internal
// resistance corrects for; a LiFePO4's hardly moves between 30 and 90 %. The
// percentage is good enough to tell low from good, and no more is claimed.
type Chemistry struct {
	Name  string
	Ohms  float64 // internal resistance with cables, of a 100 Ah battery
	Curve []Point // open-circuit voltage, ascending
}

// Point is an open-circuit voltage at rest, 25 °C, and the charge it stands for.
type Point struct{ Volts, Percent float64 }

// The curves are the usual published resting voltages of 12 V batteries.
var (
	AGM = Chemistry{Name: "agm", Ohms: 0.01, Curve: []Point{
		{11.6, 0}, {11.8, 10}, {12.0, 25}, {12.2, 45}, {12.4, 65}, {12.6, 83}, {12.8, 100},
	}}
	LiFePO4 = Chemistry{Name: "lifepo4", Ohms: 0.006, Curve: []Point{
		{10.0, 0}, {12.0, 9}, {12.5, 14}, {12.8, 17}, {12.9, 20}, {13.0, 30}, {13.1, 40}, {13.2, 70}, {13.3, 90}, {13.4, 99}, {13.6, 100},
	}}
)

// ChemistryNamed is the chemistry of that name: agm or lifepo4.
func ChemistryNamed(name string) (Chemistry, error) {
	for _, c := range []Chemistry{AGM, LiFePO4} {
		if c.Name == name {
			return c, nil
		}
	}
	return Chemistry{}, fmt.Errorf("chemistry %q is neither agm nor lifepo4", name)
}

// Percent is the state of charge, 0 to 100 %, that the sample's voltage stands
// for once the drop over the internal resistance is taken out.
func (c Chemistry) Percent(s Sample) float64 {
	rest := s.Volts - s.Amps*c.Ohms
	first := c.Curve[0]
	if rest <= first.Volts {
		return first.Percent
	}
	for i, p := range c.Curve[1:] {
		if rest <= p.Volts {
			low := c.Curve[i]
			return low.Percent + (rest-low.Volts)/(p.Volts-low.Volts)*(p.Percent-low.Percent)
		}
	}
	return c.Curve[len(c.Curve)-1].Percent
}

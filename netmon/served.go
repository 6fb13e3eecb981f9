package netmon

import (
	"time"

	"infobus/reading"
)

// PhoneSaid is a volunteer's answer to the page's question: does a page open on a phone?
type PhoneSaid struct{ Opens bool }

// phoneCounts is how long that counts: phones come and go, and the van moves.
const phoneCounts = 10 * time.Minute

// Phones says whether phones are served, as far as others than the box's own evidence
// tell.
type Phones string

const (
	PhonesUnknown   Phones = "unknown"
	PhonesServed    Phones = "served"     // a volunteer says so
	PhonesNotServed Phones = "not-served" // likewise
	// PhonesByBox: the box has opened a page since this trouble shows, as a phone would
	// (AsPhone): only its own way is out.
	PhonesByBox Phones = "as-phone"
	// PhonesByCloud: the gateway has told its cloud something since this trouble shows,
	// so that it has an internet; of phones nobody says anything.
	PhonesByCloud Phones = "cloud"
)

// Phones is what others tell of phones now.
func (s State) Phones() Phones {
	switch opens, said := s.Phone.Get(); {
	case said && opens:
		return PhonesServed
	case said:
		return PhonesNotServed
	case s.Verdict.bad() && s.opensAsPhone():
		return PhonesByBox
	}
	if _, fresh := s.Cellular.Get(); fresh && s.Verdict.bad() && s.Cellular.At > s.Since {
		return PhonesByCloud
	}
	return PhonesUnknown
}

// served says whether that is known of them.
func (p Phones) served() bool { return p == PhonesServed || p == PhonesByBox }

// Asks says whether it is worth asking somebody whether a page opens on a phone: the box
// itself finds trouble with the internet or as a phone, or cannot tell.
func (s State) Asks() bool {
	return s.conditions.Cut == Powered && (s.Verdict.bad() || s.Verdict == Unknown || s.AsPhone.Found.bad())
}

// bad says whether the box finds that there is no internet.
func (v Verdict) bad() bool { return v != Unknown && v != Starting && !v.works() }

// AsksRadio says whether the gateway's own page is worth asking, and where it is: the
// gateway is there, and there is no internet over which the cloud could be asked.
func (s State) AsksRadio() (gateway string, ok bool) {
	l, known := s.Link.Get()
	return l.Gateway, known && l.Ready() && s.conditions.Cut == Powered && s.Verdict.bad() && rank(s.Verdict) > rank(GatewaySilent)
}

// forgetPhone drops an answer that counts no more: after phoneCounts, once the internet
// works, and where the gateway goes off.
func (s *State) forgetPhone(now time.Duration) {
	if now-s.Phone.At >= phoneCounts || s.Verdict.works() && !s.AsPhone.Found.bad() || s.conditions.Cut != Powered {
		s.Phone = reading.Reading[bool]{}
	}
}

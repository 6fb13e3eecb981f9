// Package pairing knows which phones are the volunteers': each carries a cookie, of
// which the box has the hash. The first phone is paired by the PIN on the card in the
// van, the next ones by a code that a paired phone shows.
//
// In: cookies, PINs and codes as they are given, and the time. Out: whose phone it is,
// or that it is nobody's; and the JSON that must outlive a power cut. Nothing in it
// tells whose phone is whose: no name, no address, nothing that a phone says of itself.
// It is pure but for the random numbers that it draws.
package pairing

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Most is how many phones may be paired. A list that is full refuses the next one:
	// whoever has the PIN must not be able to push the others out.
	Most = 32
	// Lasts is how many days a pairing lasts, as Days counts them.
	Lasts = 60
	// grace is how long the cookie before is still taken once the new one was used:
	// requests that were sent together arrive in any order.
	grace = time.Minute
	// CodeLasts is how long an invitation may be used, and codesMost how many there are.
	CodeLasts = 5 * time.Minute
	codesMost = 16
	codesEach = 2 // of one phone; the oldest gives way
)

// Moment is when something happens. Mono is monotonic, of this process; Day counts
// local days (as Unix days), and is 0 while the clock is not trusted.
type Moment struct {
	Mono time.Duration
	Day  int
}

// hash is the SHA-256 of a secret, as JSON in hex; zero for none.
type hash [sha256.Size]byte

func hashOf(secret string) hash { return sha256.Sum256([]byte(secret)) }

func (h hash) is(other hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

func (h hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *hash) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(string(b))
	if err == nil && len(raw) != len(h) {
		err = fmt.Errorf("%d bytes; a hash has %d", len(raw), len(h))
	}
	copy(h[:], raw)
	return err
}

// phone is a paired phone, as it is kept. Its cookie is an id, which stays, a dot, and
// a secret, which is replaced every day that it is used.
type phone struct {
	ID     hash `json:"id"`
	Secret hash `json:"secret"`
	Next   hash `json:"next,omitzero"` // that replaces Secret once it was used
	Paired int  `json:"paired"`        // day; 0 where the clock was not trusted
	Used   int  `json:"used"`          // day of the last use
	Turned int  `json:"turned"`        // counted day on which the secret was replaced
	Ends   int  `json:"ends"`          // counted day

	next     string        // the secret of Next; "" where an earlier process drew it
	offered  bool          // Next is durable
	before   hash          // the secret before this one, until beforeBy
	beforeBy time.Duration // monotonic
}

// kept is what outlives a power cut.
type kept struct {
	Phones []phone `json:"phones"`
	Days   Days    `json:"days"`
	Spent  hash    `json:"spent,omitzero"` // the short PIN that has paired a phone
}

// code is an invitation.
type code struct {
	text hash
	by   hash // id of the phone that invites; zero: the box itself
	ends time.Duration
}

// Book is the list of paired phones. Make it with New. It may be used by many at once.
type Book struct {
	mu    sync.Mutex // guards those below
	kept  kept
	codes []code
	doors [2]Guesses
	open  time.Duration // until when the switch in the van lets PINs be looked at; 0: it does not
	tries int           // that are left of that
}

// New is the book that was kept; of nil an empty one.
func New(b []byte) (*Book, error) {
	k, err := parse(b)
	if err != nil {
		return &Book{}, fmt.Errorf("read the paired phones: %w", err)
	}
	return &Book{kept: k}, nil
}

// Check says whether New would take b.
func Check(b []byte) error {
	_, err := parse(b)
	return err
}

func parse(b []byte) (k kept, err error) {
	if len(b) == 0 {
		return k, nil
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return kept{}, err
	}
	if len(k.Phones) > Most {
		return kept{}, fmt.Errorf("%d phones; there are %d at most", len(k.Phones), Most)
	}
	for i, p := range k.Phones {
		if p.ID == (hash{}) || p.Secret == (hash{}) {
			return kept{}, fmt.Errorf("phone %d has no secret", i+1)
		}
	}
	return k, nil
}

// JSON is what must outlive a power cut.
func (b *Book) JSON() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, err := json.Marshal(b.kept)
	if err != nil {
		panic(err) // impossible: numbers and hashes
	}
	return out
}

// Use is what a cookie turned out to be.
type Use struct {
	ID     string // of the phone; "" where the cookie is nobody's
	Number int    // as Phones lists it, from 1
	Turn   string // the cookie that the phone should have from now on; "" for the one it has
	Save   bool   // what is kept has changed; once it is durable, Durable is to be told
	Copied bool   // the cookie was one that was replaced: the pairing is ended
}

// Use looks a cookie up. One that was replaced earlier is a copy that somebody else
// has, or the other way round: nobody can tell, so that pairing ends.
func (b *Book) Use(cookie string, now Moment) Use {
	id, secret, ok := strings.Cut(cookie, ".")
	if !ok || len(cookie) > 128 {
		return Use{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.Days.tick(now)
	i := slices.IndexFunc(b.kept.Phones, func(p phone) bool { return p.ID.is(hashOf(id)) })
	if i < 0 {
		return Use{}
	}
	p, given := &b.kept.Phones[i], hashOf(secret)
	if b.kept.Days.Count >= p.Ends {
		b.remove(i)
		return Use{Save: true}
	}
	u := Use{ID: id, Number: i + 1}
	switch {
	case p.Next != (hash{}) && p.Next.is(given):
		p.before, p.beforeBy = p.Secret, now.Mono+grace
		p.Secret, p.Next, p.next, p.offered = p.Next, hash{}, "", false
		u.Save = true
	case p.Secret.is(given):
		if p.Turned < b.kept.Days.Count && p.next == "" {
			p.next = rand.Text()
			p.Next, p.offered, p.Turned = hashOf(p.next), false, b.kept.Days.Count
			if now.Day != 0 {
				p.Used = now.Day
			}
			u.Save = true
		}
		if p.offered {
			u.Turn = id + "." + p.next
		}
	case p.before.is(given) && now.Mono < p.beforeBy:
	default:
		b.remove(i)
		return Use{Save: true, Copied: true}
	}
	return u
}

// Durable says that what was kept by now is durable: a secret that replaces another is
// given out no sooner, so that a power cut takes no phone its pairing.
func (b *Book) Durable() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.kept.Phones {
		b.kept.Phones[i].offered = b.kept.Phones[i].next != ""
	}
}

// Errors of Pair and PairByCode.
var (
	ErrWrong = errors.New("wrong PIN or code")
	ErrFull  = errors.New("too many phones are paired")
	ErrNone  = errors.New("no PIN is set")
	ErrSpent = errors.New("the short PIN has paired a phone already")
)

// WaitError says that no PIN is looked at for a while.
type WaitError struct{ For time.Duration }

func (e WaitError) Error() string { return "too many wrong PINs" }

// Pair pairs a phone by the PIN that is given at a door, if it is the one that is set.
// It gives the phone's cookie.
func (b *Book) Pair(d Door, given, pin string, now Moment) (cookie string, err error) {
	given, pin = plain(given), plain(pin)
	b.mu.Lock()
	defer b.mu.Unlock()
	if pin == "" {
		return "", ErrNone
	}
	short := len(pin) < Digits
	if short && b.kept.Spent.is(hashOf(pin)) {
		return "", ErrSpent
	}
	guesses := &b.doors[d]
	if len(pin) < Unlimited {
		switch wait := guesses.wait(now.Mono, len(pin)); {
		case now.Mono < b.open && b.tries > 0:
			b.tries--
		case wait > 0:
			return "", WaitError{wait}
		default:
			guesses.take(now.Mono)
		}
	}
	if !hashOf(given).is(hashOf(pin)) {
		return "", ErrWrong
	}
	guesses.forget()
	cookie, err = b.add(now)
	if err == nil && short {
		b.kept.Spent = hashOf(pin)
	}
	return cookie, err
}

// add pairs a phone.
func (b *Book) add(now Moment) (cookie string, err error) {
	b.kept.Days.tick(now)
	b.kept.Phones = slices.DeleteFunc(b.kept.Phones, func(p phone) bool { return b.kept.Days.Count >= p.Ends })
	if len(b.kept.Phones) >= Most {
		return "", ErrFull
	}
	id, secret := rand.Text(), rand.Text()
	count := b.kept.Days.Count
	b.kept.Phones = append(b.kept.Phones, phone{ID: hashOf(id), Secret: hashOf(secret), Paired: now.Day, Used: now.Day, Turned: count, Ends: count + Lasts})
	return id + "." + secret, nil
}

// letters are those of a code: none is taken for another.
const letters = "23456789abcdefghjkmnpqrstuvwxyz"

// CodeLength is how many letters an invitation has: at a thousand guesses a second, one
// in CodeLasts succeeds with a probability below one in a million.
const CodeLength = 8

// Invite gives a code by which one more phone is paired, on the word of a phone that is;
// with "" on the box's own. It is for one phone, and for CodeLasts.
func (b *Book) Invite(id string, now Moment) string {
	var text strings.Builder
	for text.Len() < CodeLength {
		var one [1]byte
		rand.Read(one[:])
		if n := int(one[0] & 31); n < len(letters) {
			text.WriteByte(letters[n])
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	by := hashOf(id)
	b.codes = slices.DeleteFunc(b.codes, func(c code) bool { return c.ends <= now.Mono })
	mine := func(c code) bool { return c.by == by }
	count := 0
	for _, c := range b.codes {
		if mine(c) {
			count++
		}
	}
	if count >= codesEach {
		i := slices.IndexFunc(b.codes, mine)
		b.codes = slices.Delete(b.codes, i, i+1)
	}
	if len(b.codes) >= codesMost {
		b.codes = b.codes[1:]
	}
	b.codes = append(b.codes, code{hashOf(text.String()), by, now.Mono + CodeLasts})
	return text.String()
}

// PairByCode pairs a phone by an invitation, which is used up by it.
func (b *Book) PairByCode(given string, now Moment) (cookie string, err error) {
	given = plain(given)
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.codes, func(c code) bool { return c.text.is(hashOf(given)) && now.Mono < c.ends })
	if i < 0 {
		return "", ErrWrong
	}
	b.codes = slices.Delete(b.codes, i, i+1)
	return b.add(now)
}

// plain is what a person meant: without blanks and dashes, in small letters.
func plain(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s))
}

// Phone is a paired phone as it is listed.
type Phone struct {
	Number int    // from 1
	Key    string // by which it is revoked
	Paired int    // day, as in Moment; 0 where it is not known
	Used   int    // day of the last use
	Left   int    // days until it ends
	Own    bool   // it is the phone that asks
}

// Phones lists them for the phone with that id.
func (b *Book) Phones(id string, now Moment) (all []Phone) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.Days.tick(now)
	for i, p := range b.kept.Phones {
		all = append(all, Phone{Number: i + 1, Key: p.key(), Paired: p.Paired, Used: p.Used, Left: max(0, p.Ends-b.kept.Days.Count), Own: id != "" && p.ID.is(hashOf(id))})
	}
	return all
}

// key names a phone in a form; it opens nothing.
func (p phone) key() string { return hex.EncodeToString(p.ID[:6]) }

// Revoke ends the pairing with that key. It says whether there was one, and gives its
// number.
func (b *Book) Revoke(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.kept.Phones, func(p phone) bool { return p.key() == key })
	if i < 0 {
		return false
	}
	b.remove(i)
	return true
}

// Leave ends the pairing of the phone with that id.
func (b *Book) Leave(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.kept.Phones, func(p phone) bool { return p.ID.is(hashOf(id)) }); i >= 0 {
		b.remove(i)
	}
}

// RevokeAll ends every pairing and every invitation, and gives how many phones were
// paired.
func (b *Book) RevokeAll() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.kept.Phones)
	b.kept.Phones, b.codes = nil, nil
	return n
}

// remove takes a phone out, with what it invited.
func (b *Book) remove(i int) {
	by := b.kept.Phones[i].ID
	b.codes = slices.DeleteFunc(b.codes, func(c code) bool { return c.by == by })
	b.kept.Phones = slices.Delete(slices.Clone(b.kept.Phones), i, i+1)
}

// Has says whether the phone with that id is still paired.
func (b *Book) Has(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.kept.Phones, func(p phone) bool { return p.ID.is(hashOf(id)) })
}

// Token is what a form of the phone's pages carries beside its cookie: another site's
// page does not know it.
func Token(id string) string {
	sum := sha256.Sum256([]byte("infobus form " + id))
	return hex.EncodeToString(sum[:16])
}

// SameToken says whether a form's token is the phone's.
func SameToken(id, given string) bool { return hashOf(Token(id)).is(hashOf(cmp.Or(given, "-"))) }

package pairing

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	pin  = "4711 0815"
	long = "1234 5678 9012"
	day  = 20_780 // 2026-11-23
)

// at is a moment of the day that a trusted clock shows.
func at(mono time.Duration, days int) Moment { return Moment{mono, day + days} }

// book is one in which a phone is paired.
func book(t *testing.T) (*Book, string) {
	t.Helper()
	b, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := b.Pair(Common, pin, pin, at(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return b, cookie
}

// used says whether a cookie is a paired phone's.
func used(b *Book, cookie string, now Moment) bool { return b.Use(cookie, now).ID != "" }

// reopened is the book after a power cut.
func reopened(t *testing.T, b *Book) *Book {
	t.Helper()
	again, err := New(b.JSON())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestAPhoneIsKnownByItsCookieAloneAlsoAfterAPowerCut(t *testing.T) {
	b, cookie := book(t)
	for _, wrong := range []string{"", ".", "x", cookie + "x", "x" + cookie, strings.Replace(cookie, ".", "..", 1), strings.Repeat("x", 4096) + "." + cookie} {
		if other, _ := New(b.JSON()); used(other, wrong, at(1, 0)) {
			t.Errorf("%.40q is taken for a paired phone's", wrong)
		}
	}
	if !used(b, cookie, at(1, 0)) || !used(reopened(t, b), cookie, at(0, 0)) {
		t.Error("the phone is not known")
	}
	kept := string(b.JSON())
	id, secret, _ := strings.Cut(cookie, ".")
	if strings.Contains(kept, id) || strings.Contains(kept, secret) || strings.Contains(kept, "4711") {
		t.Errorf("a secret is kept: %s", kept)
	}
}

// turned is the cookie that replaces one on another day.
func turned(t *testing.T, b *Book, cookie string, now Moment) string {
	t.Helper()
	if u := b.Use(cookie, now); u.Turn != "" || !u.Save {
		t.Fatalf("before it is durable: %+v", u)
	}
	b.Durable()
	u := b.Use(cookie, now)
	if u.Turn == "" {
		t.Fatal("the cookie is not replaced")
	}
	return u.Turn
}

// nextDay has the book count a day.
func nextDay(b *Book, mono time.Duration, days int) time.Duration {
	b.Phones("", at(mono, days))
	mono += settles
	b.Phones("", at(mono, days))
	return mono
}

func TestACookieIsReplacedEachDayAndItsCopyEndsThePairing(t *testing.T) {
	b, first := book(t)
	mono := nextDay(b, time.Minute, 1)
	second := turned(t, b, first, at(mono, 1))
	// Answers may be lost, and requests that were sent together arrive in any order.
	if u := b.Use(first, at(mono, 1)); u.Turn != second {
		t.Errorf("asked again it is given %+v", u)
	}
	if after := reopened(t, b); !used(after, first, at(0, 1)) || !used(after, second, at(0, 1)) {
		t.Error("after a power cut one of the two opens nothing")
	}
	if !used(b, second, at(mono, 1)) || !used(b, first, at(mono+grace-1, 1)) || !used(b, second, at(mono+grace, 1)) {
		t.Error("a request on its way is refused")
	}
	copied := reopened(t, b)
	for name, b := range map[string]*Book{"a minute later": b, "after a power cut": copied} {
		if u := b.Use(first, at(mono+grace, 1)); !u.Copied || u.ID != "" || !u.Save {
			t.Errorf("%s: a cookie that was replaced is %+v", name, u)
		}
		if used(b, second, at(mono+grace, 1)) {
			t.Errorf("%s: the pairing goes on", name)
		}
	}
}

func TestAnInvitationPairsOnePhoneWithinFiveMinutes(t *testing.T) {
	b, cookie := book(t)
	id, _, _ := strings.Cut(cookie, ".")
	code := b.Invite(id, at(0, 0))
	if _, err := b.PairByCode("22222222", at(1, 0)); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong code: %v", err)
	}
	second, err := b.PairByCode(strings.ToUpper(code[:4])+" "+code[4:], at(CodeLasts-1, 0))
	if err != nil || !used(b, second, at(CodeLasts, 0)) || len(b.Phones("", at(CodeLasts, 0))) != 2 {
		t.Fatalf("the second phone: %v", err)
	}
	if _, err := b.PairByCode(code, at(CodeLasts-1, 0)); !errors.Is(err, ErrWrong) {
		t.Errorf("a code that was used: %v", err)
	}
	late := b.Invite(id, at(0, 0))
	if _, err := b.PairByCode(late, at(CodeLasts, 0)); !errors.Is(err, ErrWrong) {
		t.Errorf("a code that is over: %v", err)
	}
	// Who was revoked invites nobody any more.
	code = b.Invite(id, at(0, 0))
	b.Leave(id)
	if _, err := b.PairByCode(code, at(1, 0)); !errors.Is(err, ErrWrong) {
		t.Errorf("the code of a phone that was revoked: %v", err)
	}
	if used(b, cookie, at(1, 0)) || !used(b, second, at(1, 0)) {
		t.Error("another phone was revoked")
	}
}

func TestAFloodOfPairingsPushesNobodyOut(t *testing.T) {
	b, cookie := book(t)
	for n := 1; ; n++ {
		_, err := b.Pair(Common, pin, pin, at(0, 0))
		if errors.Is(err, ErrFull) && n == Most {
			break
		}
		if err != nil {
			t.Fatalf("phone %d: %v", n+1, err)
		}
	}
	if !used(b, cookie, at(1, 0)) {
		t.Error("the first phone was pushed out")
	}
	for range 1000 {
		b.Invite("somebody", at(0, 0))
	}
	if n := len(b.codes); n > codesEach {
		t.Errorf("%d invitations of one phone", n)
	}
	if n := b.RevokeAll(); n != Most || used(b, cookie, at(1, 0)) {
		t.Errorf("%d were revoked", n)
	}
	if len(b.JSON()) > 64<<10 {
		t.Errorf("%d bytes are kept", len(b.JSON()))
	}
}

func TestGuessingIsSlowedDownAndTheSwitchInTheVanLetsTheRightPINBy(t *testing.T) {
	b, cookie := book(t)
	guess := func(d Door, given string, mono time.Duration) error {
		_, err := b.Pair(d, given, pin, at(mono, 0))
		return err
	}
	for n := range atOnce {
		if err := guess(Common, "000000", 0); !errors.Is(err, ErrWrong) {
			t.Fatalf("guess %d: %v", n+1, err)
		}
	}
	var wait WaitError
	if err := guess(Common, pin, 0); !errors.As(err, &wait) || wait.For != every {
		t.Errorf("the right PIN after %d wrong ones: %v", atOnce, err)
	}
	if !used(b, cookie, at(1, 0)) {
		t.Error("guessing locks a paired phone out")
	}
	id, _, _ := strings.Cut(cookie, ".")
	if _, err := b.PairByCode(b.Invite(id, at(0, 0)), at(1, 0)); err != nil {
		t.Errorf("guessing locks an invited phone out: %v", err)
	}
	if err := guess(Own, pin, 0); err != nil {
		t.Errorf("guessing at one door closes the other: %v", err)
	}
	b.Open(at(time.Minute, 0))
	for range openTries / 2 {
		guess(Common, "000000", time.Minute)
	}
	if err := guess(Common, pin, time.Minute+OpenFor-1); err != nil {
		t.Errorf("with the switch in the van: %v", err)
	}
	// As many as before, and one more each time.
	taken := 0
	for mono := time.Hour; mono < time.Hour+5*every; mono += time.Minute {
		if errors.Is(guess(Common, "000000", mono), ErrWrong) {
			taken++
		}
	}
	if taken != atOnce+4 {
		t.Errorf("%d guesses were taken in 50 min", taken)
	}
	b.Open(at(5*time.Hour, 0))
	for range openTries {
		guess(Common, "000000", 5*time.Hour)
	}
	if err := guess(Common, "000000", 5*time.Hour); err != nil && errors.As(err, &wait) == false && !errors.Is(err, ErrWrong) {
		t.Errorf("%v", err)
	}
	if b.tries != 0 {
		t.Errorf("%d tries are left of %d", b.tries, openTries)
	}
}

func TestALongPINIsAlwaysLookedAt(t *testing.T) {
	b, _ := New(nil)
	for range 10 * atOnce {
		if _, err := b.Pair(Common, "000000000000", long, at(0, 0)); !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	if _, err := b.Pair(Common, "1234-5678-9012", long, at(0, 0)); err != nil {
		t.Errorf("the right one after them: %v", err)
	}
}

func TestAPINThatIsTooShortPairsOnePhoneAndMustThenBeReplaced(t *testing.T) {
	b, _ := New(nil)
	if _, err := b.Pair(Common, "", "", at(0, 0)); !errors.Is(err, ErrNone) {
		t.Errorf("no PIN is set: %v", err)
	}
	cookie, err := b.Pair(Common, "7", "7", at(0, 0))
	if err != nil {
		t.Fatalf("a PIN of one digit: %v", err)
	}
	b = reopened(t, b)
	b.RevokeAll()
	if _, err := b.Pair(Common, "7", "7", at(0, 0)); !errors.Is(err, ErrSpent) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := b.Pair(Common, "8", "8", at(0, 0)); err != nil {
		t.Errorf("another short one: %v", err)
	}
	if used(b, cookie, at(1, 0)) {
		t.Error("the phone that was revoked is still paired")
	}
	fresh, _ := New(nil)
	tried := 0
	for ; tried < 20; tried++ {
		if _, err := fresh.Pair(Common, "1", "7", at(0, 0)); !errors.Is(err, ErrWrong) {
			break
		}
	}
	if tried != shortAtOnce {
		t.Errorf("%d guesses of a short PIN were taken", tried)
	}
}

func TestAPairingLastsForSixtyCountedDays(t *testing.T) {
	b, cookie := book(t)
	mono := time.Minute
	for d := 1; d < Lasts; d++ {
		mono = nextDay(b, mono, d)
	}
	if left := b.Phones("", at(mono, Lasts-1))[0].Left; left != 1 {
		t.Fatalf("%d days are left on day %d", left, Lasts-1)
	}
	if !used(b, cookie, at(mono, Lasts-1)) {
		t.Error("it ended on its last day")
	}
	if mono = nextDay(b, mono, Lasts); used(b, cookie, at(mono, Lasts)) {
		t.Error("it goes on")
	}
	// A box whose clock nobody trusts, or that stands still, counts the hours that it runs.
	b, cookie = book(t)
	for h := range Lasts*24 + 1 {
		b.Phones("", Moment{Mono: time.Duration(h) * time.Hour})
	}
	if used(b, cookie, Moment{Mono: Lasts * 24 * time.Hour}) {
		t.Error("without a clock it never ends")
	}
}

func TestAClockThatIsWrongEndsNoPairing(t *testing.T) {
	for _, c := range []struct {
		name string
		days int
		lies time.Duration
	}{{"four years ahead for a minute", 4 * 365, time.Minute}, {"four years ahead for an evening", 4 * 365, 5 * time.Hour}, {"four years behind for an evening", -4 * 365, 5 * time.Hour}} {
		b, cookie := book(t)
		mono := time.Minute
		for end := mono + c.lies; mono < end; mono += 10 * time.Second {
			if u := b.Use(cookie, at(mono, c.days)); u.ID == "" {
				t.Fatalf("%s: it ends after %s", c.name, mono)
			} else if u.Turn != "" {
				cookie = u.Turn
			}
			b.Durable()
		}
		if u := b.Use(cookie, at(mono, 0)); u.ID == "" {
			t.Errorf("%s: it has ended", c.name)
		}
		if again := reopened(t, b); !used(again, cookie, at(0, 0)) {
			t.Errorf("%s: it ends with a power cut", c.name)
		}
	}
}

// Whatever the clock says, a pairing outlives less than 60 times the time that a day
// needs to be counted, and does not outlive 61 days of running.
func TestNoClockEndsAPairingSoonerOrKeepsItForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Days
		mono := time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "ticks") {
			mono += time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute
			d.tick(Moment{mono, rapid.SampledFrom([]int{0, day, day + 1, day + 2, day + 5, day + 1000, day - 1000}).Draw(t, "day")})
			if most := int(mono / settles); d.Count > most {
				t.Fatalf("%d days are counted in %s", d.Count, mono)
			}
		}
		if least := int(mono/(24*time.Hour)) / 2; d.Count < least {
			t.Fatalf("%d days are counted in %s", d.Count, mono)
		}
	})
}

func TestTheOddsOfAGuessStandInTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	const flood = 1000 // guesses a second
	million := math.Pow(10, Digits)
	evening := atOnce + int(5*time.Hour/every)
	whole := atOnce + int(Lasts*24*time.Hour/every)
	group := func(n int) string {
		text := fmt.Sprint(n)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + " " + text[i:]
		}
		return text
	}
	for _, says := range []string{
		fmt.Sprintf("%d are looked at, then one in %d min", atOnce, int(every.Minutes())),
		fmt.Sprintf("tries %d in an evening of 5 h, which finds the PIN with odds of 1 to %s", evening, group(int(million)/evening)),
		fmt.Sprintf("in 60 days without a break %d, 1 to %d", whole, int(million)/whole),
		fmt.Sprintf("for 60 days, 1 to %d", int(math.Pow(10, Unlimited)/(flood*60*24*3600))),
		fmt.Sprintf("for its 5 min, 1 to %s", group(int(math.Pow(float64(len(letters)), CodeLength)/(flood*CodeLasts.Seconds())))),
		fmt.Sprintf("lets %d PINs be looked at within %d min, though others guess: 1 to %s a press", openTries, int(OpenFor.Minutes()), group(int(million)/openTries)),
	} {
		if !strings.Contains(string(doc), says) {
			t.Errorf("docs/api.md does not say %q", says)
		}
	}
}

func FuzzKept(f *testing.F) {
	b, _ := New(nil)
	b.Pair(Common, pin, pin, at(0, 0))
	f.Add(b.JSON())
	f.Add([]byte(`{"phones":[{}]}`))
	f.Add([]byte(`{"phones":[{"id":"00"}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := New(data)
		if (err == nil) != (Check(data) == nil) {
			t.Fatal("Check and New differ")
		}
		b.Use("a.b", at(0, 0))
		b.Phones("", at(0, 0))
		again, err := New(b.JSON())
		if err != nil || !bytes.Equal(again.JSON(), b.JSON()) {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}

func FuzzCookie(f *testing.F) {
	for _, c := range []string{"", ".", "a.b", "\x00", strings.Repeat("a.", 100)} {
		f.Add(c)
	}
	b, _ := New(nil)
	b.Pair(Common, pin, pin, at(0, 0))
	f.Fuzz(func(t *testing.T, cookie string) {
		if used(b, cookie, at(1, 0)) {
			t.Errorf("%q is taken", cookie)
		}
	})
}

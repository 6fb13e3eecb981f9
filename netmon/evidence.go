package netmon

import (
	"slices"
	"time"
)

// Evidence is what was asked of whom, and what came of it. It judges nothing: see
// weigh.
type Evidence struct {
	Answers []Answer
	// Bytes are what asking has cost since the evidence before, at the socket.
	Bytes int64
	// Spent: nothing was left of the data budget to ask beyond the gateway with.
	Spent bool
}

// Recorded is evidence as it is written to a file, to be judged again.
type Recorded struct {
	At time.Duration // monotonic: when it was told
	E  Evidence
}

// Answer is a question that was sent, and what came of it so far. A question that
// waits is told again while it does, and at last when something came.
type Answer struct {
	Cell
	Ago   time.Duration // how long ago it was sent
	Came  Came
	After time.Duration // until the answer came or, with Nothing, how long it has waited so far
	// Trip is from the packet that was answered to its answer, where that is exactly
	// known: of names and calls; 0 otherwise.
	Trip time.Duration
	Lost int // packets sent in vain before the one that was answered
}

// Cell is one place in the matrix of questions: what is asked, about which name, of
// which server, at which port, and by which way its address was found.
type Cell struct {
	Question Question
	Name     uint8  // which name, from 1; 0 for none
	Server   Server // whose the server is
	Nth      uint8  // which of those, from 1
	Port     uint16
	Way      Way
}

// Question is what is asked.
type Question uint8

const (
	Page    Question = iota + 1 // the gateway's own page
	Knock                       // a connection to the gateway's page, and no more
	Connect                     // a connection beyond the gateway
	Lookup                      // the address of a name that exists
	Random                      // the address of a name that nobody has asked for
	Check                       // the page that answers nothing, or a challenge
	Proof                       // TLS: the named server proves who it is
	Chain                       // TLS: some server shows a certificate of a known issuer
	Call                        // a packet of a phone call (STUN)
)

// Server is whose a server is.
type Server uint8

const (
	Gateway Server = iota + 1 // the Cisco box itself
	Leased                    // a name server of the lease that is not the gateway
	Public                    // a name server or target that the configuration gives by number
	Site                      // one that a name leads to
)

// Way is how a server's address was found.
type Way uint8

const (
	ByNumber Way = iota // it was given in numbers
	ByName              // as the lease's name servers say
	Before              // where the name had led before, when it answered as it should
)

// Came is what came of a question.
type Came uint8

const (
	Nothing     Came = iota // so far
	Right                   // what it should be; for a random name, that there is none
	Foreign                 // something else answers in its place
	Trouble                 // it answered that it cannot
	NoName                  // that name does not exist
	Empty                   // that name has no address
	Refusal                 // the connection was refused, by whomever
	Unreachable             // there is no way there
	Torn                    // connected, and then what is long does not come
	Expired                 // a certificate that is right, at another time than the clock's
)

// held is an answer as the state keeps it.
type held struct {
	Cell
	At    time.Duration // monotonic: when it was sent
	Came  Came
	After time.Duration
	Trip  time.Duration
	Lost  int
}

// back is when the answer came; where it was torn, when it was asked, for nothing came at its
// end but the end of patience.
func (h held) back() time.Duration {
	if h.Came == Torn {
		return h.At
	}
	return h.At + h.After
}

// sent is when the packet was sent that was answered.
func (h held) sent() time.Duration { return h.back() - h.Trip }

const (
	// window is how far back all answers are kept; of each cell the last decided one
	// is kept until it is too old to be believed.
	window = time.Minute
	// most bounds how many are kept.
	most = 600
)

// hold keeps the answers of e. Two reports of one question are told apart from two
// questions by when it was sent, within sameQuestion.
func hold(kept []held, e Evidence, now time.Duration) []held {
	const sameQuestion = 20 * time.Millisecond
	kept = append(make([]held, 0, len(kept)+len(e.Answers)), kept...)
	for _, a := range e.Answers {
		h := held{a.Cell, now - a.Ago, a.Came, a.After, a.Trip, a.Lost}
		i := slices.IndexFunc(kept, func(k held) bool {
			return k.Came == Nothing && k.Cell == h.Cell && (h.At-k.At).Abs() < sameQuestion
		})
		if i >= 0 {
			h.At = kept[i].At
			kept[i] = h
			continue
		}
		for i = len(kept); i > 0 && kept[i-1].At > h.At; i-- {
		}
		kept = slices.Insert(kept, i, h)
	}
	return kept
}

// drop leaves out of kept, in place, what is too old to be believed.
func drop(kept []held, now, horizon time.Duration) []held {
	last := map[Cell]int{}
	for i, h := range kept {
		if h.Came != Nothing {
			last[h.Cell] = i
		}
	}
	out := kept[:0]
	for i, h := range kept {
		if age := now - h.At; age < window || last[h.Cell] == i && age < horizon {
			out = append(out, h)
		}
	}
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return out
}

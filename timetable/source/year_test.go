package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable/durabletest"
	"infobus/timetable"
)

// says is what one organisation says at one time: it is not changed once made.
type says struct {
	services []offer
}

// offer is one service: its hours on its weekdays, when it was checked, the days on
// which it is off.
type offer struct {
	id, name      string
	opens, closes int // hours
	days          []time.Weekday
	checked       timetable.Date
	off           []timetable.Date
	hidden        bool // told in person
}

func (s *says) of(id string) *offer {
	i := slices.IndexFunc(s.services, func(o offer) bool { return o.id == id })
	if i < 0 {
		return nil
	}
	return &s.services[i]
}

// state is what is to be said of an offer on a day: its age by the calendar.
func (o *offer) state(day timetable.Date) string {
	switch age := day - o.checked; {
	case o.hidden || !slices.Contains(o.days, day.Weekday()):
		return ""
	case slices.Contains(o.off, day):
		return "cancelled"
	case age > 31 || age < -1:
		return "ask us"
	}
	return "confirmed"
}

// organisation is one address: what it says, what it said, and what of that came
// through to the box.
type organisation struct {
	name, form string
	hostile    bool

	mu      sync.Mutex // guards what follows
	random  *rand.Rand
	history []*says // the last is what holds
	good    *says   // of the last version without a mistake that came through
	refused []*says // those with mistakes that came through since: what they were meant to say
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// text is what an organisation says, in its form; wrong is the number of the service
// whose hours nobody can read, -1 for none.
func (o *organisation) text(s *says, wrong int) string {
	var b strings.Builder
	hours := func(i, hour int) string {
		if i == wrong {
			return "9:xx"
		}
		return fmt.Sprintf("%d:00", hour)
	}
	if o.form == "yaml" {
		b.WriteString("timezone: Europe/Paris\nservices:\n")
	} else if o.form == "csv" {
		b.WriteString("id,name,category,place,days,dates,opens,closes,checked,show,status\n")
	} else {
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	}
	for i, v := range s.services {
		show := "screen"
		if v.hidden {
			show = "in-person"
		}
		var days []string
		for _, d := range v.days {
			days = append(days, weekdays[d])
		}
		list := strings.Join(days, ", ")
		switch o.form {
		case "yaml":
			fmt.Fprintf(&b, "  - id: %s\n    category: food\n    name: {en: %s}\n    place: {name: Quai}\n    show: %s\n    checked: %s\n    times: [{days: [%s], opens: %q, closes: %q}]\n",
				v.id, v.name, show, v.checked, list, hours(i, v.opens), fmt.Sprintf("%d:00", v.closes))
			for n, d := range v.off {
				if n == 0 {
					b.WriteString("    changes:\n")
				}
				fmt.Fprintf(&b, "      - {date: %s, cancelled: true}\n", d)
			}
		case "csv":
			fmt.Fprintf(&b, "%s,%s,food,Quai,%q,,%s,%d:00,%s,%s,\n", v.id, v.name, list, hours(i, v.opens), v.closes, v.checked, show)
			for _, d := range v.off {
				fmt.Fprintf(&b, "%s,%s,food,Quai,,%s,,,,%s,cancelled\n", v.id, v.name, d, show)
			}
		case "ics":
			first := timetable.DateOf(2000, 1, 2)
			at := func(d timetable.Date, hour string) string {
				return strings.ReplaceAll(d.String(), "-", "") + "T" + hour
			}
			ends := fmt.Sprintf("%02d0000", v.closes)
			if i == wrong {
				ends = "9xx"
			}
			for !slices.Contains(v.days, first.Weekday()) {
				first++
			}
			head := fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s\r\nLAST-MODIFIED:%s\r\nSUMMARY:%s\r\nLOCATION:Quai\r\nCATEGORIES:food\r\nX-INFOBUS-SHOW:%s\r\n", v.id, at(v.checked, "120000Z"), v.name, show)
			var by []string
			for _, d := range days {
				by = append(by, strings.ToUpper(d[:2]))
			}
			fmt.Fprintf(&b, "%sDTSTART;TZID=Europe/Paris:%s\r\nDTEND;TZID=Europe/Paris:%s\r\nRRULE:FREQ=WEEKLY;BYDAY=%s\r\nEND:VEVENT\r\n", head, at(first, fmt.Sprintf("%02d0000", v.opens)), at(first, ends), strings.Join(by, ","))
			for _, d := range v.off {
				fmt.Fprintf(&b, "%sRECURRENCE-ID;TZID=Europe/Paris:%s\r\nDTSTART;TZID=Europe/Paris:%s\r\nDTEND;TZID=Europe/Paris:%s\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n", head,
					at(d, fmt.Sprintf("%02d0000", v.opens)), at(d, fmt.Sprintf("%02d0000", v.opens)), at(d, fmt.Sprintf("%02d0000", v.closes)))
			}
		}
	}
	if o.form == "ics" {
		b.WriteString("END:VCALENDAR\r\n")
	}
	return b.String()
}

// attack is what a hostile organisation writes: whatever may take something from the
// others.
func (o *organisation) attack(today timetable.Date) string {
	r := o.random
	var b strings.Builder
	fmt.Fprintf(&b, "timezone: %s\nmax-age: %dd\nservices:\n", []string{"Europe/Paris", "Asia/Tokyo"}[r.IntN(2)], 1+r.IntN(300))
	for i := range 3 {
		by := ""
		if r.IntN(3) == 0 {
			by = "    by: Org " + string('A'+rune(r.IntN(4))) + "\n"
		}
		fmt.Fprintf(&b, "  - id: s%d\n    category: food\n    name: {en: Service %c%d}\n    place: {name: Elsewhere}\n    show: %s\n    checked: %s\n%s    times: [{days: [daily], opens: \"3:00\", closes: \"4:00\"}]\n    changes: [{date: %s, cancelled: true}]\n",
			i, 'A'+rune(r.IntN(4)), i, []string{"screen", "in-person"}[r.IntN(2)], today, by, today)
	}
	fmt.Fprintf(&b, "holidays:\n  - {name: all, from: %s, until: %s}\n", today-5, today+20)
	if text := b.String(); r.IntN(3) > 0 {
		return text
	}
	return []string{"services: 3\n", "\x00\xff", "", "services:\n  - {", strings.Repeat("- ", 9000), "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\n"}[r.IntN(6)]
}

// live changes what an organisation says, as a day brings it.
func (o *organisation) live(today timetable.Date) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.random
	now := &says{}
	for _, v := range o.history[len(o.history)-1].services {
		v.off = slices.DeleteFunc(slices.Clone(v.off), func(d timetable.Date) bool { return d < today })
		switch r.IntN(48) {
		case 0: // somebody looked
			v.checked = today
		case 2:
			v.opens, v.closes = 8+r.IntN(5), 14+r.IntN(6)
			v.off, v.checked = nil, today
		case 3, 4, 5, 6, 7:
			if d := today + timetable.Date(r.IntN(3)); slices.Contains(v.days, d.Weekday()) && !slices.Contains(v.off, d) && len(v.off) < 3 {
				v.off = append(v.off, d)
			}
		case 8:
			v.hidden = r.IntN(3) == 0
		}
		now.services = append(now.services, v)
	}
	o.history = append(o.history, now)
}

// ServeHTTP answers as an address does in a bad year, and notes what came through.
func (o *organisation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	how := o.random.IntN(40)
	now := o.history[len(o.history)-1]
	body, of, broken := o.text(now, -1), now, false
	switch {
	case o.hostile:
		body, broken = o.attack(timetable.DateIn(time.Now(), paris)), true
	case how < 9: // late: what held some days ago
		of = o.history[max(0, len(o.history)-1-o.random.IntN(20))]
		body = o.text(of, -1)
	case how < 14: // broken in one place
		body, broken = o.text(now, o.random.IntN(len(now.services))), true
	}
	tag := fmt.Sprintf("%q", hash(body))
	old := r.Header.Get("If-None-Match") == tag
	switch {
	case how < 6 || old:
	case broken:
		o.refused = append(o.refused, of)
	default:
		o.good, o.refused = of, nil
	}
	o.mu.Unlock() // time does not pass where somebody waits for it

	switch how {
	case 0:
		http.Error(w, "no", http.StatusInternalServerError)
	case 1: // lost on the way
		w.Header().Set("Content-Length", "99999")
		io.WriteString(w, body)
	case 2: // it hangs
		<-r.Context().Done()
	case 3: // it drips until nobody waits any more
		for r.Context().Err() == nil {
			io.WriteString(w, "#")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Second)
		}
	case 4:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<p>sign in")
	case 5:
		io.WriteString(w, strings.Repeat("# large\n", 1<<18))
	default:
		if w.Header().Set("ETag", tag); old {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, body)
	}
}

// pipes is a network without sockets, so that time can be made to pass.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	a, b := net.Pipe()
	p <- b
	return a, nil
}

// without is a guard that is switched off, so that the test is seen to fail.
type without string

const (
	nothing  without = ""
	ages     without = "the age of checks"
	doubts   without = "the doubt that a refused version casts"
	own      without = "each organisation's own name"
	separate without = "each source by itself"
)

// aYear is a year of five organisations, of which one is hostile, by independent bookkeeping.
// It gives what was wrong, and how often each state was seen.
func aYear(t *testing.T, days int, seed uint64, off without) (wrong []string, seen map[string]int) {
	seen = map[string]int{}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(4 * 24 * time.Hour) // the calendars' first days are of the year 2000
		start := timetable.DateIn(time.Now(), paris)
		var orgs []*organisation
		for n, form := range []string{"yaml", "csv", "ics", "csv", "yaml"} {
			o := &organisation{name: "Org " + string('A'+rune(n)), form: form, hostile: n == 4, random: rand.New(rand.NewPCG(seed, uint64(n)))}
			first := &says{}
			for i := range 3 {
				first.services = append(first.services, offer{id: fmt.Sprintf("s%d", i), name: fmt.Sprintf("Service %c%d", 'A'+n, i), opens: 9 + i, closes: 15 + i,
					days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Friday, time.Saturday}, checked: start})
			}
			o.history = []*says{first}
			orgs = append(orgs, o)
		}
		networks := map[string]pipes{}
		var servers []*http.Server
		for n, o := range orgs {
			p := make(pipes)
			server := &http.Server{Handler: o}
			networks[fmt.Sprintf("%c.example:80", 'a'+n)] = p
			servers = append(servers, server)
			go server.Serve(p)
		}
		var mu sync.Mutex // guards what follows
		usable := true
		var inUse *timetable.Timetable
		lastGood := map[int]*timetable.Timetable{} // for a box without doubts
		network := Net{Look: 20 * time.Minute, Client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, n, address string) (net.Conn, error) {
			return networks[address].dial(ctx, n, address)
		}}}, Usable: func() bool {
			mu.Lock()
			defer mu.Unlock()
			return usable
		}}
		disk := durabletest.New(seed)
		begin := func() (stop func()) {
			var origins []Origin
			for n, o := range orgs {
				with := Options{By: o.name, Public: timetable.Public{{Kind: timetable.PublicSaid}}, Form: o.form}
				if off == own {
					with.By = ""
				}
				origins = append(origins, Origin{Name: fmt.Sprintf("org-%c", 'a'+n), From: fmt.Sprintf("http://%c.example/t", 'a'+n), Options: with})
			}
			all := Open(disk, "/state", origins, true)
			tables := map[int]*timetable.Timetable{} // as a box without the guard has them
			took := func(n int, l Loaded) {
				mu.Lock()
				defer mu.Unlock()
				if off == doubts {
					if l.Timetable != nil {
						lastGood[n] = l.Timetable
					}
					if l.Err != nil {
						l.InUse = lastGood[n]
					}
				}
				if off == ages && l.InUse != nil {
					old := *l.InUse
					old.MaxAge = 1000 * 24 * time.Hour
					l.InUse = &old
				}
				tables[n] = l.InUse
				next := all.Take(n, l).InUse
				switch off {
				case separate:
					next = mixed(tables)
				case ages, doubts:
					var parts []timetable.Part
					for n, o := range origins {
						parts = append(parts, timetable.Part{Name: o.Name, Timetable: tables[n]})
					}
					next, _ = timetable.Join(parts)
				}
				if inUse != nil && next == nil {
					wrong = append(wrong, "there is no timetable any more")
				}
				inUse = next
			}
			for n, f := range all.All() {
				took(n, f.Load())
			}
			ctx, cancel := context.WithCancel(t.Context())
			var ended sync.WaitGroup
			for n, f := range all.All() {
				ended.Go(func() {
					if err := f.Follow(ctx, network, func(l Loaded) { took(n, l) }); !errors.Is(err, context.Canceled) {
						t.Errorf("%s ended: %v", f.Name, err)
					}
				})
			}
			return func() {
				cancel()
				ended.Wait()
			}
		}
		r := rand.New(rand.NewPCG(seed, 99))
		stop := begin()
		for day := range days {
			for range 8 { // looks a day
				time.Sleep(3 * time.Hour)
				synctest.Wait()
				mu.Lock()
				wrong = append(wrong, judge(orgs, inUse, time.Now(), seen)...)
				mu.Unlock()
			}
			for _, o := range orgs {
				o.live(timetable.DateIn(time.Now(), paris))
			}
			mu.Lock()
			usable = r.IntN(6) > 0 // a day without internet
			mu.Unlock()
			if day%9 == 8 { // the power goes
				stop()
				disk.Crash()
				stop = begin()
				synctest.Wait()
				mu.Lock()
				if inUse == nil {
					wrong = append(wrong, "after a power cut there is no timetable")
				}
				mu.Unlock()
			}
		}
		stop()
		for _, s := range servers {
			s.Close()
		}
	})
	return wrong, seen
}

// mixed is one timetable of all sources' rows, as if they were one source's.
func mixed(tables map[int]*timetable.Timetable) *timetable.Timetable {
	var one *timetable.Timetable
	for _, n := range slices.Sorted(maps.Keys(tables)) {
		tt := tables[n]
		if tt == nil {
			continue
		}
		if one == nil {
			one = &timetable.Timetable{Zone: tt.Zone, MaxAge: tt.MaxAge}
		}
		for _, s := range tt.Services {
			s.ID = fmt.Sprintf("org-%c.%s", 'a'+n, s.ID)
			one.Services = append(one.Services, s)
		}
		one.Holidays = append(one.Holidays, tt.Holidays...)
	}
	return one
}

// judge holds the rows that visitors may see now against what came through of what
// each organisation says.
func judge(orgs []*organisation, inUse *timetable.Timetable, now time.Time, seen map[string]int) (wrong []string) {
	fail := func(format string, args ...any) {
		wrong = append(wrong, now.Format(time.DateTime)+": "+fmt.Sprintf(format, args...))
	}
	today := timetable.DateIn(now, paris)
	rows := map[string][]timetable.Row{} // by organisation
	if inUse != nil {
		for _, r := range timetable.OnScreen(inUse.Rows(now, "")) {
			source, _, _ := strings.Cut(r.Service.ID, ".")
			org := "Org " + strings.ToUpper(strings.TrimPrefix(source, "org-"))
			rows[org] = append(rows[org], r)
			if r.Service.By != "" && r.Service.By != org {
				fail("a row of %s is said to be checked by %q", org, r.Service.By)
			}
		}
	}
	for _, o := range orgs {
		o.mu.Lock()
		good, refused := o.good, o.refused
		o.mu.Unlock()
		if o.hostile {
			continue // whatever it says of itself
		}
		had := map[string]bool{}
		for _, r := range rows[o.name] {
			var v *offer
			meant := good
			if meant == nil && len(refused) > 0 {
				meant = refused[len(refused)-1] // the rows that can be read
			}
			if meant != nil {
				i := slices.IndexFunc(meant.services, func(v offer) bool { return v.name == r.Service.Name["en"] })
				if i >= 0 {
					v = &meant.services[i]
				}
			}
			if v == nil || had[v.id] {
				fail("%s shows %s, which it never said", o.name, r.Service.Name["en"])
				continue
			}
			had[v.id] = true
			seen[string(r.State)]++
			want := v.state(today)
			if want == "" {
				fail("%s: %s is shown", o.name, v.name)
				continue
			}
			if r.State == timetable.Confirmed {
				if want != "confirmed" {
					fail("%s: %s is confirmed, and is %s", o.name, v.name, want)
				}
				if h := r.Opens.In(paris).Hour(); h != v.opens || r.Closes.In(paris).Hour() != v.closes {
					fail("%s: %s from %d on, and it is from %d on", o.name, v.name, h, v.opens)
				}
				for _, later := range refused {
					if l := later.of(v.id); l == nil || l.state(today) != "confirmed" {
						fail("%s: %s is confirmed, and a version that was refused says otherwise", o.name, v.name)
					}
				}
			}
			if len(refused) == 0 && string(r.State) != want {
				fail("%s: %s is %s, and nothing of its own says so: %s", o.name, v.name, r.State, want)
			}
		}
		if good == nil || len(refused) > 0 {
			seen["in doubt"]++
			continue
		}
		for _, v := range good.services {
			if v.state(today) != "" && !had[v.id] {
				fail("%s: %s is not shown", o.name, v.name)
			}
		}
		seen["well"]++
	}
	return wrong
}

// A year of late, lost, broken and contradicting updates from five organisations'
// addresses, with power cuts: never down, never falsely fresh, never another's row.
// 40 days of it; with INFOBUS_SOAK all 365.
func TestAYearOfFiveOrganisations(t *testing.T) {
	days := 40
	if os.Getenv("INFOBUS_SOAK") != "" {
		days = 365
	}
	wrong, seen := aYear(t, days, 1, nothing)
	for _, w := range wrong[:min(len(wrong), 20)] {
		t.Error(w)
	}
	for _, state := range []string{"confirmed", "ask us", "cancelled", "in doubt", "well"} {
		if seen[state] < days/4 {
			t.Errorf("%s was seen only %d times", state, seen[state])
		}
	}
	t.Logf("%d days: %v", days, seen)
}

// Without any of what guards it, the year above goes wrong.
func TestTheYearOfFiveOrganisationsFindsWhatIsWrong(t *testing.T) {
	for off, days := range map[without]int{ages: 40, doubts: 20, own: 5, separate: 5} {
		wrong, _ := aYear(t, days, 1, off)
		if len(wrong) == 0 {
			t.Errorf("without %s nothing was wrong", off)
		} else {
			t.Logf("without %s: %d, such as %s", off, len(wrong), wrong[0])
		}
	}
}

package samples

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func volts(v float64) Values {
	all := Unknown()
	all[Volts] = v
	return all
}

// A mean is over the time for which the value was known, and what was never known has none.
func TestAMeanIsOverTheTimeThatWasKnown(t *testing.T) {
	var b Book
	b.See(volts(12), time.Minute)
	b.See(volts(14), 6*time.Minute)
	b.See(Unknown(), 11*time.Minute)
	b.See(volts(99), 16*time.Minute)
	list := b.Take()
	if len(list) != 1 || list[0].From != time.Minute || list[0].To != 16*time.Minute || list[0].Values[Volts] != 13 || list[0].Known(Amps) {
		t.Errorf("%+v", list)
	}
	if b.Take() != nil || b.Waiting() != 0 {
		t.Error("it is given twice")
	}
}

func TestASampleThatIsCutShortHasLastedForAMinuteAtLeast(t *testing.T) {
	var b Book
	b.Close(time.Hour, time.Minute) // nothing was seen yet
	b.See(volts(12), time.Hour)
	b.Close(time.Hour+59*time.Second, time.Minute)
	if b.Waiting() != 0 {
		t.Error("59 s are a sample")
	}
	b.Close(time.Hour+60*time.Second, time.Minute)
	b.Close(time.Hour+60*time.Second, 0)
	if list := b.Take(); len(list) != 1 || list[0].To-list[0].From != time.Minute || list[0].Values[Volts] != 12 {
		t.Errorf("%+v", list)
	}
}

// Whenever is looked, the quarters of an hour follow one another without a gap, none lasts
// longer, they come to what was measured, and the points that are held are in order and
// bounded.
func TestPropertyNothingIsCountedTwiceOrLeftOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			b             Book
			begin         = time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "begin"))
			now, since    = begin, begin
			v             = Unknown()
			charge, given float64 // A × s
		)
		take := func() {
			b.See(v, now)
			b.Close(now, 0)
			for _, p := range b.Take() {
				if p.From != since || p.To <= p.From || p.To-p.From > quarter {
					t.Fatalf("from %v to %v after %v", p.From, p.To, since)
				}
				if p.Known(Volts) && (p.Values[Volts] < 11.999 || p.Values[Volts] > 14.001) {
					t.Fatalf("%v V", p.Values[Volts])
				}
				since = p.To
				given += p.Values[Amps] * (p.To - p.From).Seconds()
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			v[Volts] = rapid.SampledFrom([]float64{math.NaN(), 12, 14}).Draw(t, "volts")
			v[Amps] = rapid.Float64Range(-20, 20).Draw(t, "amps")
			b.See(v, now)
			pause := time.Duration(rapid.Int64Range(1, int64(40*time.Minute)).Draw(t, "pause"))
			now += pause
			charge += v[Amps] * pause.Seconds()
			if rapid.IntRange(0, 5).Draw(t, "taken") == 0 {
				take()
			}
		}
		take()
		if since != now || math.Abs(given-charge) > 1e-6*(now-begin).Seconds() {
			t.Fatalf("%v A s up to %v; %v A s up to %v were measured", given, since, charge, now)
		}
		points := b.Points()
		for i, p := range points {
			if i > 0 && p.To < points[i-1].To {
				t.Fatalf("%v after %v", p.To, points[i-1].To)
			}
		}
		if len(points) > minutesFor+int(looksFor/time.Second)+1 {
			t.Fatalf("%d points", len(points))
		}
	})
}

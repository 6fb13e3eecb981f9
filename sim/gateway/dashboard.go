package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// dashboardAPI answers like the Meraki Dashboard API v1 where the box asks it,
// and where it must never ask: the list of clients.
func (g *Gateway) dashboardAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/organizations/{organization}/cellularGateway/uplink/statuses", func(w http.ResponseWriter, r *http.Request) {
		g.json(w, http.StatusOK, []any{map[string]any{
			"networkId":      "N_1",
			"serial":         g.plant(0, "Q2XX-XXXX-XXXX"),
			"model":          "MG41E",
			"lastReportedAt": time.Now().Add(-20 * time.Second).UTC().Format(time.RFC3339),
			"uplinks": []any{map[string]any{
				"interface": "cellular", "status": "active", "provider": "Orange F", "connectionType": "LTE",
				"signalStat": map[string]any{"rsrp": "\u221297", "rsrq": "\u221211"},
				"signalType": "LTE", "roaming": map[string]any{"status": "home"},
				"ip": g.plant(1, "10.0.0.2"), "publicIp": g.plant(2, "198.51.100.2"), "gateway": g.plant(3, "10.0.0.1"),
				"dns1": g.plant(4, ""), "dns2": g.plant(5, ""), "apn": g.plant(6, "orange"),
				"iccid": g.plant(7, ""), "imsi": g.plant(8, ""), "msisdn": g.plant(9, ""),
			}},
			"clients": g.clients(),
		}})
	})
	mux.HandleFunc("GET /api/v1/networks/{network}/clients/overview", func(w http.ResponseWriter, r *http.Request) {
		g.json(w, http.StatusOK, map[string]any{
			"counts":  map[string]any{"total": 42, "withHeavyUsage": 3},
			"usages":  map[string]any{"average": 250_000, "withHeavyUsageAverage": 900_000}, // kB
			"clients": g.clients(),
		})
	})
	mux.HandleFunc("GET /api/v1/organizations/{organization}/devices/availabilities", func(w http.ResponseWriter, r *http.Request) {
		point := func() map[string]any {
			return map[string]any{"mac": g.plant(0, "02:00:00:00:00:01"), "name": g.plant(1, "Amina"), "serial": g.plant(2, "Q2XX-XXXX-XXX0"), "network": map[string]any{"id": "N_1"},
				"productType": "wireless", "status": "online", "tags": []any{g.plant(3, "van")}}
		}
		g.json(w, http.StatusOK, []any{point(), point()})
	})
	mux.HandleFunc("GET /api/v1/networks/{network}/wireless/connectionStats", func(w http.ResponseWriter, r *http.Request) {
		g.json(w, http.StatusOK, map[string]any{"assoc": 2, "auth": 1, "dhcp": 0, "dns": 0, "success": 40, "clients": g.clients()})
	})
	mux.HandleFunc("GET /api/v1/devices/{serial}/cellular/sims", func(w http.ResponseWriter, r *http.Request) {
		card := func(slot string, first bool, status string) map[string]any {
			return map[string]any{"slot": slot, "isPrimary": first, "status": status,
				"iccid": g.plant(0, "8933000000000000000"), "imsi": g.plant(1, "208010000000000"), "msisdn": g.plant(2, "33600000000"),
				"apns": []any{map[string]any{"name": g.plant(3, "orange"), "allowedIpTypes": []any{"ipv4"},
					"authentication": map[string]any{"type": "pap", "username": g.plant(4, "user"), "password": g.plant(5, "secret")}}}}
		}
		g.json(w, http.StatusOK, map[string]any{
			"sims":        []any{card("sim1", true, "active"), card("sim2", false, "ready")},
			"simOrdering": []any{"sim1", "sim2"},
			"simFailover": map[string]any{"enabled": true, "timeout": 300},
		})
	})
	mux.HandleFunc("GET /api/v1/organizations/{organization}/devices/cellular/data/usage/history/byDevice/byInterval", g.serveUsage)
	mux.HandleFunc("GET /api/v1/networks/{network}/clients", func(w http.ResponseWriter, r *http.Request) {
		g.json(w, http.StatusOK, g.clients())
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := g.now().Dashboard
		if status == 0 && r.Header.Get("Authorization") == "" && r.Header.Get("X-Cisco-Meraki-API-Key") == "" {
			status = http.StatusUnauthorized
		}
		if status != 0 {
			w.Header().Set("Retry-After", "1")
			g.json(w, status, map[string]any{"errors": append([]string{http.StatusText(status)}, g.plants()...)})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (g *Gateway) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// clients is a list as the API gives it, one client a planted string.
func (g *Gateway) clients() []any {
	list := []any{}
	for _, s := range g.plants() {
		list = append(list, map[string]any{"mac": s, "ip": s, "description": s, "user": s})
	}
	return list
}

// perDay is what the simulated van's SIM cards carry in a day, in bytes: half a
// gigabyte, and next to nothing.
var perDay = map[string]float64{"sim1": 500e6, "sim2": 1e6}

// serveUsage counts by days of UTC from t0 to t1, a day in proportion to how
// much of it has passed.
func (g *Gateway) serveUsage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	t0, err0 := time.Parse(time.RFC3339, q.Get("t0"))
	t1, err1 := time.Parse(time.RFC3339, q.Get("t1"))
	const day = 24 * time.Hour
	if errors.Join(err0, err1) != nil || t1.Before(t0) || t1.Sub(t0) > 31*day || len(q["serials[]"]) != 1 {
		g.json(w, http.StatusBadRequest, map[string]any{"errors": []any{"t0, t1 and one serial are needed"}})
		return
	}
	intervals := []any{}
	for begin := t0.UTC().Truncate(day); begin.Before(t1); begin = begin.Add(day) {
		end := begin.Add(day)
		share := min(t1.Sub(begin), day).Hours() / day.Hours()
		var total int64
		cards := []any{}
		for _, name := range []string{"sim1", "sim2"} {
			n := int64(perDay[name] * share)
			total += n
			cards = append(cards, map[string]any{"name": name, "total": n})
		}
		intervals = append(intervals, map[string]any{"startTs": begin.Format(time.RFC3339), "endTs": end.Format(time.RFC3339),
			"usage": map[string]any{"total": total, "bySim": cards}})
	}
	g.json(w, http.StatusOK, map[string]any{
		"items":   []any{map[string]any{"serial": g.plant(0, q.Get("serials[]")), "intervals": intervals}},
		"meta":    map[string]any{"counts": map[string]any{"items": map[string]any{"total": 1, "remaining": 0}}},
		"clients": g.clients(),
	})
}

package gateway

import (
	"encoding/json"
	"net/http"
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
			"lastReportedAt": "2026-01-01T00:00:00Z",
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

package server

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"infobus/action"
	"infobus/status"
	"infobus/timetable"
	"infobus/words"
)

func TestVolunteersCorrectTheDaysServices(t *testing.T) {
	o := options()
	o.Services = func(*words.Speaker) status.ServicesPage {
		return status.ServicesPage{Date: "Monday 23 November 2026", Site: "BMX", Services: []status.ServiceLine{
			{ID: "water", Day: "2026-11-23", Name: "Drinking water", Place: "Parking", Map: "C", Hours: []status.Hours{{Opens: "08:00", Closes: "12:00"}, {Opens: "14:00", Closes: "20:00"}},
				State: "confirmed", Why: "checked 2 days ago by Eau du Large", Actions: []string{"timetable-confirm", "timetable-cancel", "timetable-hours"}},
			{ID: "legal", Day: "2026-11-23", Name: "Legal <advice>", Hours: []status.Hours{{Opens: "14:00", Closes: "17:00"}}, State: "cancelled",
				Why: "said to be cancelled today by a volunteer", Actions: []string{"timetable-confirm", "timetable-cancel", "timetable-hours", "timetable-undo"}},
		}}
	}
	var got action.Asked
	o.Act = func(_ context.Context, _ action.Row, a action.Asked) action.Refusal {
		if got = a; a.Service == "nowhere" {
			return action.NoService
		}
		return action.Taken
	}
	v := start(t, o)
	if answer, body := v.network("GET", "/services", ""); answer.StatusCode != 401 || strings.Contains(body, "water") {
		t.Fatalf("without the PIN: %d %s", answer.StatusCode, body)
	}
	_, page := v.socket("GET", "/services", "")
	for _, want := range []string{"Monday 23 November 2026", "<b>08:00–12:00, 14:00–20:00</b>", "checked 2 days ago by Eau du Large",
		"Legal &lt;advice&gt;", "Take back", `name="service" value="water"`, `value="20:00"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "<script") || strings.Count(page, "timetable-undo") != 1 || strings.Count(page, "timetable-hours") != 2 {
		t.Errorf("%s", page)
	}

	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, kind, body string
		want             action.Asked
	}{
		{"timetable-hours", form, "service=water&day=2026-11-23&opens=09:00&closes=11:00&opens=&closes=",
			action.Asked{Name: "timetable-hours", Args: action.Args{Service: "water", Day: timetable.DateOf(2026, 11, 23), Hours: []timetable.Hours{{Opens: 9 * 60, Closes: 11 * 60}}}}},
		{"timetable-hours", "application/json", `{"service":"water","hours":[{"opens":"22:00","closes":"02:00"}]}`,
			action.Asked{Name: "timetable-hours", Args: action.Args{Service: "water", Hours: []timetable.Hours{{Opens: 22 * 60, Closes: 26 * 60}}}}},
		{"sync", "", "", action.Asked{Name: "sync"}},
		{"confirm-site", form, "site=moulin", action.Asked{Name: "confirm-site", Args: action.Args{Site: "moulin"}}},
		{"confirm-site", "application/json", `{"site":"moulin"}`, action.Asked{Name: "confirm-site", Args: action.Args{Site: "moulin"}}},
	} {
		answer, body := v.socket("POST", "/api/v1/actions/"+c.name, c.body, "Content-Type", c.kind)
		if answer.StatusCode != 200 || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %d %s: %+v, want %+v", c.name, answer.StatusCode, body, got, c.want)
		}
	}
	for _, c := range []struct{ kind, body string }{{"application/json", "{"}, {form, "opens=09:00"}, {form, "service=%zz"}} {
		if answer, _ := v.socket("POST", "/api/v1/actions/timetable-hours", c.body, "Content-Type", c.kind); answer.StatusCode != 400 {
			t.Errorf("%s: %d", c.body, answer.StatusCode)
		}
	}

	// A form without script comes back to the page, with what is wrong on it.
	if answer, _ := v.socket("POST", "/api/v1/actions/timetable-cancel", "service=water", "Content-Type", form, "Accept", "text/html"); answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/services" {
		t.Errorf("%d at %q", answer.StatusCode, answer.Request.URL.Path)
	}
	answer, page := v.socket("POST", "/api/v1/actions/timetable-cancel", "service=nowhere", "Content-Type", form, "Accept", "text/html")
	if answer.StatusCode != 200 || answer.Request.URL.Path != "/services" || !strings.Contains(page, "No service of that name") || !strings.Contains(page, "Drinking water") {
		t.Errorf("%d %s", answer.StatusCode, page)
	}
}

// An action of the unix socket alone is none for a paired phone.
func TestWhoMayAskForAnActionStandsInItsRow(t *testing.T) {
	o := options()
	o.Actions = append(action.Table{{Name: "honk", Who: action.SocketOnly}}, action.All...)
	v := start(t, o)
	in, _ := v.network("POST", "/login", `{"pin":"471100"}`, "Content-Type", "application/json")
	cookie, mine := in.Header.Get("Set-Cookie"), token(in.Cookies()[0])
	for _, c := range []struct {
		what, path, cookie string
		socket             bool
		code               int
		says               string
	}{
		{"anybody", "honk", "", false, 401, `"code":"needs-pin"`},
		{"a volunteer", "honk", cookie, false, 403, `"code":"needs-socket"`},
		{"the box itself", "honk", "", true, 200, `{"done":"honk"}`},
		{"a volunteer, another action", "longer", cookie, false, 200, `{"done":"longer"}`},
		{"a volunteer, a generator's", "serviced-2", cookie, false, 200, `{"done":"serviced-2"}`},
		{"anybody, one that there is not", "gone", "", false, 401, `"code":"needs-pin"`},
		{"a volunteer, one that there is not", "gone", cookie, false, 404, "there are: honk, cancel-shutdown, "},
		{"a volunteer, in French", "refresh-screen?lang=fr", cookie, false, 409, "L’écran ne marche pas"},
	} {
		ask := v.network
		if c.socket {
			ask = v.socket
		}
		if answer, body := ask("POST", "/api/v1/actions/"+c.path, "", "Cookie", c.cookie, tokenHeader, mine); answer.StatusCode != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s; want %d with %s", c.what, answer.StatusCode, body, c.code, c.says)
		}
	}
}

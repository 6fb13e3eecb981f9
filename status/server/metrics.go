package server

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are gauges of the latest View and those of the Go runtime. What is
// not known has no line.
func (s *Server) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), viewCollector{s})
	return r
}

type viewCollector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("infobus_"+name, help, labels, nil)
}

var (
	clockTrusted       = desc("clock_trusted", "1 while the wall clock may be believed.")
	powerSource        = desc("power_source", "1 for the source that feeds the van.", "source")
	generatorRunning   = desc("generator_running", "1 while the generator runs.", "name")
	generatorStarts    = desc("generator_starts_total", "Starts of the generator.", "name")
	generatorHours     = desc("generator_run_hours_total", "Hours that the generator has run.", "name")
	batteryLevel       = desc("battery_level", "1 for the battery's level.", "level")
	batteryPercent     = desc("battery_percent", "State of charge, 0 to 100; only while fresh.")
	batteryVolts       = desc("battery_volts", "Voltage; only while fresh.")
	batteryAmps        = desc("battery_amps", "Current, above 0 into the battery; only while fresh.")
	shutdownPending    = desc("shutdown_pending", "1 while a power-off is announced.")
	sessionActive      = desc("session_active", "1 while a session is on.")
	uplinkVerdict      = desc("uplink_verdict", "1 for the uplink's verdict.", "verdict")
	devicesConnected   = desc("devices_connected", "Devices seen in the last 2 h.")
	kioskRefreshes     = desc("kiosk_refreshes_total", "Refreshes of the panel since it was new.")
	eventsDurable      = desc("events_durable_total", "Sequence number of the last durable event.")
	eventsAcknowledged = desc("events_acknowledged_total", "Sequence number of the last event that the receiver has.")
	eventsWaiting      = desc("events_waiting", "Durable events that the receiver does not have.")
	deviceOK           = desc("device_ok", "1 while the device works, 0 once it failed.", "name")
)

// Describe sends nothing: which lines there are depends on what is known.
func (viewCollector) Describe(chan<- *prometheus.Desc) {}

func (c viewCollector) Collect(out chan<- prometheus.Metric) {
	v := c.s.latest.Load().view
	put := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		put(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		put(d, prometheus.CounterValue, value, labels...)
	}
	yes := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}

	gauge(clockTrusted, yes(v.Clock.Trusted))
	gauge(powerSource, 1, v.Power.Source.String())
	for _, g := range v.Power.Generators {
		if g.State != "unknown" {
			gauge(generatorRunning, yes(g.State == "running"), g.Name)
		}
		if g.Starts != nil {
			count(generatorStarts, float64(*g.Starts), g.Name)
		}
		if g.RunHours != nil {
			count(generatorHours, *g.RunHours, g.Name)
		}
	}
	b := v.Power.Battery
	gauge(batteryLevel, 1, b.Level)
	if b.Quality == "fresh" {
		for d, value := range map[*prometheus.Desc]*float64{batteryPercent: b.Percent, batteryVolts: b.Volts, batteryAmps: b.Amps} {
			if value != nil {
				gauge(d, *value)
			}
		}
	}
	gauge(shutdownPending, yes(v.Power.Shutdown.Pending))
	gauge(sessionActive, yes(v.Session.Active))
	gauge(uplinkVerdict, 1, v.Uplink.Verdict)
	if n := v.Uplink.DevicesConnected; n != nil {
		gauge(devicesConnected, float64(*n))
	}
	if n := v.Kiosk.Refreshes; n != nil {
		count(kioskRefreshes, float64(*n))
	}
	count(eventsDurable, float64(v.Sync.Seq))
	count(eventsAcknowledged, float64(v.Sync.Acknowledged))
	gauge(eventsWaiting, float64(v.Sync.Waiting))
	for _, d := range v.Devices {
		if d.State != "unknown" {
			gauge(deviceOK, yes(d.State == "ok"), d.Name)
		}
	}
}

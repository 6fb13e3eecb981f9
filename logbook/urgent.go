package logbook

// urgent are the events that must be told at once, also where nothing is left
// of the data budget but what is kept for them; each with the attribute and its
// word that make it so, or with none where it always is.
var urgent = map[Name]struct{ key, word string }{
	PowerShutdown:  {},
	BatteryLevel:   {"level", "critical"},
	PowerMonoxide:  {},
	DeviceFailed:   {},
	LogbookDropped: {},
}

// Urgent says whether e must be told at once, and was not.
func Urgent(e Event) bool {
	if e.Also != "" {
		return false
	}
	u, ok := urgent[e.Name]
	return ok && (u.key == "" || e.Attributes[u.key] == u.word)
}

// Rides says whether e is no reason to send: it goes along with the next event that is.
// That an upload went well is no news, and a sample can wait for the day's summary.
func Rides(e Event) bool { return e.Name == SyncUploaded || e.Name == VanSampled }

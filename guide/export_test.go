package guide

// For the year of edits, which shows that it would see what these keep out.

func SwitchOffStale() (restore func()) {
	staleOff = true
	return func() { staleOff = false }
}

func SwitchOffShow() (restore func()) {
	showOff = true
	return func() { showOff = false }
}

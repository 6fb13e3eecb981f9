package main

// order says which folder may import which: for each folder, the rows of what
// is inside it, the bottom row first. A folder may import the folders that it
// stands in and what is in a lower row; nothing of its own row or above, and its
// own files nothing that is inside it. A package without a place here is a
// mistake; a place without a package is a room that is still to be built.
var order = map[string][]string{
	"": {
		"reading yamlfile systemd supervise durable tally samples private examples wall batterymodel card", // leaves
		"hw words",
		"netmon timetable",
		"logbook",
		"power days kiosk action pairing",
		"session guide",
		"van",
		"advice",
		"status",
		"selftest",
		"config sim images",
		"cmd",
	},
	"advice":            {"advicetest"},
	"card":              {"disk sum"},
	"cmd":               {"manual", "infobus infobusd"},
	"config":            {"lastgood settings"},
	"config/settings":   {"taken"},
	"durable":           {"durabletest"},
	"guide":             {"box translator"},
	"hw":                {"bus line battery temperature rtc", "epaper"},
	"hw/rtc":            {"rtctest"},
	"hw/battery":        {"batterytest"},
	"hw/epaper":         {"epapertest"},
	"hw/line":           {"linetest"},
	"images":            {"deb lab house licences testsum", "card"},
	"images/card":       {"cardtest early rootsum", "init keeper trial"},
	"images/lab":        {"away bare clocks debian edges halt init output"},
	"images/lab/debian": {"init"},
	"kiosk":             {"ink locales", "text", "board draw label", "glass"},
	"logbook":           {"store", "upload export report"},
	"logbook/store":     {"storetest"},
	"netmon":            {"link client", "probe meraki", "localpage", "lab"},
	"netmon/link":       {"linktest"},
	"pairing":           {"kept"},
	"reading":           {"clock"},
	"selftest":          {"firstboard"},
	"sim":               {"gateway day", "world"},
	"sim/day":           {"daytest"},
	"status":            {"server statustest"},
	"systemd":           {"units"},
	"timetable":         {"source timetabletest"},
	"timetable/source":  {"workbook sourcetest"},

	"timetable/source/workbook": {"excel"},
	"van":                       {"loop kept"},
	"words":                     {"wordstest"},
}

// drivers is the room that imports no room but these of ours: a driver knows
// what is on its wire, not what it is for.
const drivers = "hw"

var driversImport = []string{"hw", "reading"}

// pure are the packages that are judgement alone: neither they nor what they
// import of ours imports anything of outsideWorld.
var pure = []string{"reading", "words", "tally", "samples", "private", "wall", "yamlfile", "power", "session", "days", "timetable", "netmon", "kiosk", "logbook",
	"action", "pairing", "van", "advice", "status", "config", "guide", "config/settings", "sim/day", "batterymodel", "card"}

var outsideWorld = []string{"os", "os/exec", "os/signal", "net", "net/http", "syscall", "golang.org/x/sys/unix", "database/sql"}

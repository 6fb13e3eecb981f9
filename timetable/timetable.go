// Package timetable knows what is open when: the team's services, their hours,
// where, for which site, and when somebody last checked that it is true.
//
// In: a Timetable, made by timetable/source from the team's file. Out: the
// rows of one day, each with its state and why it is in it, and the session
// plan. It is pure: it takes the time as an argument, does no I/O, and never
// gives an hour for a service nobody has checked within its age without saying
// so in the row's State.
package timetable

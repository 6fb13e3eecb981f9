// Package store makes events durable: one SQLite file in the state directory,
// written by one writer, read by many.
//
// In: events, admitted once more at the door. Out: the same events with their
// identity {log, seq}, once they are on the disk, and whatever of them is asked
// for. An event that Append has given back outlives a power cut. The store never
// holds what the schema does not know, and never grows beyond its bounds.
package store

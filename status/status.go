// Package status is what people and programs see of the van: the volunteers'
// page, the visitors' page, the JSON API, the stream of states and the metrics.
//
// In: a View, published whenever something changed, and a few functions of
// Options that fetch what the View does not hold. Out: HTTP on the listeners
// that it is given. It decides nothing, keeps nothing on the disk, sends nothing
// of its own accord, and writes no line about who asked what.
package status

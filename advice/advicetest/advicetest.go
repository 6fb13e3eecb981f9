// Package advicetest has the sixty states of the van in which the right act is known
// (sixty.yaml), and a desk that brings a van into them through van.Step.
//
// In: a few words. Out: the van's options and state. The desk knows nothing of the
// judgement; tests of pages and pictures use it too.
package advicetest

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/goccy/go-yaml"

	"infobus/van"
)

//go:embed sixty.yaml
var file []byte

// Case is a state and the right act in it.
type Case struct {
	Name string   `yaml:"name"`
	Why  string   `yaml:"why"`
	With []string `yaml:"with"`
	Then []string `yaml:"then"`
	Act  string   `yaml:"act"`
	Not  []string `yaml:"not"`
}

// Sixty are the cases, in the order of their file.
var Sixty = sync.OnceValue(func() []Case {
	var all struct {
		States []Case `yaml:"states"`
	}
	if err := yaml.UnmarshalWithOptions(file, &all, yaml.Strict()); err != nil {
		panic(err) // a test reads them
	}
	return all.States
})

// Play brings a van into the state.
func (c Case) Play() (van.Options, van.State, error) {
	d, err := NewDesk(c.With...)
	if err != nil {
		return van.Options{}, van.State{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	for _, words := range c.Then {
		if err := d.Do(words); err != nil {
			return van.Options{}, van.State{}, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return d.Options, d.State, nil
}

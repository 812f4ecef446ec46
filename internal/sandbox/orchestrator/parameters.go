package orchestrator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// parameters are the members of an object in the order of the request. Python
// keeps that order, and StackStorm's message about unknown parameters follows
// it.
type parameters []member

type member struct {
	name  string
	value json.RawMessage
}

// parameters reads the parameters of the request's body.
func (c *call) parameters() (parameters, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(c.raw, &body); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body["parameters"]))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("parameters must be an object: %s", body["parameters"])
	}
	var ps parameters
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		ps.set(name.(string), value)
	}
	return ps, nil
}

// set replaces the value of a member, or adds the member at the end.
func (ps *parameters) set(name string, value json.RawMessage) {
	i := slices.IndexFunc(*ps, func(m member) bool { return m.name == name })
	if i < 0 {
		*ps = append(*ps, member{name, value})
		return
	}
	(*ps)[i].value = value
}

// setText sets a member to a string.
func (ps *parameters) setText(name, text string) {
	value, _ := json.Marshal(text) // a string always can be
	ps.set(name, value)
}

// MarshalJSON writes the members as an object, in their order.
func (ps parameters) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, m := range ps {
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, name...), ':'), m.value...)
	}
	return append(text, '}'), nil
}

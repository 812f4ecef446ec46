package provider

import (
	"context"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This file cleans what goes into a state. What only servers decide has no token of
// the provider in it. Texts for people are shown without secrets and without
// characters that control a terminal. All other values stay what they are, since
// other resources use them.

// forPeople are the attributes that nothing but people read.
var forPeople = map[string]bool{"description": true, "output": true, "skeleton": true, statusAttribute: true}

// statusAttribute is a text of one line.
const statusAttribute = "status"

// stateSchemas are the provider's schemas, read when they are first needed.
type stateSchemas struct {
	once    sync.Once
	schemas *tfprotov6.GetProviderSchemaResponse
}

func (s *server) resourceSchema(ctx context.Context, name string) *tfprotov6.Schema {
	return s.stateSchemas(ctx).ResourceSchemas[name]
}

func (s *server) dataSourceSchema(ctx context.Context, name string) *tfprotov6.Schema {
	return s.stateSchemas(ctx).DataSourceSchemas[name]
}

func (s *server) stateSchemas(ctx context.Context) *tfprotov6.GetProviderSchemaResponse {
	s.states.once.Do(func() {
		s.states.schemas = &tfprotov6.GetProviderSchemaResponse{}
		if found, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}); err == nil {
			s.states.schemas = found
		}
	})
	return s.states.schemas
}

// cleanState cleans the attributes that only servers decide. config is what a data
// source was given; nil for a resource. What cannot be read is left to the CLI, which
// refuses it.
func (s *server) cleanState(schema *tfprotov6.Schema, state, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	attributes, ok := attributesOf(schema, state)
	if !ok {
		return state
	}
	given, isLookup := attributesOf(schema, config)
	changed := false
	for _, a := range schema.Block.Attributes {
		if a.Computed && (!a.Optional || isLookup && given[a.Name].IsNull()) {
			was := attributes[a.Name]
			dynamic := a.Type != nil && a.Type.Is(tftypes.DynamicPseudoType)
			var more bool
			attributes[a.Name], more = s.cleanValue(was, a.Name, dynamic)
			changed = changed || more
		}
	}
	if !changed {
		return state
	}
	cleaned, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), attributes))
	if err != nil {
		return state
	}
	return &cleaned
}

func attributesOf(schema *tfprotov6.Schema, object *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value, ok bool) {
	if schema == nil || object == nil {
		return nil, false
	}
	v, err := object.Unmarshal(schema.ValueType())
	if err != nil || v.IsNull() || v.As(&attributes) != nil {
		return nil, false
	}
	return attributes, true
}

// cleanValue cleans the strings in a value. name is that of the nearest attribute.
// Names in a dynamic value are a workflow's.
func (s *server) cleanValue(v tftypes.Value, name string, dynamic bool) (cleaned tftypes.Value, changed bool) {
	if v.IsNull() || !v.IsKnown() {
		return v, false
	}
	switch ty := v.Type(); {
	case ty.Is(tftypes.String):
		var text string
		if v.As(&text) != nil {
			return v, false
		}
		shown := s.stateText(text, name, dynamic)
		return tftypes.NewValue(ty, shown), shown != text
	case ty.Is(tftypes.Object{}), ty.Is(tftypes.Map{}):
		return s.cleanMembers(v, name, dynamic)
	case ty.Is(tftypes.List{}), ty.Is(tftypes.Set{}), ty.Is(tftypes.Tuple{}):
		return s.cleanItems(v, name, dynamic)
	}
	return v, false
}

func (s *server) cleanMembers(v tftypes.Value, name string, dynamic bool) (cleaned tftypes.Value, changed bool) {
	var members map[string]tftypes.Value
	if v.As(&members) != nil {
		return v, false
	}
	for key, x := range members {
		inner := name
		if v.Type().Is(tftypes.Object{}) {
			inner = key
		}
		var more bool
		members[key], more = s.cleanValue(x, inner, dynamic)
		changed = changed || more
	}
	return tftypes.NewValue(v.Type(), members), changed
}

func (s *server) cleanItems(v tftypes.Value, name string, dynamic bool) (cleaned tftypes.Value, changed bool) {
	var items []tftypes.Value
	if v.As(&items) != nil {
		return v, false
	}
	for i, x := range items {
		var more bool
		items[i], more = s.cleanValue(x, name, dynamic)
		changed = changed || more
	}
	return tftypes.NewValue(v.Type(), items), changed
}

func (s *server) stateText(text, name string, dynamic bool) string {
	switch {
	case dynamic || !forPeople[name]:
		return s.secrets.withoutTokens(text)
	case name == statusAttribute:
		return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s.secrets.shown(text))
	default:
		return s.secrets.shown(text)
	}
}

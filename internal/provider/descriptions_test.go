package provider

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// described is an attribute and where it stands, such as timeouts.create.
type described struct {
	name string
	*tfprotov6.SchemaAttribute
}

func (d described) configurable() bool { return d.Required || d.Optional }

// describedIn are the attributes of a schema, with those inside others.
func describedIn(attributes []*tfprotov6.SchemaAttribute, prefix string) (all []described) {
	for _, a := range attributes {
		all = append(all, described{prefix + a.Name, a})
		if a.NestedType != nil {
			all = append(all, describedIn(a.NestedType.Attributes, prefix+a.Name+".")...)
		}
	}
	return all
}

// TestEveryAttributeIsDescribed: in all that the provider offers. A duration
// shows its unit and its default.
func TestEveryAttributeIsDescribed(t *testing.T) {
	schemas := map[string]*tfprotov6.Schema{"provider": providerSchemas().Provider}
	maps.Copy(schemas, providerSchemas().ResourceSchemas)
	for name, s := range providerSchemas().DataSourceSchemas {
		schemas["data "+name] = s
	}
	for name, s := range providerSchemas().ListResourceSchemas {
		schemas["list "+name] = s
	}
	for name, s := range providerSchemas().ActionSchemas {
		schemas["action "+name] = s.Schema
	}
	duration := regexp.MustCompile("`\\d+(ms|s|m|h)`.*\\(default `\\d+(ms|s|m|h)`")
	for where, s := range schemas {
		for _, a := range describedIn(s.Block.Attributes, "") {
			if !strings.HasSuffix(strings.TrimSuffix(a.Description, "`"), ".") {
				t.Errorf("%s: %s is not described by a sentence: %q", where, a.name, a.Description)
			}
			parent, _, _ := strings.Cut(a.name, ".")
			isDuration := a.name == "request_timeout" || parent != a.name && (parent == "timeouts" || parent == "poll_interval")
			if isDuration && !duration.MatchString(a.Description) {
				t.Errorf("%s: %s shows no duration, or not its default: %q", where, a.name, a.Description)
			}
		}
	}
}

// TestDescriptionsNameTheDefault: what an argument of a resource is when it is
// left out.
func TestDescriptionsNameTheDefault(t *testing.T) {
	for _, r := range []resource.Resource{&instanceResource{}, newServiceResource(), &stackStormActionResource{}} {
		var s resource.SchemaResponse
		r.Schema(t.Context(), resource.SchemaRequest{}, &s)
		for name, a := range s.Schema.Attributes {
			if !a.IsOptional() {
				continue
			}
			want := "efault" // (default `x`), (default: none) or a sentence with Default
			if text := defaultOf(t.Context(), a); text != "" {
				want = fmt.Sprintf("(default `%s`)", text)
			}
			if !strings.Contains(a.GetMarkdownDescription(), want) && !noDefault[name] {
				t.Errorf("%T: the description of %s does not contain %q: %s", r, name, want, a.GetMarkdownDescription())
			}
		}
	}
}

// noDefault are arguments of which everybody knows what it means to leave them
// out, and whose members have defaults of their own.
var noDefault = map[string]bool{"parameters": true, "parameters_wo": true, "parameters_wo_version": true, "triggers": true, "timeouts": true}

// defaultOf is the default of the schema, if that is not empty.
func defaultOf(ctx context.Context, a schema.Attribute) string {
	switch a := a.(type) {
	case schema.BoolAttribute:
		if a.Default != nil {
			return regexp.MustCompile(`true|false`).FindString(a.Default.Description(ctx))
		}
	case schema.StringAttribute:
		if a.Default != nil {
			return strings.TrimPrefix(a.Default.Description(ctx), "value defaults to ")
		}
	}
	return ""
}

// change is what a change of an argument does by its description.
var change = regexp.MustCompile(`Changing it (starts a new run|runs nothing|registers a new service|registers nothing|replaces the action|updates the action in place)\b`)

// replacing are the changes that need a new resource.
var replacing = []string{"starts a new run", "registers a new service", "replaces the action"}

// changed are an argument's values before and after. A name with a dot is inside
// another argument.
type changed struct{ before, after any }

// changes are the values of every argument of every resource.
func changes() map[string]map[string]changed {
	object := func(name string, value any) map[string]any { return map[string]any{name: value} }
	onDestroy := func(name string, value any) map[string]any {
		return map[string]any{"action": upkeepRemove, "parameters": object("what", "x"), name: value}
	}
	workflow := func(source, wfeType string) []any {
		return []any{map[string]any{"definition_source": source, "wfe_type": wfeType}}
	}
	return map[string]map[string]changed{
		instanceType: {
			"service_id":  {upkeepService, unknownValue{}},
			"name":        {"work", "other"},
			"action":      {upkeepWork, upkeepRemove},
			"description": {"", "other"},
			"user_id":     {"terraform", "other"},
			"parameters":  {object("message", "hello"), object("message", "bye")},

			"parameters_wo":         {nil, object("message", "bye")},
			"parameters_wo_version": {1, 2},
			"triggers":              {object("v", "1"), object("v", "2")},
			"wait_for_completion":   {true, false},
			"continue_on_timeout":   {false, true},
			"validate_parameters":   {true, false},
			"adopt_existing":        {nil, false},
			"cancel_on_destroy":     {false, true},

			"on_destroy":                      {nil, onDestroy("action", upkeepRemove)},
			"on_destroy.service_id":           {onDestroy("service_id", nil), onDestroy("service_id", upkeepService)},
			"on_destroy.action":               {onDestroy("action", upkeepRemove), map[string]any{"action": upkeepWork, "parameters": object("message", "x")}},
			"on_destroy.name":                 {onDestroy("name", nil), onDestroy("name", "other")},
			"on_destroy.parameters":           {onDestroy("name", nil), onDestroy("parameters", object("what", "y"))},
			"on_destroy.published_parameters": {onDestroy("name", nil), map[string]any{"action": upkeepRemove, "published_parameters": object("what", "said")}},

			"timeouts":        {nil, object("create", "1h")},
			"timeouts.create": {object("create", "1h"), object("create", "2h")},
			"timeouts.update": {object("update", "1h"), object("update", "2h")},
			"timeouts.delete": {object("delete", "1h"), object("delete", "2h")},
		},
		serviceType: {
			"name":               {"own", "other"},
			"description":        {"own", "other"},
			"group":              {"lab", "other"},
			"user_id":            {"terraform", "other"},
			"input":              {nil, "{}"},
			"constraint":         {nil, "{}"},
			"adopt_existing":     {true, false},
			"validate_workflows": {true, false},

			"workflows":                   {workflow("opensds.a", "st2"), workflow("opensds.b", "st2")},
			"workflows.definition_source": {workflow("opensds.a", "st2"), workflow("opensds.b", "st2")},
			"workflows.wfe_type":          {workflow("opensds.a", "st2"), workflow("opensds.a", "st2-2")},
		},
		actionType: {
			"name":            {"own", "other"},
			"pack":            {"opensds", "mine"},
			"content":         {ownWorkflow, ownWorkflow + "\n"},
			"entry_point":     {nil, "workflows/other.yaml"},
			"files":           {nil, object("x.py", "")},
			"runner_type":     {"mistral-v2", "orquesta"},
			"description":     {"", "other"},
			"enabled":         {true, false},
			"parameters":      {ownAction(nil)["parameters"], withParameter("message", map[string]any{"type": "string"})},
			"tags":            {nil, object("a", "b")},
			"overwrite_files": {false, true},
		},
	}
}

// TestChangesDoWhatTheirDescriptionsSay plans a change of every argument of every
// resource. It replaces the resource only if the description says so.
func TestChangesDoWhatTheirDescriptionsSay(t *testing.T) {
	for resource, arguments := range changes() {
		for _, a := range describedIn(providerSchemas().ResourceSchemas[resource].Block.Attributes, "") {
			if !a.configurable() {
				continue
			}
			t.Run(resource+"."+a.name, func(t *testing.T) {
				said := change.FindAllStringSubmatch(a.Description, -1)
				if len(said) != 1 {
					t.Fatalf("its description says %d times what changing it does: %s", len(said), a.Description)
				}
				values, ok := arguments[a.name]
				if !ok {
					t.Fatal("this test does not change it")
				}
				planned := planChange(t, resource, a.name, values)
				if want := slices.Contains(replacing, said[0][1]); planned.replaces != want {
					t.Errorf("changing it %s, but a plan replaces the resource: %t", said[0][1], planned.replaces)
				}
				if !planned.differs && !a.WriteOnly {
					t.Error("the plan changes nothing, so it proves nothing")
				}
			})
		}
	}
}

type plannedEdit struct{ replaces, differs bool }

// planChange applies a resource with the value before, and plans it with the one
// after.
func planChange(t *testing.T, resource, argument string, values changed) plannedEdit {
	t.Helper()
	sb := upkeepSandbox(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "opensds.b")
	argument, _, _ = strings.Cut(argument, ".")
	c := newCommandAs(t, sb, uploading(sb, nil))
	c.resource = resource
	saved := c.run(savedResource{}, argumentsWith(resource, argument, values.before))
	if c.failed {
		t.Fatal(c.said())
	}
	plan, diags := c.plans.plan(resource, saved, argumentsWith(resource, argument, values.after))
	if plan == nil {
		t.Fatal(diagnosticsText(diags))
	}
	before, after := c.plans.attributes(resource, saved.state), c.plans.attributes(resource, plan.PlannedState)
	edit := plannedEdit{differs: !after[argument].Equal(before[argument])}
	for _, at := range plan.RequiresReplace {
		edit.replaces = edit.replaces || pathText(at) == argument || strings.HasPrefix(pathText(at), argument+"[")
	}
	return edit
}

// argumentsWith are the arguments of a resource, one of them with this value.
func argumentsWith(resource, argument string, value any) map[string]any {
	more := map[string]any{argument: value}
	switch resource {
	case serviceType:
		given := map[string]any{"name": "own", "description": "own", "group": "lab", "user_id": "terraform", "adopt_existing": true, "validate_workflows": true,
			"workflows": []any{map[string]any{"definition_source": "opensds.a", "wfe_type": "st2"}}}
		maps.Copy(given, more)
		return given
	case actionType:
		switch argument { // the workflow must carry the action's name
		case "name":
			more["content"] = strings.ReplaceAll(ownWorkflow, "opensds.own", fmt.Sprintf("opensds.%s", value))
		case "pack":
			more["content"] = strings.ReplaceAll(ownWorkflow, "opensds.own", fmt.Sprintf("%s.own", value))
		}
		return ownAction(more)
	}
	return upkeepArguments(more)
}

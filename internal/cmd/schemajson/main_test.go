package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// at walks decoded JSON by keys.
func at(t *testing.T, v any, keys ...string) any {
	t.Helper()
	for i, key := range keys {
		object, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%v is no object but %v", keys[:i], v)
		}
		v = object[key]
	}
	return v
}

func TestSchemas(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var printed any
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatal(err)
	}
	soda := at(t, printed, "provider_schemas", "soda")
	instance := []string{"resource_schemas", "soda_orchestration_instance", "block", "attributes"}
	service := []string{"resource_schemas", "soda_orchestration_service", "block", "attributes"}
	for _, c := range []struct {
		keys []string
		want any
	}{
		{[]string{"provider", "block", "attributes", "password", "sensitive"}, true},
		{[]string{"provider", "block", "attributes", "endpoint", "sensitive"}, nil},
		{append(instance, "parameters", "type"), "dynamic"},
		{append(instance, "parameters_wo", "write_only"), true},
		{append(instance, "name", "required"), true},
		{append(instance, "name", "computed"), nil},
		{append(instance, "id", "computed"), true},
		{append(instance, "id", "description_kind"), "markdown"},
		{append(instance, "timeouts", "nested_type", "nesting_mode"), "single"},
		{append(service, "workflows", "nested_type", "nesting_mode"), "list"},
		{append(service, "workflows", "nested_type", "attributes", "wfe_type", "optional"), true},
		{append(service, "workflows", "type"), nil},
		{[]string{"data_source_schemas", "soda_orchestration_workflow", "block", "attributes", "ref", "type"}, "string"},
		{[]string{"resource_identity_schemas", "soda_orchestration_instance", "attributes", "id", "required_for_import"}, true},
		{[]string{"resource_identity_schemas", "soda_orchestration_instance", "attributes", "tenant_id", "optional_for_import"}, true},
	} {
		if got := at(t, soda, c.keys...); got != c.want {
			t.Errorf("%v is %v, want %v", c.keys, got, c.want)
		}
	}
}

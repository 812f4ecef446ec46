package provider

import (
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

var identityType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"tenant_id": tftypes.String, "id": tftypes.String}}

// listResources lists as `terraform query` does. A limit of 0 is Terraform's own.
func (w *wire) listResources(typeName string, filter map[string]any, full bool, limit int64) []tfprotov6.ListResourceResult {
	w.t.Helper()
	config := w.config(w.schemas.ListResourceSchemas[typeName], filter)
	checked, err := w.lists.ValidateListResourceConfig(w.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: config})
	if err != nil || len(checked.Diagnostics) > 0 {
		w.t.Fatal(err, diagnosticsText(checked.Diagnostics))
	}
	if limit == 0 {
		limit = 100
	}
	stream, err := w.lists.ListResource(w.t.Context(), &tfprotov6.ListResourceRequest{TypeName: typeName, Config: config, IncludeResource: full, Limit: limit})
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

// displayNames are those of the results, after checking that nothing is wrong.
func (w *wire) displayNames(results []tfprotov6.ListResourceResult) (names []string) {
	w.t.Helper()
	for _, r := range results {
		if others := otherThan(inputsInClear, r.Diagnostics); len(others) > 0 {
			w.t.Fatal(diagnosticsText(others))
		}
		names = append(names, r.DisplayName)
	}
	return names
}

// otherThan are the diagnostics with another summary.
func otherThan(summary string, diags []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	return slices.DeleteFunc(slices.Clone(diags), func(d *tfprotov6.Diagnostic) bool { return d.Summary == summary })
}

// untilAllEnded looks at the runs: that is what makes them go on.
func (w *wire) untilAllEnded() {
	w.t.Helper()
	for range 1000 {
		if len(w.listResources(instanceType, map[string]any{"status": "Running"}, false, 0)) == 0 {
			return
		}
	}
	w.t.Fatal("a run does not end")
}

// importedState is the state that an import by identity gives.
func (w *wire) importedState(typeName string, identity *tfprotov6.ResourceIdentityData) map[string]string {
	w.t.Helper()
	resp, err := w.ImportResourceState(w.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, Identity: identity})
	if err != nil || len(resp.Diagnostics) > 0 {
		w.t.Fatal(err, diagnosticsText(resp.Diagnostics))
	}
	in := resp.ImportedResources[0]
	read, err := w.ReadResource(w.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: in.State, Private: in.Private, CurrentIdentity: in.Identity})
	if err != nil || len(otherThan(inputsInClear, read.Diagnostics)) > 0 {
		w.t.Fatal(err, diagnosticsText(read.Diagnostics))
	}
	return w.attributeTexts(w.resourceType(typeName), read.NewState)
}

// sameAsImported holds every listed resource against an import of it.
func (w *wire) sameAsImported(typeName string, results []tfprotov6.ListResourceResult) {
	w.t.Helper()
	for _, r := range results {
		listed := w.attributeTexts(w.resourceType(typeName), r.Resource)
		if imported := w.importedState(typeName, r.Identity); !maps.Equal(listed, imported) {
			w.t.Errorf("%s is listed as\n%v\nand imported as\n%v", r.DisplayName, listed, imported)
		}
	}
}

func TestListServices(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	migration, provision := serviceFor(t, sb, migrationBucket), serviceFor(t, sb, provisionVolume)
	both := []string{"migration bucket (" + migration + ")", "volume provision (" + provision + ")"}
	for _, c := range []struct {
		name   string
		filter map[string]any
		limit  int64
		want   []string
	}{
		{"all, by name", nil, 0, both},
		{"by name", map[string]any{"name": "volume provision"}, 0, both[1:]},
		{"by group", map[string]any{"group": "migration"}, 0, both[:1]},
		{"by both", map[string]any{"name": "volume provision", "group": "migration"}, 0, nil},
		{"at most one", nil, 1, both[:1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := w.displayNames(w.listResources(serviceType, c.filter, false, c.limit)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}

	full := w.listResources(serviceType, nil, true, 0)
	want := map[string]string{"tenant_id": sandbox.Tenant, "id": migration}
	if got := w.attributeTexts(identityType, full[0].Identity.IdentityData); !maps.Equal(got, want) {
		t.Errorf("identity %v, want %v", got, want)
	}
	w.sameAsImported(serviceType, full)
}

func TestListServicesWithoutAPI(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	sb.Fault(sandbox.Fault{Path: "/services$", Status: 502})
	results := w.listResources(serviceType, nil, false, 0)
	if len(results) != 1 {
		t.Fatalf("%d results, want the error alone", len(results))
	}
	mustContain(t, diagnosticsText(results[0].Diagnostics), "ERROR", "Cannot list services", "502")
}

func TestListInstances(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	b := startElsewhere(t, sb, sandbox.Tenant, "b", nil)
	a := startElsewhere(t, sb, sandbox.Tenant, "a", nil)
	startElsewhere(t, sb, "another-tenant", "a", nil)
	w.untilAllEnded()
	sb.FailTask(provisionVolume, "")
	c := startElsewhere(t, sb, sandbox.Tenant, "c", nil)
	w.untilAllEnded()
	all := []string{"a (" + a + ")", "b (" + b + ")", "c (" + c + ")"}
	for _, tc := range []struct {
		name   string
		filter map[string]any
		limit  int64
		want   []string
	}{
		{"the tenant's, by name", nil, 0, all},
		{"by service", map[string]any{"service_id": serviceFor(t, sb, provisionVolume)}, 0, all},
		{"by another service", map[string]any{"service_id": serviceFor(t, sb, migrationBucket)}, 0, nil},
		{"by name", map[string]any{"name": "b"}, 0, all[1:2]},
		{"by status", map[string]any{"status": "Failed"}, 0, all[2:]},
		{"at most two", nil, 2, all[:2]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := w.displayNames(w.listResources(instanceType, tc.filter, false, tc.limit)); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}

	full := w.listResources(instanceType, nil, true, 0)
	want := map[string]string{"tenant_id": sandbox.Tenant, "id": a}
	if got := w.attributeTexts(identityType, full[0].Identity.IdentityData); !maps.Equal(got, want) {
		t.Errorf("identity %v, want %v", got, want)
	}
	if got := w.attributeTexts(w.resourceType(instanceType), full[0].Resource)["action"]; got != provisionVolume {
		t.Errorf("action %q", got)
	}
	w.sameAsImported(instanceType, full)
}

func TestListInstancesPoisoned(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	good := startElsewhere(t, sb, sandbox.Tenant, "good", nil)
	bad := startElsewhere(t, sb, sandbox.Tenant, "bad", nil)
	startElsewhere(t, sb, sandbox.Tenant, "cut off", nil)
	if err := sb.ForceStatus(executionOf(t, sb, bad), "canceled"); err != nil {
		t.Fatal(err)
	}

	for _, full := range []bool{false, true} {
		results := w.listResources(instanceType, nil, full, 0)
		mustContain(t, diagnosticsText(results[0].Diagnostics), "WARNING", incompleteList, "2 services")
		if got, want := w.displayNames(results[1:]), []string{"good (" + good + ")"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// An empty answer must not pass for "there is nothing" when nobody could look.
func TestListInstancesWithoutStackStorm(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	startElsewhere(t, sb, sandbox.Tenant, "a", nil)
	sb.FailStackStorm(sandbox.StackStormFault{Down: true})
	for _, filter := range []map[string]any{nil, {"service_id": serviceFor(t, sb, provisionVolume)}} {
		results := w.listResources(instanceType, filter, false, 0)
		if len(results) != 1 {
			t.Fatalf("%d results, want the error alone", len(results))
		}
		mustContain(t, diagnosticsText(results[0].Diagnostics), "ERROR", "Cannot list runs", "StackStorm")
	}
}

func TestListInstancesRefusesStatus(t *testing.T) {
	w := dial(t, start(t, sandbox.Config{}))
	config := w.config(w.schemas.ListResourceSchemas[instanceType], map[string]any{"status": "done"})
	resp, err := w.lists.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: instanceType, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, diagnosticsText(resp.Diagnostics), "status", "Running", "Success", "Failed")
}

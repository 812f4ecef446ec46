package provider

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

func TestInventoryIsSortedAndHasEachRunOnce(t *testing.T) {
	runs := []orchestration.Instance{{ID: "3", Name: "b"}, {ID: "2", Name: "a"}, {ID: "1", Name: "b"}, {ID: "2", Name: "a"}}
	var ids []string
	for _, in := range newInventory(runs, runFilter{}).runs {
		ids = append(ids, in.ID)
	}
	if want := []string{"2", "1", "3"}; !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
}

func TestInstancesDataSourceWarnsOfGaps(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dial(t, sb)
	bad := startElsewhere(t, sb, sandbox.Tenant, "bad", nil)
	forceStatus(t, sb, bad, "paused")
	read := func() string {
		config := w.config(w.schemas.DataSourceSchemas["soda_orchestration_instances"], nil)
		resp, err := w.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "soda_orchestration_instances", Config: config})
		if err != nil {
			t.Fatal(err)
		}
		return diagnosticsText(resp.Diagnostics)
	}
	mustContain(t, read(), "WARNING", incompleteList)
	sb.Forget(bad)
	if said := read(); said != "" {
		t.Error(said)
	}
}

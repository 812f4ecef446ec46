package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// planMigration plans a migration of seeded buckets; inputs go over that.
func planMigration(t *testing.T, w *wire, sb *sandbox.Sandbox, inputs map[string]any, more map[string]any) []report {
	t.Helper()
	parameters := map[string]any{
		"name": "p", "description": "d", "srcBucketName": "source-bucket", "destBucketName": "destination-bucket", "remainSource": true,
	}
	for name, v := range inputs {
		parameters[name] = v
	}
	given := map[string]any{"service_id": serviceFor(t, sb, migrationBucket), "parameters": parameters}
	for name, v := range more {
		given[name] = v
	}
	return w.planInstance(given).reports
}

func TestPlanRefusesAnUnknownBackend(t *testing.T) {
	sb := start(t, sandbox.Config{})
	for name, c := range map[string]struct {
		inputs, more map[string]any
		refused      bool
	}{
		"known":                 {map[string]any{"destBackend": "backend-dst"}, nil, false},
		"misspelt":              {map[string]any{"destBackend": "backend_dst"}, nil, true},
		"misspelt, write-only":  {nil, map[string]any{"parameters_wo": map[string]any{"destBackend": "backend_dst"}, "parameters_wo_version": 1}, true},
		"not known yet":         {map[string]any{"destBackend": unknownValue{}}, nil, false},
		"inputs unknown":        {nil, map[string]any{"parameters": unknownValue{}}, false},
		"inputs not checked":    {map[string]any{"destBackend": "backend_dst"}, map[string]any{"validate_parameters": false}, false},
		"a template (warns so)": {map[string]any{"destBackend": "{{ x }}"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := dialAs(t, sb, lookupLogin(sb, nil))
			refused := false
			for _, r := range planMigration(t, w, sb, c.inputs, c.more) {
				if r.summary != "No such backend" {
					continue
				}
				refused = true
				given := "backend_dst"
				if c.more != nil {
					given = "(hidden)" // no message tells a write-only value
				}
				mustContain(t, r.String(), fmt.Sprintf("destBackend: there is no backend %q. Did you mean \"backend-dst\"?", given), "destination bucket decides")
			}
			if refused != c.refused {
				t.Errorf("refused: %v, want %v", refused, c.refused)
			}
		})
	}
	if got := planMigration(t, dial(t, sb), sb, map[string]any{"destBackend": "backend_dst"}, nil); len(got) != 0 {
		t.Errorf("without multicloud_endpoint: %v", got)
	}
}

// TestPlanWithoutGelato: the plan goes on, with a warning.
func TestPlanWithoutGelato(t *testing.T) {
	sb := start(t, sandbox.Config{})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w := dialAs(t, sb, lookupLogin(sb, map[string]any{"multicloud_endpoint": gone.URL}))
	got := planMigration(t, w, sb, map[string]any{"destBackend": "backend_dst"}, nil)
	if len(got) != 1 || !got[0].warning || got[0].path != "parameters" {
		t.Fatalf("got %v", got)
	}
	mustContain(t, got[0].String(), "Backend not checked", "Gelato cannot be reached", "multicloud_endpoint", "goes on without this check")
}

package provider

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestNothingIsStartedAfterAnInterrupt: of the runs that queue behind another
// when Ctrl-C comes, none goes out, although the queue is free then.
func TestNothingIsStartedAfterAnInterrupt(t *testing.T) {
	sb := start(t, sandbox.Config{})
	endpoint, err := orchestration.Root(sb.URLs().Orchestrator)
	if err != nil {
		t.Fatal(err)
	}
	r := &instanceResource{}
	r.session = newSession(settings{endpoint: endpoint, tenantID: sandbox.Tenant, noAuth: true})
	api, _, err := r.api(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := launch{api: api, request: orchestration.InstanceRequest{ServiceID: sb.Services()[0].ID, Name: "late"}}
	r.runs.listed[l.request.ServiceID] = nil // listed already, and empty
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()

	for range 20 { // whether the queue or the interrupt is seen first is a matter of chance
		if inst, diags := r.start(ctx, l, time.Minute); inst != nil || !diags.HasError() {
			t.Fatalf("started %v, said %v", inst, diags)
		}
	}
	for _, request := range sb.Requests() {
		if strings.HasPrefix(request, "POST ") && strings.HasSuffix(request, "/instances") {
			t.Error("sent", request)
		}
	}
}

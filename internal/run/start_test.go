package run

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// newRuns returns Runs at a sandbox.
func newRuns(t *testing.T, sb *sandbox.Sandbox) *Runs {
	t.Helper()
	endpoint, err := orchestration.Root(sb.URLs().Orchestrator)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{
		API:   orchestration.New(orchestration.Config{BaseURL: endpoint, TenantID: sandbox.Tenant, HTTP: &http.Client{Transport: withToken{}}}),
		Fresh: foreverFresh,
		Known: NewKnown(),
	})
}

// withToken sends a token, which the orchestrator wants for a start (quirk 18).
type withToken struct{}

func (withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Auth-Token", "any")
	return http.DefaultTransport.RoundTrip(r)
}

// TestNothingIsStartedAfterAnInterrupt: of the runs that queue behind another
// when Ctrl-C comes, none goes out, although the queue is free then.
func TestNothingIsStartedAfterAnInterrupt(t *testing.T) {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	r := newRuns(t, sb)
	req := Request{InstanceRequest: orchestration.InstanceRequest{ServiceID: sb.Services()[0].ID, Name: "late"}, Timeout: time.Minute}
	r.listed[req.ServiceID] = orchestration.Listing{Proven: true} // listed already, and empty
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()

	for range 20 { // whether the queue or the interrupt is seen first is a matter of chance
		_, err := r.Start(ctx, req)
		if _, ok := errors.AsType[*NotStarted](err); !ok {
			t.Fatalf("got %v", err)
		}
	}
	for _, request := range sb.Requests() {
		if strings.HasPrefix(request, "POST ") && strings.HasSuffix(request, "/instances") {
			t.Error("sent", request)
		}
	}
}

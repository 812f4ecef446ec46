package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const serviceAddress = "soda_orchestration_service.own"

// serviceConfig registers workflows, each "source" or "source as type".
func serviceConfig(name string, workflows []string, more ...string) string {
	var entries []string
	for _, w := range workflows {
		source, kind, ok := strings.Cut(w, " as ")
		if !ok {
			kind = "st2"
		}
		entries = append(entries, fmt.Sprintf("{ definition_source = %q, wfe_type = %q }", source, kind))
	}
	return fmt.Sprintf(`
resource "soda_orchestration_service" "own" {
  name        = %q
  description = "made by a test"
  group       = "testing"
  workflows   = [%s]
  %s
}
`, name, strings.Join(entries, ", "), strings.Join(more, "\n  "))
}

// addWorkflows gives StackStorm workflows that nobody has registered yet.
func addWorkflows(t *testing.T, sb *sandbox.Sandbox, refs ...string) {
	t.Helper()
	for _, ref := range refs {
		pack, name, _ := strings.Cut(ref, ".")
		addAction(t, sb, fmt.Sprintf("name: %s\npack: %s\nenabled: true\nrunner_type: mistral-v2\nparameters:\n"+
			"  ip_addr: {type: string}\n  port: {type: string}\n  tenant_id: {type: string}\n  auth_token: {type: string}\n", name, pack))
	}
}

// servicesNamed lists services of the name, each with its workflows.
func servicesNamed(sb *sandbox.Sandbox, name string) (found []sandbox.Service) {
	for _, s := range sb.Services() {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// TestAccServiceLife: registered once, changed in place where nothing of it
// changes, forgotten by destroy and adopted by the next apply.
func TestAccServiceLife(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "opensds.b")
	block := providerBlock(sb)
	both, reversed := []string{"opensds.a", "opensds.b"}, []string{"opensds.b", "opensds.a"}
	source := func(i int, want string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(serviceAddress, tfjsonpath.New("workflows").AtSliceIndex(i).AtMapKey("name"), knownvalue.StringExact(want))
	}
	acceptance(t,
		resource.TestStep{
			Config: block + serviceConfig("own", both, `constraint = "c"`, `input = "i"`),
			ConfigStateChecks: []statecheck.StateCheck{source(0, "a"), source(1, "b"), expectValue(serviceAddress, "adopted", knownvalue.Bool(false)),
				expectValue(serviceAddress, "user_id", knownvalue.StringExact("terraform")), expectValue(serviceAddress, "tenant_id", knownvalue.StringExact(sandbox.Tenant))},
		},
		resource.TestStep{ // another order, and what is the provider's own
			Config:            block + serviceConfig("own", reversed, `constraint = "c"`, `input = "i"`, "adopt_existing = false"),
			ConfigPlanChecks:  expectAction(serviceAddress, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{source(0, "b"), source(1, "a")},
		},
		resource.TestStep{Config: block}, // forgotten, not removed
		resource.TestStep{ // not to be adopted
			Config:      block + serviceConfig("own", both, "adopt_existing = false"),
			ExpectError: regexp.MustCompile(`(?s)registered already.*adopt_existing = true`),
		},
		resource.TestStep{ // for another user, or with another constraint, it is another
			Config:      block + serviceConfig("own", both, `user_id = "somebody"`),
			ExpectError: regexp.MustCompile(`registered for another user`),
		},
		resource.TestStep{
			Config:      block + serviceConfig("own", both, `constraint = "d"`),
			ExpectError: regexp.MustCompile(`has another constraint`),
		},
		resource.TestStep{
			Config:            block + serviceConfig("own", reversed, `user_id = "terraform"`, `constraint = "c"`),
			ConfigStateChecks: []statecheck.StateCheck{source(0, "b"), expectValue(serviceAddress, "adopted", knownvalue.Bool(true))},
		},
		resource.TestStep{
			ResourceName: serviceAddress, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"workflows"}, // the order is the configuration's
		},
	)
	if n := len(servicesNamed(sb, "own")); n != 1 {
		t.Errorf("%d services, want 1", n)
	}
}

// TestAccServiceUser: a configured user is the service's, and another user is
// another service.
func TestAccServiceUser(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a")
	acceptance(t,
		resource.TestStep{
			Config:            providerBlock(sb) + serviceConfig("own", []string{"opensds.a"}, `user_id = "somebody"`),
			ConfigStateChecks: []statecheck.StateCheck{expectValue(serviceAddress, "user_id", knownvalue.StringExact("somebody"))},
		},
		resource.TestStep{ // leaving it out changes nothing
			Config:           providerBlock(sb) + serviceConfig("own", []string{"opensds.a"}),
			ConfigPlanChecks: expectAction(serviceAddress, plancheck.ResourceActionNoop),
		},
		resource.TestStep{
			Config:            providerBlock(sb) + serviceConfig("own", []string{"opensds.a as other"}, `user_id = "else"`),
			ConfigPlanChecks:  expectAction(serviceAddress, plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{expectValue(serviceAddress, "user_id", knownvalue.StringExact("else"))},
		},
	)
}

// TestAccServiceLostAnswers: whatever becomes of the answer, there is one
// service in the end, and its id is in the state.
func TestAccServiceLostAnswers(t *testing.T) {
	faults := map[string]sandbox.Fault{
		"cut after the work":    {Drop: true, After: true},
		"cut before the work":   {Drop: true},
		"500 before the work":   {Status: http.StatusInternalServerError},
		"500 after the work":    {Status: http.StatusInternalServerError, After: true},
		"502 after the work":    {Status: http.StatusBadGateway, Body: "<html><title>502 Bad Gateway</title></html>", After: true},
		"a page of 200 instead": {Status: http.StatusOK, Body: "<html><title>Welcome</title></html>", After: true},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			sb := start(t, sandbox.Config{})
			addWorkflows(t, sb, "opensds.a")
			fault.Method, fault.Path, fault.Times = http.MethodPost, "/services$", 1
			sb.Fault(fault)
			acceptance(t, resource.TestStep{
				Config: providerBlock(sb) + serviceConfig("own", []string{"opensds.a"}),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue(serviceAddress, "adopted", knownvalue.Bool(false)),
					expectValue(serviceAddress, "id", knownvalue.StringFunc(func(id string) error {
						if found := servicesNamed(sb, "own"); len(found) != 1 || found[0].ID != id {
							return fmt.Errorf("%s is in the state, registered are %v", id, found)
						}
						return nil
					})),
				},
			})
		})
	}
}

// TestAccServiceDropped: workflows that vanish while they are registered are
// named, and the rest is not taken for the whole.
func TestAccServiceDropped(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "opensds.b")
	block := providerBlock(sb)
	moment := func() {
		sb.FailStackStorm(sandbox.StackStormFault{Call: "action", Times: 1, Status: 503})
	}
	acceptance(t,
		resource.TestStep{ // nothing is left of it
			PreConfig:   moment,
			Config:      block + serviceConfig("own", []string{"opensds.a"}),
			ExpectError: regexp.MustCompile(`(?s)kept none of the workflows\s+opensds\.a`),
		},
		resource.TestStep{ // one of two is left
			PreConfig:   moment,
			Config:      block + serviceConfig("own", []string{"opensds.a", "opensds.b"}),
			ExpectError: regexp.MustCompile(`(?s)The orchestrator dropped a workflow.*without\s+opensds\.a`),
		},
		resource.TestStep{ // what was taken stays taken, which the next plan knows
			Config:      block + serviceConfig("own", []string{"opensds.a", "opensds.b"}),
			ExpectError: regexp.MustCompile(`Workflow opensds\.b is registered already`),
		},
		resource.TestStep{
			Config:            block + serviceConfig("own", []string{"opensds.a", "opensds.b as again"}),
			ConfigStateChecks: []statecheck.StateCheck{expectValue(serviceAddress, "workflows", knownvalue.ListSizeExact(2))},
		},
	)
}

// TestAccTenServices are registered by one apply, none of them twice, and with
// no request for any other in between.
func TestAccTenServices(t *testing.T) {
	sb := start(t, sandbox.Config{})
	var refs []string
	for i := range 10 {
		refs = append(refs, fmt.Sprintf("opensds.flow-%d", i))
	}
	addWorkflows(t, sb, refs...)
	many := strings.NewReplacer(`"opensds.flow-0"`, `"opensds.flow-${count.index}"`, `"ten"`, `"ten-${count.index}"`, "name  ", "count = 10\n  name  ").
		Replace(serviceConfig("ten", refs[:1]))
	acceptance(t, resource.TestStep{Config: providerBlock(sb) + many})
	var posts int
	for _, r := range sb.Requests() {
		if strings.HasPrefix(r, "POST ") {
			posts++
		}
	}
	var sources []string
	for _, s := range sb.Services() {
		if strings.HasPrefix(s.Name, "ten-") {
			sources = append(sources, s.Workflows...)
		}
	}
	slices.Sort(sources)
	if posts != 10 || !slices.Equal(sources, refs) {
		t.Errorf("%d registrations brought %v", posts, sources)
	}
}

// TestAccServiceForgotten: destroy says what it does not do; an import plans
// nothing where the workflows are sorted.
func TestAccServiceForgotten(t *testing.T) {
	sb := start(t, sandbox.Config{})
	addWorkflows(t, sb, "opensds.a", "opensds.b")
	w := newWorkspace(t, sb, serviceConfig("own", []string{"opensds.a", "opensds.b"}))
	w.apply().exits(0)
	id := w.state(serviceAddress).Values["id"]
	w.destroy().exits(0).says("A service stays at the orchestrator", `Service "own"`)
	w.run("import", "-no-color", serviceAddress, fmt.Sprint(id)).exits(0)
	w.plan().exits(0)
	if got := w.state(serviceAddress).Values["id"]; got != id || len(servicesNamed(sb, "own")) != 1 {
		t.Errorf("imported %v, want %v", got, id)
	}
}

// TestARegistrationThatWaitsCanBeInterrupted: it must not hold Ctrl-C up until
// the one before it has ended.
func TestARegistrationThatWaitsCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &serviceResource{}
		r.session = newSession(settings{endpoint: &url.URL{}, noAuth: true})
		r.registering <- struct{}{}
		ctx, interrupt := context.WithTimeoutCause(t.Context(), time.Minute, context.Canceled)
		defer interrupt()
		_, _, diags := r.register(ctx, &serviceResourceModel{Name: types.StringValue("second"), Workflows: types.ListValueMust(types.StringType, nil)})
		if len(diags) != 1 || diags[0].Detail() != "The operation was interrupted." {
			t.Error(diags)
		}
	})
}

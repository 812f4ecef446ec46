package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// factories serve the provider in process.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"soda": providerserver.NewProtocol6WithError(New("test")()),
}

// acceptance runs steps with a real CLI and terraform-plugin-testing, which
// destroys everything after the last one.
//
// Use this when a test is about the planned action, values in the state or an
// import, and each step is a whole apply. For signals, a process of its own or
// the words on the screen, use workspace.
func acceptance(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}

// acceptanceSince does so with a CLI of at least this version. What such a test
// shows, a test with wire must show for everybody who has no such CLI.
func acceptanceSince(t *testing.T, version tfversion.TerraformVersionCheck, steps ...resource.TestStep) {
	t.Helper()
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, TerraformVersionChecks: []tfversion.TerraformVersionCheck{version}, Steps: steps})
}

// expectAction holds the plan against what it is to do with a resource.
func expectAction(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// expectValue holds one attribute in the state against a value.
func expectValue(address, attribute string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), want)
}

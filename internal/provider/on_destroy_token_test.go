package provider

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// held is a run's resource as the CLI keeps it between two commands; nil state
// is none.
type held struct {
	state   *tfprotov6.DynamicValue
	private []byte
}

// change plans and applies a resource; without a configuration it is destroyed.
// It returns what was diagnosed on the way.
func (w *wire) change(typeName string, prior held, given map[string]any) (held, string) {
	w.t.Helper()
	ty := w.schemas.ResourceSchemas[typeName].ValueType()
	none := w.dynamic(ty, tftypes.NewValue(ty, nil))
	config, proposed := none, none
	if given != nil {
		config = w.config(w.schemas.ResourceSchemas[typeName], given)
		proposed = config
	}
	if prior.state == nil {
		prior.state = none
	}
	plan, err := w.PlanResourceChange(w.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: prior.state, ProposedNewState: proposed, Config: config, PriorPrivate: prior.private})
	if err != nil || len(plan.Diagnostics) > 0 && given != nil {
		w.t.Fatal(err, spell(plan.Diagnostics))
	}
	done, err := w.ApplyResourceChange(w.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: typeName, PriorState: prior.state, PlannedState: plan.PlannedState, Config: config, PlannedPrivate: plan.PlannedPrivate})
	if err != nil {
		w.t.Fatal(err)
	}
	return held{done.NewState, done.Private}, spell(done.Diagnostics)
}

func TestTokenWarningNamesTheTimeout(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	sb.SetTokenTTL(10 * time.Minute)
	login := map[string]any{"auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password,
		"project_name": "admin", "user_domain_name": "Default", "project_domain_name": "Default"}
	made, said := dialAs(t, sb, login).change(instanceType, held{}, run(t, sb, map[string]any{
		"wait_for_completion": true, "continue_on_timeout": false, "validate_parameters": true, "description": "", "user_id": "u", "action": provisionAction,
		"on_destroy": map[string]any{"action": provisionAction, "parameters": volumeInputs()}}))
	wants(t, said, "The token ends before the run may", "timeouts.create allows 2h")
	_, said = dialAs(t, sb, login).change(instanceType, made, nil) // another command is another process
	wants(t, said, "The token ends before the run may", "timeouts.delete allows 2h")
}

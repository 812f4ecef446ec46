package provider

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

type instanceModel struct {
	ID                  types.String         `tfsdk:"id"`
	TenantID            types.String         `tfsdk:"tenant_id"`
	ServiceID           types.String         `tfsdk:"service_id"`
	Name                types.String         `tfsdk:"name"`
	Action              types.String         `tfsdk:"action"`
	Description         types.String         `tfsdk:"description"`
	UserID              types.String         `tfsdk:"user_id"`
	Parameters          types.Dynamic        `tfsdk:"parameters"`
	ParametersWO        types.Dynamic        `tfsdk:"parameters_wo"`
	ParametersWOVersion types.Int64          `tfsdk:"parameters_wo_version"`
	Triggers            types.Map            `tfsdk:"triggers"`
	WaitForCompletion   types.Bool           `tfsdk:"wait_for_completion"`
	ContinueOnTimeout   types.Bool           `tfsdk:"continue_on_timeout"`
	ValidateParameters  types.Bool           `tfsdk:"validate_parameters"`
	OnDestroy           types.Object         `tfsdk:"on_destroy"`
	AdoptExisting       types.Bool           `tfsdk:"adopt_existing"`
	CancelOnDestroy     types.Bool           `tfsdk:"cancel_on_destroy"`
	ExecutionID         types.String         `tfsdk:"execution_id"`
	Published           types.Dynamic        `tfsdk:"published"`
	Status              types.String         `tfsdk:"status"`
	Output              types.String         `tfsdk:"output"`
	Input               jsontypes.Normalized `tfsdk:"input"`
	Timeouts            timeouts.Value       `tfsdk:"timeouts"`

	record recordLabels // private state
}

// recordLabels are the labels of the run's record. They can differ from those of
// the resource: the server cannot change them, and Terraform runs nothing for a
// changed label.
type recordLabels struct {
	ServiceID string `json:"service_id"`
	Name      string `json:"name"`
	UserID    string `json:"user_id"`
}

// recordServiceID is the service that the run was started with.
func (m *instanceModel) recordServiceID() string {
	return cmp.Or(m.record.ServiceID, m.ServiceID.ValueString())
}

func (m *instanceModel) status() orchestration.Status {
	return orchestration.Status(m.Status.ValueString())
}

// run names the run in messages.
func (m *instanceModel) run() string { return runName(m.ID.ValueString(), m.Name.ValueString()) }

// fingerprint is the same for two requests that would start the same run. It is
// empty while part of the request is unknown.
func (m *instanceModel) fingerprint() string {
	given, ok := inputObject(m.Parameters)
	if !ok || !known(given) || m.ServiceID.IsUnknown() || m.Name.IsUnknown() || m.Action.IsUnknown() || m.Description.IsUnknown() ||
		m.UserID.IsUnknown() || m.Triggers.IsUnknown() || m.ParametersWOVersion.IsUnknown() {
		return ""
	}
	raw, err := json.Marshal([]any{
		m.ServiceID.ValueString(), m.Name.ValueString(), m.Action.ValueString(), m.Description.ValueString(), m.UserID.ValueString(),
		given, m.ParametersWOVersion.String(), m.Triggers.String(),
	})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// observe takes over what the server decides. Parameters stay as configured:
// the server's copy is cast and carries inputs that it adds itself (quirks 19
// and 20).
func (m *instanceModel) observe(in *run.Run, secret map[string]any) {
	m.ID = types.StringValue(in.ID)
	m.TenantID = types.StringValue(in.TenantID)
	if in.ServiceID != "" {
		m.record = recordLabels{ServiceID: in.ServiceID, Name: in.Name, UserID: in.UserID}
	}
	m.Status = types.StringValue(string(in.Status))
	m.Output = types.StringValue(in.Output)
	m.Input = normalized(in.Input, secret)
	m.ExecutionID = types.StringNull()
	if in.ExecutionID != "" {
		m.ExecutionID = types.StringValue(in.ExecutionID)
	}
}

// observeAgain is observe for a run of the state. Names are those of its write-only
// inputs. Their values stand in the record, except those that StackStorm masks.
func (s *session) observeAgain(m *instanceModel, now *run.Run, names map[string]any) {
	s.store.addInputs(commonMembers(names, run.DecodeObject(now.Input), names))
	ended := m.ID.ValueString() == now.ID && m.status() == now.Status && now.Status.Final()
	before := m.Output
	m.observe(now, names)
	if ended && strings.Contains(before.ValueString(), stackstorm.Hidden) {
		m.Output = before // what was hidden then may not be known now
	}
}

// normalized is a run's input without the secret members and without the run's
// token, which the orchestrator leaves out too.
func normalized(input json.RawMessage, secret map[string]any) jsontypes.Normalized {
	members := run.Without(run.DecodeObject(input), secret)
	delete(members, "auth_token")
	raw, err := json.Marshal(members)
	if err != nil {
		return jsontypes.NewNormalizedNull()
	}
	return jsontypes.NewNormalizedValue(string(raw))
}

// Keys of the private state.
const (
	// privateUnresolved is true when Create ended with an error although the run
	// had not failed: Terraform then holds the resource as tainted.
	privateUnresolved = "unresolved"
	// privateDestroy is true in a plan to destroy, and false in a replacement.
	privateDestroy = "destroy"
	// privateTakeover is the id of the run that a replacement goes on with.
	privateTakeover = "takeover"
	// privateReplaced is the id of the run in the prior state. Delete finds it if
	// the configuration or -replace asked for the replacement. It is missing if the
	// resource is tainted.
	privateReplaced = "replaced"
	// privateExplained is true in a plan that has said why the run is replaced.
	// Terraform does not tell of -replace before it has asked, and drops the
	// warnings of the plan that follows.
	privateExplained = "explained"
	// privateOthers holds the runs that were others' when this one was started, the
	// replaced one among them. They may go on, held by nobody, and are still not
	// what a later replacement asks for.
	privateOthers = "others"
	// privateRecord holds the labels of the run's record, see recordLabels.
	privateRecord = "record"
	// privateImported marks a run that was imported, see importMark.
	privateImported = "imported"
	// privateSecret holds the names (not the values) of write-only members.
	privateSecret = "write_only"
	// privateOnDestroy is how far the on_destroy run got, a cleanUp.
	privateOnDestroy = "on_destroy_run"
	// privateLooked is true when StackStorm was asked for the run's execution.
	privateLooked = "execution_looked_for"
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// private reads one key as T. It returns the zero value if there is none.
func private[T any](ctx context.Context, from privateReader, key string) (v T) {
	raw, _ := from.GetKey(ctx, key)
	if json.Unmarshal(raw, &v) != nil {
		return *new(T)
	}
	return v
}

func setPrivate(ctx context.Context, to privateWriter, key string, v any) diag.Diagnostics {
	raw, err := json.Marshal(v)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot keep "+key, err.Error())}
	}
	return to.SetKey(ctx, key, raw)
}

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

// answerGrace is how long the answer to a start under way is waited for after
// an interrupt: it usually takes a tenth of a second, and without it the run
// would be known to nobody.
const answerGrace = 800 * time.Millisecond

// launch is everything that starts one run, or finds it again.
type launch struct {
	api         *orchestration.Client
	tenantID    string
	request     orchestration.InstanceRequest
	inputs      map[string]any // all of them, the write-only ones included
	secret      map[string]any // the write-only ones
	declaration workflow.Declaration
	limit       string // the argument that bounds the run, for messages
	stateless   bool   // there is no resource to import a run into
	afresh      bool   // a run that has ended since it was listed is repeated, not taken over
}

// prepare resolves a plan into a launch.
func (r *instanceResource) prepare(ctx context.Context, m, config *instanceModel) (launch, diag.Diagnostics) {
	var diags diag.Diagnostics
	summary := fmt.Sprintf("Cannot start run %q", m.Name.ValueString())
	api, acc, err := r.api(ctx)
	if err != nil {
		addNotStarted(&diags, summary, err)
		return launch{}, diags
	}
	if m.UserID.IsUnknown() {
		m.UserID = types.StringValue(acc.userID)
	}
	service, err := api.Service(ctx, m.ServiceID.ValueString())
	if err != nil && (!orchestration.IsNotFound(err) || m.Action.IsUnknown()) {
		addNotStarted(&diags, summary, err)
		return launch{}, diags
	}
	if m.Action.IsUnknown() {
		if diags.Append(chooseAction(m, service)...); diags.HasError() {
			return launch{}, diags
		}
	}

	given, _ := inputObject(m.Parameters)
	secret, _ := inputObject(config.ParametersWO)
	l := launch{api: api, tenantID: acc.tenantID, inputs: merge(given, secret), secret: secret, limit: "timeouts.create"}
	l.declaration, _ = declarationOf(service, m.Action.ValueString())
	body, err := json.Marshal(l.inputs)
	if err != nil {
		addAttributeError(&diags, path.Root("parameters"), summary, err)
	}
	l.request = orchestration.InstanceRequest{
		Name:        m.Name.ValueString(),
		Description: m.Description.ValueString(),
		UserID:      m.UserID.ValueString(),
		ServiceID:   m.ServiceID.ValueString(),
		Action:      m.Action.ValueString(),
		Parameters:  body,
	}
	return l, diags
}

// addNotStarted reports why there is no run.
func addNotStarted(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, explain(err)+"\n\nNothing was started.")
}

// resumed is the run that the plan goes on with, as far as it can be read. Since
// Delete it is in no state any more: whatever fails from here on must leave
// it in the new one.
func (r *instanceResource) resumed(ctx context.Context, m *instanceModel) *orchestration.Instance {
	id := m.ID.ValueString()
	r.runs.own(id)
	if api, _, err := r.api(ctx); err == nil {
		if inst, err := api.Instance(ctx, id, m.ServiceID.ValueString()); err == nil {
			return inst
		}
	}
	return &orchestration.Instance{ID: id, ServiceID: m.ServiceID.ValueString(), TenantID: m.TenantID.ValueString(), Status: orchestration.StatusRunning}
}

// start returns the run that the launch is about: an unfinished one that it
// would repeat, or a new one. Nil with errors means that Terraform records nothing.
func (r *instanceResource) start(ctx context.Context, l launch, timeout time.Duration) (*orchestration.Instance, diag.Diagnostics) {
	var diags diag.Diagnostics
	summary := fmt.Sprintf("Cannot start run %q", l.request.Name)
	select {
	case r.runs.starting <- struct{}{}:
		defer func() { <-r.runs.starting }()
	case <-ctx.Done():
		addNotStarted(&diags, summary, context.Cause(ctx))
		return nil, diags
	}

	before, err := r.runs.before(ctx, l.api, l.request.ServiceID)
	if err != nil {
		addNotStarted(&diags, summary, fmt.Errorf("looking for an unfinished run that this one would repeat: %w", err))
		return nil, diags
	}
	if l.afresh {
		r.passOver(ctx, l, before)
	}
	if inst := r.unfinished(l, before); inst != nil {
		diags.AddWarning(fmt.Sprintf("Took over run %s", inst.ID),
			fmt.Sprintf("A run %q of this service with the same inputs was under way already, left behind by an earlier apply most likely. "+
				"Terraform waits for it instead of starting a second one.", l.request.Name))
		r.runs.own(inst.ID)
		return inst, diags
	}

	inst, err := r.post(ctx, l, timeout, &diags)
	if err != nil {
		inst = r.afterRefusal(ctx, l, before, l.hide(err), &diags)
	}
	if inst != nil {
		r.runs.own(inst.ID)
	}
	return inst, diags
}

// post starts the run, with a token that lives as long as the run may. An
// interrupt does not cut the request short at once.
func (r *instanceResource) post(ctx context.Context, l launch, timeout time.Duration, diags *diag.Diagnostics) (*orchestration.Instance, error) {
	ends, err := r.fresh(ctx, timeout)
	if err != nil {
		return nil, err
	}
	if left := time.Until(ends); !ends.IsZero() && left < timeout {
		diags.AddWarning("The token ends before the run may",
			fmt.Sprintf("The workflow of run %q works with the token it is started with, which ends in %s; %s allows %s. "+
				"A workflow that needs its token later than that fails. Give a newer token where one was given, have Keystone's [token] expiration raised, or set a lower %s where the run is known to be short.",
				l.request.Name, left.Round(time.Second), l.limit, timeout, l.limit))
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nothing is started after an interrupt
	}
	posting, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(answerGrace, func() { cancel(context.Cause(ctx)) })
	})
	defer stop()
	inst, err := l.api.CreateInstance(posting, l.request)
	if err == nil {
		r.forecast.begin(inst.ID, l.request.Action)
	}
	return inst, err
}

// unfinished finds a run that is under way and would be repeated.
func (r *instanceResource) unfinished(l launch, runs []orchestration.Instance) *orchestration.Instance {
	for i := range runs {
		if runs[i].Status == orchestration.StatusRunning && l.matches(&runs[i]) && r.runs.free(runs[i].ID) {
			return &runs[i]
		}
	}
	return nil
}

// passOver takes runs out of the way that were unfinished when this process
// listed them and have ended since: an action asks for a run now, while for a
// resource and its on_destroy such a run is the one that an earlier command left
// behind.
func (r *instanceResource) passOver(ctx context.Context, l launch, before []orchestration.Instance) {
	for {
		inst := r.unfinished(l, before)
		if inst == nil {
			return
		}
		now, err := l.api.Instance(ctx, inst.ID, inst.ServiceID)
		if err == nil && !now.Status.Final() || err != nil && !orchestration.IsNotFound(err) {
			return
		}
		r.runs.see(inst.ID)
	}
}

// matches says whether the run is what the launch would start. The action
// cannot be compared: no answer tells it (contract quirk 21).
func (l *launch) matches(in *orchestration.Instance) bool {
	return in.ServiceID == l.request.ServiceID && in.TenantID == l.tenantID && in.Name == l.request.Name &&
		in.Description == l.request.Description && in.UserID == l.request.UserID && l.declaration.Echoes(l.inputs, decodeObject(in.Input))
}

// afterRefusal settles a POST that did not succeed. If it may have started the
// run all the same, what has come up in the list since decides (rule 6 of the
// design); the POST is never sent again.
func (r *instanceResource) afterRefusal(ctx context.Context, l launch, before []orchestration.Instance, refusal error, diags *diag.Diagnostics) *orchestration.Instance {
	summary := fmt.Sprintf("Cannot start run %q", l.request.Name)
	if !orchestration.Ambiguous(refusal) {
		addNotStarted(diags, summary, refusal)
		return nil
	}
	if ctx.Err() != nil {
		again := "Nothing is in the state. Apply again"
		if l.stateless {
			again = "Do the same again"
		}
		diags.AddError(fmt.Sprintf("Interrupted while starting run %q", l.request.Name),
			"The request was sent, and no answer came in time: the run may be under way. "+again+
				": if the run is still going on then, Terraform finds it and waits for it instead of starting a second one.")
		return nil
	}
	after, err := l.api.InstancesByService(ctx, l.request.ServiceID)
	if err != nil {
		diags.AddError(fmt.Sprintf("Not known whether run %q has started", l.request.Name), l.undecided(refusal, nil, "The list of runs could not be read either: "+sentence(err.Error())))
		return nil
	}
	var candidates []orchestration.Instance
	for _, in := range after {
		isOld := slices.ContainsFunc(before, func(b orchestration.Instance) bool { return b.ID == in.ID })
		if !isOld && l.matches(&in) && r.runs.free(in.ID) {
			candidates = append(candidates, in)
		}
	}
	if len(candidates) != 1 {
		diags.AddError(fmt.Sprintf("Not known whether run %q has started", l.request.Name), l.undecided(refusal, candidates, "The service's list shows no new run."))
		return nil
	}
	diags.AddWarning(fmt.Sprintf("Found run %s after a lost answer", candidates[0].ID),
		fmt.Sprintf("Starting run %q brought no proper answer (%s), but it has started: it is the one new run of this service with these inputs.", l.request.Name, refusal))
	return &candidates[0]
}

// undecided explains what to do when nobody can tell whether there is a run.
func (l *launch) undecided(refusal error, candidates []orchestration.Instance, listed string) string {
	var b strings.Builder
	state, again := ", and has nothing in the state", "apply again"
	if l.stateless {
		state, again = "", "do the same again"
	}
	fmt.Fprintf(&b, "%s\n\nSuch an answer can come although the workflow was started. Terraform does not ask again, so that it never runs twice%s.", sentence(refusal.Error()), state)
	if len(candidates) == 0 {
		fmt.Fprintf(&b, "\n\n%s Look in StackStorm (st2 execution list --action %s): if there is an execution, wait for its end and see to what it made; if there is none, %s.", listed, l.request.Action, again)
		return b.String()
	}
	b.WriteString("\n\nThese runs are new and look alike; one of them may be this one:\n")
	for _, c := range candidates {
		fmt.Fprintf(&b, "\n  %s  %s", c.ID, c.Status)
	}
	if l.stateless {
		b.WriteString("\n\nIf one of them is, wait for its end instead of running the workflow again; data \"soda_orchestration_instance\" shows its status.")
		return b.String()
	}
	fmt.Fprintf(&b, "\n\nTake the right one over:\n\n  terraform import ADDRESS %s", candidates[0].ID)
	return b.String()
}

// hide takes the values of write-only inputs out of an error's text:
// StackStorm repeats what it refuses.
func (l *launch) hide(err error) error {
	text, values := err.Error(), texts(l.secret)
	var api *orchestration.Error
	if errors.As(err, &api) && api.Message != "" && len(values) > 0 && (strings.HasSuffix(api.Message, "…") || slices.ContainsFunc(values, respelled)) {
		text = strings.ReplaceAll(text, api.Message, "(StackStorm's words are left out, as they may repeat write-only inputs)")
	}
	for _, s := range values {
		text = strings.ReplaceAll(text, s, "(write-only value)")
	}
	if text == err.Error() {
		return err
	}
	return &hiddenError{text: text, err: err}
}

// respelled says whether a text may look otherwise when it is repeated: Python
// escapes some characters, and answers are put on one line.
func respelled(s string) bool {
	return s != strings.Join(strings.Fields(s), " ") ||
		strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || strings.ContainsRune("'\"\\", r) })
}

// hiddenError is an error under another text.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

// texts lists the texts and numbers inside v, longest first.
func texts(v any) (found []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			found = append(found, texts(x)...)
		}
	case []any:
		for _, x := range v {
			found = append(found, texts(x)...)
		}
	case json.Number:
		found = []string{v.String()}
	case string:
		if v != "" {
			found = []string{v}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}

// actionsOf lists a service's workflows, each once.
func actionsOf(service *orchestration.Service) []string {
	var actions []string
	for _, w := range service.Workflows {
		actions = append(actions, w.DefinitionSource)
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

// chooseAction takes the service's workflow where there is no choice.
func chooseAction(m *instanceModel, service *orchestration.Service) (diags diag.Diagnostics) {
	actions := actionsOf(service)
	if len(actions) != 1 {
		diags.AddAttributeError(path.Root("action"), "Which workflow to run?",
			fmt.Sprintf("Service %q has %d workflows, so action must name one: %s.", service.Name, len(actions), strings.Join(actions, ", ")))
		return diags
	}
	m.Action = types.StringValue(actions[0])
	return nil
}

// declarationOf finds what the service knows of the workflow's inputs.
func declarationOf(service *orchestration.Service, action string) (workflow.Declaration, bool) {
	if service == nil {
		return workflow.Declaration{}, false
	}
	for _, w := range service.Workflows {
		if w.DefinitionSource == action {
			d, err := workflow.Parse(w.Definition)
			return d, err == nil
		}
	}
	return workflow.Declaration{}, false
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/run"
)

// This file turns what package run returns into words.

// startWords is what the words about a start depend on.
type startWords struct {
	limit     string // the argument that bounds the run
	timeout   time.Duration
	stateless bool // there is no resource to import a run into
}

// startMessages reports how a start went.
func startMessages(req run.Request, w startWords, started run.Started, err error) (diags diag.Diagnostics) {
	if err != nil {
		startError(&diags, req, w, err)
		return diags
	}
	if !started.TokenEnds.IsZero() {
		diags.AddWarning("The token may expire before the run ends",
			fmt.Sprintf("The workflow of run %q works with the token it is started with. That token ends in %s; %s allows %s. "+
				"A workflow that needs its token later than that fails. Give a newer token where one was given, have Keystone's [token] expiration raised, or set a lower %s where the run is known to be short.",
				req.Name, time.Until(started.TokenEnds).Round(time.Second), w.limit, w.timeout, w.limit))
	}
	id := started.Instance.ID
	switch started.How {
	case run.TakenOver:
		diags.AddWarning("Took over run "+id, fmt.Sprintf("Run %s of this service has the same name, user and inputs as run %q; its status was %s. No resource was known to hold it, so Terraform goes on with it instead of starting a second one. "+
			"Most often an apply started it that was killed or interrupted. If another configuration or workspace started it, both hold the same run now: give each a name or a user_id of its own.",
			id, req.Name, started.Instance.Status))
	case run.Found:
		diags.AddWarning(fmt.Sprintf("Found run %s after a lost answer", id),
			fmt.Sprintf("The answer to the start of run %q got lost (%s). The run has started: it is the one new run of this service with these inputs.", req.Name, redact(started.Lost, req.Secret)))
	}
	if started.ListCut {
		diags.AddWarning("The list of the service's runs is incomplete",
			fmt.Sprintf("Run %s was just started and is missing in the list of service %s. The list ends before a record that the orchestrator cannot read: StackStorm has canceled, timed out or deleted its execution. "+
				"Terraform goes on. But if it is killed while it starts a run, the next apply cannot find that run in the list, and starts it again.\n\n"+
				"To mend the list, remove the record of that older run: destroy it where it is a resource, or send DELETE to the orchestrator's instances/ID.", id, req.ServiceID))
	}
	return diags
}

func startError(diags *diag.Diagnostics, req run.Request, w startWords, err error) {
	if e, ok := errors.AsType[*run.AlreadyDone](err); ok {
		diags.AddError(fmt.Sprintf("Run %q has already succeeded", req.Name), alreadyDone(req, w, e))
		return
	}
	if e, ok := errors.AsType[*run.Unknown](err); ok {
		if e.Interrupted {
			diags.AddError(fmt.Sprintf("Interrupted while starting run %q", req.Name), interruptedStart(w))
			return
		}
		diags.AddError(fmt.Sprintf("Not known whether run %q has started", req.Name), unknownStart(req, w, e))
		return
	}
	summary := fmt.Sprintf("Cannot start run %q", req.Name)
	e, ok := errors.AsType[*run.NotStarted](err)
	switch {
	case !ok:
		addNotStarted(diags, summary, err)
	case e.Looking:
		diags.AddError(summary, "Before a start Terraform looks for a run with the same inputs that there is already. That was not possible: "+explain(e.Err)+"\n\nNothing was started.")
	default:
		addNotStarted(diags, summary, redact(e.Err, req.Secret))
	}
}

// addNotStarted reports why there is no run.
func addNotStarted(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, explain(err)+"\n\nNothing was started.")
}

func alreadyDone(req run.Request, w startWords, e *run.AlreadyDone) string {
	text := fmt.Sprintf("Run %s of this service has the same name, user and inputs, and has succeeded. No resource is known to hold it. "+
		"An apply may have started it that was killed, or whose state was lost; or it belongs to another configuration. Nothing was started.\n\n", e.Instance.ID)
	if w.stateless {
		return text + "To count that run as done, set adopt_existing = true and apply that first. To run the workflow once more, set adopt_existing = false and apply that first."
	}
	return text + "To take that run over:\n\n  terraform import ADDRESS " + e.Instance.ID + "\n\n" +
		"adopt_existing = true takes it over as well. To run the workflow once more, set adopt_existing = false. " +
		"To keep the runs of two configurations apart, give each a name or a user_id of its own."
}

func interruptedStart(w startWords) string {
	again := "Nothing is in the state. Apply again"
	if w.stateless {
		again = "Do the same again"
	}
	return "The request was sent, and no answer came in time: the run may be under way. " + again +
		": if the run is still going on then, Terraform finds it and waits for it instead of starting a second one."
}

// unknownStart explains what to do when nobody can tell whether there is a run.
func unknownStart(req run.Request, w startWords, e *run.Unknown) string {
	var b strings.Builder
	nothing, again := " Nothing was recorded in the state.", "apply again"
	if w.stateless {
		nothing, again = "", "do the same again"
	}
	fmt.Fprintf(&b, "%s\n\nSuch an answer can come although the workflow was started. Terraform does not retry, to avoid running the workflow twice.%s", sentence(redact(e.Err, req.Secret).Error()), nothing)
	if len(e.Candidates) == 0 {
		listed := "The service's list shows no new run."
		if e.ListErr != nil {
			listed = "The list of runs could not be read either: " + sentence(e.ListErr.Error())
		}
		fmt.Fprintf(&b, "\n\n%s Look in StackStorm (st2 execution list --action %s): if there is an execution, wait for it to end and clean up what it made; if there is none, %s.", listed, req.Action, again)
		return b.String()
	}
	b.WriteString("\n\nThese runs are new and look alike; one of them may be this one:\n")
	for _, c := range e.Candidates {
		fmt.Fprintf(&b, "\n  %s  %s", c.ID, c.Status)
	}
	if w.stateless {
		b.WriteString("\n\nIf one of them is, wait for its end instead of running the workflow again; data \"soda_orchestration_instance\" shows its status.")
		return b.String()
	}
	fmt.Fprintf(&b, "\n\nTake the right one over:\n\n  terraform import ADDRESS %s", e.Candidates[0].ID)
	return b.String()
}

// waitResult is how a wait came out.
type waitResult struct {
	diags diag.Diagnostics
	// unresolved: there was an error, but not because the run had failed.
	unresolved bool
}

func (m *instanceModel) cannotWait(err error, o waitOptions) (e waitResult) {
	e.unresolved = true
	e.diags.AddError("Cannot wait for "+m.run(), explain(err)+"\n\n"+m.goOn(o))
	return e
}

// waitMessages reports how a wait ended, after what was seen last went into m.
func (m *instanceModel) waitMessages(ctx context.Context, err error, o waitOptions) (e waitResult) {
	id := m.ID.ValueString()
	switch {
	case err == nil && m.status() == orchestration.StatusSuccess:
	case err == nil:
		e.diags.AddError(fmt.Sprintf("Run %s failed", id), m.failure(o))
	case ctx.Err() != nil:
		e.diags.AddWarning(fmt.Sprintf("Stopped waiting for run %s", id), m.interrupted())
	case errors.Is(err, run.ErrTimeout):
		e.unresolved = !m.ContinueOnTimeout.ValueBool()
		m.reportTimeout(&e.diags, err, o)
	case orchestration.IsNotFound(err):
		e.diags.AddError(fmt.Sprintf("Run %s has disappeared", id), disappeared(m.Action.ValueString(), m.run())+" The next apply starts a new run.")
	}
	return e
}

func disappeared(action, run string) string {
	return fmt.Sprintf("Somebody deleted the record of %s while Terraform waited for it. That does not stop the workflow, and nobody can follow it through the orchestrator any more. "+
		"Look in StackStorm (st2 execution list --action %s) for how it ends.", run, action)
}

func (m *instanceModel) failure(o waitOptions) string {
	text := howItFailed(m.Action.ValueString(), m.Name.ValueString(), m.lastSeen(), o.started) + "\n\nThe run is in the state as failed. What it did before it failed stays. "
	if o.creating {
		return text + "The next apply removes its record and starts one new run."
	}
	return text + "The next apply plans a replacement, which starts one new run."
}

// howItFailed says what is known about a failed run, and where more is. started
// is zero if the run was started before this apply.
func howItFailed(action, name string, in *orchestration.Instance, started time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Workflow %s of service %s ended in status Failed: %s", action, in.ServiceID, runName(in.ID, name))
	if !started.IsZero() {
		fmt.Fprintf(&b, ", after %s", round(time.Since(started)))
	}
	b.WriteString(".")
	if out := strings.TrimSpace(in.Output); out != "" {
		fmt.Fprintf(&b, " It printed:\n\n%s", out)
	}
	fmt.Fprintf(&b, "\n\nThe orchestrator does not tell why. StackStorm does:\n\n  st2 execution list --action %s --status failed\n  st2 execution get EXECUTION_ID", action)
	return b.String()
}

// runName names a run in messages.
func runName(id, name string) string { return "run " + id + " (" + quoted(name) + ")" }

func (m *instanceModel) interrupted() string {
	return fmt.Sprintf("%s goes on at the orchestrator; its status was %s. It is in the state. Ignore \"Creation complete\" above: the run has not ended. "+
		"Apply again to wait for the rest of it. No second run is started.", upper(m.run()), m.Status.ValueString())
}

func (m *instanceModel) reportTimeout(diags *diag.Diagnostics, err error, o waitOptions) {
	at := path.Root("timeouts")
	summary := fmt.Sprintf("Run %s took longer than %s", m.ID.ValueString(), o.timeout)
	detail := fmt.Sprintf("%s had status %s when %s (%s) was over.", upper(m.run()), m.Status.ValueString(), o.argument, o.timeout)
	if api, ok := errors.AsType[*orchestration.Error](err); ok {
		detail += " It could not be read any more: " + sentence(api.Error())
		if serverFault(api) {
			detail += " A run that was canceled, paused or has timed out in StackStorm looks like this, since the orchestrator cannot show such a status."
		}
	}
	if m.ContinueOnTimeout.ValueBool() {
		diags.AddAttributeWarning(at, summary, detail+" Since continue_on_timeout is set, what depends on it goes ahead. The next apply waits for the same run.")
		return
	}
	diags.AddAttributeError(at, summary, detail+"\n\n"+m.goOn(o))
}

// goOn says what to type when a wait ended before the run did.
func (m *instanceModel) goOn(o waitOptions) string {
	if !o.creating {
		return "The run is in the state. Apply again to go on waiting for it; raise " + o.argument + " if it needs longer. No second run is started."
	}
	return "The run is in the state, which Terraform shows as tainted. Nothing is lost: the next apply takes the same run over, waits for the rest of it, and starts a new one only if it has failed. " +
		"Raise " + o.argument + " if it needs longer. To get rid of the taint without a replacement in the plan:\n\n  terraform untaint ADDRESS\n  terraform apply"
}

// unreadableAlone says why only this run cannot be read.
const unreadableAlone = "Other requests work, so only this run cannot be read: StackStorm has deleted its execution, " +
	"or holds it in a status that the orchestrator cannot show (canceled, timed out, abandoned, paused, delayed)."

// deposed explains a run that Terraform keeps beside the plan for a new one: it
// was to be taken over with create_before_destroy, which Terraform broke off.
func (m *instanceModel) deposed() string {
	return fmt.Sprintf("Terraform gave up waiting for %s when it was created, and it has status %s. A replacement that creates before it destroys was begun since, "+
		"so that Terraform holds the run as a deposed object and plans a new one. That is refused, as it would run the workflow twice. Make the run the resource's own again:\n\n"+
		"  terraform state rm ADDRESS\n  terraform import ADDRESS %s", m.run(), m.Status.ValueString(), m.ID.ValueString())
}

// stays says what the end of a record leaves behind.
func stays(m *instanceModel) string {
	return fmt.Sprintf("The orchestrator forgets %s. What its workflow made stays: volumes, attachments, objects. To undo it, set on_destroy.", m.run())
}

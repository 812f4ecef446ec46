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
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// This file makes diagnostics of what package run returns.

// startWords is what the messages about a start need beside the request.
type startWords struct {
	limit     string // the argument that bounds the run
	timeout   time.Duration
	stateless bool // there is no resource to import a run into
	byHand    bool // the configuration sets the timeout
	// usual returns how long the workflow takes, if that is known.
	usual func(action string) (time.Duration, bool)
}

// startMessages reports how a start went.
func startMessages(req run.Request, w startWords, started run.Started, err error) (diags diag.Diagnostics) {
	if err != nil {
		startError(&diags, req, w, err)
		return diags
	}
	if w.needsToken(req.Action, started.TokenEnds) {
		diags.AddWarning("The token may expire before the run ends",
			fmt.Sprintf("The workflow of run %q uses the token that it was started with. That token expires in %s, and %s is %s. "+
				"If the workflow needs the token after that, it fails. Give a newer token, have Keystone's [token] expiration raised, or set a lower %s if the run is short.",
				req.Name, time.Until(started.TokenEnds).Round(time.Second), w.limit, w.timeout, w.limit))
	}
	id := started.Run.ID
	switch started.How {
	case run.TakenOver:
		diags.AddWarning("Took over run "+id, fmt.Sprintf("Run %s of this service has the same name, user and inputs as run %q. Its status was %s. No resource is known to have it, so Terraform goes on with it instead of starting a second one. "+
			"The usual cause is an earlier apply that was killed or interrupted. If another configuration or workspace started it, both have the same run now: give each a different name or user_id.",
			id, req.Name, started.Run.Status))
	case run.Found:
		found := "it is the one new run of this service with these inputs"
		if started.Run.ExecutionID != "" {
			found = "execution " + started.Run.ExecutionID + " of StackStorm has its mark"
		}
		diags.AddWarning(fmt.Sprintf("Found run %s after a lost answer", id),
			fmt.Sprintf("The answer to the start of run %q got lost (%s). The run has started: %s.", req.Name, redact(started.Lost, req.Secret), found))
	}
	if id, ok := run.ExecutionOf(started.Run.ID); ok {
		diags.AddWarning("A run without its record", fmt.Sprintf("Execution %s of StackStorm is this run. Its record at the orchestrator could not be identified, so Terraform reads the run at StackStorm. "+
			"If there is such a record, it stays when you destroy this resource.", id))
	}
	if started.ListCut {
		diags.AddWarning("The list of the service's runs is incomplete",
			fmt.Sprintf("Run %s was just started and is missing from the list of service %s. The list ends before a record that the orchestrator cannot read: StackStorm has canceled, timed out or deleted its execution. "+
				"Terraform goes on. But if it is killed while it starts a run, the next apply cannot find that run in the list, and starts it again.\n\n"+
				"To repair the list, remove the record of that older run. If it is a resource, destroy it. Otherwise send DELETE to the orchestrator's instances/ID.", id, req.ServiceID))
	}
	return diags
}

// needsToken says whether the workflow is likely to need its token after it has
// ended. The default timeouts say nothing about a workflow's length, and Keystone's
// tokens usually end before them.
func (w startWords) needsToken(action string, ends time.Time) bool {
	if ends.IsZero() {
		return false
	}
	if w.usual != nil {
		if length, known := w.usual(action); known {
			return time.Now().Add(length).After(ends)
		}
	}
	return w.byHand
}

func startError(diags *diag.Diagnostics, req run.Request, w startWords, err error) {
	if e, ok := errors.AsType[*run.AlreadyDone](err); ok {
		diags.AddError(fmt.Sprintf("Run %q has already succeeded", req.Name), alreadyDone(w, e))
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
		diags.AddError(summary, "Before it starts a run, Terraform looks for an existing one with the same inputs. That failed: "+detailOf(e.Err)+"\n\nNothing was started.")
	default:
		addNotStarted(diags, summary, redact(e.Err, req.Secret))
	}
}

// addNotStarted reports an error before which nothing was started.
func addNotStarted(diags *diag.Diagnostics, summary string, err error) {
	diags.AddError(summary, detailOf(err)+"\n\nNothing was started.")
}

func alreadyDone(w startWords, e *run.AlreadyDone) string {
	since := ""
	if !e.Since.IsZero() {
		since = fmt.Sprintf(", started %s,", e.Since.UTC().Format(time.RFC3339))
	}
	text := fmt.Sprintf("Run %s%s of this service has the same name, user and inputs, and has succeeded. No resource is known to have it. "+
		"An earlier apply may have started it and was killed, or its state was lost. Or it belongs to another configuration. Nothing was started.\n\n", e.Run.ID, since)
	if _, ok := run.ExecutionOf(e.Run.ID); ok {
		text += "Its record cannot be found, because the list of the service's runs is incomplete. So it may also be a run that was destroyed or replaced.\n\n"
	}
	if w.stateless {
		return text + "To count that run as done, set adopt_existing = true and apply that first. To run the workflow once more, set adopt_existing = false and apply that first."
	}
	return text + "To take that run over:\n\n  terraform import ADDRESS " + e.Run.ID + "\n\n" +
		"adopt_existing = true takes it over as well. To run the workflow once more, set adopt_existing = false. " +
		"If two configurations start such runs, give each a different name or user_id."
}

func interruptedStart(w startWords) string {
	again := "Nothing was recorded in the state. Apply again"
	if w.stateless {
		again = "Run the same command again"
	}
	return "The request was sent, and no answer came in time: the run may have started. " + again +
		". If the run has not ended by then, Terraform finds it and waits for it instead of starting a second one."
}

// unknownStart says what to do if it is not known whether the run has started.
func unknownStart(req run.Request, w startWords, e *run.Unknown) string {
	var b strings.Builder
	nothing, again := " Nothing was recorded in the state.", "apply again"
	if w.stateless {
		nothing, again = "", "run the same command again"
	}
	fmt.Fprintf(&b, "%s\n\nSuch an answer can come although the workflow was started. Terraform does not retry, to avoid running the workflow twice.%s", sentence(redact(e.Err, req.Secret).Error()), nothing)
	if len(e.Candidates) == 0 {
		listed := "The service's list shows no new run."
		if e.ListErr != nil {
			listed = "The list of runs could not be read either: " + sentence(e.ListErr.Error())
		}
		if e.Searched {
			listed = "StackStorm has no execution with this run's mark."
		}
		fmt.Fprintf(&b, "\n\n%s Look on StackStorm's host (st2 execution list --action %s). If there is an execution, wait for it to end and clean up what it made. If there is none, %s.", listed, req.Action, again)
		return b.String()
	}
	b.WriteString("\n\nThese runs are new and have the same inputs. One of them may be this run:\n")
	for _, c := range e.Candidates {
		fmt.Fprintf(&b, "\n  %s  %s", c.ID, c.Status)
	}
	if w.stateless {
		b.WriteString("\n\nIf it is, wait for it to end instead of running the workflow again. data \"soda_orchestration_instance\" shows its status.")
		return b.String()
	}
	fmt.Fprintf(&b, "\n\nTo take the right one over:\n\n  terraform import ADDRESS %s", e.Candidates[0].ID)
	return b.String()
}

// waitResult is the outcome of a wait.
type waitResult struct {
	diags diag.Diagnostics
	// unresolved is true after an error that is not a failure of the run.
	unresolved bool
}

func (m *instanceModel) cannotWait(err error, o waitOptions) (e waitResult) {
	e.unresolved = true
	e.diags.AddError("Cannot wait for "+m.run(), detailOf(err)+"\n\n"+m.goOn(o))
	return e
}

// waitMessages reports how a wait ended. m has the run's last known status.
func (m *instanceModel) waitMessages(ctx context.Context, err error, reason *stackstorm.Failure, o waitOptions) (e waitResult) {
	id := m.ID.ValueString()
	switch {
	case err == nil && m.status() == orchestration.StatusSuccess:
	case err == nil:
		e.diags.AddError(fmt.Sprintf("Run %s failed", id), m.failure(reason, o))
	case ctx.Err() != nil:
		e.diags.AddWarning("Stopped waiting for a run", m.interrupted(err))
	case errors.Is(err, run.ErrTimeout):
		e.unresolved = !m.ContinueOnTimeout.ValueBool()
		m.reportTimeout(&e.diags, err, o)
	case run.IsGone(err):
		e.diags.AddError(fmt.Sprintf("Run %s has disappeared", id), disappeared(m.Action.ValueString(), m.run())+" The next apply starts a new run.")
	}
	return e
}

func disappeared(action, run string) string {
	return fmt.Sprintf("Somebody deleted the record of %s while Terraform waited for it. The workflow goes on, but the orchestrator cannot show it any more. "+
		"Look on StackStorm's host (st2 execution list --action %s) for how it ends.", run, action)
}

func (m *instanceModel) failure(reason *stackstorm.Failure, o waitOptions) string {
	text := howItFailed(m.Action.ValueString(), m.Name.ValueString(), m.lastSeen(), reason, o.started) + "\n\nThe run is in the state as failed. What it did before it failed stays. "
	if o.creating {
		return text + "The next apply removes its record and starts one new run."
	}
	return text + "The next apply plans a replacement, which starts one new run."
}

// howItFailed says what is known about a failed run, and where to find more.
// started is zero if the run was started before this apply.
func howItFailed(action, name string, last run.Run, reason *stackstorm.Failure, started time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Workflow %s of service %s ended in status Failed: %s", action, last.ServiceID, runName(last.ID, name))
	if !started.IsZero() {
		fmt.Fprintf(&b, ", after %s", round(time.Since(started)))
	}
	b.WriteString(".")
	if out := strings.TrimSpace(last.Output); out != "" {
		introduction, end := printed(out)
		fmt.Fprintf(&b, " %s:\n\n%s", introduction, end)
	}
	if action == migrationAction {
		b.WriteString("\n\n" + planNameTaken)
	}
	if reason != nil {
		b.WriteString("\n\n" + whyItFailed(reason, last.ExecutionID))
		return b.String()
	}
	fmt.Fprintf(&b, "\n\nThe orchestrator does not give the reason. StackStorm does, on its own host:\n\n  st2 execution list --action %s --status failed\n  st2 execution get EXECUTION_ID", action)
	return b.String()
}

// What a message shows of an output.
const (
	mostOutputLines = 20
	mostOutputBytes = 2000
)

// printed introduces what a run printed, and returns the end of it. It cuts at the
// beginning of a line, unless the last line alone is too long.
func printed(out string) (introduction, end string) {
	end = out
	if from := len(out) - mostOutputBytes; from > 0 {
		end = strings.ToValidUTF8(out[from:], "")
		if _, whole, ok := strings.Cut(end, "\n"); ok && out[from-1] != '\n' {
			end = whole
		}
	}
	lines := strings.Split(end, "\n")
	end = strings.Join(lines[max(0, len(lines)-mostOutputLines):], "\n")
	if len(end) == len(out) {
		return "It printed", end
	}
	return fmt.Sprintf("It printed %d bytes, which end with", len(out)), end
}

// whyItFailed gives the reason of a failure that StackStorm has.
func whyItFailed(f *stackstorm.Failure, executionID string) string {
	var b strings.Builder
	switch f.Status {
	case stackstorm.StatusCanceled:
		b.WriteString("Somebody canceled it in StackStorm.")
	case stackstorm.StatusTimeout:
		b.WriteString("It took longer than StackStorm allows (status timeout).")
	case stackstorm.StatusAbandoned:
		b.WriteString("StackStorm lost it, most likely when it was restarted (status abandoned).")
	}
	if f.Task != "" {
		fmt.Fprintf(&b, " Task %s failed.", f.Task)
	}
	if f.Text != "" {
		fmt.Fprintf(&b, " %s", sentence(f.Text))
	}
	if b.Len() == 0 {
		b.WriteString("StackStorm gives no reason.")
	}
	fmt.Fprintf(&b, "\n\nThe execution in StackStorm is %s.", executionID)
	if f.ExecutionID != executionID {
		fmt.Fprintf(&b, " That of the task is %s.", f.ExecutionID)
	}
	return strings.TrimSpace(b.String())
}

// runName names a run in messages.
func runName(id, name string) string { return "run " + id + " (" + quoted(name) + ")" }

func (m *instanceModel) interrupted(err error) string {
	stands := ". Its status was " + m.Status.ValueString() + "."
	if unread := unreadWhileWaiting(err); unread != "" {
		stands = ", as far as is known. " + unread
	}
	return fmt.Sprintf("%s goes on at the orchestrator%s It is in the state. Ignore \"Creation complete\" above: the run has not ended. "+
		"Apply again to wait for the rest of it. No second run is started.", upper(m.run()), stands)
}

// unreadWhileWaiting says that the run could not be read when a wait ended. It is
// empty if the last read worked.
func unreadWhileWaiting(err error) string {
	api, ok := errors.AsType[*orchestration.Error](err)
	if !ok {
		return ""
	}
	text := "It could not be read any more: "
	never, ok := errors.AsType[*run.NeverRead](err)
	if ok {
		text = "No read of it has worked: "
	}
	text += sentence(api.Error())
	switch {
	case ok && never.OthersRead:
		text += " Other runs could be read meanwhile, so it is this run alone: StackStorm has canceled it, timed it out or deleted it, and the orchestrator cannot show that."
	case serverFault(api):
		text += " A run that was canceled, paused or has timed out in StackStorm looks like this, since the orchestrator cannot show such a status."
	}
	return text
}

func (m *instanceModel) reportTimeout(diags *diag.Diagnostics, err error, o waitOptions) {
	at := path.Root("timeouts")
	summary := fmt.Sprintf("Run %s took longer than %s", m.ID.ValueString(), o.timeout)
	detail := fmt.Sprintf("%s had status %s when %s (%s) was over.", upper(m.run()), m.Status.ValueString(), o.argument, o.timeout)
	if _, ok := errors.AsType[*run.NeverRead](err); ok {
		detail = fmt.Sprintf("How %s stands is not known; %s (%s) was over.", m.run(), o.argument, o.timeout)
	}
	if unread := unreadWhileWaiting(err); unread != "" {
		detail += " " + unread
	}
	if m.ContinueOnTimeout.ValueBool() {
		diags.AddAttributeWarning(at, summary, detail+" Because continue_on_timeout is set, resources that depend on it are created now. The next apply waits for the same run.")
		return
	}
	diags.AddAttributeError(at, summary, detail+"\n\n"+m.goOn(o))
}

// goOn says what to type when a wait ended before the run did.
func (m *instanceModel) goOn(o waitOptions) string {
	if !o.creating {
		return "The run is in the state. Apply again to go on waiting for it. Raise " + o.argument + " if it needs longer. No second run is started."
	}
	return "The run is in the state, and the resource is tainted. The next apply takes the same run over and waits for it. It starts a new run only if this one has failed. " +
		"Raise " + o.argument + " if it needs longer. To remove the taint without a replacement in the plan:\n\n  terraform untaint ADDRESS\n  terraform apply"
}

// unreadableAlone says why only this run cannot be read.
const unreadableAlone = "Other requests work, so only this run cannot be read: StackStorm has deleted its execution, " +
	"or holds it in a status that the orchestrator cannot show (canceled, timed out, abandoned, paused, delayed)."

// keepsItsStatus says, once for all runs of a plan, what becomes of those that
// cannot be read.
func (m *instanceModel) keepsItsStatus(connected bool) string {
	advice := "With stackstorm in the provider block Terraform reads such runs in StackStorm."
	if connected {
		advice = "Its execution is not known either, so Terraform cannot read it in StackStorm."
	}
	return fmt.Sprintf("%s is one: StackStorm has deleted its execution, or the orchestrator cannot show its status (canceled, timed out, abandoned, paused, delayed).\n"+
		"Terraform keeps the last status it knows of every such run (here %q), and says so only once.\n%s", upper(m.run()), m.Status.ValueString(), advice)
}

// deposed is the message about a deposed run beside a plan for a new one. The
// replacement with create_before_destroy was to take it over and was refused.
func (m *instanceModel) deposed() string {
	return fmt.Sprintf("Terraform gave up waiting for %s when it was created, and it has status %s. After that, a replacement with create_before_destroy was begun. "+
		"So the run is a deposed object now, and Terraform plans a new one. This plan is refused, because it would run the workflow twice. To make the run the resource's own again:\n\n"+
		"  terraform state rm ADDRESS\n  terraform import ADDRESS %s", m.run(), m.Status.ValueString(), m.ID.ValueString())
}

// stays says what is left when a record is removed.
func stays(m *instanceModel) string {
	return fmt.Sprintf("The record of %s is removed. What its workflow made stays: volumes, attachments, objects. To undo it, set on_destroy.", m.run())
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/wait"
)

// waiting says how long a wait may take, and in whose name.
type waiting struct {
	argument string        // the timeout's name, for messages
	timeout  time.Duration // what it says
	left     time.Duration // what is left of it
	creating bool          // an error taints the resource
}

// ending is how a wait came out.
type ending struct {
	diags diag.Diagnostics
	// unresolved: there was an error, but not because the run had failed.
	unresolved bool
}

var errOwnTimeout = errors.New("the time allowed is over")

// settle waits for the run's end and reports it. It leaves the last state seen
// in m, whatever happened.
func (r *instanceResource) settle(ctx context.Context, m *instanceModel, last *orchestration.Instance, secret map[string]any, w waiting) (e ending) {
	api, _, err := r.api(ctx)
	if err != nil {
		e.unresolved = true
		e.diags.AddError("Cannot wait for "+m.run(), explain(err)+"\n\n"+m.goOn(w))
		return e
	}
	begun := time.Now()
	inst, err := r.await(ctx, api, last, w.left, nil)
	m.observe(inst, secret)
	switch {
	case err == nil && inst.Status == orchestration.StatusSuccess:
	case err == nil:
		e.diags.AddError(fmt.Sprintf("Run %s failed", m.ID.ValueString()), m.failure(time.Since(begun), w))
	case ctx.Err() != nil:
		e.diags.AddWarning(fmt.Sprintf("Stopped waiting for run %s", m.ID.ValueString()), m.interrupted())
	case errors.Is(err, errOwnTimeout):
		e.unresolved = !m.ContinueOnTimeout.ValueBool()
		m.reportTimeout(&e.diags, err, w)
	case orchestration.IsNotFound(err):
		e.diags.AddError(fmt.Sprintf("Run %s has disappeared", m.ID.ValueString()),
			fmt.Sprintf("Somebody deleted the record of %s while Terraform waited for it. That does not stop the workflow, and nobody can follow it through the orchestrator any more. "+
				"Look in StackStorm (st2 execution list --action %s) for how it ends; the next apply starts a new run.", m.run(), m.Action.ValueString()))
	default:
		e.unresolved = true
		e.diags.AddError(fmt.Sprintf("Lost sight of run %s", m.ID.ValueString()), explain(err)+"\n\n"+m.goOn(w))
	}
	return e
}

// await polls until the run has ended, and returns the last that was seen of it.
// watch, if not nil, is told what each poll brought.
func (r *instanceResource) await(ctx context.Context, api *orchestration.Client, last *orchestration.Instance, left time.Duration,
	watch func(*orchestration.Instance, error)) (*orchestration.Instance, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, left, errOwnTimeout)
	defer cancel()
	pace := r.settings.pace
	pace.Tolerate = passing
	pace.Due = func() time.Time { return r.forecast.due(last.ID) }
	progress := func() float64 { return r.forecast.progress(last.ID) }
	status := last.Status
	inst, err := wait.Until(ctx, pace, func(ctx context.Context) (*orchestration.Instance, bool, error) {
		inst, err := api.Poll(ctx, last.ID, last.ServiceID, progress)
		if watch != nil {
			watch(inst, err)
		}
		if err != nil {
			return nil, false, err
		}
		if inst.Status != status {
			status = inst.Status
			tflog.Info(ctx, "run changed", map[string]any{"run": inst.ID, "name": inst.Name, "status": string(status)})
		}
		return inst, inst.Status.Final(), nil
	})
	if inst == nil {
		inst = last
	}
	if err == nil && inst.Status == orchestration.StatusSuccess {
		r.forecast.succeed(last.ID)
	}
	return inst, err
}

// passing says which errors of a read do not end a wait: everything that may
// be over by the next look, up to a restart of the server.
func passing(err error) bool {
	var api *orchestration.Error
	if !errors.As(err, &api) {
		return true // no answer, or no token for the moment
	}
	switch api.Status {
	case http.StatusNotFound:
		return !orchestration.IsNotFound(err) // a proxy's, while the server is away
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	default:
		return api.Status >= http.StatusInternalServerError
	}
}

func (m *instanceModel) failure(took time.Duration, w waiting) string {
	text := m.howItFailed(took) + "\n\nThe run is in the state as failed. What it did before it failed stays. "
	if w.creating {
		return text + "The next apply removes its record and starts one new run."
	}
	return text + "The next apply plans a replacement, which starts one new run."
}

// howItFailed says what is known about a failed run, and where more is.
func (m *instanceModel) howItFailed(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Workflow %s of service %s ended in status Failed: %s, after %s.", m.Action.ValueString(), m.ServiceID.ValueString(), m.run(), round(took))
	if out := strings.TrimSpace(m.Output.ValueString()); out != "" {
		fmt.Fprintf(&b, " It printed:\n\n%s", out)
	}
	fmt.Fprintf(&b, "\n\nThe orchestrator does not tell why. StackStorm does:\n\n  st2 execution list --action %s --status failed\n  st2 execution get EXECUTION_ID", m.Action.ValueString())
	return b.String()
}

func (m *instanceModel) interrupted() string {
	return fmt.Sprintf("%s goes on at the orchestrator; its status was %s. It is in the state, and Terraform may call its creation complete above: it is not. "+
		"Apply again to wait for the rest of it. No second run is started.", upper(m.run()), m.Status.ValueString())
}

func (m *instanceModel) reportTimeout(diags *diag.Diagnostics, err error, w waiting) {
	at := path.Root("timeouts")
	summary := fmt.Sprintf("Run %s took longer than %s", m.ID.ValueString(), w.timeout)
	detail := fmt.Sprintf("%s had status %s when %s (%s) was over.", upper(m.run()), m.Status.ValueString(), w.argument, w.timeout)
	var api *orchestration.Error
	if errors.As(err, &api) {
		detail += fmt.Sprintf(" It could not be read any more: %s A run that was canceled, paused or has timed out in StackStorm looks like this, for the orchestrator has no word for it.", sentence(api.Error()))
	}
	if m.ContinueOnTimeout.ValueBool() {
		diags.AddAttributeWarning(at, summary, detail+" Since continue_on_timeout is set, what depends on it goes ahead. The next apply waits for the same run.")
		return
	}
	diags.AddAttributeError(at, summary, detail+"\n\n"+m.goOn(w))
}

// goOn says what to type when a wait ended before the run did.
func (m *instanceModel) goOn(w waiting) string {
	if !w.creating {
		return "The run is in the state. Apply again to go on waiting for it; raise " + w.argument + " if it needs longer. No second run is started."
	}
	return "The run is in the state, which Terraform shows as tainted. Nothing is lost: the next apply takes the same run over, waits for the rest of it, and starts a new one only if it has failed. " +
		"Raise " + w.argument + " if it needs longer. To get rid of the taint without a replacement in the plan:\n\n  terraform untaint ADDRESS\n  terraform apply"
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

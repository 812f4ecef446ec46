package provider

import (
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// TestAccNotWaiting: without waiting an apply ends while the run goes on, later
// plans leave it alone, and whoever wants to wait after all can.
func TestAccNotWaiting(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", "wait_for_completion = false"))
	sb.Hold()
	w.apply().exits(0)
	w.expectInState(workAddress, "Running", false)
	w.plan().exits(0)

	w.write(workConfig("hello"))
	w.plan().exits(2).says("will be updated in-place", "has not ended")
	u := w.startApply("GET", "/instances/")
	sb.Release()
	u.wait().exits(0)
	w.expectInState(workAddress, "Success", false)

	w.write(workConfig("hello", "wait_for_completion = false"))
	w.apply().exits(0).says("0 added, 1 changed, 0 destroyed")
	w.plan().exits(0)
	w.expectExecutions(1)
}

// TestAccNotWaitingThenSucceeded: that the run has ended well is nothing to
// apply.
func TestAccNotWaitingThenSucceeded(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", "wait_for_completion = false"))
	sb.Hold()
	w.apply().exits(0)
	sb.Release()
	forceStatusByName(t, sb, "work", "succeeded")
	w.plan().exits(0)
	w.apply().exits(0)
	w.expectInState(workAddress, "Success", false)
	w.expectExecutions(1)
}

// TestAccChangesThatRunNothing: how to wait, how to check and how to clean up
// is no input of the run; the same inputs in another form are the same; and
// Terraform cannot see that a write-only value changed.
func TestAccChangesThatRunNothing(t *testing.T) {
	const (
		object = `{ message = "hello", settings = { a = "1" } }`
		asMap  = `{ message = "hello", settings = tomap({ a = "1" }) }`
		nulls  = `{ message = "hello", settings = { a = "1", b = null }, count = null }`
		wo     = `parameters_wo = { password = "one" }`
	)
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfigWith(object, wo))
	w.apply().exits(0)
	w.write(workConfigWith(object, `parameters_wo = { password = "two" }`))
	w.plan().exits(0)
	for _, config := range []string{
		workConfigWith(object, wo, `timeouts = { create = "1h", update = "1h", delete = "1h" }`),
		workConfigWith(object, wo, onDestroyLine),
		workConfigWith(object, wo, "continue_on_timeout = true"),
		workConfigWith(object, wo, "validate_parameters = false"),
		workConfigWith(asMap, wo),
		workConfigWith(nulls, wo),
	} {
		w.write(config)
		w.apply().exits(0).says("0 added, 1 changed, 0 destroyed")
	}
	w.plan().exits(0)
	w.expectExecutions(1)
}

// TestAccChangesThatRunOnce: each of these is one new run, and no more.
func TestAccChangesThatRunOnce(t *testing.T) {
	const wo = `parameters_wo = { password = "one" }`
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newWorkspace(t, sb, workConfig("hello", wo))
	w.apply().exits(0)
	for n, config := range []string{
		workConfig("hello", wo, "parameters_wo_version = 1"),
		workConfig("hello", wo, "parameters_wo_version = 2"),
		workConfig("hello", wo, "parameters_wo_version = 2", `triggers = { day = "monday" }`),
		workConfig("hello", wo, "parameters_wo_version = 2", `triggers = { day = "tuesday" }`),
	} {
		w.write(config)
		w.apply().exits(0).says("must be replaced", "1 added, 0 changed, 1 destroyed")
		w.expectExecutions(n + 2)
		w.expectRecords(1)
	}
	w.plan().exits(0)
}

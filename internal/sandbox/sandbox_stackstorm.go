package sandbox

import (
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/stackstorm"
)

// The account of StackStorm that there is, with an API key that is good from the
// start, and the marker that a failed expression prints (Failure).
const (
	StackStormUser     = stackstorm.User
	StackStormPassword = stackstorm.Password
	StackStormAPIKey   = stackstorm.APIKey
	StackStormRunToken = stackstorm.RunToken
)

// Execution is one execution of an action, as StackStorm holds it.
type Execution = stackstorm.Execution

// StackStormFault is an answer in place of StackStorm's.
type StackStormFault = stackstorm.Fault

// Executions lists every execution ever started and not purged, oldest first,
// without those of a workflow's tasks.
func (s *Sandbox) Executions() []Execution { return s.stackstorm.Executions() }

// StackStormRequests lists every request that StackStorm has received over the
// network so far, each as "METHOD /path?query". The orchestrator's are not there.
func (s *Sandbox) StackStormRequests() []string { return s.stackstormRequests.list() }

// Hold keeps executions from going on, until Release.
func (s *Sandbox) Hold() { s.stackstorm.Hold() }

// Release ends Hold.
func (s *Sandbox) Release() { s.stackstorm.Release() }

// ForceStatus sets an execution's status, one of StackStorm's fourteen, as an
// operator might. It stays until it is set again.
func (s *Sandbox) ForceStatus(executionID, st2Status string) error {
	return s.stackstorm.ForceStatus(executionID, st2Status)
}

// Purge removes an execution from StackStorm's history.
func (s *Sandbox) Purge(executionID string) error { return s.stackstorm.Purge(executionID) }

// Failure says how a task ends that is told to fail.
type Failure = stackstorm.Failure

// The kinds of failure; package stackstorm says what each is.
const (
	FailureException  = stackstorm.FailureException
	FailureFalse      = stackstorm.FailureFalse
	FailureShell      = stackstorm.FailureShell
	FailureTimeout    = stackstorm.FailureTimeout
	FailureVirtualenv = stackstorm.FailureVirtualenv
	FailureNested     = stackstorm.FailureNested
	FailureHandled    = stackstorm.FailureHandled
	FailureExpression = stackstorm.FailureExpression
)

// FailTask makes the next executions of an action fail at a task, "" being the
// first one, with an exception.
func (s *Sandbox) FailTask(action, task string) { s.FailTaskAs(action, task, Failure{}) }

// FailTaskAs makes them fail in another way. It panics if there is no such kind.
func (s *Sandbox) FailTaskAs(action, task string, f Failure) {
	if err := s.stackstorm.FailTask(action, task, f); err != nil {
		panic(err)
	}
}

// ClearFailures ends FailTask.
func (s *Sandbox) ClearFailures() { s.stackstorm.ClearFailures() }

// FailStackStorm makes calls to StackStorm fail, those of the orchestrator among
// them. It panics if f.Call is no kind of call.
func (s *Sandbox) FailStackStorm(f StackStormFault) {
	if err := s.stackstorm.Fail(f); err != nil {
		panic(err)
	}
}

// RecoverStackStorm ends FailStackStorm.
func (s *Sandbox) RecoverStackStorm() { s.stackstorm.Recover() }

// SetOutput replaces what an execution printed.
func (s *Sandbox) SetOutput(executionID, text string) error {
	return s.stackstorm.SetOutput(executionID, text)
}

// SetResult replaces an execution's whole result.
func (s *Sandbox) SetResult(executionID string, result map[string]any) error {
	return s.stackstorm.SetResult(executionID, result)
}

// SetFirstStatus makes executions of an action that start from now on begin
// with a status and stay in it; "" ends that.
func (s *Sandbox) SetFirstStatus(action, st2Status string) error {
	return s.stackstorm.SetFirstStatus(action, st2Status)
}

// Actions lists the references of all actions, in StackStorm's order.
func (s *Sandbox) Actions() []string { return s.stackstorm.Actions() }

// AddAction registers an action, or replaces the one of its reference. The
// metadata is the YAML of a pack's actions/*.yaml; its pack is "default" unless
// it names one.
func (s *Sandbox) AddAction(metadata string) error { return s.stackstorm.AddAction(metadata) }

// RemoveAction unregisters an action. It reports whether there was one.
func (s *Sandbox) RemoveAction(ref string) bool { return s.stackstorm.RemoveAction(ref) }

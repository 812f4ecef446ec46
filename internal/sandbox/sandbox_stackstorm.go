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

// StackStormFault is a fault of StackStorm.
type StackStormFault = stackstorm.Fault

// Executions lists every execution that was started and not purged, oldest
// first. It leaves out the executions of a workflow's tasks.
func (s *Sandbox) Executions() []Execution { return s.stackstorm.Executions() }

// StackStormRequests lists every request that StackStorm has received over the
// network so far, each as "METHOD /path?query". It leaves out the orchestrator's.
func (s *Sandbox) StackStormRequests() []string { return s.stackstormRequests.list() }

// Hold stops all executions where they are, until Release.
func (s *Sandbox) Hold() { s.stackstorm.Hold() }

// Release ends Hold.
func (s *Sandbox) Release() { s.stackstorm.Release() }

// ForceStatus sets an execution's status, as an operator might. The status is
// one of StackStorm's fourteen and stays until it is set again; "" lets the
// execution go on.
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

// FailStackStorm makes calls to StackStorm fail, the orchestrator's and
// everybody else's. It panics if f.Call is not a kind of call.
func (s *Sandbox) FailStackStorm(f StackStormFault) {
	if err := s.stackstorm.Fail(f); err != nil {
		panic(err)
	}
}

// StackStormCalls lists the kind of every call to StackStorm so far, in the
// words of StackStormFault.Call.
func (s *Sandbox) StackStormCalls() []string { return s.stackstorm.Calls() }

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

// SetFirstStatus sets the status in which the next executions of an action
// begin and stay. The status "" ends that.
func (s *Sandbox) SetFirstStatus(action, st2Status string) error {
	return s.stackstorm.SetFirstStatus(action, st2Status)
}

// Actions lists the references of all actions, in StackStorm's order.
func (s *Sandbox) Actions() []string { return s.stackstorm.Actions() }

// AddAction registers an action, or replaces the one with the same reference.
// The metadata is the YAML of a pack's actions/*.yaml. If it names no pack, the
// pack is "default".
func (s *Sandbox) AddAction(metadata string) error { return s.stackstorm.AddAction(metadata) }

// RemoveAction unregisters an action. It reports whether there was one.
func (s *Sandbox) RemoveAction(ref string) bool { return s.stackstorm.RemoveAction(ref) }

// ProtectPack says whether StackStorm's API may not write into a pack, as after
// docker cp.
func (s *Sandbox) ProtectPack(pack string, on bool) error { return s.stackstorm.ProtectPack(pack, on) }

// DownloadPack replaces the files of a pack by those that it came with, as st2
// pack install does. Its actions stay.
func (s *Sandbox) DownloadPack(pack string) error { return s.stackstorm.DownloadPack(pack) }

// ReloadPack registers the metadata files of a pack, as st2ctl reload does.
func (s *Sandbox) ReloadPack(pack string) error { return s.stackstorm.ReloadPack(pack) }

// PackFile reads a file on StackStorm's host, such as actions/workflows/x.yaml.
func (s *Sandbox) PackFile(pack, path string) (content string, ok bool) {
	return s.stackstorm.File(pack, path)
}

// WritePackFile changes or adds one.
func (s *Sandbox) WritePackFile(pack, path, content string) error {
	return s.stackstorm.WriteFile(pack, path, content)
}

// RemovePackFile deletes one.
func (s *Sandbox) RemovePackFile(pack, path string) error { return s.stackstorm.RemoveFile(pack, path) }

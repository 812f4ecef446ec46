// Package run starts workflow runs at most once, finds them again, and waits
// for them. It does not know Terraform: it returns values and typed errors, and the
// caller makes messages of them.
//
// The orchestrator has no way to start a run "only if it has not been started".
// An answer can get lost after the work, and a process can be killed before it
// records the run. So Runs.Start works in five steps:
//
//  1. It waits for its turn: a process starts one run at a time.
//  2. It looks for a run that this one would duplicate (Request.matches).
//  3. It makes sure that the token lives as long as the run may.
//  4. It sends the request, once.
//  5. If the answer does not say what happened, it looks for the new run.
//
// Runs.Wait then polls until the run has ended.
package run

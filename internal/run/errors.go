package run

import (
	"fmt"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// NotStarted says that nothing was started.
type NotStarted struct {
	// Looking is true if the search for an existing run failed. Then no request was
	// sent.
	Looking bool
	Err     error
}

func (e *NotStarted) Error() string { return "the run was not started: " + e.Err.Error() }
func (e *NotStarted) Unwrap() error { return e.Err }

// AlreadyDone says that a run with the same inputs has succeeded, and that no
// second one was started.
type AlreadyDone struct {
	Run   Run
	Since time.Time // when it was started; zero if that is not known
}

func (e *AlreadyDone) Error() string {
	return fmt.Sprintf("run %s with the same inputs has already succeeded", e.Run.ID)
}

// Unknown says that it is not known whether the run has started.
type Unknown struct {
	Err         error                    // what came back instead of an answer
	Interrupted bool                     // there was no time to look for the run
	Candidates  []orchestration.Instance // new runs that it could be
	ListErr     error                    // why the list or StackStorm could not be read; nil if it could
	Searched    bool                     // StackStorm was asked, and has no such execution
}

func (e *Unknown) Error() string {
	return "it is not known whether the run has started: " + e.Err.Error()
}
func (e *Unknown) Unwrap() error { return e.Err }

// NeverRead says that a wait ended, and that every read of the run in it was a
// 500. The orchestrator answers so for a status that it cannot show (quirk 26)
// and for an execution that StackStorm has deleted (quirk 27).
type NeverRead struct {
	Err        error // why the wait ended, and the last read
	OthersRead bool  // other runs of this process could be read meanwhile
}

func (e *NeverRead) Error() string { return e.Err.Error() }
func (e *NeverRead) Unwrap() error { return e.Err }

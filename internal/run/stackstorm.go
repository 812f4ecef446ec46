package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-uuid"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// executionPrefix begins the id of a run that has no record, or none that can be
// found. StackStorm's id of its execution follows.
const executionPrefix = "execution/"

// Run is a run as it was seen last.
type Run struct {
	orchestration.Instance
	// ExecutionID is StackStorm's id of the run; empty if it is not known.
	ExecutionID string
	// Word is StackStorm's own status; empty if the orchestrator was asked.
	Word stackstorm.Status
	// Action is the workflow; empty if StackStorm was not asked for it.
	Action string
}

// ExecutionOf returns the execution of a run without a record, by the run's id.
func ExecutionOf(id string) (executionID string, ok bool) {
	return strings.CutPrefix(id, executionPrefix)
}

// marks of a start. The orchestrator hands them to StackStorm, which keeps them
// in the execution's context (S1, S2). A lost start is found by the first, and
// the runs of one request by the second.
const (
	markRun     = "soda_run"
	markRequest = "soda_request"
)

// newMarks returns the marks of one start.
func newMarks(req *Request) (map[string]string, error) {
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, fmt.Errorf("making the run's mark: %w", err)
	}
	return map[string]string{markRun: id, markRequest: req.Hash()}, nil
}

const (
	// clockSlack is how far StackStorm's clock may be behind ours.
	clockSlack = 15 * time.Minute
	// findTries is how often the execution of a start is looked for, a second
	// apart. It is there when the start is answered (S3). When the answer was
	// lost, the orchestrator may still be at work.
	findTries         = 15
	findTriesAnswered = 3
	findPause         = time.Second
)

// findExecution looks for the execution with the mark. It returns ErrNotFound of
// package stackstorm if there is none.
func (r *Runs) findExecution(ctx context.Context, req *Request, sent time.Time, tries int) (*stackstorm.Execution, error) {
	for n := 1; ; n++ {
		e, err := r.st2.FindByRun(ctx, req.Context[markRun], req.Action, sent.Add(-clockSlack))
		if err == nil || n >= tries || !pause(ctx, r.findPause) {
			return e, err
		}
	}
}

// existingExecution finds the run that req would duplicate by its mark. No list
// of the orchestrator is read, unless there is such a run.
func (r *Runs) existingExecution(ctx context.Context, req *Request) (*Run, error) {
	if req.Adopt == AdoptNone {
		return nil, nil
	}
	found, err := r.st2.FindByRequest(ctx, req.Hash())
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(e stackstorm.Execution) bool {
		return e.Action != req.Action || r.isOurStart(e.SodaRun) || req.replaces(e.ID)
	})
	var done *stackstorm.Execution
	for i, e := range found {
		if !e.Status.Final() && r.claimExecution(e.ID) {
			return r.withRecord(ctx, req, &found[i]), nil
		}
		if e.Status == stackstorm.StatusSucceeded && done == nil && r.unclaimedExecution(e.ID) {
			done = &found[i]
		}
	}
	return r.doneExecution(ctx, req, done)
}

// doneExecution decides about a run that has succeeded; done is nil if there is
// none.
func (r *Runs) doneExecution(ctx context.Context, req *Request, done *stackstorm.Execution) (*Run, error) {
	if done == nil || req.Adopt == AdoptRunning {
		return nil, nil
	}
	run, err := r.unlessForgotten(ctx, req, done)
	switch {
	case err != nil || run == nil:
		return nil, err
	case req.Adopt == AdoptUnfinished:
		return nil, &AlreadyDone{Run: *run, Since: done.Start}
	case !r.claimExecution(done.ID):
		return nil, nil
	}
	return run, nil
}

// unlessForgotten returns a run that has succeeded; nil if its record was
// removed. A destroy and a replacement remove the record, and StackStorm keeps
// the execution all the same. If there is a record that cannot be read, others
// may be hidden, and nobody can tell.
func (r *Runs) unlessForgotten(ctx context.Context, req *Request, done *stackstorm.Execution) (*Run, error) {
	run := r.withRecord(ctx, req, done)
	if _, unknown := ExecutionOf(run.ID); !unknown {
		return run, nil
	}
	all, err := r.api.ListAllForEvidence(ctx)
	if err != nil {
		return nil, err
	}
	for _, in := range all.Instances {
		if in.Status == orchestration.StatusSuccess && r.isCandidate(req, &in) {
			return &Run{Instance: in}, nil
		}
	}
	if all.Proven {
		return nil, nil
	}
	return run, nil
}

// withRecord finds the record of an execution. No answer names a record's
// execution (quirk 25). So it must be the only record in the service's list that
// matches, and the only execution that was started for this request. Otherwise
// the run goes without its record.
func (r *Runs) withRecord(ctx context.Context, req *Request, e *stackstorm.Execution) *Run {
	run := &Run{Instance: orchestration.Instance{ID: executionPrefix + e.ID, Name: req.Name, Description: req.Description,
		ServiceID: req.ServiceID, TenantID: req.TenantID, UserID: req.UserID}}
	run.Input, _ = json.Marshal(Without(req.Inputs, req.Secret)) // what was sent: StackStorm's echo is not known
	run.observe(*e)
	if alike, err := r.st2.FindByRequest(ctx, req.Hash()); err != nil || len(alike) > 1 {
		return run
	}
	list, err := r.api.InstancesByService(ctx, req.ServiceID)
	if err != nil {
		return run
	}
	var matching []orchestration.Instance
	for _, in := range list {
		if r.isCandidate(req, &in) {
			matching = append(matching, in)
		}
	}
	if len(matching) == 1 && string(matching[0].Status) == e.Status.Orchestrator() {
		run.Instance = matching[0]
	}
	return run
}

// observe takes over where the execution stands.
func (r *Run) observe(e stackstorm.Execution) {
	r.ExecutionID, r.Word = e.ID, e.Status
	r.Status = orchestration.Status(e.Status.Orchestrator())
	if e.Action != "" {
		r.Action = e.Action
	}
}

// Read reads a run once. last is what is known of it: its id, its service, and
// its execution if that is known. With a connection, a run that the orchestrator
// cannot read is read at StackStorm (quirks 26, 27). If StackStorm has deleted the
// execution of a run that has ended, the run is as it was. IsGone holds for the
// error if there is no such run.
func (r *Runs) Read(ctx context.Context, last Run) (*Run, error) {
	if id, ok := ExecutionOf(last.ID); ok {
		return r.readExecution(ctx, last, id)
	}
	in, err := r.api.Instance(ctx, last.ID, last.ServiceID)
	if err == nil {
		return &Run{Instance: *in, ExecutionID: last.ExecutionID}, nil
	}
	if r.st2 != nil && last.ExecutionID != "" && orchestration.IsServerFault(err) {
		run, st2err := r.readExecution(ctx, last, last.ExecutionID)
		switch {
		case st2err == nil:
			return run, nil
		case errors.Is(st2err, stackstorm.ErrNotFound) && last.Status.Final():
			return &last, nil
		}
	}
	return nil, err
}

// errNoConnection: a run without a record can be read at StackStorm only.
var errNoConnection = errors.New("this run has no record at the orchestrator, so it can be read at StackStorm only: set stackstorm in the provider block")

func (r *Runs) readExecution(ctx context.Context, last Run, id string) (*Run, error) {
	if r.st2 == nil {
		return nil, errNoConnection
	}
	e, err := r.st2.Execution(ctx, id)
	if err != nil {
		return nil, err
	}
	last.observe(*e)
	return &last, nil
}

// IsGone reports whether err means that the run does not exist any more.
func IsGone(err error) bool {
	return orchestration.IsNotFound(err) || errors.Is(err, stackstorm.ErrNotFound)
}

// Cancel cancels the run's execution and waits until it has ended, as long as the
// task at hand (S27). The run needs an ExecutionID.
func (r *Runs) Cancel(ctx context.Context, run Run, left time.Duration) (*Run, error) {
	if err := r.st2.Cancel(ctx, run.ExecutionID); err != nil && !errors.Is(err, stackstorm.ErrNotFound) {
		return &run, err
	}
	return r.Wait(ctx, run, left, nil)
}

// Connected reports whether there is a connection to StackStorm.
func (r *Runs) Connected() bool { return r.st2 != nil }

package run

import (
	"context"
	"errors"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// answerGrace is how long a start waits for its answer after an interrupt. The
// answer usually takes a tenth of a second. Without it the run would be lost.
const answerGrace = 800 * time.Millisecond

// How is how Start came to its run.
type How int

const (
	// Created means that the run was started.
	Created How = iota
	// TakenOver means that the run existed already. A new one would duplicate it.
	TakenOver
	// Found means that the run was started, and was found after a lost answer.
	Found
)

// Started is the run that Start returns.
type Started struct {
	Run *Run
	How How
	// Lost is the error in place of the lost answer, if How is Found.
	Lost error
	// TokenEnds is when the run's token ends, if that is before Request.Timeout
	// is over. Else it is zero.
	TokenEnds time.Time
	// ListCut: the service's list lacks the run that was just started, so a
	// record before it cannot be read (quirk 28). If this process is
	// killed during a start now, the next one cannot find that run. It is set once for
	// each service, and never with a connection to StackStorm.
	ListCut bool
	// Unconnected is why StackStorm could not be asked, although there is a
	// connection.
	Unconnected error
}

// Start returns the run that req would duplicate, or a new one. Its errors are
// *NotStarted, *AlreadyDone and *Unknown.
func (r *Runs) Start(ctx context.Context, req Request) (Started, error) {
	marks, err := newMarks(&req)
	if err != nil {
		return Started{}, &NotStarted{Err: err}
	}
	req.Context = marks
	r.markOurStart(marks[markRun])

	started, err := r.startByMarks(ctx, &req)
	if started.Unconnected != nil || r.st2 == nil {
		unconnected := started.Unconnected
		started, err = r.startByList(ctx, &req)
		started.Unconnected = unconnected
	}
	if err != nil {
		return started, err
	}
	r.MarkOurs(started.Run.ID)
	return started, nil
}

// startByMarks starts a run that StackStorm finds by its marks: no list is read,
// and starts need not wait for each other. If StackStorm cannot be asked whether
// there is such a run, it sets Unconnected and starts nothing.
func (r *Runs) startByMarks(ctx context.Context, req *Request) (Started, error) {
	if r.st2 == nil {
		return Started{}, nil
	}
	existing, err := r.existingExecution(ctx, req)
	if _, done := errors.AsType[*AlreadyDone](err); done || existing != nil {
		return Started{Run: existing, How: TakenOver}, err
	}
	if err != nil {
		if ctx.Err() != nil {
			return Started{}, &NotStarted{Err: context.Cause(ctx)}
		}
		return Started{Unconnected: err}, nil
	}
	sent := time.Now()
	in, ends, err := r.post(ctx, req)
	if err == nil {
		run := &Run{Instance: *in}
		if e, err := r.findExecution(ctx, req, sent, findTriesAnswered); err == nil {
			run.ExecutionID = e.ID
			r.claimExecution(e.ID)
		}
		return Started{Run: run, How: Created, TokenEnds: ends}, nil
	}
	if err := startFailure(ctx, err); err != nil {
		return Started{}, err
	}
	found, foundErr := r.findExecution(ctx, req, sent, findTries)
	if foundErr != nil {
		return Started{}, &Unknown{Err: err, Interrupted: ctx.Err() != nil, Searched: errors.Is(foundErr, stackstorm.ErrNotFound), ListErr: foundErr}
	}
	r.claimExecution(found.ID)
	return Started{Run: r.withRecord(ctx, req, found), How: Found, Lost: err, TokenEnds: ends}, nil
}

// startFailure returns *NotStarted if the start has certainly failed, and *Unknown
// if there is no time to look for the run. It returns nil if it may have started.
func startFailure(ctx context.Context, err error) error {
	switch {
	case !orchestration.Ambiguous(err) && !errors.Is(err, errForeignInput):
		return &NotStarted{Err: err}
	case ctx.Err() != nil:
		return &Unknown{Err: err, Interrupted: true}
	}
	return nil
}

// startByList starts one run at a time. If an answer is lost, a new run in the
// service's list can then only be ours, not that of another resource.
func (r *Runs) startByList(ctx context.Context, req *Request) (Started, error) {
	sent := r.api.ExpectStart()
	started, err := r.startInTurn(ctx, req, sent)
	sent()
	if err == nil && started.How == Created && req.Adopt != AdoptNone {
		started.ListCut = r.listIsCut(ctx, &started.Run.Instance)
	}
	return started, err
}

// startInTurn calls sent when the start has been answered, or its answer is lost.
func (r *Runs) startInTurn(ctx context.Context, req *Request, sent func()) (Started, error) {
	select {
	case r.starting <- struct{}{}:
		defer func() { <-r.starting }()
	case <-ctx.Done():
		return Started{}, &NotStarted{Err: context.Cause(ctx)}
	}
	before, err := r.listBefore(ctx, req)
	if err != nil {
		return Started{}, &NotStarted{Looking: true, Err: err}
	}
	existing, err := r.existing(ctx, req, before.Instances)
	if err != nil {
		return Started{}, err
	}
	if existing != nil {
		r.MarkOurs(existing.ID)
		return Started{Run: &Run{Instance: *existing}, How: TakenOver}, nil
	}
	in, ends, err := r.post(ctx, req)
	sent()
	if err == nil {
		r.MarkOurs(in.ID)
		return Started{Run: &Run{Instance: *in}, How: Created, TokenEnds: ends}, nil
	}
	if err := startFailure(ctx, err); err != nil {
		return Started{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, req.Timeout, ErrTimeout)
	defer cancel()
	in, unknown := r.resolveLostStart(limited, req, before)
	if unknown != nil {
		unknown.Err = err
		return Started{}, unknown
	}
	r.MarkOurs(in.ID)
	return Started{Run: &Run{Instance: *in}, How: Found, Lost: err, TokenEnds: ends}, nil
}

// existing finds the run that req would duplicate. A run that has not ended
// comes before one that has succeeded. A failed run is not a duplicate.
func (r *Runs) existing(ctx context.Context, req *Request, before []orchestration.Instance) (*orchestration.Instance, error) {
	if req.Adopt == AdoptNone {
		return nil, nil
	}
	if req.Adopt == AdoptRunning {
		r.skipEnded(ctx, req, before)
	}
	if inst := r.first(req, before, func(s orchestration.Status) bool { return !s.Final() }); inst != nil {
		return inst, nil
	}
	done := r.first(req, before, func(s orchestration.Status) bool { return s == orchestration.StatusSuccess })
	switch {
	case done == nil || req.Adopt == AdoptRunning:
		return nil, nil
	case req.Adopt == AdoptAny:
		return done, nil
	default:
		return nil, &AlreadyDone{Run: Run{Instance: *done}}
	}
}

// first returns the first run in the list that matches, has such a status, and
// belongs to no resource.
func (r *Runs) first(req *Request, list []orchestration.Instance, status func(orchestration.Status) bool) *orchestration.Instance {
	for i := range list {
		if status(list[i].Status) && r.isCandidate(req, &list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (r *Runs) isCandidate(req *Request, in *orchestration.Instance) bool {
	return req.matches(in) && r.unclaimed(in.ID) && !req.replaces(in.ID)
}

// skipEnded ignores runs that were unfinished when listed and have ended since.
// An action wants a new run. (A resource takes such a run over: an earlier
// command left it.)
func (r *Runs) skipEnded(ctx context.Context, req *Request, list []orchestration.Instance) {
	for {
		inst := r.first(req, list, func(s orchestration.Status) bool { return !s.Final() })
		if inst == nil {
			return
		}
		now, err := r.api.Instance(ctx, inst.ID, inst.ServiceID)
		if err == nil && !now.Status.Final() || err != nil && !orchestration.IsNotFound(err) {
			return
		}
		r.MarkInState(inst.ID)
	}
}

// errForeignInput: the answer to a start showed other inputs than were sent.
var errForeignInput = errors.New("the answer is about a run with other inputs")

// post starts the run, with a token that is valid as long as the run may take. It
// returns when the token expires, if that is too early. After an interrupt the
// request goes on for answerGrace.
func (r *Runs) post(ctx context.Context, req *Request) (*orchestration.Instance, time.Time, error) {
	ends, err := r.fresh(ctx, req.Timeout)
	if err != nil {
		return nil, time.Time{}, err
	}
	if ends.IsZero() || time.Until(ends) >= req.Timeout {
		ends = time.Time{}
	}
	if err := ctx.Err(); err != nil {
		return nil, ends, err // nothing is started after an interrupt
	}
	posting, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(answerGrace, func() { cancel(context.Cause(ctx)) })
	})
	defer stop()
	inst, err := r.api.CreateInstance(posting, req.InstanceRequest)
	if err != nil {
		return nil, ends, err
	}
	if !req.Declaration.Echoes(req.Inputs, DecodeObject(inst.Input)) {
		return nil, ends, errForeignInput
	}
	r.durations.started(inst.ID, req.Action)
	return inst, ends, nil
}

// resolveLostStart looks for a run whose start got no clear answer. If the list has
// one new run that matches, it is that run. With none or several it stays unknown.
// The request is never sent again.
func (r *Runs) resolveLostStart(ctx context.Context, req *Request, before orchestration.Listing) (*orchestration.Instance, *Unknown) {
	after, err := r.api.ListUntilProven(ctx, req.ServiceID)
	if err != nil {
		return nil, &Unknown{ListErr: err, Interrupted: errors.Is(err, context.Canceled)}
	}
	var candidates []orchestration.Instance
	for _, in := range after.NewSince(before) {
		if r.isCandidate(req, &in) {
			candidates = append(candidates, in)
		}
	}
	if len(candidates) != 1 || !before.Proven {
		return nil, &Unknown{Candidates: candidates}
	}
	return &candidates[0], nil
}

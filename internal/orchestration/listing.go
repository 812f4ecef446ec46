package orchestration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Listing is a list of runs, and what it proves. A service's list alone proves
// nothing by what it lacks: one failing request to StackStorm cuts it short or
// empties it (quirk 29).
//
// Lists are in the order of creation. A list costs about 0.3 s for every run in
// it, during which nothing else is answered.
type Listing struct {
	Instances []Instance

	// Proven: nothing was left out by a passing failure. A run that is missing
	// does not exist, unless it is newer than one that can never be read (quirk 28).
	// That only ListReaches and ListAllForEvidence find out.
	Proven bool
	// Cut: there is a run that cannot be read, while StackStorm answers. Every
	// service's list ends before the first such run of its own.
	Cut bool
	// Why says in words why the listing is not Proven.
	Why string
}

// NewSince lists the runs that before lacks, in the order of creation. They are new
// only if before is Proven, and all new ones only if l is Proven as well. A start
// that brought no answer may still be under way, and its run come later.
func (l Listing) NewSince(before Listing) []Instance {
	var added []Instance
	for _, in := range l.Instances {
		if !listed(before.Instances, in.ID) {
			added = append(added, in)
		}
	}
	return added
}

// ListForEvidence lists a service's runs so that it may count what is missing: it
// reads the list twice and sees StackStorm answer in between. It is Proven if both
// lists have the same runs in the same order. An error means that there is no list.
//
// It costs two lists and one read.
func (c *Client) ListForEvidence(ctx context.Context, serviceID string) (Listing, error) {
	first, err := c.InstancesByService(ctx, serviceID)
	if err != nil {
		return Listing{}, err
	}
	return c.confirm(ctx, serviceID, first)
}

// confirm reads a service's list again, after StackStorm was seen to answer.
func (c *Client) confirm(ctx context.Context, serviceID string, first []Instance) (Listing, error) {
	if err := c.probe(ctx); err != nil {
		if ctx.Err() != nil {
			return Listing{}, err
		}
		return Listing{Instances: first, Why: "StackStorm behind the orchestrator did not answer: " + err.Error()}, nil
	}
	second, err := c.InstancesByService(ctx, serviceID)
	if err != nil {
		return Listing{}, err
	}
	if !slices.EqualFunc(first, second, func(a, b Instance) bool { return a.ID == b.ID }) {
		return Listing{Instances: second, Why: fmt.Sprintf("the service's list changed while it was read twice: %d runs, then %d", len(first), len(second))}, nil
	}
	return Listing{Instances: second, Proven: true}, nil
}

// ListUntilProven repeats ListForEvidence until the listing is Proven. It goes on,
// at most half a minute apart, until ctx ends, whatever fails meanwhile. Then it
// returns the last listing it had, with an error that says why it was not enough.
func (c *Client) ListUntilProven(ctx context.Context, serviceID string) (Listing, error) {
	var last Listing
	if serviceID == "" {
		return last, errNoService
	}
	var doubt error
	for n := 0; ; n++ {
		l, err := c.ListForEvidence(ctx, serviceID)
		switch {
		case err == nil && l.Proven:
			return l, nil
		case err == nil:
			last, doubt = l, errors.New(l.Why)
		case ctx.Err() == nil || doubt == nil:
			doubt = err
		}
		if cause := c.sleep(ctx, c.backoff(c.retryWait, retryWaitMax, n, nil)); cause != nil {
			return last, cutShort(cause, doubt)
		}
	}
}

// ListReaches reports whether the service's list shows a run that is known to exist.
// False means that the list is cut: it ends before an older run that cannot be
// read, and hides all newer ones for good. An error means that it is not known.
//
// It costs one list if the run is in it, else as much as ListForEvidence.
func (c *Client) ListReaches(ctx context.Context, serviceID, id string) (bool, error) {
	first, err := c.InstancesByService(ctx, serviceID)
	if err != nil {
		return false, err
	}
	if listed(first, id) {
		return true, nil
	}
	l, err := c.confirm(ctx, serviceID, first)
	switch {
	case err != nil:
		return false, err
	case listed(l.Instances, id):
		return true, nil
	case !l.Proven:
		return false, errors.New(l.Why)
	}
	return false, nil
}

// ListAllForEvidence lists the runs of all services and tenants. That list is
// complete or fails, so one reading proves what it lacks. It is Cut if it fails
// before and after StackStorm was seen to answer.
//
// It costs about 0.3 s for every run at the orchestrator. Finding a cut costs four
// times that for the runs before it.
func (c *Client) ListAllForEvidence(ctx context.Context) (Listing, error) {
	all, err := c.Instances(ctx)
	if IsServerFault(err) && c.probe(ctx) == nil {
		all, err = c.Instances(ctx)
		if IsServerFault(err) {
			return Listing{Cut: true, Why: "the orchestrator has a run that it cannot read: " + err.Error()}, nil
		}
	}
	if err != nil {
		return Listing{}, err
	}
	return Listing{Instances: all, Proven: true}, nil
}

// noExecution is an execution's id that StackStorm has never given.
const noExecution = "000000000000000000000000"

// probe asks StackStorm for an execution that does not exist, the way lists ask
// for theirs. Only one answer counts: StackStorm's own 404 (quirk 38).
func (c *Client) probe(ctx context.Context) error {
	_, err := c.Task(ctx, noExecution)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusNotFound && e.form == taskFaultForm {
		return nil
	}
	if err == nil {
		return errors.New("there is an answer about an execution that does not exist")
	}
	return err
}

func listed(runs []Instance, id string) bool {
	return slices.ContainsFunc(runs, func(in Instance) bool { return in.ID == id })
}

package run

import (
	"slices"
	"sync"
)

// Known is what one process knows about runs beyond the states of its
// resources. Terraform keeps two processes: one plans (Read, then ModifyPlan),
// the other applies (Delete, ModifyPlan again, Create).
//
// A run whose creation Terraform gave up on is tainted, so Terraform plans to
// replace it. The replacement goes on with the same run. That takes five steps:
//
//  1. Read of the tainted resource offers its run (OfferTakeover).
//  2. ModifyPlan of the new one claims it and puts the id into the plan.
//  3. Delete of the tainted resource, in the applying process, offers it again.
//  4. ModifyPlan, called once more there, claims it again.
//  5. Create finds the id in the plan, and waits for that run.
type Known struct {
	mu      sync.Mutex
	inState map[string]bool
	ours    map[string]bool
	offers  map[string][]string // by request: runs to go on with
	offered map[string]string   // by run that was offered: its execution, if that is known
	newRuns map[string]bool     // requests for which a new run was planned
	starts  map[string]bool     // the marks of the starts of this process
	told    map[string]bool     // what Once was asked about
}

// NewKnown returns an empty Known.
func NewKnown() *Known {
	return &Known{inState: map[string]bool{}, ours: map[string]bool{}, offers: map[string][]string{}, offered: map[string]string{}, newRuns: map[string]bool{},
		starts: map[string]bool{}, told: map[string]bool{}}
}

// MarkInState notes a run that a resource's state holds, or held when this
// command began: its id, and its execution if that is known. It is never taken
// over by another resource.
func (k *Known) MarkInState(ids ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range ids {
		k.inState[id] = true
	}
}

// IsInState reports whether MarkInState has noted the run in this process.
func (k *Known) IsInState(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.inState[id]
}

// MarkOurs notes a run that this process has started, taken over or waits for.
func (k *Known) MarkOurs(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ours[id] = true
}

// Ours reports whether MarkOurs has noted the run.
func (k *Known) Ours(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ours[id]
}

// unclaimed reports whether no resource is known to stand for the run.
func (k *Known) unclaimed(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.ours[id] && !k.inState[id]
}

// OfferTakeover lets the next creation of the same request go on with the run.
// Its execution is empty if it is not known. It reports false if a new run was
// planned for that request already.
func (k *Known) OfferTakeover(request, id, execution string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.offered[id] = execution
	if !slices.Contains(k.offers[request], id) {
		k.offers[request] = append(k.offers[request], id)
	}
	return !k.newRuns[request]
}

// WithdrawTakeover takes an offer back.
func (k *Known) WithdrawTakeover(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for request, ids := range k.offers {
		k.offers[request] = slices.DeleteFunc(ids, func(x string) bool { return x == id })
	}
}

// ClaimTakeover returns the run that was offered for the request, and takes it
// off the list. It is empty if there is none: then a new run is planned.
func (k *Known) ClaimTakeover(request string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if request == "" {
		return ""
	}
	ids := k.offers[request]
	if len(ids) == 0 {
		k.newRuns[request] = true
		return ""
	}
	k.offers[request] = ids[1:]
	return ids[0]
}

// OfferedExecution is the execution of a run that was offered; empty if it is not
// known.
func (k *Known) OfferedExecution(id string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.offered[id]
}

// unclaimedExecution reports whether no resource is known to stand for the run of
// the execution.
func (k *Known) unclaimedExecution(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.executionIsFree(id)
}

// claimExecution notes an execution as ours, unless somebody has claimed it.
func (k *Known) claimExecution(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	free := k.executionIsFree(id)
	k.ours[id] = true
	return free
}

// executionIsFree needs k.mu.
func (k *Known) executionIsFree(id string) bool {
	return !k.ours[id] && !k.inState[id] && !k.ours[executionPrefix+id] && !k.inState[executionPrefix+id]
}

// markOurStart notes the mark of a start, before it is sent.
func (k *Known) markOurStart(mark string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.starts[mark] = true
}

func (k *Known) isOurStart(mark string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.starts[mark]
}

// Once reports true when it is first asked about something.
func (k *Known) Once(what string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	first := !k.told[what]
	k.told[what] = true
	return first
}

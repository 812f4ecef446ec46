package provider

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/sodafoundation/terraform-provider-soda/internal/orchestration"
)

// plannedActions are the workflows that a plan uploads or changes. The catalogue
// will have them only after the apply, but services and runs of the same plan
// are checked against it.
type plannedActions struct {
	mu    sync.Mutex
	byRef map[string]orchestration.Workflow
	// open holds the workflows whose parameters are not known yet.
	open map[string]bool
}

// add notes a workflow. parameters is nil while they are not known.
func (p *plannedActions) add(ref string, parameters json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byRef == nil {
		p.byRef, p.open = map[string]orchestration.Workflow{}, map[string]bool{}
	}
	p.byRef[ref] = orchestration.Workflow{Ref: ref, Parameters: parameters}
	p.open[ref] = parameters == nil
}

// has reports whether the plan uploads or changes a workflow.
func (p *plannedActions) has(ref string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.byRef[ref]
	return ok
}

// isOpen reports whether the parameters of a workflow are not known yet. A nil
// plannedActions is for what no plan is about.
func (p *plannedActions) isOpen(ref string) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[ref]
}

// overlay is the catalogue as it will be. It leaves out what is not known yet.
func (p *plannedActions) overlay(catalogue []orchestration.Workflow) []orchestration.Workflow {
	if p == nil {
		return catalogue
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	will := slices.DeleteFunc(slices.Clone(catalogue), func(w orchestration.Workflow) bool { _, changes := p.byRef[w.Ref]; return changes })
	for ref, w := range p.byRef {
		if !p.open[ref] {
			will = append(will, w)
		}
	}
	slices.SortFunc(will, func(a, b orchestration.Workflow) int { return strings.Compare(a.Ref, b.Ref) })
	return will
}

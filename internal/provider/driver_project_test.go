package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// project is a configuration of several runs with its state, and what Terraform
// does with them: refresh and plan in one process, then apply in another, all
// resources at the same time.
//
// Use this when a test is about several resources, or about a process that is
// killed. It needs no CLI.
type project struct {
	t     testing.TB
	sb    *sandbox.Sandbox
	login map[string]any // and other arguments of the provider

	replace string // -replace
	between func() // what happens between plan and apply

	mu      sync.Mutex
	state   map[string]savedResource // by address
	process *projectProcess          // the one under way
}

// projectProcess is one provider process.
type projectProcess struct {
	*wire
	cancel context.CancelFunc
	killed atomic.Bool
}

// configuration holds the arguments of resources, by address.
type configuration map[string]map[string]any

// projectResult is how a command ended.
type projectResult struct {
	mu      sync.Mutex
	told    []*tfprotov6.Diagnostic
	failed  bool
	killed  bool
	changes []string // what the plan changes, by address
}

func (r *projectResult) tell(diags []*tfprotov6.Diagnostic) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, diags...)
	if hasError(diags) {
		r.failed = true
		return false
	}
	return true
}

func (r *projectResult) said() string { return diagnosticsText(r.told) }

func newProject(t testing.TB, sb *sandbox.Sandbox) *project {
	t.Helper()
	return &project{t: t, sb: sb, between: func() {}, state: map[string]savedResource{}, login: map[string]any{
		"auth_url": sb.URLs().Keystone, "user_name": "admin", "password": sandbox.Password, "user_domain_name": "Default",
		"project_name": "admin", "project_domain_name": "Default",
		"max_retries": 4, "poll_interval": map[string]any{"min": "2s", "max": "15s"},
	}}
}

// begin starts a provider process.
func (p *project) begin() *projectProcess {
	w := dialAs(p.t, p.sb, p.login)
	process := &projectProcess{wire: w}
	w.ctx, process.cancel = context.WithCancel(p.t.Context())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = process
	return process
}

// end ends a process, and reports whether it was killed.
func (p *project) end(process *projectProcess) (killed bool) {
	process.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = nil
	return process.killed.Load()
}

// interrupt is Ctrl-C for the process under way.
func (p *project) interrupt() { p.stop(false) }

// kill is kill -9: nothing that the process does from now on counts.
func (p *project) kill() { p.stop(true) }

func (p *project) stop(kill bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil {
		p.process.killed.Store(kill || p.process.killed.Load())
		p.process.cancel()
	}
}

// save puts a resource into the state, unless the process is dead.
func (p *project) save(process *projectProcess, address string, r savedResource) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case process.killed.Load():
	case r.state == nil:
		delete(p.state, address)
	default:
		p.state[address] = r
	}
}

// planned is what a plan says about one resource.
type planned struct {
	before   savedResource
	plan     *tfprotov6.PlanResourceChangeResponse
	given    map[string]any
	replaces bool
	nothing  bool // there is nothing to do
}

// plan refreshes and plans, and changes nothing. A nil configuration plans to
// destroy all.
func (p *project) plan(config configuration) *projectResult {
	p.t.Helper()
	r := new(projectResult)
	p.planAll(config, r)
	return r
}

// apply plans and applies. A nil configuration destroys all.
func (p *project) apply(config configuration) *projectResult {
	p.t.Helper()
	r := new(projectResult)
	plans := p.planAll(config, r)
	if r.failed || r.killed {
		return r
	}
	p.between()
	process := p.begin()
	for address, one := range plans { // what the refresh has found
		p.save(process, address, one.before)
	}
	p.each(slices.Sorted(maps.Keys(plans)), func(address string) {
		p.applyOne(process, address, plans[address], r)
	})
	r.killed = p.end(process)
	return r
}

func (p *project) planAll(config configuration, r *projectResult) map[string]planned {
	process := p.begin()
	var mu sync.Mutex
	plans := map[string]planned{}
	addresses := maps.Clone(p.state)
	for address := range config {
		addresses[address] = p.state[address]
	}
	p.each(slices.Sorted(maps.Keys(addresses)), func(address string) {
		one, ok := process.planOne(p.state[address], config[address], p.replace == address, r)
		if !ok {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		plans[address] = one
		if !one.nothing {
			r.changes = append(r.changes, address)
		}
	})
	r.failed = r.failed || process.ctx.Err() != nil // an interrupted plan is none
	r.killed = p.end(process)
	return plans
}

// each does something for all resources at the same time, in the order of their
// addresses where the clock is that of a bubble.
func (p *project) each(addresses []string, do func(address string)) {
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			do(address)
		})
	}
	all.Wait()
}

// planOne refreshes a resource and plans it.
func (p *projectProcess) planOne(before savedResource, given map[string]any, replace bool, r *projectResult) (one planned, ok bool) {
	one = planned{before: before, given: given}
	if before.state != nil {
		resp, err := p.ReadResource(p.ctx, &tfprotov6.ReadResourceRequest{TypeName: instanceType, CurrentState: before.state, Private: before.private})
		if err != nil {
			p.t.Error(err)
			return one, false
		}
		if !r.tell(resp.Diagnostics) {
			return one, false
		}
		one.before = p.saved(instanceType, resp.NewState, resp.Private)
		one.before.tainted = before.tainted && one.before.state != nil
	}
	if one.before.state == nil && given == nil {
		one.nothing = before.state == nil
		return one, true
	}
	prior := one.before
	if prior.tainted && given != nil { // Terraform plans as if there were nothing, and replaces
		prior, one.replaces = savedResource{}, true
	}
	if one.plan, ok = p.planFor(prior, given, r); !ok {
		return one, false
	}
	if given != nil && prior.state != nil && (replace || len(one.plan.RequiresReplace) > 0) {
		one.replaces = true
		if one.plan, ok = p.planFor(savedResource{private: one.plan.PlannedPrivate}, given, r); !ok {
			return one, false
		}
	}
	one.nothing = given != nil && !one.replaces && one.before.state != nil && p.same(one.before.state, one.plan.PlannedState)
	return one, true
}

func (p *projectProcess) planFor(prior savedResource, given map[string]any, r *projectResult) (*tfprotov6.PlanResourceChangeResponse, bool) {
	plan, diags := p.plan(instanceType, prior, given)
	return plan, r.tell(diags)
}

func (p *projectProcess) same(a, b *tfprotov6.DynamicValue) bool {
	x, err := a.Unmarshal(p.resourceType(instanceType))
	if err != nil {
		p.t.Error(err)
	}
	y, err := b.Unmarshal(p.resourceType(instanceType))
	if err != nil {
		p.t.Error(err)
	}
	return x.Equal(y)
}

// applyOne carries out what is planned for one resource.
func (p *project) applyOne(process *projectProcess, address string, one planned, r *projectResult) {
	if one.nothing || process.ctx.Err() != nil {
		return
	}
	before := one.before
	if before.state != nil && (one.given == nil || one.replaces) {
		left, diags := process.apply(process.ctx, instanceType, before, nil, one.plan)
		failed := !r.tell(diags)
		left.tainted = failed && before.tainted
		if p.save(process, address, left); failed || one.given == nil {
			return
		}
		before = savedResource{}
	}
	if one.given == nil || process.ctx.Err() != nil { // Terraform begins nothing after an interrupt
		p.save(process, address, before)
		return
	}
	plan, ok := process.planFor(before, one.given, r) // once more, with what is known by now
	if !ok {
		return
	}
	if wrong := process.inconsistent(one.plan, plan); wrong != "" {
		r.tell([]*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Provider produced inconsistent final plan", Detail: wrong}})
		return
	}
	after, diags := process.apply(process.ctx, instanceType, before, one.given, plan)
	after.tainted = !r.tell(diags) && before.state == nil
	p.save(process, address, after)
}

// inconsistent names what the first plan knew and the second one plans
// otherwise.
func (p *projectProcess) inconsistent(first, second *tfprotov6.PlanResourceChangeResponse) string {
	planned, final := p.attributes(instanceType, first.PlannedState), p.attributes(instanceType, second.PlannedState)
	for name, v := range planned {
		if v.IsFullyKnown() && !v.Equal(final[name]) {
			return fmt.Sprintf("%s was %s and is %s", name, v, final[name])
		}
	}
	return ""
}

// text reads an attribute of a resource in the state; empty without one.
func (p *project) text(address, name string) (text string) {
	p.t.Helper()
	r, ok := p.state[address]
	if !ok {
		return ""
	}
	if v := objectMembers(p.t, providerSchemas().ResourceSchemas[instanceType].ValueType(), r.state)[name]; !v.IsNull() {
		if err := v.As(&text); err != nil {
			p.t.Error(err)
		}
	}
	return text
}

// importRun is terraform import.
func (p *project) importRun(address, id string) {
	p.t.Helper()
	process := p.begin()
	defer p.end(process)
	resp, err := process.ImportResourceState(process.ctx, &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: id})
	if err != nil || len(resp.Diagnostics) > 0 {
		p.t.Error(err, diagnosticsText(resp.Diagnostics))
		return
	}
	imported := resp.ImportedResources[0]
	read, err := process.ReadResource(process.ctx, &tfprotov6.ReadResourceRequest{TypeName: instanceType, CurrentState: imported.State, Private: imported.Private})
	if err != nil || hasError(read.Diagnostics) {
		p.t.Error(err, diagnosticsText(read.Diagnostics))
		return
	}
	p.save(process, address, savedResource{state: read.NewState, private: read.Private})
}

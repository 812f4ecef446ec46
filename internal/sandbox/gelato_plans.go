package sandbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
)

type gelatoPlan struct {
	ID           string           `json:"id,omitempty"`
	Name         string           `json:"name,omitempty"`
	Description  string           `json:"description,omitempty"`
	Type         string           `json:"type,omitempty"`
	SourceConn   *gelatoConnector `json:"sourceConn,omitempty"`
	DestConn     *gelatoConnector `json:"destConn,omitempty"`
	Filter       gelatoFilter     `json:"filter"`
	RemainSource bool             `json:"remainSource,omitempty"`
	TenantID     string           `json:"tenantId,omitempty"`
	UserID       string           `json:"userId,omitempty"`
}

type gelatoConnector struct {
	StorType   string `json:"storType,omitempty"`
	BucketName string `json:"bucketName,omitempty"`
}

type gelatoFilter struct {
	Prefix string `json:"prefix,omitempty"`
}

type gelatoPlanAnswer struct {
	Plan *gelatoPlan `json:"plan"`
}

var gelatoNames = regexp.MustCompile(`[[:alnum:]\-_.]`) // anywhere in the name is enough

// createPlan says nothing about buckets that are not there: their absence is
// the job's failure.
func (g *gelato) createPlan(c *gelatoCall) (any, error) {
	var plan gelatoPlan
	if err := json.Unmarshal(c.body, &plan); err != nil {
		return nil, &gelatoRefusal{http.StatusInternalServerError, err.Error()}
	}
	if err := plan.fault(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(g.plans, func(p *gelatoPlan) bool { return p.TenantID == c.tenant && p.Name == plan.Name }) {
		return nil, gelatoBehind("duplicate name:%s", plan.Name)
	}
	plan.ID = g.ids.hex(24)
	plan.TenantID, plan.UserID = c.tenant, c.user
	g.plans = append(g.plans, &plan)
	return gelatoPlanAnswer{&plan}, nil
}

// fault looks in the order of the real service: connectors one after the other,
// what must be there, the name, and whether source and destination differ.
func (p *gelatoPlan) fault() error {
	for _, end := range []struct {
		name      string
		connector *gelatoConnector
	}{{"source", p.SourceConn}, {"destination", p.DestConn}} {
		if end.connector == nil {
			return gelatoBehind("invalid %s connector", end.name)
		}
		if end.connector.StorType != "opensds-obj" {
			return gelatoBehind("Invalid connector type.")
		}
	}
	switch {
	case p.Name == "" || p.Type == "":
		return gelatoBehind("Name or type is null.")
	case !gelatoNames.MatchString(p.Name):
		return gelatoBehind("invalid plan name")
	case *p.SourceConn == *p.DestConn:
		return gelatoBehind("source is the same as destination")
	}
	return nil
}

func (g *gelato) listPlans(c *gelatoCall) (any, error) {
	query := c.URL.Query()
	var found []*gelatoPlan
	for _, p := range g.plans {
		wanted := func(key string, values ...string) bool {
			return !query.Has(key) || slices.Contains(values, query.Get(key))
		}
		if c.owns(p.TenantID) && wanted("name", p.Name) && wanted("type", p.Type) &&
			wanted("bucketname", p.SourceConn.BucketName, p.DestConn.BucketName) {
			found = append(found, p)
		}
	}
	return struct {
		Plans []*gelatoPlan `json:"plans,omitempty"`
		Next  int           `json:"next,omitempty"`
	}{found, len(found)}, nil
}

func (g *gelato) getPlan(c *gelatoCall) (any, error) {
	plan, err := g.plan(c)
	return gelatoPlanAnswer{plan}, err
}

func (g *gelato) plan(c *gelatoCall) (*gelatoPlan, error) {
	id := c.PathValue("id")
	for _, p := range g.plans {
		if p.ID == id && c.owns(p.TenantID) {
			return p, nil
		}
	}
	return nil, gelatoBehind("plan does not exist")
}

// updatePlan takes what is given; who it belongs to and its type stay.
func (g *gelato) updatePlan(c *gelatoCall) (any, error) {
	plan, err := g.plan(c)
	if err != nil {
		return nil, err
	}
	changed := *plan
	// Pointers would be filled in place, in the plan that may yet stay.
	source, dest := *plan.SourceConn, *plan.DestConn
	changed.SourceConn, changed.DestConn = &source, &dest
	if err := json.Unmarshal(c.body, &changed); err != nil {
		return nil, gelatoBehind("%v", err)
	}
	changed.ID, changed.TenantID, changed.UserID, changed.Type = plan.ID, plan.TenantID, plan.UserID, plan.Type
	if err := changed.fault(); err != nil {
		return nil, err
	}
	*plan = changed
	return gelatoPlanAnswer{plan}, nil
}

// deletePlan is glad about a plan that is not there.
func (g *gelato) deletePlan(c *gelatoCall) (any, error) {
	id := c.PathValue("id")
	g.plans = slices.DeleteFunc(g.plans, func(p *gelatoPlan) bool { return p.ID == id && c.owns(p.TenantID) })
	return struct{}{}, nil
}

func (g *gelato) runPlan(c *gelatoCall) (any, error) {
	plan, err := g.plan(c)
	if err != nil {
		return nil, err
	}
	job := &gelatoJob{
		ID: g.ids.hex(24), Type: plan.Type, PlanName: plan.Name, PlanID: plan.ID,
		SourceLocation: plan.SourceConn.BucketName, DestLocation: plan.DestConn.BucketName,
		Status: "pending", CreateTime: g.now().Unix(), EndTime: gelatoNever, StartTime: gelatoNever,
		tenant: c.tenant, prefix: plan.Filter.Prefix, remain: plan.RemainSource,
	}
	g.jobs = append(g.jobs, job)
	return map[string]string{"jobId": job.ID}, nil
}

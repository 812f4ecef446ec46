package gelato

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
)

type planRow struct {
	ID           string     `json:"id,omitempty"`
	Name         string     `json:"name,omitempty"`
	Description  string     `json:"description,omitempty"`
	Type         string     `json:"type,omitempty"`
	SourceConn   *connector `json:"sourceConn,omitempty"`
	DestConn     *connector `json:"destConn,omitempty"`
	Filter       filter     `json:"filter"`
	RemainSource bool       `json:"remainSource,omitempty"`
	TenantID     string     `json:"tenantId,omitempty"`
	UserID       string     `json:"userId,omitempty"`
}

type connector struct {
	StorType   string `json:"storType,omitempty"`
	BucketName string `json:"bucketName,omitempty"`
}

type filter struct {
	Prefix string `json:"prefix,omitempty"`
}

type planAnswer struct {
	Plan *planRow `json:"plan"`
}

var validName = regexp.MustCompile(`[[:alnum:]\-_.]`) // one such character anywhere is enough

// createPlan does not check that the buckets exist. If they do not, the job
// fails later.
func (g *Server) createPlan(c *call) (any, error) {
	var plan planRow
	if err := json.Unmarshal(c.body, &plan); err != nil {
		return nil, &apiError{http.StatusInternalServerError, err.Error()}
	}
	if err := plan.check(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(g.plans, func(p *planRow) bool { return p.TenantID == c.Tenant && p.Name == plan.Name }) {
		return nil, serviceError("duplicate name:%s", plan.Name)
	}
	plan.ID = g.ids.Hex(24)
	plan.TenantID, plan.UserID = c.Tenant, c.User
	g.plans = append(g.plans, &plan)
	return planAnswer{&plan}, nil
}

// check checks in the order of the real service: the connectors, the required
// fields, the name, and that source and destination differ.
func (p *planRow) check() error {
	for _, end := range []struct {
		name      string
		connector *connector
	}{{"source", p.SourceConn}, {"destination", p.DestConn}} {
		if end.connector == nil {
			return serviceError("invalid %s connector", end.name)
		}
		if end.connector.StorType != "opensds-obj" {
			return serviceError("Invalid connector type.")
		}
	}
	switch {
	case p.Name == "" || p.Type == "":
		return serviceError("Name or type is null.")
	case !validName.MatchString(p.Name):
		return serviceError("invalid plan name")
	case *p.SourceConn == *p.DestConn:
		return serviceError("source is the same as destination")
	}
	return nil
}

func (g *Server) listPlans(c *call) (any, error) {
	query := c.URL.Query()
	var found []*planRow
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
		Plans []*planRow `json:"plans,omitempty"`
		Next  int        `json:"next,omitempty"`
	}{found, len(found)}, nil
}

func (g *Server) getPlan(c *call) (any, error) {
	plan, err := g.plan(c)
	return planAnswer{plan}, err
}

func (g *Server) plan(c *call) (*planRow, error) {
	id := c.PathValue("id")
	for _, p := range g.plans {
		if p.ID == id && c.owns(p.TenantID) {
			return p, nil
		}
	}
	return nil, serviceError("plan does not exist")
}

// updatePlan changes what is given, but neither the owner nor the type.
func (g *Server) updatePlan(c *call) (any, error) {
	plan, err := g.plan(c)
	if err != nil {
		return nil, err
	}
	changed := *plan
	// Copies: decoding fills structs behind pointers in place, and the old plan
	// stays if the new one is refused.
	source, dest := *plan.SourceConn, *plan.DestConn
	changed.SourceConn, changed.DestConn = &source, &dest
	if err := json.Unmarshal(c.body, &changed); err != nil {
		return nil, serviceError("%v", err)
	}
	changed.ID, changed.TenantID, changed.UserID, changed.Type = plan.ID, plan.TenantID, plan.UserID, plan.Type
	if err := changed.check(); err != nil {
		return nil, err
	}
	*plan = changed
	return planAnswer{plan}, nil
}

// deletePlan succeeds even if there is no such plan.
func (g *Server) deletePlan(c *call) (any, error) {
	id := c.PathValue("id")
	g.plans = slices.DeleteFunc(g.plans, func(p *planRow) bool { return p.ID == id && c.owns(p.TenantID) })
	return struct{}{}, nil
}

func (g *Server) runPlan(c *call) (any, error) {
	plan, err := g.plan(c)
	if err != nil {
		return nil, err
	}
	job := &jobRow{
		ID: g.ids.Hex(24), Type: plan.Type, PlanName: plan.Name, PlanID: plan.ID,
		SourceLocation: plan.SourceConn.BucketName, DestLocation: plan.DestConn.BucketName,
		Status: "pending", CreateTime: g.now().Unix(), EndTime: unsetTime, StartTime: unsetTime,
		tenant: c.Tenant, prefix: plan.Filter.Prefix, remain: plan.RemainSource,
	}
	g.jobs = append(g.jobs, job)
	return map[string]string{"jobId": job.ID}, nil
}

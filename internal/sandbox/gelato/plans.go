package gelato

import (
	"bytes"
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

// createPlan says nothing about buckets that are not there.
func (g *Server) createPlan(c *call) (any, error) {
	var plan planRow
	if err := json.NewDecoder(bytes.NewReader(c.body)).Decode(&plan); err != nil {
		return nil, refused(http.StatusInternalServerError, "%v", err)
	}
	if err := plan.check(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(g.plans, func(p *planRow) bool { return p.TenantID == c.Tenant && p.Name == plan.Name }) {
		return nil, serviceError("duplicate name:%s", plan.Name)
	}
	plan.ID = g.newID()
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
		switch {
		case end.connector == nil || isBackendType(end.connector.StorType): // without its configuration
			return serviceError("invalid %s connector", end.name)
		case end.connector.StorType != "opensds-obj":
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
	var found []*planRow
	for _, p := range g.plans {
		wanted := func(key string, values ...string) bool {
			return !c.query.Has(key) || slices.Contains(values, c.query.Get(key))
		}
		if c.owns(p.TenantID) && wanted("name", p.Name) && wanted("type", p.Type) &&
			wanted("bucketname", p.SourceConn.BucketName, p.DestConn.BucketName) {
			found = append(found, p)
		}
	}
	return page(c, "plans", found)
}

// getPlan sends a hollow plan for one that is not there (G1).
func (g *Server) getPlan(c *call) (any, error) {
	plan, err := g.plan(c)
	if plan == nil && err == nil {
		plan = &planRow{SourceConn: &connector{}, DestConn: &connector{}}
	}
	return planAnswer{plan}, err
}

// plan is nil for one that is not there, but for an old server, which says so.
func (g *Server) plan(c *call) (*planRow, error) {
	if err := checkID(c.id); err != nil && !g.old {
		return nil, err
	}
	for _, p := range g.plans {
		if p.ID == c.id && c.owns(p.TenantID) {
			return p, nil
		}
	}
	if g.old {
		return nil, serviceError("plan does not exist")
	}
	return nil, nil
}

// updatePlan fails, whatever is asked (G9). An old server takes what is given;
// whose the plan is and its type stay.
func (g *Server) updatePlan(c *call) (any, error) {
	if !g.old {
		return nil, serviceError("database error")
	}
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

// deletePlan fails for a plan that is not there (G9); an old server is glad.
func (g *Server) deletePlan(c *call) (any, error) {
	plan, err := g.plan(c)
	switch {
	case g.old:
	case err != nil:
		return nil, err
	case plan == nil:
		return nil, serviceError("database error")
	}
	g.plans = slices.DeleteFunc(g.plans, func(p *planRow) bool { return p == plan })
	return struct{}{}, nil
}

func (g *Server) runPlan(c *call) (any, error) {
	plan, err := g.plan(c)
	switch {
	case err != nil:
		return nil, err
	case plan == nil:
		return nil, serviceError("inner error")
	}
	job := &jobRow{
		ID: g.newID(), Type: plan.Type, PlanName: plan.Name, PlanID: plan.ID,
		SourceLocation: plan.SourceConn.BucketName, DestLocation: plan.DestConn.BucketName,
		Status: "pending", CreateTime: g.now().Unix(), EndTime: unsetTime, StartTime: unsetTime,
		tenant: c.Tenant, prefix: plan.Filter.Prefix, remain: plan.RemainSource, mover: g.mover,
	}
	g.jobs = append(g.jobs, job)
	return map[string]string{"jobId": job.ID}, nil
}

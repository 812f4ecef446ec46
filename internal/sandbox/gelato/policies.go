package gelato

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
)

// policyRow is a schedule for plans. The server spells it "tigger".
type policyRow struct {
	ID          string    `json:"id,omitempty"`
	UserID      string    `json:"userId,omitempty"`
	Name        string    `json:"name,omitempty"`
	Tenant      string    `json:"tenant,omitempty"`
	Description string    `json:"description,omitempty"`
	Schedule    *schedule `json:"schedule"`
}

type schedule struct {
	Type             string `json:"type,omitempty"`
	TiggerProperties string `json:"tiggerProperties,omitempty"`
}

type policyAnswer struct {
	Policy *policyRow `json:"policy"`
}

func (g *Server) createPolicy(c *call) (any, error) {
	var policy policyRow
	if err := json.NewDecoder(bytes.NewReader(c.body)).Decode(&policy); err != nil {
		return nil, refused(http.StatusInternalServerError, "%v", err)
	}
	if policy.Schedule == nil {
		return nil, serviceError("get schedule failed")
	}
	policy.ID, policy.Tenant, policy.UserID = g.newID(), c.Tenant, c.User
	g.policies = append(g.policies, &policy)
	return policyAnswer{&policy}, nil
}

// listPolicies knows no pages.
func (g *Server) listPolicies(c *call) (any, error) {
	var found []*policyRow
	for _, p := range g.policies {
		if c.owns(p.Tenant) {
			found = append(found, p)
		}
	}
	return struct {
		Policies []*policyRow `json:"policies,omitempty"`
	}{found}, nil
}

func (g *Server) getPolicy(c *call) (any, error) {
	if err := checkID(c.id); err != nil {
		return nil, err
	}
	for _, p := range g.policies {
		if p.ID == c.id && c.owns(p.Tenant) {
			return policyAnswer{p}, nil
		}
	}
	return policyAnswer{&policyRow{Schedule: &schedule{}}}, nil
}

func (g *Server) deletePolicy(c *call) (any, error) {
	g.policies = slices.DeleteFunc(g.policies, func(p *policyRow) bool { return p.ID == c.id && c.owns(p.Tenant) })
	return struct{}{}, nil
}

package gelato

import (
	"context"
	"net/url"
)

// Backend is a cloud's bucket that gelato stores objects in. Its keys are never
// read (G6).
type Backend struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenantId"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Region     string `json:"region"`
	Endpoint   string `json:"endpoint"`
	BucketName string `json:"bucketName"`
}

func (b Backend) identity() string { return b.ID }

// Plan says what a migration moves. Its name is unique within its tenant (G5).
type Plan struct {
	ID          string     `json:"id"`
	TenantID    string     `json:"tenantId"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Type        string     `json:"type"`
	Source      Connection `json:"sourceConn"`
	Destination Connection `json:"destConn"`
	Filter      struct {
		Prefix string `json:"prefix"`
	} `json:"filter"`
	// RemainSource false means that the source's objects are deleted, also
	// those that could not be copied (G10).
	RemainSource bool `json:"remainSource"`
}

func (p Plan) identity() string { return p.ID }

// Connection is one end of a plan.
type Connection struct {
	StorageType string `json:"storType"`
	BucketName  string `json:"bucketName"`
}

// Job is one run of a plan. Neither its status nor its counts prove that an
// object was copied, and a job that is done may stay "running" for ever (G10).
type Job struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	PlanName    string `json:"planName"`
	PlanID      string `json:"planId"`
	Source      string `json:"sourceLocation"`
	Destination string `json:"destLocation"`
	Status      string `json:"status"`

	Created Moment `json:"createTime"`
	Started Moment `json:"startTime"`
	Ended   Moment `json:"endTime"`

	TotalBytes  int64 `json:"totalCapacity"`
	PassedBytes int64 `json:"passedCapacity"`
	TotalCount  int64 `json:"totalCount"`
	PassedCount int64 `json:"passedCount"`
	Progress    int64 `json:"progress"` // percent
}

func (j Job) identity() string { return j.ID }

// Backends lists the tenant's backends. Names are not unique (G5).
func (c *Client) Backends(ctx context.Context) ([]Backend, error) {
	backends, err := all[Backend](ctx, c, "backends", nil)
	return kept(backends, func(b Backend) bool { return b.TenantID == c.tenantID }), err
}

// Backend reads one backend. An administrator can read other tenants' too (G8).
func (c *Client) Backend(ctx context.Context, id string) (*Backend, error) {
	return one[Backend](ctx, c, "backends", id)
}

// Plans lists the tenant's plans.
func (c *Client) Plans(ctx context.Context) ([]Plan, error) {
	plans, err := all[Plan](ctx, c, "plans", nil)
	return kept(plans, func(p Plan) bool { return p.TenantID == c.tenantID }), err
}

// Jobs lists the jobs of the plans of a name; of all plans if it is "". A job
// says of which plan it is, and not of which tenant.
func (c *Client) Jobs(ctx context.Context, planName string) ([]Job, error) {
	var filter url.Values
	if planName != "" {
		filter = url.Values{"planName": {planName}}
	}
	jobs, err := all[Job](ctx, c, "jobs", filter)
	return kept(jobs, func(j Job) bool { return planName == "" || j.PlanName == planName }), err
}

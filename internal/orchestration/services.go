package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Service is a registered service: workflows under a name. It can be neither
// changed nor removed (quirk 7).
type Service struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Group       string  `json:"group"`
	TenantID    string  `json:"tenant_id"`
	UserID      string  `json:"user_id"`
	Constraint  *string `json:"constraint"`
	// Input is the parameter schema of one of the workflows (quirk 8). The
	// answer of AddService has the given string instead.
	Input json.RawMessage `json:"input"`
	// Workflows is empty in the answer of AddService.
	Workflows []WorkflowDefinition `json:"workflows"`
}

func (s *Service) check() error { return checkID(s.ID) }

// WorkflowDefinition is a workflow as it was when first registered (quirk 9).
type WorkflowDefinition struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	Description      string `json:"description"`
	DefinitionSource string `json:"definition_source"`
	WfeType          string `json:"wfe_type"`
	// Definition holds the declared parameters by name.
	Definition json.RawMessage `json:"definition"`
}

// ServiceRequest registers a service. Name, Description, Group and UserID must
// not be empty (quirk 13). With an ID of the caller's choice, a repetition does no
// harm: the second is refused with a 500 (quirk 10).
type ServiceRequest struct {
	ID          string        `json:"id,omitempty"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Group       string        `json:"group"`
	UserID      string        `json:"user_id"`
	Input       *string       `json:"input,omitempty"`
	Constraint  *string       `json:"constraint,omitempty"`
	Workflows   []WorkflowRef `json:"workflows"`
}

// WorkflowRef names a workflow of StackStorm. WfeType is any string (quirk 3).
type WorkflowRef struct {
	DefinitionSource string `json:"definition_source"`
	WfeType          string `json:"wfe_type"`
}

// Services lists the services of all tenants (quirk 35). Each comes once, although
// the server repeats those with several workflows (quirk 8). A service without a
// workflow that StackStorm knew is missing (quirk 4).
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	var listed []Service
	if _, err := c.do(ctx, c.overlapping("services"), &listed); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(listed))
	services := listed[:0]
	for _, s := range listed {
		if !seen[s.ID] {
			services = append(services, s)
		}
		seen[s.ID] = true
	}
	return services, nil
}

// Service reads one service. The error is IsNotFound when there is none, or when
// it has no workflow (quirk 4).
func (c *Client) Service(ctx context.Context, id string) (*Service, error) {
	var s Service
	if _, err := c.do(ctx, c.overlapping("services", id), &s); err != nil {
		return nil, err
	}
	if !strings.EqualFold(s.ID, id) {
		return nil, fmt.Errorf("reading service %q: the answer is for the id %q", id, s.ID)
	}
	return &s, nil
}

// AddService registers a service. Read it back: the server silently drops the
// workflows that StackStorm did not know at that moment (quirks 4 and 5).
func (c *Client) AddService(ctx context.Context, r ServiceRequest) (*Service, error) {
	req := c.exclusively(http.MethodPost, "services")
	req.body = r
	var s Service
	if _, err := c.do(ctx, req, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

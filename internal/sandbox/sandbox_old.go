package sandbox

import (
	"fmt"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// oldAge is how long ago the executions behind old records were started.
const oldAge = 30 * 24 * time.Hour

// MakeOld puts three records in front of all others of a service: of a run that was
// canceled, of one that timed out, and of one whose execution was purged. As in
// an installation that has run for a while, their reads are a 500, and so the
// service's list ends before anything newer (quirk 28).
func (s *Sandbox) MakeOld(serviceID string) error {
	service, err := s.service(serviceID)
	if err != nil {
		return err
	}
	if len(service.Workflows) == 0 {
		return fmt.Errorf("the service %s has no workflow", serviceID)
	}
	for _, status := range []string{"purged", "timeout", "canceled"} { // each goes to the front
		id, err := s.stackstorm.AddEnded(service.Workflows[0], status, oldAge)
		if err != nil {
			return err
		}
		if status == "purged" {
			if err := s.Purge(id); err != nil {
				return err
			}
		}
		s.orchestrator.InsertFirst(serviceID, "old run, "+status, id, seed.Tenant, seed.User)
	}
	return nil
}

func (s *Sandbox) service(id string) (Service, error) {
	for _, sv := range s.Services() {
		if sv.ID == id {
			return sv, nil
		}
	}
	return Service{}, fmt.Errorf("there is no service %q", id)
}

// makeAllOld makes every service old that there is.
func (s *Sandbox) makeAllOld() error {
	for _, sv := range s.Services() {
		if err := s.MakeOld(sv.ID); err != nil {
			return err
		}
	}
	return nil
}

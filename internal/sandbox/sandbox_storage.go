package sandbox

import (
	"fmt"
	"net/http"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/gelato"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/hotpot"
)

// Never is a time that storage can take: nothing ever comes of it.
const Never = hotpot.Never

// Mover is how gelato moves the objects of a job.
type Mover = gelato.Mover

// SetStorageTimes sets how long the storage takes to make a volume and to attach
// one, of what is asked for from now on. A volume that is still being made cannot
// be attached, so that a run fails and leaves it; a slow attachment shows as a
// run that succeeds before the volume is in use.
func (s *Sandbox) SetStorageTimes(create, attach time.Duration) {
	s.hotpot.SetPace(hotpot.Pace{Create: create, Attach: attach})
}

// SetHotpotOutage begins an outage behind hotpot: "controller-hangs",
// "controller-down", "store-down" or "attach-fails". "" ends it.
func (s *Sandbox) SetHotpotOutage(outage string) error {
	return s.hotpot.SetOutage(hotpot.Outage(outage))
}

// SetMover sets how the jobs of gelato go that are started from now on.
func (s *Sandbox) SetMover(m Mover) { s.gelato.SetMover(m) }

// Buckets lists the objects of every bucket of gelato, without a request.
func (s *Sandbox) Buckets() map[string][]string { return s.gelato.Buckets() }

func manageHotpot(s *Sandbox, r *http.Request) (any, error) {
	var in struct {
		Create *float64 `json:"create_seconds"`
		Attach *float64 `json:"attach_seconds"`
		Outage *string
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if (in.Create == nil) != (in.Attach == nil) {
		return nil, fmt.Errorf("create_seconds and attach_seconds are set together")
	}
	if in.Create != nil {
		s.SetStorageTimes(storageTime(*in.Create), storageTime(*in.Attach))
	}
	if in.Outage != nil {
		return nil, s.SetHotpotOutage(*in.Outage)
	}
	return nil, nil
}

// storageTime: a negative time is never.
func storageTime(n float64) time.Duration {
	if n < 0 {
		return Never
	}
	return seconds(n)
}

func manageGelato(s *Sandbox, r *http.Request) (any, error) {
	var m Mover
	if err := read(r, &m); err != nil {
		return nil, err
	}
	s.SetMover(m)
	return nil, nil
}

func manageBuckets(s *Sandbox, _ *http.Request) (any, error) { return s.Buckets(), nil }

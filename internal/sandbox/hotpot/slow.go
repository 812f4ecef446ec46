package hotpot

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// Pace says how long the storage takes for what hotpot has accepted.
type Pace struct {
	Create time.Duration // a volume; 0 = it is made by the time of the answer
	Attach time.Duration // an attachment
}

// Never is a pace at which nothing comes of it.
const Never = time.Duration(math.MaxInt64)

// SetPace sets the pace of what is asked for from now on.
func (h *Server) SetPace(p Pace) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pace = p
}

// Outage is something behind hotpot that does not work.
type Outage string

// ControllerHangs lets nothing be answered but reads; what was asked for is done
// when it goes on. What is asked for while the controller is down is accepted and
// never done (H18). While the store is down nothing can be read, and a read by id
// says 404 (H1). With AttachFails the storage refuses to attach what hotpot has
// accepted.
const (
	ControllerHangs Outage = "controller-hangs"
	ControllerDown  Outage = "controller-down"
	StoreDown       Outage = "store-down"
	AttachFails     Outage = "attach-fails"
	NoOutage        Outage = ""
)

// SetOutage begins an outage, or ends it.
func (h *Server) SetOutage(o Outage) error {
	switch o {
	case ControllerHangs, ControllerDown, StoreDown, AttachFails, NoOutage:
	default:
		return fmt.Errorf("%q is no outage: it must be %s, %s, %s, %s or empty", o, ControllerHangs, ControllerDown, StoreDown, AttachFails)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resumed != nil {
		close(h.resumed)
		h.resumed = nil
	}
	if o == ControllerHangs {
		h.resumed = make(chan struct{})
	}
	h.outage = o
	return nil
}

// waitForController returns when the controller answers, or panics when the
// client has gone.
func (h *Server) waitForController(r *http.Request) {
	h.mu.Lock()
	resumed := h.resumed
	h.mu.Unlock()
	if resumed == nil {
		return
	}
	select {
	case <-resumed:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// storeError is what an operation says while the store is down. Only that of
// lists of volumes and of a read of a profile is recorded (H1); the other texts
// are like them.
func (h *Server) storeError(to route, id string) error {
	const timeout = "context deadline exceeded"
	kind := kinds[to.path[len(to.path)-1]]
	switch {
	case h.outage != StoreDown:
		return nil
	case kind != "" && to.method == http.MethodGet:
		return refusal(http.StatusInternalServerError, "list %ss failed: %s", kind, timeout)
	case id != "" && to.method == http.MethodGet:
		return refusal(http.StatusNotFound, "%s %s not found: %s", kinds[to.path[len(to.path)-2]], id, timeout)
	}
	return refusal(http.StatusInternalServerError, timeout)
}

// due is when what is asked for now will be done; the zero time is never.
func (h *Server) due(pace time.Duration) time.Time {
	if pace == Never || h.outage == ControllerDown {
		return time.Time{}
	}
	return h.now().Add(pace)
}

// settle finishes whatever is due.
func (h *Server) settle() {
	if h.outage == ControllerHangs {
		return
	}
	isDue := func(at time.Time) bool { return !at.IsZero() && !h.now().Before(at) }
	for _, v := range h.volumes.rows {
		if v.Status == "creating" && isDue(v.due) {
			h.finishVolume(v)
		}
	}
	for _, a := range h.attachments.rows {
		if a.Status == "creating" && isDue(a.due) {
			h.finishAttachment(a)
		}
	}
}

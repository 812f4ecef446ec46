package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// hotpot stands in for the block storage API. Its work is done by the time an
// answer is out, as with the real one, whose handlers go on working before they
// return: what was answered "creating" reads "available" in the next request.
type hotpot struct {
	// failVolume makes a volume end in "error" as if no pool fitted, and
	// failAttach an attachment as if the driver refused; nil: all goes well.
	// Both are set before the first request.
	failVolume func(name string) bool
	failAttach func(hostID string) bool

	now   func() time.Time
	check tokenCheck
	mux   *http.ServeMux

	mu          sync.Mutex // guards all below, during a whole operation
	ids         *seededIDs
	volumes     hotpotTable[*hotpotVolume]
	attachments hotpotTable[*hotpotAttachment]
	snapshots   hotpotTable[*hotpotSnapshot]
	hosts       hotpotTable[*hotpotHost]
	profiles    hotpotTable[*hotpotProfile]
}

// newHotpot checks tokens with check, or takes the tenant of the path for the
// cloudCaller's when check is nil.
func newHotpot(check tokenCheck) *hotpot {
	h := &hotpot{
		now:         time.Now,
		check:       check,
		mux:         http.NewServeMux(),
		ids:         newSeededIDs(1),
		volumes:     newHotpotTable[*hotpotVolume]("volume"),
		attachments: newHotpotTable[*hotpotAttachment]("volume attachment"),
		snapshots:   newHotpotTable[*hotpotSnapshot]("volume snapshot"),
		hosts:       newHotpotTable[*hotpotHost]("host"),
		profiles:    newHotpotTable[*hotpotProfile]("profile"),
	}
	h.seed()
	h.routes()
	return h
}

func (h *hotpot) seed() {
	h.hosts.put(&hotpotHost{
		hotpotBase:        hotpotBase{ID: HostID, CreatedAt: h.stamp(), TenantID: Tenant},
		HostName:          "host-1",
		OSType:            "linux",
		AccessMode:        "agentless",
		IP:                "127.0.0.1",
		AvailabilityZones: []string{"default"},
		Initiators:        []hotpotInitiator{{PortName: "iqn.1993-08.org.debian:01:host-1", Protocol: "iscsi"}},
	})
	h.profiles.put(&hotpotProfile{
		hotpotBase:  hotpotBase{ID: ProfileID, CreatedAt: h.stamp()},
		Name:        "default_block",
		Description: "default policy",
		StorageType: "block",
	})
}

func (h *hotpot) routes() {
	const volumes, attachments, snapshots, hosts, profiles = "block/volumes", "block/attachments", "block/snapshots", "host/hosts", "profiles"

	h.route("POST", volumes, hotpotVolumeSchema, policyOwner, h.createVolume)
	h.route("GET", volumes, nil, policyOwner, h.listVolumes)
	h.route("GET", volumes+"/{id}", nil, policyOwner, h.getVolume)
	h.route("PUT", volumes+"/{id}", hotpotRenameSchema, policyOwner, h.updateVolume)
	h.route("DELETE", volumes+"/{id}", nil, policyOwner, h.deleteVolume)
	h.route("POST", volumes+"/{id}/resize", hotpotResizeSchema, policyOwner, h.resizeVolume)

	h.route("POST", attachments, hotpotAttachmentSchema, policyOwner, h.createAttachment)
	h.route("GET", attachments, nil, policyOwner, h.listAttachments)
	h.route("GET", attachments+"/{id}", nil, policyOwner, h.getAttachment)
	h.route("DELETE", attachments+"/{id}", nil, policyOwner, h.deleteAttachment)

	h.route("POST", snapshots, hotpotSnapshotSchema, policyOwner, h.createSnapshot)
	h.route("GET", snapshots, nil, policyOwner, h.listSnapshots)
	h.route("GET", snapshots+"/{id}", nil, policyOwner, h.getSnapshot)
	h.route("DELETE", snapshots+"/{id}", nil, policyOwner, h.deleteSnapshot)

	h.route("POST", hosts, hotpotHostSchema, policyOwner, h.createHost)
	h.route("GET", hosts, nil, policyOwner, h.listHosts)
	h.route("GET", hosts+"/{id}", nil, policyOwner, h.getHost)
	h.route("PUT", hosts+"/{id}", hotpotHostChangeSchema, policyOwner, h.updateHost)
	h.route("DELETE", hosts+"/{id}", nil, policyOwner, h.deleteHost)

	h.route("POST", profiles, hotpotProfileSchema, policyAdmin, h.createProfile)
	h.route("GET", profiles, nil, policyAnybody, h.listProfiles)
	h.route("GET", profiles+"/{id}", nil, policyAnybody, h.getProfile)
	h.route("DELETE", profiles+"/{id}", nil, policyAdmin, h.deleteProfile)
}

// ServeHTTP accepts a trailing slash everywhere, as the pack's snapshot action
// sends one.
func (h *hotpot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = trimmed, ""
	}
	h.mux.ServeHTTP(w, r)
}

// hotpotCall is one request, after the checks that all operations share.
type hotpotCall struct {
	cloudCaller
	id    string // from the path
	query url.Values
	body  []byte
}

// decode reports a body that the schema let through and the record cannot hold.
func (c *hotpotCall) decode(what string, into any) error {
	if len(c.body) == 0 {
		return hotpotRefusal(http.StatusBadRequest, "parse %s request body failed: %v", what, io.EOF)
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return hotpotRefusal(http.StatusBadRequest, "parse %s request body failed: %v", what, err)
	}
	return nil
}

type hotpotError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *hotpotError) Error() string { return e.Message }

func hotpotRefusal(status int, format string, args ...any) error {
	return &hotpotError{Code: status, Message: fmt.Sprintf(format, args...)}
}

// route puts the checks before an operation in the order of the real server:
// token, OpenAPI document, policy. Only what an operation itself says is sent
// as JSON by type; the checks before it do not set one.
func (h *hotpot) route(method, path string, schema hotpotSchema, policy cloudPolicy, operate func(*hotpotCall) (int, any, error)) {
	h.mux.HandleFunc(method+" /v1beta/{tenant}/"+path, func(w http.ResponseWriter, r *http.Request) {
		tenant := r.PathValue("tenant")
		who, err := h.check.identify(r, tenant)
		if err != nil {
			h.answer(w, http.StatusUnauthorized, &hotpotError{http.StatusUnauthorized, err.Error()})
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // nobody is left to answer
		}
		if fault := schema.check(r.Header.Get("Content-Type"), body); fault != "" {
			h.answer(w, http.StatusBadRequest, &hotpotError{http.StatusBadRequest, fault})
			return
		}
		if h.check != nil && !policy(who, tenant) {
			h.answer(w, http.StatusForbidden, &hotpotError{http.StatusForbidden, "operation is not permitted"})
			return
		}

		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		h.mu.Lock()
		defer h.mu.Unlock()
		status, answer, err := operate(&hotpotCall{cloudCaller: who, id: r.PathValue("id"), query: r.URL.Query(), body: body})
		if refusal := (*hotpotError)(nil); errors.As(err, &refusal) {
			status, answer = refusal.Code, refusal
		}
		h.answer(w, status, answer)
	})
}

func (h *hotpot) answer(w http.ResponseWriter, status int, body any) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // of our own types, which all can be
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have left
}

// stamp is local time without saying so, as hotpot has it.
func (h *hotpot) stamp() string { return h.now().Format("2006-01-02T15:04:05") }

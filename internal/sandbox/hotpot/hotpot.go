// Package hotpot stands in for SODA's block storage API, hotpot. Any HTTP
// client can use it.
package hotpot

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

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Server is the block storage API. Its work is done when the answer is sent: a
// volume that was answered as "creating" reads "available" in the next request.
// The real handlers also go on working before they return.
type Server struct {
	// failVolume makes a volume end in "error", as if no pool fitted.
	// failAttach does so for an attachment, as if the driver refused. If nil,
	// nothing fails. Both are set before the first request.
	failVolume func(name string) bool
	failAttach func(hostID string) bool

	now   func() time.Time
	check access.Check
	mux   *http.ServeMux

	mu          sync.Mutex // guards the fields below, for a whole operation
	ids         *seed.IDs
	volumes     table[*volumeRow]
	attachments table[*attachmentRow]
	snapshots   table[*snapshotRow]
	hosts       table[*hostRow]
	profiles    table[*profileRow]
}

// New makes a hotpot with one host and one profile. If check is nil, the tenant
// in the path counts as the caller's.
func New(check access.Check, now func() time.Time) *Server {
	h := &Server{
		now:         now,
		check:       check,
		mux:         http.NewServeMux(),
		ids:         seed.NewIDs(1),
		volumes:     newTable[*volumeRow]("volume"),
		attachments: newTable[*attachmentRow]("volume attachment"),
		snapshots:   newTable[*snapshotRow]("volume snapshot"),
		hosts:       newTable[*hostRow]("host"),
		profiles:    newTable[*profileRow]("profile"),
	}
	h.seed()
	h.routes()
	return h
}

func (h *Server) seed() {
	h.hosts.put(&hostRow{
		rowBase:           rowBase{ID: seed.HostID, CreatedAt: h.timestamp(), TenantID: seed.Tenant},
		HostName:          "host-1",
		OSType:            "linux",
		AccessMode:        "agentless",
		IP:                "127.0.0.1",
		AvailabilityZones: []string{"default"},
		Initiators:        []initiator{{PortName: "iqn.1993-08.org.debian:01:host-1", Protocol: "iscsi"}},
	})
	h.profiles.put(&profileRow{
		rowBase:     rowBase{ID: seed.ProfileID, CreatedAt: h.timestamp()},
		Name:        "default_block",
		Description: "default policy",
		StorageType: "block",
	})
}

func (h *Server) routes() {
	const volumes, attachments, snapshots, hosts, profiles = "block/volumes", "block/attachments", "block/snapshots", "host/hosts", "profiles"

	h.route("POST", volumes, volumeSchema, access.Owner, h.createVolume)
	h.route("GET", volumes, nil, access.Owner, h.listVolumes)
	h.route("GET", volumes+"/{id}", nil, access.Owner, h.getVolume)
	h.route("PUT", volumes+"/{id}", renameSchema, access.Owner, h.updateVolume)
	h.route("DELETE", volumes+"/{id}", nil, access.Owner, h.deleteVolume)
	h.route("POST", volumes+"/{id}/resize", resizeSchema, access.Owner, h.resizeVolume)

	h.route("POST", attachments, attachmentSchema, access.Owner, h.createAttachment)
	h.route("GET", attachments, nil, access.Owner, h.listAttachments)
	h.route("GET", attachments+"/{id}", nil, access.Owner, h.getAttachment)
	h.route("DELETE", attachments+"/{id}", nil, access.Owner, h.deleteAttachment)

	h.route("POST", snapshots, snapshotSchema, access.Owner, h.createSnapshot)
	h.route("GET", snapshots, nil, access.Owner, h.listSnapshots)
	h.route("GET", snapshots+"/{id}", nil, access.Owner, h.getSnapshot)
	h.route("DELETE", snapshots+"/{id}", nil, access.Owner, h.deleteSnapshot)

	h.route("POST", hosts, hostSchema, access.Owner, h.createHost)
	h.route("GET", hosts, nil, access.Owner, h.listHosts)
	h.route("GET", hosts+"/{id}", nil, access.Owner, h.getHost)
	h.route("PUT", hosts+"/{id}", hostChangeSchema, access.Owner, h.updateHost)
	h.route("DELETE", hosts+"/{id}", nil, access.Owner, h.deleteHost)

	h.route("POST", profiles, profileSchema, access.Admin, h.createProfile)
	h.route("GET", profiles, nil, access.Anybody, h.listProfiles)
	h.route("GET", profiles+"/{id}", nil, access.Anybody, h.getProfile)
	h.route("DELETE", profiles+"/{id}", nil, access.Admin, h.deleteProfile)
}

// ServeHTTP accepts a final slash everywhere, because the pack's snapshot
// action sends one.
func (h *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = trimmed, ""
	}
	h.mux.ServeHTTP(w, r)
}

// call is one request, after the checks that all operations share.
type call struct {
	access.Caller
	id    string // from the path
	query url.Values
	body  []byte
}

// decode fails on a body that passed the schema and does not fit into the row.
func (c *call) decode(what string, into any) error {
	if len(c.body) == 0 {
		return refusal(http.StatusBadRequest, "parse %s request body failed: %v", what, io.EOF)
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refusal(http.StatusBadRequest, "parse %s request body failed: %v", what, err)
	}
	return nil
}

type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Message }

func refusal(status int, format string, args ...any) error {
	return &apiError{Code: status, Message: fmt.Sprintf(format, args...)}
}

// route adds an operation. The checks before it have the order of the real
// server: token, OpenAPI document, policy. Only the operation's own answers
// have a content type.
func (h *Server) route(method, path string, schema bodySchema, policy access.Policy, operate func(*call) (int, any, error)) {
	h.mux.HandleFunc(method+" /v1beta/{tenant}/"+path, func(w http.ResponseWriter, r *http.Request) {
		tenant := r.PathValue("tenant")
		who, err := h.check.Identify(r, tenant)
		if err != nil {
			h.answer(w, http.StatusUnauthorized, &apiError{http.StatusUnauthorized, err.Error()})
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		if fault := schema.check(r.Header.Get("Content-Type"), body); fault != "" {
			h.answer(w, http.StatusBadRequest, &apiError{http.StatusBadRequest, fault})
			return
		}
		if h.check != nil && !policy(who, tenant) {
			h.answer(w, http.StatusForbidden, &apiError{http.StatusForbidden, "operation is not permitted"})
			return
		}

		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		h.mu.Lock()
		defer h.mu.Unlock()
		status, answer, err := operate(&call{Caller: who, id: r.PathValue("id"), query: r.URL.Query(), body: body})
		if refusal, ok := errors.AsType[*apiError](err); ok {
			status, answer = refusal.Code, refusal
		}
		h.answer(w, status, answer)
	})
}

func (h *Server) answer(w http.ResponseWriter, status int, body any) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // our own types can always be encoded
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone
}

// timestamp is the local time without a time zone.
func (h *Server) timestamp() string { return h.now().Format("2006-01-02T15:04:05") }

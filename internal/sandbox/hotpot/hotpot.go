// Package hotpot stands in for SODA's block storage API, hotpot. It knows nothing
// of whoever calls it. The H numbers in its comments are those of the recordings'
// README (testdata/contract/hotpot).
package hotpot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Server stands in for the block storage API. Unless its storage is slow, its
// work is done by the time an answer is out: what was answered "creating" reads
// "available" in the next request.
type Server struct {
	// failVolume makes a volume end in "error", as if no pool fitted. If nil,
	// nothing fails. It is set before the first request.
	failVolume func(name string) bool
	// unvalidated is an installation without the OpenAPI document (H4).
	unvalidated bool

	now    func() time.Time
	check  access.Check
	routes []route

	mu          sync.Mutex // guards all below, during a whole operation
	pace        Pace
	outage      Outage
	resumed     chan struct{} // closed when a controller that hangs goes on
	newID       func() string
	volumes     table[*volumeRow]
	attachments table[*attachmentRow]
	snapshots   table[*snapshotRow]
	hosts       table[*hostRow]
	profiles    table[*profileRow]
	pools       table[*poolRow]
	docks       table[*dockRow]
}

// New makes a hotpot with one host and one profile. If check is nil, the tenant
// in the path counts as the caller's.
func New(check access.Check, now func() time.Time) *Server {
	h := &Server{
		now:         now,
		check:       check,
		newID:       seed.NewIDs(1).UUID,
		volumes:     newTable[*volumeRow]("volume"),
		attachments: newTable[*attachmentRow]("volume attachment"),
		snapshots:   newTable[*snapshotRow]("volume snapshot"),
		hosts:       newTable[*hostRow]("host"),
		profiles:    newTable[*profileRow]("profile"),
		pools:       newTable[*poolRow]("pool"),
		docks:       newTable[*dockRow]("dock"),
	}
	h.seedPools()
	h.seed()
	h.addRoutes()
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
	profile := &profileRow{
		rowBase:     rowBase{ID: seed.ProfileID, CreatedAt: h.timestamp()},
		Name:        "default_block",
		Description: "default policy",
		StorageType: "block",
	}
	profile.fill()
	h.profiles.put(profile)
}

func (h *Server) addRoutes() {
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
	h.route("PUT", attachments+"/{id}", attachmentSchema.optional(), access.Owner, h.updateAttachment)
	h.route("DELETE", attachments+"/{id}", nil, access.Owner, h.deleteAttachment)

	h.route("POST", snapshots, snapshotSchema, access.Owner, h.createSnapshot)
	h.route("GET", snapshots, nil, access.Owner, h.listSnapshots)
	h.route("GET", snapshots+"/{id}", nil, access.Owner, h.getSnapshot)
	h.route("PUT", snapshots+"/{id}", renameSchema, access.Owner, h.updateSnapshot)
	h.route("DELETE", snapshots+"/{id}", nil, access.Owner, h.deleteSnapshot)

	h.route("POST", hosts, hostSchema, access.Owner, h.createHost)
	h.route("GET", hosts, nil, access.Owner, h.listHosts)
	h.route("GET", hosts+"/{id}", nil, access.Owner, h.getHost)
	h.route("PUT", hosts+"/{id}", hostChangeSchema, access.Owner, h.updateHost)
	h.route("DELETE", hosts+"/{id}", nil, access.Owner, h.deleteHost)

	h.route("POST", profiles, profileSchema, access.Admin, h.createProfile)
	h.route("GET", profiles, nil, access.Anybody, h.listProfiles)
	h.route("GET", profiles+"/{id}", nil, access.Anybody, h.getProfile)
	h.route("PUT", profiles+"/{id}", profileSchema.optional(), access.Admin, h.updateProfile)
	h.route("DELETE", profiles+"/{id}", nil, access.Admin, h.deleteProfile)
	h.route("GET", profiles+"/{id}/customProperties", nil, access.Anybody, h.customProperties)
	h.route("POST", profiles+"/{id}/customProperties", nil, access.Admin, h.changeProperties("add"))
	h.route("DELETE", profiles+"/{id}/customProperties/{key}", nil, access.Admin, h.changeProperties("remove"))

	h.route("GET", "availabilityZones", nil, access.Anybody, h.listZones)
	h.route("GET", "pools", nil, access.Admin, h.listPools)
	h.route("GET", "pools/{id}", nil, access.Admin, h.getPool)
	h.route("GET", "docks", nil, access.Admin, h.listDocks)
	h.route("GET", "docks/{id}", nil, access.Admin, h.getDock)
	for _, never := range []string{"block/volumeGroups", "block/replications"} {
		h.route("GET", never, nil, access.Owner, func(*call) (int, any, error) { return http.StatusOK, []string(nil), nil })
	}
	for _, empty := range []string{"file/shares", "file/snapshots", "file/acls"} {
		h.route("GET", empty, nil, access.Owner, func(*call) (int, any, error) { return http.StatusOK, []string{}, nil })
	}
}

// call is one request, after the checks that all operations share.
type call struct {
	access.Caller
	id    string // from the path
	query url.Values
	body  []byte
}

// decode reports a body that the schema let through and the record cannot hold.
// Spec is what the server calls the record.
func (c *call) decode(what, spec string, into any) error {
	if len(c.body) == 0 {
		return refusal(http.StatusBadRequest, "parse %s request body failed: %v", what, io.EOF)
	}
	err := json.Unmarshal(c.body, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		wrong.Struct = spec
	}
	if err != nil {
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

// errPanic is what a filter by DurableName brings about (H5).
var errPanic = errors.New("nil pointer")

const (
	plainText = "text/plain; charset=utf-8"
	jsonType  = "application/json; charset=utf-8"
)

// serve puts the checks before an operation in the order of the real server:
// token, OpenAPI document, policy. Only what an operation itself says is sent
// as JSON by type; the checks before it do not set one.
func (h *Server) serve(w http.ResponseWriter, r *http.Request, to route, in map[string]string) {
	tenant := in["tenant"]
	who, err := h.check.Identify(r, tenant, access.HotpotAdmin)
	if err != nil {
		h.answer(w, plainText, http.StatusUnauthorized, &apiError{http.StatusUnauthorized, err.Error()})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // nobody is left to answer
	}
	if fault := h.fault(to, r, body); fault != "" {
		h.answer(w, plainText, http.StatusBadRequest, &apiError{http.StatusBadRequest, fault})
		return
	}
	if h.check != nil && !to.policy(who, tenant) {
		h.answer(w, plainText, http.StatusForbidden, &apiError{http.StatusForbidden, "operation is not permitted"})
		return
	}

	status, text, err := h.operate(to, &call{Caller: who, id: in["id"], query: r.URL.Query(), body: body})
	if errors.Is(err, errPanic) {
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if to.method != http.MethodGet {
		h.waitForController(r)
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have left
}

// operate writes the answer while the lock is held, for the rows may change
// after that.
func (h *Server) operate(to route, c *call) (status int, text []byte, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settle()
	var answer any
	if err = h.storeError(to, c.id); err == nil {
		status, answer, err = to.operate(c)
	}
	if refused, ok := errors.AsType[*apiError](err); ok {
		status, answer, err = refused.Code, refused, nil
	}
	if answer != nil && err == nil {
		text, _ = json.Marshal(answer) // of our own types, which all can be
	}
	return status, text, err
}

// fault is what the OpenAPI document has against a request; empty for nothing.
func (h *Server) fault(to route, r *http.Request, body []byte) string {
	if h.unvalidated {
		return ""
	}
	if fault := to.schema.check(r.Header.Get("Content-Type"), body); fault != "" {
		return fault
	}
	if to.isList() {
		return listFault(r.URL.Query())
	}
	return ""
}

// answer is JSON whatever type it says.
func (h *Server) answer(w http.ResponseWriter, contentType string, status int, body any) {
	text, _ := json.Marshal(body) // of our own types, which all can be
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone
}

// stamp is local time without saying so, as hotpot has it (H14).
func (h *Server) timestamp() string { return h.now().Format("2006-01-02T15:04:05") }

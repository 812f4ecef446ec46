// Package gelato stands in for SODA's multi-cloud API, gelato. Any HTTP client
// can use it.
package gelato

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Server is the multi-cloud API. Each read of a job takes that job one step
// further, and nothing else does. So what a test sees does not depend on time.
type Server struct {
	now   func() time.Time
	check access.Check
	mux   *http.ServeMux // below /v1/{tenant}
	s3    *http.ServeMux // below /v1/s3

	mu       sync.Mutex // guards the fields below, for a whole operation
	ids      *seed.IDs
	backends []backendRow
	buckets  []*bucketRow
	plans    []*planRow
	jobs     []*jobRow
}

type backendRow struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenantId"`
	UserID     string `json:"userId"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Region     string `json:"region"`
	Endpoint   string `json:"endpoint"`
	BucketName string `json:"bucketName"`
}

// bucketRow belongs to no tenant: everybody can use it.
type bucketRow struct {
	name    string
	backend string
	created time.Time
	objects map[string]string // content by key
}

// New makes a gelato with two backends and three buckets. If check is nil, the
// tenant in the path counts as the caller's.
func New(check access.Check, now func() time.Time) *Server {
	g := &Server{now: now, check: check, mux: http.NewServeMux(), s3: http.NewServeMux(), ids: seed.NewIDs(1)}
	g.seed()
	g.routes()
	return g
}

func (g *Server) seed() {
	for _, name := range []string{"backend-src", "backend-dst"} {
		g.backends = append(g.backends, backendRow{
			ID: g.ids.Hex(24), TenantID: seed.Tenant, UserID: seed.User, Name: name, Type: "aws-s3", Region: "us-east-1",
			Endpoint: "s3.us-east-1.amazonaws.com", BucketName: name + "-bucket",
		})
	}
	for name, seeded := range map[string]*bucketRow{
		"source-bucket": {backend: "backend-src", objects: map[string]string{
			"report.csv": "year,volumes\n2019,12\n", "images/logo.png": "not really an image", "readme.txt": "three objects to move",
		}},
		"archive-bucket": {backend: "backend-src", objects: map[string]string{
			"2018.tar": "an archive", "2019.tar": "another archive",
		}},
		"destination-bucket": {backend: "backend-dst", objects: map[string]string{}},
	} {
		seeded.name, seeded.created = name, g.now()
		g.buckets = append(g.buckets, seeded)
	}
	slices.SortFunc(g.buckets, func(a, b *bucketRow) int { return strings.Compare(a.name, b.name) })
}

func (g *Server) routes() {
	g.route(g.mux, "GET /v1/{tenant}/backends", g.listBackends)
	g.route(g.mux, "GET /v1/{tenant}/buckets", g.listBuckets)

	g.route(g.mux, "POST /v1/{tenant}/plans", g.createPlan)
	g.route(g.mux, "GET /v1/{tenant}/plans", g.listPlans)
	g.route(g.mux, "GET /v1/{tenant}/plans/{id}", g.getPlan)
	g.route(g.mux, "PUT /v1/{tenant}/plans/{id}", g.updatePlan)
	g.route(g.mux, "DELETE /v1/{tenant}/plans/{id}", g.deletePlan)
	g.route(g.mux, "POST /v1/{tenant}/plans/{id}/run", g.runPlan)

	g.route(g.mux, "GET /v1/{tenant}/jobs", g.listJobs)
	g.route(g.mux, "GET /v1/{tenant}/jobs/{id}", g.getJob)

	g.route(g.s3, "GET /v1/s3", g.s3ListBuckets)
	g.route(g.s3, "GET /v1/s3/{bucket}", g.s3ListObjects)
	g.route(g.s3, "PUT /v1/s3/{bucket}", g.s3PutBucket)
}

// ServeHTTP accepts a final slash everywhere, because the pack's actions send
// one.
func (g *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if trimmed := strings.TrimSuffix(r.URL.Path, "/"); trimmed != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = trimmed, ""
	}
	if r.URL.Path == "/v1/s3" || strings.HasPrefix(r.URL.Path, "/v1/s3/") {
		g.s3.ServeHTTP(w, r)
		return
	}
	g.mux.ServeHTTP(w, r)
}

// call is one request that the caller is allowed to make.
type call struct {
	*http.Request
	access.Caller
	body []byte
}

// owns reports whether the caller sees what belongs to a tenant.
func (c *call) owns(tenant string) bool { return c.Admin || c.Tenant == tenant }

// apiError is an error answer. Its body is sent as it is: plain text, JSON or
// XML.
type apiError struct {
	status int
	text   string
}

func (e *apiError) Error() string { return e.text }

// serviceError is an error of a service behind the API, nearly always a 500. It
// is the RPC framework's error: JSON, sent as plain text.
func serviceError(format string, args ...any) error {
	text, _ := json.Marshal(struct { // strings and a number can always be encoded
		ID     string `json:"id"`
		Code   int    `json:"code"`
		Detail string `json:"detail"`
		Status string `json:"status"`
	}{"go.micro.client", http.StatusInternalServerError, fmt.Sprintf(format, args...), "Internal Server Error"})
	return &apiError{http.StatusInternalServerError, string(text)}
}

// route adds an operation. The token and the tenant are checked first. The S3
// API has no tenant in its path, so only the token is checked there.
func (g *Server) route(mux *http.ServeMux, pattern string, operate func(*call) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		tenant := r.PathValue("tenant")
		who, err := g.check.Identify(r, tenant)
		if err != nil {
			refuse(w, &apiError{http.StatusUnauthorized, err.Error()})
			return
		}
		if g.check != nil && tenant != "" && !access.Owner(who, tenant) {
			refuse(w, &apiError{http.StatusForbidden, "Operation is not permitted"})
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}

		g.mu.Lock()
		defer g.mu.Unlock()
		answer, err := operate(&call{Request: r, Caller: who, body: body})
		if refusal, ok := errors.AsType[*apiError](err); ok {
			refuse(w, refusal)
			return
		}
		if document, ok := answer.(xmlAnswer); ok {
			document.write(w, http.StatusOK)
			return
		}
		text, _ := json.MarshalIndent(answer, "", " ") // our own types can always be encoded
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // the client may have gone
	})
}

func refuse(w http.ResponseWriter, refusal *apiError) {
	w.WriteHeader(refusal.status)
	io.WriteString(w, refusal.text)
}

func (g *Server) listBackends(c *call) (any, error) {
	found := []backendRow{}
	for _, b := range g.backends {
		if c.owns(b.TenantID) {
			found = append(found, b)
		}
	}
	return struct {
		Backends []backendRow `json:"backends,omitempty"`
		Next     int          `json:"next,omitempty"`
	}{found, len(found)}, nil
}

// listBuckets exists in the sandbox only: the real gelato lists buckets in its
// S3 API.
func (g *Server) listBuckets(*call) (any, error) {
	type bucket struct {
		Name    string   `json:"name"`
		Backend string   `json:"backend"`
		Objects []string `json:"objects"`
	}
	found := []bucket{}
	for _, b := range g.buckets {
		found = append(found, bucket{b.name, b.backend, b.keys("")})
	}
	return map[string]any{"buckets": found}, nil
}

// bucket returns nil if there is no bucket of that name.
func (g *Server) bucket(name string) *bucketRow {
	for _, b := range g.buckets {
		if b.name == name {
			return b
		}
	}
	return nil
}

// keys lists the names of the objects that begin with prefix, in order.
func (b *bucketRow) keys(prefix string) []string {
	keys := []string{}
	for key := range b.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

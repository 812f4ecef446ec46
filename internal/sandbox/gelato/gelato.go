// Package gelato stands in for SODA's multi-cloud API, gelato. It knows nothing of
// whoever calls it. The G numbers in its comments are those of the recordings'
// README (testdata/contract/gelato).
package gelato

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// Config says what a gelato is like.
type Config struct {
	Check access.Check // of tokens; nil = the tenant of the path is the caller's
	Now   func() time.Time
	// Old is strato v0.10: with the S3 face on the same port, errors where later
	// ones send hollow objects, and jobs that fail when a bucket is missing.
	Old bool
}

// Server stands in for the multi-cloud API. Nothing in it goes on by itself:
// every look at a job takes that job one step further, so that what a test sees
// depends on what it did and not on how long it took.
type Server struct {
	now    func() time.Time
	check  access.Check
	old    bool
	routes []route

	mu       sync.Mutex // guards all below, during a whole operation
	mover    Mover
	newID    func() string
	backends []*backendRow
	buckets  []*bucketRow
	plans    []*planRow
	jobs     []*jobRow
	policies []*policyRow
}

// bucketRow belongs to no tenant: everybody can use it.
type bucketRow struct {
	name    string
	backend string
	created time.Time
	objects map[string]string // content by key
}

// New makes a gelato with two backends and three buckets.
func New(cfg Config) *Server {
	ids := seed.NewIDs(1)
	g := &Server{now: cfg.Now, check: cfg.Check, old: cfg.Old, newID: func() string { return ids.Hex(24) }}
	g.seed()
	g.addRoutes()
	return g
}

func (g *Server) seed() {
	for _, name := range []string{"backend-src", "backend-dst"} {
		g.backends = append(g.backends, &backendRow{
			ID: g.newID(), TenantID: seed.Tenant, UserID: seed.User, Name: name, Type: "aws-s3", Region: "us-east-1",
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

func (g *Server) addRoutes() {
	g.route("GET", "{tenant}/types", g.listTypes)
	g.route("GET", "{tenant}/tiers", func(*call) (any, error) { return struct{}{}, nil })

	g.route("GET", "{tenant}/backends", g.listBackends)
	g.route("POST", "{tenant}/backends", g.createBackend)
	g.route("GET", "{tenant}/backends/{id}", g.getBackend)
	g.route("PUT", "{tenant}/backends/{id}", g.updateBackend)
	g.route("DELETE", "{tenant}/backends/{id}", g.deleteBackend)

	g.route("GET", "{tenant}/plans", g.listPlans)
	g.route("POST", "{tenant}/plans", g.createPlan)
	g.route("GET", "{tenant}/plans/{id}", g.getPlan)
	g.route("PUT", "{tenant}/plans/{id}", g.updatePlan)
	g.route("DELETE", "{tenant}/plans/{id}", g.deletePlan)
	g.route("POST", "{tenant}/plans/{id}/run", g.runPlan)

	g.route("GET", "{tenant}/jobs", g.listJobs)
	g.route("GET", "{tenant}/jobs/{id}", g.getJob)

	g.route("GET", "{tenant}/policies", g.listPolicies)
	g.route("POST", "{tenant}/policies", g.createPolicy)
	g.route("GET", "{tenant}/policies/{id}", g.getPolicy)
	g.route("DELETE", "{tenant}/policies/{id}", g.deletePolicy)

	if g.old {
		g.route("GET", "s3", g.s3ListBuckets)
		g.route("GET", "s3/{bucket}", g.s3ListObjects)
		g.route("PUT", "s3/{bucket}", g.s3PutBucket)
	}
}

// apiError is an error whose body is not made of it but is it, whatever
// its type: text, JSON from a service behind, or XML (G3).
type apiError struct {
	status int
	text   string
}

func (e *apiError) Error() string { return e.text }

func refused(status int, format string, args ...any) error {
	return &apiError{status, fmt.Sprintf(format, args...)}
}

// serviceError is what a service behind the API says, nearly always with 500:
// the RPC framework's error, which is JSON within a bare text.
func serviceError(format string, args ...any) error {
	return microError("go.micro.client", fmt.Sprintf(format, args...))
}

func microError(id, detail string) error {
	text, _ := json.Marshal(struct { // texts and a number
		ID     string `json:"id"`
		Code   int    `json:"code"`
		Detail string `json:"detail"`
		Status string `json:"status"`
	}{id, http.StatusInternalServerError, detail, "Internal Server Error"})
	return &apiError{http.StatusInternalServerError, string(text)}
}

var objectID = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)

// checkID is a service's panic at an id that is none (G2).
func checkID(id string) error {
	if objectID.MatchString(id) {
		return nil
	}
	return microError("go.micro.server", fmt.Sprintf("panic recovered: invalid input to ObjectIdHex: %q", id))
}

// page cuts a list as the query says. Next is given on the last page too, and an
// empty list is left out altogether (G4).
func page[T any](c *call, key string, rows []T) (any, error) {
	limit, offset := 1000, 0
	for name, into := range map[string]*int{"limit": &limit, "offset": &offset} {
		if !c.query.Has(name) {
			continue
		}
		n, err := strconv.Atoi(c.query.Get(name))
		if err != nil {
			return nil, refused(http.StatusInternalServerError, "%v", err)
		}
		*into = n
	}
	if limit < 0 || offset < 0 {
		return nil, refused(http.StatusInternalServerError, "Invalid pagination parameter, limit = %d and offset = %d.", limit, offset)
	}
	if limit == 0 {
		limit = len(rows)
	}
	rows = rows[min(offset, len(rows)):]
	rows = rows[:min(limit, len(rows))]
	answer := map[string]any{}
	if len(rows) > 0 {
		answer[key] = rows
	}
	if next := offset + len(rows); next > 0 {
		answer["next"] = next
	}
	return answer, nil
}

// Buckets lists the objects of every bucket, without a request. The API has no
// list of buckets (G12).
func (g *Server) Buckets() map[string][]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := map[string][]string{}
	for _, b := range g.buckets {
		found[b.name] = b.keys("")
	}
	return found
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

package keystone_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// What the recorded Keystone knows.
const (
	password     = "opensds@123"
	adminProject = "<admin project id>"
	demoProject  = "<demo project id>"
)

// admin is the login that the recordings know as the ordinary one.
func admin() keystone.Options {
	return keystone.Options{
		AuthURL:  "http://keystone.test/identity",
		UserName: "admin", Password: password, ProjectName: "admin",
		UserDomainID: "default", ProjectDomainID: "default",
	}
}

func demo() keystone.Options {
	o := admin()
	o.UserName, o.ProjectName = "demo", ""
	return o
}

type answer struct {
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

// fake answers a login exactly as recorded, and one it does not recognise with
// a 500: so a test passes only if the request is one that worked on a real
// Keystone, to the letter.
type fake struct {
	t        *testing.T
	logins   map[string]answer // by canonical body
	projects answer
	unknown  answer // 401
	gone     answer // 404 about a token

	mu       sync.Mutex
	lifetime time.Duration
	skew     time.Duration // how far its clock is ahead
	seen     []string      // "METHOD path"
	issued   map[string]issued
	override func(*http.Request) *answer // decides before all else
	gate     chan struct{}               // when set, logins wait for it
	arrived  chan struct{}               // when set, gets a value per waiting login
	left     chan struct{}               // when set, gets a value per login given up by its client
}

type issued struct {
	answer answer
	at     time.Time
	life   time.Duration
}

func newFake(t *testing.T) *fake {
	k := &fake{t: t, lifetime: time.Hour, logins: map[string]answer{}, issued: map[string]issued{}}
	for _, name := range []string{"login-password", "login-failures", "login-unscoped", "login-default-project", "token-expiry"} {
		for _, s := range recorded(t, name) {
			if s.Request.Method == http.MethodPost {
				k.logins[canonical(t, s.Request.Body)] = s.Response
			}
		}
	}
	// Two more that the recordings imply: a user without default project who
	// names none gets what "unscoped" gets, and no scope is asked for an
	// application credential, which brings its own.
	unscoped := recorded(t, "login-unscoped")
	scoped := recorded(t, "login-password")[0].Response
	k.logins[passwordLogin("admin")] = unscoped[0].Response
	k.logins[canonical(t, []byte(`{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"ac-1","secret":"ac-secret"}}}}`))] = scoped
	k.logins[canonical(t, []byte(`{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"ci","user":{"name":"admin","domain":{"id":"default"}},"secret":"ac-secret"}}}}`))] = scoped
	k.logins[canonical(t, []byte(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u-1","password":"opensds@123"}}},"scope":{"project":{"id":"p-1"}}}}`))] = scoped
	k.projects = unscoped[1].Response
	k.unknown = recorded(t, "login-failures")[0].Response
	k.gone = recorded(t, "token-expiry")[3].Response
	return k
}

func passwordLogin(user string) string {
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"default"},"name":"` + user + `","password":"opensds@123"}}}}}`
}

type step struct {
	Request struct {
		Method string
		Body   json.RawMessage
	}
	Response answer
}

func recorded(t testing.TB, name string) []step {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "sandbox", "testdata", "contract", "keystone", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Steps []step }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Steps
}

// canonical is JSON with its keys sorted.
func canonical(t *testing.T, raw []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("not JSON: %v: %s", err, raw)
	}
	out, _ := json.Marshal(v)
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(out))
}

func (k *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	k.mu.Lock()
	k.seen = append(k.seen, r.Method+" "+r.URL.Path)
	override, gate, arrived, left := k.override, k.gate, k.arrived, k.left
	k.mu.Unlock()
	if gate != nil && r.Method == http.MethodPost {
		if arrived != nil {
			arrived <- struct{}{}
		}
		select {
		case <-gate:
		case <-r.Context().Done():
			if left != nil {
				left <- struct{}{}
			}
			return
		}
	}
	if override != nil {
		if a := override(r); a != nil {
			write(w, *a)
			return
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	w.Header().Set("Date", k.now().UTC().Format(http.TimeFormat))
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v3/auth/tokens"):
		k.logIn(w, body)
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/v3/auth/tokens"):
		k.validate(w, r)
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/v3/auth/projects"):
		write(w, k.projects)
	default:
		http.Error(w, "<!doctype html>", http.StatusNotFound)
	}
}

func (k *fake) now() time.Time { return time.Now().Add(k.skew) }

func (k *fake) logIn(w http.ResponseWriter, body []byte) {
	text := canonical(k.t, body)
	given := ""
	for id := range k.issued {
		if strings.Contains(text, id) {
			text, given = strings.ReplaceAll(text, id, "<unscoped token>"), id
		}
	}
	a, ok := k.logins[text]
	if !ok {
		k.t.Errorf("no recorded login has this body: %s", text)
		write(w, answer{Status: http.StatusInternalServerError})
		return
	}
	if a.Status != http.StatusCreated {
		write(w, a)
		return
	}
	life := k.lifetime
	if given != "" {
		before := k.issued[given]
		life = before.life - k.now().Sub(before.at)
	}
	k.issue(w, a, life)
}

// issue hands out a token of its own with the recorded answer around it.
func (k *fake) issue(w http.ResponseWriter, a answer, life time.Duration) {
	id := fmt.Sprintf("secret-token-%d", len(k.issued)+1)
	a.Headers = maps.Clone(a.Headers)
	a.Headers["x-subject-token"] = id
	now := k.now().UTC()
	a.Body = []byte(strings.NewReplacer(
		"2026-01-01T00:00:20.000000Z", now.Add(life).Format(time.RFC3339Nano),
		"2026-01-01T00:00:00.000000Z", now.Format(time.RFC3339Nano),
	).Replace(string(a.Body)))
	k.issued[id] = issued{a, now, life}
	write(w, a)
}

func (k *fake) validate(w http.ResponseWriter, r *http.Request) {
	alive := func(header string) bool {
		i, ok := k.issued[r.Header.Get(header)]
		return ok && k.now().Before(i.at.Add(i.life))
	}
	switch {
	case !alive("X-Auth-Token"):
		write(w, k.unknown)
	case !alive("X-Subject-Token"):
		write(w, k.gone)
	default:
		a := k.issued[r.Header.Get("X-Subject-Token")].answer
		a.Status = http.StatusOK
		write(w, a)
	}
}

func write(w http.ResponseWriter, a answer) {
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	body := []byte(a.Body)
	var text string
	if json.Unmarshal(body, &text) == nil { // recorded HTML
		body = []byte(text)
	}
	w.WriteHeader(a.Status)
	w.Write(body)
}

// hand gives out a token as if somebody had logged in before.
func (k *fake) hand(login string) string {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.logins[login]
	if !ok {
		k.t.Fatalf("no such login: %s", login)
	}
	w := httptest.NewRecorder()
	k.issue(w, a, k.lifetime)
	return w.Header().Get("X-Subject-Token")
}

func (k *fake) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}

// countLogins counts POSTs so far.
func (k *fake) countLogins() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, line := range k.seen {
		if strings.HasPrefix(line, http.MethodPost) {
			n++
		}
	}
	return n
}

func (k *fake) requests() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.seen...)
}

// client reaches the fake without a network, so that a synctest bubble around
// both can let time pass.
func (k *fake) client() *http.Client { return &http.Client{Transport: direct{k}} }

func (k *fake) source(o keystone.Options) *keystone.Source {
	return keystone.NewSource(o, k.client(), 0)
}

type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(&bytes.Buffer{})
	}
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.ServeHTTP(w, r)
	}()
	select {
	case <-done:
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		resp := w.Result()
		resp.Request = r
		return resp, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

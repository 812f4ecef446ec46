package gelato

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve is a client of a server that answers as h does.
func serve(t testing.TB, tenant string, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return clientOf(t, server.URL, Config{TenantID: tenant})
}

func clientOf(t testing.TB, address string, cfg Config) *Client {
	t.Helper()
	base, err := url.Parse(address + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	cfg.BaseURL = base
	c := New(cfg)
	c.http.RetryWaitMin, c.http.RetryWaitMax = time.Millisecond, time.Millisecond
	return c
}

// answers always says the same.
func answers(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// pages serves a list as gelato does: limit and offset are obeyed, an empty page
// has no list, and "next" never ends.
func pages(t testing.TB, list string, rows []map[string]any, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil || limit < 1 {
			t.Errorf("asked for limit %q", r.URL.Query().Get("limit"))
		}
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		rest := rows[min(offset, len(rows)):]
		page := rest[:min(limit, len(rest))]
		answer := map[string]any{"next": offset + len(page)}
		if len(page) > 0 {
			answer[list] = page
		}
		json.NewEncoder(w).Encode(answer)
	}
}

func manyPlans(n int) []map[string]any {
	rows := make([]map[string]any, n)
	for i := range rows {
		rows[i] = map[string]any{"id": fmt.Sprint("p-", i), "tenantId": "mine", "name": fmt.Sprint("n-", i)}
	}
	return rows
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	for n, requests := range map[int]int{0: 1, 1: 2, 999: 2, 1000: 2, 1001: 3, 2300: 4} {
		var asked []string
		c := serve(t, "mine", pages(t, "plans", manyPlans(n), &asked))
		got, err := c.Plans(t.Context())
		if err != nil || len(got) != n {
			t.Errorf("%d of %d plans: %v", len(got), n, err)
		}
		if len(asked) != requests {
			t.Errorf("%d plans took %d requests, want %d: %v", n, len(asked), requests, asked)
		}
	}
}

// TestListsWithSmallerPages: a server that caps a page is asked for the rest.
func TestListsWithSmallerPages(t *testing.T) {
	var asked []string
	rows := pages(t, "plans", manyPlans(7), &asked)
	c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Set("limit", "3")
		r.URL.RawQuery = query.Encode()
		rows(w, r)
	})
	if got, err := c.Plans(t.Context()); err != nil || len(got) != 7 {
		t.Errorf("%d plans, %v", len(got), err)
	}
}

func TestListsEnd(t *testing.T) {
	t.Run("where offset is ignored", func(t *testing.T) {
		var requests atomic.Int32
		c := serve(t, "mine", func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			json.NewEncoder(w).Encode(map[string]any{"plans": manyPlans(pageSize), "next": pageSize})
		})
		got, err := c.Plans(t.Context())
		if err != nil || len(got) != pageSize || requests.Load() != 2 {
			t.Errorf("%d plans in %d requests: %v", len(got), requests.Load(), err)
		}
	})
	t.Run("where there is always more", func(t *testing.T) {
		c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			rows := make([]map[string]any, pageSize)
			for i := range rows {
				rows[i] = map[string]any{"id": fmt.Sprint(offset + i), "tenantId": "mine"}
			}
			json.NewEncoder(w).Encode(map[string]any{"plans": rows})
		})
		if _, err := c.Plans(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 100000 rows") {
			t.Errorf("got %v", err)
		}
	})
}

// TestFiltersAreAppliedAgain: gelato ignores a filter that it does not know,
// and then everything comes back (G4).
func TestFiltersAreAppliedAgain(t *testing.T) {
	var asked []string
	rows := []map[string]any{{"id": "1", "planName": "a"}, {"id": "2", "planName": "A"}, {"id": "3", "planName": "a"}}
	c := serve(t, "mine", pages(t, "jobs", rows, &asked))
	jobs, err := c.Jobs(t.Context(), "a")
	if err != nil || len(jobs) != 2 || jobs[0].ID != "1" || jobs[1].ID != "3" {
		t.Errorf("got %v, %v", jobs, err)
	}
	if len(asked) == 0 || asked[0] != "limit=1000&offset=0&planName=a" {
		t.Errorf("asked %v", asked)
	}
}

// TestOtherTenantsRowsAreDropped: an administrator's lists have them (G8).
func TestOtherTenantsRowsAreDropped(t *testing.T) {
	const rows = `[{"id": "1", "tenantId": "theirs", "name": "b"}, {"id": "2", "tenantId": "mine", "name": "b"}, {"id": "3"}]`
	c := serve(t, "mine", answers(200, "application/json", `{"backends": `+rows+`}`))
	backends, err := c.Backends(t.Context())
	if err != nil || len(backends) != 1 || backends[0].ID != "2" {
		t.Errorf("got %v, %v", backends, err)
	}
	c = serve(t, "mine", answers(200, "application/json", `{"plans": `+rows+`}`))
	plans, err := c.Plans(t.Context())
	if err != nil || len(plans) != 1 || plans[0].ID != "2" {
		t.Errorf("got %v, %v", plans, err)
	}
}

func TestAbsence(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"hollow":               {200, `{}`, true},
		"hollow in its way":    {200, `{"userId": ""}`, true},
		"null":                 {200, `null`, true},
		"unknown":              {500, `{"id":"go.micro.client","code":500,"detail":"mongo: no documents in result","status":"Internal Server Error"}`, true},
		"malformed":            {404, "Invalid backend id: x", true},
		"a wrong address":      {404, "404: Page Not Found", false},
		"another wrong one":    {404, "404 page not found\n", false},
		"a service that's off": {500, "service backend: not found", false},
		"empty":                {500, "", false},
		"another status":       {502, `{"detail":"mongo: no documents in result"}`, false},
		"malformed elsewhere":  {500, "Invalid backend id: x", false},
		"own object":           {500, `{"code": "500", "message": "The backend can not be deleted. please delete bucket first"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, "mine", answers(tc.status, "text/plain; charset=utf-8", tc.body))
			b, err := c.Backend(t.Context(), "x")
			if err == nil || IsNotFound(err) != tc.want {
				t.Errorf("got %v, %v", b, err)
			}
			if api, ok := errors.AsType[*Error](err); tc.status != 200 && (!ok || api.Status != tc.status) {
				t.Errorf("got %v", err)
			}
		})
	}
	c := serve(t, "mine", func(http.ResponseWriter, *http.Request) { t.Error("asked for what cannot be an id") })
	for _, id := range []string{"", ".", "..", "a/b"} {
		if _, err := c.Backend(t.Context(), id); !IsNotFound(err) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	c = serve(t, "mine", answers(200, "application/json", `{"id": "0a"}`))
	if b, err := c.Backend(t.Context(), "0A"); err != nil || b.ID != "0a" {
		t.Errorf("upper case: %v, %v", b, err)
	}
	c = serve(t, "mine", answers(500, "text/plain", `{"code": "500", "message": "its words"}`))
	if _, err := c.Backends(t.Context()); err == nil || !strings.HasSuffix(err.Error(), ": its words") {
		t.Errorf("got %v", err)
	}
}

// TestNoAnswer: what is no answer is an error that does not repeat it.
func TestNoAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "a page": "<html>s3cret</html>", "text": "s3cret", "a list": `["s3cret"]`, "another id": `{"id": "y"}`,
		"a number for a string": `{"id": "x", "name": 53}`, "cut": `{"id": "x", "name": "s3cr`,
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, "mine", answers(200, "application/json", body))
			b, err := c.Backend(t.Context(), "x")
			if err == nil || IsNotFound(err) || strings.Contains(err.Error(), "s3cr") || strings.Contains(err.Error(), "53") {
				t.Errorf("got %v, %v", b, err)
			}
		})
	}
	for _, body := range []string{"", "text", "[]", `{"plans": [{"id": "1", "tenantId": "mine"}]}`, `{"status": "up"}`, `{"backends": {}}`, `{"backends": [7]}`} {
		c := serve(t, "mine", answers(200, "text/plain", body))
		if rows, err := c.Backends(t.Context()); err == nil {
			t.Errorf("the list %q: %v", body, rows)
		}
	}
	for _, body := range []string{"null", "{}", `{"next": 99}`, `{"backends": null}`, `{"backends": []}`, `{"backends": [null, {}]}`} {
		c := serve(t, "mine", answers(200, "text/plain", body))
		if rows, err := c.Backends(t.Context()); err != nil || len(rows) != 0 {
			t.Errorf("the list %q: %v, %v", body, rows, err)
		}
	}
}

func TestTimes(t *testing.T) {
	c := serve(t, "mine", answers(200, "application/json", `{"jobs": [{"id": "1", "createTime": 1795691379, "startTime": 0, "endTime": -62135596800, "totalCapacity": 9223372036854775807}]}`))
	jobs, err := c.Jobs(t.Context(), "")
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	j := jobs[0]
	if j.Created.Format(time.RFC3339) != "2026-11-26T11:09:39Z" || !j.Started.IsZero() || !j.Ended.IsZero() || j.TotalBytes != 9223372036854775807 {
		t.Errorf("got %+v", j)
	}
}

// TestSecretsAreNotRead: a backend's keys do not leave the decoder.
func TestSecretsAreNotRead(t *testing.T) {
	c := serve(t, "mine", answers(200, "application/json", `{"backends": [{"id": "1", "tenantId": "mine", "access": "s3cret", "security": "s3cret", "userId": "s3cret"}]}`))
	backends, _ := c.Backends(t.Context())
	if len(backends) != 1 || strings.Contains(fmt.Sprintf("%+v", backends), "s3cret") {
		t.Errorf("got %+v", backends)
	}
}

func TestPagesAreKeptShort(t *testing.T) {
	page := "\n<!DOCTYPE html><html><head><title>Bad &amp; worse</title></head><body>s3cret</body></html>"
	c := serve(t, "mine", answers(404, "text/html", page))
	if _, err := c.Backends(t.Context()); err == nil || !strings.HasSuffix(err.Error(), ": Bad & worse") {
		t.Errorf("got %v", err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	large := strings.Repeat(" ", maxAnswer+1)
	c := serve(t, "mine", answers(200, "application/json", large))
	if _, err := c.Backends(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("got %v", err)
	}
	c = serve(t, "mine", answers(403, "text/plain", "é\x1b[31m\n"+strings.Repeat("é", 1000)))
	_, err := c.Backends(t.Context())
	if api, ok := errors.AsType[*Error](err); !ok || api.Status != 403 || len([]rune(api.Message)) != maxMessage || strings.ContainsAny(api.Message, "\x1b\n") {
		t.Errorf("got %v", err)
	}
}

// TestRepeats: a proxy's answers and lost connections are worth another try, a
// 500 is not.
func TestRepeats(t *testing.T) {
	for status, want := range map[int]int32{502: 3, 503: 3, 504: 3, 429: 3, 500: 1, 401: 1, 404: 1} {
		var requests atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(status)
		}))
		c := clientOf(t, server.URL, Config{TenantID: "mine", MaxRetries: 2})
		_, err := c.Backends(t.Context())
		server.Close()
		if api, ok := errors.AsType[*Error](err); !ok || api.Status != status || requests.Load() != want {
			t.Errorf("%d: %d requests, want %d: %v", status, requests.Load(), want, err)
		}
	}
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	if _, err := clientOf(t, server.URL, Config{TenantID: "mine", MaxRetries: 2}).Backends(t.Context()); err != nil || requests.Load() != 2 {
		t.Errorf("a lost connection: %d requests, %v", requests.Load(), err)
	}
}

func TestRequestsEnd(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(stop)
	c := clientOf(t, server.URL, Config{TenantID: "mine", RequestTimeout: time.Millisecond})
	_, err := c.Backends(t.Context())
	if slow, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); !ok || !slow.Timeout() || strings.Contains(err.Error(), "limit=") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := clientOf(t, server.URL, Config{TenantID: "mine"}).Backends(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// TestRedirects: one to another server would take the token along.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed to another server") }))
	defer other.Close()
	c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	if _, err := c.Backends(t.Context()); err == nil || !strings.Contains(err.Error(), "redirected to "+other.URL) {
		t.Errorf("got %v", err)
	}
	c = serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			fmt.Fprint(w, `{"id": "x"}`)
			return
		}
		http.Redirect(w, r, "/moved", http.StatusFound)
	})
	if b, err := c.Backend(t.Context(), "x"); err != nil {
		t.Errorf("got %v, %v", b, err)
	}
}

func TestRedirectsEnd(t *testing.T) {
	var requests atomic.Int32
	c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, r.URL.String(), http.StatusTemporaryRedirect)
	})
	if _, err := c.Backends(t.Context()); err == nil || requests.Load() != maxRedirects+1 {
		t.Errorf("%d requests: %v", requests.Load(), err)
	}
}

func TestPathsAndHeaders(t *testing.T) {
	var got *http.Request
	c := serve(t, "a tenant", func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, `{"id": "x y"}`)
	})
	if _, err := c.Backend(t.Context(), "x y"); err != nil {
		t.Fatal(err)
	}
	if got.URL.EscapedPath() != "/v1/a%20tenant/backends/x%20y" || got.Header.Get("Accept") != "application/json" {
		t.Errorf("got %s, %v", got.URL.EscapedPath(), got.Header)
	}
	for _, tenant := range []string{"", "..", "a/b"} {
		if _, err := clientOf(t, "http://127.0.0.1:1", Config{TenantID: tenant}).Backends(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be a tenant's id") {
			t.Errorf("tenant %q: %v", tenant, err)
		}
	}
}

func TestLog(t *testing.T) {
	var lines []string
	server := httptest.NewServer(answers(503, "text/plain", "s3cret"))
	defer server.Close()
	c := clientOf(t, server.URL, Config{TenantID: "mine", MaxRetries: 1, Log: func(_ context.Context, method, path string, status int, _ time.Duration) {
		lines = append(lines, fmt.Sprint(method, " ", path, " ", status))
	}})
	_, _ = c.Jobs(t.Context(), "s3cret")
	if want := "GET /v1/mine/jobs 503"; !slices.Equal(lines, []string{want, want}) {
		t.Errorf("got %q", lines)
	}
}

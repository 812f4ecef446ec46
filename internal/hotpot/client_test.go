package hotpot

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
	base, err := url.Parse(address + "/v1beta")
	if err != nil {
		t.Fatal(err)
	}
	cfg.BaseURL = base
	c := New(cfg)
	c.http.RetryWaitMin, c.http.RetryWaitMax = time.Millisecond, time.Millisecond
	return c
}

func unescaped(t testing.TB, text string) string {
	t.Helper()
	plain, err := url.PathUnescape(text)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// answers always says the same.
func answers(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// pages serves rows as hotpot does: limit and offset are obeyed.
func pages(t testing.TB, rows []map[string]any, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil || limit < 1 {
			t.Errorf("asked for limit %q", r.URL.Query().Get("limit"))
		}
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		rest := rows[min(offset, len(rows)):]
		json.NewEncoder(w).Encode(rest[:min(limit, len(rest))])
	}
}

func manyVolumes(n int) []map[string]any {
	rows := make([]map[string]any, n)
	for i := range rows {
		rows[i] = map[string]any{"id": fmt.Sprint("v-", i), "tenantId": "mine", "name": fmt.Sprint("n-", i)}
	}
	return rows
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	for _, n := range []int{0, 53, 999, 1000, 1001, 2300} {
		var asked []string
		c := serve(t, "mine", pages(t, manyVolumes(n), &asked))
		got, err := c.Volumes(t.Context(), "")
		if err != nil || len(got) != n {
			t.Errorf("%d of %d volumes: %v", len(got), n, err)
		}
		if want := n/pageSize + 1; len(asked) != want {
			t.Errorf("%d volumes took %d requests, want %d: %v", n, len(asked), want, asked)
		}
	}
}

func TestListsEnd(t *testing.T) {
	t.Run("where offset is ignored", func(t *testing.T) {
		var requests atomic.Int32
		c := serve(t, "mine", func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			json.NewEncoder(w).Encode(manyVolumes(pageSize))
		})
		got, err := c.Volumes(t.Context(), "")
		if err != nil || len(got) != pageSize || requests.Load() != 2 {
			t.Errorf("%d volumes in %d requests: %v", len(got), requests.Load(), err)
		}
	})
	t.Run("where there is always more", func(t *testing.T) {
		c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			rows := make([]map[string]any, pageSize)
			for i := range rows {
				rows[i] = map[string]any{"id": fmt.Sprint(offset + i), "tenantId": "mine"}
			}
			json.NewEncoder(w).Encode(rows)
		})
		if _, err := c.Volumes(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "more than 100000 rows") {
			t.Errorf("got %v", err)
		}
	})
}

// TestFiltersAreAppliedAgain: the server ignores a filter that it does not
// know, and then everything comes back (H2).
func TestFiltersAreAppliedAgain(t *testing.T) {
	var asked []string
	rows := []map[string]any{
		{"id": "1", "tenantId": "mine", "name": "a", "volumeId": "x"},
		{"id": "2", "tenantId": "mine", "name": "A", "volumeId": "y"},
		{"id": "3", "tenantId": "mine", "name": "a", "volumeId": "x"},
	}
	c := serve(t, "mine", pages(t, rows, &asked))
	volumes, err := c.Volumes(t.Context(), "a")
	if err != nil || len(volumes) != 2 || volumes[0].ID != "1" || volumes[1].ID != "3" {
		t.Errorf("got %v, %v", volumes, err)
	}
	attachments, err := c.Attachments(t.Context(), "y")
	if err != nil || len(attachments) != 1 || attachments[0].ID != "2" {
		t.Errorf("got %v, %v", attachments, err)
	}
	want := []string{"limit=1000&name=a&offset=0", "limit=1000&offset=0&volumeId=y"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

// TestOtherTenantsRowsAreDropped: an administrator's lists have them (H7).
func TestOtherTenantsRowsAreDropped(t *testing.T) {
	c := serve(t, "mine", answers(200, "application/json", `[{"id": "1", "tenantId": "theirs", "hostName": "db"}, {"id": "2", "tenantId": "mine", "hostName": "db"}, {"id": "3"}]`))
	hosts, err := c.Hosts(t.Context())
	if err != nil || len(hosts) != 1 || hosts[0].ID != "2" {
		t.Errorf("got %v, %v", hosts, err)
	}
	volumes, err := c.Volumes(t.Context(), "")
	if err != nil || len(volumes) != 1 || volumes[0].ID != "2" {
		t.Errorf("got %v, %v", volumes, err)
	}
}

func TestAbsence(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"unknown":                  {404, `{"code":404,"message":"host x not found: Wrong resource uuid provided!"}`, true},
		"unknown to administrator": {404, `{"code":404,"message":"host x not found: specified host(x) can't find"}`, true},
		"cut words":                {404, `{"code":404,"message":"host x not found: it (x) can't find"}`, false},
		"store down":               {404, `{"code":404,"message":"host x not found: context deadline exceeded"}`, false},
		"a page":                   {404, "\n<!DOCTYPE html>\n<html><head><title>Not Found</title></head><body>host x not found: Wrong resource uuid provided!</body></html>", false},
		"nothing":                  {404, "", false},
		"another status":           {500, `{"code":404,"message":"host x not found: Wrong resource uuid provided!"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, "mine", answers(tc.status, "text/plain; charset=utf-8", tc.body))
			_, err := c.Host(t.Context(), "x")
			if api, ok := errors.AsType[*Error](err); !ok || api.Status != tc.status || IsNotFound(err) != tc.want {
				t.Errorf("got %v, absent: %v", err, IsNotFound(err))
			}
		})
	}
	c := serve(t, "mine", func(http.ResponseWriter, *http.Request) { t.Error("asked for what cannot be an id") })
	for _, id := range []string{"", ".", "..", "a/b"} {
		if _, err := c.Host(t.Context(), id); !IsNotFound(err) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

// TestNoAnswer: what is no answer is an error that does not repeat it.
func TestNoAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "a page": "<html>s3cret</html>", "text": "s3cret", "null": "null", "hollow": "{}", "a list": `["s3cret"]`, "another id": `{"id": "y"}`,
		"a string for a number": `{"id": "x", "size": "s3cret"}`, "too large a number": `{"id": "x", "size": 9223372036854775808}`, "cut": `{"id": "x", "name": "s3cr`,
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, "mine", answers(200, "application/json", body))
			v, err := c.Volume(t.Context(), "x")
			if err == nil || IsNotFound(err) || strings.Contains(err.Error(), "s3cr") || strings.Contains(err.Error(), "92233") {
				t.Errorf("got %v, %v", v, err)
			}
		})
	}
	c := serve(t, "mine", answers(200, "application/json", `{"id": "x", "size": 9223372036854775807, "status": "dreaming", "metadata": null}`))
	if v, err := c.Volume(t.Context(), "x"); err != nil || v.Size != 9223372036854775807 || v.Status != "dreaming" {
		t.Errorf("got %v, %v", v, err)
	}
	for _, body := range []string{"", "{}", "text", `{"code": 500}`, `[7]`} {
		c := serve(t, "mine", answers(200, "text/plain", body))
		if rows, err := c.Hosts(t.Context()); err == nil {
			t.Errorf("the list %q: %v", body, rows)
		}
		if zones, err := c.AvailabilityZones(t.Context()); err == nil {
			t.Errorf("the zones %q: %v", body, zones)
		}
	}
	for _, body := range []string{"null", "[]", "[null]", "[{}]"} {
		c := serve(t, "mine", answers(200, "text/plain", body))
		if rows, err := c.Hosts(t.Context()); err != nil || len(rows) != 0 {
			t.Errorf("the list %q: %v, %v", body, rows, err)
		}
	}
}

func TestZonesAreSortedAndOnce(t *testing.T) {
	c := serve(t, "mine", answers(200, "application/json", `["b", "", "a", "b"]`))
	if zones, err := c.AvailabilityZones(t.Context()); err != nil || !slices.Equal(zones, []string{"a", "b"}) {
		t.Errorf("got %v, %v", zones, err)
	}
}

// TestSecretsAreNotRead: neither how to log in to a host nor how to connect to
// a volume leaves the decoder.
func TestSecretsAreNotRead(t *testing.T) {
	c := serve(t, "mine", answers(200, "application/json", `[{"id": "1", "tenantId": "mine", "username": "s3cret", "password": "s3cret", "userId": "s3cret",
		"metadata": {"k": "s3cret"}, "connectionInfo": {"driverVolumeType": "iscsi", "data": {"authPassword": "s3cret", "targetLun": 1}}}]`))
	hosts, _ := c.Hosts(t.Context())
	volumes, _ := c.Volumes(t.Context(), "")
	attachments, _ := c.Attachments(t.Context(), "")
	if len(hosts)+len(volumes)+len(attachments) != 3 || strings.Contains(fmt.Sprintf("%+v %+v %+v", hosts, volumes, attachments), "s3cret") {
		t.Errorf("got %+v, %+v, %+v", hosts, volumes, attachments)
	}
}

func TestPagesAreKeptShort(t *testing.T) {
	page := "\n<!DOCTYPE html><html><head><title>Bad &amp; worse</title></head><body>s3cret</body></html>"
	c := serve(t, "mine", answers(404, "text/html", page))
	if _, err := c.Hosts(t.Context()); err == nil || !strings.HasSuffix(err.Error(), ": Bad & worse") {
		t.Errorf("got %v", err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	large := strings.Repeat(" ", maxAnswer+1)
	c := serve(t, "mine", answers(200, "application/json", large))
	if _, err := c.Hosts(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("got %v", err)
	}
	c = serve(t, "mine", answers(403, "text/plain", "é\x1b[31m\n"+strings.Repeat("é", 1000)))
	_, err := c.Hosts(t.Context())
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
		_, err := c.Hosts(t.Context())
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
		fmt.Fprint(w, `[]`)
	}))
	defer server.Close()
	if _, err := clientOf(t, server.URL, Config{TenantID: "mine", MaxRetries: 2}).Hosts(t.Context()); err != nil || requests.Load() != 2 {
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
	_, err := c.Hosts(t.Context())
	if slow, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); !ok || !slow.Timeout() || strings.Contains(err.Error(), "limit=") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := clientOf(t, server.URL, Config{TenantID: "mine"}).Hosts(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// TestRedirects: one to another server would take the token along.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed to another server") }))
	defer other.Close()
	c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	if _, err := c.Hosts(t.Context()); err == nil || !strings.Contains(err.Error(), "redirected to "+other.URL) {
		t.Errorf("got %v", err)
	}
	c = serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			fmt.Fprint(w, `["z"]`)
			return
		}
		http.Redirect(w, r, "/moved", http.StatusFound)
	})
	if zones, err := c.AvailabilityZones(t.Context()); err != nil || len(zones) != 1 {
		t.Errorf("got %v, %v", zones, err)
	}
}

func TestRedirectsEnd(t *testing.T) {
	var requests atomic.Int32
	c := serve(t, "mine", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, r.URL.String(), http.StatusTemporaryRedirect)
	})
	if _, err := c.Hosts(t.Context()); err == nil || requests.Load() != maxRedirects+1 {
		t.Errorf("%d requests: %v", requests.Load(), err)
	}
}

func TestPathsAndHeaders(t *testing.T) {
	var got *http.Request
	c := serve(t, "a tenant", func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, `{"id": "x y"}`)
	})
	if _, err := c.Profile(t.Context(), "x y"); err != nil {
		t.Fatal(err)
	}
	if got.URL.EscapedPath() != "/v1beta/a%20tenant/profiles/x%20y" || got.Header.Get("Accept") != "application/json" {
		t.Errorf("got %s, %v", got.URL.EscapedPath(), got.Header)
	}
	for _, tenant := range []string{"", "..", "a/b"} {
		if _, err := clientOf(t, "http://127.0.0.1:1", Config{TenantID: tenant}).Hosts(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be a tenant's id") {
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
	_, _ = c.Volumes(t.Context(), "s3cret")
	if want := "GET /v1beta/mine/block/volumes 503"; !slices.Equal(lines, []string{want, want}) {
		t.Errorf("got %q", lines)
	}
}

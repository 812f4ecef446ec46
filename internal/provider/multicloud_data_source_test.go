package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// askGelato asks as a script would, and fails the test unless it succeeds.
func askGelato(t testing.TB, sb *sandbox.Sandbox, method, path string, body, answer any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, sb.URLs().Gelato+"/v1/"+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(method, path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// makePlan makes a migration plan, and returns its id.
func makePlan(t testing.TB, sb *sandbox.Sandbox, tenant, name string, remain bool) string {
	t.Helper()
	end := func(bucket string) map[string]any {
		return map[string]any{"storType": "opensds-obj", "bucketName": bucket}
	}
	var answer struct{ Plan struct{ ID string } }
	askGelato(t, sb, http.MethodPost, tenant+"/plans", map[string]any{
		"name": name, "description": "moves", "type": "migration", "remainSource": remain,
		"sourceConn": end("source-bucket"), "destConn": end("destination-bucket"), "filter": map[string]any{"prefix": "images/"},
	}, &answer)
	return answer.Plan.ID
}

// runPlan starts a job, and returns its id.
func runPlan(t testing.TB, sb *sandbox.Sandbox, tenant, plan string) string {
	t.Helper()
	var answer struct{ JobID string }
	askGelato(t, sb, http.MethodPost, tenant+"/plans/"+plan+"/run", struct{}{}, &answer)
	return answer.JobID
}

func TestMulticloudBackends(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dialAs(t, sb, lookupLogin(sb, nil))
	got, said := w.lookup("soda_multicloud_backend", map[string]any{"name": "backend-dst"})
	if said != "" || got["id"] == nil {
		t.Fatal(got, said)
	}
	expectAttributes(t, got, map[string]any{"name": "backend-dst", "tenant_id": sandbox.Tenant, "type": "aws-s3", "region": "us-east-1",
		"endpoint": "s3.us-east-1.amazonaws.com", "bucket_name": "backend-dst-bucket"})
	for want, given := range map[string]map[string]any{
		"backend-dst backend-src": nil, "backend-dst backend-src ": {"type": "aws-s3", "region": "us-east-1"}, "": {"type": "ceph-s3"}, " ": {"region": "eu"},
	} {
		got, said := w.lookup("soda_multicloud_backends", given)
		var names []string
		for _, b := range got["backends"].([]any) {
			names = append(names, b.(map[string]any)["name"].(string))
		}
		if said != "" || strings.Join(names, " ") != strings.TrimSpace(want) {
			t.Errorf("%v: got %v, want %q; %s", given, names, want, said)
		}
	}
	_, said = w.lookup("soda_multicloud_backend", map[string]any{"name": "backend_dst"})
	mustContain(t, said, "Cannot find the backend", `There is no backend "backend_dst". Did you mean "backend-dst"?`, `aws-s3), "backend-src" (`)
}

// TestMulticloudBackendsOfOneName: names are not unique.
func TestMulticloudBackendsOfOneName(t *testing.T) {
	sb := start(t, sandbox.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/backends/b2"):
			fmt.Fprint(w, `{"id": "b2", "name": "twin", "access": "s3cret"}`)
		case strings.HasSuffix(r.URL.Path, "/backends"):
			fmt.Fprintf(w, `{"backends": [{"id": "b2", "tenantId": %q, "name": "twin", "type": "ceph-s3"}, {"id": "b1", "tenantId": %q, "name": "twin"}, {"id": "b0", "tenantId": "theirs", "name": "twin"}]}`, sandbox.Tenant, sandbox.Tenant)
		default:
			fmt.Fprint(w, `{}`)
		}
	}))
	defer server.Close()
	w := dialAs(t, sb, lookupLogin(sb, map[string]any{"multicloud_endpoint": server.URL}))
	_, said := w.lookup("soda_multicloud_backend", map[string]any{"name": "twin"})
	mustContain(t, said, `2 backends are called "twin": b1, b2 (ceph-s3); give id`)
	got, said := w.lookup("soda_multicloud_backend", map[string]any{"id": "b2"})
	if said != "" || strings.Contains(fmt.Sprint(got), "s3cret") {
		t.Error(got, said)
	}
	expectAttributes(t, got, map[string]any{"id": "b2", "name": "twin", "type": nil})
	_, said = w.lookup("soda_multicloud_backend", map[string]any{"id": "b3"})
	mustContain(t, said, `Gelato has no backend with id "b3", or it is another tenant's`)
}

func TestMulticloudPlan(t *testing.T) {
	sb := start(t, sandbox.Config{})
	id := makePlan(t, sb, sandbox.Tenant, "archive", true)
	makePlan(t, sb, "other", "theirs", false)
	w := dialAs(t, sb, lookupLogin(sb, nil))
	got, said := w.lookup("soda_multicloud_plan", map[string]any{"name": "archive"})
	want := map[string]any{"id": id, "name": "archive", "tenant_id": sandbox.Tenant, "description": "moves", "type": "migration",
		"source_bucket": "source-bucket", "destination_bucket": "destination-bucket", "prefix": "images/", "remain_source": true}
	if said != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v; %s", got, want, said)
	}
	_, said = w.lookup("soda_multicloud_plan", map[string]any{"name": "theirs"})
	mustContain(t, said, `There is no migration plan "theirs". There are: "archive" (`+id+", source-bucket to destination-bucket)")
}

func TestMulticloudJobs(t *testing.T) {
	sb := start(t, sandbox.Config{})
	archive, other := makePlan(t, sb, sandbox.Tenant, "archive", true), makePlan(t, sb, sandbox.Tenant, "other", true)
	first := runPlan(t, sb, sandbox.Tenant, archive)
	sb.Advance(60e9)
	second := runPlan(t, sb, sandbox.Tenant, archive)
	sb.Advance(60e9)
	third := runPlan(t, sb, sandbox.Tenant, other)
	w := dialAs(t, sb, lookupLogin(sb, nil))
	for _, c := range []struct {
		given map[string]any
		want  []string
	}{
		{nil, []string{third, second, first}}, {map[string]any{"plan_name": "archive"}, []string{second, first}}, {map[string]any{"plan_name": "Archive"}, []string{}},
	} {
		got, said := w.lookup("soda_multicloud_jobs", c.given)
		ids := []string{}
		for _, j := range got["jobs"].([]any) {
			ids = append(ids, j.(map[string]any)["id"].(string))
		}
		if said != "" || !reflect.DeepEqual(ids, c.want) {
			t.Errorf("%v: got %v, want %v; %s", c.given, ids, c.want, said)
		}
	}
}

// TestMulticloudJobsOfOthers: a job does not say whose it is, but its plan does.
// Times that are not set are null.
func TestMulticloudJobsOfOthers(t *testing.T) {
	sb := start(t, sandbox.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/plans") {
			fmt.Fprintf(w, `{"plans": [{"id": "p1", "tenantId": %q, "name": "move"}, {"id": "p2", "tenantId": "theirs", "name": "move"}]}`, sandbox.Tenant)
			return
		}
		fmt.Fprint(w, `{"jobs": [{"id": "j2", "planName": "move", "planId": "p2", "status": "failed"},
			{"id": "j1", "planName": "move", "planId": "p1", "status": "running", "createTime": 1795691379, "endTime": -62135596800, "totalCapacity": 18, "passedCapacity": 6, "totalCount": 4, "passedCount": 2, "progress": 97}]}`)
	}))
	defer server.Close()
	w := dialAs(t, sb, lookupLogin(sb, map[string]any{"multicloud_endpoint": server.URL}))
	got, said := w.lookup("soda_multicloud_jobs", map[string]any{"plan_name": "move"})
	jobs := got["jobs"].([]any)
	if said != "" || len(jobs) != 1 {
		t.Fatal(jobs, said)
	}
	want := map[string]any{
		"id": "j1", "type": nil, "plan_name": "move", "plan_id": "p1", "source_bucket": nil, "destination_bucket": nil, "status": "running",
		"created_at": "2026-11-26T11:09:39Z", "started_at": nil, "ended_at": nil,
		"total_count": 4, "passed_count": 2, "total_bytes": 18, "passed_bytes": 6, "progress": 97,
	}
	if !reflect.DeepEqual(jobs[0], want) {
		t.Errorf("got %v, want %v", jobs[0], want)
	}
}

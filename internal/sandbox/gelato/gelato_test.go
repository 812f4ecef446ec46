package gelato

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// client calls a gelato of its own.
type client struct {
	*testing.T
	gelato *Server
	url    string // of the server, without path
	token  string
}

func newClient(t *testing.T, check access.Check) *client {
	return clientOf(t, Config{Check: check})
}

// newOldClient talks to strato v0.10.
func newOldClient(t *testing.T) *client { return clientOf(t, Config{Old: true}) }

func clientOf(t *testing.T, cfg Config) *client {
	cfg.Now = func() time.Time { return time.Unix(1_767_225_600, 0) }
	gelato := New(cfg)
	server := httptest.NewServer(gelato)
	t.Cleanup(server.Close)
	return &client{T: t, gelato: gelato, url: server.URL}
}

func (c *client) call(method, path, body string) (int, string) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (c *client) want(method, path, body string) map[string]any {
	c.Helper()
	status, text := c.call(method, "/v1/"+seed.Tenant+"/"+path, body)
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil || status != http.StatusOK {
		c.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return object
}

func (c *client) refused(status int, message, method, path, body string) {
	c.Helper()
	if got, text := c.call(method, "/v1/"+seed.Tenant+"/"+path, body); got != status || text != message {
		c.Errorf("%s %s %s:\n%d %s, want\n%d %s", method, path, body, got, text, status, message)
	}
}

// behind expects an error of a service behind the API.
func (c *client) behind(detail, method, path, body string) {
	c.Helper()
	c.refused(500, fmt.Sprintf(`{"id":"go.micro.client","code":500,"detail":%q,"status":"Internal Server Error"}`, detail), method, path, body)
}

func (c *client) objects(bucket string) []string { return c.gelato.Buckets()[bucket] }

// s3Objects lists a bucket by way of the S3 face.
func (c *client) s3Objects(bucket string) []string {
	c.Helper()
	status, text := c.call(http.MethodGet, "/v1/s3/"+bucket, "")
	var answer struct {
		Contents []struct{ Key string }
	}
	if err := xml.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK {
		c.Fatalf("%s: %d %s", bucket, status, text)
	}
	keys := []string{}
	for _, object := range answer.Contents {
		keys = append(keys, object.Key)
	}
	return keys
}

// planBody has the spelling of the pack's action.
func planBody(name, source, dest string, remain bool) string {
	return fmt.Sprintf(`{"tenantId":"x","userId":"x","Description":"d","Name":%q,"Type":"migration","RemainSource":%v,
		"SourceConn":{"StorType":"opensds-obj","BucketName":%q},"DestConn":{"StorType":"opensds-obj","BucketName":%q}}`, name, remain, source, dest)
}

func (c *client) plan(name, source, dest string, remain bool) string {
	c.Helper()
	return c.want("POST", "plans", planBody(name, source, dest, remain))["plan"].(map[string]any)["id"].(string)
}

func (c *client) run(plan string) string {
	c.Helper()
	return c.want("POST", "plans/"+plan+"/run", "{}")["jobId"].(string)
}

func (c *client) job(id string) map[string]any {
	c.Helper()
	return c.want("GET", "jobs/"+id, "")["job"].(map[string]any)
}

// statuses reads a job until its status stays the same.
func (c *client) statuses(job string) string {
	c.Helper()
	seen := []string{}
	for {
		status := c.job(job)["status"].(string)
		seen = append(seen, status)
		if status == "succeed" || status == "failed" || len(seen) > 9 {
			return strings.Join(seen, " ")
		}
	}
}

var seededObjects = []string{"images/logo.png", "readme.txt", "report.csv"}

func TestMovesObjects(t *testing.T) {
	c := newClient(t, nil)
	if got := c.objects("source-bucket"); !reflect.DeepEqual(got, seededObjects) {
		t.Fatalf("seeded: %v", got)
	}
	plan := c.plan("move", "source-bucket", "destination-bucket", false)
	job := c.run(plan)
	if left := c.objects("destination-bucket"); len(left) != 0 {
		t.Errorf("moved before anybody looked: %v", left)
	}
	if got := c.statuses(job); got != "pending running succeed" {
		t.Errorf("job went %s", got)
	}
	if got := c.objects("destination-bucket"); !reflect.DeepEqual(got, seededObjects) {
		t.Errorf("destination: %v", got)
	}
	if got := c.objects("source-bucket"); len(got) != 0 {
		t.Errorf("source: %v", got)
	}
	want := map[string]any{
		"id": job, "type": "migration", "planName": "move", "planId": plan, "description": "for test",
		"sourceLocation": "source-bucket", "destLocation": "destination-bucket", "status": "succeed",
		"createTime": 1767225600.0, "endTime": 1767225600.0, "totalCapacity": 61.0, "passedCapacity": 61.0,
		"totalCount": 3.0, "passedCount": 3.0, "progress": 100.0,
	}
	if got := c.job(job); !reflect.DeepEqual(got, want) {
		t.Errorf("job:\n%v, want\n%v", got, want)
	}
}

func TestCopiesWhenTheSourceRemains(t *testing.T) {
	c := newClient(t, nil)
	job := c.run(c.plan("copy", "source-bucket", "destination-bucket", true))
	if first := c.job(job); first["status"] != "pending" || first["endTime"] != -62135596800.0 || first["totalCount"] != nil {
		t.Errorf("at first: %v", first)
	}
	if got := c.statuses(job); got != "running succeed" {
		t.Errorf("job went on %s", got)
	}
	for _, bucket := range []string{"source-bucket", "destination-bucket"} {
		if got := c.objects(bucket); !reflect.DeepEqual(got, seededObjects) {
			t.Errorf("%s: %v", bucket, got)
		}
	}
}

func TestMovesBelowAPrefix(t *testing.T) {
	c := newClient(t, nil)
	body := strings.TrimSuffix(planBody("some", "source-bucket", "destination-bucket", false), "}") + `,"filter":{"prefix":"images/"}}`
	plan := c.want("POST", "plans", body)["plan"].(map[string]any)
	if fmt.Sprint(plan["filter"]) != "map[prefix:images/]" {
		t.Errorf("plan: %v", plan)
	}
	c.statuses(c.run(plan["id"].(string)))
	if got := c.objects("destination-bucket"); !reflect.DeepEqual(got, []string{"images/logo.png"}) {
		t.Errorf("destination: %v", got)
	}
	if got := c.objects("source-bucket"); len(got) != 2 {
		t.Errorf("source: %v", got)
	}
}

// TestJobsLie: what is missing or refused is no failure, and the source's objects
// are deleted although nothing was copied (G10).
func TestJobsLie(t *testing.T) {
	for name, tc := range map[string]struct {
		mover        Mover
		source, dest string
		went         string
		passed, left any
	}{
		"no source":         {Mover{}, "nowhere", "destination-bucket", "pending succeed", nil, 3},
		"no destination":    {Mover{}, "source-bucket", "nowhere", "pending running succeed", 3.0, 0},
		"copies refused":    {Mover{Refused: true}, "source-bucket", "destination-bucket", "pending running succeed", 3.0, 0},
		"a late write":      {Mover{Stuck: true}, "source-bucket", "destination-bucket", "pending" + strings.Repeat(" running", 9), 3.0, 0},
		"an honest failure": {Mover{Fails: true}, "source-bucket", "destination-bucket", "pending running failed", nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, nil)
			c.gelato.SetMover(tc.mover)
			job := c.run(c.plan("p", tc.source, tc.dest, false))
			if got := c.statuses(job); got != tc.went {
				t.Errorf("job went %s", got)
			}
			if got := c.job(job)["passedCount"]; got != tc.passed {
				t.Errorf("%v objects passed", got)
			}
			arrived := len(c.objects("destination-bucket"))
			if left := len(c.objects("source-bucket")); left != tc.left || (arrived == 3) != (name == "a late write") {
				t.Errorf("%d objects are left, %d arrived", left, arrived)
			}
		})
	}
	c := newClient(t, nil)
	job := c.run(c.plan("p", "source-bucket", "nowhere", true))
	if c.statuses(job); len(c.objects("source-bucket")) != 3 {
		t.Error("the source was to remain")
	}
}

func TestOldJobsFailForWantOfABucket(t *testing.T) {
	c := newOldClient(t)
	noSource := c.run(c.plan("a", "nowhere", "destination-bucket", false))
	if got := c.statuses(noSource); got != "pending failed" {
		t.Errorf("without a source: %s", got)
	}
	noDest := c.run(c.plan("b", "source-bucket", "nowhere", false))
	if got := c.statuses(noDest); got != "pending running failed" {
		t.Errorf("without a destination: %s", got)
	}
	if got := c.job(noDest); got["endTime"] != 1767225600.0 || got["passedCount"] != nil || got["totalCount"] != 3.0 {
		t.Errorf("failed job: %v", got)
	}
	if got := c.objects("source-bucket"); len(got) != 3 {
		t.Errorf("source after a failure: %v", got)
	}
	nothing := c.run(c.plan("c", "destination-bucket", "nowhere", false))
	if got := c.statuses(nothing); got != "pending running succeed" {
		t.Errorf("with nothing to move: %s", got)
	}
}

func TestListsJobs(t *testing.T) {
	c := newClient(t, nil)
	c.run(c.plan("one", "source-bucket", "destination-bucket", true))
	c.run(c.plan("two", "archive-bucket", "destination-bucket", true))
	statuses, starts := "", []any{}
	for range 3 {
		answer := c.want("GET", "jobs?planName=one", "")
		job := answer["jobs"].([]any)[0].(map[string]any)
		statuses += job["status"].(string) + " "
		starts = append(starts, job["startTime"])
		if answer["next"] != 1.0 || job["description"] != nil {
			t.Errorf("list: %v", answer)
		}
	}
	if want := []any{-62135596800.0, 1767225600.0, 1767225600.0}; statuses != "pending running succeed " || !reflect.DeepEqual(starts, want) {
		t.Errorf("a job that only lists show went %s, started at %v", statuses, starts)
	}
	if all := c.want("GET", "jobs", "")["jobs"].([]any); len(all) != 2 || all[1].(map[string]any)["status"] != "pending" {
		t.Errorf("all: %v", all)
	}
	if none := c.want("GET", "jobs?planName=three", ""); len(none) != 0 {
		t.Errorf("none: %v", none)
	}
	c.refused(404, "Job Id-nope does not exist in system", "GET", "jobs/nope", "")
}

func TestPlans(t *testing.T) {
	c := newClient(t, nil)
	status, text := c.call("POST", "/v1/"+seed.Tenant+"/plans", planBody("p", "source-bucket", "destination-bucket", false))
	id := ""
	if fields := strings.Split(text, `"id": "`); len(fields) == 2 {
		id = fields[1][:24]
	}
	want := `{
 "plan": {
  "id": "` + id + `",
  "name": "p",
  "description": "d",
  "type": "migration",
  "sourceConn": {
   "storType": "opensds-obj",
   "bucketName": "source-bucket"
  },
  "destConn": {
   "storType": "opensds-obj",
   "bucketName": "destination-bucket"
  },
  "filter": {},
  "tenantId": "` + seed.Tenant + `",
  "userId": "userId"
 }
}`
	if status != http.StatusOK || text != want {
		t.Errorf("%d\n%s, want\n%s", status, text, want)
	}

	c.behind("duplicate name:p", "POST", "plans", planBody("p", "a", "b", true))
	if status, _ := c.call("POST", "/v1/other/plans", planBody("p", "a", "b", true)); status != http.StatusOK {
		t.Errorf("the same name in another tenant: %d", status)
	}
	c.behind("database error", "PUT", "plans/"+id, `{"description":"new"}`)
	if list := c.want("GET", "plans?name=p", ""); len(list["plans"].([]any)) != 1 || list["next"] != 1.0 {
		t.Errorf("list: %v", list)
	}
	if answer := c.want("DELETE", "plans/"+id, ""); len(answer) != 0 {
		t.Errorf("delete: %v", answer)
	}
	c.behind("database error", "DELETE", "plans/"+id, "")
	if list := c.want("GET", "plans", ""); len(list) != 0 {
		t.Errorf("after the deletion: %v", list)
	}
	if gone := c.want("GET", "plans/"+id, ""); fmt.Sprint(gone) != "map[plan:map[destConn:map[] filter:map[] sourceConn:map[]]]" {
		t.Errorf("a plan that is gone is hollow: %v", gone)
	}
	c.behind("inner error", "POST", "plans/"+id+"/run", "{}")
}

func TestOldPlans(t *testing.T) {
	c := newOldClient(t)
	id := c.plan("p", "source-bucket", "destination-bucket", false)
	got := c.want("PUT", "plans/"+id, `{"description":"new","remainSource":true}`)["plan"].(map[string]any)
	if got["description"] != "new" || got["remainSource"] != true || got["name"] != "p" {
		t.Errorf("changed: %v", got)
	}
	c.behind("source is the same as destination", "PUT", "plans/"+id, `{"destConn":{"bucketName":"source-bucket"}}`)
	if got := c.want("GET", "plans/"+id, "")["plan"].(map[string]any); fmt.Sprint(got["destConn"]) != "map[bucketName:destination-bucket storType:opensds-obj]" {
		t.Errorf("after a refused change: %v", got)
	}
	for range 2 { // it need not be there
		if answer := c.want("DELETE", "plans/"+id, ""); len(answer) != 0 {
			t.Errorf("delete: %v", answer)
		}
	}
	c.behind("plan does not exist", "GET", "plans/"+id, "")
	c.behind("plan does not exist", "POST", "plans/"+id+"/run", "{}")
	c.refused(404, "Job Id-6b081373686c02640f11154b does not exist in system", "GET", "jobs/6b081373686c02640f11154b", "")
}

func TestRefusesPlans(t *testing.T) {
	c := newClient(t, nil)
	const ends = `"sourceConn":{"storType":"opensds-obj","bucketName":"a"},"destConn":{"storType":"opensds-obj","bucketName":"b"}`
	for _, tc := range []struct{ body, detail string }{
		{`{"name":"p","type":"migration"}`, "invalid source connector"},
		{`{"name":"p","type":"migration","sourceConn":{"storType":"opensds-obj"}}`, "invalid destination connector"},
		{`{"name":"p","type":"migration","sourceConn":{"storType":"weird"}}`, "Invalid connector type."},
		{`{"type":"migration",` + ends + `}`, "Name or type is null."},
		{`{"name":"p",` + ends + `}`, "Name or type is null."},
		{`{"name":"?!","type":"migration",` + ends + `}`, "invalid plan name"},
		{planBody("p", "a", "a", true), "source is the same as destination"},
	} {
		c.behind(tc.detail, "POST", "plans", tc.body)
	}
	c.refused(500, "unexpected EOF", "POST", "plans", `{"name"`)
	if list := c.want("GET", "plans", ""); len(list) != 0 {
		t.Errorf("refused plans are there: %v", list)
	}
}

func TestShowsBackendsAndBuckets(t *testing.T) {
	c := newClient(t, nil)
	var names []any
	for _, b := range c.want("GET", "backends", "")["backends"].([]any) {
		names = append(names, b.(map[string]any)["name"])
	}
	if fmt.Sprint(names) != "[backend-src backend-dst]" {
		t.Errorf("backends: %v", names)
	}
	want := map[string][]string{
		"archive-bucket": {"2018.tar", "2019.tar"}, "destination-bucket": {}, "source-bucket": {"images/logo.png", "readme.txt", "report.csv"},
	}
	if got := c.gelato.Buckets(); !reflect.DeepEqual(got, want) {
		t.Errorf("buckets:\n%v, want\n%v", got, want)
	}
	old := newOldClient(t)
	if got := old.s3Objects("source-bucket"); !reflect.DeepEqual(got, want["source-bucket"]) {
		t.Errorf("by way of S3: %v", got)
	}
	for _, path := range []string{"/v1/s3", "/v1/" + seed.Tenant + "/buckets"} {
		if status, text := c.call("GET", path, ""); status != 404 || text != "404: Page Not Found" {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

func TestChecksTokens(t *testing.T) {
	old := clientOf(t, Config{Check: tokens, Old: true})
	if status, text := old.call("GET", "/v1/s3/", ""); status != 401 || text != "token not found in header" {
		t.Errorf("S3 without a token: %d %s", status, text)
	}
	old.token = "demo"
	if status, _ := old.call("GET", "/v1/s3/", ""); status != 200 {
		t.Errorf("S3 with a member's token: %d", status)
	}

	c := newClient(t, tokens)
	c.refused(401, "token not found in header", "GET", "plans", "")
	c.token = "x"
	c.refused(401, "get token failed,Resource not found", "GET", "plans", "")
	c.token = "demo"
	if list := c.want("GET", "backends", ""); len(list) != 0 { // of the token's project, whatever the path says
		t.Errorf("a member under another project's path: %v", list)
	}
	if status, text := c.call("POST", "/v1/any-project/plans", planBody("theirs", "source-bucket", "destination-bucket", true)); status != 200 ||
		!strings.Contains(text, `"tenantId": "demo-project"`) || !strings.Contains(text, `"userId": "demo-user"`) {
		t.Errorf("a member's own plan: %d %s", status, text)
	}
	for _, c.token = range []string{"admin", "service"} {
		if list := c.want("GET", "plans", ""); len(list["plans"].([]any)) != 1 {
			t.Errorf("%s sees %v", c.token, list)
		}
	}
}

// tokens knows four callers by simple names.
func tokens(token string) (access.Caller, error) {
	switch token {
	case "admin":
		return access.Caller{User: seed.User, Tenant: seed.Tenant, Admin: true, Cloud: true}, nil
	case "service":
		return access.Caller{User: "service-user", Tenant: "service-project", Admin: true}, nil
	case "demo":
		return access.Caller{User: "demo-user", Tenant: "demo-project"}, nil
	case "":
		return access.Caller{}, errors.New("token not found in header")
	}
	return access.Caller{}, errors.New("get token failed,Resource not found")
}

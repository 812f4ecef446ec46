package stackstorm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	plans    = "/v1/tenant-1/plans"
	gelatoAt = "http://10.0.0.2:8089"
	noBucket = `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListAllMyBucketsResult>`
	hasDest  = `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Name>dest</Name>` +
		`<CreationDate>today</CreationDate><LocationConstraint>b1</LocationConstraint></Buckets></ListAllMyBucketsResult>`
)

// migrating is a gelato whose job is in the given state.
func migrating(job *string) map[string]func() (int, string) {
	return map[string]func() (int, string){
		"POST " + plans:                 says(200, `{"plan": {"id": "plan-1"}}`),
		"POST " + plans + "/plan-1/run": says(200, `{"jobId": "job-1"}`),
		"GET /v1/tenant-1/jobs/job-1":   func() (int, string) { return 200, `{"job": {"status": "` + *job + `"}}` },
		"DELETE " + plans + "/plan-1":   says(200, `{}`),
		"GET /v1/s3/":                   says(200, hasDest),
		"PUT /v1/s3/dest":               says(200, ``),
		"PUT /v1/s3/dest/":              says(200, `<r/>`),
	}
}

func gelatoAddress(more map[string]any) map[string]any {
	params := withAddress(more)
	params["ip_addr"], params["port"] = "10.0.0.2", "8089"
	return params
}

func migration() map[string]any {
	return gelatoAddress(map[string]any{
		"name": "m", "description": "d", "destBackend": "b", "srcBucketName": "src", "destBucketName": "dest",
		"remainSource": "true", "user_id": "u",
	})
}

func TestMigrationBucket(t *testing.T) {
	job := "pending"
	b, c := newBackend(t, migrating(&job))
	id := c.startAction("opensds.migration-bucket", migration())
	c.get(id)
	polling := []string{"create_bucket_migration succeeded", "execute_bucket_migration succeeded", "get_bucket_migration running"}
	c.wantRun("pending", id, "running", polling...)
	job = "running"
	c.wantRun("running", id, "running", polling...)
	job = "succeed"
	polling[2] = "get_bucket_migration succeeded"
	e := c.wantRun("done", id, "succeeded", polling...)
	if got := publishedBy(e); got["migrationId"] != "plan-1" || got["jobId"] != "job-1" {
		t.Errorf("published %v", got)
	}
	line := "Status of Bucket Migration is "
	if got := publishedBy(e)["print_status"]; got != line+"pending\n"+line+"running\n"+line+"succeed\n" {
		t.Errorf("print_status %q", got)
	}
	b.wantSeen("POST "+gelatoAt+plans+" token-1", "POST "+gelatoAt+plans+"/plan-1/run token-1",
		"GET "+gelatoAt+"/v1/tenant-1/jobs/job-1 token-1", "GET "+gelatoAt+"/v1/tenant-1/jobs/job-1 token-1",
		"GET "+gelatoAt+"/v1/tenant-1/jobs/job-1 token-1")
	b.wantBody(0, `{"tenantId": "tenant-1", "userId": "u", "Description": "d", "Name": "m", "Type": "migration",
		"RemainSource": true, "SourceConn": {"StorType": "opensds-obj", "BucketName": "src"},
		"DestConn": {"StorType": "opensds-obj", "BucketName": "dest"}}`)
	b.wantBody(1, `{}`)
	last := e["children"].([]any)[2].(string)
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+last+"/output", ""); v != publishedBy(e)["print_status"] {
		t.Errorf("the child's output: %q", v)
	}
}

// TestFailedMigrationReadsRunning: it does so for two hours.
func TestFailedMigrationReadsRunning(t *testing.T) {
	job := "failed"
	_, c := newBackend(t, migrating(&job))
	id := c.startAction("opensds.migration-bucket", migration())
	c.get(id)
	c.get(id)
	c.clock = c.clock.Add(7199 * time.Second)
	if e := c.get(id); e["status"] != "running" {
		t.Errorf("before the limit: %v", e["status"])
	}
	c.clock = c.clock.Add(time.Second)
	e := c.get(id)
	info := e["result"].(map[string]any)["tasks"].([]any)[2].(map[string]any)["state_info"].(string)
	if e["status"] != "failed" || !strings.Contains(info, "Action failed to complete in 7200 seconds") {
		t.Errorf("at the limit: %v %q", e["status"], info)
	}
	child := c.get(e["children"].([]any)[2].(string))
	if child["status"] != "timeout" {
		t.Errorf("the child: %v", child["status"])
	}
}

// TestMigrationByTheClock: the job is polled only when somebody reads.
func TestMigrationByTheClock(t *testing.T) {
	job := "running"
	b := &backend{t: t, answers: migrating(&job)}
	c := newCaller(t, Config{Client: b, TaskTime: time.Minute})
	id := c.startAction("opensds.migration-bucket", migration())
	c.clock = c.clock.Add(10 * time.Minute)
	c.Executions()
	if len(b.seen) != 3 {
		t.Fatalf("requests %v", b.seen)
	}
	job = "succeed"
	if e := c.get(id); e["status"] != "succeeded" || len(b.seen) != 4 {
		t.Errorf("%v after %d requests", e["status"], len(b.seen))
	}
}

func analysis(src string, engine string, args map[string]any) map[string]any {
	return gelatoAddress(map[string]any{
		"name": "a", "src_bucket_name": src, "dest_bucket_name": "dest", "dest_backend_name": "b&1",
		"analysis_engine_type": engine, "analysis_args": args,
	})
}

func TestDataAnalysis(t *testing.T) {
	job := "succeed"
	emr := map[string]any{
		"Name": "n", "AK": "a", "SK": "s", "Region": "r", "ReleaseLabel": "l", "JobFlowRole": "j", "ServiceRole": "s",
		"VisibleToAllUsers": true, "Applications": []any{}, "Steps": []any{},
		"Instances": map[string]any{"MasterInstanceType": "m", "InstanceCount": 1},
	}
	without := func(key string) map[string]any {
		less := map[string]any{}
		for k, v := range emr {
			if k != key {
				less[k] = v
			}
		}
		return less
	}
	four := without("Instances")
	four["Instances"] = map[string]any{"MasterInstanceType": "m", "InstanceCount": 4}
	const (
		create, run, poll = "create_bucket_migration succeeded", "execute_bucket_migration succeeded", "get_bucket_migration succeeded"
		drop, found, made = "delete_bucket_migration succeeded", "get_bucket succeeded", "create_bucket succeeded"
		missing           = "get_bucket failed"
		execute, load     = "execute_analysis succeeded", "load_objects succeeded"
	)
	for name, tc := range map[string]struct {
		params map[string]any
		change map[string]func() (int, string)
		status string
		tasks  []string
		print  string
	}{
		"one bucket": {analysis("dest", "aws emr", emr), nil, "succeeded", []string{found, execute, load},
			"aws emr: job flow run succeed, id=j-SANDBOX\n"},
		"a migration first": {analysis("src", "aws emr", emr), nil, "succeeded",
			[]string{found, create, run, poll, drop, execute, load}, "aws emr: job flow run succeed, id=j-SANDBOX\n"},
		"a bucket first": {analysis("src", "aws emr", emr), map[string]func() (int, string){"GET /v1/s3/": says(200, noBucket)},
			"succeeded", []string{missing, made, create, run, poll, drop, execute, load}, "aws emr: job flow run succeed, id=j-SANDBOX\n"},
		"another engine succeeds": {analysis("dest", "aws-emr", map[string]any{}), nil, "succeeded", []string{found, execute, load},
			"unsupported analysis engine type:aws-emr\n"},
		"a failed poll is handled": {analysis("src", "aws emr", emr),
			map[string]func() (int, string){"GET /v1/tenant-1/jobs/job-1": says(401, "")},
			"succeeded", []string{found, create, run, "get_bucket_migration failed", drop}, ""},
		"a failed run is handled": {analysis("src", "aws emr", emr),
			map[string]func() (int, string){"POST " + plans + "/plan-1/run": says(500, "")},
			"succeeded", []string{found, create, "execute_bucket_migration failed", drop}, ""},
		"a plan refused": {analysis("src", "aws emr", emr), map[string]func() (int, string){"POST " + plans: says(500, "")},
			"failed", []string{found, "create_bucket_migration failed"}, "dest was created on today for the b1 backend storage\n"},
		"no buckets at all": {analysis("src", "aws emr", emr),
			map[string]func() (int, string){"GET /v1/s3/": says(404, ""), "PUT /v1/s3/dest": says(404, "")},
			"failed", []string{missing, "create_bucket failed"}, ""},
		"a key is missing": {analysis("dest", "aws emr", without("SK")), nil, "failed", []string{found, "execute_analysis failed"},
			"dest was created on today for the b1 backend storage\n"},
		"a name is missing": {analysis("dest", "aws emr", without("Name")), nil, "failed", []string{found, "execute_analysis failed"},
			"dest was created on today for the b1 backend storage\n"},
		"a slave is missing": {analysis("dest", "aws emr", four), nil, "failed", []string{found, "execute_analysis failed"},
			"dest was created on today for the b1 backend storage\n"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := migrating(&job)
			for k, v := range tc.change {
				answers[k] = v
			}
			b, c := newBackend(t, answers)
			id := c.startAction("opensds.data-analysis", tc.params)
			c.get(id)
			e := c.wantRun("at the end", id, tc.status, tc.tasks...)
			if got, _ := publishedBy(e)["print_status"].(string); got != tc.print {
				t.Errorf("print_status %q, want %q", got, tc.print)
			}
			for i, s := range b.seen {
				switch {
				case strings.Contains(s, "?load"):
					if b.bodies[i] != `<LoadObjectsReq><Backend>b&amp;1</Backend><Prefix>dest/output/</Prefix></LoadObjectsReq>` {
						t.Errorf("load %s", b.bodies[i])
					}
				case strings.HasPrefix(s, "PUT"):
					if b.bodies[i] != `<CreateBucketConfiguration><LocationConstraint>b&amp;1</LocationConstraint></CreateBucketConfiguration>` {
						t.Errorf("create %s", b.bodies[i])
					}
				case strings.HasSuffix(s, plans+" token-1"):
					if !strings.Contains(b.bodies[i], `"Name":"analysis_a"`) || !strings.Contains(b.bodies[i], `"RemainSource":true`) {
						t.Errorf("plan %s", b.bodies[i])
					}
				}
			}
		})
	}
}

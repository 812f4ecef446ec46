package stackstorm

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
)

// dataAnalysis migrates a bucket, unless source and destination are the same
// one. Then it runs an analysis and loads the results. As in Mistral, an error
// that on-error handles does not fail the workflow. So if the migration fails,
// the plan is deleted, nothing is analysed, and the workflow succeeds.
func dataAnalysis() *workflow {
	create := createPlanTask(func(v map[string]any) map[string]any {
		return map[string]any{
			"name": "analysis_" + pyStr(v["name"]), "description": "migration for data analysis",
			"src_bucket_name": v["src_bucket_name"], "dest_bucket_name": v["dest_bucket_name"],
			"remain_source": true,
		}
	})
	run, poll := runPlanTask(), pollJobTask()
	create.onSuccess = always(run.name)
	run.onSuccess, run.onError = always(poll.name), []string{"delete_bucket_migration"}
	poll.onSuccess = always("delete_bucket_migration", "execute_analysis")
	poll.onError = []string{"delete_bucket_migration"}

	tasks := append(bucketTasks(), create, run, poll,
		&workflowTask{
			name: "delete_bucket_migration", action: "opensds.delete-bucket-migration", run: deleteBucketMigration,
			arguments: func(v map[string]any) map[string]any {
				url := gelatoURL(v, pyStr(v["tenant_id"])+"/plans/"+pyStr(v["migrationId"]))
				return map[string]any{"url": url, "tenant_id": v["tenant_id"], "auth_token": v["auth_token"]}
			},
			publish: publishPrinted,
		},
		&workflowTask{
			name: "execute_analysis", action: "opensds.execute-analysis", run: executeAnalysis,
			arguments: func(v map[string]any) map[string]any {
				return map[string]any{"analysis_engine_type": v["analysis_engine_type"], "args": v["analysis_args"]}
			},
			publish:   publishPrinted,
			onSuccess: always("load_objects"),
			timeLimit: timeLimits["opensds.execute-analysis"],
		},
		&workflowTask{
			name: "load_objects", action: "opensds.load-objects", run: loadObjects,
			arguments: func(v map[string]any) map[string]any {
				bucket := pyStr(v["dest_bucket_name"])
				return map[string]any{
					"url": gelatoURL(v, "s3/"+bucket+"/?load"), "backend_name": v["dest_backend_name"],
					"prefix": bucket + "/output/", "auth_token": v["auth_token"],
				}
			},
		},
	)
	w := &workflow{first: []string{tasks[0].name}, tasks: map[string]*workflowTask{}}
	for _, t := range tasks {
		w.tasks[t.name] = t
	}
	return w
}

func bucketTasks() []*workflowTask {
	return []*workflowTask{
		{
			name: "get_bucket", action: "opensds.get-bucket", run: getBucket,
			arguments: func(v map[string]any) map[string]any {
				return map[string]any{
					"url": gelatoURL(v, "s3/"), "bucket_name": v["dest_bucket_name"], "auth_token": v["auth_token"],
				}
			},
			publish: publishPrinted,
			onSuccess: func(v map[string]any) []string {
				if v["src_bucket_name"] == v["dest_bucket_name"] {
					return []string{"execute_analysis"}
				}
				return []string{"create_bucket_migration"}
			},
			onError: []string{"create_bucket"},
		},
		{
			name: "create_bucket", action: "opensds.create-bucket", run: createBucket,
			arguments: func(v map[string]any) map[string]any {
				return map[string]any{
					"url":          gelatoURL(v, "s3/"+pyStr(v["dest_bucket_name"])),
					"backend_name": v["dest_backend_name"], "auth_token": v["auth_token"],
				}
			},
			publish:   publishPrinted,
			onSuccess: always("create_bucket_migration"),
		},
	}
}

// getBucket fails if the bucket is not in the list.
func getBucket(c taskContext) (any, string, error) {
	answer, err := c.send(taskRequest{method: http.MethodGet, url: c.text("url"), contentType: "application/xml"})
	if err != nil {
		return nil, "", err
	}
	var list struct {
		Buckets []struct {
			Name               string
			CreationDate       string
			LocationConstraint string
		}
	}
	if err := xml.Unmarshal(answer, &list); err != nil {
		return nil, "", taskError("xml.etree.ElementTree.ParseError: no element found: line 1, column 0")
	}
	name := c.text("bucket_name")
	for _, b := range list.Buckets {
		if b.Name == name {
			return nil, fmt.Sprintf("%s was created on %s for the %s backend storage\n", name, b.CreationDate, b.LocationConstraint), nil
		}
	}
	return nil, "", taskError("Exception: " + name + " Not Found")
}

func createBucket(c taskContext) (any, string, error) {
	body := xmlText("CreateBucketConfiguration", xmlText("LocationConstraint", escapeXML(c.text("backend_name"))))
	_, err := c.send(taskRequest{method: http.MethodPut, url: c.text("url"), contentType: "application/xml", raw: body})
	if err != nil {
		return nil, "", err
	}
	return nil, "None\n", nil
}

func loadObjects(c taskContext) (any, string, error) {
	body := xmlText("LoadObjectsReq",
		xmlText("Backend", escapeXML(c.text("backend_name")))+xmlText("Prefix", escapeXML(c.text("prefix"))))
	answer, err := c.send(taskRequest{method: http.MethodPut, url: c.text("url"), contentType: "application/xml", raw: body})
	if err != nil {
		return nil, "", err
	}
	return nil, string(answer) + "\nNone\n", nil
}

func xmlText(name, inner string) string { return "<" + name + ">" + inner + "</" + name + ">" }

func escapeXML(s string) string {
	b, err := xml.Marshal(s)
	if err != nil {
		return ""
	}
	return string(b[len("<string>") : len(b)-len("</string>")])
}

// executeAnalysis has no cloud to run in. With "aws emr" it checks the
// arguments that the real action reads, and prints that it ran. With any other
// engine it prints a line and succeeds, as the real action does. Both return
// "failed", as the real action does; nothing reads that.
func executeAnalysis(c taskContext) (any, string, error) {
	engine := c.text("analysis_engine_type")
	if engine != "aws emr" {
		return "failed", "unsupported analysis engine type:" + engine + "\n", nil
	}
	args := c.input["args"]
	keys := []string{"AK", "SK", "Region", "Applications", "Steps", "Instances"}
	for _, k := range keys {
		if _, err := lookUp(args, k); err != nil {
			return nil, "", err
		}
	}
	count, err := lookUp(args, "Instances", "InstanceCount")
	if err != nil {
		return nil, "", err
	}
	inner := []string{"MasterInstanceType"}
	if n, ok := count.(json.Number); ok && n != "0" && n != "1" {
		inner = append(inner, "SlaveInstanceType")
	}
	for _, k := range inner {
		if _, err := lookUp(args, "Instances", k); err != nil {
			return nil, "", err
		}
	}
	for _, k := range []string{"Name", "ReleaseLabel", "JobFlowRole", "ServiceRole", "VisibleToAllUsers"} {
		if _, err := lookUp(args, k); err != nil {
			return nil, "", err
		}
	}
	return "failed", "aws emr: job flow run succeed, id=j-SANDBOX\n", nil
}

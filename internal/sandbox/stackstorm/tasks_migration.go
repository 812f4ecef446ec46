package stackstorm

import (
	"net/http"
	"time"
)

// shippedWorkflows and shippedActions are what the shipped pack contains.
var (
	shippedWorkflows = map[string]*workflow{
		"opensds.provision-volume": shipped("opensds.provision-volume", provisionVolume(), "volume_id", "tagline"),
		"opensds.migration-bucket": shipped("opensds.migration-bucket", migrationBucket(), "migrationId", "jobId"),
		"opensds.data-analysis":    shipped("opensds.data-analysis", dataAnalysis(), "tagline"),
	}
	shippedActions = map[string]pythonAction{
		"opensds.attach-volume":            attachVolume,
		"opensds.create-bucket":            createBucket,
		"opensds.create-bucket-migration":  createBucketMigration,
		"opensds.create-volume":            createVolume,
		"opensds.create-volume-snapshot":   createVolumeSnapshot,
		"opensds.delete-attachment":        deleteAttachment,
		"opensds.delete-bucket-migration":  deleteBucketMigration,
		"opensds.delete-volume":            deleteVolume,
		"opensds.execute-analysis":         executeAnalysis,
		"opensds.execute-bucket-migration": executeBucketMigration,
		"opensds.extend-volume":            extendVolume,
		"opensds.get-bucket":               getBucket,
		"opensds.get-bucket-migration":     getBucketMigration,
		"opensds.list-volume":              listVolume,
		"opensds.load-objects":             loadObjects,
	}
	timeLimits = map[string]time.Duration{
		"opensds.execute-analysis":     99999999 * time.Second,
		"opensds.get-bucket-migration": migrationLimit,
	}
)

// shipped adds what the three workbooks have in common. Their author's output
// is the last task's print; rewritten for Orquesta they declare others.
func shipped(ref string, w *workflow, orquestaOutput ...string) *workflow {
	const printed = "print_status"
	w.name, w.quiet = ref+".main", true
	w.mistralOutput = func(vars map[string]any) object { return object{{"tagline", vars[printed]}} }
	w.orquestaOutput = func(vars map[string]any) object {
		out := object{}
		for _, name := range orquestaOutput {
			v := vars[name]
			if name == "tagline" {
				v = vars[printed]
			}
			out = append(out, field{name, v})
		}
		return out
	}
	return w
}

// migrationLimit is how long a failed migration reads Running: the action asks
// on until it is killed.
const migrationLimit = 7200 * time.Second

// migrationBucket makes a plan, runs it and polls its job. The plan is not
// deleted, so its name cannot be used again.
func migrationBucket() *workflow {
	create := createPlanTask(func(v map[string]any) map[string]any {
		return map[string]any{
			"name": v["name"], "description": v["description"],
			"src_bucket_name": v["srcBucketName"], "dest_bucket_name": v["destBucketName"],
			"remain_source": v["remainSource"],
		}
	})
	return sequence(create, runPlanTask(), pollJobTask())
}

// gelatoURL is a URL of gelato's API, at the address that the workflow was
// given.
func gelatoURL(vars map[string]any, path string) string {
	return "http://" + pyStr(vars["ip_addr"]) + ":" + pyStr(vars["port"]) + "/v1/" + path
}

func createPlanTask(own func(vars map[string]any) map[string]any) *workflowTask {
	return &workflowTask{
		name: "create_bucket_migration", action: "opensds.create-bucket-migration", run: createBucketMigration,
		arguments: func(v map[string]any) map[string]any {
			in := own(v)
			in["url"] = gelatoURL(v, pyStr(v["tenant_id"])+"/plans")
			in["tenant_id"], in["user_id"], in["auth_token"] = v["tenant_id"], v["user_id"], v["auth_token"]
			return in
		},
		publish: publishValue("migrationId"),
	}
}

func runPlanTask() *workflowTask {
	return &workflowTask{
		name: "execute_bucket_migration", action: "opensds.execute-bucket-migration", run: executeBucketMigration,
		arguments: func(v map[string]any) map[string]any {
			url := gelatoURL(v, pyStr(v["tenant_id"])+"/plans/"+pyStr(v["migrationId"])+"/run")
			return map[string]any{"url": url, "auth_token": v["auth_token"]}
		},
		publish: publishValue("jobId"),
	}
}

func pollJobTask() *workflowTask {
	return &workflowTask{
		name: "get_bucket_migration", action: "opensds.get-bucket-migration", run: getBucketMigration,
		arguments: func(v map[string]any) map[string]any {
			url := gelatoURL(v, pyStr(v["tenant_id"])+"/jobs/"+pyStr(v["jobId"]))
			return map[string]any{"url": url, "auth_token": v["auth_token"]}
		},
		publish:   publishPrinted,
		timeLimit: migrationLimit,
	}
}

func createBucketMigration(c taskContext) (any, string, error) {
	end := func(bucket any) map[string]any {
		return map[string]any{"StorType": "opensds-obj", "BucketName": bucket}
	}
	answer, err := c.sendJSON(http.MethodPost, c.text("url"), map[string]any{
		"tenantId":     c.input["tenant_id"],
		"userId":       c.input["user_id"],
		"Description":  c.input["description"],
		"Name":         c.input["name"],
		"Type":         "migration",
		"RemainSource": c.input["remain_source"],
		"SourceConn":   end(c.input["src_bucket_name"]),
		"DestConn":     end(c.input["dest_bucket_name"]),
	})
	if err != nil {
		return nil, "", err
	}
	id, err := lookUp(answer, "plan", "id")
	return id, "", err
}

func executeBucketMigration(c taskContext) (any, string, error) {
	answer, err := c.sendJSON(http.MethodPost, c.text("url"), map[string]any{})
	if err != nil {
		return nil, "", err
	}
	id, err := lookUp(answer, "jobId")
	return id, "", err
}

// getBucketMigration ends only when the job succeeds. After a failed job it
// polls on.
func getBucketMigration(c taskContext) (any, string, error) {
	answer, err := c.sendJSON(http.MethodGet, c.text("url"), nil)
	if err != nil {
		return nil, "", err
	}
	status, err := lookUp(answer, "job", "status")
	if err != nil {
		return nil, "", err
	}
	line := "Status of Bucket Migration is " + pyStr(status) + "\n"
	if status != "succeed" {
		return nil, line, errNotYet
	}
	return nil, line, nil
}

func deleteBucketMigration(c taskContext) (any, string, error) {
	_, err := c.send(taskRequest{method: http.MethodDelete, url: c.text("url"), contentType: "application/json"})
	return nil, "", err
}

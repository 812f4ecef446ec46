package provider

import (
	"maps"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

const emrArgs = `{"Region": "r", "Name": "n", "ReleaseLabel": "l", "JobFlowRole": "j", "ServiceRole": "s", "VisibleToAllUsers": true,
	"Instances": {"InstanceCount": 1, "MasterInstanceType": "m"}, "Applications": [{"Name": "Hadoop"}], "Steps": []}`

// The inputs that cases start from. Null in a case takes one away.
var completeInputs = map[string]string{
	provisionVolume: `{"name": "volume-1", "size": 1, "host_id": "h", "profile_id": ""}`,
	migrationBucket: `{"name": "plan-1", "description": "d", "destBackend": "b", "srcBucketName": "s", "destBucketName": "t", "remainSource": true}`,
	dataAnalysis:    `{"name": "a", "src_bucket_name": "s", "dest_bucket_name": "t", "dest_backend_name": "b", "analysis_engine_type": "aws emr", "analysis_args": ` + emrArgs + `}`,
	labRollout:      `{"tier": "gold"}`,
}

var completeSecrets = map[string]string{
	dataAnalysis: `{"analysis_args": {"AK": "key", "SK": "secret"}}`,
}

// changedInputs are the complete inputs of a workflow with a change.
func changedInputs(t *testing.T, action, change string) map[string]any {
	t.Helper()
	all := fromJSON(t, completeInputs[action]).(map[string]any)
	maps.Copy(all, fromJSON(t, change).(map[string]any))
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// changedRun is a run of the workflow with those inputs.
func changedRun(t *testing.T, sb *sandbox.Sandbox, action, change, secret string) map[string]any {
	t.Helper()
	return map[string]any{"service_id": serviceFor(t, sb, action), "action": action,
		"parameters": changedInputs(t, action, change), "parameters_wo": fromJSON(t, secret)}
}

// Plan alone finds every mistake, says where it is, and how to mend it.
func TestPlanRefuses(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	for _, tc := range []struct{ action, change, path, detail string }{
		{provisionVolume, `{"size": null}`, "parameters", `size is required: Size of volume in GB. Give a whole number, such as size = 1.`},
		{provisionVolume, `{"host_id": null}`, "parameters", `host_id is required`},
		{provisionVolume, `{"name": null}`, "parameters", `name is required`},
		{provisionVolume, `{"profile_id": null}`, "parameters", `Write profile_id = ""`},
		{provisionVolume, `{"size": "big"}`, "parameters", `size must be a whole number, but the string "big" was given. Write for example size = 1.`},
		{provisionVolume, `{"size": "1.5"}`, "parameters", `must be a whole number`},
		{provisionVolume, `{"size": [1]}`, "parameters", `the list [1] was given`},
		{provisionVolume, `{"size": 0}`, "parameters", `must be greater than 0`},
		{provisionVolume, `{"size": -3}`, "parameters", `must be greater than 0`},
		{provisionVolume, `{"size": "0"}`, "parameters", `must be greater than 0`},
		{provisionVolume, `{"name": 5}`, "parameters", `Write for example name = "5".`},
		{provisionVolume, `{"name": "vol/1"}`, "parameters", `Hotpot refuses other volume names`},
		{provisionVolume, `{"name": ""}`, "parameters", `must not be empty`},
		{provisionVolume, `{"hostId": "h"}`, "parameters", `Did you mean "host_id"?`},
		{provisionVolume, `{"sizes": 3}`, "parameters", `Did you mean "size"?`},
		{provisionVolume, `{"colour": "red"}`, "parameters", `The workflow has no input "colour".`},
		{provisionVolume, `{"ip_addr": "192.0.2.1"}`, "parameters", `The orchestrator fills in ip_addr itself`},
		{provisionVolume, `{"port": "1"}`, "parameters", `fills in port itself`},
		{provisionVolume, `{"tenant_id": "t"}`, "parameters", `It is the provider's tenant_id.`},
		{provisionVolume, `{"auth_token": "t"}`, "parameters", `the token that the provider gets when it logs in`},
		{provisionVolume, `{"snapshot_from_cloud": "true"}`, "parameters", `cannot be used`},
		{provisionVolume, `{"snapshot_from_cloud": true}`, "parameters", `snapshot_from_cloud cannot be used`},
		{provisionVolume, `{"snapshot_from_cloud": false}`, "parameters", `Remove it. A volume from a snapshot in hotpot itself needs snapshot_id alone.`},
		{provisionVolume, `{"host_id": ""}`, "parameters", `host_id is empty. It must be the id that hotpot gave the host.`},
		{provisionVolume, `{"host_id": "192.0.2.7"}`, "parameters", `host_id is an IP address. It must be the id that hotpot gave the host.`},
		{provisionVolume, `{"attach_mode": "RW"}`, "parameters", `must be "ro" or "rw"`},
		{provisionVolume, `{"availability_zone": 1.5}`, "parameters", `availability_zone = "1.5"`},
		{migrationBucket, `{"description": null}`, "parameters", `description is required`},
		{migrationBucket, `{"destBackend": null}`, "parameters", `destBackend is required`},
		{migrationBucket, `{"remainSource": "yes"}`, "parameters", `must be true or false, but the string "yes" was given`},
		{migrationBucket, `{"remainSource": 1}`, "parameters", `the number 1 was given`},
		{migrationBucket, `{"src_bucket_name": "s"}`, "parameters", `Did you mean "srcBucketName"?`},
		{migrationBucket, `{"destBucketName": "s"}`, "parameters", `must differ from srcBucketName`},
		{dataAnalysis, `{"analysis_engine_type": "aws-emr"}`, "parameters", `must be "aws emr"`},
		{dataAnalysis, `{"analysis_args": "AK=x"}`, "parameters", `an object`},
		{dataAnalysis, `{"dest_backend_name": null}`, "parameters", `dest_backend_name is required`},
		{dataAnalysis, `{"analysis_args": {"Region": "r"}}`, "parameters", `analysis_args must also have AK, Applications, `},
		{labRollout, `{"tier": null}`, "parameters", `tier is required: Service level. Give one of "gold" or "silver", such as tier = "gold".`},
		{labRollout, `{"tier": "bronze"}`, "parameters", `must be one of "gold" or "silver", but the string "bronze" was given`},
		{labRollout, `{"tier": "Silver"}`, "parameters", `did you mean "silver"?`},
		{labRollout, `{"label": "A b"}`, "parameters", `must match the pattern ^[a-z][a-z0-9-]*$`},
		{labRollout, `{"label": "a"}`, "parameters", `at least 2 characters`},
		{labRollout, `{"label": "abcdefghi"}`, "parameters", `at most 8 characters`},
		{labRollout, `{"replicas": 0}`, "parameters", `must be at least 1`},
		{labRollout, `{"replicas": "6"}`, "parameters", `must be at most 5, but the string "6" was given`},
		{labRollout, `{"ratio": 0}`, "parameters", `must be greater than 0`},
		{labRollout, `{"urgent": "maybe"}`, "parameters", `true or false`},
		{labRollout, `{"region": "us"}`, "parameters", `The workflow fixes the value of region to "eu", so it cannot be given`},
		{labRollout, `{"limits": {}}`, "parameters", `limits.cpu is required`},
		{labRollout, `{"limits": {"cpu": "2"}}`, "parameters", `StackStorm converts no strings inside lists and objects. Write for example cpu = 2.`},
		{labRollout, `{"limits": {"cpu": 0}}`, "parameters", `at least 1`},
		{labRollout, `{"limits": {"cpu": 1, "memry": "1G"}}`, "parameters", `Did you mean "memory"?`},
		{labRollout, `{"limits": {"cpu": 1, "memory": "1 GB"}}`, "parameters", `must match the pattern`},
		{labRollout, `{"mounts": []}`, "parameters", `at least 1 element`},
		{labRollout, `{"mounts": [{"readonly": true}]}`, "parameters", `mounts[0].path is required`},
		{labRollout, `{"mounts": [{"path": "/"}, {"path": 5}]}`, "parameters", `must be a string`},
		{labRollout, `{"mounts": ["/"]}`, "parameters", `must be an object`},
		{labRollout, `{"tags": ["a", "b", "a"]}`, "parameters", `differ from element 0`},
		{labRollout, `{"tags": "a"}`, "parameters", `must be a list`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			w.t = t
			got := w.planInstance(changedRun(t, sb, tc.action, tc.change, completeSecretsBut(tc.change, tc.action))).reports
			if len(got) != 1 || got[0].warning || got[0].path != tc.path || !strings.Contains(got[0].detail, tc.detail) {
				t.Errorf("got %v\nwant one error at %q: %s", got, tc.path, tc.detail)
			}
		})
	}
	if n := len(sb.Executions()); n > 0 {
		t.Errorf("%d executions", n)
	}
}

// completeSecretsBut leaves the secrets of analysis_args out where a case is
// about analysis_args itself.
func completeSecretsBut(change, action string) string {
	if strings.Contains(change, "analysis_args") {
		return ""
	}
	return completeSecrets[action]
}

// What plan takes without a word, StackStorm takes too.
func TestPlanAccepts(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	sb.Hold()
	started := 0
	for _, tc := range []struct{ action, change string }{
		{provisionVolume, `{}`},
		{provisionVolume, `{"size": "10"}`},
		{provisionVolume, `{"size": " 7 "}`},
		{provisionVolume, `{"size": 7.0}`},
		{provisionVolume, `{"description": "{% raw %}docker ps --format {{.Names}}{% endraw %}"}`},
		{provisionVolume, `{"size": 9223372036854775807}`},
		{provisionVolume, `{"attach_mode": "ro"}`},
		{provisionVolume, `{"attach_mode": ""}`},
		{provisionVolume, `{"description": "Größe: 10 %"}`},
		{provisionVolume, `{"description": "a { b } % } }}"}`},
		{provisionVolume, `{"snapshot_from_cloud": "", "snapshot_id": "s"}`},
		{provisionVolume, `{"availability_zone": "default", "description": null}`},
		{provisionVolume, `{"name": "A volume_1-x"}`},
		{migrationBucket, `{}`},
		{migrationBucket, `{"remainSource": "true"}`},
		{migrationBucket, `{"user_id": "u"}`},
		{migrationBucket, `{"name": "plan/1"}`},
		{dataAnalysis, `{}`},
		{dataAnalysis, `{"src_bucket_name": "t"}`},
		{labRollout, `{}`},
		{labRollout, `{"tier": "silver"}`},
		{labRollout, `{"label": "ab"}`},
		{labRollout, `{"label": "abc-1234"}`},
		{labRollout, `{"label": null}`},
		{labRollout, `{"replicas": 1}`},
		{labRollout, `{"replicas": "5"}`},
		{labRollout, `{"ratio": 0.001}`},
		{labRollout, `{"ratio": "1e3"}`},
		{labRollout, `{"ratio": 3}`},
		{labRollout, `{"urgent": true}`},
		{labRollout, `{"urgent": "False"}`},
		{labRollout, `{"limits": {"cpu": 1}}`},
		{labRollout, `{"limits": {"cpu": 2, "memory": "10G"}}`},
		{labRollout, `{"limits": {"cpu": 2, "memory": null}}`},
		{labRollout, `{"limits": "{\"cpu\": 2}"}`},
		{labRollout, `{"limits": "{'cpu': 2}"}`},
		{labRollout, `{"mounts": [{"path": "/a"}]}`},
		{labRollout, `{"mounts": [{"path": "/a", "readonly": true}, {"path": "/b", "more": 1}]}`},
		{labRollout, `{"tags": []}`},
		{labRollout, `{"tags": ["a", "b"]}`},
		{labRollout, `{"tags": "['a', 'b']"}`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			w.t = t
			plan := w.planInstance(changedRun(t, sb, tc.action, tc.change, completeSecrets[tc.action]))
			if len(plan.reports) > 0 {
				t.Fatalf("plan says %v", plan.reports)
			}
			if got := plan.apply(); len(got) > 0 {
				t.Fatalf("apply says %v", got)
			}
			started++
		})
	}
	if n := len(sb.Executions()); n != started {
		t.Errorf("%d executions of %d runs", n, started)
	}
}

// What works, and yet is likely not meant.
func TestPlanWarns(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	for _, tc := range []struct{ action, change, secret, path, detail string }{
		{provisionVolume, `{"timeout": 90}`, "", "parameters", `has no effect`},
		{provisionVolume, `{"size": 1.5}`, "", "parameters", `StackStorm cuts a fraction off`},
		{provisionVolume, `{"size": true}`, "", "parameters", `makes 1 of true`},
		{labRollout, `{"replicas": 5.9}`, "", "parameters", `replicas should be a whole number`},
		{provisionVolume, `{"description": "{% raw %}{{ a }}{% endraw %} {{ b }}"}`, "", "parameters", `write {% raw %} before the string and {% endraw %} after it`},
		{provisionVolume, `{"description": "{{ x }}"}`, "", "parameters", `begins a template`},
		{provisionVolume, `{"task_name": "x"}`, "", "parameters", `a setting of StackStorm's workflow runner`},
		{migrationBucket, `{"remainSource": false}`, "", "parameters", `they are lost, and the run succeeds all the same`},
		{migrationBucket, `{"remainSource": "FALSE"}`, "", "parameters", `check that the destination bucket exists`},
		{labRollout, `{"password": "hush"}`, "", "parameters", `Move it to parameters_wo.`},
		{labRollout, `{}`, `{"password": "{{ hush }}"}`, "parameters_wo", `begins a template`},
		{dataAnalysis, `{"analysis_args": ` + strings.Replace(emrArgs, "{", `{"AK": "hush", `, 1) + `}`, `{"analysis_args": {"SK": "hush"}}`, "parameters", `key of an AWS account`},
		{dataAnalysis, `{"analysis_args": ` + strings.Replace(emrArgs, "{", `{"SK": "hush", `, 1) + `}`, `{"analysis_args": {"AK": "hush"}}`, "parameters", `key of an AWS account`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			w.t = t
			got := w.planInstance(changedRun(t, sb, tc.action, tc.change, tc.secret)).reports
			if len(got) != 1 || !got[0].warning || got[0].path != tc.path || !strings.Contains(got[0].detail, tc.detail) {
				t.Fatalf("got %v\nwant one warning at %q: %s", got, tc.path, tc.detail)
			}
			if strings.Contains(got[0].detail, "hush") {
				t.Errorf("the secret is told: %v", got)
			}
		})
	}
}

// Problems are all told at once, each where the value is written.
func TestPlanTellsWhereValuesStand(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	got := w.planInstance(map[string]any{"service_id": serviceFor(t, sb, labRollout),
		"parameters":    fromJSON(t, `{"tier": "bronze", "limits": {"cpu": "2"}, "password": "x"}`),
		"parameters_wo": fromJSON(t, `{"label": "Q", "limits": {"memory": "1 GB"}, "password": 57}`)}).reports
	want := [][2]string{{"parameters", "limits.cpu must"}, {"parameters", "tier must"}, {"parameters_wo", "label must"}, {"parameters_wo", "label must"},
		{"parameters_wo", "limits.memory must"}, {"parameters_wo", "password must"}}
	for i, r := range got {
		if len(got) != len(want) || r.path != want[i][0] || !strings.HasPrefix(r.detail, want[i][1]) {
			t.Errorf("got %v", got)
		}
	}
	for _, r := range got {
		for _, hush := range []string{"Q", "1 GB", "57"} {
			if strings.HasPrefix(r.path, "parameters_wo") && strings.Contains(r.detail, hush) {
				t.Errorf("the secret %s is told: %v", hush, r)
			}
		}
	}
}

// What is not decided yet is not judged, at any depth.
func TestPlanSkipsUnknowns(t *testing.T) {
	sb := labPackSandbox(t)
	w := dial(t, sb)
	k := `"` + notKnown + `"`
	for name, given := range map[string]map[string]any{
		"one input":       {"parameters": fromJSON(t, `{"tier": `+k+`}`)},
		"inside":          {"parameters": fromJSON(t, `{"tier": "gold", "limits": {"cpu": `+k+`}, "mounts": [{"path": `+k+`}, `+k+`], "tags": ["a", `+k+`]}`)},
		"all inputs":      {"parameters": unknownValue{}},
		"all secrets":     {"parameters": map[string]any{}, "parameters_wo": unknownValue{}},
		"a secret":        {"parameters": map[string]any{"tier": "gold"}, "parameters_wo": map[string]any{"password": unknownValue{}}},
		"the action":      {"action": unknownValue{}, "parameters": map[string]any{"nothing": "fits"}},
		"not to be asked": {"validate_parameters": false, "parameters": map[string]any{"nothing": "fits"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.t, given["service_id"] = t, serviceFor(t, sb, labRollout)
			if got := w.planInstance(given).reports; len(got) > 0 {
				t.Errorf("got %v", got)
			}
		})
	}
	t.Run("the service", func(t *testing.T) {
		w.t = t
		plan := w.planInstance(map[string]any{"service_id": unknownValue{}, "parameters": map[string]any{"nothing": "fits"}})
		if len(plan.reports) > 0 || plan.action() != notKnown {
			t.Errorf("got %v, action %s", plan.reports, plan.action())
		}
	})
	t.Run("beside what is known", func(t *testing.T) {
		w.t = t
		got := w.planInstance(map[string]any{"service_id": serviceFor(t, sb, labRollout),
			"parameters": fromJSON(t, `{"tier": `+k+`, "limits": {"cpu": 0, "memory": `+k+`}}`)}).reports
		if len(got) != 1 || got[0].path != "parameters" || !strings.HasPrefix(got[0].detail, "limits.cpu") {
			t.Errorf("got %v", got)
		}
	})
}

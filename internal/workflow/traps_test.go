package workflow

import (
	"strings"
	"testing"
)

func TestTraps(t *testing.T) {
	for _, tc := range []struct {
		action, change, path, detail string
		warning                      bool
	}{
		{volume, `{"profile_id": null}`, "", `Write profile_id = "" for the default profile`, false},
		{volume, `{"snapshot_from_cloud": "true"}`, "snapshot_from_cloud", `cannot be used`, false},
		{volume, `{"attach_mode": "RW"}`, "attach_mode", `must be "ro" or "rw"`, false},
		{volume, `{"size": 0}`, "size", `must be greater than 0`, false},
		{volume, `{"size": "-1"}`, "size", `must be greater than 0`, false},
		{volume, `{"size": 0.9}`, "size", `must be greater than 0`, false},
		{volume, `{"size": false}`, "size", `must be greater than 0`, false},
		{volume, `{"name": ""}`, "name", `must not be empty`, false},
		{volume, `{"name": "a/b"}`, "name", `letters from a to z`, false},
		{volume, `{"name": "größe"}`, "name", `letters from a to z`, false},
		{volume, `{"name": "` + strings.Repeat("a", 256) + `"}`, "name", `longer than 255`, false},
		{volume, `{"timeout": 5}`, "timeout", `has no effect`, true},
		{volume, `{"description": "a {{ b }}"}`, "description", `begins a template`, true},
		{volume, `{"name": "{% if x %}"}`, "name", `begins a template`, true},
		{migration, `{"destBucketName": "s"}`, "destBucketName", `must differ from srcBucketName`, false},
		{migration, `{"remainSource": false}`, "remainSource", `remainSource is false. Gelato then deletes the objects in the source bucket, also those that it could not copy.`, true},
		{migration, `{"remainSource": "FALSE"}`, "remainSource", `the run succeeds all the same`, true},
		{migration, `{"remainSource": null}`, "remainSource", `remainSource is left out, which gelato takes for false.`, true},
		{analysis, `{"analysis_engine_type": "aws-emr"}`, "analysis_engine_type", `must be "aws emr"`, false},
		{analysis, `{"analysis_args": {}}`, "analysis_args", `analysis_args must also have AK, Applications, Instances, JobFlowRole, Name, Region, ReleaseLabel, SK, ServiceRole, Steps and VisibleToAllUsers.`, false},
		{analysis, `{"analysis_args": ` + strings.Replace(completeArgs, `"InstanceCount": 1, `, "", 1) + `}`, "analysis_args.Instances", `must also have InstanceCount.`, false},
		{analysis, `{"analysis_args": ` + strings.Replace(completeArgs, `"Jar"`, `"{{Jar}}"`, 1) + `}`, `analysis_args.Steps[0]["{{Jar}}"]`, `template`, true},
		{"any.other", `{"deep": [{"x": ["fine", "{{ y }}"]}]}`, "deep[0].x[1]", `deep[0].x[1] contains {{ or {%`, true},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			got := Traps(tc.action, untrapped(t, tc.action, tc.change))
			if len(got) != 1 || got[0].Warning != tc.warning {
				t.Fatalf("want one problem, warning %t: %+v", tc.warning, got)
			}
			expect(t, got[0], tc.path, tc.detail)
		})
	}
}

func TestTrapsLetThrough(t *testing.T) {
	for _, tc := range []struct{ action, change string }{
		{volume, `{}`},
		{volume, `{"attach_mode": "", "snapshot_from_cloud": "", "name": "A b_c-9"}`},
		{volume, `{"attach_mode": 5, "size": "big", "name": 7}`}, // Check's affair
		{volume, `{"name": "` + strings.Repeat("a", 255) + `", "attach_mode": "ro"}`},
		{volume, `{"description": "a { b } % } }} %}"}`},
		{migration, `{}`},
		{migration, `{"srcBucketName": null, "destBucketName": null}`},
		{migration, `{"remainSource": "TRUE"}`},
		{migration, `{"remainSource": "perhaps"}`}, // Check's affair
		{analysis, `{}`},
		{analysis, `{"dest_bucket_name": "s"}`}, // migrates nothing, analyses all the same
		{"any.other", `{"attach_mode": "RW", "size": 0}`},
	} {
		t.Run(tc.action+" "+tc.change, func(t *testing.T) {
			if got := Traps(tc.action, untrapped(t, tc.action, tc.change)); len(got) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestExposed(t *testing.T) {
	for _, tc := range []struct {
		action, plain string
		paths         []string
	}{
		{analysis, `{"analysis_args": {"AK": "hush", "SK": "hush"}}`, []string{"analysis_args.AK", "analysis_args.SK"}},
		{analysis, `{"analysis_args": {"SK": "hush"}}`, []string{"analysis_args.SK"}},
		{analysis, `{"analysis_args": {"AK": null, "Region": "r"}}`, nil},
		{analysis, `{"analysis_args": "{}"}`, nil},
		{analysis, `{}`, nil},
		{volume, `{"analysis_args": {"AK": "x"}}`, nil},
	} {
		got := Exposed(tc.action, decoded(t, tc.plain))
		if len(got) != len(tc.paths) {
			t.Errorf("%s: %+v", tc.plain, got)
			continue
		}
		for i, p := range got {
			expect(t, p, tc.paths[i], "key of an AWS account")
			if !p.Warning || strings.Contains(p.Detail, "hush") {
				t.Errorf("%s: %+v", tc.plain, p)
			}
		}
	}
}

func TestTrapsSkipUnknowns(t *testing.T) {
	for action, text := range complete {
		in := map[string]any{}
		for name := range decoded(t, text) {
			in[name] = Unknown
		}
		if got := Traps(action, in); len(got) > 0 {
			t.Errorf("%s: %+v", action, got)
		}
	}
	in := untrapped(t, analysis, `{}`)
	in["analysis_args"].(map[string]any)["Instances"] = Unknown
	if got := Traps(analysis, in); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

const completeArgs = `{"AK": "a", "SK": "s", "Region": "r", "Name": "n", "ReleaseLabel": "l", "JobFlowRole": "j", "ServiceRole": "s",
	"Instances": {"InstanceCount": 1, "MasterInstanceType": "m"}, "VisibleToAllUsers": false, "Applications": [], "Steps": [{"Jar": 1}]}`

func untrapped(t testing.TB, action, change string) map[string]any {
	in := inputs(t, action, `{}`)
	if action == analysis {
		in["analysis_args"] = decoded(t, completeArgs)
	}
	for name, v := range decoded(t, change) {
		in[name] = v
	}
	return in
}

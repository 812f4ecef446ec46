package workflow

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

const (
	summaryTrap     = "Workflow input that will fail"
	summaryUseless  = "Workflow input without effect"
	summaryTemplate = "Template in a workflow input"
	summaryDeletes  = "Migration that deletes its source"
)

// Traps tells what is known to go wrong with inputs that StackStorm takes:
// mistakes that the shipped workflows meet only while running, and templates in
// the inputs of any workflow. Inputs are as for Check. Problems quote no values,
// for some may be secret.
func Traps(action string, inputs map[string]any) []Problem {
	t := traps{inputs: inputs}
	switch action {
	case "opensds.provision-volume":
		t.provisionVolume()
	case "opensds.migration-bucket":
		t.migrationBucket()
	case "opensds.data-analysis":
		t.dataAnalysis()
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		for _, at := range templates([]any{name}, inputs[name]) {
			t.warn(at, summaryTemplate, at.label()+" has {{ or {% in it, which begins a template to StackStorm: "+
				"it renders the text before the workflow sees it, and refuses the run if that fails. Leave them out unless a template is what you mean.")
		}
	}
	return t.problems
}

// Exposed tells which inputs in clear are known to be secret, although the
// workflow does not declare them so. Plain are the inputs that Terraform stores.
func Exposed(action string, plain map[string]any) []Problem {
	if action != "opensds.data-analysis" {
		return nil
	}
	args, _ := plain["analysis_args"].(map[string]any)
	var problems []Problem
	for _, name := range []string{"AK", "SK"} {
		if args[name] != nil {
			at := placeOf("analysis_args", name)
			p := at.problem(summarySecret, at.label()+" is a key of an AWS account, and what stands in parameters is kept in clear in Terraform's state and plans. "+
				"Move it to analysis_args in parameters_wo, which is laid over the one in parameters.")
			p.Warning = true
			problems = append(problems, p)
		}
	}
	return problems
}

type traps struct {
	inputs   map[string]any
	problems []Problem
}

func (t *traps) fail(at place, detail string) {
	t.problems = append(t.problems, at.problem(summaryTrap, detail))
}

func (t *traps) warn(at place, summary, detail string) {
	p := at.problem(summary, detail)
	p.Warning = true
	t.problems = append(t.problems, p)
}

// text returns an input that is a decided text without templates.
func (t *traps) text(name string) (string, bool) {
	v, ok := t.inputs[name].(string)
	return v, ok && !isTemplate(v)
}

func placeOf(names ...any) place { return place{path: names} }

func (t *traps) provisionVolume() {
	if mode, ok := t.text("attach_mode"); ok && !slices.Contains([]string{"", "ro", "rw"}, mode) {
		t.fail(placeOf("attach_mode"), `attach_mode must be "ro" or "rw", in lower case. Hotpot refuses anything else, but only after the volume has been created, which then stays behind.`)
	}
	t.volumeName()
	if t.inputs["profile_id"] == nil {
		// An error although some hotpots would do without: "" does for all.
		t.problems = append(t.problems, placeOf().problem(summaryMissing, `profile_id is declared optional, but hotpot as it is installed refuses the volume when it is left out. Write profile_id = "" for the default profile, or give a profile's id.`))
	}
	if size, ok := cast("integer", t.inputs["size"]); ok {
		if n, isInt := size.(*big.Int); isInt && n.Sign() <= 0 {
			t.fail(placeOf("size"), "size must be greater than 0: it is the volume's size in GB, and hotpot refuses others.")
		}
	}
	if cloud, ok := t.text("snapshot_from_cloud"); ok && cloud != "" {
		t.fail(placeOf("snapshot_from_cloud"), "snapshot_from_cloud cannot be used: the workflow sends it to hotpot as a text, and hotpot takes true or false only. Remove it.")
	}
	if t.inputs["timeout"] != nil {
		t.warn(placeOf("timeout"), summaryUseless, "timeout is used by nothing in this workflow. Remove it; how long to wait for the run is said by the timeouts block.")
	}
}

var volumeName = regexp.MustCompile(`^[A-Za-z0-9 _-]+$`)

func (t *traps) volumeName() {
	name, ok := t.text("name")
	switch {
	case !ok:
	case !volumeName.MatchString(name):
		t.fail(placeOf("name"), "name must not be empty and may only have letters from a to z, digits, blanks, underscores and hyphens. Hotpot refuses other names of volumes.")
	case len(name) > 255:
		t.fail(placeOf("name"), "name must not be longer than 255 characters. Hotpot refuses longer names of volumes.")
	}
}

func (t *traps) migrationBucket() {
	source, ok := t.text("srcBucketName")
	destination, alsoOK := t.text("destBucketName")
	if ok && alsoOK && source == destination {
		t.fail(placeOf("destBucketName"), "destBucketName must differ from srcBucketName: gelato does not migrate a bucket to itself.")
	}
	t.deletedSource()
}

// deletedSource warns of losing objects: gelato deletes those that it could not
// copy, too, and reports success (G10).
func (t *traps) deletedSource() {
	given := t.inputs["remainSource"]
	remain, ok := cast("boolean", given)
	if !ok || remain != nil && remain != false {
		return
	}
	what := "remainSource is false"
	if given == nil {
		what = "remainSource is left out, which gelato takes for false"
	}
	t.warn(placeOf("remainSource"), summaryDeletes, what+". Gelato then deletes the objects in the source bucket, also those that it could not copy. "+
		"If the destination bucket does not exist or refuses the objects, they are lost, and the run succeeds all the same. "+
		"Before you apply, check that the destination bucket exists and takes objects. "+
		"Or set remainSource = true, look into the destination bucket after the run, and empty the source yourself.")
}

func (t *traps) dataAnalysis() {
	engine, ok := t.text("analysis_engine_type")
	if ok && engine != "aws emr" {
		t.fail(placeOf("analysis_engine_type"), `analysis_engine_type must be "aws emr", with a blank. With any other the workflow analyses nothing and reports success all the same.`)
	}
	args, isObject := t.inputs["analysis_args"].(map[string]any)
	if !isObject || !ok || engine != "aws emr" {
		return
	}
	t.needs(placeOf("analysis_args"), args, "AK", "Applications", "Instances", "JobFlowRole", "Name", "Region", "ReleaseLabel", "SK", "ServiceRole", "Steps", "VisibleToAllUsers")
	if instances, ok := args["Instances"].(map[string]any); ok {
		t.needs(placeOf("analysis_args", "Instances"), instances, "InstanceCount", "MasterInstanceType")
	}
}

func (t *traps) needs(at place, object map[string]any, names ...string) {
	var lacks []string
	for _, name := range names {
		if object[name] == nil {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		t.fail(at, fmt.Sprintf("%s lacks %s. The analysis looks them all up and fails without, after the bucket has been migrated.", at.label(), enumerate(lacks, "and")))
	}
}

func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}

// templates finds the texts in v, member names included, that StackStorm
// takes for templates.
func templates(path []any, v any) []place {
	var found []place
	switch v := v.(type) {
	case string:
		if isTemplate(v) {
			found = append(found, placeOf(path...))
		}
	case []any:
		for i, e := range v {
			found = append(found, templates(append(slices.Clip(path), i), e)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			member := append(slices.Clip(path), name)
			if isTemplate(name) {
				found = append(found, placeOf(member...))
			} else {
				found = append(found, templates(member, v[name])...)
			}
		}
	}
	return found
}

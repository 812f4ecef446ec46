package workflow

import (
	"fmt"
	"maps"
	"math/big"
	"net"
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

// Traps returns what is known to go wrong with inputs that StackStorm accepts.
// These are mistakes on which the shipped workflows fail while they run, and
// templates in the inputs of any workflow. Inputs are as for Check. Problems quote
// no values, because some may be secret.
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
			if isRaw(inputs, at.path) {
				continue
			}
			t.warn(at, summaryTemplate, at.label()+" contains {{ or {%, which begins a template in StackStorm. "+
				"StackStorm renders the string before the workflow gets it, and refuses the run if that fails. Leave them out unless you mean a template. "+
				"To send them as they are, write {% raw %} before the string and {% endraw %} after it.")
		}
	}
	return t.problems
}

// Exposed returns which inputs are known to be secret, although the workflow does
// not declare them so. Plain are the inputs that Terraform stores in clear text.
func Exposed(action string, plain map[string]any) []Problem {
	if action != "opensds.data-analysis" {
		return nil
	}
	args, _ := plain["analysis_args"].(map[string]any)
	var problems []Problem
	for _, name := range []string{"AK", "SK"} {
		if args[name] != nil {
			at := locationOf("analysis_args", name)
			p := at.problem(summarySecret, at.label()+" is a key of an AWS account, and Terraform keeps what stands in parameters in clear text in its state and plans. "+
				"Move it to analysis_args in parameters_wo. The two are merged.")
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

func (t *traps) fail(at location, detail string) {
	t.problems = append(t.problems, at.problem(summaryTrap, detail))
}

func (t *traps) warn(at location, summary, detail string) {
	p := at.problem(summary, detail)
	p.Warning = true
	t.problems = append(t.problems, p)
}

// text returns an input that is a known string without templates.
func (t *traps) text(name string) (string, bool) {
	v, ok := t.inputs[name].(string)
	return v, ok && !isTemplate(v)
}

func locationOf(names ...any) location { return location{path: names} }

func (t *traps) provisionVolume() {
	if mode, ok := t.text("attach_mode"); ok && !slices.Contains([]string{"", "ro", "rw"}, mode) {
		t.fail(locationOf("attach_mode"), `attach_mode must be "ro" or "rw", in lower case. Hotpot refuses other values, but only after it has created the volume, which then remains.`)
	}
	t.volumeName()
	if t.inputs["profile_id"] == nil {
		// It is an error, although some hotpots do not need it. "" works with all.
		t.problems = append(t.problems, locationOf().problem(summaryMissing, `profile_id is declared optional, but hotpot refuses the volume without it. Write profile_id = "" for the default profile, or give the id of a profile.`))
	}
	t.volumeSize()
	t.host()
	_, isText := t.inputs["snapshot_from_cloud"].(string)
	if cloud, ok := t.text("snapshot_from_cloud"); t.inputs["snapshot_from_cloud"] != nil && t.inputs["snapshot_from_cloud"] != Unknown && (!isText || ok && cloud != "") {
		t.fail(locationOf("snapshot_from_cloud"), "snapshot_from_cloud cannot be used. The workflow sends it to hotpot as a string, and hotpot accepts only true or false. "+
			"Remove it. A volume from a snapshot in hotpot itself needs snapshot_id alone.")
	}
	if t.inputs["timeout"] != nil {
		t.warn(locationOf("timeout"), summaryUseless, "timeout has no effect in this workflow. Remove it. To limit how long Terraform waits for the run, use the timeouts block.")
	}
}

// volumeSize finds sizes that hotpot refuses.
func (t *traps) volumeSize() {
	size, ok := cast("integer", t.inputs["size"])
	if n, isInt := size.(*big.Int); ok && isInt && n.Sign() <= 0 {
		t.fail(locationOf("size"), "size must be greater than 0. It is the size of the volume in GB, and hotpot refuses other values.")
	}
}

// host finds what cannot be the id of a host. Hotpot looks for the host only when
// it attaches the volume that it has created.
func (t *traps) host() {
	host, ok := t.text("host_id")
	if !ok {
		return
	}
	what := "is empty"
	if host != "" {
		if net.ParseIP(host) == nil {
			return
		}
		what = "is an IP address"
	}
	t.fail(locationOf("host_id"), "host_id "+what+". It must be the id that hotpot gave the host. Otherwise the run fails after it has created the volume, which then remains. "+
		"data \"soda_block_host\" finds the id by the host's name.")
}

var volumeName = regexp.MustCompile(`^[A-Za-z0-9 _-]+$`)

func (t *traps) volumeName() {
	name, ok := t.text("name")
	switch {
	case !ok:
	case !volumeName.MatchString(name):
		t.fail(locationOf("name"), "name must not be empty and may only have letters from a to z, digits, blanks, underscores and hyphens. Hotpot refuses other volume names.")
	case len(name) > 255:
		t.fail(locationOf("name"), "name must not be longer than 255 characters. Hotpot refuses longer volume names.")
	}
}

func (t *traps) migrationBucket() {
	source, ok := t.text("srcBucketName")
	destination, alsoOK := t.text("destBucketName")
	if ok && alsoOK && source == destination {
		t.fail(locationOf("destBucketName"), "destBucketName must differ from srcBucketName. Gelato does not migrate a bucket to itself.")
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
	t.warn(locationOf("remainSource"), summaryDeletes, what+". Gelato then deletes the objects in the source bucket, also those that it could not copy. "+
		"If the destination bucket does not exist or refuses the objects, they are lost, and the run succeeds all the same. "+
		"Before you apply, check that the destination bucket exists and takes objects. "+
		"Or set remainSource = true, look into the destination bucket after the run, and empty the source yourself.")
}

func (t *traps) dataAnalysis() {
	engine, ok := t.text("analysis_engine_type")
	if ok && engine != "aws emr" {
		t.fail(locationOf("analysis_engine_type"), `analysis_engine_type must be "aws emr", with a blank. With any other value the workflow analyses nothing and still reports success.`)
	}
	args, isObject := t.inputs["analysis_args"].(map[string]any)
	if !isObject || !ok || engine != "aws emr" {
		return
	}
	t.needs(locationOf("analysis_args"), args, "AK", "Applications", "Instances", "JobFlowRole", "Name", "Region", "ReleaseLabel", "SK", "ServiceRole", "Steps", "VisibleToAllUsers")
	if instances, ok := args["Instances"].(map[string]any); ok {
		t.needs(locationOf("analysis_args", "Instances"), instances, "InstanceCount", "MasterInstanceType")
	}
}

func (t *traps) needs(at location, object map[string]any, names ...string) {
	var lacks []string
	for _, name := range names {
		if object[name] == nil {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		t.fail(at, fmt.Sprintf("%s must also have %s. Otherwise the analysis fails, after the bucket has been migrated.", at.label(), enumerate(lacks, "and")))
	}
}

// rawBlock is what StackStorm sends as it is.
var rawBlock = regexp.MustCompile(`(?s)\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}`)

// isRaw reports whether the string at the path is a template only to send braces
// as they are.
func isRaw(inputs map[string]any, path []any) bool {
	text, ok := lookup(inputs, path).(string)
	return ok && !isTemplate(rawBlock.ReplaceAllString(text, ""))
}

func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}

// templates finds the strings in v that StackStorm takes for templates, names of
// members included.
func templates(path []any, v any) []location {
	var found []location
	switch v := v.(type) {
	case string:
		if isTemplate(v) {
			found = append(found, locationOf(path...))
		}
	case []any:
		for i, e := range v {
			found = append(found, templates(append(slices.Clip(path), i), e)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			member := append(slices.Clip(path), name)
			if isTemplate(name) {
				found = append(found, locationOf(member...))
			} else {
				found = append(found, templates(member, v[name])...)
			}
		}
	}
	return found
}

package provider

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
	"github.com/sodafoundation/terraform-provider-soda/internal/workflow"
)

var parameterName = regexp.MustCompile(`^\w+$`)

// check finds what StackStorm does not check, or only when everything else is
// there (S42, S48, S50). What is not known yet is skipped.
func (m *stackStormActionModel) check() (diags diag.Diagnostics) {
	diags.Append(m.checkPaths()...)
	diags.Append(m.checkSizes()...)
	parameters, ok := inputObject(m.Parameters)
	if !ok {
		if !m.Parameters.IsUnknown() && !m.Parameters.IsUnderlyingValueUnknown() {
			diags.AddAttributeError(path.Root("parameters"), "Invalid parameters", "parameters must be an object: the name of each parameter with its JSON schema.")
		}
		return diags
	}
	diags.Append(checkParameters(parameters)...)
	if !m.Parameters.IsUnknown() && m.RunnerType.ValueString() == runnerMistral {
		diags.Append(m.checkWorkflow(parameters)...)
	}
	return diags
}

func (m *stackStormActionModel) checkPaths() (diags diag.Diagnostics) {
	if own := m.EntryPoint; !own.IsUnknown() {
		at := path.Root("entry_point")
		switch problem := pathProblem(own.ValueString()); {
		case own.ValueString() == "" && defaultEntryPoint("x", m.RunnerType.ValueString()) != "":
			diags.AddAttributeError(at, "Missing entry_point", "entry_point is empty. Leave it out for the usual path, or give the path of the file below the pack's actions/.")
		case own.ValueString() == "":
			diags.AddAttributeError(at, "Missing entry_point", fmt.Sprintf("For the runner %s there is no usual path. Give the path of the file below the pack's actions/.", m.RunnerType.ValueString()))
		case problem != "":
			diags.AddAttributeError(at, "Invalid path of a file", problem)
		case m.isWorkflow() && !strings.HasPrefix(own.ValueString(), "workflows/"):
			diags.AddAttributeError(at, "Invalid path of a file", fmt.Sprintf("%q must begin with workflows/, where StackStorm keeps workflows.", own.ValueString()))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files.Elements())) {
		at := path.Root("files").AtMapKey(name)
		if name == m.EntryPoint.ValueString() {
			diags.AddAttributeError(at, "File given twice", fmt.Sprintf("%q is the entry_point. Its content belongs in content.", name))
		} else if problem := cmp.Or(pathProblem(name), m.folderProblem(name)); problem != "" {
			diags.AddAttributeError(at, "Invalid path of a file", problem)
		}
	}
	return diags
}

// folderProblem says that a path would be that of a file and of a folder, or gives
// "".
func (m *stackStormActionModel) folderProblem(name string) string {
	own := m.EntryPoint.ValueString()
	for _, file := range append(slices.Sorted(maps.Keys(m.Files.Elements())), own) {
		if strings.HasPrefix(name, file+"/") {
			return fmt.Sprintf("%q lies below %q, which is a file.", name, file)
		}
	}
	if strings.HasPrefix(own, name+"/") {
		return fmt.Sprintf("The entry_point %q lies below %q, which is a file.", own, name)
	}
	return ""
}

func (m *stackStormActionModel) isWorkflow() bool {
	return m.RunnerType.ValueString() == runnerMistral || m.RunnerType.ValueString() == "orquesta"
}

// pathProblem says why a path cannot be that of a file, or gives "".
func pathProblem(name string) string {
	elements := strings.Split(name, "/")
	outside := func(e string) bool { return e == "" || e == "." || e == ".." }
	switch ext := filepath.Ext(name); {
	case slices.ContainsFunc(elements, outside), strings.ContainsFunc(name, unicode.IsControl), strings.Contains(name, `\`):
		return fmt.Sprintf("%q must be a plain path below the pack's actions/, such as lib/helper.py.", name)
	case len(elements) == 1 && (ext == ".yaml" || ext == ".yml"):
		return fmt.Sprintf("%q would lie directly in actions/. StackStorm takes every YAML file there for the metadata of an action. "+
			"At each reload that file would win over this resource, or make the reload fail. Use a folder, such as workflows/.", name)
	}
	return ""
}

// checkSizes finds files that StackStorm would not give back, and uploads that
// it would not take.
func (m *stackStormActionModel) checkSizes() (diags diag.Diagnostics) {
	tooLarge := func(at path.Path, name string, content types.String) {
		if size := len(content.ValueString()); size > stackstorm.MaxFile {
			diags.AddAttributeError(at, "File too large", fmt.Sprintf("%s has %d bytes. StackStorm gives back files of up to %d bytes only, so a change of this one could not be seen.", name, size, stackstorm.MaxFile))
		}
	}
	tooLarge(path.Root("content"), "content", m.Content)
	for name, content := range m.Files.Elements() {
		if s, ok := content.(types.String); ok {
			tooLarge(path.Root("files").AtMapKey(name), name, s)
		}
	}
	if size := stackstorm.UploadSize(m.action(), m.dataFiles()); size > stackstorm.MaxUpload {
		diags.AddAttributeError(path.Root("content"), "Upload too large", fmt.Sprintf("Everything together is an upload of %d bytes. The web server in front of StackStorm takes %d.", size, stackstorm.MaxUpload))
	}
	return diags
}

// parameterTypes are those of JSON Schema. StackStorm refuses others when the action
// is made, without the parameter's name.
var parameterTypes = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

func checkParameters(parameters map[string]any) (diags diag.Diagnostics) {
	if deep := tooDeep(parameters); deep != "" {
		diags.AddAttributeError(path.Root("parameters"), nestedTooDeep, deep)
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		declared, object := parameters[name].(map[string]any)
		ofType, isString := declared["type"].(string)
		switch {
		case !parameterName.MatchString(name):
			diags.AddAttributeError(path.Root("parameters"), "Invalid parameter", fmt.Sprintf("%q is not a name that StackStorm takes: letters, digits and _ only.", name))
		case !object && parameters[name] != workflow.Unknown:
			diags.AddAttributeError(path.Root("parameters"), "Invalid parameter", fmt.Sprintf("%s must be an object, such as { type = \"string\" }.", name))
		case isString && !slices.Contains(parameterTypes, ofType):
			diags.AddAttributeError(path.Root("parameters"), "Invalid parameter", fmt.Sprintf("%s has the type %q. StackStorm takes %s.", name, ofType, strings.Join(parameterTypes, ", ")))
		}
	}
	return diags
}

// checkWorkflow finds what would make every run fail.
func (m *stackStormActionModel) checkWorkflow(parameters map[string]any) (diags diag.Diagnostics) {
	names := slices.Sorted(maps.Keys(parameters))
	if lacks := workflow.LacksServerSet(names); len(lacks) > 0 {
		diags.AddAttributeError(path.Root("parameters"), "Workflow that cannot run", fmt.Sprintf(
			"The orchestrator adds ip_addr, port, tenant_id and auth_token to the inputs of every run. StackStorm refuses inputs that are not declared. Declare also, each as { type = \"string\" }:%s", listed("", lacks)))
	}
	if m.Content.IsUnknown() || m.Ref.IsUnknown() {
		return diags
	}
	chosen, _ := parameters["workflow"].(map[string]any)
	name, _ := chosen["default"].(string)
	for _, p := range workflow.CheckDefinition(m.Content.ValueString(), m.Ref.ValueString(), names, name) {
		if p.Warning {
			diags.AddAttributeWarning(path.Root("content"), p.Summary, p.Detail)
		} else {
			diags.AddAttributeError(path.Root("content"), p.Summary, p.Detail)
		}
	}
	return diags
}

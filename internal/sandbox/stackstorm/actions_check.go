package stackstorm

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
)

const systemPack = "Resources belonging to system level packs can't be manipulated"

func isSystemPack(name string) bool {
	return slices.Contains([]string{"chatops", "core", "packs", "linux"}, name)
}

// runnerTypes are those of an installation.
var runnerTypes = []string{
	"mistral-v2", "orquesta", "action-chain", "python-script", "local-shell-cmd", "local-shell-script",
	"remote-shell-cmd", "remote-shell-script", "http-request", "inquirer", "noop", "announcement",
}

// schemaTypes are what a parameter's type may be.
var schemaTypes = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// schemaKeys are what a parameter may have: JSON Schema draft 4 and StackStorm's
// own keys.
var schemaKeys = []string{
	"$ref", "$schema", "additionalItems", "additionalProperties", "allOf", "anyOf", "default", "definitions", "dependencies",
	"description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "id", "immutable", "items", "maxItems", "maxLength",
	"maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern",
	"patternProperties", "position", "properties", "required", "secret", "title", "type", "uniqueItems",
}

// uploadKeys are what a body may have, with the types.
var uploadKeys = []struct{ name, kind string }{
	{"id", "string"}, {"ref", "string"}, {"uid", "string"}, {"name", "string"}, {"description", "string"}, {"enabled", "boolean"},
	{"runner_type", "string"}, {"entry_point", "string"}, {"pack", "string"}, {"parameters", "object"}, {"output_schema", "object"},
	{"tags", "array"}, {"notify", "object"}, {"metadata_file", "string"}, {"data_files", "array"},
}

var parameterName = regexp.MustCompile(`^\w+$`)

// checkUpload checks the form of a body in jsonschema's words.
func checkUpload(v any) error {
	body, ok := v.(map[string]any)
	if !ok {
		return valueError(pyRepr(v) + " is not of type 'object'")
	}
	if err := checkUploadTypes(body); err != nil {
		return err
	}
	if err := onlyKnown(sortedKeys(body), isUploadKey); err != nil {
		return err
	}
	parameters, _ := body["parameters"].(map[string]any)
	for _, name := range sortedKeys(parameters) {
		if err := checkDeclared(name, parameters[name]); err != nil {
			return err
		}
	}
	files, _ := body["data_files"].([]any)
	for _, f := range files {
		if err := checkDataFile(f); err != nil {
			return err
		}
	}
	return nil
}

func checkUploadTypes(body map[string]any) error {
	for _, key := range uploadKeys {
		value, given := body[key.name]
		if !given && (key.name == "name" || key.name == "runner_type") {
			return requiredError(key.name)
		}
		if given && !isType(value, key.kind) {
			return valueError(pyRepr(value) + " is not of type " + pyQuote(key.kind))
		}
	}
	return nil
}

func isUploadKey(name string) bool {
	return slices.ContainsFunc(uploadKeys, func(k struct{ name, kind string }) bool { return k.name == name })
}

func checkDeclared(name string, declared any) error {
	schema, ok := declared.(map[string]any)
	switch {
	case !parameterName.MatchString(name):
		return valueError(pyQuote(name) + ` does not match any of the regexes: '^\\w+$'`)
	case !ok:
		return valueError(pyRepr(declared) + " is not of type 'object'")
	}
	if err := onlyKnown(sortedKeys(schema), func(key string) bool { return slices.Contains(schemaKeys, key) }); err != nil {
		return err
	}
	if kind, ok := schema["type"].(string); ok && !slices.Contains(schemaTypes, kind) {
		return valueError(pyQuote(kind) + " is not valid under any of the given schemas")
	}
	return nil
}

func checkDataFile(v any) error {
	file, ok := v.(map[string]any)
	if !ok {
		return valueError(pyRepr(v) + " is not of type 'object'")
	}
	for _, key := range []string{"file_path", "content"} {
		value, given := file[key]
		switch {
		case !given:
			return requiredError(key)
		case !isType(value, "string"):
			return valueError(pyRepr(value) + " is not of type 'string'")
		}
	}
	return onlyKnown(sortedKeys(file), func(key string) bool { return key == "file_path" || key == "content" })
}

// admitUpload makes the checks that need the server, writes the files and then
// lets the action in. Otherwise it answers why not.
func (s *Server) admitUpload(w http.ResponseWriter, a *packAction) bool {
	err := s.checkAgainstServer(a)
	if err == nil && len(a.upload.files) > 0 {
		err = s.writeFiles(a.Pack, a.upload.files)
	}
	if err != nil {
		refuse(w, err)
	}
	return err == nil
}

func (s *Server) checkAgainstServer(a *packAction) error {
	switch {
	case a.Name == "" || a.Pack == "":
		return valueError(fmt.Sprintf("Both pack and name needed for building ref. pack=%s, name=%s", a.Pack, a.Name))
	case isSystemPack(a.Pack):
		return valueError(systemPack)
	case !slices.Contains(runnerTypes, a.RunnerType):
		return valueError(fmt.Sprintf("RunnerType %s is not found. If you are using old and deprecated runner name, you need to switch to a new one. "+
			"For more information, please see https://docs.stackstorm.com/upgrade_notes.html#st2-v0-9", a.RunnerType))
	case s.packs[a.Pack] == nil:
		return valueError(fmt.Sprintf(`Content pack "%s" is not found or doesn't contain actions directory. Searched in: /opt/stackstorm/system-packs,/opt/stackstorm/packs`, a.Pack))
	}
	at := map[string]string{}
	for _, p := range a.Parameters {
		if position, ok := p.Schema["position"]; ok {
			if other := at[pyRepr(position)]; other != "" {
				return valueError(fmt.Sprintf("Parameters %s and %s have same position %s. Position values have to be unique.", p.Name, other, pyRepr(position)))
			}
			at[pyRepr(position)] = p.Name
		}
		if _, ok := p.Schema["default"]; p.Schema["immutable"] != nil && !ok {
			return valueError(fmt.Sprintf("Immutable param %s requires a default value.", p.Name))
		}
	}
	return nil
}

func onlyKnown(names []string, known func(string) bool) error {
	if errs := checkUnknown(names, known); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

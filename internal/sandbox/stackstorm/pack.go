package stackstorm

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shippedPacks holds the pack that an installed orchestrator comes with.
//
//go:embed packs
var shippedPacks embed.FS

const (
	runnerMistral  = "mistral-v2"
	runnerOrquesta = "orquesta"
	runnerPython   = "python-script"

	// tagPrefix marks the tags that say how the sandbox runs a workflow. They
	// are valid in StackStorm, so the same file works there. Answers leave them
	// out, because recorded answers do not have them.
	tagPrefix = "sandbox."
)

// packAction is one action of a pack, as its metadata file declares it.
type packAction struct {
	ID          string
	Pack        string
	Name        string
	Description string
	Enabled     bool
	EntryPoint  string
	RunnerType  string
	File        string // within the pack
	Parameters  packParameters
	Tags        []packTag

	upload *upload   // nil for the action of a metadata file
	plan   *workflow // nil: by its reference or its tags
}

// packTag is a name with a value. Both are free.
type packTag struct {
	Name  string `yaml:"name" json:"name"`
	Value string `yaml:"value" json:"value"`
}

// packParameter is one parameter with its schema. That is JSON Schema draft 4
// with "required" on the property, and StackStorm's own keys: immutable, secret
// and position.
type packParameter struct {
	Name   string
	Schema map[string]any
}

// packParameters keeps the order of the file. StackStorm's checks have the same
// order.
type packParameters []packParameter

func (ps packParameters) find(name string) (map[string]any, bool) {
	i := slices.IndexFunc(ps, func(p packParameter) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return ps[i].Schema, true
}

func (ps packParameters) asJSON() map[string]any {
	out := make(map[string]any, len(ps))
	for _, p := range ps {
		out[p.Name] = p.Schema
	}
	return out
}

func (a *packAction) ref() string { return a.Pack + "." + a.Name }

// tag returns the value of one of the sandbox's own tags.
func (a *packAction) tag(name string) (string, bool) {
	for _, t := range a.Tags {
		if t.Name == tagPrefix+name {
			return t.Value, true
		}
	}
	return "", false
}

// asJSON is the action as StackStorm's API shows it.
func (a *packAction) asJSON() map[string]any {
	tags := []packTag{}
	for _, t := range a.Tags {
		if !strings.HasPrefix(t.Name, tagPrefix) {
			tags = append(tags, t)
		}
	}
	out := map[string]any{
		"id":            a.ID,
		"uid":           "action:" + a.Pack + ":" + a.Name,
		"ref":           a.ref(),
		"name":          a.Name,
		"pack":          a.Pack,
		"description":   a.Description,
		"enabled":       a.Enabled,
		"entry_point":   a.EntryPoint,
		"runner_type":   a.RunnerType,
		"parameters":    a.Parameters.asJSON(),
		"output_schema": map[string]any{},
		"notify":        map[string]any{},
		"tags":          tags,
		"metadata_file": a.File,
	}
	if a.upload != nil {
		a.upload.show(a, out)
	}
	return out
}

// packName is the name in pack.yaml, or otherwise if there is no such file.
func packName(dir fs.FS, otherwise string) (string, error) {
	text, err := fs.ReadFile(dir, "pack.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return otherwise, nil
	}
	if err != nil {
		return "", err
	}
	var pack struct{ Ref, Name string }
	if err := yaml.Unmarshal(text, &pack); err != nil {
		return "", fmt.Errorf("pack.yaml: %w", err)
	}
	name := cmp.Or(pack.Ref, pack.Name)
	if name == "" {
		return "", errors.New("pack.yaml names no pack")
	}
	return name, nil
}

// loadPack reads actions/*.yaml below dir. A file that names no pack belongs to
// the given one.
func loadPack(dir fs.FS, name string) ([]*packAction, error) {
	files, err := fs.Glob(dir, "actions/*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("pack %s has no actions/*.yaml", name)
	}
	actions := make([]*packAction, 0, len(files))
	for _, f := range files {
		text, err := fs.ReadFile(dir, f)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		a, err := parseAction(text, name)
		if err != nil {
			return nil, fmt.Errorf("pack %s, %s: %w", name, f, err)
		}
		a.File = path.Clean(f)
		actions = append(actions, a)
	}
	return actions, nil
}

// parseAction reads one metadata file.
func parseAction(text []byte, pack string) (*packAction, error) {
	var raw struct {
		Name        string    `yaml:"name"`
		Pack        string    `yaml:"pack"`
		Description string    `yaml:"description"`
		Enabled     *bool     `yaml:"enabled"`
		EntryPoint  string    `yaml:"entry_point"`
		RunnerType  string    `yaml:"runner_type"`
		Parameters  yaml.Node `yaml:"parameters"`
		Tags        []packTag `yaml:"tags"`
	}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	if raw.Name == "" || raw.RunnerType == "" {
		return nil, fmt.Errorf("an action needs a name and a runner_type")
	}
	a := &packAction{
		Pack: raw.Pack, Name: raw.Name, Description: raw.Description,
		Enabled:    raw.Enabled == nil || *raw.Enabled,
		EntryPoint: raw.EntryPoint, RunnerType: raw.RunnerType, Tags: raw.Tags,
	}
	if a.Pack == "" {
		a.Pack = pack
	}
	var err error
	if a.Parameters, err = parseParameters(&raw.Parameters); err != nil {
		return nil, err
	}
	return a, checkScript(a)
}

func parseParameters(node *yaml.Node) (packParameters, error) {
	if node.Kind == 0 {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: parameters must be a mapping", node.Line)
	}
	var ps packParameters
	for i := 0; i < len(node.Content); i += 2 {
		name := node.Content[i].Value
		schema, err := yamlToJSON(node.Content[i+1])
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		m, ok := schema.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("parameter %s: the schema must be a mapping", name)
		}
		ps = append(ps, packParameter{Name: name, Schema: m})
	}
	return ps, nil
}

// yamlToJSON converts by way of JSON text, so that a schema and a decoded
// request body have the same types and can be compared.
func yamlToJSON(node *yaml.Node) (any, error) {
	var v any
	if err := node.Decode(&v); err != nil {
		return nil, err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decodeAny(text)
}

// decodeAny decodes JSON and keeps numbers as they are written: 2 is an integer
// to StackStorm, 2.0 is not.
func decodeAny(text []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err
}

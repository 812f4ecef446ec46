package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

type stackStormActionModel struct {
	ID             types.String  `tfsdk:"id"`
	Ref            types.String  `tfsdk:"ref"`
	Name           types.String  `tfsdk:"name"`
	Pack           types.String  `tfsdk:"pack"`
	Content        types.String  `tfsdk:"content"`
	EntryPoint     types.String  `tfsdk:"entry_point"`
	Files          types.Map     `tfsdk:"files"`
	RunnerType     types.String  `tfsdk:"runner_type"`
	Description    types.String  `tfsdk:"description"`
	Enabled        types.Bool    `tfsdk:"enabled"`
	Parameters     types.Dynamic `tfsdk:"parameters"`
	Tags           types.Map     `tfsdk:"tags"`
	OverwriteFiles types.Bool    `tfsdk:"overwrite_files"`
	ContentSHA256  types.String  `tfsdk:"content_sha256"`
	ParametersHash types.String  `tfsdk:"parameters_hash"`
}

// action is what is sent to StackStorm. Everything in the model must be known.
func (m *stackStormActionModel) action() stackstorm.Action {
	parameters, _ := inputObject(m.Parameters)
	a := stackstorm.Action{
		Name: m.Name.ValueString(), Pack: m.Pack.ValueString(),
		RunnerType: m.RunnerType.ValueString(), EntryPoint: m.EntryPoint.ValueString(),
		Description: m.Description.ValueString(), Enabled: m.Enabled.ValueBool(),
		Parameters: json.RawMessage(canonicalJSON(parameters)),
	}
	tags := knownTexts(m.Tags)
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		a.Tags = append(a.Tags, stackstorm.Tag{Name: name, Value: tags[name]})
	}
	return a
}

// dataFiles lists the files, the action's own first.
func (m *stackStormActionModel) dataFiles() []stackstorm.DataFile {
	files := []stackstorm.DataFile{{Path: m.EntryPoint.ValueString(), Content: m.Content.ValueString()}}
	more := knownTexts(m.Files)
	for _, path := range slices.Sorted(maps.Keys(more)) {
		files = append(files, stackstorm.DataFile{Path: path, Content: more[path]})
	}
	return files
}

// knownTexts are the members of a map of strings, without unknown ones.
func knownTexts(m types.Map) map[string]string {
	texts := map[string]string{}
	for name, v := range m.Elements() {
		if s, ok := v.(types.String); ok && !s.IsUnknown() {
			texts[name] = s.ValueString()
		}
	}
	return texts
}

// canonicalJSON writes equal values alike.
func canonicalJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // decoded JSON can be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// observe takes over what StackStorm tells of an action.
func (m *stackStormActionModel) observe(a *stackstorm.Action) {
	m.ID, m.Ref = types.StringValue(a.ID), types.StringValue(a.Ref())
	m.Name, m.Pack = types.StringValue(a.Name), types.StringValue(a.Pack)
	m.RunnerType, m.EntryPoint = types.StringValue(a.RunnerType), types.StringValue(a.EntryPoint)
	m.Description, m.Enabled = types.StringValue(a.Description), types.BoolValue(a.Enabled)
	m.observeParameters(a)
	m.observeTags(a)
}

// observeParameters keeps the value that is there while it means the same.
func (m *stackStormActionModel) observeParameters(a *stackstorm.Action) {
	told := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(a.Parameters))
	d.UseNumber()
	if d.Decode(&told) != nil || told == nil {
		told = map[string]any{}
	}
	if before, ok := inputObject(m.Parameters); ok && canonicalJSON(before) == canonicalJSON(told) {
		return
	}
	if tooDeep(told) != "" {
		return // not what was sent, and the next read says so
	}
	m.Parameters = types.DynamicValue(value(told))
}

func (m *stackStormActionModel) observeTags(a *stackstorm.Action) {
	if len(a.Tags) == 0 && len(m.Tags.Elements()) == 0 {
		return // null and {} mean the same
	}
	tags := map[string]attr.Value{}
	for _, t := range a.Tags {
		tags[t.Name] = types.StringValue(t.Value)
	}
	m.Tags = types.MapValueMust(types.StringType, tags)
}

// setHashes computes what follows from the other attributes, as far as they are
// known.
func (m *stackStormActionModel) setHashes() {
	m.Ref, m.ContentSHA256, m.ParametersHash = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	if !m.Name.IsUnknown() && !m.Pack.IsUnknown() {
		m.Ref = types.StringValue(m.Pack.ValueString() + "." + m.Name.ValueString())
	}
	if m.filesKnown() {
		m.ContentSHA256 = types.StringValue(m.contentHash())
	}
	if parameters, ok := inputObject(m.Parameters); ok && known(parameters) {
		m.ParametersHash = types.StringValue(hash(canonicalJSON(parameters))[:16])
	}
}

func (m *stackStormActionModel) filesKnown() bool {
	return !m.Content.IsUnknown() && !m.Files.IsUnknown() && len(knownTexts(m.Files)) == len(m.Files.Elements())
}

// contentHash is that of the content where there is nothing else.
func (m *stackStormActionModel) contentHash() string {
	files := m.dataFiles()
	if len(files) == 1 {
		return hash(files[0].Content)
	}
	return hash(canonicalJSON(files[0].Content) + canonicalJSON(files[1:]))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// readFiles reads every file that the state knows. One that is gone is null, or
// leaves the map, so that the plan puts it back.
func (m *stackStormActionModel) readFiles(ctx context.Context, client *stackstorm.Client) error {
	content, err := readUpload(ctx, client, m.Pack.ValueString(), m.EntryPoint.ValueString())
	if err != nil {
		return err
	}
	m.Content = content
	if m.Files.IsNull() {
		return nil
	}
	files := map[string]attr.Value{}
	for path := range m.Files.Elements() {
		content, err := readUpload(ctx, client, m.Pack.ValueString(), path)
		if err != nil {
			return err
		}
		if !content.IsNull() {
			files[path] = content
		}
	}
	m.Files = types.MapValueMust(types.StringType, files)
	return nil
}

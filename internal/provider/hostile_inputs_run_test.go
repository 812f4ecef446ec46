package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// complete is the row with what it lacks.
func (r hostileInputRow) complete() map[string]any {
	switch r.of {
	case ofRun:
		return merged(with("service_id", upkeepService, "name", "work", "action", upkeepWork, "wait_for_completion", false, "adopt_existing", false), r.given)
	case ofService:
		return merged(with("name", "n", "description", "d", "group", "g", "workflows", []any{with("definition_source", upkeepWork)}), r.given)
	case ofAnAction:
		return merged(ownAction(nil), r.given)
	case ofProvider:
		return merged(withoutLogin(), r.given)
	}
	return r.given
}

// plan asks a provider what it says of the row.
func (r hostileInputRow) plan(t *testing.T, sb *sandbox.Sandbox, w *wire) string {
	t.Helper()
	kind, typeName, _ := strings.Cut(r.of, " ")
	switch kind {
	case "resource":
		_, diags := w.plan(typeName, savedResource{}, r.complete())
		return diagnosticsText(diags)
	case "data":
		schema := w.schemas.DataSourceSchemas[typeName]
		valid, err := w.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: w.config(schema, r.complete())})
		if err != nil {
			t.Fatal(err)
		}
		if len(valid.Diagnostics) > 0 {
			return diagnosticsText(valid.Diagnostics)
		}
		_, said := w.lookup(typeName, r.complete())
		return said
	case ofImport:
		resp, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: instanceType, ID: r.given["id"].(string)})
		if err != nil {
			return err.Error()
		}
		return diagnosticsText(resp.Diagnostics)
	}
	srv := NewServer("test")()
	config := w.config(w.schemas.Provider, merged(with("endpoint", sb.URLs().Orchestrator), r.complete()))
	valid, err := srv.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return diagnosticsText(append(valid.Diagnostics, resp.Diagnostics...))
}

// TestHostileInputs: every row is said clearly, or planned.
func TestHostileInputs(t *testing.T) {
	if n := len(hostileInputs); n < 60 {
		t.Errorf("%d rows", n)
	}
	sb := upkeepSandbox(t, sandbox.Config{})
	w := dialAs(t, sb, merged(lookupLogin(sb, nil), map[string]any{
		"stackstorm": map[string]any{"url": sb.URLs().StackStorm, "api_key": sandbox.StackStormAPIKey, "allow_code_upload": true}}))
	for _, row := range hostileInputs {
		t.Run(row.name, func(t *testing.T) {
			said := row.plan(t, sb, w)
			expectHarmless(t, "the message", said)
			if row.says == nil && said != "" {
				t.Errorf("said %s", said)
			}
			mustContain(t, said, row.says...)
			if strings.Contains(said, "hush") || strings.Contains(said, "key-of") {
				t.Errorf("a secret is shown: %s", said)
			}
		})
	}
	if n := len(sb.Executions()); n > 0 {
		t.Errorf("%d executions", n)
	}
}

// TestAccHostileInputs is the same through a real CLI: what is refused at once by
// validate, and the rest by plan. A whole process has to start for every provider, so
// that some of its settings have to do.
func TestAccHostileInputs(t *testing.T) {
	sb := upkeepSandbox(t, sandbox.Config{})
	w := newBareWorkspace(t)
	wire := dial(t, sb)
	settings := fmt.Sprintf("\n  block_endpoint = %q\n  multicloud_endpoint = %q\n  stackstorm = { url = %q, api_key = %q, allow_code_upload = true }\n}\n",
		sb.URLs().Hotpot, sb.URLs().Gelato, sb.URLs().StackStorm, sandbox.StackStormAPIKey)
	w.preamble = providerSource + strings.TrimSuffix(strings.TrimSpace(providerBlock(sb)), "}") + settings

	atOnce, planned := configurationOf(), configurationOf()
	providers := 0
	for _, row := range hostileInputs {
		switch kind, _, _ := strings.Cut(row.of, " "); {
		case kind == ofImport:
		case kind == ofProvider:
			if row.given["endpoint"] != nil && providers < 3 {
				providers++
				planned.provider(row, sb)
			}
		case row.refusedAtOnce(t, wire):
			atOnce.add(row)
		default:
			planned.add(row)
		}
	}
	log := filepath.Join(w.dir, "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+log)
	for command, config := range map[string]*jsonConfiguration{"validate": atOnce, "plan": planned} {
		w.write("")
		if err := os.WriteFile(filepath.Join(w.dir, "rows.tf.json"), config.bytes(t), 0o600); err != nil {
			t.Fatal(err)
		}
		r := w.run(command, "-no-color").exits(1)
		expectHarmless(t, command, r.out)
		said := blocksByAddress(r.out)
		for _, row := range config.rows {
			text := said[row.address()]
			if row.of == ofProvider {
				text = joinLines(r.out) // Terraform names no provider
			}
			if row.says == nil && strings.Contains(text, "Error: ") {
				t.Errorf("%s: %s", row.name, text)
			}
			mustContain(t, text, row.says...)
		}
		if strings.Contains(readFile(t, log), "hush-hush") { // the CLI itself prints the line of the configuration
			t.Errorf("the log of %s has a secret", command)
		}
	}
	if n := len(sb.Executions()); n > 0 {
		t.Errorf("%d executions", n)
	}
}

// refusedAtOnce reports whether the row's error needs no server.
func (r hostileInputRow) refusedAtOnce(t *testing.T, w *wire) bool {
	t.Helper()
	kind, typeName, _ := strings.Cut(r.of, " ")
	if kind == "data" {
		valid, err := w.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: w.config(w.schemas.DataSourceSchemas[typeName], r.complete())})
		return err == nil && hasError(valid.Diagnostics)
	}
	valid, err := w.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: typeName, Config: w.resourceConfig(typeName, r.complete())})
	return err == nil && hasError(valid.Diagnostics)
}

func (r hostileInputRow) label() string { return hostileAnswer{name: r.name}.label() }

// address is where the row stands in the configuration.
func (r hostileInputRow) address() string {
	kind, typeName, _ := strings.Cut(r.of, " ")
	if kind == "data" {
		return "data." + typeName + "." + r.label()
	}
	return typeName + "." + r.label()
}

// jsonConfiguration is rows in Terraform's JSON syntax.
type jsonConfiguration struct {
	rows   []hostileInputRow
	blocks map[string]any
}

func configurationOf() *jsonConfiguration { return &jsonConfiguration{blocks: map[string]any{}} }

func (c *jsonConfiguration) add(row hostileInputRow) {
	kind, typeName, _ := strings.Cut(row.of, " ")
	c.put(literal(row.complete()), kind, typeName, row.label())
	c.rows = append(c.rows, row)
}

// provider adds a provider, and something that needs it.
func (c *jsonConfiguration) provider(row hostileInputRow, sb *sandbox.Sandbox) {
	settings := merged(with("endpoint", sb.URLs().Orchestrator, "alias", row.label()), row.complete())
	list, _ := c.blocks["provider"].(map[string]any)
	if list == nil {
		list = map[string]any{"soda": []any{}}
		c.blocks["provider"] = list
	}
	list["soda"] = append(list["soda"].([]any), literal(settings))
	c.put(map[string]any{"provider": "soda." + row.label()}, "data", anyLookup, row.label())
	c.rows = append(c.rows, row)
}

func (c *jsonConfiguration) put(block any, kind, typeName, label string) {
	types, _ := c.blocks[kind].(map[string]any)
	if types == nil {
		types = map[string]any{}
		c.blocks[kind] = types
	}
	labels, _ := types[typeName].(map[string]any)
	if labels == nil {
		labels = map[string]any{}
		types[typeName] = labels
	}
	labels[label] = block
}

// bytes is the configuration in ASCII: the CLI prints lines of it as they are.
func (c *jsonConfiguration) bytes(t *testing.T) []byte {
	t.Helper()
	raw, err := json.MarshalIndent(c.blocks, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, r := range string(raw) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// literal is a value without templates, which Terraform looks for in the strings of
// JSON.
func literal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		members := map[string]any{}
		for name, x := range v {
			members[name] = literal(x)
		}
		return members
	case []any:
		items := make([]any, len(v))
		for i, x := range v {
			items[i] = literal(x)
		}
		return items
	case string:
		return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(v)
	}
	return v
}

// blocksByAddress are the errors and warnings that a CLI has printed, on one line
// each, by the address of the resource.
func blocksByAddress(out string) map[string]string {
	blocks := map[string]string{}
	for _, block := range regexp.MustCompile(`\n(?:Error|Warning): `).Split("\n"+strings.NewReplacer("\nError: ", "\nError: Error: ").Replace(out), -1)[1:] {
		block = joinLines(block)
		for _, at := range errorAddress.FindAllStringSubmatch(block, -1) {
			blocks[at[1]] += block + " "
		}
	}
	return blocks
}

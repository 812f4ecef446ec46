// Package internal_test holds what is true of all packages together.
package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/sodafoundation/terraform-provider-soda"
	plugin = "github.com/hashicorp/terraform-plugin-"
)

// layer is what a package may import besides the standard library and other
// people's modules.
type layer struct {
	ours    []string // packages of this module
	testing []string // more of them, for its tests
	plugin  []string // libraries that speak Terraform, by what follows "terraform-plugin-"
}

// anything stands for all of them.
var anything = []string{"*"}

// layers is the whole import table. A package that is not here is a mistake,
// and so is a line whose package is gone.
var layers = map[string]layer{
	".": {ours: []string{"internal/provider"}, plugin: []string{"go/tfprotov6/tf6server"}},

	"internal/provider": {
		ours:    []string{"internal/bounded", "internal/orchestration", "internal/stackstorm", "internal/hotpot", "internal/gelato", "internal/keystone", "internal/run", "internal/wait", "internal/workflow"},
		testing: []string{"internal/sandbox"},
		plugin:  anything,
	},

	// The leaves know neither each other nor Terraform.
	"internal/bounded":       {},
	"internal/orchestration": {},
	"internal/stackstorm":    {},
	"internal/hotpot":        {},
	"internal/gelato":        {},
	"internal/keystone":      {},
	"internal/wait":          {},
	"internal/workflow":      {},

	// What decides about runs. It knows no Terraform.
	"internal/run": {ours: []string{"internal/orchestration", "internal/stackstorm", "internal/wait", "internal/workflow"}, testing: []string{"internal/sandbox"}},

	// The stand-in keeps us honest: it shares nothing with what it tests.
	"internal/sandbox": {ours: []string{
		"internal/sandbox/access", "internal/sandbox/seed", "internal/sandbox/keystone", "internal/sandbox/hotpot",
		"internal/sandbox/gelato", "internal/sandbox/stackstorm", "internal/sandbox/orchestrator",
	}},

	// Its servers meet over HTTP, as the real ones do, and know nothing of each
	// other. The orchestrator's tests give it a StackStorm.
	"internal/sandbox/seed":       {},
	"internal/sandbox/access":     {},
	"internal/sandbox/keystone":   {ours: []string{"internal/sandbox/seed"}},
	"internal/sandbox/hotpot":     {ours: []string{"internal/sandbox/access", "internal/sandbox/seed"}},
	"internal/sandbox/gelato":     {ours: []string{"internal/sandbox/access", "internal/sandbox/seed"}},
	"internal/sandbox/stackstorm": {},
	"internal/sandbox/orchestrator": {
		ours:    []string{"internal/sandbox/seed"},
		testing: []string{"internal/sandbox/stackstorm"},
	},

	"internal":                {},
	"internal/release":        {},
	"internal/docs":           {testing: []string{"internal/sandbox"}},
	"internal/cmd/sandbox":    {ours: []string{"internal/sandbox"}},
	"internal/cmd/demo":       {ours: []string{"internal/sandbox"}},
	"internal/cmd/schemajson": {ours: []string{"internal/provider"}, plugin: []string{"framework/providerserver", "go/tfprotov6", "go/tftypes"}},
}

type listedPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestLayers(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if name == "" {
			name = "."
		}
		found[name] = true
		l, ok := layers[name]
		if !ok {
			t.Errorf("package %s has no line in the import table", name)
			continue
		}
		for _, imported := range p.Imports {
			if !l.allows(name, imported, false) {
				t.Errorf("%s may not import %s", name, imported)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if !l.allows(name, imported, true) {
				t.Errorf("the tests of %s may not import %s", name, imported)
			}
		}
	}
	for name := range layers {
		if !found[name] {
			t.Errorf("the import table has %s, which is no package", name)
		}
	}
}

func (l layer) allows(importer, imported string, inTest bool) bool {
	if imported == module {
		return false
	}
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		return slices.Contains(l.ours, ours) || inTest && (ours == importer || slices.Contains(l.testing, ours))
	}
	if library, ok := strings.CutPrefix(imported, plugin); ok {
		return slices.Equal(l.plugin, anything) || slices.Contains(l.plugin, library)
	}
	return true
}

// packages lists every package of the module, test packages with build tags
// included.
func packages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "-tags", "realkeystone,snapshot", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	var listed []listedPackage
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listedPackage
		if err := d.Decode(&p); err == io.EOF {
			return listed
		} else if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, p)
	}
}

func TestTableRefusesWhatItShould(t *testing.T) {
	for _, c := range []struct {
		importer, imported string
		inTest, want       bool
	}{
		{"internal/provider", path.Join(module, "internal/wait"), false, true},
		{"internal/provider", path.Join(module, "internal/sandbox"), false, false},
		{"internal/provider", path.Join(module, "internal/sandbox"), true, true},
		{"internal/provider", plugin + "framework/types", false, true},
		{"internal/wait", path.Join(module, "internal/orchestration"), false, false},
		{"internal/wait", path.Join(module, "internal/wait"), true, true},
		{"internal/wait", "time", false, true},
		{"internal/keystone", plugin + "log/tflog", false, false},
		{"internal/keystone", "github.com/gophercloud/gophercloud/v2", false, true},
		{"internal/workflow", plugin + "framework/attr", true, false},
		{"internal/sandbox", path.Join(module, "internal/workflow"), true, false},
		{"internal/sandbox/hotpot", path.Join(module, "internal/sandbox/orchestrator"), true, false},
		{"internal/sandbox/orchestrator", path.Join(module, "internal/sandbox/stackstorm"), false, false},
		{"internal/sandbox/orchestrator", path.Join(module, "internal/sandbox/stackstorm"), true, true},
		{".", plugin + "framework/types", false, false},
	} {
		if got := layers[c.importer].allows(c.importer, c.imported, c.inTest); got != c.want {
			t.Errorf("%s imports %s (test: %v): %v, want %v", c.importer, c.imported, c.inTest, got, c.want)
		}
	}
}

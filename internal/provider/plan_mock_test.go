package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestAccBareMockProvider: what the guides and examples recommend passes with a
// mock that nobody has told anything.
func TestAccBareMockProvider(t *testing.T) {
	configurations := map[string]string{
		"testing guide": terraformBlock(t, "testing.md", "main.tf"),
		"published":     providerSource + caseConfig(`"s"`) + "output \"id\" { value = try(" + caseAddress + ".published.volume_id, null) }\n",
	}
	for _, example := range []string{"volume", "migration", "custom-workflow"} {
		text, err := os.ReadFile(filepath.Join("../../examples", example, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		configurations[example] = string(text)
	}
	for name, config := range configurations {
		t.Run(name, func(t *testing.T) {
			w := newBareWorkspace(t)
			w.write(config)
			variables := ""
			if name == "testing guide" {
				variables = "variables {\n  sizes = { data = 20 }\n  host  = \"db1\"\n}\n"
			}
			if name == "custom-workflow" {
				variables = "variables {\n  api_key = \"key\"\n}\n"
			}
			test := "mock_provider \"soda\" {}\n" + variables + "run \"mocked\" {}\n"
			if err := os.WriteFile(filepath.Join(w.dir, "mock.tftest.hcl"), []byte(test), 0o600); err != nil {
				t.Fatal(err)
			}
			w.run("test", "-no-color").exits(0).says("1 passed, 0 failed")
		})
	}
}

// terraformBlock is the first configuration of a guide that is to be written to
// the file.
func terraformBlock(t *testing.T, guide, file string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("../../templates/guides", guide))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)Write this to `" + regexp.QuoteMeta(file) + "`:\n\n```terraform\n(.*?)```").FindStringSubmatch(string(page))
	if found == nil {
		t.Fatalf("%s has no %s", guide, file)
	}
	return found[1]
}

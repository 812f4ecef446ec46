//go:build snapshot

// Package release tests what `make snapshot` has made.
package release

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const snapshotVersion = "0.0.1"

// TestSnapshot looks at what `make snapshot` has made, as a registry and Terraform
// do: names, checksums, the manifest, and what is in the archive.
func TestSnapshot(t *testing.T) {
	dist := os.Getenv("SODA_SNAPSHOT")
	name := "terraform-provider-soda_" + snapshotVersion
	archive := fmt.Sprintf("%s_%s_%s.zip", name, runtime.GOOS, runtime.GOARCH)
	manifestFile := filepath.Join("..", "..", "terraform-registry-manifest.json")
	checkChecksums(t, filepath.Join(dist, name+"_SHA256SUMS"), map[string]string{
		archive:                 filepath.Join(dist, archive),
		name + "_manifest.json": manifestFile,
	})
	checkArchive(t, filepath.Join(dist, archive))
	checkContents(t, filepath.Join(dist, strings.TrimSuffix(archive, ".zip")+".cdx.json"))

	var manifest struct {
		Version  int
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		}
	}
	readJSON(t, manifestFile, &manifest)
	if manifest.Version != 1 || !slices.Equal(manifest.Metadata.Protocols, []string{"6.0"}) {
		t.Errorf("the manifest says %+v", manifest)
	}
}

// checkChecksums takes the checksums of these files and no others.
func checkChecksums(t *testing.T, sums string, files map[string]string) {
	t.Helper()
	var want []string
	for name, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%x  %s", sha256.Sum256(raw), name))
	}
	raw, err := os.ReadFile(sums)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(raw)), "\n")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the checksums are\n%s\nand should be\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkArchive takes an archive with the provider under the name that Terraform
// looks for. The provider can be run and says its version.
func checkArchive(t *testing.T, archive string) {
	t.Helper()
	binary := "terraform-provider-soda_v" + snapshotVersion
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		if f.Name != binary {
			continue
		}
		if f.Mode().Perm()&0o111 != 0o111 {
			t.Errorf("%s has the mode %s", f.Name, f.Mode())
		}
		if said := runZipped(t, f); said != "terraform-provider-soda "+snapshotVersion {
			t.Errorf("the provider says %q", said)
		}
	}
	if want := []string{"CHANGELOG.md", "LICENSE", "README.md", binary}; !slices.Equal(names, want) {
		t.Errorf("the archive holds %q, want %q", names, want)
	}
}

func runZipped(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), f.Name)
	if err := os.WriteFile(file, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), file, "-version").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(said))
}

// checkContents takes a list of what is in the binary that names every module of
// it, such as the plugin framework.
func checkContents(t *testing.T, file string) {
	t.Helper()
	var list struct {
		Format     string `json:"bomFormat"`
		Components []struct{ Name, Version string }
	}
	readJSON(t, file, &list)
	found := false
	for _, c := range list.Components {
		found = found || c.Name == "github.com/hashicorp/terraform-plugin-framework" && c.Version != ""
	}
	if list.Format != "CycloneDX" || !found {
		t.Errorf("the list of contents is %s with %d components", list.Format, len(list.Components))
	}
}

func readJSON(t *testing.T, file string, out any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

package keystone_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/keystone"
)

// endless is an answer without an end, and counts what is read of it.
type endless struct {
	status int
	begin  string
	read   int
}

func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	header := http.Header{"X-Subject-Token": {"secret-token-1"}, "Content-Type": {"application/json"}}
	return &http.Response{StatusCode: e.status, Header: header, Request: r, Body: io.NopCloser(io.MultiReader(strings.NewReader(e.begin), e))}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 256<<20 {
		return 0, errors.New("this was read too far")
	}
	copy(p, bytes.Repeat([]byte{'x'}, len(p)))
	return len(p), nil
}

// allocated is how many MiB do allocates, freed ones included. It does not depend
// on speed.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20
}

func TestAnswerWithoutEnd(t *testing.T) {
	for status, c := range map[int]struct {
		kind keystone.Kind
		says string
	}{
		http.StatusCreated:             {keystone.KindNotKeystone, "the answer is larger than 4 MiB"},
		http.StatusUnauthorized:        {keystone.KindNotKeystone, "is not Keystone v3"},
		http.StatusInternalServerError: {keystone.KindUnreachable, "does not work at the moment"},
	} {
		server := &endless{status: status, begin: `{"token": {"expires_at": "`}
		var err error
		mib := allocated(func() {
			_, err = keystone.NewSource(admin(), &http.Client{Transport: server}, 0).Token(t.Context())
		})
		wantText(t, wantError(t, err, c.kind, "auth_url"), c.says)
		if mib > 64 || server.read > 16<<20 {
			t.Errorf("%d: allocated %d MiB, read %d bytes", status, mib, server.read)
		}
	}
}

// TestLargestAnswer: one byte less than too much is read to its end.
func TestLargestAnswer(t *testing.T) {
	const most = 4 << 20
	for size, fits := range map[int]bool{most: true, most + 1: false} {
		k := newFake(t)
		k.override = func(*http.Request) *answer {
			text := `{"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": "2998-12-31T23:00:00.000000Z", "project": {"id": "p", "name": "admin"}, "more": ""}}`
			text = strings.Replace(text, `"more": "`, `"more": "`+strings.Repeat("x", size-len(text)), 1)
			return &answer{Status: http.StatusCreated, Headers: map[string]string{"X-Subject-Token": "secret-token-1"}, Body: []byte(text)}
		}
		_, err := k.source(admin()).Token(t.Context())
		if (err == nil) != fits {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large.pem")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, why := range map[string]string{"/dev/zero": "it is not a regular file", t.TempDir(): "it is not a regular file", large: "it is larger than 1 MiB"} {
		for option, o := range map[string]keystone.TLSOptions{
			"ca_cert_file":     {CACertFile: file},
			"client_cert_file": {ClientCertFile: file, ClientKeyFile: file},
		} {
			var err error
			mib := allocated(func() { _, err = keystone.TLSConfig(o) })
			p, ok := errors.AsType[keystone.Problem](err)
			if want := fmt.Sprintf("Cannot read %s: %s.", file, why); !ok || p.Option != option || p.Detail != want || mib > 16 {
				t.Errorf("%s: %v, allocated %d MiB", option, err, mib)
			}
		}
	}
}

func TestCloudFileThatCannotBeRead(t *testing.T) {
	large := filepath.Join(t.TempDir(), "large.pem")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 64<<20); err != nil {
		t.Fatal(err)
	}
	replace := func(t *testing.T, folder, name string) {
		t.Helper()
		file := filepath.Join(folder, name)
		_ = os.Remove(file)
		if err := os.Symlink(large, file); err != nil {
			t.Fatal(err)
		}
	}
	beside := func(vars map[string]string) string { return filepath.Dir(vars["OS_CLIENT_CONFIG_FILE"]) }
	for name, prepare := range map[string]func(t *testing.T, vars map[string]string){
		"clouds.yaml": func(t *testing.T, vars map[string]string) { replace(t, beside(vars), "clouds.yaml") },
		"secure.yaml": func(t *testing.T, vars map[string]string) { replace(t, beside(vars), "secure.yaml") },
		"clouds-public.yaml": func(t *testing.T, _ map[string]string) {
			own := t.TempDir()
			t.Setenv("XDG_CONFIG_HOME", own)
			if err := os.Mkdir(filepath.Join(own, "openstack"), 0o700); err != nil {
				t.Fatal(err)
			}
			replace(t, filepath.Join(own, "openstack"), "clouds-public.yaml")
		},
		"OS_CACERT": func(t *testing.T, _ map[string]string) { t.Setenv("OS_CACERT", large) },
		"cacert": func(t *testing.T, vars map[string]string) {
			text := strings.Replace(cloudsYAML, "    auth:", "    cacert: "+large+"\n    auth:", 1)
			if err := os.WriteFile(vars["OS_CLIENT_CONFIG_FILE"], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			vars := cloudFiles(t, cloudsYAML)
			prepare(t, vars)
			var err error
			mib := allocated(func() { _, err = keystone.Resolve(keystone.Options{Cloud: "soda"}, env(vars)) })
			p, ok := errors.AsType[keystone.Problem](err)
			if !ok || p.Option != "cloud" || !strings.Contains(p.Detail, "it is larger than 1 MiB") || mib > 16 {
				t.Errorf("%v, allocated %d MiB", err, mib)
			}
		})
	}
}

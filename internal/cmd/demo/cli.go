//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// cli is Terraform or OpenTofu on a working copy of a configuration.
type cli struct {
	path, dir string
	env       []string
}

// newCLI copies the configuration, so that no state is written into the folder
// it comes from.
func newCLI(path, tfrc, config, dir string, urls sandbox.URLs) (*cli, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(config, "*.tf"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no configuration in %s", config)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o644); err != nil {
			return nil, err
		}
	}
	env := append(neutral(os.Environ()),
		"TF_CLI_CONFIG_FILE="+tfrc,
		"TF_VAR_hotpot="+strings.TrimPrefix(urls.Hotpot, "http://"),
		"CHECKPOINT_DISABLE=1",
		"SODA_ENDPOINT="+urls.Orchestrator,
		"SODA_BLOCK_ENDPOINT="+urls.Hotpot,
		"SODA_MULTICLOUD_ENDPOINT="+urls.Gelato,
		"SODA_STACKSTORM_URL="+urls.StackStorm,
		"SODA_STACKSTORM_API_KEY="+sandbox.StackStormAPIKey,
		"SODA_TENANT_ID="+sandbox.Tenant,
		"SODA_AUTH_STRATEGY=noauth",
	)
	return &cli{path: path, dir: dir, env: env}, nil
}

// neutral drops the user's own settings of the CLI and the provider. The demo
// needs its own.
func neutral(env []string) []string {
	var kept []string
	for _, variable := range env {
		setting := false
		for _, prefix := range []string{"TF_", "SODA_", "OPENSDS_", "OS_"} {
			setting = setting || strings.HasPrefix(variable, prefix)
		}
		if !setting {
			kept = append(kept, variable)
		}
	}
	return kept
}

// run returns what the CLI printed. If the exit code is not the wanted one, all
// of it is in the error.
func (c *cli) run(ctx context.Context, want int, args ...string) (string, error) {
	cmd := command(ctx, c.path, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	sweep(cmd)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		return "", fmt.Errorf("%s ended with %d:\n\n%s", strings.Join(cmd.Args, " "), code, out.String())
	}
	return out.String(), nil
}

//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// What examples/demo asks for.
const (
	instanceName      = "demo migration"
	instanceAddress   = "soda_orchestration_instance.migration"
	volumeName        = "demo-volume"
	sourceBucket      = "source-bucket"
	destinationBucket = "destination-bucket"
)

// steps are what the demo does. Each one returns what it saw, or an error that
// says what it should have seen.
type steps struct {
	tf      *cli
	api     sandbox.URLs
	install bool // init first
}

var (
	installed = regexp.MustCompile(`Installed (sodafoundation/soda v\S+)`)
	applied   = regexp.MustCompile(`Apply complete! Resources: (\d+ added), 0 changed, 0 destroyed\.`)
	planned   = regexp.MustCompile(`Plan: 1 to add, 0 to change, 0 to destroy\.`)
	destroyed = regexp.MustCompile(`Destroy complete! Resources: [1-9]\d* destroyed\.`)
)

func (s steps) init(ctx context.Context) (string, error) {
	out, err := s.tf.run(ctx, 0, "init", "-input=false", "-no-color")
	if err != nil {
		return "", err
	}
	found := installed.FindStringSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("it should install the provider:\n\n%s", out)
	}
	return "installed " + found[1], nil
}

func (s steps) apply(ctx context.Context) (string, error) {
	out, err := s.tf.run(ctx, 0, "apply", "-auto-approve", "-input=false", "-no-color")
	if err != nil {
		return "", err
	}
	counts := applied.FindStringSubmatch(out)
	if counts == nil {
		return "", fmt.Errorf("it should add, and change nothing:\n\n%s", out)
	}
	var statuses map[string]string
	if err := s.output(ctx, "statuses", &statuses); err != nil {
		return "", err
	}
	seen := []string{counts[1]}
	for run, status := range statuses {
		if status != "Success" {
			return "", fmt.Errorf("apply succeeded, but the status of %s is %q", run, status)
		}
		seen = append(seen, run+" "+status)
	}
	slices.Sort(seen[1:])
	return strings.Join(seen, ", "), nil
}

// output reads an output of the configuration.
func (s steps) output(ctx context.Context, name string, value any) error {
	text, err := s.tf.run(ctx, 0, "output", "-json", name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return fmt.Errorf("the output %s: %w", name, err)
	}
	return nil
}

// published shows what the run made, as StackStorm tells it and hotpot confirms.
func (s steps) published(ctx context.Context) (string, error) {
	var id string
	if err := s.output(ctx, "volume_id", &id); err != nil {
		return "", err
	}
	v, err := s.volume(ctx)
	if err != nil {
		return "", err
	}
	if v.ID != id {
		return "", fmt.Errorf("the run published volume %q, and hotpot has %q", id, v.ID)
	}
	return "volume_id " + id, nil
}

// lookedUp shows what the data sources found. The next steps ask the servers.
func (s steps) lookedUp(ctx context.Context) (string, error) {
	var seen []string
	if err := s.output(ctx, "seen", &seen); err != nil {
		return "", err
	}
	if len(seen) == 0 {
		return "", errors.New("it should have found something")
	}
	return strings.Join(seen, ", "), nil
}

func (s steps) planAgain(ctx context.Context) (string, error) {
	_, err := s.tf.run(ctx, 0, "plan", "-detailed-exitcode", "-input=false", "-no-color")
	return "no changes", err
}

func (s steps) planFindsIt(ctx context.Context) (string, error) {
	out, err := s.tf.run(ctx, 2, "plan", "-detailed-exitcode", "-input=false", "-no-color")
	if err != nil {
		return "", err
	}
	line := planned.FindString(out)
	if line == "" || !strings.Contains(out, "# "+instanceAddress+" will be created") {
		return "", fmt.Errorf("it should create %s and nothing else:\n\n%s", instanceAddress, out)
	}
	return instanceAddress + " will be created. " + line, nil
}

func (s steps) destroy(ctx context.Context) (string, error) {
	out, err := s.tf.run(ctx, 0, "destroy", "-auto-approve", "-input=false", "-no-color")
	if err != nil {
		return "", err
	}
	line := destroyed.FindString(out)
	if line == "" {
		return "", fmt.Errorf("it should destroy something:\n\n%s", out)
	}
	return line, nil
}

type volume struct{ ID, Status string }

// volumes asks hotpot, as the user guide does after provisioning.
func (s steps) volumes(ctx context.Context) (found []volume, err error) {
	err = request(ctx, http.MethodGet, s.hotpot("block/volumes", "name", volumeName), &found)
	return found, err
}

func (s steps) volume(ctx context.Context) (volume, error) {
	found, err := s.volumes(ctx)
	if err != nil {
		return volume{}, err
	}
	if len(found) != 1 {
		return volume{}, fmt.Errorf("hotpot has %d volumes %s, not one", len(found), volumeName)
	}
	return found[0], nil
}

func (s steps) volumeIsAttached(ctx context.Context) (string, error) {
	v, err := s.volume(ctx)
	if err != nil {
		return "", err
	}
	if v.Status != "inUse" {
		return "", fmt.Errorf("volume %s is %q, not inUse", v.ID, v.Status)
	}
	var attachments []struct{ HostID, Status string }
	if err := request(ctx, http.MethodGet, s.hotpot("block/attachments", "volumeId", v.ID), &attachments); err != nil {
		return "", err
	}
	if len(attachments) != 1 || attachments[0].Status != "available" || attachments[0].HostID != sandbox.HostID {
		return "", fmt.Errorf("volume %s should have one attachment, available, to host %s, but has %v", v.ID, sandbox.HostID, attachments)
	}
	return fmt.Sprintf("%s is %s, attached to host %s", volumeName, v.Status, sandbox.HostID), nil
}

func (s steps) objectsArrived(ctx context.Context) (string, error) {
	var objects map[string][]string
	if err := request(ctx, http.MethodGet, s.api.Manage+"/buckets", &objects); err != nil {
		return "", err
	}
	sent, arrived := objects[sourceBucket], objects[destinationBucket]
	if len(sent) == 0 || !slices.Equal(sent, arrived) {
		return "", fmt.Errorf("%s holds %q and %s %q; they should be the same", sourceBucket, sent, destinationBucket, arrived)
	}
	return fmt.Sprintf("%s holds %s", destinationBucket, strings.Join(arrived, ", ")), nil
}

type instance struct{ ID, Name string }

func (s steps) instances(ctx context.Context) ([]instance, error) {
	var found []instance
	return found, request(ctx, http.MethodGet, s.orchestrator("instances"), &found)
}

// forgetInstance deletes the run as another client of the orchestrator might.
func (s steps) forgetInstance(ctx context.Context) (string, error) {
	found, err := s.instances(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(found, func(in instance) bool { return in.Name == instanceName })
	if i < 0 {
		return "", fmt.Errorf("there is no run %q among %v", instanceName, found)
	}
	if err := request(ctx, http.MethodDelete, s.orchestrator("instances/"+found[i].ID), nil); err != nil {
		return "", err
	}
	return found[i].ID + " is gone", nil
}

func (s steps) whatIsLeft(ctx context.Context) (string, error) {
	found, err := s.instances(ctx)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "", fmt.Errorf("runs are left: %v", found)
	}
	volumes, err := s.volumes(ctx)
	if err != nil {
		return "", err
	}
	if len(volumes) > 0 {
		return "", fmt.Errorf("volumes are left: %v", volumes)
	}
	return "no run, and no " + volumeName + ": on_destroy has deleted it by its id", nil
}

func (s steps) hotpot(path, key, value string) string {
	return fmt.Sprintf("%s/v1beta/%s/%s?%s=%s", s.api.Hotpot, sandbox.Tenant, path, key, url.QueryEscape(value))
}

func (s steps) orchestrator(path string) string {
	return fmt.Sprintf("%s/v1beta/%s/orchestration/%s", s.api.Orchestrator, sandbox.Tenant, path)
}

func request(ctx context.Context, method, address string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, address, resp.Status, body)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(body, answer)
}

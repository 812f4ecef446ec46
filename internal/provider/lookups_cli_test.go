package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// lookupBlock is providerBlock with hotpot and gelato.
func lookupBlock(sb *sandbox.Sandbox) string {
	return strings.Replace(providerBlock(sb), "{\n",
		fmt.Sprintf("{\n  block_endpoint      = %q\n  multicloud_endpoint = %q\n", sb.URLs().Hotpot, sb.URLs().Gelato), 1)
}

// namesOnly is the user guide's provisioning and migration without an id. The
// data sources that look at the result depend on the run that makes it.
const namesOnly = shippedServices + `
data "soda_block_host" "host" {
  name = "db1"
}

data "soda_block_profile" "profile" {
  name = "default_block"
}

data "soda_block_availability_zones" "all" {}

resource "soda_orchestration_instance" "volume" {
  service_id = data.soda_orchestration_service.provision.id
  name       = "volume"
  parameters = {
    name              = "volume-1"
    size              = 1
    host_id           = data.soda_block_host.host.id
    profile_id        = data.soda_block_profile.profile.id
    availability_zone = one(data.soda_block_availability_zones.all.names)
  }
}

data "soda_block_volume" "volume" {
  name            = "volume-1"
  wait_for_status = "inUse"
  depends_on      = [soda_orchestration_instance.volume]

  lifecycle {
    postcondition {
      condition     = contains([for a in self.attachments : a.host_id if a.status == "available"], data.soda_block_host.host.id)
      error_message = "The volume is not attached to the host."
    }
  }
}

data "soda_block_volumes" "at_host" {
  host_id    = data.soda_block_host.host.id
  depends_on = [soda_orchestration_instance.volume, data.soda_block_volume.volume]
}

data "soda_multicloud_backends" "all" {}

data "soda_multicloud_backend" "destination" {
  name = "backend-dst"
}

resource "soda_orchestration_instance" "migration" {
  service_id = data.soda_orchestration_service.migration.id
  name       = "migration"
  depends_on = [data.soda_block_volume.volume]
  parameters = {
    name           = "round-1"
    description    = "copies"
    srcBucketName  = "source-bucket"
    destBucketName = "destination-bucket"
    destBackend    = data.soda_multicloud_backend.destination.name
    remainSource   = true
  }
}

data "soda_multicloud_plan" "round" {
  name       = "round-1"
  depends_on = [soda_orchestration_instance.migration]
}

data "soda_multicloud_jobs" "round" {
  plan_name  = "round-1"
  depends_on = [soda_orchestration_instance.migration]
}
`

// TestAccNamesOnly applies the whole of it. Each step also plans again, which
// must find no changes.
func TestAccNamesOnly(t *testing.T) {
	sb := start(t, sandbox.Config{})
	host := makeHost(t, sb, sandbox.Tenant, "db1", "192.0.2.1")
	element := func(address, list, attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New(list).AtSliceIndex(0).AtMapKey(attribute), want)
	}
	acceptance(t,
		resource.TestStep{
			Config: lookupBlock(sb) + namesOnly,
			ConfigStateChecks: []statecheck.StateCheck{
				expectValue("data.soda_block_volume.volume", "status", knownvalue.StringExact("inUse")),
				expectValue("data.soda_block_volume.volume", "profile_id", knownvalue.StringExact(sandbox.ProfileID)),
				element("data.soda_block_volume.volume", "attachments", "host_id", knownvalue.StringExact(host)),
				element("data.soda_block_volumes.at_host", "volumes", "name", knownvalue.StringExact("volume-1")),
				expectValue("data.soda_multicloud_backends.all", "backends", knownvalue.ListSizeExact(2)),
				expectValue("data.soda_multicloud_plan.round", "remain_source", knownvalue.Bool(true)),
				expectValue("data.soda_multicloud_jobs.round", "jobs", knownvalue.ListSizeExact(1)),
				element("data.soda_multicloud_jobs.round", "jobs", "total_count", knownvalue.Int64Exact(3)),
				element("data.soda_multicloud_jobs.round", "jobs", "passed_count", knownvalue.Int64Exact(3)),
			},
		},
		resource.TestStep{
			Config:      lookupBlock(sb) + strings.Replace(namesOnly, `name = "db1"`, `name = "db2"`, 1),
			ExpectError: regexp.MustCompile(`(?s)There is no host "db2".*Did you mean\s+"db1"`),
		},
		resource.TestStep{
			Config:      lookupBlock(sb) + strings.Replace(namesOnly, "destBackend    = data.soda_multicloud_backend.destination.name", `destBackend    = "backend-dts"`, 1),
			ExpectError: regexp.MustCompile(`(?s)No such backend.*Did you mean\s+"backend-dst"`),
		},
		resource.TestStep{
			PreConfig:   func() { makeVolume(t, sb, sandbox.Tenant, "volume-1") },
			Config:      lookupBlock(sb) + namesOnly,
			ExpectError: regexp.MustCompile(`2 volumes are called "volume-1"`),
		},
	)
}

// lookupWorkspace holds namesOnly.
func lookupWorkspace(t *testing.T, sb *sandbox.Sandbox) *workspace {
	t.Helper()
	w := newWorkspace(t, sb, "")
	w.preamble = providerSource + lookupBlock(sb)
	w.write(namesOnly)
	return w
}

// askHotpot asks as somebody else might. An answer of nil is for requests that
// have none.
func askHotpot(t *testing.T, sb *sandbox.Sandbox, method, path string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, sb.URLs().Hotpot+"/v1beta/"+sandbox.Tenant+"/block/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatal(method, path, resp.Status)
	}
	if answer == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// onlyVolume is the id and the status of the one volume there is.
func onlyVolume(t *testing.T, sb *sandbox.Sandbox) (id, status string) {
	t.Helper()
	var volumes []struct{ ID, Status string }
	askHotpot(t, sb, http.MethodGet, "volumes", &volumes)
	if len(volumes) != 1 {
		t.Fatalf("%d volumes, want one: %v", len(volumes), volumes)
	}
	return volumes[0].ID, volumes[0].Status
}

func detachAll(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	var attachments []struct{ ID string }
	askHotpot(t, sb, http.MethodGet, "attachments", &attachments)
	for _, a := range attachments {
		askHotpot(t, sb, http.MethodDelete, "attachments/"+a.ID, nil)
	}
}

func failAttachments(t *testing.T, sb *sandbox.Sandbox, outage string) {
	t.Helper()
	if err := sb.SetHotpotOutage(outage); err != nil {
		t.Fatal(err)
	}
}

// TestAccApplyWaitsForTheAttachment: with slow storage the run has succeeded
// long before the volume is attached.
func TestAccApplyWaitsForTheAttachment(t *testing.T) {
	sb := start(t, sandbox.Config{AttachTime: time.Hour})
	w := lookupWorkspace(t, sb)
	host := makeHost(t, sb, sandbox.Tenant, "db1", "192.0.2.1")
	u := w.startCommand("apply", "-auto-approve", "-no-color")
	w.until(u, "the volume was not waited for", func() bool { return u.seen("data.soda_block_volume.volume: Reading...") })
	volume, status := onlyVolume(t, sb)
	if rows := sb.Instances(); len(rows) != 1 || rows[0].Status != "Success" || status != "attaching" {
		t.Errorf("while Terraform waits, the runs are %v and the volume is %q", rows, status)
	}
	sb.Advance(time.Hour)
	u.wait().exits(0)
	if _, status := onlyVolume(t, sb); status != "inUse" {
		t.Errorf("applied, and the volume is %q", status)
	}

	sb.SetStorageTimes(0, 0)
	detachAll(t, sb)
	attachVolume(t, sb, sandbox.Tenant, volume, sandbox.HostID) // the status is that of before
	w.plan().exits(1).says("The volume is not attached to the host.")
	detachAll(t, sb)
	attachVolume(t, sb, sandbox.Tenant, volume, host)
	w.plan().exits(0)
}

// TestAccVolumeThatIsNotAttached does what the errors say: the cause is
// corrected, the volume deleted, and the run replaced.
func TestAccVolumeThatIsNotAttached(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := lookupWorkspace(t, sb)
	makeHost(t, sb, sandbox.Tenant, "db1", "192.0.2.1")
	failAttachments(t, sb, "attach-fails")
	w.apply().exits(1).says("is not attached", "-replace=ADDRESS")
	w.plan().exits(1).says("is not attached")
	w.destroy().exits(1).says("-refresh=false")

	failAttachments(t, sb, "")
	detachAll(t, sb)
	volume, _ := onlyVolume(t, sb)
	askHotpot(t, sb, http.MethodDelete, "volumes/"+volume, nil)
	w.plan().exits(1).says(`There is no volume "volume-1"`, "-replace=ADDRESS")
	w.apply("-replace=" + volumeAddress).exits(0)
	if again, status := onlyVolume(t, sb); again == volume || status != "inUse" {
		t.Errorf("the volume is %s with status %q", again, status)
	}

	detachAll(t, sb)
	w.destroy("-refresh=false").exits(0)
	if left := sb.Instances(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

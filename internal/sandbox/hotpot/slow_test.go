package hotpot

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// TestSlowStorage: what was accepted is done when its time has come. Until then
// a volume cannot be attached, which is how a run ends that leaves a volume.
func TestSlowStorage(t *testing.T) {
	c := newClient(t, nil)
	c.hotpot.SetPace(Pace{Create: time.Minute, Attach: 2 * time.Minute})
	volume := c.volume("v")
	path := "block/volumes/" + volume
	if c.status(path) != "creating" {
		t.Errorf("at once: %v", c.status(path))
	}
	c.refused(400, "status of volume is available. It can be attached to host", "POST", "block/attachments", attachBody(seed.HostID, volume))
	c.tick()
	if c.status(path) != "available" {
		t.Errorf("after a minute: %v", c.status(path))
	}
	attachment := "block/attachments/" + c.want(202, "POST", "block/attachments", attachBody(seed.HostID, volume))["id"].(string)
	for range 2 {
		if v, a := c.status(path), c.status(attachment); v != "attaching" || a != "creating" {
			t.Errorf("volume %v, attachment %v", v, a)
		}
		c.tick()
	}
	if v, a := c.status(path), c.status(attachment); v != "inUse" || a != "available" {
		t.Errorf("volume %v, attachment %v", v, a)
	}
	c.hotpot.SetPace(Pace{Create: Never})
	never := "block/volumes/" + c.volume("never")
	for range 1000 {
		c.tick()
	}
	if c.status(never) != "creating" {
		t.Errorf("never: %v", c.status(never))
	}
}

// TestVolumesThatFitNowhere are accepted, and there is no reason anywhere (H10).
func TestVolumesThatFitNowhere(t *testing.T) {
	c := newClient(t, nil)
	gold := c.want(200, "POST", "profiles", `{"name":"gold","storageType":"block","customProperties":{"diskType":"SSD"}}`)["id"]
	lead := c.want(200, "POST", "profiles", `{"name":"lead","storageType":"block","customProperties":{"diskType":"tape"}}`)["id"]
	iscsi := c.want(200, "POST", "profiles", `{"name":"iscsi","storageType":"block","provisioningProperties":{"ioConnectivity":{"accessProtocol":"iscsi"}}}`)["id"]
	files := c.want(200, "POST", "profiles", `{"name":"nas","storageType":"file"}`)["id"]
	for body, pool := range map[string]any{
		`"size":90`:                          "084bf71e-a102-11e7-88a8-e31fe6d52248",
		`"size":91`:                          "a594b8ac-a103-11e7-985f-d723bcf01b5f",
		`"size":171`:                         nil,
		`"size":91,"multiAttach":true`:       nil,
		`"size":1,"availabilityZone":"mars"`: nil,
		fmt.Sprintf(`"size":1,"profileId":%q`, gold):  "084bf71e-a102-11e7-88a8-e31fe6d52248",
		fmt.Sprintf(`"size":1,"profileId":%q`, lead):  nil,
		fmt.Sprintf(`"size":1,"profileId":%q`, iscsi): nil,
		fmt.Sprintf(`"size":1,"profileId":%q`, files): "bdd44c8e-b8a9-488a-89c0-d1e5beb902dg", // in a pool for files (H11)
	} {
		id := c.want(202, "POST", "block/volumes", `{"name":"v",`+body+`}`)["id"].(string)
		got := c.want(200, "GET", "block/volumes/"+id, "")
		status := "available"
		if pool == nil {
			status = "error"
		}
		if got["status"] != status || got["poolId"] != pool || (got["metadata"] == nil) != (pool == nil) {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestOutages(t *testing.T) {
	c := newClient(t, nil)
	if err := c.hotpot.SetOutage("storm"); err == nil || !strings.Contains(err.Error(), "it must be controller-hangs, controller-down, store-down, attach-fails or empty") {
		t.Errorf("got %v", err)
	}
	c.outage(StoreDown)
	c.refused(500, "list volume attachments failed: context deadline exceeded", "GET", "block/attachments", "")
	c.refused(404, "host "+seed.HostID+" not found: context deadline exceeded", "GET", "host/hosts/"+seed.HostID, "")
	c.refused(500, "context deadline exceeded", "DELETE", "host/hosts/"+seed.HostID, "")
	c.outage(ControllerDown)
	lost := "block/volumes/" + c.volume("lost")
	c.outage(ControllerHangs)
	left, leave := context.WithCancel(t.Context())
	leave() // so that the wait for the answer ends at once
	req := httptest.NewRequest(http.MethodPost, "/v1beta/"+seed.Tenant+"/block/volumes", strings.NewReader(`{"name":"hung","size":1}`)).WithContext(left)
	req.Header.Set("Content-Type", "application/json")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("there was an answer")
			}
		}()
		c.hotpot.ServeHTTP(httptest.NewRecorder(), req)
	}()
	hung := c.list("block/volumes?name=hung")
	if len(hung) != 1 || hung[0]["status"] != "creating" {
		t.Errorf("while the controller hangs: %v", hung)
	}
	c.outage(NoOutage)
	if got := c.status("block/volumes/" + hung[0]["id"].(string)); got != "available" {
		t.Errorf("when it goes on: %v", got)
	}
	if c.status(lost) != "creating" {
		t.Errorf("what was asked for while it was down: %v", c.status(lost))
	}
}

package hotpot

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// client calls a hotpot of its own, as a tenant.
type client struct {
	*testing.T
	hotpot *Server
	minute *atomic.Int64
	url    string // of the server, without path
	tenant string
	token  string
}

func newClient(t *testing.T, check access.Check) *client {
	hotpot := New(check, time.Now)
	minute := &atomic.Int64{}
	hotpot.now = func() time.Time { return time.Date(2026, 1, 2, 3, int(minute.Load()), 5, 999, time.UTC) }
	minute.Store(4)
	server := httptest.NewServer(hotpot)
	t.Cleanup(server.Close)
	return &client{T: t, hotpot: hotpot, minute: minute, url: server.URL, tenant: seed.Tenant}
}

// tick moves the clock by a minute.
func (c *client) tick() { c.minute.Add(1) }

// updated expects rows that changed within this minute.
func (c *client) updated(paths ...string) {
	c.Helper()
	for _, path := range paths {
		if got := c.want(200, "GET", path, "")["updatedAt"]; got != c.hotpot.timestamp() {
			c.Errorf("%s was updated at %v, not %s", path, got, c.hotpot.timestamp())
		}
	}
}

func (c *client) as(tenant, token string) *client {
	other := *c
	other.tenant, other.token = tenant, token
	return &other
}

func (c *client) call(method, path, body string) (int, string) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.url+"/v1beta/"+c.tenant+"/"+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// want sends a request and returns the object that comes with the status.
func (c *client) want(status int, method, path, body string) map[string]any {
	c.Helper()
	got, text := c.call(method, path, body)
	if got != status {
		c.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	var object map[string]any
	if text != "" {
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			c.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return object
}

// refused expects exactly this error.
func (c *client) refused(status int, message, method, path, body string) {
	c.Helper()
	want, _ := json.Marshal(map[string]any{"code": status, "message": message})
	if got, text := c.call(method, path, body); got != status || text != string(want) {
		c.Errorf("%s %s %s:\n%d %s, want\n%d %s", method, path, body, got, text, status, want)
	}
}

func (c *client) list(path string) []map[string]any {
	c.Helper()
	status, text := c.call(http.MethodGet, path, "")
	var list []map[string]any
	if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK || list == nil {
		c.Fatalf("GET %s: %d %s", path, status, text)
	}
	return list
}

func (c *client) volume(name string) string {
	c.Helper()
	return c.want(202, "POST", "block/volumes", fmt.Sprintf(`{"name":%q,"size":1}`, name))["id"].(string)
}

func (c *client) status(path string) any {
	c.Helper()
	return c.want(200, "GET", path, "")["status"]
}

func attachBody(host, volume string) string {
	return fmt.Sprintf(`{"hostId":%q,"volumeId":%q,"attachMode":"rw","tenantId":"x"}`, host, volume)
}

func TestVolumeLife(t *testing.T) {
	c := newClient(t, nil)
	made := c.want(202, "POST", "block/volumes", `{"name":"vol-1","description":"Volume creation","availabilityZone":"default",
		"profileId":"","snapshotId":"","snapshotFromCloud":false,"size":2}`)
	id := made["id"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("id %q is no UUID", id)
	}
	want := map[string]any{
		"id": id, "createdAt": "2026-01-02T03:04:05", "updatedAt": "", "tenantId": seed.Tenant, "name": "vol-1",
		"description": "Volume creation", "size": 2.0, "availabilityZone": "default", "status": "creating",
		"profileId": seed.ProfileID, "AttachStatus": "",
	}
	if !reflect.DeepEqual(made, want) {
		t.Errorf("created:\n%v, want\n%v", made, want)
	}
	path := "block/volumes/" + id
	if now := c.want(200, "GET", path, ""); now["status"] != "available" || now["poolId"] == nil || now["updatedAt"] == "" {
		t.Errorf("after the answer: %v", now)
	}
	c.tick()

	attached := c.want(202, "POST", "block/attachments", attachBody(seed.HostID, id))
	if attached["status"] != "creating" || attached["accessProtocol"] != "rbd" || attached["attachMode"] != "rw" || attached["tenantId"] != seed.Tenant {
		t.Errorf("attachment created: %v", attached)
	}
	attachment := "block/attachments/" + attached["id"].(string)
	if c.status(attachment) != "available" || c.status(path) != "inUse" {
		t.Errorf("attachment %v, volume %v", c.status(attachment), c.status(path))
	}
	c.updated(path, attachment)
	c.refused(400, "volume is already attached to one of the host. If you want to attach to multiple host, volume multiattach must be true",
		"POST", "block/attachments", attachBody(seed.HostID, id))
	c.refused(400, "delete volume failed: only the volume with the status available, error, error_deleting, error_extending"+
		" can be deleted, the volume status is inUse", "DELETE", path, "")
	c.refused(400, "some volumes are attached to host: host-1, please detach them first", "DELETE", "host/hosts/"+seed.HostID, "")

	c.tick()
	c.want(202, "DELETE", attachment, "")
	c.updated(path)
	c.refused(404, fmt.Sprintf("volume attachment %s not found: Wrong resource uuid provided!", attached["id"]), "GET", attachment, "")
	if c.status(path) != "available" {
		t.Errorf("detached: %v", c.status(path))
	}
	if status, text := c.call("DELETE", path, ""); status != 202 || text != "" {
		t.Errorf("delete: %d %q", status, text)
	}
	c.refused(404, "volume "+id+" not found: Wrong resource uuid provided!", "GET", path, "")
}

func TestRefusesVolumes(t *testing.T) {
	c := newClient(t, nil)
	const mismatch = "Request body has an error: doesn't match the schema: "
	long := strings.Repeat("a", 256)
	for _, tc := range []struct{ body, message string }{
		{`{"name":"v","size":1,"profileId":null}`, mismatch + `Error at "/profileId":Value is not nullable`},
		{`{"name":"v","size":1,"snapshotFromCloud":"yes"}`, mismatch + `Error at "/snapshotFromCloud":Field must be set to string or not be present`},
		{`{"name":"v","size":"1"}`, mismatch + `Error at "/size":Field must be set to string or not be present`},
		{`{"name":5,"size":1}`, mismatch + `Error at "/name":Field must be set to number, integer or not be present`},
		{`{"name":"v","size":1.5}`, mismatch + `Error at "/size":Value must be an integer`},
		{`{"name":"v"}`, mismatch + `Property 'size' is missing`},
		{`[]`, mismatch + `Field must be set to array or not be present`},
		{`{"name"`, "Request body has an error: failed to decode request body: unexpected EOF"},
		{``, "parse volume request body failed: EOF"},
		{`{"name":"v","size":0}`, "create volume failed: invalid volume size: 0"},
		{`{"name":"v","size":-3}`, "create volume failed: invalid volume size: -3"},
		{`{"name":"","size":1}`, "create volume failed: empty volume name is not allowed. Please give valid name"},
		{`{"name":"` + long + `","size":1}`, "create volume failed: volume name length should not more than 255 characters. current length is : 256"},
		{`{"name":"a.b","size":1}`, "create volume failed: invalid volume name, it should only contain english char and number  : a.b"},
		{`{"name":"v","size":1,"profileId":"nope"}`, "get profile failed: Wrong resource uuid provided!"},
		{`{"name":"v","size":1,"snapshotId":"nope"}`, "create volume failed: Wrong resource uuid provided!"},
	} {
		c.refused(400, tc.message, "POST", "block/volumes", tc.body)
	}
	if left := c.list("block/volumes"); len(left) != 0 {
		t.Errorf("refused volumes are there: %v", left)
	}

	c.want(200, "DELETE", "profiles/"+seed.ProfileID, "")
	c.refused(400, "get default profile failed: can't find profile(name: default_block, storageType:block)",
		"POST", "block/volumes", `{"name":"v","size":1}`)
}

func TestWantsJSON(t *testing.T) {
	c := newClient(t, nil)
	resp, err := http.Post(c.url+"/v1beta/"+seed.Tenant+"/block/volumes", "text/plain", strings.NewReader(`{"name":"v","size":1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 400 || string(text) != `{"code":400,"message":"Request body has an error: header 'Content-Type' has unexpected value: \"text/plain\""}` {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

func TestRefusesAttachments(t *testing.T) {
	c := newClient(t, nil)
	const mismatch = "Request body has an error: doesn't match the schema: "
	id := c.volume("v")
	away := c.want(202, "POST", "block/volumes", `{"name":"away","size":1,"availabilityZone":"moon"}`)["id"].(string)
	for _, tc := range []struct{ body, message string }{
		{`{"volumeId":"` + id + `"}`, mismatch + "Property 'hostId' is missing"},
		{`{"hostId":"` + seed.HostID + `","volumeId":"` + id + `","attachMode":"wr"}`, mismatch + `Error at "/attachMode":JSON value is not one of the allowed values`},
		{attachBody("nope", id), "get host failed in create volume attachment method: Wrong resource uuid provided!"},
		{attachBody(seed.HostID, "nope"), "get volume failed in create volume attachment method: Wrong resource uuid provided!"},
		{attachBody(seed.HostID, away), "availability zone of volume: moon is not in the host availability zones: [default]"},
	} {
		c.refused(400, tc.message, "POST", "block/attachments", tc.body)
	}
}

func (c *client) outage(o Outage) {
	c.Helper()
	if err := c.hotpot.SetOutage(o); err != nil {
		c.Fatal(err)
	}
}

func TestWorkCanFail(t *testing.T) {
	c := newClient(t, nil)
	c.hotpot.failVolume = func(name string) bool { return name == "bad" }
	c.outage(AttachFails)

	bad := c.volume("bad")
	if got := c.want(200, "GET", "block/volumes/"+bad, ""); got["status"] != "error" || got["poolId"] != nil {
		t.Errorf("failed volume: %v", got)
	}
	c.refused(400, "status of volume is available. It can be attached to host", "POST", "block/attachments", attachBody(seed.HostID, bad))
	c.want(200, "PUT", "block/volumes/"+bad, `{"metadata":{"a":"b"}}`)
	c.want(202, "DELETE", "block/volumes/"+bad, "")

	good := c.volume("good")
	attachment := c.want(202, "POST", "block/attachments", attachBody(seed.HostID, good))["id"].(string)
	if a, v := c.status("block/attachments/"+attachment), c.status("block/volumes/"+good); a != "error" || v != "available" {
		t.Errorf("failed attachment %v, its volume %v", a, v)
	}
	c.refused(400, "delete volume failed: volume "+good+" can not be deleted, because it's in use", "DELETE", "block/volumes/"+good, "")
}

func TestResizesAndChanges(t *testing.T) {
	c := newClient(t, nil)
	path := "block/volumes/" + c.volume("v")
	c.tick()
	if got := c.want(202, "POST", path+"/resize", `{"newSize":3}`); got["status"] != "extending" || got["size"] != 1.0 {
		t.Errorf("resizing: %v", got)
	}
	if got := c.want(200, "GET", path, ""); got["status"] != "available" || got["size"] != 3.0 {
		t.Errorf("resized: %v", got)
	}
	c.updated(path)
	c.refused(400, "extend volume failed: new size for extend must be greater than current size.(current: 3 GB, extended: 3 GB).",
		"POST", path+"/resize", `{"newSize":3}`)
	c.refused(404, "volume nope not found: Wrong resource uuid provided!", "POST", "block/volumes/nope/resize", `{"newSize":3}`)

	c.tick()
	if got := c.want(200, "PUT", path, `{"name":"other","status":"inUse"}`); got["name"] != "other" || got["status"] != "inUse" || got["size"] != 3.0 {
		t.Errorf("changed: %v", got)
	}
	c.updated(path)
	more := c.want(200, "PUT", path, `{"size":4,"multiAttach":true,"metadata":{"a":"b"}}`)
	if metadata := more["metadata"].(map[string]any); more["size"] != 4.0 || more["multiAttach"] != true || metadata["a"] != "b" || metadata["lvPath"] == nil {
		t.Errorf("changed more: %v", more)
	}
	if again := c.want(200, "PUT", path, `{"name":"third"}`); again["size"] != 4.0 || again["multiAttach"] != true || again["status"] != "inUse" {
		t.Errorf("what was not given: %v", again)
	}
	c.refused(400, "extend volume failed: the status of the volume to be extended must be available!", "POST", path+"/resize", `{"newSize":9}`)
	c.refused(500, "update volume failed: Wrong resource uuid provided!", "PUT", "block/volumes/nope", `{"name":"x"}`)
}

func TestAttachesToSeveralHosts(t *testing.T) {
	c := newClient(t, nil)
	second := c.want(200, "POST", "host/hosts", `{"hostName":"host-2","osType":"linux","ip":"127.0.0.2","accessMode":"agentless",
		"availabilityZones":["default"]}`)["id"].(string)
	volume := c.want(202, "POST", "block/volumes", `{"name":"shared","size":1,"multiAttach":true}`)["id"].(string)
	path := "block/volumes/" + volume

	first := c.want(202, "POST", "block/attachments", fmt.Sprintf(`{"hostId":%q,"volumeId":%q,"attachMode":"ro"}`, seed.HostID, volume))
	if first["attachMode"] != "ro" {
		t.Errorf("attached read-only: %v", first)
	}
	other := c.want(202, "POST", "block/attachments", fmt.Sprintf(`{"hostId":%q,"volumeId":%q}`, second, volume))
	if other["attachMode"] != "rw" {
		t.Errorf("attached without a mode: %v", other)
	}
	if found := c.list("block/attachments?hostId=" + second); len(found) != 1 || found[0]["id"] != other["id"] {
		t.Errorf("of the second host: %v", found)
	}
	c.want(202, "DELETE", "block/attachments/"+other["id"].(string), "")
	if c.status(path) != "available" || len(c.list("block/attachments?volumeId="+volume)) != 1 { // the first still has it (H12)
		t.Errorf("after the second is detached: %v", c.status(path))
	}

	c.outage(AttachFails)
	c.want(202, "POST", "block/attachments", attachBody(second, volume))
	if c.status(path) != "available" { // so it is, says hotpot, though the first still has it
		t.Errorf("after a failure: %v", c.status(path))
	}
}

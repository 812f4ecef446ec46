package hotpot

import (
	"fmt"
	"maps"
	"reflect"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

func TestSnapshots(t *testing.T) {
	c := newClient(t, nil)
	volume := c.volume("v")
	made := c.want(202, "POST", "block/snapshots/", fmt.Sprintf(`{"name":"s","volumeId":%q,"size":7}`, volume))
	if made["status"] != "creating" || made["profileId"] != seed.ProfileID || made["size"] != nil {
		t.Errorf("created: %v", made)
	}
	path := "block/snapshots/" + made["id"].(string)
	if got := c.want(200, "GET", path, ""); got["status"] != "available" || got["size"] != 1.0 {
		t.Errorf("after the answer: %v", got)
	}
	c.updated(path)
	if found := c.list("block/snapshots?volumeId=" + volume); len(found) != 1 {
		t.Errorf("list: %v", found)
	}
	c.refused(400, "delete volume failed: volume "+volume+" can not be deleted, because it still has snapshots", "DELETE", "block/volumes/"+volume, "")

	from := fmt.Sprintf(`{"name":"copy","size":1,"snapshotId":%q}`, made["id"])
	if got := c.want(202, "POST", "block/volumes", from); got["snapshotId"] != made["id"] {
		t.Errorf("volume from a snapshot: %v", got)
	}
	c.refused(400, "Wrong resource uuid provided!", "POST", "block/snapshots", `{"name":"s","volumeId":"nope"}`)
	c.refused(400, "create volume snapshot failed: Wrong resource uuid provided!", "POST", "block/snapshots",
		`{"name":"s","volumeId":"nope","profileId":"`+seed.ProfileID+`"}`)

	c.want(200, "PUT", "block/volumes/"+volume, `{"status":"extending"}`)
	c.refused(400, "create volume snapshot failed: only the status of volume is available or in-use, the snapshot can be created",
		"POST", "block/snapshots", fmt.Sprintf(`{"name":"s","volumeId":%q}`, volume))

	c.want(202, "DELETE", path, "")
	c.refused(404, fmt.Sprintf("volume snapshot %s not found: Wrong resource uuid provided!", made["id"]), "GET", path, "")
}

func TestVolumeNoSmallerThanItsSnapshot(t *testing.T) {
	c := newClient(t, nil)
	big := c.want(202, "POST", "block/volumes", `{"name":"big","size":10}`)["id"].(string)
	snapshot := c.want(202, "POST", "block/snapshots", fmt.Sprintf(`{"name":"s","volumeId":%q}`, big))["id"].(string)
	c.refused(400, "create volume failed: size of volume must be equal to or bigger than size of the snapshot",
		"POST", "block/volumes", fmt.Sprintf(`{"name":"v","size":9,"snapshotId":%q}`, snapshot))
}

func TestHosts(t *testing.T) {
	c := newClient(t, nil)
	seeded := c.list("host/hosts")
	if len(seeded) != 1 || seeded[0]["id"] != seed.HostID || seeded[0]["hostName"] != "host-1" || seeded[0]["ip"] != "127.0.0.1" ||
		fmt.Sprint(seeded[0]["availabilityZones"]) != "[default]" {
		t.Errorf("seeded: %v", seeded)
	}
	const body = `{"hostName":"host-2","osType":"linux","ip":"127.0.0.2","accessMode":"agent","port":22,"username":"root",
		"password":"secret","availabilityZones":["default"],"initiators":[{"portName":"iqn.x","protocol":"iscsi"}]}`
	made := c.want(200, "POST", "host/hosts", body)
	if made["password"] != nil || made["username"] != "root" || made["port"] != 22.0 {
		t.Errorf("created: %v", made)
	}
	c.refused(400, "the host with name host-2 already exists in the system", "POST", "host/hosts", body)
	c.refused(400, `Request body has an error: doesn't match the schema: Error at "/osType":JSON value is not one of the allowed values`,
		"POST", "host/hosts", `{"hostName":"h","osType":"dos","ip":"127.0.0.2","accessMode":"agent"}`)

	path := "host/hosts/" + made["id"].(string)
	c.tick()
	changed := c.want(200, "PUT", path, `{"ip":"127.0.0.3"}`)
	want := maps.Clone(made)
	want["ip"], want["updatedAt"] = "127.0.0.3", c.hotpot.timestamp()
	if !reflect.DeepEqual(changed, want) {
		t.Errorf("changed:\n%v, want\n%v", changed, want)
	}
	more := c.want(200, "PUT", path, `{"port":23,"availabilityZones":["moon"],"initiators":[{"portName":"iqn.y"}]}`)
	if more["port"] != 23.0 || fmt.Sprint(more["availabilityZones"], more["initiators"]) != "[moon] [map[portName:iqn.y]]" {
		t.Errorf("changed more: %v", more)
	}
	if null := c.want(200, "PUT", path, `{"initiators":null}`); fmt.Sprint(null["initiators"]) != "[map[portName:iqn.y]]" {
		t.Errorf("null may be given and changes nothing: %v", null)
	}
	c.refused(400, "update host failed: Wrong resource uuid provided!", "PUT", "host/hosts/nope", `{"ip":"127.0.0.3"}`)
	if status, text := c.call("DELETE", path, ""); status != 200 || text != "" {
		t.Errorf("delete: %d %q", status, text)
	}
	c.refused(404, fmt.Sprintf("host %s not found: Wrong resource uuid provided!", made["id"]), "GET", path, "")
}

func TestProfiles(t *testing.T) {
	c := newClient(t, nil)
	if seeded := c.list("profiles?name=default_block"); len(seeded) != 1 || seeded[0]["id"] != seed.ProfileID || seeded[0]["storageType"] != "block" {
		t.Errorf("seeded: %v", seeded)
	}
	made := c.want(200, "POST", "profiles", `{"name":"gold","storageType":"block","customProperties":{"latency":5}}`)
	c.refused(400, "create profile failed: the profile name 'gold' already exists", "POST", "profiles", `{"name":"gold","storageType":"block"}`)
	c.refused(400, "parse profile request body failed: object is invalid storagetype", "POST", "profiles", `{"name":"o","storageType":"object"}`)

	path := "profiles/" + made["id"].(string)
	c.want(202, "POST", "block/volumes", fmt.Sprintf(`{"name":"v","size":1,"profileId":%q}`, made["id"]))
	c.refused(400, fmt.Sprintf("There are dependent volumes : [v] for the specified profile %s", made["id"]), "DELETE", path, "")
	c.want(202, "DELETE", "block/volumes/"+c.list("block/volumes")[0]["id"].(string), "")
	c.want(200, "DELETE", path, "")
	c.refused(404, fmt.Sprintf("profile %s not found: Wrong resource uuid provided!", made["id"]), "GET", path, "")
}

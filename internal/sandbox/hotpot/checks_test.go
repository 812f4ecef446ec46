package hotpot

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

func TestLists(t *testing.T) {
	c := newClient(t, nil)
	for i := range 60 {
		c.want(202, "POST", "block/volumes", fmt.Sprintf(`{"name":"v-%02d","size":%d}`, i, i+1))
	}
	names := func(query string) []string {
		var found []string
		for _, v := range c.list("block/volumes?" + query) {
			found = append(found, v["name"].(string))
		}
		return found
	}
	for query, want := range map[string]int{
		"": 50, "limit=60": 60, "limit=1000": 60, "limit=3": 3, "offset=55": 5, "offset=99": 0,
		"status=available&limit=99": 60, "status=error": 0, "name=v-07": 1, "name=v-07&name=v-08": 2, "size=8": 1, "nosuch=1&limit=99": 60,
	} {
		if got := names(query); len(got) != want {
			t.Errorf("?%s: %d, want %d", query, len(got), want)
		}
	}
	for query, want := range map[string][]string{
		"sortKey=name&limit=2":                       {"v-59", "v-58"},
		"sortKey=name&sortDir=asc&limit=2":           {"v-00", "v-01"},
		"sortKey=size&sortDir=asc&limit=2&offset=9":  {"v-09", "v-10"}, // by number, not by text
		"sortKey=size&sortDir=desc&limit=1&offset=1": {"v-58"},
	} {
		if got := names(query); !reflect.DeepEqual(got, want) {
			t.Errorf("?%s: %v, want %v", query, got, want)
		}
	}
	if unsorted := c.list("block/volumes?sortKey=createdAt"); unsorted[0]["id"].(string) > unsorted[1]["id"].(string) {
		t.Error("a key that cannot be sorted by did not leave the order of ids")
	}
}

// tokens knows three callers by simple names.
func tokens(token string) (access.Caller, error) {
	switch token {
	case "admin":
		return access.Caller{User: seed.User, Tenant: seed.Tenant, Admin: true, Cloud: true}, nil
	case "service":
		return access.Caller{User: "service-user", Tenant: "service-project", Admin: true}, nil
	case "demo":
		return access.Caller{User: "demo-user", Tenant: "demo-project"}, nil
	case "":
		return access.Caller{}, errors.New("token not found in header")
	}
	return access.Caller{}, errors.New("get token failed,Resource not found")
}

func TestChecksInOrder(t *testing.T) {
	c := newClient(t, tokens)
	const bad, good = `{"name":"v","size":"1"}`, `{"name":"v","size":1}`
	c.refused(401, "token not found in header", "POST", "block/volumes", bad)
	c.as(seed.Tenant, "x").refused(401, "get token failed,Resource not found", "POST", "block/volumes", bad)
	demo := c.as(seed.Tenant, "demo")
	demo.refused(400, `Request body has an error: doesn't match the schema: Error at "/size":Field must be set to string or not be present`,
		"POST", "block/volumes", bad)
	demo.refused(403, "operation is not permitted", "POST", "block/volumes", good)
	demo.refused(403, "operation is not permitted", "GET", "block/volumes/nope", "")
	own := c.as("demo-project", "demo")
	own.refused(403, "operation is not permitted", "POST", "profiles", `{"name":"x","storageType":"block"}`)
	if made := own.want(202, "POST", "block/volumes", good); made["tenantId"] != "demo-project" || made["userId"] != "demo-user" {
		t.Errorf("made by a member: %v", made)
	}
	if profiles := demo.list("profiles"); len(profiles) != 1 {
		t.Errorf("profiles are for everybody: %v", profiles)
	}
}

// TestAdministratorsOfAnotherProject see everybody's records under their own
// project's path, and may do nothing under another (H7).
func TestAdministratorsOfAnotherProject(t *testing.T) {
	c := newClient(t, tokens)
	theirs := c.as("demo-project", "demo").volume("theirs")
	service := c.as("service-project", "service")
	if found := service.list("block/volumes"); len(found) != 1 || found[0]["id"] != theirs {
		t.Errorf("own path: %v", found)
	}
	service.refused(404, "volume nope not found: specified volume(nope) can't find", "GET", "block/volumes/nope", "")
	c.as("demo-project", "service").refused(403, "operation is not permitted", "GET", "block/volumes", "")
	for _, path := range []string{"pools", "docks"} {
		service.refused(403, "operation is not permitted", "GET", path, "")
		if found := c.as("demo-project", "admin").list(path); len(found) == 0 {
			t.Errorf("the administrator sees no %s", path)
		}
	}
}

func TestTenantsSeeTheirOwn(t *testing.T) {
	c := newClient(t, tokens)
	demo, admin := c.as("demo-project", "demo"), c.as(seed.Tenant, "admin")
	theirs, ours := demo.volume("theirs"), admin.volume("ours")
	if found := demo.list("block/volumes"); len(found) != 1 || found[0]["id"] != theirs {
		t.Errorf("member: %v", found)
	}
	if found := admin.list("block/volumes"); len(found) != 2 {
		t.Errorf("admin: %v", found)
	}
	demo.refused(404, "volume "+ours+" not found: Wrong resource uuid provided!", "GET", "block/volumes/"+ours, "")
	admin.want(200, "GET", "block/volumes/"+theirs, "")
	// An administrator gets another message for an unknown id.
	admin.refused(404, "volume nope not found: specified volume(nope) can't find", "GET", "block/volumes/nope", "")
	admin.refused(400, "get host failed in create volume attachment method: specified host(nope) can't find",
		"POST", "block/attachments", attachBody("nope", ours))
}

func TestWithoutChecksTrustsThePath(t *testing.T) {
	c := newClient(t, nil)
	ours, other, admin := c.volume("ours"), c.as("other", ""), c.as(access.HotpotAdmin, "")
	if found := other.list("block/volumes"); len(found) != 0 {
		t.Errorf("another tenant sees %v", found)
	}
	other.refused(404, "volume "+ours+" not found: Wrong resource uuid provided!", "GET", "block/volumes/"+ours, "")
	if found := admin.list("block/volumes"); len(found) != 1 {
		t.Errorf("the administrator's tenant sees %v", found)
	}
}

func TestAnswersManyAtOnce(t *testing.T) {
	c := newClient(t, nil)
	id := c.volume("one")
	var all sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		all.Go(func() {
			resp, err := http.Post(c.url+"/v1beta/"+seed.Tenant+"/block/attachments", "application/json", strings.NewReader(attachBody(seed.HostID, id)))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			statuses[i] = resp.StatusCode
		})
	}
	all.Wait()
	accepted := 0
	for _, status := range statuses {
		if status == http.StatusAccepted {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("%d of %d attached one volume, want 1", accepted, len(statuses))
	}
}

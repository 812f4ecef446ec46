package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// expectAttributes compares some of the attributes.
func expectAttributes(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s: got %v, want %v", name, got[name], value)
		}
	}
}

func TestBlockProfile(t *testing.T) {
	sb := start(t, sandbox.Config{})
	gold := makeInHotpot(t, sb, sandbox.Tenant, "profiles", map[string]any{"name": "gold", "description": "fast", "storageType": "block", "customProperties": map[string]any{"n": 3, "disk": "SSD"}})
	files := makeInHotpot(t, sb, sandbox.Tenant, "profiles", map[string]any{"name": "nas", "storageType": "file"})
	w := dialAs(t, sb, lookupLogin(sb, nil))
	for name, given := range map[string]map[string]any{"by name": {"name": "gold"}, "by id": {"id": gold}} {
		got, said := w.lookup("soda_block_profile", given)
		if said != "" {
			t.Fatal(name, said)
		}
		expectAttributes(t, got, map[string]any{"id": gold, "name": "gold", "storage_type": "block", "description": "fast", "custom_properties": `{"disk":"SSD","n":3}`})
	}
	got, _ := w.lookup("soda_block_profile", map[string]any{"name": "default_block"})
	expectAttributes(t, got, map[string]any{"id": sandbox.ProfileID, "custom_properties": "{}"})
	got, _ = w.lookup("soda_block_profile", map[string]any{"name": "nas", "storage_type": "file"})
	expectAttributes(t, got, map[string]any{"id": files, "description": nil})

	_, said := w.lookup("soda_block_profile", map[string]any{"name": "nas"})
	mustContain(t, said, "storage_type", `Profile "nas" (`+files+`) is of storage type "file", not "block"`)
	_, said = w.lookup("soda_block_profile", map[string]any{"name": "Gold"})
	mustContain(t, said, `There is no profile "Gold". Did you mean "gold"? There are: "default_block" (`+sandbox.ProfileID+`, block), "gold" (`+gold+`, block), "nas"`)
	_, said = w.lookup("soda_block_profile", map[string]any{"id": "nope"})
	mustContain(t, said, `Hotpot has no profile with id "nope"`)
}

func TestBlockHost(t *testing.T) {
	sb := start(t, sandbox.Config{})
	db := makeHost(t, sb, sandbox.Tenant, "db1", "192.0.2.1")
	theirs := makeHost(t, sb, "other", "db2", "192.0.2.2")
	w := dialAs(t, sb, lookupLogin(sb, nil))
	for name, given := range map[string]map[string]any{"by name": {"name": "db1"}, "by id": {"id": db}} {
		got, said := w.lookup("soda_block_host", given)
		if said != "" {
			t.Fatal(name, said)
		}
		want := map[string]any{
			"id": db, "name": "db1", "tenant_id": sandbox.Tenant, "ip": "192.0.2.1", "os_type": "linux", "access_mode": "agentless",
			"availability_zones": []any{"default"},
			"initiators":         []any{map[string]any{"port_name": "iqn.1", "protocol": "iscsi"}, map[string]any{"port_name": "iqn.2", "protocol": "iscsi"}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	_, said := w.lookup("soda_block_host", map[string]any{"name": "db2"})
	mustContain(t, said, `There is no host "db2"`, `"db1" (`+db+`, 192.0.2.1), "host-1" (`+sandbox.HostID+`, 127.0.0.1)`)
	_, said = w.lookup("soda_block_host", map[string]any{"id": theirs})
	mustContain(t, said, `Hotpot has no host with id "`+theirs+`", or it is another tenant's`)
}

func TestBlockVolume(t *testing.T) {
	sb := start(t, sandbox.Config{})
	data := makeVolume(t, sb, sandbox.Tenant, "data")
	attachment := attachVolume(t, sb, sandbox.Tenant, data, sandbox.HostID)
	first, second := makeVolume(t, sb, sandbox.Tenant, "twin"), makeVolume(t, sb, sandbox.Tenant, "twin")
	makeVolume(t, sb, "other", "theirs")
	w := dialAs(t, sb, lookupLogin(sb, nil))
	want := map[string]any{
		"id": data, "name": "data", "tenant_id": sandbox.Tenant, "status": "inUse", "size": 1, "availability_zone": "default", "profile_id": sandbox.ProfileID, "description": nil,
		"attachments": []any{map[string]any{"id": attachment, "host_id": sandbox.HostID, "status": "available", "attach_mode": "rw"}},
	}
	for name, given := range map[string]map[string]any{"by name": {"name": "data"}, "by id": {"id": data}, "waiting": {"id": data, "wait_for_status": "inUse"}} {
		got, said := w.lookup("soda_block_volume", given)
		if said != "" {
			t.Fatal(name, said)
		}
		expectAttributes(t, got, want)
	}
	_, said := w.lookup("soda_block_volume", map[string]any{"name": "twin"})
	mustContain(t, said, `2 volumes are called "twin": `, first+" (1 GB, available)", second+" (1 GB, available)", "; give id")
	_, said = w.lookup("soda_block_volume", map[string]any{"name": "theirs"})
	mustContain(t, said, `There is no volume "theirs"`, `"data" (`+data+`, 1 GB, inUse)`, "-replace=ADDRESS")
	_, said = w.lookup("soda_block_volume", map[string]any{"id": "nope"})
	mustContain(t, said, "No such volume", `no volume with id "nope"`)
}

func TestBlockVolumes(t *testing.T) {
	sb := start(t, sandbox.Config{})
	host := makeHost(t, sb, sandbox.Tenant, "db1", "192.0.2.1")
	gold := makeInHotpot(t, sb, sandbox.Tenant, "profiles", map[string]any{"name": "gold", "storageType": "block"})
	makeVolume(t, sb, sandbox.Tenant, "c")
	atHost := makeVolume(t, sb, sandbox.Tenant, "b")
	attachVolume(t, sb, sandbox.Tenant, atHost, host)
	attachVolume(t, sb, sandbox.Tenant, makeVolume(t, sb, sandbox.Tenant, "a"), sandbox.HostID)
	makeInHotpot(t, sb, sandbox.Tenant, "block/volumes", map[string]any{"name": "d", "size": 1, "profileId": gold})
	makeVolume(t, sb, "other", "b")
	w := dialAs(t, sb, lookupLogin(sb, nil))
	for want, given := range map[string]map[string]any{
		"a b c d": nil, "b": {"name": "b"}, "": {"name": "z"}, "c d": {"status": "available"}, "a b": {"status": "inUse"}, "d": {"profile_id": gold}, "b ": {"host_id": host},
	} {
		got, said := w.lookup("soda_block_volumes", given)
		var names []string
		for _, v := range got["volumes"].([]any) {
			names = append(names, v.(map[string]any)["name"].(string))
		}
		if said != "" || strings.Join(names, " ") != strings.TrimSpace(want) {
			t.Errorf("%v: got %v, want %q; %s", given, names, want, said)
		}
	}
	got, _ := w.lookup("soda_block_volumes", map[string]any{"host_id": host})
	attachments := got["volumes"].([]any)[0].(map[string]any)["attachments"].([]any)
	if len(attachments) != 1 || attachments[0].(map[string]any)["host_id"] != host {
		t.Errorf("got %v", attachments)
	}
}

// storage is a hotpot with one volume that is looked at again and again: each
// look gives the next of its states, and the last again and again.
type storage struct {
	states []string // "STATUS ATTACHMENT...", or "!BODY" with status 404
	looks  int
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	state := s.states[min(s.looks, len(s.states)-1)]
	if strings.Contains(r.URL.Path, "/volumes") {
		s.looks++
	} else {
		state = s.states[min(s.looks-1, len(s.states)-1)]
	}
	if message, failed := strings.CutPrefix(state, "!"); failed {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"code":404,"message":%q}`, message)
		return
	}
	words := strings.Fields(state)
	if strings.Contains(r.URL.Path, "/volumes/") {
		fmt.Fprintf(w, `{"id": "v1", "tenantId": %q, "name": "data", "status": %q}`, sandbox.Tenant, words[0])
		return
	}
	rows := []string{}
	for i, status := range words[1:] {
		rows = append(rows, fmt.Sprintf(`{"id": "a%d", "tenantId": %q, "volumeId": "v1", "hostId": "h%d", "status": %q}`, i, sandbox.Tenant, i, status))
	}
	fmt.Fprintf(w, "[%s]", strings.Join(rows, ","))
}

func TestWaitForAVolume(t *testing.T) {
	const (
		outage = "!volume v1 not found: context deadline exceeded"
		gone   = "!volume v1 not found: Wrong resource uuid provided!"
	)
	for name, c := range map[string]struct {
		want   string
		states []string
		looks  int
		said   []string // nothing: all is well
	}{
		"at once":              {"inUse", []string{"inUse available"}, 1, nil},
		"after a while":        {"inUse", []string{"creating", "available", "attaching creating", "inUse available"}, 4, nil},
		"a word never seen":    {"inUse", []string{"dreaming", "inUse available"}, 2, nil},
		"the attachment too":   {"inUse", []string{"inUse creating", "inUse available"}, 2, nil},
		"no attachment yet":    {"inUse", []string{"inUse", "inUse available"}, 2, nil},
		"detached":             {"available", []string{"inUse available", "available deleting", "available"}, 3, nil},
		"through an outage":    {"inUse", []string{"attaching", outage, outage, "inUse available"}, 4, nil},
		"a failed volume":      {"inUse", []string{"creating", "error"}, 2, []string{`Volume v1 has status "error"`, "It has no attachment", `will not become "inUse" by itself`, "no reason", "no pool", "-replace=ADDRESS", "-refresh=false"}},
		"failed already":       {"available", []string{"errorDeleting"}, 1, []string{`Volume v1 has status "errorDeleting"`}},
		"a failed attachment":  {"inUse", []string{"attaching creating", "available error"}, 2, []string{"Volume v1 is not attached", `status "available" and an attachment to host h0 with status "error"`, `will not become "inUse"`, "-replace=ADDRESS"}},
		"one failed, one left": {"inUse", []string{"available error creating", "inUse error available"}, 2, nil},
		"somebody deleted it":  {"inUse", []string{"attaching", gone}, 2, []string{"Volume v1 has disappeared", `become "inUse"`}},
	} {
		t.Run(name, func(t *testing.T) {
			hotpot := &storage{states: c.states}
			server := httptest.NewServer(hotpot)
			defer server.Close()
			sb := start(t, sandbox.Config{})
			w := dialAs(t, sb, lookupLogin(sb, map[string]any{"block_endpoint": server.URL}))
			got, said := w.lookup("soda_block_volume", map[string]any{"id": "v1", "wait_for_status": c.want, "timeouts": map[string]any{"read": "1h"}})
			if hotpot.looks != c.looks {
				t.Errorf("%d looks, want %d", hotpot.looks, c.looks)
			}
			if len(c.said) == 0 && (said != "" || got["status"] != c.want) {
				t.Errorf("status %v, %s", got["status"], said)
			}
			mustContain(t, said, c.said...)
			if len(c.said) > 0 {
				mustContain(t, said, "wait_for_status")
			}
		})
	}
}

// TestWaitForAVolumeThatIsStuck: the error names the status it got stuck in.
func TestWaitForAVolumeThatIsStuck(t *testing.T) {
	for name, c := range map[string]struct {
		states []string
		said   []string
	}{
		"attaching": {[]string{"attaching creating"}, []string{`Volume v1 still has status "attaching"`, "within 1ms (timeouts.read)", `an attachment to host h0 with status "creating"`, "Apply again to go on waiting", "No run is started"}},
		"an outage": {[]string{"attaching", "!volume v1 not found: context deadline exceeded"}, []string{`still has status "attaching"`}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&storage{states: c.states})
			defer server.Close()
			sb := start(t, sandbox.Config{})
			w := dialAs(t, sb, lookupLogin(sb, map[string]any{"block_endpoint": server.URL}))
			_, said := w.lookup("soda_block_volume", map[string]any{"id": "v1", "wait_for_status": "inUse", "timeouts": map[string]any{"read": "1ms"}})
			mustContain(t, said, c.said...)
		})
	}
}

// TestLookupErrors: every error says which server it is about, and what to do.
func TestLookupErrors(t *testing.T) {
	sb := start(t, sandbox.Config{})
	answer := http.StatusOK
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer)
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	w := dialAs(t, sb, lookupLogin(sb, map[string]any{"block_endpoint": server.URL, "multicloud_endpoint": server.URL}))
	for _, c := range []struct {
		status       int
		body         string
		hotpot, both []string
	}{
		{401, `{"code":401,"message":"get token failed,Resource not found"}`, []string{"Hotpot does not accept the token"}, []string{"get token failed", `auth_strategy = "noauth"`}},
		{403, `{"code":403,"message":"operation is not permitted"}`, []string{"Hotpot refuses this to the token's user"}, []string{"not permitted", "tenant_id in the provider block, or SODA_TENANT_ID"}},
		{404, "<html><title>Not Found</title></html>", []string{"Check that block_endpoint in the provider block, or SODA_BLOCK_ENDPOINT", ":50040"}, []string{"404 Not Found"}},
		{500, `{"code":500,"message":"list volumes failed: context deadline exceeded"}`, []string{"The log of hotpot says more", "etcd"}, []string{"context deadline exceeded"}},
		{200, "", []string{"what hotpot sends"}, []string{"it is empty"}},
	} {
		answer, body = c.status, c.body
		for _, typeName := range []string{"soda_block_volumes", "soda_block_availability_zones"} {
			_, said := w.lookup(typeName, nil)
			mustContain(t, said, append(c.hotpot, c.both...)...)
		}
		for typeName, given := range map[string]map[string]any{"soda_multicloud_backends": nil, "soda_multicloud_jobs": nil, "soda_multicloud_plan": {"name": "p"}} {
			_, said := w.lookup(typeName, given)
			mustContain(t, said, c.both...)
			for i := range c.hotpot {
				if strings.Contains(said, c.hotpot[i]) {
					t.Errorf("%s speaks of hotpot: %s", typeName, said)
				}
			}
		}
	}
	server.Close()
	_, said := w.lookup("soda_block_volumes", nil)
	mustContain(t, said, "Cannot list volumes", "Hotpot cannot be reached", "block_endpoint")
	_, said = w.lookup("soda_multicloud_backends", nil)
	mustContain(t, said, "Cannot list backends", "Gelato cannot be reached", "multicloud_endpoint")
}

package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// lookupLogin points a provider at the sandbox's hotpot and gelato as well.
func lookupLogin(sb *sandbox.Sandbox, more map[string]any) map[string]any {
	login := map[string]any{
		"tenant_id": sandbox.Tenant, "auth_strategy": "noauth",
		"block_endpoint": sb.URLs().Hotpot, "multicloud_endpoint": sb.URLs().Gelato,
	}
	maps.Copy(login, more)
	return login
}

// lookup reads a data source, and returns its attributes as plain values and
// what the provider said.
func (w *wire) lookup(typeName string, given map[string]any) (attributes map[string]any, said string) {
	w.t.Helper()
	s := w.schemas.DataSourceSchemas[typeName]
	if s == nil {
		w.t.Fatalf("no data source %s", typeName)
	}
	resp, err := w.ReadDataSource(w.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: w.config(s, given)})
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := resp.State.Unmarshal(s.ValueType())
	if err != nil {
		w.t.Fatal(err)
	}
	attributes, _ = plainValue(w.t, v).(map[string]any)
	return attributes, diagnosticsText(resp.Diagnostics)
}

// plainValue is a value of Terraform's as Go writes it.
func plainValue(t testing.TB, v tftypes.Value) any {
	t.Helper()
	var (
		text    string
		truth   bool
		number  *big.Float
		list    []tftypes.Value
		members map[string]tftypes.Value
	)
	switch {
	case v.IsNull():
		return nil
	case v.As(&text) == nil:
		return text
	case v.As(&truth) == nil:
		return truth
	case v.As(&number) == nil:
		n, _ := number.Int64()
		return int(n)
	case v.As(&list) == nil:
		plain := []any{}
		for _, e := range list {
			plain = append(plain, plainValue(t, e))
		}
		return plain
	case v.As(&members) == nil:
		plain := map[string]any{}
		for name, m := range members {
			plain[name] = plainValue(t, m)
		}
		return plain
	}
	t.Fatalf("no plain value for %s", v)
	return nil
}

// makeInHotpot makes something as a script would, and returns its id.
func makeInHotpot(t testing.TB, sb *sandbox.Sandbox, tenant, kind string, body map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(sb.URLs().Hotpot+"/v1beta/"+tenant+"/"+kind, "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ ID, Message string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.ID == "" {
		t.Fatalf("%s: %s %v", resp.Status, answer.Message, err)
	}
	return answer.ID
}

func makeHost(t testing.TB, sb *sandbox.Sandbox, tenant, name, ip string) string {
	t.Helper()
	return makeInHotpot(t, sb, tenant, "host/hosts", map[string]any{
		"hostName": name, "ip": ip, "osType": "linux", "accessMode": "agentless", "availabilityZones": []string{"default"},
		"initiators": []map[string]any{{"portName": "iqn.2", "protocol": "iscsi"}, {"portName": "iqn.1", "protocol": "iscsi"}},
	})
}

func makeVolume(t testing.TB, sb *sandbox.Sandbox, tenant, name string) string {
	t.Helper()
	return makeInHotpot(t, sb, tenant, "block/volumes", map[string]any{"name": name, "size": 1, "availabilityZone": "default", "profileId": sandbox.ProfileID})
}

func attachVolume(t testing.TB, sb *sandbox.Sandbox, tenant, volumeID, hostID string) string {
	t.Helper()
	return makeInHotpot(t, sb, tenant, "block/attachments", map[string]any{"volumeId": volumeID, "hostId": hostID, "attachMode": "rw"})
}

type thing struct{ name, id, more string }

func TestChoose(t *testing.T) {
	many := []thing{}
	for i := range 23 {
		many = append(many, thing{fmt.Sprintf("h%02d", i), fmt.Sprint(i), ""})
	}
	for name, c := range map[string]struct {
		things []thing
		want   string // id
		err    string
	}{
		"one of several":      {[]thing{{"a", "1", ""}, {"db1", "2", ""}, {"DB1", "3", ""}}, "2", ""},
		"none at all":         {nil, "", `there is no host "db1"; the tenant has no hosts at all`},
		"none of the name":    {[]thing{{"web", "2", "192.0.2.2"}, {"app", "1", ""}}, "", `there is no host "db1". There are: "app" (1), "web" (2, 192.0.2.2)`},
		"nearly the name":     {[]thing{{"DB-1", "1", ""}}, "", `there is no host "db1". Did you mean "DB-1"? There are: "DB-1" (1)`},
		"two of the name":     {[]thing{{"db1", "2", ""}, {"db1", "1", "192.0.2.1"}, {"db2", "3", ""}}, "", `2 hosts are called "db1": 1 (192.0.2.1), 2; give id`},
		"more than one reads": {many, "", `"h18" (18), "h19" (19) and 3 more`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := catalogue[thing]{
				one: "host", many: "hosts", rows: c.things,
				name: func(x thing) string { return x.name }, id: func(x thing) string { return x.id }, more: func(x thing) string { return x.more },
			}.choose("db1")
			switch {
			case c.err == "" && (err != nil || got.id != c.want):
				t.Errorf("got %v, %v", got, err)
			case c.err != "" && (err == nil || !strings.HasSuffix(err.Error(), c.err)):
				t.Errorf("got %v\nwant %s", err, c.err)
			}
		})
	}
}

func TestLookupSettings(t *testing.T) {
	text := types.StringValue
	for name, c := range map[string]struct {
		config            providerModel
		vars              map[string]string
		block, multicloud string
	}{
		"none":                     {vars: noauthEnvironment()},
		"an openrc's":              {vars: openrcEnvironment(), block: "http://192.0.2.1:50040/v1beta"},
		"the environment's":        {vars: openrcEnvironment("SODA_BLOCK_ENDPOINT", "https://b.test", "SODA_MULTICLOUD_ENDPOINT", "http://m.test:8089/"), block: "https://b.test/v1beta", multicloud: "http://m.test:8089/v1"},
		"the configuration's":      {config: providerModel{BlockEndpoint: text("http://c.test"), MulticloudEndpoint: text("http://c.test:1")}, vars: openrcEnvironment("SODA_BLOCK_ENDPOINT", "http://b.test", "SODA_MULTICLOUD_ENDPOINT", "http://m.test"), block: "http://c.test/v1beta", multicloud: "http://c.test:1/v1"},
		"a path is the API's root": {config: providerModel{BlockEndpoint: text("http://c.test/block/"), MulticloudEndpoint: text("http://c.test/multi/v1")}, vars: noauthEnvironment(), block: "http://c.test/block", multicloud: "http://c.test/multi/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			s, diags := resolveSettings(t, c.config, c.vars)
			spelt := func(e lookupEndpoint) string {
				if e.root == nil {
					return ""
				}
				return e.root.String()
			}
			if len(diags) > 0 || spelt(s.block) != c.block || spelt(s.multicloud) != c.multicloud {
				t.Errorf("got %q and %q, %v", spelt(s.block), spelt(s.multicloud), diags)
			}
		})
	}
}

// TestLookupsAskOnlyForWhatTheyNeed: an endpoint that is not there, or not
// known yet, is no matter for anything else.
func TestLookupsAskOnlyForWhatTheyNeed(t *testing.T) {
	sb := start(t, sandbox.Config{})
	w := dialAs(t, sb, map[string]any{"tenant_id": sandbox.Tenant, "auth_strategy": "noauth", "block_endpoint": unknownValue{}})
	if _, said := w.lookup("soda_orchestration_services", nil); said != "" {
		t.Error(said)
	}
	_, said := w.lookup("soda_block_host", map[string]any{"name": "host-1"})
	mustContain(t, said, "Cannot find the host", "The provider's block_endpoint is not known before apply", "terraform apply -target")
	_, said = w.lookup("soda_multicloud_backends", nil)
	mustContain(t, said, "Cannot list backends", "Set multicloud_endpoint in the provider block, or SODA_MULTICLOUD_ENDPOINT in the environment, for example to http://")
	w = dial(t, sb)
	for typeName, given := range map[string]map[string]any{
		"soda_block_host": {"name": "x"}, "soda_block_profile": {"name": "x"}, "soda_block_volume": {"name": "x"}, "soda_block_volumes": nil, "soda_block_availability_zones": nil,
	} {
		_, said := w.lookup(typeName, given)
		mustContain(t, said, "Set block_endpoint in the provider block, or SODA_BLOCK_ENDPOINT or OPENSDS_ENDPOINT in the environment")
	}
}

// TestLookupTLS: the settings for TLS serve hotpot and gelato too.
func TestLookupTLS(t *testing.T) {
	sb := start(t, sandbox.Config{})
	ca := newAuthority(t)
	local := ca.server("127.0.0.1")
	for name, c := range map[string]struct {
		address, pem, want string
	}{
		"a CA text":                  {tlsFront(t, sb.URLs().Hotpot, local, nil), ca.pem, ""},
		"no CA":                      {tlsFront(t, sb.URLs().Hotpot, local, nil), "", "Hotpot's certificate is not trusted here. Check ca_cert_file"},
		"another host's certificate": {tlsFront(t, sb.URLs().Hotpot, ca.server("elsewhere.test"), nil), ca.pem, "Hotpot's certificate is for another host. Check block_endpoint"},
		"no client certificate":      {tlsFront(t, sb.URLs().Hotpot, local, ca), ca.pem, "Hotpot ended the TLS handshake. The usual cause is a missing client certificate. Check client_cert_file"},
	} {
		t.Run(name, func(t *testing.T) {
			login := lookupLogin(sb, map[string]any{"block_endpoint": c.address})
			if c.pem != "" {
				login["ca_cert_pem"] = c.pem
			}
			_, said := dialAs(t, sb, login).lookup("soda_block_host", map[string]any{"name": "host-1"})
			if c.want == "" && said != "" {
				t.Error(said)
			}
			mustContain(t, said, c.want)
		})
	}
}

// TestLookupsLogIn: hotpot and gelato of this sandbox check tokens. One that is
// revoked is replaced.
func TestLookupsLogIn(t *testing.T) {
	sb := start(t, sandbox.Config{Auth: "keystone"})
	var tokens []string
	proxy := proxyTo(sb.URLs().Hotpot)
	hotpot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("X-Auth-Token"))
		proxy.ServeHTTP(w, r)
	}))
	defer hotpot.Close()
	login := map[string]any{"block_endpoint": hotpot.URL, "multicloud_endpoint": sb.URLs().Gelato}
	for name, value := range adminLogin(sb) {
		login[name] = value
	}
	w := dialAs(t, sb, login)
	look := func() {
		t.Helper()
		if _, said := w.lookup("soda_block_host", map[string]any{"name": "host-1"}); said != "" {
			t.Error(said)
		}
	}
	look()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, sb.URLs().Keystone+"/v3/auth/tokens", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", tokens[0])
	req.Header.Set("X-Subject-Token", tokens[0])
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp, err)
	}
	look()
	look()
	if len(tokens) != 4 || tokens[1] != tokens[0] || tokens[2] == tokens[0] || tokens[3] != tokens[2] {
		t.Errorf("tokens %q", tokens)
	}
	if _, said := w.lookup("soda_multicloud_backends", nil); said != "" {
		t.Error(said)
	}
}

package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox"
)

// between stands between the provider and a sandbox's StackStorm. It notes every
// request and can refuse them. The orchestrator does not go through it.
type between struct {
	url string

	mu       sync.Mutex
	requests []string
	status   int // 0 lets requests through
}

// connectThrough puts a between before the sandbox's StackStorm. The settings of
// the provider lead there.
func connectThrough(t testing.TB, sb *sandbox.Sandbox) (*between, map[string]any) {
	t.Helper()
	target, err := url.Parse(sb.URLs().StackStorm)
	if err != nil {
		t.Fatal(err)
	}
	b := &between{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.requests = append(b.requests, r.Method+" "+r.URL.RequestURI())
		status := b.status
		b.mu.Unlock()
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	settings := withStackStorm(sb, sandbox.StackStormAPIKey)
	settings["stackstorm"].(map[string]any)["url"] = srv.URL
	return b, settings
}

// answerWith makes every request end with a status; 0 lets them through again.
func (b *between) answerWith(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// seen lists the requests that hold the text.
func (b *between) seen(text string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.requests), func(r string) bool { return !strings.Contains(r, text) })
}

// statusRead is in a request that reads the status of several executions.
const statusRead = "/executions?id="

// contextOf is the context of an execution, as StackStorm shows it.
func contextOf(t testing.TB, sb *sandbox.Sandbox, executionID string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sb.URLs().StackStorm+"/api/v1/executions/"+executionID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("St2-Api-Key", sandbox.StackStormAPIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var shown struct{ Context map[string]any }
	if err := json.NewDecoder(resp.Body).Decode(&shown); err != nil {
		t.Fatal(err)
	}
	return shown.Context
}

// texts are the attributes of a saved run.
func (c *command) texts(r savedResource) map[string]string {
	c.t.Helper()
	if r.state == nil {
		return nil
	}
	return c.plans.attributeTexts(c.plans.resourceType(instanceType), r.state)
}

// published is what the state of a run has published; nil for null.
func (c *command) published(r savedResource) map[string]string {
	c.t.Helper()
	return publishedIn(c.t, c.plans.attributes(instanceType, r.state)["published"])
}

func publishedIn(t testing.TB, v tftypes.Value) map[string]string {
	t.Helper()
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	var members map[string]tftypes.Value
	if err := v.As(&members); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for name, x := range members {
		var text string
		if x.Type().Is(tftypes.String) && x.As(&text) == nil {
			found[name] = text
		} else {
			found[name] = x.String()
		}
	}
	return found
}

package stackstorm

import (
	"net/http"
	"strings"
	"testing"
)

// traced lists, for each trace that a query finds, the executions in it.
func (c *caller) traced(query string) (found []string) {
	c.t.Helper()
	code, v := c.call(http.MethodGet, "/api/v1/traces?"+query, "")
	if code != http.StatusOK {
		c.t.Fatalf("%s: %d %v", query, code, v)
	}
	for _, t := range v.([]any) {
		var ids []string
		for _, e := range t.(map[string]any)["action_executions"].([]any) {
			ids = append(ids, e.(map[string]any)["object_id"].(string))
		}
		found = append(found, strings.Join(ids, " "))
	}
	return found
}

// TestTraces: a tag used twice makes two traces, a run without a tag has one of
// its own, and a re-run joins that of the first run.
func TestTraces(t *testing.T) {
	c := newCaller(t, Config{})
	start := func(context string) string {
		t.Helper()
		_, v := c.call(http.MethodPost, "/api/v1/executions", `{"action": "opensds.lab-echo", "context": `+context+`,
			"parameters": {"ip_addr": "h", "port": "1", "tenant_id": "t"}}`)
		return v.(map[string]any)["id"].(string)
	}
	first, second, plain := start(`{"trace_context": {"trace_tag": "x"}}`), start(`{"trace_context": {"trace_tag": "x"}}`), start(`{}`)
	task := c.get(first)["children"].([]any)[0].(string)
	_, v := c.call(http.MethodPost, "/api/v1/executions/"+plain+"/re_run", "{}")
	again := v.(map[string]any)["id"].(string)
	for query, want := range map[string]string{
		"trace_tag=x":         second + ", " + first + " " + task,
		"trace_tag=none":      "",
		"execution=" + first:  first + " " + task,
		"execution=" + task:   first + " " + task,
		"execution=" + plain:  plain + " " + again,
		"execution=" + again:  plain + " " + again,
		"execution=" + "none": "",
	} {
		if got := strings.Join(c.traced(query), ", "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

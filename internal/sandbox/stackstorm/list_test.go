package stackstorm

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// ids are those of a list of executions that must be answered.
func (c *caller) ids(query string) []string {
	c.t.Helper()
	code, v := c.call(http.MethodGet, "/api/v1/executions?"+query, "")
	if code != http.StatusOK {
		c.t.Fatalf("%s: %d %v", query, code, v)
	}
	ids := []string{}
	for _, e := range v.([]any) {
		ids = append(ids, e.(map[string]any)["id"].(string))
	}
	return ids
}

// marked starts an execution of the workflow own.two with a mark.
func (c *caller) marked(mark string) string {
	c.t.Helper()
	code, v := c.call(http.MethodPost, "/api/v1/executions", `{"action": "own.two", "context": {"mark": "`+mark+`", "number": 5, "in": {"a": "b:c"}}}`)
	if code != http.StatusCreated {
		c.t.Fatalf("%d %v", code, v)
	}
	return v.(map[string]any)["id"].(string)
}

// TestFilters has one run that has succeeded, and a newer one that runs.
func TestFilters(t *testing.T) {
	c := newCaller(t, Config{TaskTime: 10 * time.Second})
	c.register(twoTasks(t, ""))
	old := c.marked("old")
	c.clock = c.clock.Add(25 * time.Second)
	young := c.marked("young")
	c.clock = c.clock.Add(5 * time.Second)
	live := c.get(young)["liveaction"].(map[string]any)["id"].(string)
	var oldTasks, youngTasks []string
	for id, into := range map[string]*[]string{old: &oldTasks, young: &youngTasks} {
		for _, k := range c.get(id)["children"].([]any) {
			*into = append(*into, k.(string))
		}
	}
	everything := []string{youngTasks[0], young, oldTasks[1], oldTasks[0], old}
	for query, want := range map[string][]string{
		"":                                                 everything,
		"nonsense=1&trace_tag=x":                           everything, // unknown parameters (S6)
		"sort_asc=True":                                    {old, oldTasks[0], oldTasks[1], young, youngTasks[0]},
		"sort=status":                                      {youngTasks[0], young, oldTasks[1], oldTasks[0], old},
		"filter=context.mark:old":                          {old},
		"filter=context.mark:ol":                           {},
		"filter=context.parent.mark:young":                 {youngTasks[0]},
		"filter=context.number:5":                          {},
		"filter=context.in.a:b:c&limit=1":                  {young},
		"filter=context.missing.deep:1":                    {},
		"filter=status:running%20context.mark:young":       {young},
		"filter=context.mark:old&status=running":           {},
		"filter=action.ref:own.one":                        {youngTasks[0], oldTasks[0]},
		"filter=children:" + oldTasks[1]:                   {old},
		"status=succeeded&action=own.two":                  {old},
		"status=nonsense":                                  {},
		"action=own.one":                                   {youngTasks[0], oldTasks[0]},
		"user=" + User + "&parent=null":                    {young, old},
		"user=nobody":                                      {},
		"runner=mistral-v2":                                {young, old},
		"parent=" + old + "&sort_asc=true":                 oldTasks,
		"liveaction=" + live:                               {young},
		"id=" + old:                                        {old},
		"id=" + old + ",6b0000000000000000000000," + young: {young, old},
		"rule=x": {},
		"timestamp_gt=2023-11-14T22:13:20Z&action=own.two":         {young}, // strict
		"timestamp_gt=2023-11-14T22:13:19.999999Z&action=own.two":  {old, young},
		"timestamp_lt=2023-11-14T22:13:45.000000Z&action=own.two":  {old},
		"timestamp_lt=2099-01-01T00:00:00Z&action=own.two&limit=1": {young},
	} {
		if got := c.ids(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestFiltersRefused(t *testing.T) {
	for version, below := range map[string][3]any{
		Version320: {500, "Internal Server Error", ""},
		Version381: {400, "Cannot resolve subfield or operator output on the field result", "Invalid or unsupported include attribute specified: " +
			"Cannot resolve subfield or operator output on the field result"},
	} {
		c := newCaller(t, Config{Version: version})
		c.startAction("opensds.lab-echo", withAddress(nil))
		for query, want := range map[string][2]any{
			"filter=soda":                        {400, `invalid format for filter "soda"`},
			"filter=context.a:two%20words":       {400, `invalid format for filter "words"`},
			"filter=nonsense:1":                  {400, `Cannot resolve field "nonsense"`},
			"filter=context.a__startswith:x":     {500, "Internal Server Error"},
			"filter=result.output:x":             {below[0], below[1]},
			"timestamp=2026-01-01T00:00:00Z":     {500, "Internal Server Error"},
			"timestamp_gt=yesterday":             {400, "Datetime value does not match expected format."},
			"timestamp_lt=2026-01-01T00:00:00":   {400, "Datetime value does not match expected format."},
			"include_attributes=id,nonsense":     {400, "Invalid or unsupported include attribute specified: nonsense"},
			"include_attributes=elapsed_seconds": {400, "Invalid or unsupported include attribute specified: elapsed_seconds"},
			"exclude_attributes=context":         {400, "Invalid or unsupported exclude attribute specified: context"},
			"include_attributes=id&exclude_attributes=result": {400, "exclude_fields and include_fields arguments are mutually exclusive. " +
				"You need to provide either one or another, but not both."},
		} {
			if code, v := c.call(http.MethodGet, "/api/v1/executions?"+query, ""); code != want[0] || faultstring(v) != want[1] {
				t.Errorf("%s, %s: %d %v", version, query, code, v)
			}
		}
		code, v := c.call(http.MethodGet, "/api/v1/executions?include_attributes=result.output&limit=1&parent=null", "")
		if below[2] == "" {
			if list := v.([]any); code != 200 || len(list[0].(map[string]any)) != 1 {
				t.Errorf("%s: a part of a result: %d %v", version, code, v)
			}
		} else if faultstring(v) != below[2] {
			t.Errorf("%s: a part of a result: %d %v", version, code, v)
		}
	}
}

func TestAttributes(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(twoTasks(t, ""))
	id := c.marked("m")
	c.get(id)
	c.get(id)
	keysOf := func(query string) string {
		t.Helper()
		code, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"?"+query, "")
		if code != 200 {
			t.Fatalf("%s: %d %v", query, code, v)
		}
		return strings.Join(sortedKeys(v.(map[string]any)), " ")
	}
	for query, want := range map[string]string{
		"include_attributes=status":                     "id status",
		"include_attributes=id,context,result,children": "children context id result",
		"include_attributes=parent":                     "id", // it has none
		"include_attributes=action.ref,start_timestamp": "action id start_timestamp",
		"exclude_attributes=result,status": "action children context elapsed_seconds end_timestamp id liveaction log runner " +
			"start_timestamp web_url",
	} {
		if got := keysOf(query); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	_, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"?include_attributes=action.ref", "")
	if got := strings.Join(sortedKeys(v.(map[string]any)["action"].(map[string]any)), " "); got != "pack parameters ref uid" {
		t.Errorf("a part of the action: %s", got)
	}
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/attribute/status", ""); v != "succeeded" {
		t.Errorf("the status by itself: %v", v)
	}
	if code, _ := c.call(http.MethodGet, "/api/v1/executions/"+id+"/attribute/context", ""); code != 400 {
		t.Errorf("an attribute that cannot be asked for: %d", code)
	}
}

// TestReadsThatMove: without a task time, to ask for executions by id is to
// look at them; to look for them is not.
func TestReadsThatMove(t *testing.T) {
	c := newCaller(t, Config{})
	c.register(twoTasks(t, ""))
	a, b := c.marked("a"), c.marked("b")
	statuses := func(query string) string {
		t.Helper()
		_, v := c.call(http.MethodGet, "/api/v1/executions?sort_asc=True&parent=null&include_attributes=status&"+query, "")
		var words []string
		for _, e := range v.([]any) {
			words = append(words, e.(map[string]any)["status"].(string))
		}
		return strings.Join(words, " ")
	}
	for _, step := range []struct{ query, want string }{
		{"filter=context.mark:a", "requested"},
		{"", "requested requested"},
		{"id=" + a + "," + b, "running running"},
		{"filter=context.mark:b", "running"},
		{"id=" + a, "succeeded"},
		{"", "succeeded running"},
	} {
		if got := statuses(step.query); got != step.want {
			t.Fatalf("%q: %s, want %s", step.query, got, step.want)
		}
	}
}

// TestLast: "last" is the newest execution of all users, tasks too (S17).
func TestLast(t *testing.T) {
	c := newCaller(t, Config{})
	if code, v := c.call(http.MethodGet, "/api/v1/executions/last", ""); code != 404 {
		t.Errorf("nothing yet: %d %v", code, v)
	}
	c.register(twoTasks(t, ""))
	id := c.marked("m")
	if got := c.get("last")["id"]; got != id {
		t.Errorf("last is %v, want %s", got, id)
	}
	children := c.get(id)["children"].([]any)
	if got := c.get("last"); got["id"] != children[len(children)-1] || got["parent"] != id {
		t.Errorf("last is %v, want the task %v", got["id"], children)
	}
}

func TestContextIsKept(t *testing.T) {
	c := newCaller(t, Config{})
	_, v := c.call(http.MethodPost, "/api/v1/executions", `{"action": "opensds.lab-echo", "user": "other",
		"parameters": {"ip_addr": "h", "port": "1", "tenant_id": "t"}, "delay": 5, "result": {"a": 1}, "tags": [1], "id": "6b0000000000000000000001",
		"context": {"soda_run": "r", "user": "mallory", "pack": "evil", "nested": {"a": [1, {"b": null}]}}}`)
	e := v.(map[string]any)
	want, _ := decodeAny([]byte(`{"soda_run": "r", "user": "other", "pack": "opensds", "nested": {"a": [1, {"b": null}]}}`))
	if !reflect.DeepEqual(e["context"], want) || pyStr(e["delay"]) != "5" || pyRepr(e["result"]) != "{'a': 1}" {
		t.Errorf("%v %v %v", e["context"], e["delay"], e["result"])
	}
	id := e["id"].(string)
	if runs := c.Executions(); runs[0].Context["soda_run"] != "r" || id == "6b0000000000000000000001" {
		t.Errorf("%+v", runs)
	}
	if e := c.get(id); e["context"].(map[string]any)["mistral"] == nil || pyRepr(e["result"]) != "{'tasks': []}" {
		t.Errorf("running: %v %v", e["context"], e["result"])
	}
}

func TestContextRefused(t *testing.T) {
	for _, version := range []string{Version320, Version381} {
		text := map[string]string{
			Version320: "The server has either erred or is incapable of performing the requested operation.",
			Version381: "The trace context has a value that is not a dictionary (was <class 'str'>).",
		}[version]
		c := newCaller(t, Config{Version: version})
		for context, want := range map[string][2]any{
			`null`:                                 {400, "None is not of type 'object'"},
			`"text"`:                               {400, "'text' is not of type 'object'"},
			`{"a.b": 1}`:                           {500, "key 'a.b' must not contain '.'"},
			`{"a": [{"b.c": 1}]}`:                  {500, "key 'b.c' must not contain '.'"},
			`{"$c": 1, "a.b": 1}`:                  {500, `ValidationError (LiveActionDB:None) (Invalid dictionary key name - keys may not startswith "$" characters: ['context'])`},
			`{"trace_context": "x"}`:               {500, text},
			`{"trace_context": {"trace_tag": 5}}`:  {500, "ValidationError (TraceDB:None) (StringField only accepts string values: ['trace_tag'])"},
			`{"trace_context": {"trace_tag": ""}}`: {400, "Atleast one of id_ or trace_tag should be specified."},
			`{"trace_context": {"id_": "6b0000000000000000000001"}}`:   {400, "Unable to find the TraceDB instance. {'id': '6b0000000000000000000001'}"},
			`{"parent": {"execution_id": "6b0000000000000000000001"}}`: {400, "No trace found for execution 6b0000000000000000000001"},
		} {
			code, v := c.call(http.MethodPost, "/api/v1/executions", `{"action": "opensds.lab-echo", "parameters":
				{"ip_addr": "h", "port": "1", "tenant_id": "t"}, "context": `+context+`}`)
			if code != want[0] || faultstring(v) != want[1] {
				t.Errorf("%s, %s: %d %v", version, context, code, v)
			}
		}
		if n := len(c.Executions()); n != 0 {
			t.Errorf("%d were started", n)
		}
	}
}

func TestKeys(t *testing.T) {
	c := newCaller(t, Config{})
	with := func(header, secret, query string) (int, any) {
		req := c.request(http.MethodGet, "/api/v1/user?"+query, "")
		req.Header.Del("X-Auth-Token")
		if header != "" {
			req.Header.Set(header, secret)
		}
		return c.send(req)
	}
	who := func(v any) string {
		m, _ := v.(map[string]any)
		how, _ := m["authentication"].(map[string]any)
		return pyStr(m["username"]) + " " + pyStr(how["method"]) + " " + pyStr(how["location"])
	}
	if code, v := with("St2-Api-Key", APIKey, ""); code != 200 || who(v) != "st2admin API key header" {
		t.Errorf("the key that is always there: %d %v", code, v)
	}
	if code, v := with("", "", "st2-api-key="+url.QueryEscape(APIKey)); code != 200 || who(v) != "st2admin API key query" {
		t.Errorf("in the query: %d %v", code, v)
	}
	if code, v := with("", "", "x-auth-token="+c.token); code != 200 || who(v) != "st2admin authentication token query" {
		t.Errorf("a token in the query: %d %v", code, v)
	}
	_, v := c.call(http.MethodPost, "/api/v1/apikeys", `{"user": "other", "metadata": {"a": "b"}}`)
	made := v.(map[string]any)
	key, id := made["key"].(string), made["id"].(string)
	if code, v := with("St2-Api-Key", key, ""); code != 200 || who(v) != "other API key header" {
		t.Errorf("a new key: %d %v", code, v)
	}
	if code, v := c.call(http.MethodPut, "/api/v1/apikeys/"+id, `{"user": "other", "enabled": false}`); code != 200 || strings.Contains(pyRepr(v), key) {
		t.Errorf("disabling: %d %v", code, v)
	}
	if code, v := with("St2-Api-Key", key, ""); code != 401 || faultstring(v) != "Unauthorized - API key is disabled." {
		t.Errorf("disabled: %d %v", code, v)
	}
	if code, v := with("St2-Api-Key", "no", ""); code != 401 || faultstring(v) != "Unauthorized - ApiKey with key_hash="+hashOf("no")+" not found." {
		t.Errorf("unknown: %d %v", code, v)
	}
	if code, v := c.call(http.MethodPut, "/api/v1/apikeys/none", `{}`); code != 404 {
		t.Errorf("changing no key: %d %v", code, v)
	}
	req := c.request(http.MethodGet, "/api/v1/user", "")
	req.Header.Set("St2-Api-Key", "no")
	if code, _ := c.send(req); code != 200 {
		t.Errorf("the token wins: %d", code)
	}
}

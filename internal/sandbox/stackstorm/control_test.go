package stackstorm

import (
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestHold(t *testing.T) {
	for _, taskTime := range []time.Duration{0, time.Second} {
		c := newCaller(t, Config{TaskTime: taskTime})
		c.register(twoTasks(t, ""))
		before := c.startAction("own.two", map[string]any{})
		c.Hold()
		during := c.startAction("own.two", map[string]any{})
		c.clock = c.clock.Add(time.Hour)
		for range 3 {
			for _, id := range []string{before, during} {
				c.wantRun("held", id, "running", "one running")
			}
		}
		c.Release()
		if taskTime > 0 {
			c.wantRun("just released", during, "running", "one running")
			c.clock = c.clock.Add(taskTime)
			c.wantRun("released", during, "running", "one succeeded", "two running")
			c.Release() // once more does nothing
			c.clock = c.clock.Add(taskTime)
		}
		for _, id := range []string{before, during} {
			c.wantRun("at the end", id, "succeeded", "one succeeded", "two succeeded")
		}
	}
}

func TestForceStatus(t *testing.T) {
	for _, status := range executionStatuses {
		c := newCaller(t, Config{})
		id := c.startAction("opensds.lab-echo", withAddress(nil))
		if err := c.ForceStatus(id, status); err != nil {
			t.Fatal(err)
		}
		c.get(id)
		e := c.get(id)
		if e["status"] != status {
			t.Errorf("%v, want %s", e["status"], status)
		}
		_, ended := e["end_timestamp"]
		final := map[string]bool{"succeeded": true, "failed": true, "timeout": true, "abandoned": true, "canceled": true}
		if ended != final[status] {
			t.Errorf("%s: end_timestamp there %v", status, ended)
		}
		early := map[string]bool{"requested": true, "scheduled": true, "delayed": true, "pending": true}
		if _, has := e["result"]; has == early[status] {
			t.Errorf("%s: result there %v", status, has)
		}
	}
}

func TestForcedGoesOn(t *testing.T) {
	for _, taskTime := range []time.Duration{0, time.Second} {
		c := newCaller(t, Config{TaskTime: taskTime})
		id := c.startAction("opensds.lab-echo", withAddress(nil))
		for _, status := range []string{"canceled", "succeeded", ""} {
			if err := c.ForceStatus(id, status); err != nil {
				t.Fatal(err)
			}
		}
		e := c.wantRun("a final status stays", id, "succeeded", "lab-echo running")
		if e["end_timestamp"] == nil {
			t.Error("no end")
		}
		if err := c.ForceStatus(id, "paused"); err != nil {
			t.Fatal(err)
		}
		if e := c.get(id); e["end_timestamp"] != nil {
			t.Error("it ended")
		}
		if err := c.ForceStatus(id, ""); err != nil {
			t.Fatal(err)
		}
		c.clock = c.clock.Add(taskTime)
		c.get(id)
		c.wantRun("left alone", id, "succeeded", "lab-echo succeeded")
	}
	c := newCaller(t, Config{})
	id := c.startAction("opensds.lab-echo", withAddress(nil))
	if c.ForceStatus(id, "done") == nil || c.ForceStatus("5d01d1c2b0f6a80123456789", "failed") == nil {
		t.Error("no error")
	}
}

func TestPurge(t *testing.T) {
	c := newCaller(t, Config{})
	id := c.startAction("opensds.lab-echo", withAddress(nil))
	kept := c.startAction("opensds.lab-echo", withAddress(nil))
	child := c.get(id)["children"].([]any)[0].(string)
	if err := c.Purge(id); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{id, child, "nonsense"} {
		for _, path := range []string{"", "/output", "/children"} {
			code, v := c.call(http.MethodGet, "/api/v1/executions/"+gone+path, "")
			if code != 404 || faultstring(v) != `Unable to identify resource with id "`+gone+`".` {
				t.Errorf("%s%s: %d %v", gone, path, code, v)
			}
		}
	}
	if runs := c.Executions(); len(runs) != 1 || runs[0].ID != kept {
		t.Errorf("left: %v", runs)
	}
	if c.Purge(id) == nil {
		t.Error("purged twice")
	}
}

func TestBehaviours(t *testing.T) {
	c := newCaller(t, Config{})
	c.must(c.SetFirstStatus("opensds.lab-echo", "delayed"))
	_, v := c.call(http.MethodPost, "/api/v1/executions",
		`{"action": "opensds.lab-echo", "parameters": {"ip_addr": "h", "port": "1", "tenant_id": "t"}}`)
	e := v.(map[string]any)
	if e["status"] != "delayed" {
		t.Errorf("first status %v", e["status"])
	}
	id := e["id"].(string)
	if c.SetOutput(id, "line 1") != nil || c.SetResult(id, map[string]any{"error": "runner"}) != nil {
		t.Error("not set")
	}
	if e = c.get(id); e["status"] != "delayed" || !reflect.DeepEqual(e["result"], map[string]any{"error": "runner"}) {
		t.Errorf("%v %v", e["status"], e["result"])
	}
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/output", ""); v != "line 1" {
		t.Errorf("output %q", v)
	}
	if c.SetOutput(id, "line 2 ü\n") != nil || c.SetResult(id, map[string]any{"tasks": []any{}}) != nil {
		t.Error("not set")
	}
	if _, v := c.call(http.MethodGet, "/api/v1/executions/"+id+"/output", ""); v != "line 2 ü\n" {
		t.Errorf("output %q", v)
	}
	if e := c.get(id); !reflect.DeepEqual(e["result"], map[string]any{"tasks": []any{}}) {
		t.Errorf("result %v", e["result"])
	}
	if c.SetOutput("x", "") == nil || c.SetResult("x", nil) == nil {
		t.Error("set on nothing")
	}
	c.must(c.SetFirstStatus("opensds.lab-echo", ""))
	c.wantRun("as it was", c.startAction("opensds.lab-echo", withAddress(nil)), "running", "lab-echo running")
}

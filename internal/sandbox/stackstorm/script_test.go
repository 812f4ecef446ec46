package stackstorm

import (
	"testing"
	"testing/fstest"
)

// TestScriptedTaskDoesItsWork: a scripted task with the action core.http sends
// its request, and what it got can be published; one with a shipped Python
// action does that action's work.
func TestScriptedTaskDoesItsWork(t *testing.T) {
	b := &backend{t: t, answers: map[string]func() (int, string){
		"GET /things":                      says(200, `[{"id": "a"}, {"id": "b"}]`),
		"DELETE /things/b":                 says(200, ""),
		"DELETE /v1beta/t/block/volumes/b": says(202, ""),
	}}
	c := newCaller(t, Config{Client: b})
	actions, err := loadPack(fstest.MapFS{"actions/tidy.yaml": {Data: []byte(`
name: tidy
runner_type: mistral-v2
parameters: {token: {type: string}}
tags:
  - {name: sandbox.tasks, value: 'find, remove, delete'}
  - {name: sandbox.action.find, value: core.http}
  - {name: sandbox.input.find, value: '{"url": "http://soda/things", "headers": {"X-Auth-Token": "<% $.token %>"}}'}
  - {name: sandbox.publish.find, value: '{"id": "<% result.body.1.id %>", "none": "<% result.body.7.id %>"}'}
  - {name: sandbox.action.remove, value: core.http}
  - {name: sandbox.input.remove, value: '{"method": "DELETE", "url": "http://soda/things/<% $.id %>"}'}
  - {name: sandbox.action.delete, value: opensds.delete-volume}
  - {name: sandbox.input.delete, value: '{"ip_addr": "soda", "port": "1", "tenant_id": "t", "volume_id": "<% $.id %>"}'}
`)}}, "own")
	if err != nil {
		t.Fatal(err)
	}
	c.register(actions[0])
	id := c.startAction("own.tidy", map[string]any{"token": "secret"})
	c.get(id)
	if e := c.get(id); e["status"] != "succeeded" {
		t.Error(e)
	}
	b.wantSeen("GET http://soda/things secret", "DELETE http://soda/things/b ", "DELETE http://soda:1/v1beta/t/block/volumes/b ")
}

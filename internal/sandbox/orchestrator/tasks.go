package orchestrator

import (
	"errors"
	"maps"
	"net/http"
)

// getTasks shows an execution in StackStorm's own words (quirk 37).
func (o *Server) getTasks(c *call) (answer, error) {
	code, body, err := o.st2.execution(c.id)
	if err != nil {
		return answer{}, err
	}
	v, err := decodeJSON(body)
	if err != nil {
		if code == http.StatusOK {
			return answer{http.StatusNotFound, tasksError}, nil
		}
		return answer{}, err
	}
	if code != http.StatusOK {
		return answer{code, record{"response": v}}, nil
	}
	execution, _ := v.(record)
	tasks, ok := tasksOf(execution)
	if !ok {
		return answer{http.StatusNotFound, tasksError}, nil
	}
	return answer{http.StatusOK, tasks}, nil
}

const tasksError = "error getting tasks"

// tasksOf merges what the tasks published; the last one wins. If one of them
// did not publish an object, it is an error (quirk 38).
func tasksOf(execution record) (record, bool) {
	id, hasID := execution["id"]
	start, hasStart := execution["start_timestamp"]
	if !hasID || !hasStart {
		return nil, false
	}
	shown := record{"id": id, "start": start}
	if end, ok := execution["end_timestamp"]; ok {
		shown["end"] = end
	}
	if status, ok := execution["status"]; ok {
		shown["status"] = status
	}
	r, ok := execution["result"]
	if !ok {
		return shown, true
	}
	result, _ := r.(record)
	list, ok := result["tasks"].([]any)
	if !ok {
		return nil, false
	}
	published := record{}
	for _, t := range list {
		task, _ := t.(record)
		p, ok := task["published"].(record)
		if !ok {
			return nil, false
		}
		maps.Copy(published, p)
	}
	shown["published"] = published
	return shown, true
}

// listWorkflows lists the Mistral workflows of the pack opensds on StackStorm's
// first page, by reference (quirk 39).
func (o *Server) listWorkflows(*call) (answer, error) {
	actions, err := o.st2.actions()
	if err != nil {
		return answer{}, err
	}
	workflows := record{}
	for _, a := range actions {
		action, ok := a.(record)
		if !ok {
			return answer{}, errors.New("TypeError: string indices must be integers")
		}
		ref, ok := action["ref"].(string)
		if ok && action["runner_type"] == "mistral-v2" && action["pack"] == "opensds" {
			workflows[ref] = action
		}
	}
	return answer{http.StatusOK, workflows}, nil
}

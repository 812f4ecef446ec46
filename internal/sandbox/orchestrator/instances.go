package orchestrator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// statusMap holds the five of StackStorm's fourteen statuses that the
// orchestrator knows (quirk 26).
var statusMap = map[string]string{
	"requested": "Running",
	"scheduled": "Running",
	"running":   "Running",
	"succeeded": "Success",
	"failed":    "Failed",
}

func (o *Server) getInstance(c *call) (answer, error) {
	g, leave := o.races.enter()
	defer leave()
	if err := o.races.readConfig(); err != nil {
		return answer{}, err
	}
	rec, ok := o.store.instance(c.id)
	if !ok {
		g.assign(nil)
		return answer{http.StatusNotFound, record{}}, nil
	}
	g.assign(rec)
	status, output, err := o.refresh(g, c.id)
	if err != nil {
		return answer{}, err
	}
	return g.finish(status, output)
}

func (o *Server) listInstances(c *call) (answer, error) {
	if service, ok := c.URL.Query()["service_def"]; ok {
		return o.filteredInstances(service[0])
	}
	g, leave := o.races.enter()
	defer leave()
	if err := o.races.readConfig(); err != nil {
		return answer{}, err
	}
	list := o.store.instancesOf(func(record) bool { return true })
	g.assign(list)
	for _, rec := range list {
		status, output, err := o.refresh(g, rec["id"].(string))
		if err != nil {
			return answer{}, err // one bad instance fails the whole list (quirk 28)
		}
		if err := g.complete(rec, status, output); err != nil {
			return answer{}, err
		}
	}
	return g.answer()
}

func (o *Server) listInstancesOfService(c *call) (answer, error) {
	return o.filteredInstances(c.id)
}

// filteredInstances ends the list at the first instance that it cannot read,
// with 200 (quirks 28 and 29).
func (o *Server) filteredInstances(service string) (answer, error) {
	g, leave := o.races.enter()
	defer leave()
	list := []record{}
	for _, rec := range o.store.instancesOf(func(c record) bool { return c["service_definition_id"] == service }) {
		status, output, err := o.refresh(g, rec["id"].(string))
		if err != nil {
			break
		}
		rec["status"], rec["output"] = status, output
		list = append(list, rec)
	}
	return answer{http.StatusOK, list}, nil
}

// refresh asks StackStorm for the status and output of an instance's execution
// and stores the answers. If only one of the two calls works, it stores that
// answer and the read is a 500.
func (o *Server) refresh(g *globals, instanceID string) (status, output string, err error) {
	if err := o.races.readConfig(); err != nil {
		return "", "", err
	}
	learned := record{}
	execution := g.assignExecution(o.store.executionOf(instanceID))
	code, body, err := o.st2.execution(execution)
	if err != nil {
		return "", "", err
	}
	if code == http.StatusOK {
		if status, err = mapStatus(body); err != nil {
			return "", "", err
		}
		learned["status"] = status
	}

	code, body, err = o.st2.output(g.execution())
	if err != nil {
		return "", "", err
	}
	if code == http.StatusOK {
		output = string(body)
		learned["output"] = output
	}
	o.store.update(instanceID, learned)
	if len(learned) < 2 {
		return "", "", errors.New("UnboundLocalError: cannot access local variable 'status' or 'output'")
	}
	return status, output, nil
}

func mapStatus(execution []byte) (string, error) {
	var e struct{ Status string }
	if err := json.Unmarshal(execution, &e); err != nil {
		return "", fmt.Errorf("JSONDecodeError: %w", err)
	}
	status, ok := statusMap[e.Status]
	if !ok {
		return "", fmt.Errorf("KeyError: '%s'", e.Status)
	}
	return status, nil
}

func (o *Server) deleteInstance(c *call) (answer, error) {
	g, leave := o.races.enter()
	defer leave()
	if err := o.races.readConfig(); err != nil {
		return answer{}, err
	}
	g.assign("Success")
	if !o.store.remove(c.id) {
		g.assign("Failed")
		return answer{http.StatusNotFound, "Failed"}, nil
	}
	return answer{http.StatusOK, "Success"}, nil
}

// putInstance always fails: it asks StackStorm to change an action and gets the
// name wrong (quirk 34).
func (o *Server) putInstance(c *call) (answer, error) {
	payload, err := c.json()
	if err != nil {
		return answer{}, err
	}
	content, _ := payload.(record)
	if _, ok := content["parameters"].(record); !ok {
		return answer{}, errors.New("KeyError: 'parameters'")
	}
	if _, err := o.st2.login(); err != nil {
		return answer{}, err
	}
	return answer{}, errors.New("TypeError: can only concatenate str (not \"builtin_function_or_method\") to str")
}

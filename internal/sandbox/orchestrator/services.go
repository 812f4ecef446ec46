package orchestrator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

func (o *Server) listServices(*call) (answer, error) {
	list := []record{}
	for _, sv := range o.store.allServices() {
		// A service is listed once for each of its workflows, so not at all if
		// it has none (quirks 4 and 8).
		for range sv.workflows {
			list = append(list, sv.record())
		}
	}
	return answer{http.StatusOK, list}, nil
}

func (o *Server) getService(c *call) (answer, error) {
	sv := o.store.service(c.id)
	if sv == nil || len(sv.workflows) == 0 {
		return answer{http.StatusNotFound, record{}}, nil
	}
	return answer{http.StatusOK, sv.record()}, nil
}

// record is the service with its workflows, as the API shows it. Its input is
// replaced by the schema of the last workflow in the order of their random ids
// (quirk 8).
func (sv *serviceRow) record() record {
	rec := record{}
	for k, v := range sv.columns {
		rec[k] = v
	}
	list := []record{}
	for _, w := range sv.workflows {
		list = append(list, record{
			"id": w.id, "name": w.name, "description": w.description,
			"definition": w.definition, "definition_source": w.source, "wfe_type": w.wfeType,
		})
		rec["input"] = w.definition
	}
	rec["workflows"] = list
	return rec
}

// addService registers a service. If it fails, the workflows that it has stored
// so far stay, and the next service cannot use them either.
func (o *Server) addService(c *call) (answer, error) {
	payload, err := c.json()
	if err != nil {
		return answer{}, err
	}
	data, ok := payload.(record)
	if !ok {
		return answer{}, fmt.Errorf("TypeError: %T does not support item assignment", payload)
	}
	workflows, ok := data["workflows"]
	if !ok {
		return answer{}, errors.New("KeyError: 'workflows'")
	}
	for _, key := range []string{"group", "name", "user_id", "description"} {
		if !truthy(data[key]) {
			return answer{http.StatusBadRequest, "One or more required value missing"}, nil
		}
	}
	entries, ok := workflows.([]any)
	if !ok && !hasLength(workflows) {
		return answer{}, fmt.Errorf("TypeError: object of type %T has no len()", workflows)
	}
	if len(entries) == 0 {
		return answer{http.StatusBadRequest, "list of workflows not provided"}, nil
	}

	definitions, refusal, err := o.resolve(entries)
	if err != nil || refusal != "" {
		return answer{http.StatusBadRequest, refusal}, err
	}
	return o.storeService(c.tenant, data, definitions)
}

func hasLength(v any) bool {
	switch v.(type) {
	case string, record:
		return true
	}
	return false
}

// truthy is Python's bool().
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case []any:
		return len(v) > 0
	case record:
		return len(v) > 0
	}
	return true
}

// resolve turns the workflows of a request into stored definitions. For an
// action that is not a Mistral workflow it links the one before it again, which
// the database refuses. If there is none before it, that is an exception (quirk
// 6).
func (o *Server) resolve(entries []any) (list []*definitionRow, refusal string, err error) {
	var last *definitionRow
	var attached bool
	for _, e := range entries {
		entry, _ := e.(record)
		source, wfeType := entry["definition_source"], entry["wfe_type"]
		if !truthy(source) || !truthy(wfeType) {
			return nil, "One or more required value of WF missing", nil
		}
		action, err := o.st2.action(source)
		if err != nil {
			return nil, "", err
		}
		if action == nil {
			continue // unknown, or any error of StackStorm (quirks 4 and 5)
		}
		if action["runner_type"] == "mistral-v2" && action["ref"] == source {
			old := false
			if last, old, err = o.define(action, wfeType); err != nil {
				return nil, "", err
			}
			attached = attached || old
		}
		if last == nil {
			return nil, "", errors.New("UnboundLocalError: cannot access local variable 'wf_obj'")
		}
		list = append(list, last)
	}
	if attached {
		return nil, "", errors.New("InvalidRequestError: Object '<WorkflowDefinition>' is already attached to session")
	}
	return list, "", nil
}

// define finds or makes the copy of an action. An old copy is still held by the
// session that read it and cannot be linked: the "known issue" (quirk 1).
func (o *Server) define(action record, wfeType any) (d *definitionRow, old bool, err error) {
	bound, err := bind(wfeType)
	if err != nil {
		return nil, false, err
	}
	source, kind := action["ref"].(string), bound.(string)
	if d := o.store.definition(source, kind); d != nil {
		return d, true, nil
	}
	name, _ := action["name"].(string)
	description, _ := action["description"].(string)
	d = &definitionRow{
		id: o.store.newID(), name: name, description: description,
		source: source, wfeType: kind, definition: action["parameters"],
	}
	o.store.addDefinition(d)
	return d, false, nil
}

// storeService stores every key of the request that is a column. It fails on
// columns that do not hold text (quirk 14).
func (o *Server) storeService(tenant string, data record, definitions []*definitionRow) (answer, error) {
	data["tenant_id"] = tenant
	if !truthy(data["id"]) {
		data["id"] = o.store.newID()
	}
	for _, key := range []string{"created_at", "updated_at", "workflow_definitions", "services"} {
		if truthy(data[key]) {
			return answer{}, fmt.Errorf("StatementError: %s does not accept %T", key, data[key])
		}
	}
	columns := record{}
	for _, key := range []string{"id", "tenant_id", "user_id", "name", "description", "input", "constraint", "group"} {
		v, err := bind(data[key])
		if err != nil {
			return answer{}, err
		}
		columns[key] = v
	}
	stored, err := o.store.addService(columns, definitions)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, stored}, nil
}

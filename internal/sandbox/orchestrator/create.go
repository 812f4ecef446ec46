package orchestrator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// createInstance starts an execution and stores an instance for it. If storing
// fails, the execution goes on and no record of it is kept (quirks 16 and 17).
func (o *Server) createInstance(c *call) (answer, error) {
	_, leave := o.races.enter()
	defer leave()
	if err := o.races.readConfig(); err != nil {
		return answer{}, err
	}
	payload, err := c.json()
	if err != nil {
		return answer{}, err
	}
	token := c.Header.Get("X-Auth-Token")
	if token == "" {
		return answer{http.StatusBadRequest, "Bad Request. Authentication Token is missing"}, nil
	}
	content, _ := payload.(record)
	order, refusal := o.takeOwnKeys(content)
	if refusal != "" {
		return answer{http.StatusBadRequest, refusal}, nil
	}
	given, err := c.parameters()
	if err != nil {
		return answer{}, err
	}
	if o.address(content["action"], &given) != nil {
		return answer{http.StatusBadRequest, actionMissing}, nil
	}
	given.setText("tenant_id", c.tenant)
	given.setText("auth_token", token)
	content["parameters"] = given

	code, body, err := o.st2.execute(content)
	if err != nil {
		return answer{http.StatusInternalServerError, []any{}}, nil
	}
	started, err := decodeJSON(body)
	if code != http.StatusCreated {
		if err != nil {
			return answer{http.StatusInternalServerError, []any{}}, nil
		}
		return answer{code, started}, nil
	}
	if err != nil {
		return answer{}, err
	}
	execution, _ := started.(record)
	return o.storeInstance(c.tenant, order, execution)
}

// ownKeys is the part of a request that the orchestrator keeps for itself.
type ownKeys struct {
	service, name     any
	description, user *any // nil = was not in the request
}

// takeOwnKeys takes the orchestrator's own keys out of the body. The rest goes to
// StackStorm unchanged.
func (o *Server) takeOwnKeys(content record) (own ownKeys, refusal string) {
	own.service = content["service_id"]
	delete(content, "service_id")
	id, err := bind(own.service)
	if err != nil || id == nil || id == "" || o.store.service(id) == nil {
		return own, "required input service_id is missing or incorrect"
	}
	name, ok := content["name"]
	delete(content, "name")
	if !ok || name == "" {
		return own, "required input service 'name' is missing"
	}
	own.name = name
	own.description = take(content, "description")
	own.user = take(content, "user_id")

	action, ok := content["action"]
	_, isObject := content["parameters"].(record)
	if !ok || action == "" || !isObject {
		return own, actionMissing
	}
	return own, ""
}

// actionMissing answers a missing or empty action, parameters that are not an
// object, and a race (quirk 22).
const actionMissing = "required input action is missing"

func take(content record, key string) *any {
	v, ok := content[key]
	if !ok {
		return nil
	}
	delete(content, key)
	return &v
}

// address sets the address that a workflow calls: hotpot's for
// opensds.provision-volume, gelato's for every other action (quirk 19). The
// configuration file is read once for each value.
func (o *Server) address(action any, to *parameters) error {
	at := o.gelato
	if action == "opensds.provision-volume" {
		at = o.hotpot
	}
	if err := o.races.readConfig(); err != nil {
		return err
	}
	to.setText("ip_addr", at.Host)
	if err := o.races.readConfig(); err != nil {
		return err
	}
	to.setText("port", at.Port)
	return nil
}

// storeInstance answers with the values as they were sent. Later reads show
// them as text columns hold them.
func (o *Server) storeInstance(tenant string, own ownKeys, execution record) (answer, error) {
	parameters, _ := execution["parameters"].(record)
	if _, ok := parameters["auth_token"]; !ok {
		return answer{}, errors.New("KeyError: 'auth_token'")
	}
	delete(parameters, "auth_token")
	if own.description == nil || own.user == nil {
		return answer{}, errors.New("UnboundLocalError: cannot access local variable 'description' or 'user_id'")
	}
	first, _ := execution["status"].(string)
	status, ok := statusMap[first]
	if !ok {
		return answer{}, fmt.Errorf("KeyError: '%s'", first)
	}
	input, err := json.Marshal(parameters)
	if err != nil {
		return answer{}, err
	}

	sent := record{
		"id": o.store.newID(), "tenant_id": tenant, "status": status, "name": own.name,
		"description": *own.description, "user_id": *own.user, "service_definition_id": own.service,
	}
	row := &instanceRow{columns: record{"output": nil}, input: string(input)}
	for key, v := range sent {
		if row.columns[key], err = bind(v); err != nil {
			return answer{}, err
		}
	}
	id, _ := execution["id"].(string)
	at := o.store.addInstance(row, id)
	sent["created_at"], sent["updated_at"] = at, at
	sent["service_id"], sent["input"] = own.service, parameters
	return answer{http.StatusOK, sent}, nil
}

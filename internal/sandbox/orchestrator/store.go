package orchestrator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/seed"
)

// record is a row as the API shows it: values by column.
type record = map[string]any

// Row is an instance in the orchestrator's database. Its status is that of the
// last read. The id of its execution is in no answer of the API (quirk 25).
type Row struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	ServiceID   string         `json:"service_id"`
	TenantID    string         `json:"tenant_id"`
	ExecutionID string         `json:"execution_id"`
	Status      string         `json:"status"`
	Input       map[string]any `json:"input"`
}

// Service is a registered service.
type Service struct {
	ID, Name, Group string
	Workflows       []string // references
}

// store is the orchestrator's database. It survives a restart. Every row gets
// the time at which the process started, so that time changes with a restart
// (quirk 32).
type store struct {
	now func() time.Time

	mu          sync.Mutex
	ids         *seed.IDs
	started     time.Time
	services    []*serviceRow
	definitions []*definitionRow
	instances   []*instanceRow // oldest first
	byID        map[string]*instanceRow
	executions  map[string]string // by instance; kept when the instance goes
}

// serviceRow is a registered service with its links to workflow definitions.
type serviceRow struct {
	columns   record
	workflows []*definitionRow
}

// definitionRow is the copy of a StackStorm action. It is taken when a service
// first names the action, and never renewed (quirk 9).
type definitionRow struct {
	id, name, description, source, wfeType string
	definition                             any
}

// instanceRow is one run. Its input is JSON text, as in the database.
type instanceRow struct {
	columns record
	input   string
}

func newStore(now func() time.Time, ids *seed.IDs) *store {
	return &store{now: now, started: now(), ids: ids, byID: map[string]*instanceRow{}, executions: map[string]string{}}
}

func (s *store) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids.UUID()
}

// restart starts a new process on the old rows. A real process takes at least a
// second to start, so its timestamps always differ from the old ones.
func (s *store) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = latest(s.now(), s.started.Add(time.Second))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// processStart must be called with the lock held.
func (s *store) processStart() string { return s.started.UTC().Format(http.TimeFormat) }

// bind turns a JSON value into what a text column holds: numbers and booleans
// become text, arrays and objects are refused (quirk 13).
func bind(v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		if v {
			return "1", nil
		}
		return "0", nil
	default:
		return nil, fmt.Errorf("ProgrammingError: error binding parameter: type %T is not supported", v)
	}
}

// definition finds the copy of an action under a wfe_type.
func (s *store) definition(source, wfeType string) *definitionRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.definitions {
		if d.source == source && d.wfeType == wfeType {
			return d
		}
	}
	return nil
}

func (s *store) addDefinition(d *definitionRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.definitions = append(s.definitions, d)
}

// addService stores a service and returns its columns.
func (s *store) addService(columns record, workflows []*definitionRow) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serviceByID(columns["id"]) != nil {
		return nil, errors.New("IntegrityError: UNIQUE constraint failed: service_definitions.id")
	}
	for i, w := range workflows {
		if slices.Contains(workflows[:i], w) {
			return nil, errors.New("IntegrityError: UNIQUE constraint failed: service_workflow_definition_associations")
		}
	}
	workflows = slices.SortedFunc(slices.Values(workflows), func(a, b *definitionRow) int { return cmp.Compare(a.id, b.id) })
	columns["created_at"], columns["updated_at"] = s.processStart(), s.processStart()
	s.services = append(s.services, &serviceRow{columns: columns, workflows: workflows})
	return maps.Clone(columns), nil
}

// service finds a service by id. Its contents never change.
func (s *store) service(id any) *serviceRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serviceByID(id)
}

func (s *store) serviceByID(id any) *serviceRow {
	for _, sv := range s.services {
		if sv.columns["id"] == id {
			return sv
		}
	}
	return nil
}

func (s *store) allServices() []*serviceRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.services)
}

// addInstance stores a run with the id of its execution. No answer of the API
// has that id (quirk 25).
func (s *store) addInstance(row *instanceRow, executionID string) (createdAt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances = append(s.instances, row)
	return s.noteInstance(row, executionID)
}

// insertFirst stores a run as the oldest.
func (s *store) insertFirst(row *instanceRow, executionID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances = slices.Insert(s.instances, 0, row)
	s.noteInstance(row, executionID)
}

func (s *store) noteInstance(row *instanceRow, executionID string) (createdAt string) {
	row.columns["created_at"], row.columns["updated_at"] = s.processStart(), s.processStart()
	id := row.columns["id"].(string)
	s.byID[id], s.executions[id] = row, executionID
	return s.processStart()
}

// instance returns a copy of a row, with its input parsed.
func (s *store) instance(id string) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.byID[id]
	if !ok {
		return nil, false
	}
	return row.record(), true
}

// instancesOf returns copies of the rows that want accepts, oldest first.
func (s *store) instancesOf(want func(columns record) bool) []record {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []record{}
	for _, row := range s.instances {
		if want(row.columns) {
			rows = append(rows, row.record())
		}
	}
	return rows
}

// registered lists the services.
func (s *store) registered() []Service {
	list := []Service{}
	for _, sv := range s.allServices() {
		text := func(column string) string { v, _ := sv.columns[column].(string); return v }
		short := Service{ID: text("id"), Name: text("name"), Group: text("group")}
		for _, w := range sv.workflows {
			short.Workflows = append(short.Workflows, w.source)
		}
		list = append(list, short)
	}
	return list
}

// rows lists the instances with the ids of their executions.
func (s *store) rows() []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]Row, len(s.instances))
	for i, r := range s.instances {
		text := func(column string) string { v, _ := r.columns[column].(string); return v }
		rows[i] = Row{
			ID: text("id"), Name: text("name"), ServiceID: text("service_definition_id"),
			TenantID: text("tenant_id"), Status: text("status"), ExecutionID: s.executions[text("id")],
		}
		if input, err := decodeJSON([]byte(r.input)); err == nil {
			rows[i].Input, _ = input.(record)
		}
	}
	return rows
}

func (r *instanceRow) record() record {
	c := maps.Clone(r.columns)
	c["input"] = json.RawMessage(r.input)
	return c
}

func (s *store) executionOf(instanceID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.executions[instanceID]
}

// update stores what a read found out. It does nothing if the instance is gone.
func (s *store) update(instanceID string, values record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if row, ok := s.byID[instanceID]; ok {
		maps.Copy(row.columns, values)
	}
}

// remove deletes an instance's row. Its execution goes on (quirk 33).
func (s *store) remove(instanceID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.byID[instanceID]
	delete(s.byID, instanceID)
	s.instances = slices.DeleteFunc(s.instances, func(r *instanceRow) bool { return r == row })
	return ok
}

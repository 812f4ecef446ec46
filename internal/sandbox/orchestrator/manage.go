package orchestrator

import "fmt"

// What the sandbox can see and do without the API.

// Services lists the registered services, oldest first.
func (o *Server) Services() []Service { return o.store.registered() }

// Instances lists the stored instances, oldest first.
func (o *Server) Instances() []Row { return o.store.rows() }

// Forget deletes an instance's row. It reports whether there was one.
func (o *Server) Forget(instanceID string) bool { return o.store.remove(instanceID) }

// Restart starts a new process on the old database.
func (o *Server) Restart() { o.store.restart() }

// SetRaces says whether requests that overlap mix up their answers.
func (o *Server) SetRaces(on bool) { o.races.set(on) }

// RegisterShipped registers the two services that the installer registers. The
// installer names a second workflow with the first service. That one does not
// exist and is dropped (quirk 4).
func (o *Server) RegisterShipped(tenant, user string) error {
	for _, sv := range []struct{ name, group, description, workflow string }{
		{"volume provision", "provisioning", "Volume Service", "opensds.provision-volume"},
		{"migration bucket", "migration", "Migration Service", "opensds.migration-bucket"},
	} {
		workflows, refusal, err := o.resolve([]any{record{"definition_source": sv.workflow, "wfe_type": "st2"}})
		if err != nil || refusal != "" {
			return fmt.Errorf("registering %s: %s: %w", sv.name, refusal, err)
		}
		_, err = o.storeService(tenant, record{
			"name": sv.name, "group": sv.group, "description": sv.description, "user_id": user,
		}, workflows)
		if err != nil {
			return fmt.Errorf("registering %s: %w", sv.name, err)
		}
	}
	return nil
}

// InsertFirst puts a record in front of all others, as if it were the oldest.
// It returns the record's id.
func (o *Server) InsertFirst(serviceID, name, executionID, tenant, user string) string {
	id := o.store.newID()
	o.store.insertFirst(&instanceRow{
		columns: record{
			"id": id, "tenant_id": tenant, "status": "Running", "name": name, "description": "",
			"user_id": user, "service_definition_id": serviceID, "output": nil,
		},
		input: `{"tenant_id": "` + tenant + `"}`,
	}, executionID)
	return id
}

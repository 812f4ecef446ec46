package stackstorm

import "net/http"

// provisionVolume creates a volume and attaches it. If attaching fails, the
// volume stays.
func provisionVolume() *workflow {
	return sequence(
		&workflowTask{
			name: "create_volume", action: "opensds.create-volume", run: createVolume,
			arguments: passOn("ip_addr", "port", "tenant_id", "name", "description", "availability_zone",
				"size", "profile_id", "snapshot_id", "snapshot_from_cloud", "auth_token"),
			publish: publishValue("volume_id"),
		},
		&workflowTask{
			name: "attach_volume", action: "opensds.attach-volume", run: attachVolume,
			arguments: passOn("ip_addr", "port", "tenant_id", "volume_id", "attach_mode", "host_id", "auth_token"),
			publish:   publishPrinted,
		},
	)
}

// passOn passes variables on under their own names. A missing one is null.
func passOn(names ...string) func(map[string]any) map[string]any {
	return func(vars map[string]any) map[string]any {
		in := make(map[string]any, len(names))
		for _, n := range names {
			in[n] = vars[n]
		}
		return in
	}
}

func publishValue(name string) func(taskOutcome, map[string]any) map[string]any {
	return func(o taskOutcome, _ map[string]any) map[string]any { return map[string]any{name: o.value} }
}

func publishPrinted(o taskOutcome, _ map[string]any) map[string]any {
	return map[string]any{"print_status": o.stdout}
}

// block is a URL of hotpot's block API.
func (c taskContext) block(path string) string {
	return "http://" + c.text("ip_addr") + ":" + c.text("port") + "/v1beta/" + c.text("tenant_id") + "/block/" + path
}

// or is the input, or otherwise if the input is null or empty.
func (c taskContext) or(name string, otherwise any) any {
	if text := c.text(name); text != "" {
		return text
	}
	return otherwise
}

// createVolume sends profileId even if it is null. A hotpot that checks bodies
// refuses that.
func createVolume(c taskContext) (any, string, error) {
	body := map[string]any{
		"name":              c.input["name"],
		"description":       c.or("description", "Volume creation"),
		"availabilityZone":  c.or("availability_zone", "default"),
		"profileId":         c.input["profile_id"],
		"snapshotId":        c.or("snapshot_id", ""),
		"snapshotFromCloud": c.or("snapshot_from_cloud", false),
		"size":              c.input["size"],
	}
	if id := c.text("profile_id"); id != "" {
		body["ProfileId"] = id
	}
	answer, err := c.sendJSON(http.MethodPost, c.block("volumes"), body)
	if err != nil {
		return nil, "", err
	}
	id, err := lookUp(answer, "id")
	return id, "", err
}

// attachVolume does not wait for the volume to be available.
func attachVolume(c taskContext) (any, string, error) {
	_, err := c.send(taskRequest{
		method: http.MethodPost, url: c.block("attachments"), contentType: "application/json",
		body: map[string]any{
			"attachMode": c.or("attach_mode", "rw"),
			"hostId":     c.input["host_id"],
			"tenantId":   c.input["tenant_id"],
			"volumeId":   c.input["volume_id"],
		},
	})
	return nil, "", err
}

func deleteVolume(c taskContext) (any, string, error) {
	_, err := c.send(taskRequest{method: http.MethodDelete, url: c.block("volumes/" + c.text("volume_id"))})
	return nil, "", err
}

func deleteAttachment(c taskContext) (any, string, error) {
	_, err := c.send(taskRequest{method: http.MethodDelete, url: c.block("attachments/" + c.text("attachment_id"))})
	return nil, "", err
}

// listVolume prints the answer before it checks the status. A refused request
// is still an error.
func listVolume(c taskContext) (any, string, error) {
	answer, err := c.send(taskRequest{method: http.MethodGet, url: c.block("volumes")})
	return nil, string(answer) + "\n", err
}

// extendVolume does not notice an error status, so its time limit ends it.
func extendVolume(c taskContext) (any, string, error) {
	url := c.block("volumes/" + c.text("volume_id"))
	volume, err := c.startThenPoll(url+"/resize", map[string]any{"newSize": c.input["size"]},
		func(string) string { return url })
	if err != nil {
		return nil, "", err
	}
	if pyStr(volume["size"]) != pyStr(c.input["size"]) {
		return nil, "", taskError("Exception: Volume Extend Failed")
	}
	return nil, "Volume capacity is extended to " + pyStr(c.input["size"]) + "GB\n", nil
}

// createVolumeSnapshot does not notice an error status either.
func createVolumeSnapshot(c taskContext) (any, string, error) {
	body := map[string]any{
		"name":        c.input["name"],
		"description": c.input["description"],
		"volumeId":    c.input["volume_id"],
		"profileId":   c.input["profile_id"],
	}
	url := c.block("snapshots/")
	snapshot, err := c.startThenPoll(url, body, func(id string) string { return url + id })
	if err != nil {
		return nil, "", err
	}
	return nil, "Snapshot was created at " + pyStr(snapshot["createdAt"]) + "\n", nil
}

// startThenPoll sends one POST. Each attempt then reads, until the status is
// "available".
func (c taskContext) startThenPoll(url string, body any, read func(id string) string) (map[string]any, error) {
	id, started := c.memo["id"]
	if !started {
		answer, err := c.sendJSON(http.MethodPost, url, body)
		if err != nil {
			return nil, err
		}
		id = pyStr(answer["id"])
		c.memo["id"] = id
	}
	thing, err := c.sendJSON(http.MethodGet, read(id), nil)
	if err != nil {
		return nil, err
	}
	if thing["status"] != "available" {
		return nil, errNotYet
	}
	return thing, nil
}

package sandbox

import (
	"net/http"
)

type hotpotHost struct {
	hotpotBase
	HostName          string            `json:"hostName,omitempty"`
	OSType            string            `json:"osType,omitempty"`
	AccessMode        string            `json:"accessMode,omitempty"`
	IP                string            `json:"ip,omitempty"`
	Port              int64             `json:"port,omitempty"`
	Username          string            `json:"username,omitempty"`
	AvailabilityZones []string          `json:"availabilityZones"`
	Initiators        []hotpotInitiator `json:"initiators"`
}

type hotpotInitiator struct {
	PortName string `json:"portName,omitempty"`
	Protocol string `json:"protocol,omitempty"`
}

func (h *hotpot) createHost(c *hotpotCall) (int, any, error) {
	var host hotpotHost // has no place for a password: it is never told again
	if err := c.decode("host", &host); err != nil {
		return 0, nil, err
	}
	for _, other := range h.hosts.visible(c.cloudCaller) {
		if other.HostName == host.HostName {
			return 0, nil, hotpotRefusal(http.StatusBadRequest, "the host with name %s already exists in the system", host.HostName)
		}
	}
	host.hotpotBase = hotpotBase{ID: h.ids.uuid(), CreatedAt: h.stamp(), TenantID: c.tenant}
	h.hosts.put(&host)
	return http.StatusOK, host, nil
}

func (h *hotpot) listHosts(c *hotpotCall) (int, any, error) {
	return http.StatusOK, h.hosts.page(c.cloudCaller, c.query, "hostName", "createdAt"), nil
}

func (h *hotpot) getHost(c *hotpotCall) (int, any, error) {
	host, err := h.namedHost(c)
	return http.StatusOK, host, err
}

func (h *hotpot) namedHost(c *hotpotCall) (*hotpotHost, error) {
	host, err := h.hosts.find(c.cloudCaller, c.id)
	if err != nil {
		return nil, hotpotRefusal(http.StatusNotFound, "host %s not found: %v", c.id, err)
	}
	return host, nil
}

func (h *hotpot) updateHost(c *hotpotCall) (int, any, error) {
	var change hotpotHost
	if err := c.decode("host", &change); err != nil {
		return 0, nil, err
	}
	host, err := h.hosts.find(c.cloudCaller, c.id)
	if err != nil {
		return 0, nil, hotpotRefusal(http.StatusBadRequest, "update host failed: %v", err)
	}
	for field, given := range map[*string]string{
		&host.HostName: change.HostName, &host.OSType: change.OSType, &host.IP: change.IP,
		&host.AccessMode: change.AccessMode, &host.Username: change.Username,
	} {
		if given != "" {
			*field = given
		}
	}
	if change.Port > 0 {
		host.Port = change.Port
	}
	if len(change.AvailabilityZones) > 0 {
		host.AvailabilityZones = change.AvailabilityZones
	}
	if len(change.Initiators) > 0 {
		host.Initiators = change.Initiators
	}
	host.UpdatedAt = h.stamp()
	return http.StatusOK, host, nil
}

func (h *hotpot) deleteHost(c *hotpotCall) (int, any, error) {
	host, err := h.namedHost(c)
	if err != nil {
		return 0, nil, err
	}
	if len(h.attachments.where(func(a *hotpotAttachment) bool { return a.HostID == host.ID })) > 0 {
		return 0, nil, hotpotRefusal(http.StatusBadRequest,
			"some volumes are attached to host: %s, please detach them first", host.HostName)
	}
	h.hosts.remove(host.ID)
	return http.StatusOK, nil, nil
}

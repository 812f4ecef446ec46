package hotpot

import (
	"net/http"
)

type hostRow struct {
	rowBase
	HostName          string      `json:"hostName,omitempty"`
	OSType            string      `json:"osType,omitempty"`
	AccessMode        string      `json:"accessMode,omitempty"`
	IP                string      `json:"ip,omitempty"`
	Port              int64       `json:"port,omitempty"`
	Username          string      `json:"username,omitempty"`
	AvailabilityZones []string    `json:"availabilityZones"`
	Initiators        []initiator `json:"initiators"`
}

type initiator struct {
	PortName string `json:"portName,omitempty"`
	Protocol string `json:"protocol,omitempty"`
}

func (h *Server) createHost(c *call) (int, any, error) {
	var host hostRow // has no place for a password: it is never told again
	if err := c.decode("host", "HostSpec", &host); err != nil {
		return 0, nil, err
	}
	same := func(other *hostRow) bool {
		return other.TenantID == c.Tenant && other.HostName == host.HostName && host.HostName != ""
	}
	if len(h.hosts.where(same)) > 0 {
		return 0, nil, refusal(http.StatusBadRequest, "the host with name %s already exists in the system", host.HostName)
	}
	host.rowBase = rowBase{ID: h.newID(), CreatedAt: h.timestamp(), TenantID: c.Tenant}
	h.hosts.put(&host)
	return http.StatusOK, host, nil
}

func (h *Server) listHosts(c *call) (int, any, error) {
	hosts, err := h.hosts.page(c.Caller, c.query, "hostName", "createdAt")
	return http.StatusOK, hosts, err
}

func (h *Server) getHost(c *call) (int, any, error) {
	host, err := h.namedHost(c)
	return http.StatusOK, host, err
}

func (h *Server) namedHost(c *call) (*hostRow, error) {
	host, err := h.hosts.find(c.Caller, c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "host %s not found: %v", c.id, err)
	}
	return host, nil
}

func (h *Server) updateHost(c *call) (int, any, error) {
	var change hostRow
	if err := c.decode("host", "HostSpec", &change); err != nil {
		return 0, nil, err
	}
	host, err := h.hosts.find(c.Caller, c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusBadRequest, "update host failed: %v", err)
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
	host.UpdatedAt = h.timestamp()
	return http.StatusOK, host, nil
}

func (h *Server) deleteHost(c *call) (int, any, error) {
	host, err := h.namedHost(c)
	if err != nil {
		return 0, nil, err
	}
	if len(h.attachments.where(func(a *attachmentRow) bool { return a.HostID == host.ID })) > 0 {
		return 0, nil, refusal(http.StatusBadRequest,
			"some volumes are attached to host: %s, please detach them first", host.HostName)
	}
	h.hosts.remove(host.ID)
	return http.StatusOK, nil, nil
}

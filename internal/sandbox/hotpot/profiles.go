package hotpot

import (
	"encoding/json"
	"net/http"
	"strings"
)

// profileRow belongs to no tenant. Its properties are stored unchanged, and
// nothing uses them.
type profileRow struct {
	rowBase
	Name             string          `json:"name,omitempty"`
	Description      string          `json:"description,omitempty"`
	StorageType      string          `json:"storageType,omitempty"`
	Provisioning     json.RawMessage `json:"provisioningProperties,omitempty"`
	Replication      json.RawMessage `json:"replicationProperties,omitempty"`
	Snapshot         json.RawMessage `json:"snapshotProperties,omitempty"`
	DataProtection   json.RawMessage `json:"dataProtectionProperties,omitempty"`
	CustomProperties map[string]any  `json:"customProperties,omitempty"`
}

func (h *Server) createProfile(c *call) (int, any, error) {
	var profile profileRow
	if err := c.decode("profile", &profile); err != nil {
		return 0, nil, err
	}
	if kind := strings.ToLower(profile.StorageType); kind != "block" && kind != "file" {
		return 0, nil, refusal(http.StatusBadRequest, "parse profile request body failed: %s is invalid storagetype", kind)
	}
	if len(h.profiles.where(func(p *profileRow) bool { return p.Name == profile.Name })) > 0 {
		return 0, nil, refusal(http.StatusBadRequest, "create profile failed: the profile name '%s' already exists", profile.Name)
	}
	profile.rowBase = rowBase{ID: h.ids.UUID(), CreatedAt: h.timestamp()}
	h.profiles.put(&profile)
	return http.StatusOK, profile, nil
}

func (h *Server) listProfiles(c *call) (int, any, error) {
	return http.StatusOK, h.profiles.page(c.Caller, c.query, "id", "name", "description"), nil
}

func (h *Server) getProfile(c *call) (int, any, error) {
	profile, err := h.namedProfile(c)
	return http.StatusOK, profile, err
}

func (h *Server) namedProfile(c *call) (*profileRow, error) {
	profile, err := h.profiles.shared(c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "profile %s not found: %v", c.id, err)
	}
	return profile, nil
}

func (h *Server) deleteProfile(c *call) (int, any, error) {
	profile, err := h.namedProfile(c)
	if err != nil {
		return 0, nil, err
	}
	var names []string
	for _, volume := range h.volumes.visible(c.Caller) {
		if volume.ProfileID == profile.ID {
			names = append(names, volume.Name)
		}
	}
	if len(names) > 0 {
		return 0, nil, refusal(http.StatusBadRequest,
			"There are dependent volumes : %v for the specified profile %s", names, profile.ID)
	}
	h.profiles.remove(profile.ID)
	return http.StatusOK, nil, nil
}

package hotpot

import (
	"cmp"
	"net/http"
	"strings"
)

// profileRow belongs to no tenant. Its four blocks of properties are always
// there.
type profileRow struct {
	rowBase
	Name             string         `json:"name,omitempty"`
	Description      string         `json:"description,omitempty"`
	StorageType      string         `json:"storageType,omitempty"`
	Provisioning     map[string]any `json:"provisioningProperties"`
	Replication      map[string]any `json:"replicationProperties"`
	Snapshot         map[string]any `json:"snapshotProperties"`
	DataProtection   map[string]any `json:"dataProtectionProperties"`
	CustomProperties map[string]any `json:"customProperties,omitempty"`
}

// fill adds what was not given.
func (p *profileRow) fill() {
	data, io := map[string]any{"compression": false, "deduplication": false}, map[string]any{}
	if strings.EqualFold(p.StorageType, "file") {
		data["storageAccessCapability"] = []any{"Read", "Write", "Execute"}
		io["accessProtocol"] = "nfs"
	}
	apart := func() map[string]any { return map[string]any{"isIsolated": false} }
	p.Provisioning = merged(map[string]any{"dataStorage": data, "ioConnectivity": io}, p.Provisioning)
	p.Replication = merged(map[string]any{"dataProtection": apart(), "replicaInfos": map[string]any{}}, p.Replication)
	p.Snapshot = merged(map[string]any{"schedule": map[string]any{}, "retention": map[string]any{}, "topology": map[string]any{}}, p.Snapshot)
	p.DataProtection = merged(map[string]any{"dataProtection": apart()}, p.DataProtection)
}

// merged lays what was given over the defaults.
func merged(defaults, given map[string]any) map[string]any {
	for key, value := range given {
		inner, isObject := value.(map[string]any)
		if base, ok := defaults[key].(map[string]any); ok && isObject {
			value = merged(base, inner)
		}
		defaults[key] = value
	}
	return defaults
}

func (h *Server) createProfile(c *call) (int, any, error) {
	var profile profileRow
	if err := c.decode("profile", "ProfileSpec", &profile); err != nil {
		return 0, nil, err
	}
	if kind := strings.ToLower(profile.StorageType); kind != "block" && kind != "file" {
		return 0, nil, refusal(http.StatusBadRequest, "parse profile request body failed: %s is invalid storagetype", kind)
	}
	if len(h.profiles.where(func(p *profileRow) bool { return p.Name == profile.Name })) > 0 {
		return 0, nil, refusal(http.StatusBadRequest, "create profile failed: the profile name '%s' already exists", profile.Name)
	}
	profile.rowBase = rowBase{ID: h.newID(), CreatedAt: h.timestamp()}
	profile.fill()
	h.profiles.put(&profile)
	return http.StatusOK, profile, nil
}

func (h *Server) listProfiles(c *call) (int, any, error) {
	profiles, err := h.profiles.page(c.Caller, c.query, "id", "name", "description")
	return http.StatusOK, profiles, err
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

func (h *Server) updateProfile(c *call) (int, any, error) {
	var change profileRow
	if err := c.decode("profile", "ProfileSpec", &change); err != nil {
		return 0, nil, err
	}
	profile, err := h.profiles.shared(c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusInternalServerError, "update profiles failed: %v", err)
	}
	profile.Description = cmp.Or(change.Description, profile.Description)
	profile.UpdatedAt = h.timestamp()
	return http.StatusOK, profile, nil
}

func (h *Server) customProperties(c *call) (int, any, error) {
	profile, err := h.profiles.shared(c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusInternalServerError, "list custom properties failed: %v", err)
	}
	return http.StatusOK, profile.CustomProperties, nil
}

// changeProperties never works: the server finds that the profile's name is
// taken, by the profile (H19).
func (h *Server) changeProperties(what string) func(*call) (int, any, error) {
	return func(c *call) (int, any, error) {
		profile, err := h.profiles.shared(c.id)
		if err != nil {
			return 0, nil, refusal(http.StatusInternalServerError, "%s custom property failed: %v", what, err)
		}
		return 0, nil, refusal(http.StatusInternalServerError, "%s custom property failed: the profile name '%s' already exists", what, profile.Name)
	}
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
